"""Campaigns of the benchmarks: real clips (local measurement only) with the presenter `ben` as the wanted face."""

from __future__ import annotations

import datetime
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import yaml
from PIL import Image

from benchmarks.tables import REPOSITORY
from countenance.media.decode import decode
from countenance.media.probe import probe

SCRIPT = "This coffee machine makes a fresh cup in thirty seconds, and it fits on almost any kitchen shelf."
STILL = 12  # the picture that stands for the seen person's references
TRANSLATION = "Diese Kaffeemaschine brüht in dreißig Sekunden eine frische Tasse, und sie passt auf fast jedes Regal."


def write_campaign(
    folder: Path, clip: Path, *, faces: Sequence[str] = ("keep", "ben"), languages: Sequence[str] = ("en", "de")
) -> Path:
    """A brief with grants for one clip, in an empty folder. Returns the brief's path."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "script.txt").write_text(SCRIPT)
    (folder / "script.de.txt").write_text(TRANSLATION)
    (folder / "permission.txt").write_text("Local measurement of the footage folder; nothing is published.")
    scope = {
        "controller": "bench@example.org", "purposes": ["swap_source", "swap_target", "lipsync", "voice"],
        "campaigns": ["*"], "markets": ["*"], "channels": ["*"], "languages": ["*"],
        "valid": {"from": datetime.date(2026, 1, 1), "until": datetime.date(2099, 12, 31)},
    }  # fmt: skip
    seen = {"talent": "seen", "kind": "real", "evidence": ["permission.txt"], **scope}
    ben = {"talent": "ben", "kind": "synthetic", "licence": "CC0-1.0", "origin": "rendered, no real person", **scope}
    _write(folder / "seen.yaml", seen)
    _write(folder / "ben.yaml", ben)
    references = str(REPOSITORY / "examples" / "ben" / "refs" / "*.jpg")
    still = next(decode(probe(clip), start=STILL))
    Image.fromarray(still.rgb()).save(folder / "seen.png")
    brief = {
        "campaign": clip.stem.lower().replace(" ", "-").replace("'", ""),
        "owner": "bench@example.org",
        "master": str(clip.resolve()),
        "script": {"language": "en", "text": "script.txt"},
        "faces": {"presenter": {"in": "master", "track": 0, "talent": "seen"}},
        "talents": {
            "seen": {"references": ["seen.png"], "grant": "seen.yaml"},
            "ben": {"references": [references], "grant": "ben.yaml"},
        },
        "variants": {"face": list(faces), "language": list(languages)},
        "translations": {"de": "script.de.txt"},
        "markets": {"en": ["IE"], "de": ["DE"]},
        "channels": ["web"],
        "quality": {"gate": "draft"},
        "release": {"approve": "manual", "badge": "corner"},
    }
    path = folder / "brief.yaml"
    _write(path, brief)
    return path


def countenance(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command line as a user would."""
    return subprocess.run(
        [sys.executable, "-m", "countenance.cli", *arguments], capture_output=True, text=True, check=False
    )


def _write(path: Path, content: object) -> None:
    path.write_text(yaml.safe_dump(content, sort_keys=False, allow_unicode=True), encoding="utf-8")
