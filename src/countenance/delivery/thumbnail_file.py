"""One thumbnail of a release as a file: marked as what it is, sealed, and looked at once more."""

from __future__ import annotations

import io
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from countenance.delivery.thumbnail_title import Title
from countenance.delivery.thumbnails import Still
from countenance.errors import IntegrityError
from countenance.media.frame import U8
from countenance.provenance.disclosure import ReleaseRecord, badge_text, digital_source_type
from countenance.provenance.label_look import CLEAR, SMALL, look
from countenance.provenance.metadata import write_source_type
from countenance.provenance.sealing import extend
from countenance.provenance.steps import captioned, labelled, resized
from countenance.provenance.steps import still as taken_out
from countenance.store.project import Project

_QUALITY = 88


def write_still(
    project: Project, video: Path, record: ReleaseRecord, time_s: Fraction, rgb: U8, title: Title | None, target: Path
) -> None:
    """Write a marked picture `(h, w, 3)` uint8 RGB, taken from a released video at `time_s`, as a sealed JPEG.

    Its history continues that of the video. Errors as those of `sealing.extend`.
    """
    buffer = io.BytesIO()
    Image.fromarray(rgb).save(buffer, "JPEG", quality=_QUALITY, optimize=True)
    plain = target.with_name(f".plain-{target.name}")
    plain.write_bytes(buffer.getvalue())
    try:
        write_source_type(plain, target, digital_source_type(record))
    finally:
        plain.unlink(missing_ok=True)
    height, width = rgb.shape[:2]
    words = badge_text(record)
    labels = [*([labelled(words)] if words else []), *([captioned(title.language)] if title else [])]
    steps = [taken_out(time_s), resized(width, height), *labels]
    extend(project, video, target, steps, title="thumbnail")


def require_badge_on(path: Path, made: Still) -> None:
    """Look for the badge in a written file. IntegrityError when it cannot be read there."""
    if made.badge.kind == "off":
        return
    luma = np.asarray(cv2.imread(str(path), cv2.IMREAD_GRAYSCALE), np.uint8)
    seen = look(luma, made.badge.raster(*made.badge_size), full_range=True)
    if seen.state not in (CLEAR, SMALL):
        raise IntegrityError(f"the badge on the thumbnail {path.name} is {seen.state}; no thumbnails were written.")
