"""A small campaign of the example presenters: a master of 1.2 seconds, two faces, two languages."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import yaml
from clips import EXAMPLES, frames_of, write_clip

from countenance.campaign.produce import Outcome
from countenance.campaign.variants import VariantRow
from countenance.ledger.log import Entry
from countenance.media.frame import U8, Frame
from countenance.store.project import Project
from countenance.synthesis.patchfile import Painted, read_patches

SECONDS = 1.2
ACTOR = "ops@example.org"
SCRIPT, TRANSLATION = "This coffee machine.", "Diese Maschine."


def painted_of(row: VariantRow) -> Iterator[Painted]:
    """The painted boxes of a variant, as they were inspected."""
    for folder in painting_of(row):
        yield from read_patches(folder / "boxes.bin", json.loads((folder / "facts.json").read_text())["sha256"])


def painting_of(row: VariantRow) -> list[Path]:
    """The folders of what was painted for a variant, section by section."""
    return sorted(Path(row.render["folder"]).parents[1].glob(f"{row.render['painting']}.*"))


def grant(talent: str, **changes: Any) -> dict[str, Any]:
    whole: dict[str, Any] = yaml.safe_load((EXAMPLES / talent / "grant.yaml").read_text(encoding="utf-8"))
    return {**whole, **changes}


def cut_master(target: Path, seconds: float = SECONDS) -> Path:
    """The first pictures and sounds of ada's example master, their packets as they are."""
    with av.open(str(EXAMPLES / "ada" / "master.mp4")) as origin, av.open(str(target), "w") as container:
        copies = {track.index: container.add_stream_from_template(track) for track in origin.streams}
        for packet in origin.demux():
            if packet.dts is not None and packet.pts * packet.time_base < seconds:
                packet.stream = copies[packet.stream.index]
                container.mux(packet)
    return target


def duet_master(target: Path, pictures: int = 14, scale: float = 1.0) -> Path:
    """Ada, speaking, on the left and nearer; ben, swaying a little, on the right, their heads close together."""
    still = cv2.imread(str(EXAMPLES / "ben" / "refs" / "1_front_neutral.jpg"))
    frames = []
    for number, frame in enumerate(frames_of(EXAMPLES / "ada" / "master.mp4", stop=pictures)):
        ada = _head(frame.rgb()[..., ::-1], (340, 300), 420, 336)
        ben = _head(still, (384 + 6 * np.sin(number / 3), 320), 520, 336)
        both = np.concatenate([ada[:, 60:-44], ben[:, 50:-30]], axis=1)  # so near that paint could reach over
        both = cv2.resize(both, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        frames.append(Frame.from_rgb(np.ascontiguousarray(both[..., ::-1])))
    return write_clip(target, frames, options={"crf": "14"})


def _head(picture: U8, middle: tuple[float, float], side: int, side_px: int) -> U8:
    """A square of a picture, scaled."""
    zoom = side_px / side
    shift = [side_px / 2 - zoom * value for value in middle]
    matrix = np.array([[zoom, 0, shift[0]], [0, zoom, shift[1]]])
    return np.asarray(cv2.warpAffine(picture, matrix, (side_px, side_px), flags=cv2.INTER_AREA), np.uint8)


def write_campaign(
    folder: Path,
    master: Path,
    *,
    faces: tuple[str | dict[str, str], ...] = ("keep", "ben"),
    guest: str | None = None,
    languages: tuple[str, ...] = ("en", "de"),
    grants: Mapping[str, Mapping[str, Any] | None] | None = None,
    presenter: str = "ada",
    track: int = 0,
    references: str = "[123]_*.jpg",
    **changes: Any,
) -> Path:
    """Write a brief and all that it names beside the master; a grant that is None is named but not there.

    A `guest` is the talent of a second person, track 1.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "script.txt").write_text(SCRIPT, encoding="utf-8")
    (folder / "script.de.txt").write_text(TRANSLATION, encoding="utf-8")
    shown = [talent for face in faces for talent in ([face] if isinstance(face, str) else face.values())]
    talents = list(dict.fromkeys([presenter, *([guest] if guest else []), *(one for one in shown if one != "keep")]))
    for talent in talents:
        document = {talent: grant(talent), **(grants or {})}[talent]
        if document is not None:
            (folder / f"{talent}.grant.yaml").write_text(yaml.safe_dump(dict(document)), encoding="utf-8")
    brief: dict[str, Any] = {
        "campaign": "espresso-launch",
        "owner": ACTOR,
        "master": str(master),
        "script": {"language": "en", "text": "script.txt"},
        "faces": {
            "presenter": {"in": "master", "talent": presenter},
            **({"guest": {"in": "master", "talent": guest, "track": 1}} if guest else {}),
        },
        "talents": {
            talent: {
                "references": [str(EXAMPLES / talent / "refs" / references)],
                "grant": f"{talent}.grant.yaml",
            }
            for talent in talents
        },
        "variants": {"face": list(faces), "language": list(languages)},
        "translations": {"de": "script.de.txt"} if "de" in languages else None,
        "markets": {"en": ["IE"], "de": ["DE", "AT"]},
        "channels": ["web", "youtube"],
        "quality": {"gate": "draft"},
        "release": {"approve": "manual", "badge": "corner"},
        **changes,
    }
    brief["faces"]["presenter"]["track"] = track
    path = folder / "brief.yaml"
    said = {key: value for key, value in brief.items() if value is not None}
    path.write_text(yaml.safe_dump(said, sort_keys=False), encoding="utf-8")  # the first face is the presenter
    return path


@dataclass(frozen=True)
class Snapshot:
    """The campaign at one moment."""

    outcome: Outcome | None
    rows: dict[str, VariantRow]
    ledger: list[Entry]
    files: list[str]  # in the out folder
    stages: list[str]  # those that reported progress


@dataclass(frozen=True)
class Told:
    """The story of a campaign: made, made again, one variant approved, the rest approved in one go, made again."""

    project: Project
    brief: Path
    master: Path
    out: Path
    made: Snapshot
    again: Snapshot
    one: Snapshot
    all: Snapshot
    after: Snapshot
