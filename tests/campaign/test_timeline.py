from __future__ import annotations

from fractions import Fraction
from itertools import accumulate, pairwise
from pathlib import Path

import numpy as np
import pytest
from clips import bits, picture, write_clip
from hypothesis import given
from hypothesis import strategies as st

from countenance.campaign.task import shown_frames
from countenance.campaign.timeline import Timeline, as_shot, fitted, sound_stretches
from countenance.media.decode import decode
from countenance.media.probe import Master, probe
from countenance.perception.tracks import FaceTrack, Perception

NOBODY = Perception(0, (0,), ())


def master(frames: int = 100, steps: tuple[int, ...] = (512,), base: Fraction = Fraction(1, 12800)) -> Master:
    """The facts of a master whose pictures follow each other by `steps`, over and over."""
    pts = (0, *accumulate(steps[n % len(steps)] for n in range(frames - 1)))
    rate = (frames - 1) / (pts[-1] * base) if frames > 1 else Fraction(25)
    return Master(
        path=Path("master.mp4"), container="mp4", codec="h264", width=320, height=180, rotation=0,
        time_base=base, frame_rate=rate, origin=0, pts=pts, variable=len(steps) > 1, pixel_format="yuv420p",
        matrix="bt709", full_range=False, audio_codec=None, audio_rate_hz=None,
    )  # fmt: skip


def moving_face(frames: int, still_at: int) -> Perception:
    """A face that sways more the farther the picture is from `still_at`."""
    mesh = np.zeros((frames, 478, 3), np.float32)
    mesh[..., 0] = (np.arange(frames)[:, None] - still_at) ** 2
    track = FaceTrack(
        0, 0, np.arange(frames), mesh, np.ones(frames, np.float32), np.zeros((frames, 3), np.float32),
        np.zeros(128, np.float32),
    )  # fmt: skip
    return Perception(frames, (0,), (track,))


def check(timeline: Timeline, shot: Master) -> None:
    """What holds for every timeline."""
    assert len(timeline.source) == len(timeline.pts) > 0
    assert all(a < b for a, b in pairwise(timeline.pts))
    assert timeline.pts[0] == shot.pts[0]
    assert all(0 <= n < shot.frames for n in timeline.source)
    assert timeline.time_base == shot.time_base
    assert timeline.duration > timeline.pts[-1] * timeline.time_base
    assert timeline.is_as_shot == (timeline.source == tuple(range(shot.frames)) and timeline.pts == shot.pts)


def test_a_dub_that_fits_leaves_the_picture_as_shot() -> None:
    shot = master()
    timeline = fitted(shot, NOBODY, 0, speech_start_s=0.4, speech_s=3.0, own_end_s=3.5)
    assert timeline == as_shot(shot)
    assert timeline.duration == shot.duration == 4
    check(timeline, shot)


def test_a_longer_dub_holds_the_picture_where_the_face_is_stillest() -> None:
    shot = master()
    timeline = fitted(shot, moving_face(100, 72), 0, speech_start_s=0.4, speech_s=4.4, own_end_s=3.7)
    check(timeline, shot)
    assert timeline.duration == 5  # 4.8 s of speech and the 0.2 s that followed it before
    assert timeline.source[:73] == tuple(range(73))
    assert timeline.source[-27:] == tuple(range(73, 100))
    held = timeline.source[73:-27]
    assert len(held) == 25
    assert max(abs(a - b) for a, b in pairwise(timeline.source[:98])) == 1  # it sways, it does not jump
    assert set(held) <= set(range(66, 79))
    assert "held for 1.00 s at 2.88 s" in timeline.change


def test_a_much_shorter_dub_trims_the_idle_end_at_a_still_moment() -> None:
    shot = master()
    timeline = fitted(shot, moving_face(100, 63), 0, speech_start_s=0.4, speech_s=1.6, own_end_s=3.5)
    check(timeline, shot)
    assert timeline.source == tuple(range(64))
    assert timeline.duration == Fraction(64, 25)
    assert "The last 1.44 s are trimmed" in timeline.change


def test_the_last_word_is_never_trimmed_however_still_the_face_is_before_it() -> None:
    shot = master()
    timeline = fitted(shot, moving_face(100, 44), 0, speech_start_s=0.4, speech_s=1.6, own_end_s=4.0)
    check(timeline, shot)
    assert timeline.change.startswith("The last")
    assert timeline.duration >= 2


def test_a_little_idle_time_is_not_worth_a_cut() -> None:
    assert fitted(master(), NOBODY, 0, speech_start_s=0.4, speech_s=2.2, own_end_s=3.5).is_as_shot


def test_without_a_face_in_sight_the_last_picture_is_held() -> None:
    shot = master()
    timeline = fitted(shot, NOBODY, 0, speech_start_s=0.4, speech_s=4.0, own_end_s=3.9)
    check(timeline, shot)
    assert set(timeline.source[100:]) == {99}


SPEECH = st.tuples(st.floats(0, 0.9), st.floats(0.05, 3.0), st.floats(0.05, 1.0))


@given(
    st.integers(1, 200),
    st.lists(st.integers(300, 900), min_size=1, max_size=4).map(tuple),
    st.floats(0, 1),
    SPEECH,
)
def test_every_timeline_rises_has_room_for_the_whole_dub_and_keeps_its_base(
    frames: int, steps: tuple[int, ...], still: float, speech: tuple[float, float, float]
) -> None:
    shot = master(frames, steps)
    seen = moving_face(frames, int(still * (frames - 1)))
    length_s = float(shot.duration)
    start_s, spoken_s = speech[0] * length_s, speech[1] * length_s
    own_end_s = start_s + (length_s - start_s) * speech[2]
    timeline = fitted(shot, seen, 0, speech_start_s=start_s, speech_s=spoken_s, own_end_s=own_end_s)
    check(timeline, shot)
    half_frame_s = 0.5 / float(shot.frame_rate)
    assert float(timeline.duration) >= start_s + spoken_s - half_frame_s - 1e-5
    # Nothing is left out in the middle: every picture up to the end comes, in order, at its own distance.
    assert set(timeline.source) == set(range(max(timeline.source) + 1))


def test_shown_pictures_are_the_masters_own_with_the_outputs_time(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "v.mp4", [picture(n, 64, 48) for n in range(8)])
    shot = probe(clip)
    step = shot.pts[1]
    source = (0, 1, 2, 3, 4, 5, 4, 3, 4, 5, 6, 7)
    timeline = Timeline(source, tuple(n * step for n in range(12)), shot.time_base, Fraction(12, 25), "held")
    originals = [bits(frame) for frame in decode(shot)]
    seen = []
    for number, taken, frame in shown_frames(shot, timeline):
        assert bits(frame) == originals[taken]
        assert frame.time == Fraction(number, 25)
        frame.planes[0][:] = 0  # what is painted on one showing must not be there in the next
        seen.append(taken)
    assert tuple(seen) == source


def test_a_trimmed_timeline_stops_reading(tmp_path: Path) -> None:
    shot = probe(write_clip(tmp_path / "v.mp4", [picture(n, 64, 48) for n in range(8)]))
    timeline = Timeline((0, 1, 2), shot.pts[:3], shot.time_base, Fraction(3, 25), "trimmed")
    assert [number for number, _, _ in shown_frames(shot, timeline)] == [0, 1, 2]


@pytest.mark.parametrize("frames", [1, 2, 3])
def test_a_master_of_a_few_pictures_can_be_held(frames: int) -> None:
    shot = master(frames)
    timeline = fitted(shot, moving_face(frames, 0), 0, speech_start_s=0.0, speech_s=1.0, own_end_s=0.02)
    check(timeline, shot)
    assert float(timeline.duration) >= 1.0


@pytest.mark.parametrize("steps", [(512,), (500, 530)])
def test_sounds_follow_a_timeline_as_shot_held_and_trimmed(steps: tuple[int, ...]) -> None:
    shot = master(steps=steps)
    for speech_s, count in ((3.0, 1), (7.0, 2), (1.0, 1)):
        timeline = fitted(shot, moving_face(100, 70), 0, speech_start_s=0.4, speech_s=speech_s, own_end_s=3.5)
        stretches = sound_stretches(timeline, shot.pts)
        assert len(stretches) == count and stretches[0].start_s == 0 and stretches[0].later_s == 0
        assert stretches[-1].end_s == pytest.approx(float(timeline.duration), abs=1e-3)
        # In every stretch a sound plays with the picture that it was shot with.
        for stretch in stretches:
            for number, source in enumerate(timeline.source):
                shown_s = float(timeline.pts[number] * timeline.time_base)
                if stretch.start_s <= shown_s < stretch.end_s - 1e-9:
                    assert shown_s - stretch.later_s == pytest.approx(
                        float(shot.pts[source] * shot.time_base), abs=1e-3
                    )
