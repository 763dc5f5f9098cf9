from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from clips import EXAMPLES, frames_of, psnr_db
from numpy.typing import NDArray

from countenance.media.sample import sample_lumas
from countenance.provenance.pattern import VARIANTS, keyed_pattern
from countenance.provenance.payload import CODE_SIGNS, Register, encode
from countenance.provenance.watermark import HOLD, SHORTEST_SHOT, Marker, noise_strength
from countenance.provenance.watermark_detail import add_up
from countenance.provenance.watermark_pose import Pose
from countenance.provenance.watermark_read import LEAST_FIT, least_fit, look, name, read_mark, readings_of

Luma = NDArray[np.uint8]
Lumas = Sequence[Luma]
KEY = bytes(range(32))
OTHER_KEY = bytes(range(1, 33))
MARK_ID = 0x0123_4567_89AB_CDEF


@pytest.fixture(scope="module")
def plain() -> list[Luma]:
    """Two seconds of a presenter who does not exist, 720 x 720."""
    return [frame.planes[0] for frame in frames_of(EXAMPLES / "ada" / "master.mp4", stop=50)]


@pytest.fixture(scope="module")
def marked(plain: list[Luma]) -> list[Luma]:
    return mark(plain)


def mark(lumas: Lumas) -> list[Luma]:
    marker = Marker(KEY, MARK_ID)
    copies = [luma.copy() for luma in lumas]
    for luma in copies:
        marker.embed(luma)
    return copies


def recode(lumas: Lumas, crf: int = 28, preset: str = "ultrafast") -> list[Luma]:
    """Through x264 and back, as another platform would; nothing but the pictures goes over."""
    file = io.BytesIO()
    height, width = lumas[0].shape
    with av.open(file, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=25, options={"crf": str(crf), "preset": preset})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        grey = np.full((height // 2, width), 128, np.uint8)
        for luma in lumas:
            picture = av.VideoFrame.from_ndarray(np.concatenate([luma, grey]), format="yuv420p")
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
    file.seek(0)
    with av.open(file) as container:
        return [picture.to_ndarray()[:height].copy() for picture in container.decode(video=0)]


def scaled(width: int, height: int) -> Callable[[Luma], Luma]:
    return lambda luma: cv2.resize(luma, (width, height), interpolation=cv2.INTER_AREA)


def turned(angle_deg: float, scale: float = 1.0) -> Callable[[Luma], Luma]:
    def turn(luma: Luma) -> Luma:
        height, width = luma.shape
        matrix = cv2.getRotationMatrix2D((width / 2, height / 2), angle_deg, scale)
        return cv2.warpAffine(luma, matrix, (width, height))

    return turn


def noise_pictures(seed: int, count: int = 4) -> list[Luma]:
    """Moving soft noise, 480 x 360: rich in texture and without a mark."""
    rng = np.random.default_rng(seed)
    ground = rng.integers(0, 256, (60, 80), np.uint8)
    still = cv2.resize(ground, (520, 400), interpolation=cv2.INTER_CUBIC)
    return [still[step : step + 360, 2 * step : 2 * step + 480].copy() for step in range(count)]


def test_mark_costs_little_and_is_the_same_every_time(plain: list[Luma], marked: list[Luma]) -> None:
    assert min(psnr_db(a, b) for a, b in zip(plain, marked, strict=True)) > 46
    assert all(np.array_equal(a, b) for a, b in zip(marked, mark(plain), strict=True))
    worst = max(int(np.abs(a.astype(int) - b).max()) for a, b in zip(plain, marked, strict=True))
    assert worst <= 6


def test_the_mark_follows_the_texture_after_a_few_pictures() -> None:
    flat = np.full((720, 720), 120, np.uint8)
    ground = np.random.default_rng(1).integers(60, 200, (180, 180), np.uint8)
    rich = cv2.resize(ground, (720, 720), interpolation=cv2.INTER_CUBIC)
    pictures = [flat] * HOLD + [rich] * HOLD + [flat]
    power = [float(np.var(a.astype(int) - b)) for a, b in zip(mark(pictures), pictures, strict=True)]
    assert max(power[:HOLD]) < 0.6 * min(power[HOLD : 2 * HOLD])
    assert power[-1] == power[0]


@pytest.mark.parametrize("seed", range(3))
def test_even_pure_texture_keeps_its_signal_to_noise_ratio(seed: int) -> None:
    noise = np.random.default_rng(seed).integers(30, 220, (288, 360), np.uint8)
    assert psnr_db(noise, mark([noise])[0]) > 46


def test_flat_ground_carries_less_than_texture_and_lone_edges_do_not_count() -> None:
    rng = np.random.default_rng(0)
    picture = np.full((720, 720), 100, np.uint8)
    picture[:, 360:] = 180
    picture[360:, :] = cv2.resize(rng.integers(60, 200, (90, 180), np.uint8), (720, 360))
    strength = noise_strength(picture)
    edge, flat, texture = strength[20:70, 88:92].mean(), strength[20:70, 20:70].mean(), strength[110:, :].mean()
    assert flat < 0.7 * texture
    assert edge < 1.2 * flat


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda luma: luma, id="nothing else"),
        pytest.param(lambda luma: luma[60:600, 100:640], id="crop to 75 %"),
        pytest.param(scaled(480, 480), id="smaller by a third"),
        pytest.param(scaled(1080, 1080), id="half as large again"),
        pytest.param(lambda luma: cv2.convertScaleAbs(luma, alpha=0.7, beta=20), id="less contrast"),
    ],
)
def test_id_is_read_after_a_recode_and(marked: list[Luma], change: Callable[[Luma], Luma]) -> None:
    reading = read_mark(recode([change(luma) for luma in marked]), KEY, search=False)
    assert reading is not None and reading.mark_id == MARK_ID
    assert reading.frames == 50 and reading.confidence > LEAST_FIT


@pytest.mark.parametrize(
    ("change", "angle_deg", "scale", "mirrored"),
    [
        pytest.param(lambda luma: np.rot90(luma), 90, 1, False, id="on its side"),
        pytest.param(lambda luma: luma[:, ::-1], 0, 1, True, id="mirrored"),
        pytest.param(turned(-7, 0.85), -7, 0.85, False, id="turned and smaller"),
        pytest.param(lambda luma: scaled(720, 720)(luma[:504, 100:604]), 0, 1.4286, False, id="zoomed in"),
    ],
)
def test_search_finds_the_id_and_the_pose(
    marked: list[Luma], change: Callable[[Luma], Luma], angle_deg: float, scale: float, mirrored: bool
) -> None:
    pictures = recode([np.ascontiguousarray(change(luma)) for luma in marked[:25]])
    assert read_mark(pictures, KEY, search=False) is None
    reading = read_mark(pictures, KEY)
    assert reading is not None and reading.mark_id == MARK_ID
    assert reading.pose.angle_deg == pytest.approx(angle_deg, abs=0.6)
    assert reading.pose.scale_x == pytest.approx(scale, rel=0.01)
    assert reading.pose.mirrored is mirrored


def test_large_picture_is_read_in_any_usual_size() -> None:
    picture = np.random.default_rng(3).integers(40, 220, (68, 120), np.uint8)
    large = [cv2.resize(picture, (1920, 1080), interpolation=cv2.INTER_CUBIC)]
    for width, height in ((1920, 1080), (1280, 720), (854, 480)):
        reading = read_mark([scaled(width, height)(luma) for luma in mark(large)], KEY, search=False)
        assert reading is not None and reading.mark_id == MARK_ID


def test_one_marker_takes_pictures_of_any_size_and_views_of_larger_ones() -> None:
    marker = Marker(KEY, MARK_ID)
    for height, width in ((360, 480), (400, 300), (360, 480)):
        whole = np.full((height + 20, width + 20), 90, np.uint8)
        marker.embed(whole[10:-10, 10:-10])
        assert (whole[:10] == 90).all() and (whole[:, -10:] == 90).all()
        reading = read_mark([whole[10:-10, 10:-10]], KEY, search=False)
        assert reading is not None and reading.mark_id == MARK_ID


def test_unmarked_pictures_and_other_keys_give_nothing(plain: list[Luma], marked: list[Luma]) -> None:
    assert read_mark(plain[:10], KEY, search=False) is None
    assert read_mark(marked[:10], OTHER_KEY) is None
    assert [read_mark(noise_pictures(seed), KEY, search=False) for seed in range(30)] == [None] * 30


def test_nothing_to_look_at_gives_nothing() -> None:
    assert read_mark([], KEY) is None
    assert read_mark([np.zeros((64, 64), np.uint8)], KEY) is None
    assert read_mark([np.full((360, 480), 16, np.uint8)] * 3, KEY) is None


def test_frames_of_two_sizes_are_refused() -> None:
    with pytest.raises(ValueError, match="one size"):
        read_mark([np.zeros((360, 480), np.uint8), np.zeros((360, 482), np.uint8)], KEY)


def shots(plain: list[Luma], seconds: int = 1) -> list[Luma]:
    """Two shots that have nothing in common."""
    other = [luma[::-1, ::-1].copy() // 2 + 20 for luma in plain]
    return plain[: 25 * seconds] + other[: 25 * seconds]


def test_the_tile_changes_at_a_cut_and_only_there(plain: list[Luma]) -> None:
    marker = Marker(KEY, MARK_ID)
    seen = []
    for luma in shots(plain):
        marker.embed(luma.copy())
        seen.append(marker.variant)
    assert len(set(seen[:25])) == len(set(seen[25:])) == 1 and seen[24] != seen[25]


def test_flicker_is_no_cut(plain: list[Luma]) -> None:
    marker = Marker(KEY, MARK_ID)
    seen = []
    for number, luma in enumerate(plain[: 2 * SHORTEST_SHOT]):
        marker.embed(luma // 2 if number % 2 else luma.copy())
        seen.append(marker.variant)
    assert len(set(seen)) == 1


def test_the_reader_needs_no_hint_of_shots(plain: list[Luma]) -> None:
    marked = recode(mark(shots(plain)))
    for cut in (marked[:25], marked[25:], marked, marked[10:30], marked[18:45]):
        reading = read_mark(cut, KEY, search=False)
        assert reading is not None and reading.mark_id == MARK_ID


def test_many_shots_are_read_one_by_one_where_their_sum_says_little(plain: list[Luma]) -> None:
    """Pictures from all over a film with many cuts, too noisy for the mixture of all four variants."""
    rng = np.random.default_rng(6)
    marker = Marker(KEY, MARK_ID)
    film = []
    for shot in range(8):
        for luma in plain[:SHORTEST_SHOT]:
            shown = (luma // 2 + (20 if shot % 2 else 90)).astype(np.uint8)
            marker.embed(shown)
            film.append(shown)
    drowned = [np.clip(luma + rng.normal(0, 70, luma.shape), 0, 255).astype(np.uint8) for luma in film[::3]]
    added = add_up(drowned)
    assert len(added.shots) == 8
    sight = look(added.detail, keyed_pattern(KEY), Pose(1, 1))
    assert name(sight, None) is None
    reading = read_mark(drowned, KEY, search=False)
    assert reading is not None and reading.mark_id == MARK_ID


def test_votes_of_several_variants_are_joined_and_absent_ones_left_out() -> None:
    signs = encode(MARK_ID)
    noise = np.random.default_rng(2).standard_normal((VARIANTS, CODE_SIGNS))
    two = noise.copy()
    two[1] += 1.2 * signs
    two[3] += 1.2 * signs
    alone = noise.copy()
    alone[2] += 1.2 * signs

    def fit(votes: NDArray[np.float64]) -> float:
        return float(votes @ signs / np.linalg.norm(votes) / CODE_SIGNS**0.5)

    loudest, both = readings_of(two)
    assert fit(both) > fit(loudest) + 0.05
    (only,) = readings_of(alone)
    assert np.array_equal(only, alone[2])


def test_an_issued_id_is_recognised_where_too_little_is_left_to_read_it(marked: list[Luma]) -> None:
    rng = np.random.default_rng(4)
    drowned = [np.clip(marked[0] + rng.normal(0, 54, marked[0].shape), 0, 255).astype(np.uint8)]
    issued = Register([MARK_ID, *range(1000)])
    assert read_mark(drowned, KEY, search=False) is None
    reading = read_mark(drowned, KEY, search=False, issued=issued)
    assert reading is not None and reading.mark_id == MARK_ID and reading.issued
    assert read_mark(drowned, KEY, search=False, issued=Register(range(1000))) is None
    assert read_mark(drowned, OTHER_KEY, search=False, issued=issued) is None


def test_without_its_pilot_the_mark_is_read_where_the_picture_lies_as_it_did() -> None:
    pattern = keyed_pattern(KEY)
    signs = encode(MARK_ID)
    pilot = (pattern.tile(signs) + pattern.tile(-signs)) / 2  # as averaging over many ids would show it
    noise = np.random.default_rng(0).normal(120, 8, (512, 768))
    robbed = np.clip(noise + 2 * np.tile(pattern.tile(signs) - pilot, (2, 3)), 0, 255).astype(np.uint8)
    reading = read_mark([robbed], KEY, search=False)
    assert reading is not None and reading.mark_id == MARK_ID and reading.pilot_z == 0
    assert read_mark([robbed[40:, 40:]], KEY, search=False) is None


def test_more_issued_ids_ask_for_a_better_fit() -> None:
    fits = [least_fit(count) for count in (1, 10_000, 1_000_000)]
    assert fits == sorted(fits) and fits[0] > 0.39 and fits[-1] < LEAST_FIT


@pytest.mark.footage
@pytest.mark.parametrize(
    "clip",
    ["liveportrait/s18.mp4", "azure-avatar/Asking_a_question.mp4", "liveportrait/d9.mp4", "grid/bbaf2n.mpg"],
)
def test_real_footage_keeps_its_id_through_a_recode(footage: Path, clip: str) -> None:
    pictures = sample_lumas(footage / clip, 50)
    marked = mark(pictures)
    assert min(psnr_db(a, b) for a, b in zip(pictures, marked, strict=True)) > 46
    reading = read_mark(recode(marked), KEY, search=False)
    assert reading is not None and reading.mark_id == MARK_ID
    assert read_mark(pictures[:10], KEY, search=False) is None
