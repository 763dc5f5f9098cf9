from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from countenance.delivery.camera import Camera, target_size
from countenance.delivery.reframe import USUAL, plan_camera
from countenance.delivery.sightings import Sightings
from countenance.delivery.viewing import view
from countenance.errors import InputError
from countenance.quality.speakers import Turn

WIDE, TALL = (1920, 1080), (1080, 1920)
RATE_HZ = 25.0


def seen(
    *middles: NDArray[np.float64],
    size: tuple[int, int] = WIDE,
    y: float = 400.0,
    face_px: float = 130.0,
    starts: tuple[int, ...] = (0,),
    times_s: NDArray[np.float64] | None = None,
) -> Sightings:
    """People whose faces, as wide as `face_px`, go along `middles` (n,) px; NaN where they are not seen."""
    count = len(middles[0])
    x = np.stack(middles)
    top, bottom = np.full_like(x, y - 0.6 * face_px), np.full_like(x, y + 0.6 * face_px)
    top[np.isnan(x)] = bottom[np.isnan(x)] = np.nan
    faces = np.stack([x - face_px / 2, top, x + face_px / 2, bottom], axis=-1)
    lips = np.stack([x - face_px / 5, top + 0.9 * face_px, x + face_px / 5, top + face_px], axis=-1)
    times = np.arange(count) / RATE_HZ if times_s is None else times_s
    return Sightings(size, times, starts, faces, lips, top + 0.45 * face_px, np.zeros_like(x))


def seconds(length_s: float) -> NDArray[np.float64]:
    return np.arange(round(length_s * RATE_HZ)) / RATE_HZ


def holds(camera: Camera, sight: Sightings, person: int, first: int = 0, last: int | None = None) -> bool:
    """Whether the person's whole face is inside every window that is one."""
    windows, faces = camera.windows[first:last], sight.faces[person, first:last]
    known = np.isfinite(windows[:, 0]) & np.isfinite(faces[:, 0])
    windows, faces = windows[known], faces[known]
    inside = (windows[:, :2] <= faces[:, :2] + 1e-6) & (windows[:, :2] + windows[:, 2:] >= faces[:, 2:] - 1e-6)
    return bool(inside.all())


def assert_limits_hold(camera: Camera, sight: Sightings) -> None:
    """Within every take the size is one, the window stays in the picture, and speed and acceleration are kept."""
    for take in camera.takes:
        windows = camera.windows[take.first : take.last]
        if take.way == "whole":
            assert np.isnan(windows).all()
            continue
        assert np.ptp(windows[:, 2:], axis=0).max() == 0
        shape = camera.target[0] / camera.target[1]
        assert take.why or windows[0, 2] / windows[0, 3] == pytest.approx(shape)
        assert (windows[:, :2] >= 0).all() and (windows[:, :2] + windows[:, 2:] <= np.array(sight.size) + 1e-6).all()
        step_s = np.diff(sight.times_s[take.first : take.last])[:, None]
        speed = np.diff(windows[:, :2], axis=0) / step_s / windows[0, 2:]
        assert np.abs(speed).max(initial=0) <= USUAL.speed + 1e-4
        # Between the middles of two steps, the change of the mean speed is at most the acceleration times the time.
        change = np.diff(speed, axis=0) / ((step_s[1:] + step_s[:-1]) / 2)
        assert np.abs(change).max(initial=0) <= USUAL.acceleration + 2e-2


@st.composite
def walks(draw: st.DrawFn) -> Sightings:
    """One or two people who wander, jump, are lost for a while, over one to three shots, at an uneven rate."""
    count = draw(st.integers(2, 150))
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    times = np.cumsum(generator.uniform(1 / 60, 1 / 20, count))
    starts = (0, *sorted(draw(st.sets(st.integers(1, count - 1), max_size=2))))
    restless = draw(st.sampled_from([0.5, 8.0, 60.0]))
    people = []
    for _ in range(draw(st.integers(1, 2))):
        walk = generator.uniform(200, 1700) + np.cumsum(generator.normal(0, restless, count))
        if draw(st.booleans()):
            walk[draw(st.integers(0, count - 1)) :] += draw(st.sampled_from([-500.0, 700.0]))
        walk = np.clip(walk, 80, 1840)
        if draw(st.booleans()):
            gap = draw(st.integers(0, count - 1))
            walk[gap : gap + 20] = np.nan
        people.append(walk)
    size = draw(st.sampled_from([40.0, 130.0, 300.0]))
    return seen(*people, y=500.0, face_px=min(size, 150.0), starts=starts, times_s=times)


@settings(max_examples=150)
@given(walks(), st.sampled_from([(9, 16), (4, 5), (1, 1), (16, 9), (21, 9)]))
def test_whoever_is_framed_is_never_cut_and_the_limits_hold(sight: Sightings, aspect: tuple[int, int]) -> None:
    camera = plan_camera(sight, target_size(aspect))
    assert [take.first for take in camera.takes] + [sight.pictures] == [0, *(take.last for take in camera.takes)]
    for take in camera.takes:
        for person in take.people:
            assert holds(camera, sight, person, take.first, take.last)
    assert_limits_hold(camera, sight)


@settings(max_examples=15)
@given(walks())
def test_the_same_faces_give_the_same_camera(sight: Sightings) -> None:
    one, other = plan_camera(sight, TALL), plan_camera(sight, TALL)
    assert one.takes == other.takes and np.array_equal(one.windows, other.windows, equal_nan=True)


@given(st.floats(300, 1600), st.floats(0, 25), st.integers(0, 1000))
def test_it_stands_still_while_a_head_only_nods(middle: float, sway_px: float, chance: int) -> None:
    generator = np.random.default_rng(chance)
    x = middle + sway_px * np.sin(seconds(6) * 3) + generator.normal(0, 1, 150)
    camera = plan_camera(seen(x), TALL)
    assert [take.way for take in camera.takes] == ["still"]
    assert np.ptp(camera.windows, axis=0).max() == 0


def test_it_follows_a_walk_without_ever_turning_back() -> None:
    at_s = seconds(20)
    camera = plan_camera(seen(500 + 40 * at_s), TALL)
    x = camera.windows[:, 0]
    assert [take.way for take in camera.takes] == ["follows"]
    assert (np.diff(x) >= -1e-6).all() and x[-1] - x[0] == pytest.approx(800, abs=2 * USUAL.dead_zone * 608)


def test_it_sets_off_before_a_sudden_step_and_the_face_stays_inside() -> None:
    at_s = seconds(20)
    sight = seen(500 + 800 / (1 + np.exp(-3 * (at_s - 10))))
    camera = plan_camera(sight, TALL)
    assert [take.way for take in camera.takes] == ["follows"] and holds(camera, sight, 0)
    assert_limits_hold(camera, sight)


def test_a_long_take_is_planned_piece_by_piece_without_a_seam() -> None:
    at_s = seconds(400)  # more control points than are solved at once
    sight = seen(960 + 500 * np.sin(at_s / 7) + 60 * np.sin(at_s / 1.7))
    camera = plan_camera(sight, TALL)
    assert [take.way for take in camera.takes] == ["follows"] and holds(camera, sight, 0)
    assert_limits_hold(camera, sight)


def test_a_face_that_jumps_within_a_shot_is_shown_in_the_whole_picture() -> None:
    # A jump cut that no detector told: the camera may not jump, and the face may not be cut.
    camera = plan_camera(seen(np.where(seconds(8) < 4, 90.0, 1830.0)), TALL)
    assert [take.way for take in camera.takes] == ["whole"] and "too fast" in camera.takes[0].why
    assert camera.crop(0) is None


def test_it_cuts_with_the_shot() -> None:
    camera = plan_camera(seen(np.where(seconds(8) < 4, 400.0, 1500.0), starts=(0, 100)), TALL)
    assert [(take.first, take.last, take.way) for take in camera.takes] == [(0, 100, "still"), (100, 200, "still")]
    assert camera.windows[99, 0] < 400 and camera.windows[100, 0] > 1000


def test_two_who_fit_are_shown_together() -> None:
    sight = seen(np.full(100, 850.0), np.full(100, 1100.0))
    camera = plan_camera(sight, TALL)
    assert [take.people for take in camera.takes] == [(0, 1)]
    assert holds(camera, sight, 0) and holds(camera, sight, 1)


def test_of_two_who_do_not_fit_it_shows_whoever_speaks() -> None:
    sight = seen(np.full(150, 400.0), np.full(150, 1500.0))
    silent = plan_camera(sight, TALL)
    assert [take.people for take in silent.takes] == [(0,)]
    other = plan_camera(sight, TALL, speaking=[Turn(0.5, 5.5, 1)])
    assert [take.people for take in other.takes] == [(1,)] and holds(other, sight, 1)


def test_two_who_talk_apart_are_cut_between_at_their_turns() -> None:
    sight = seen(np.full(300, 400.0), np.full(300, 1500.0))
    talk = [Turn(0.2, 4.0, 0), Turn(4.2, 8.0, 1), Turn(8.0, 8.6, 0), Turn(8.6, 12.0, 1)]
    camera = plan_camera(sight, TALL, speaking=talk)
    # The answer of 0.6 s in between is passed over; pauses belong to who spoke before.
    assert [(take.first, take.last, take.people) for take in camera.takes] == [(0, 105, (0,)), (105, 300, (1,))]
    whole = plan_camera(sight, TALL, speaking=talk, rules=replace(USUAL, apart="whole"))
    assert [take.way for take in whole.takes] == ["whole"]


def test_turns_shorter_than_the_hold_never_make_a_take() -> None:
    sight = seen(np.full(300, 400.0), np.full(300, 1500.0))
    talk = [Turn(i * 0.7, (i + 1) * 0.7, i % 2) for i in range(17)]
    for one, other in pairwise(plan_camera(sight, TALL, speaking=talk).takes):
        assert (other.first - one.first) / RATE_HZ >= USUAL.hold_s


def test_somebody_small_in_the_background_does_not_count_unless_they_speak() -> None:
    near, far = seen(np.full(100, 500.0), face_px=220), seen(np.full(100, 1600.0), face_px=60)
    both = replace(near, **{name: np.concatenate([getattr(near, name), getattr(far, name)])
                            for name in ("faces", "lips", "eyes_y", "yaw")})  # fmt: skip
    assert [take.people for take in plan_camera(both, TALL).takes] == [(0,)]
    assert [take.people for take in plan_camera(both, TALL, speaking=[Turn(0, 4, 1)]).takes] == [(1,)]


def test_a_close_up_wider_than_any_tall_window_gets_a_wider_one_before_a_blur() -> None:
    sight = seen(np.full(50, 960.0), y=540, face_px=700)
    camera = plan_camera(sight, TALL)
    assert [take.why for take in camera.takes] == ["the face needs a wider window"] and holds(camera, sight, 0)
    assert 700 < camera.windows[0, 2] < 1100
    # Points are found again where the window lies in the target: its middle in the middle.
    x, y, width, height = camera.windows[0]
    assert camera.place(0, x + width / 2, y + height / 2) == pytest.approx((540, 960), abs=2)
    assert camera.place(0, x, y)[0] == pytest.approx(0, abs=1) and camera.place(0, x, y)[1] > 100


def test_a_small_face_is_brought_nearer_as_far_as_pixels_allow() -> None:
    uhd = plan_camera(seen(np.full(50, 1900.0), size=(3840, 2160), y=800, face_px=150), TALL)
    hd = plan_camera(seen(np.full(50, 950.0), y=400, face_px=75), TALL)
    assert uhd.windows[0, 3] < 0.6 * 2160 and TALL[0] / uhd.windows[0, 2] <= USUAL.enlarge + 1e-9
    assert TALL[0] / hd.windows[0, 2] == pytest.approx(USUAL.enlarge)
    # Where the window is smaller than the picture the eyes lie on their line.
    eyes = (800 - 0.6 * 150 + 0.45 * 150 - uhd.windows[0, 1]) / uhd.windows[0, 3]
    assert eyes == pytest.approx(USUAL.eye_line, abs=0.02)


def test_room_is_left_where_a_turned_head_looks_to() -> None:
    straight = seen(np.full(50, 960.0))
    left = replace(straight, yaw=np.full((1, 50), 40.0))  # to the person's left: the picture's right
    assert plan_camera(left, TALL).windows[0, 0] > plan_camera(straight, TALL).windows[0, 0] + 10


def test_where_captions_are_burnt_in_the_picture_is_shown_whole() -> None:
    camera = plan_camera(seen(np.full(100, 960.0)), TALL, burnt=[(1.0, 2.0)])
    assert [(take.first, take.last, take.way) for take in camera.takes] == [
        (0, 25, "still"), (25, 50, "whole"), (50, 100, "still"),
    ]  # fmt: skip
    assert camera.takes[1].why == "captions are burnt in"


@pytest.mark.parametrize(("empty", "way"), [("whole", "whole"), ("middle", "still")])
def test_a_shot_without_a_face_is_shown_as_the_rules_say(empty: str, way: str) -> None:
    nobody = seen(np.full(20, np.nan))
    camera = plan_camera(nobody, TALL, rules=replace(USUAL, empty=empty))  # type: ignore[arg-type]
    assert [take.way for take in camera.takes] == [way]


def test_shapes_are_given_even_sizes() -> None:
    assert target_size((9, 16)) == (1080, 1920) and target_size((4, 5)) == (1080, 1350)
    assert target_size((1, 1)) == (1080, 1080) and target_size((16, 9), 720) == (1280, 720)
    with pytest.raises(InputError, match="no shape of a picture"):
        target_size((0, 5))


@pytest.mark.footage
def test_a_real_presenter_who_gestures_is_held_by_a_still_camera(footage: Path) -> None:
    looked = view(footage / "azure-avatar" / "Introducing_the_product.mp4")
    camera = plan_camera(looked.seen, TALL, speaking=looked.speaking)
    assert [(take.way, take.people) for take in camera.takes] == [("still", (0,))] and holds(camera, looked.seen, 0)
