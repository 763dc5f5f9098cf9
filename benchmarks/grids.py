"""Campaigns of many faces and languages, made of the two example presenters."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import yaml

from benchmarks.tables import REPOSITORY
from countenance.media.audio import read_audio
from countenance.media.decode import decode
from countenance.media.encode import Picture, Sound, encode
from countenance.media.frame import Frame
from countenance.media.probe import probe

EXAMPLES = REPOSITORY / "examples"

LINES = {
    "en": "This coffee machine.",
    "de": "Diese Maschine.",
    "es": "Esta cafetera.",
    "fr": "Cette machine.",
    "it": "Questa macchina.",
    "nl": "Deze machine.",
    "pl": "Ta maszyna.",
    "pt": "Esta cafeteira.",
}
MARKETS = {"en": "IE", "de": "DE", "es": "ES", "fr": "FR", "it": "IT", "nl": "NL", "pl": "PL", "pt": "PT"}
# Faces beside the presenter's own: one person by ever other stills is another talent for the product.
FACES = {"ben": "[123]_*.jpg", "bert": "[12]_*.jpg", "bill": "[13]_*.jpg", "bob": "[1]_*.jpg", "bram": "[23]_*.jpg"}


def write_grid(
    folder: Path, faces: int, languages: int, *, pictures: int = 30, side: int = 720, **changes: Any
) -> Path:
    """A brief of so many faces, the presenter's own among them, times so many languages; a master of 25 pictures a
    second, `side` pixels wide."""
    folder.mkdir(parents=True, exist_ok=True)
    _cut(folder / "master.mp4", pictures, side)
    codes, names = list(LINES)[:languages], list(FACES)[: faces - 1]
    for code in codes:
        (folder / f"script.{code}.txt").write_text(LINES[code], encoding="utf-8")
    scope = {"languages": codes, "markets": [MARKETS[code] for code in codes], "campaigns": ["*"]}
    for name in ("ada", *names):
        known = yaml.safe_load((EXAMPLES / ("ada" if name == "ada" else "ben") / "grant.yaml").read_text())
        document = {**known, **scope, "talent": name}
        (folder / f"{name}.grant.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")
    stills = {"ada": EXAMPLES / "ada" / "refs" / "[123]_*.jpg"}
    stills |= {name: EXAMPLES / "ben" / "refs" / FACES[name] for name in names}
    brief = {
        "campaign": "grid",
        "owner": "ops@example.org",
        "master": "master.mp4",
        "script": {"language": "en", "text": "script.en.txt"},
        "faces": {"presenter": {"in": "master", "track": 0, "talent": "ada"}},
        "talents": {
            name: {
                "references": [str(path) for path in sorted(pattern.parent.glob(pattern.name))],
                "grant": f"{name}.grant.yaml",
            }
            for name, pattern in stills.items()
        },
        "variants": {"face": ["keep", *names], "language": codes},
        "translations": {code: f"script.{code}.txt" for code in codes if code != "en"},
        "markets": {code: [MARKETS[code]] for code in codes},
        "channels": ["web"],
        "quality": {"gate": "draft"},
        "release": {"approve": "manual", "badge": "corner"},
        **changes,
    }
    path = folder / "brief.yaml"
    path.write_text(yaml.safe_dump(brief, sort_keys=False), encoding="utf-8")
    return path


def _cut(target: Path, pictures: int, side: int) -> None:
    """The first pictures and sounds of the example master, at another size."""
    master = probe(EXAMPLES / "ada" / "master.mp4")
    frames = (
        Frame.from_rgb(cv2.resize(frame.rgb(), (side, side), interpolation=cv2.INTER_AREA))
        for frame in decode(master, stop=pictures)
    )
    samples = read_audio(master.path, 48_000, master.origin_s)
    assert samples is not None
    encode(
        target, (Frame(number, 1 / master.frame_rate, frame.planes) for number, frame in enumerate(frames)),
        size=(side, side), time_base=1 / master.frame_rate, frame_rate=master.frame_rate,
        sound=Sound(samples=samples[: pictures * 1920]), picture=Picture(crf=14),
    )  # fmt: skip
