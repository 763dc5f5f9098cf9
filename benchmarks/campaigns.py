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
from countenance.perception.perceive import perceive

ADULT = datetime.date(1990, 1, 1)  # the people of the footage are of age; their birth dates are not known
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
    seen = {"talent": "seen", "kind": "real", "born": ADULT, "evidence": ["permission.txt"], **scope}
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


def write_duet(folder: Path, clip: Path) -> Path:
    """A brief for two people who stand left and right and both get another face. Returns the brief's path."""
    path = write_campaign(folder, clip, faces=("ben",), languages=("en",))
    brief = yaml.safe_load(path.read_text(encoding="utf-8"))
    seen = yaml.safe_load((folder / "seen.yaml").read_text(encoding="utf-8"))
    ada = yaml.safe_load((folder / "ben.yaml").read_text(encoding="utf-8")) | {"talent": "ada"}
    frame = next(decode(probe(clip), start=STILL))
    middle = frame.size[0] // 2
    still = frame.rgb()
    for name, half in (("left", still[:, :middle]), ("right", still[:, middle:])):
        Image.fromarray(half).save(folder / f"{name}.png")
        _write(folder / f"{name}.yaml", seen | {"talent": name})
    _write(folder / "ada.yaml", ada)
    talents = {name: {"references": [f"{name}.png"], "grant": f"{name}.yaml"} for name in ("left", "right")}
    talents["ada"] = {
        "references": [str(REPOSITORY / "examples" / "ada" / "refs" / "*.jpg")], "grant": "ada.yaml",
    }  # fmt: skip
    brief["talents"] = {"ben": brief["talents"]["ben"], **talents}
    brief["faces"] = {
        role: {"in": "master", "track": track, "talent": side}
        for role, track, side in zip(("presenter", "guest"), (0, 1), _sides(clip, middle), strict=True)
    }
    brief["variants"] = {"face": [{"presenter": "ben", "guest": "ada"}], "language": ["en"]}
    _write(path, brief)
    return path


def _sides(clip: Path, middle_px: int) -> tuple[str, str]:
    """On which side each of the two people of a clip stands, in the order in which perception numbers them."""
    seen = perceive(probe(clip))
    assert seen.people == 2, f"{clip}: {seen.people} people are seen"
    first = seen.of_person(0)[0].mesh[0, :, 0].mean()
    return ("left", "right") if first < middle_px else ("right", "left")


def countenance(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command line as a user would."""
    return subprocess.run(
        [sys.executable, "-m", "countenance.cli", *arguments], capture_output=True, text=True, check=False
    )


def _write(path: Path, content: object) -> None:
    path.write_text(yaml.safe_dump(content, sort_keys=False, allow_unicode=True), encoding="utf-8")
