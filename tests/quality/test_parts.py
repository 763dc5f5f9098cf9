from __future__ import annotations

import json
import tracemalloc
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import faces
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from countenance.errors import CountenanceError
from countenance.media.frame import F32, U8, Frame
from countenance.perception.attention import Closeup
from countenance.perception.crop import Square
from countenance.perception.networks import FaceNetworks
from countenance.perception.tracks import Face
from countenance.quality.lips import Lips
from countenance.quality.measured import Measured
from countenance.quality.meter import Meter
from countenance.quality.parts import joined
from countenance.quality.speaking import Own
from countenance.speech.phones import Phone, covering
from countenance.synthesis.engine import Laid

PLACES = 36  # pictures of the example master, shown to and fro
STEPS = np.random.default_rng(7).normal(0, 1.2, (PLACES, 2))


class Remembering(FaceNetworks):
    """The real networks, which look at the same crop once."""

    def __init__(self) -> None:
        super().__init__()
        self._meshes: dict[tuple[bytes, Square], tuple[F32, float]] = {}
        self._closeups: dict[tuple[bytes, Square], Closeup] = {}

    def follow(self, crop: U8, square: Square) -> tuple[F32, float]:
        key = crop.tobytes(), square
        if key not in self._meshes:
            self._meshes[key] = super().follow(crop, square)
        return self._meshes[key]

    def closeup(self, crop: U8, square: Square) -> Closeup:
        key = crop.tobytes(), square
        if key not in self._closeups:
            self._closeups[key] = super().closeup(crop, square)
        return self._closeups[key]


networks = cache(Remembering)


@dataclass(frozen=True)
class Picture:
    before: Frame | None
    after: Frame
    face: Face | None
    laid: tuple[Laid, ...] = ()


@dataclass(frozen=True)
class Film:
    """A variant, its pictures by number, and how it is to be measured."""

    pictures: int
    shown: Callable[[int], Picture]
    plan: dict[str, Any]
    sound: tuple[np.ndarray, int, Own | None] | None = None

    def section(self, path: Path, first: int, last: int) -> Path:
        """What a meter of some pictures saves, that was shown what it needs of those before."""
        meter = Meter(networks(), self.pictures, **self.plan)
        for number in range(first - meter.run_in(first), first):
            one = self.shown(number)
            meter.remember(number, one.before, one.after, one.face, one.laid)
        for number in range(first, last):
            one = self.shown(number)
            meter.see(number, number / 25, one.before, one.after, one.face, one.laid)
        meter.save(path)
        return path

    def in_sections(self, starts: Collection[int]) -> Measured:
        edges = [0, *sorted(set(starts) - {0}), self.pictures]
        with TemporaryDirectory() as folder:
            paths = [self.section(Path(folder) / f"{first}.npz", first, last) for first, last in pairwise(edges)]
            meter = joined(paths, networks(), self.pictures, **self.plan)
        return meter.finish(*self.sound or ())

    def whole(self) -> Measured:
        meter = Meter(networks(), self.pictures, **self.plan)
        for number in range(self.pictures):
            one = self.shown(number)
            meter.see(number, number / 25, one.before, one.after, one.face, one.laid)
        return meter.finish(*self.sound or ())


def place_of(number: int) -> int:
    return min(number % (2 * PLACES - 2), 2 * PLACES - 2 - number % (2 * PLACES - 2))


@cache
def damaged(place: int, kind: str) -> Frame:
    frame = faces.take().frames[place]
    painted = {
        "as it was": lambda: frame,
        "trembling": lambda: faces.moved(frame, float(STEPS[place, 0]), float(STEPS[place, 1])),
        "flickering": lambda: faces.relit(frame, 1.03, 1.0),
        "soft": lambda: faces.blurred(frame, 1.5),
    }[kind]()
    return faces.blended(place, frame, painted)


@cache
def laid_over(place: int, strength: float = 1.0, why: str = "") -> tuple[Laid, ...]:
    return (faces.take().laid(place, strength, why),)


@cache
def aside(place: int) -> tuple[Frame, Face]:
    """The picture and its face, both moved so far that it must be another shot."""
    face = faces.take().faces[place]
    mesh = face.mesh + np.array([90, 40, 0], np.float32)
    return faces.moved(faces.take().frames[place], 90, 40), replace(face, mesh=mesh)


def swapped(number: int) -> Picture:
    """A film in which everything happens: who is away, hidden, faded, lost, moved, and badly painted."""
    place = place_of(number)
    frame, face = faces.take().frames[place], faces.take().faces[place]
    if 42 <= number < 46 or 57 <= number < 64 or number in (81, 82):
        return Picture(frame, frame, None)
    if number in (39, 79, 85):
        return Picture(frame, faces.erased(frame, faces.take().box(place)), face, laid_over(place))
    if number in (37, 38):
        return Picture(None, frame, face)
    if 66 <= number < 74 or 104 <= number < 112:
        strength = 0.25 * (number % 4)
        after = damaged(place, "soft") if strength else frame
        return Picture(frame, after, face, laid_over(place, strength, "too small" if number % 3 else "turned too far"))
    if 90 <= number < 96:
        frame, face = aside(place)
        return Picture(frame, faces.relit(frame, 1.04), face, laid_over(place))
    kind = ("as it was", "trembling", "flickering", "soft")[number * 7 // 5 % 4]
    return Picture(frame, damaged(place, kind), face, laid_over(place))


@cache
def swap() -> Film:
    references = {name: faces.references(name) for name in ("ada", "ben")}
    plan = {"wanted": references["ben"], "replaced": references["ada"], "others": references, "cuts": [50, 84]}
    sound = np.random.default_rng(1).normal(0, 0.1, 16000 * 5).astype(np.float32)
    return Film(120, swapped, plan, (sound, 16000, None))


@cache
def swap_measured() -> Measured:
    return swap().whole()


def spoken(number: int) -> Picture:
    place = place_of(number * 2 if number % 50 > 25 else number)
    frame, face = faces.take().frames[place], faces.take().faces[place]
    if number % 90 in (40, 41, 42):
        return Picture(frame, frame, None)
    return Picture(frame, damaged(place, ("trembling", "soft")[number // 9 % 2]), face, laid_over(place))


@cache
def dub() -> Film:
    length_s = 440 / 25
    sounds = [Phone("m" if n % 2 else "ɑ", 0.3 + 0.35 * n, 0.45 + 0.35 * n) for n in range(48)]
    phones = covering(sounds, length_s)
    lips = Lips(*np.random.default_rng(2).uniform(0.01, 0.2, (5, 440)))
    times = np.arange(440) / 25
    own = Own(replace(lips, start_s=times, end_s=times + 0.04), phones)
    sound = np.sin(np.arange(int(16000 * length_s)) * 0.5) * np.sin(np.arange(int(16000 * length_s)) / 1500) ** 2
    plan = {"dubbed": True, "spoken": phones, "voice_over": range(150, 170), "cuts": [200]}
    return Film(440, spoken, plan, (sound.astype(np.float32), 16000, own))


@cache
def thorough() -> Film:
    return Film(230, spoken, {"thorough": True, "cuts": [190]})


def assert_equal(one: Measured, other: Measured) -> None:
    assert one.figures == other.figures and list(one.figures) == list(other.figures)
    assert one.reasons == other.reasons
    assert one.curves == other.curves
    assert one.strips == other.strips
    assert one.notes == other.notes
    assert one.mouth == other.mouth
    assert one.pictures == other.pictures
    np.testing.assert_array_equal(one.times_s, other.times_s)
    np.testing.assert_array_equal(one.opening, other.opening)
    assert (one.lips is None) == (other.lips is None)
    if one.lips is not None and other.lips is not None:
        np.testing.assert_array_equal(
            [one.lips.gap, one.lips.width, one.lips.jaw], [other.lips.gap, other.lips.width, other.lips.jaw]
        )


def test_the_film_of_these_tests_has_something_to_measure() -> None:
    known = {key for key, value in swap_measured().figures.items() if value is not None}
    assert {"jitter_ratio", "flicker_ratio", "sharpness_ratio", "pose_error_deg", "lips_kept"} <= known
    assert {"identity_top1", "seam_delta_e_p95", "faded_share", "untouched_share", "missing_face_share"} <= known
    assert swap_measured().reasons["faded_share"].count("too") == 2


def test_sections_that_begin_at_shots_give_what_one_meter_gives() -> None:
    assert_equal(swap().in_sections([50, 84]), swap_measured())


@settings(max_examples=12)
@given(st.sets(st.integers(1, 119), max_size=12))
def test_sections_that_begin_anywhere_give_what_one_meter_gives(starts: set[int]) -> None:
    assert_equal(swap().in_sections(starts), swap_measured())


def test_every_picture_may_be_a_section_of_its_own() -> None:
    assert_equal(swap().in_sections(range(120)), swap_measured())


@pytest.mark.parametrize("starts", [[200], [3, 90, 151, 160, 290, 291, 400]])
def test_a_dub_in_sections_speaks_as_in_one(starts: list[int]) -> None:
    assert_equal(dub().in_sections(starts), dub().whole())


def test_long_runs_that_are_measured_throughout_join_too() -> None:
    assert_equal(thorough().in_sections([60, 150, 190, 191]), thorough().whole())


def test_sections_that_are_missing_or_in_another_order_are_told(tmp_path: Path) -> None:
    film = swap()
    paths = [film.section(tmp_path / f"{first}.npz", first, first + 2) for first in (0, 2, 4)]
    with pytest.raises(CountenanceError, match=r"4\.npz begins at picture 4, but the sections before it end at 2"):
        joined([paths[0], paths[2], paths[1]], networks(), film.pictures, **film.plan)
    with pytest.raises(CountenanceError, match="the sections end at picture 6 of 120: measure the missing ones"):
        joined(paths, networks(), film.pictures, **film.plan)


def test_sections_of_another_plan_are_told(tmp_path: Path) -> None:
    path = swap().section(tmp_path / "0.npz", 0, 2)
    with pytest.raises(CountenanceError, match=r"0\.npz was measured under another plan"):
        joined([path], networks(), 121, **swap().plan)


def test_a_section_within_a_stretch_needs_the_pictures_before_it() -> None:
    film = swap()
    meter = Meter(networks(), film.pictures, **film.plan)
    assert [meter.run_in(first) for first in (0, 17, 18, 41, 42, 50, 84, 90)] == [0, 0, 1, 24, 0, 0, 0, 6]
    one = film.shown(30)
    with pytest.raises(CountenanceError, match=r"picture 30 lies in a stretch that began before: .* the 13 before it"):
        meter.see(30, 1.2, one.before, one.after, one.face, one.laid)


@pytest.mark.long
@pytest.mark.timeout(1200)
@pytest.mark.parametrize(("film", "pictures"), [(swap, 90_000), (dub, 9_000)])
def test_an_hour_takes_little_memory_also_joined(film: Callable[[], Film], pictures: int, tmp_path: Path) -> None:
    """An hour of a swap; six minutes of a dub, whose mouth is followed throughout."""
    plan = film().plan | {"cuts": range(0, pictures, 125)}
    if "spoken" in plan:
        plan["spoken"] = covering([Phone("m", 0.35 * n, 0.35 * n + 0.15) for n in range(10_000)], 3600.0)
    hour = replace(film(), pictures=pictures, plan=plan)
    edges = range(0, pictures + 1, pictures // 6)
    paths = [hour.section(tmp_path / f"{first}.npz", first, last) for first, last in pairwise(edges)]
    tracemalloc.start()
    try:
        meter = joined(paths, networks(), pictures, **plan)
        measured = meter.finish()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 60e6
    drawn = {"curves": measured.curves, "strips": measured.strips, "mouth": measured.mouth, "notes": measured.notes}
    assert all(len(json.dumps(one)) < 400_000 for one in drawn.values())
