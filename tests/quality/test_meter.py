from __future__ import annotations

import io

import faces
import numpy as np
import pytest
from PIL import Image

from countenance.media.frame import Frame
from countenance.perception.topology import LEFT_EYE, LIPS_OUTER, RIGHT_EYE
from countenance.quality.gate import judge, kinds
from countenance.quality.meter import Measured, Meter
from countenance.quality.report import render_report

RANDOM = np.random.default_rng(3)
EYES = (*RIGHT_EYE, *LEFT_EYE)
STEPS = RANDOM.normal(0, 1.2, (100, 2))


def jittered(number: int, frame: Frame) -> Frame:
    return faces.moved(frame, float(STEPS[number, 0]), float(STEPS[number, 1]))


def shuffled(number: int, frame: Frame) -> Frame:
    return faces.take().frames[number // 6 * 6 + (3, 0, 5, 1, 4, 2)[number % 6]]


def curve_of(measured: Measured, key: str) -> dict[str, list[float | None]]:
    return next(curve for curve in measured.curves if curve["key"] == key)


def test_the_master_against_itself_is_as_steady_as_itself() -> None:
    measured = faces.measure(faces.untouched)
    assert measured.figures == {
        "jitter_ratio": 1.0,
        "flicker_ratio": 1.0,
        "missing_face_share": 0.0,
        "outside_exact": 1.0,
    }
    assert measured.reasons == {}


@pytest.mark.parametrize(
    ("damage", "jitter", "flicker"),
    [
        # trembling: the face's place changes, its look does not
        (jittered, (2.0, 9.0), (0.8, 1.25)),
        # moved once and for all
        (lambda _, frame: faces.moved(frame, 2.0, 1.0), (0.8, 1.2), (0.85, 1.15)),
        # brightness that jumps by 3 %
        (lambda n, frame: faces.relit(frame, 1 + 0.03 * (-1) ** n), (0.85, 1.15), (1.8, 9.0)),
        # colour that jumps by three levels
        (lambda n, frame: faces.relit(frame, chroma=1.5 * (-1) ** n), (0.85, 1.15), (1.5, 9.0)),
        # brightness that swells and ebbs as lights do
        (lambda n, frame: faces.relit(frame, 1 + 0.1 * np.sin(n / 12)), (0.85, 1.15), (0.9, 1.2)),
        # pictures in the wrong order
        (shuffled, (1.6, 9.0), (1.2, 9.0)),
        # out of focus: neither trembles nor flickers
        (lambda _, frame: faces.blurred(frame, 1.5), (0.7, 1.3), (0.4, 1.05)),
    ],
)
def test_each_restlessness_is_told_from_the_others(
    damage: faces.Damage, jitter: tuple[float, float], flicker: tuple[float, float]
) -> None:
    figures = faces.measure(damage).figures
    assert figures["jitter_ratio"] == pytest.approx(np.mean(jitter), abs=np.ptp(jitter) / 2)
    assert figures["flicker_ratio"] == pytest.approx(np.mean(flicker), abs=np.ptp(flicker) / 2)
    assert figures["missing_face_share"] == 0.0


def painted_as_it_was(_number: int, frame: Frame) -> Frame:
    return frame.copy()


def test_a_face_painted_exactly_as_it_was_is_faultless() -> None:
    measured = faces.measure(painted_as_it_was)
    assert measured.reasons == {}
    shares = {"lips_kept": 1.0, "lids_kept": 1.0, "outside_exact": 1.0, "missing_face_share": 0.0}
    ratios = dict.fromkeys(("jitter_ratio", "flicker_ratio", "sharpness_ratio", "noise_ratio"), 1.0)
    errors = dict.fromkeys(("pose_error_deg", "pose_motion_deg", "lips_error", "lids_error", "gaze_error_deg"), 0.0)
    seam = {"seam_delta_e_median": 0.0, "seam_delta_e_p95": 0.0, "eyes_ssim": 1.0, "mouth_ssim": 1.0}
    expected = shares | ratios | errors | seam
    assert measured.figures.keys() == expected.keys()
    for key, value in expected.items():
        assert measured.figures[key] == pytest.approx(value, abs=0.05 if key.endswith("deg") else 1e-5)


# What each damage does to some figures: "more" or "less" than the bound, or "like" the undamaged within it.
DAMAGES: list[tuple[str, faces.Damage, dict[str, tuple[str, float]]]] = [
    (
        "rolled by three degrees",
        lambda n, frame: faces.rolled(n, frame, 3.0),
        {
            "pose_error_deg": ("more", 2.0),
            "pose_motion_deg": ("less", 1.2),
            "lips_error": ("less", 0.005),
            "sharpness_ratio": ("more", 0.6),
        },
    ),
    (
        "rolled to and fro",
        lambda n, frame: faces.rolled(n, frame, 3.0 * np.sin(n / 4)),
        {"pose_motion_deg": ("more", 1.0), "lips_kept": ("more", 0.7)},
    ),
    (
        "frozen at the first picture",
        lambda _, frame: faces.retimed(faces.take().frames[0], frame),
        {
            "pose_error_deg": ("more", 0.8),
            "lips_error": ("more", 0.006),
            "lips_kept": ("less", 0.4),
            "lids_kept": ("less", 0.4),
            "mouth_ssim": ("less", 0.9),
        },
    ),
    (
        "pictures in another order",
        lambda n, frame: faces.retimed(shuffled(n, frame), frame),
        {"lips_kept": ("less", 0.9), "jitter_ratio": ("more", 1.5), "sharpness_ratio": ("more", 0.8)},
    ),
    (
        "eyes that stay open",
        lambda n, frame: faces.patched(n, frame, faces.take().frames[8], EYES),
        {"lids_kept": ("less", 0.5), "lips_kept": ("more", 0.95), "mouth_ssim": ("more", 0.99)},
    ),
    (
        "a mouth that stays shut",
        lambda n, frame: faces.patched(n, frame, faces.take().frames[0], LIPS_OUTER),
        {"lips_kept": ("less", 0.5), "lids_kept": ("more", 0.7), "eyes_ssim": ("more", 0.99)},
    ),
    (
        "irises moved aside",
        lambda n, frame: faces.patched(n, frame, faces.moved(frame, 6.0, 0.0), EYES),
        {"gaze_error_deg": ("more", 3.0), "lips_error": ("less", 0.004)},
    ),
    (
        "out of focus",
        lambda n, frame: faces.blended(n, frame, faces.blurred(frame, 1.5)),
        {
            "sharpness_ratio": ("less", 0.75),
            "eyes_ssim": ("less", 0.97),
            "seam_delta_e_p95": ("less", 1.5),
            "pose_error_deg": ("less", 0.8),
        },
    ),
    (
        "tinted",
        lambda n, frame: faces.blended(n, frame, faces.relit(frame, chroma=12.0)),
        {
            "seam_delta_e_p95": ("more", 3.0),
            "sharpness_ratio": ("more", 0.95),
            "eyes_ssim": ("more", 0.97),
            "pose_error_deg": ("less", 0.8),
            "lips_error": ("less", 0.004),
        },
    ),
]


@pytest.mark.parametrize(("damage", "effects"), [one[1:] for one in DAMAGES], ids=[one[0] for one in DAMAGES])
def test_each_damage_moves_the_figures_that_name_it_and_leaves_others(
    damage: faces.Damage, effects: dict[str, tuple[str, float]]
) -> None:
    figures = faces.measure(damage, pictures=24).figures
    for key, (way, bound) in effects.items():
        value = figures[key]
        assert value is not None
        assert (value > bound) if way == "more" else (value < bound), f"{key} = {value}"


def test_a_dub_leaves_the_mouth_out_of_the_comparison() -> None:
    damage = DAMAGES[5][1]
    dubbed = faces.measure(damage, dubbed=True, pictures=24)
    assert not {"lips_error", "lips_kept", "mouth_ssim"} & dubbed.figures.keys()
    assert dubbed.figures["lids_kept"] is not None and dubbed.figures["lids_kept"] > 0.7
    assert dubbed.figures["painted_share"] == 1.0


def test_what_was_not_painted_for_a_reason_is_told() -> None:
    shown = faces.take()
    meter = Meter(faces.networks(), 20, wanted=faces.references("ada"))
    for number, (frame, face) in enumerate(zip(shown.frames[:20], shown.faces, strict=False)):
        laid = shown.laid(number, 0.0 if number >= 15 else 1.0, "too small")
        meter.see(number, float(frame.time), frame, frame.copy(), face, [laid])
    measured = meter.finish()
    assert (measured.figures["painted_share"], measured.figures["untouched_share"]) == (0.75, 0.25)
    assert measured.reasons["untouched_share"] == "of 20 pictures 5 too small"
    assert [one["state"] for one in measured.strips[0]["stretches"]] == ["painted", "untouched"]
    assert len([value for value in curve_of(measured, "pose")["values"] if value is not None]) == 15


def test_faded_pictures_are_not_asked_whose_face_they_show() -> None:
    """The second half is faded to the master on purpose: the swapped half alone is a swapped face."""
    ada, ben = faces.references("ada"), faces.references("ben")
    shown, meter = faces.take(), Meter(faces.networks(), 20, wanted=ben, replaced=ada)
    for number, (frame, face) in enumerate(zip(shown.frames[:20], shown.faces, strict=False)):
        painted = number < 10
        after = faces.with_face_of("ben", number, frame) if painted else frame.copy()
        laid = shown.laid(number, 1.0 if painted else 0.0, "" if painted else "turned too far")
        meter.see(number, float(frame.time), frame, after, face, [laid])
    measured = meter.finish()
    assert (measured.figures["identity_top1"], measured.figures["painted_share"]) == (1.0, 0.5)


def test_a_long_clip_is_measured_in_stretches_and_says_so() -> None:
    shown, pictures, stained = faces.take(), 80, 70
    meter = Meter(faces.networks(), pictures)
    for number in range(pictures):
        place = min(number % 70, 70 - number % 70)  # to and fro
        frame = shown.frames[place].copy()
        if number == stained:
            frame.planes[0][2, 5] ^= 1
        meter.see(number, number / 25, shown.frames[place], frame, shown.faces[place], [shown.laid(place)])
    measured = meter.finish()
    [note] = measured.notes
    assert note.startswith(
        "Motion, steadiness and detail were measured in 50 of 80 pictures: 2 evenly spread stretches"
    )
    assert measured.figures["jitter_ratio"] == pytest.approx(1.0) and measured.figures["pose_error_deg"] is not None
    assert (
        measured.figures["outside_exact"] is not None and measured.figures["outside_exact"] < 1.0
    )  # all are looked at
    tremble = curve_of(measured, "tremble")["values"]
    assert sum(value is not None for value in tremble) == 50 and tremble[0] is None


def test_another_persons_face_is_nearer_to_that_person() -> None:
    ada, ben = faces.references("ada"), faces.references("ben")
    swapped = faces.measure(lambda n, frame: faces.with_face_of("ben", n, frame), wanted=ben, replaced=ada, pictures=10)
    kept = faces.measure(faces.untouched, wanted=ben, replaced=ada, pictures=10)
    near, far = swapped.figures, kept.figures
    assert near["identity_wanted"] is not None and near["identity_wanted"] < 0.45
    assert near["identity_replaced"] is not None and near["identity_replaced"] > 0.5
    assert near["identity_margin"] is not None and near["identity_margin"] > 0.2
    assert far["identity_margin"] is not None and far["identity_margin"] < -0.2
    assert len(curve_of(swapped, "identity_wanted")["values"]) == 5


def test_faces_are_recognised_among_everybody_who_could_be_meant() -> None:
    ada, ben = faces.references("ada"), faces.references("ben")

    def half_swapped(number: int, frame: Frame) -> Frame:
        return faces.with_face_of("ben", number, frame) if number < 12 else frame

    mixed = faces.measure(half_swapped, wanted=ben, replaced=ada, pictures=20)
    assert mixed.figures["identity_top1"] == 0.6  # the pictures 2, 6 and 10 of 2, 6, 10, 14 and 18
    assert mixed.reasons["identity_top1"] == "2 of 5 faces are nearer to the replaced person"
    whole = faces.measure(lambda n, frame: faces.with_face_of("ben", n, frame), wanted=ben, replaced=ada, pictures=10)
    assert whole.figures["identity_top1"] == 1.0 and "identity_top1" not in whole.reasons


def test_a_face_that_is_nearer_to_another_talent_is_taken_for_that_one() -> None:
    ada, ben = faces.references("ada"), faces.references("ben")
    measured = faces.measure(faces.untouched, wanted=ben, others={"ada": ada}, pictures=5)
    assert measured.figures["identity_top1"] == 0.0
    assert measured.reasons["identity_top1"] == "5 of 5 faces are nearer to ada"
    alone = faces.measure(faces.untouched, wanted=ada, pictures=5)
    assert "identity_top1" not in alone.figures  # nobody to be mistaken for


def test_frames_that_lost_the_face_are_counted() -> None:
    def every_fourth(number: int, frame: Frame) -> Frame:
        return faces.erased(frame, faces.take().box(number)) if number % 4 == 1 else frame

    measured = faces.measure(every_fourth)
    assert measured.figures["missing_face_share"] == 0.25
    assert measured.figures["outside_exact"] == 1.0
    assert np.isnan(measured.opening).sum() == 9


def test_what_is_painted_beyond_its_box_is_counted() -> None:
    def stained(_number: int, frame: Frame) -> Frame:
        spot = frame.copy()
        spot.planes[0][2, 5] ^= 1
        return spot

    measured = faces.measure(stained, pictures=3)
    width, height = faces.take().frames[0].size
    outside = sum(width * height - faces.take().box(n).width * faces.take().box(n).height for n in range(3))
    assert measured.figures["outside_exact"] == pytest.approx(1 - 3 / outside, abs=1e-12)


def test_where_nobody_is_expected_nothing_is_judged() -> None:
    meter = Meter(faces.networks(), 3, wanted=np.zeros((1, 128), np.float32))
    for number, frame in enumerate(faces.take().frames[:3]):
        meter.see(number, float(frame.time), frame, frame, None)
    measured = meter.finish(np.zeros(4800, np.float32), 48000)
    assert measured.figures.pop("outside_exact") == 1.0
    assert set(measured.figures.values()) == {None}
    assert set(measured.reasons) == set(measured.figures)
    assert measured.reasons["missing_face_share"] == "the master never shows the face"
    assert measured.pictures == {}


def test_without_a_master_there_is_no_ratio_but_the_face_is_still_looked_for() -> None:
    shown = faces.take()
    meter = Meter(faces.networks(), 12)
    for number in range(12):
        frame = shown.frames[number]
        meter.see(number, float(frame.time), None, frame, shown.faces[number])
    measured = meter.finish()
    assert measured.figures == {"jitter_ratio": None, "flicker_ratio": None, "missing_face_share": 0.0}
    assert set(measured.reasons) == {"jitter_ratio", "flicker_ratio"}
    assert curve_of(measured, "tremble")["baseline"] is None


def test_a_cut_is_no_flicker() -> None:
    def darker_after_the_cut(number: int, frame: Frame) -> Frame:
        return faces.relit(frame, 0.7) if number >= 20 else frame

    flicker = curve_of(faces.measure(darker_after_the_cut, cuts=[20], pictures=24), "flicker")["values"]
    missed = curve_of(faces.measure(darker_after_the_cut, pictures=24), "flicker")["values"]
    assert flicker[20] is None and flicker[21] is not None
    assert missed[20] is not None and missed[21] is not None and missed[20] > 3 * missed[21]


def test_the_contact_sheet_shows_before_above_after() -> None:
    measured = faces.measure(lambda _, frame: faces.relit(frame, 0.5), pictures=16)
    sheet = Image.open(io.BytesIO(measured.pictures["contact_sheet"]))
    assert sheet.format == "JPEG" and sheet.width > 8 * 200
    pixels = np.asarray(sheet.convert("L"), np.float32)
    before, after = pixels[30:230, 80:], pixels[242:442, 80:]
    assert before.mean() > 1.5 * after.mean()


def test_what_is_measured_can_be_judged_and_reported() -> None:
    measured = faces.measure(jittered, pictures=14)
    assert set(measured.figures) <= set(kinds())
    verdict = judge(measured.figures, "standard", measured.reasons)
    assert verdict.failed == ("jitter_ratio", "outside_exact")
    qc = {
        "variant": {"id": "01", "campaign": "demo", "face": "keep", "language": "en"},
        "figures": [figure.record() for figure in verdict.figures],
        "curves": measured.curves,
        "verdict": verdict.record(),
    }
    page = render_report(qc, measured.pictures)
    assert "Tremble of the face" in page and "data:image/jpeg" in page
