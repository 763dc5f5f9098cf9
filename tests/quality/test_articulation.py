from __future__ import annotations

from dataclasses import replace
from functools import cache

import faces
import numpy as np
import pytest
import spoken

from countenance.media.probe import probe
from countenance.perception.perceive import perceive
from countenance.quality.articulation import (
    articulation_rate,
    closed_below,
    closures,
    lip_distance,
    lip_travel,
    mouth_jitter,
    opening_ratio,
    silence_motion,
)
from countenance.quality.lips import Lips, lips_of, on_screen
from countenance.speech.phones import Phone, Phones


@cache
def ada() -> Lips:
    """The lips of the example master, which says `spoken.ADA`."""
    master = probe(faces.MASTER)
    (track,) = perceive(master).tracks
    return lips_of([float(value * master.time_base) for value in master.pts], list(track.mesh))


def moved(lips: Lips, by_s: float) -> Lips:
    return replace(lips, start_s=lips.start_s + by_s, end_s=lips.end_s + by_s)


def frozen(lips: Lips) -> Lips:
    """A still mouth with the mesh's usual restlessness."""
    noise = np.random.default_rng(0).normal(0, 1e-3, (2, len(lips.gap)))
    return replace(lips, gap=lips.gap[0] + noise[0], width=lips.width[0] + noise[1])


def smaller(lips: Lips, share: float) -> Lips:
    middle = np.median(lips.gap), np.median(lips.width)
    return replace(
        lips, gap=middle[0] + share * (lips.gap - middle[0]), width=middle[1] + share * (lips.width - middle[1])
    )


def trembling(lips: Lips, by: float) -> Lips:
    noise = np.random.default_rng(1).normal(0, by, (2, len(lips.gap)))
    return replace(lips, gap=lips.gap + noise[0], width=lips.width + noise[1])


def never_shut(lips: Lips) -> Lips:
    return replace(lips, gap=np.maximum(lips.gap, 0.04))


def quiet_beginning(lips: Lips, seconds: float = 1.5) -> tuple[Lips, Phones]:
    """The same take with nothing said, and the mouth still, for the first moments."""
    count = round(seconds * 25)
    still, later = frozen(lips), moved(lips, seconds)
    names = ("start_s", "end_s", "gap", "width", "jaw")
    parts = ((getattr(still, name)[:count], getattr(later, name)) for name in names)
    joined = Lips(*(np.concatenate(part) for part in parts))
    return joined, tuple(
        Phone(p.symbol, p.start_s + seconds if i else 0.0, p.end_s + seconds) for i, p in enumerate(spoken.ADA)
    )


def test_a_picture_stands_for_the_middle_of_its_time_on_the_screen() -> None:
    start, end = on_screen(np.array([0.0, 0.04, 0.08, 0.2]))
    assert end == pytest.approx([0.04, 0.08, 0.2, 0.24])
    lips = lips_of([0.0, 0.04], [None, None])
    assert lips.times_s == pytest.approx([0.02, 0.06]) and np.isnan(lips.gap).all()
    assert start.tolist() == [0.0, 0.04, 0.08, 0.2]


def test_a_real_mouth_closes_at_every_p_b_m() -> None:
    found = closures(ada(), spoken.ADA, closed_below(ada().gap))
    assert (found.count, found.rate) == (4, 1.0)


def test_lips_that_stay_open_or_close_at_another_time_are_found_out() -> None:
    closed = closed_below(ada().gap)
    opened = closures(never_shut(ada()), spoken.ADA, closed)
    assert opened.rate == 0.0 and opened.missed_s == (1.0, 1.385, 2.295, 4.775)
    late = closures(moved(ada(), 0.2), spoken.ADA, closed).rate
    assert late is not None and late <= 0.5


def test_closures_that_were_not_seen_do_not_count() -> None:
    gap = ada().gap.copy()
    gap[20:40] = np.nan
    assert closures(replace(ada(), gap=gap), spoken.ADA, closed_below(gap)).count == 2
    unseen = replace(ada(), gap=np.full_like(gap, np.nan))
    assert np.isnan(closed_below(unseen.gap))
    assert closures(unseen, spoken.ADA, 0.02).rate is None


def test_a_mouth_that_rests_in_silence_has_hardly_any_motion_there() -> None:
    lips, phones = quiet_beginning(ada())
    rest = silence_motion(lips, phones)
    assert rest is not None and rest < 0.005
    mumbling = lips.gap.copy()
    mumbling[5:35] += 0.03 * np.sin(np.arange(30))
    moving = silence_motion(replace(lips, gap=mumbling), phones)
    assert moving is not None and moving > 0.2


def test_without_silence_or_speech_there_is_no_motion_in_silence() -> None:
    everything = (Phone("a", 0.0, spoken.LENGTH_S),)
    assert silence_motion(ada(), everything) is None
    assert silence_motion(ada(), (Phone("", 0.0, spoken.LENGTH_S),)) is None
    assert lip_travel(ada(), ()) is None


@pytest.mark.parametrize(("share", "low", "high"), [(1.0, 0.99, 1.01), (0.5, 0.45, 0.6), (1.5, 1.4, 1.6)])
def test_the_articulation_rate_tells_how_much_of_the_persons_own_is_left(share: float, low: float, high: float) -> None:
    rate = articulation_rate(smaller(ada(), share), spoken.ADA, ada(), spoken.ADA)
    assert rate is not None and low <= rate <= high


def test_a_frozen_mouth_hardly_articulates() -> None:
    rate = articulation_rate(frozen(ada()), spoken.ADA, ada(), spoken.ADA)
    assert rate is not None and rate < 0.1


def test_the_opening_ratio_falls_when_motion_shrinks_or_comes_at_the_wrong_time() -> None:
    own = opening_ratio(ada(), spoken.ADA)
    assert own is not None and own > 4
    for damaged in (smaller(ada(), 0.5), moved(ada(), 0.2), frozen(ada()), never_shut(ada())):
        ratio = opening_ratio(damaged, spoken.ADA)
        assert ratio is not None and ratio < 0.5 * own
    assert opening_ratio(ada(), (Phone("s", 0.0, 1.0),)) is None


def test_jitter_is_seen_whatever_the_mouth_says() -> None:
    calm, restless = mouth_jitter(ada()), mouth_jitter(trembling(ada(), 0.004))
    assert calm is not None and restless is not None
    assert restless > 1.7 * calm
    less = mouth_jitter(smaller(ada(), 0.5))
    assert less is not None and less < calm
    assert mouth_jitter(lips_of([0.0, 0.04], [None, None])) is None


def test_the_distance_of_lips_knows_shape_but_not_place() -> None:
    frames, meshes = faces.meshes_of(faces.MASTER, stop=20)
    true = np.stack(meshes)
    assert len(frames) == 20
    assert lip_distance(true, true) == pytest.approx(np.zeros(20))
    assert lip_distance(true + np.float32(3), true) == pytest.approx(np.zeros(20), abs=1e-5)
    later = lip_distance(np.roll(true, 5, axis=0), true)
    assert later.mean() > 0.01
    larger = true * 2
    assert lip_distance(larger, larger * 1.1).mean() == pytest.approx(lip_distance(true, true * 1.1).mean(), rel=1e-3)
