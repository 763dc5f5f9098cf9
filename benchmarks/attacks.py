"""What happens to marked pictures on their way: codecs, sizes, crops, turns, light, frame rates, drawn labels."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import av
import cv2
import numpy as np
from numpy.typing import NDArray

Luma = NDArray[np.uint8]
Change = Callable[[Luma], Luma]


@dataclass(frozen=True)
class Attack:
    """Every picture is changed, then all are encoded and decoded.

    `bar` is the share of readings that must name the exact id. `geometry`: the reader has to search.
    """

    name: str
    crf: int
    change: Change | None = None
    codec: str = "libx264"
    preset: str = "medium"
    from_25_to_30: bool = False
    bar: float = 0.99
    options: dict[str, str] = field(default_factory=dict)

    def __call__(self, lumas: Sequence[Luma]) -> list[Luma]:
        changed = [self.change(luma) for luma in lumas] if self.change else list(lumas)
        if self.from_25_to_30:
            changed = blended_25_to_30(changed)
        return recode(changed, self.codec, {"crf": str(self.crf), "preset": self.preset, **self.options})


def recode(pictures: Sequence[Luma], codec: str, options: dict[str, str], *, colour: bool = False) -> list[Luma]:
    """Encode and decode, without metadata: luma planes with grey chroma, or `colour`, whole I420 pictures."""
    file = io.BytesIO()
    rows, width = pictures[0].shape
    height, width = (rows * 2 // 3 if colour else rows) // 2 * 2, width // 2 * 2
    grey = np.full((height // 2, width), 128, np.uint8)
    with av.open(file, "w", format="mp4") as container:
        stream: Any = container.add_stream(codec, rate=25, options=options)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for picture in pictures:
            planes = picture if colour else np.concatenate([picture[:height, :width], grey])
            container.mux(stream.encode(av.VideoFrame.from_ndarray(planes, format="yuv420p")))
        container.mux(stream.encode(None))
    file.seek(0)
    with av.open(file) as container:
        decoded = (picture.to_ndarray() for picture in container.decode(video=0))
        return [picture.copy() if colour else picture[:height].copy() for picture in decoded]


def fitted(short_side: int) -> Change:
    """To this many pixels on the shorter side."""

    def change(luma: Luma) -> Luma:
        height, width = luma.shape
        factor = short_side / min(height, width)
        size = (2 * round(width * factor / 2), 2 * round(height * factor / 2))
        return _resized(luma, size)

    return change


def scaled(factor: float) -> Change:
    def change(luma: Luma) -> Luma:
        height, width = (2 * round(side * factor / 2) for side in luma.shape)
        return _resized(luma, (width, height))

    return change


def cropped(share: float, down: float = 0.3, across: float = 0.7) -> Change:
    """Keep this share of each side; `down` and `across` 0..1 say from where."""

    def change(luma: Luma) -> Luma:
        height, width = (2 * int(side * share / 2) for side in luma.shape)
        top, left = int((luma.shape[0] - height) * down), int((luma.shape[1] - width) * across)
        return luma[top : top + height, left : left + width].copy()

    return change


def turned(angle_deg: float) -> Change:
    """Turned about the middle within the same frame; the corners become black."""

    def change(luma: Luma) -> Luma:
        height, width = luma.shape
        matrix = cv2.getRotationMatrix2D((width / 2, height / 2), angle_deg, 1.0)
        return np.asarray(cv2.warpAffine(luma, matrix, (width, height), borderValue=16), np.uint8)

    return change


def relit(gain: float, offset: float = 0.0) -> Change:
    """Contrast about mid-grey times `gain`, brightness plus `offset`, cut off at black and white."""

    def change(luma: Luma) -> Luma:
        lit = (luma.astype(np.float32) - 126) * gain + 126 + offset
        return np.asarray(np.clip(np.rint(lit), 16, 235), np.uint8)

    return change


def labelled(luma: Luma) -> Luma:
    """A badge in the upper right corner and two lines of subtitles on a dark box."""
    luma = luma.copy()
    height, width = luma.shape
    unit = min(height, width) / 720
    pen = max(1, round(2 * unit))
    badge_w, badge_h, margin = round(150 * unit), round(44 * unit), round(24 * unit)
    corner = (width - margin - badge_w, margin)
    cv2.rectangle(luma, corner, (corner[0] + badge_w, corner[1] + badge_h), 32, -1)
    where = (corner[0] + round(8 * unit), corner[1] + round(31 * unit))
    cv2.putText(luma, "AI MODIFIED", where, cv2.FONT_HERSHEY_SIMPLEX, 0.72 * unit, 230, pen, cv2.LINE_AA)
    for line, text in enumerate(("This is what a subtitle looks like,", "two lines of it.")):
        size = 1.1 * unit
        text_w, text_h = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, size, pen)[0]
        left, low = (width - text_w) // 2, round(height - (110 - 48 * line) * unit)
        pad = round(8 * unit)
        cv2.rectangle(luma, (left - pad, low - text_h - pad), (left + text_w + pad, low + pad), 20, -1)
        cv2.putText(luma, text, (left, low), cv2.FONT_HERSHEY_SIMPLEX, size, 235, pen, cv2.LINE_AA)
    return luma


def in_turn(*changes: Change) -> Change:
    def change(luma: Luma) -> Luma:
        for one in changes:
            luma = one(luma)
        return luma

    return change


def blended_25_to_30(lumas: Sequence[Luma]) -> list[Luma]:
    """Six pictures for five, each mixed from its two neighbours in time, as frame rate filters do."""
    made = []
    for number in range(len(lumas) * 6 // 5):
        before, after = divmod(number * 5, 6)
        following = lumas[min(before + 1, len(lumas) - 1)]
        made.append(np.asarray(cv2.addWeighted(lumas[before], 1 - after / 6, following, after / 6, 0), np.uint8))
    return made


def _resized(luma: Luma, size: tuple[int, int]) -> Luma:
    how = cv2.INTER_AREA if size[0] < luma.shape[1] else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(luma, size, interpolation=how), np.uint8)


VIDEO = (
    Attack("x264 CRF 23", 23),
    Attack("x264 CRF 28", 28),
    Attack("x264 CRF 33", 33),
    Attack("x265 CRF 30", 30, codec="libx265", preset="fast", options={"x265-params": "log-level=0"}),
    Attack("to 720 (small ones: to 2/3), CRF 28", 28, fitted(720)),
    Attack("crop to 75 %, CRF 28", 28, cropped(0.75)),
    Attack("turned by 2°, CRF 28", 28, turned(2)),
    Attack("turned by -2°, CRF 28", 28, turned(-2)),
    Attack("turned by 7°, CRF 28", 28, turned(7)),
    Attack("turned by -7°, CRF 28", 28, turned(-7)),
    Attack("scaled by 0.75, CRF 28", 28, scaled(0.75)),
    Attack("scaled by 1.25, CRF 28", 28, scaled(1.25)),
    Attack("brightness +30 %, CRF 28", 28, relit(1.0, 0.3 * 110)),
    Attack("brightness -30 %, CRF 28", 28, relit(1.0, -0.3 * 110)),
    Attack("contrast +30 %, CRF 28", 28, relit(1.3)),
    Attack("contrast -30 %, CRF 28", 28, relit(0.7)),
    Attack("25 to 30 frames/s, CRF 28", 28, from_25_to_30=True),
    Attack("badge and subtitles, CRF 28", 28, labelled),
    Attack("crop to 80 %, turned by 2°, CRF 30", 30, in_turn(cropped(0.8), turned(2)), bar=0.95),
)


def in_a_picture(luma: Luma, ground: Luma, share: float = 0.5) -> Luma:
    """Small, in the lower left corner of another picture (1280 x 720), `share` of its height."""
    shown = np.asarray(cv2.resize(ground, (1280, 720), interpolation=cv2.INTER_AREA), np.uint8)
    small = fitted_height(luma, round(720 * share))
    top, left = 720 - small.shape[0] - 36, 48
    shown[top : top + small.shape[0], left : left + small.shape[1]] = small[:, : 1280 - left]
    return shown


def fitted_height(luma: Luma, height: int) -> Luma:
    return _resized(luma, (round(luma.shape[1] * height / luma.shape[0]), height))


def seen_askew(luma: Luma, move: tuple[float, float] = (0.0, 0.0)) -> Luma:
    """A screen seen from the side: within a 1280 x 720 picture, its corners out of square, moved by some pixels."""
    height, width = luma.shape
    tall = 610.0
    wide = min(1120.0, tall * width / height)
    left, top = (1280 - wide) / 2 + move[0], (720 - tall) / 2 + move[1]
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    seen = np.array([[0, 0.04], [1, 0], [0.97, 0.98], [0.03, 0.93]], np.float32) * (wide, tall) + (left, top)
    matrix = cv2.getPerspectiveTransform(corners, seen.astype(np.float32))
    shrinks = tall / height
    if shrinks < 0.75:  # as a lens would, which sees no finer than its sensor
        luma = cv2.GaussianBlur(luma, (0, 0), 0.45 / shrinks)
    return np.asarray(cv2.warpPerspective(luma, matrix, (1280, 720), borderValue=28), np.uint8)


def filmed(lumas: Sequence[Luma], seed: int = 0) -> list[Luma]:
    """A screen filmed by hand: askew, unsteady, soft, unevenly lit, with grain and another gamma."""
    rng = np.random.default_rng(seed)
    drift = np.cumsum(rng.normal(0, 0.5, (len(lumas), 2)), axis=0)
    light = (
        np.linspace(0.78, 1.05, 1280, dtype=np.float32)[None] * np.linspace(1.0, 0.9, 720, dtype=np.float32)[:, None]
    )
    made = []
    for luma, move in zip(lumas, drift, strict=True):
        seen = cv2.GaussianBlur(seen_askew(luma, (float(move[0]), float(move[1]))), (0, 0), 0.8).astype(np.float32)
        toned = 255 * np.power(seen / 255, 0.9) * light + rng.normal(0, 3.0, seen.shape)
        made.append(np.clip(np.rint(toned), 0, 255).astype(np.uint8))
    return made


def jpeg(luma: Luma, quality: int) -> Luma:
    return np.asarray(cv2.imdecode(cv2.imencode(".jpg", luma, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], 0), np.uint8)


def screenshot(luma: Luma) -> Luma:
    """Shown at 62 % of its size by a browser, sharpened, and saved."""
    small = cv2.resize(luma, None, fx=0.62, fy=0.62, interpolation=cv2.INTER_LINEAR)
    sharp = cv2.addWeighted(small, 1.6, cv2.GaussianBlur(small, (0, 0), 1.0), -0.6, 0)
    return jpeg(np.asarray(sharp, np.uint8), 75)


STILL: tuple[tuple[str, Change], ...] = (
    ("JPEG quality 50", lambda luma: jpeg(luma, 50)),
    ("half the size, JPEG quality 80", lambda luma: jpeg(scaled(0.5)(luma), 80)),
    ("crop to 75 % (upper left), JPEG quality 75", lambda luma: jpeg(cropped(0.75, 0.0, 0.0)(luma), 75)),
    ("crop to 75 % (right), JPEG quality 75", lambda luma: jpeg(cropped(0.75, 0.4, 1.0)(luma), 75)),
    ("screenshot: to 62 %, sharpened, JPEG quality 75", screenshot),
    ("turned by 3°, JPEG quality 75", lambda luma: jpeg(turned(3)(luma), 75)),
)
