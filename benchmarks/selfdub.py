"""Clips in which sound and mouth belong together: whose words are known, and which part of them teaches the other."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.casting import presenters
from benchmarks.tables import footage
from countenance.media.audio import read_mono
from countenance.media.frame import F32
from countenance.media.probe import Master, probe
from countenance.perception.perceive import perceive
from countenance.perception.tracks import FaceTrack, Perception, is_saved, load_perception, save_perception
from countenance.speech.align import align
from countenance.speech.phones import Phones
from countenance.synthesis.mouthclips import Footage, filmed, middles_s
from countenance.synthesis.mouthhabits import shifted
from countenance.synthesis.mouths import MouthLibrary, library_of

_HEARD_HZ = 16_000
# As PocketSphinx's own recogniser hears it, with the grammar set right by hand; it breaks off in mid-sentence.
_RETALKING = "my biggest weakness is asking for help when needed i'd like to do better and i"
_DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_LETTERS = {"a": "eɪ"}  # a letter here, and no article
_GRID: tuple[dict[str, str], ...] = (
    {"b": "bin", "l": "lay", "p": "place", "s": "set"},
    {"b": "blue", "g": "green", "r": "red", "w": "white"},
    {"a": "at", "b": "by", "i": "in", "w": "with"},
    {},
    dict(zip("z123456789", _DIGITS, strict=True)),
    {"a": "again", "n": "now", "p": "please", "s": "soon"},
)


@dataclass(frozen=True, eq=False)
class Clip:
    """A clip of one person with their words and when each sound is heard, as the aligner finds it."""

    master: Master
    seen: Perception
    words: str

    @property
    def tracks(self) -> tuple[FaceTrack, ...]:
        return self.seen.of_person(0)

    @property
    def phones(self) -> Phones:
        heard = read_mono(self.master.path, _HEARD_HZ, self.master.origin_s)
        assert heard is not None
        letters = _LETTERS if self.master.path.parent.name == "grid" else {}
        return align(heard, _HEARD_HZ, self.words, "en", letters).phones


@dataclass(frozen=True, eq=False)
class Take:
    """A clip that is dubbed with its own words: pictures from number `first` on, by mouths of `library`.

    None is held out: the general table of sounds was set with all of them, and their figures were seen between
    versions.
    """

    name: str
    clip: Clip
    phones: Phones
    library: MouthLibrary
    first: int

    @property
    def numbers(self) -> range:
        return range(self.first, self.clip.master.frames)

    @property
    def times_s(self) -> NDArray[np.float64]:
        return middles_s(self.clip.master)[self.first :]

    @property
    def sources(self) -> NDArray[np.int64] | None:
        """The pictures' numbers in the library's first clip; None where that is another clip."""
        return np.array(self.numbers) if self.first else None

    @property
    def poses(self) -> F32:
        faces = [self.clip.seen.face_of(0, number) for number in self.numbers]
        return np.stack([face.pose if face else np.zeros(3, np.float32) for face in faces])


def takes(names: tuple[str, ...] = ()) -> Iterator[Take]:
    """Every take, or those named: ada from her calibration clip, all others' second half from the first."""
    media = footage()
    assert media is not None
    if not names or "ada" in names:
        yield _ada()
    halves = [("ben", presenters() / "ben" / "master.mp4", _text(presenters() / "ben" / "script.txt"))]
    halves.append(("retalking/1", media / "retalking" / "1.mp4", _RETALKING))
    for path in sorted((media / "grid").glob("*.mpg")):
        halves.append((f"grid/{path.stem}", path, grid_words(path)))
    for name, path, words in halves:
        if not names or name in names:
            yield _halves(name, _clip(path, words))


def grid_words(path: Path) -> str:
    """The sentence of a GRID clip, which its name spells: bbaf2n is "bin blue at f two now"."""
    letters = path.stem.split("_")[-1]
    return " ".join(words.get(letter, letter) for letter, words in zip(letters, _GRID, strict=True))


def _ada() -> Take:
    folder = presenters() / "ada"
    clip = _clip(folder / "master.mp4", _text(folder / "script.txt"))
    other = _clip(folder / "calibration.mp4", _text(folder / "calibration.txt"))
    # Mouths of the other clip only; the first picture of the master alone would not count.
    library = library_of([filmed(Footage(other.master, other.tracks, other.phones))])
    return Take("ada", clip, clip.phones, library, 0)


def _halves(name: str, clip: Clip) -> Take:
    phones, half = clip.phones, clip.master.frames // 2
    library = library_of([filmed(Footage(clip.master, clip.tracks, phones, (0, half)))])
    # Where the teaching half shows that the sound runs ahead of the picture, the other half's phones are put right.
    return Take(name, clip, shifted(phones, library.early_s[0]), library, half)


@cache
def _clip(path: Path, words: str) -> Clip:
    master = probe(path)
    return Clip(master, _seen(master), words)


def _seen(master: Master) -> Perception:
    """What is seen in a clip; kept in COUNTENANCE_BENCH_CACHE, if that is set."""
    cache_folder = os.environ.get("COUNTENANCE_BENCH_CACHE")
    if not cache_folder:
        return perceive(master)
    folder = Path(cache_folder) / f"{master.path.parent.name}-{master.path.stem}"
    if not is_saved(folder):
        folder.mkdir(parents=True, exist_ok=True)
        save_perception(folder, perceive(master))
    return load_perception(folder)


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8").strip()
