from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countenance.errors import CountenanceError, InputError
from countenance.quality.gate import Limit, gate_names, judge, kinds, limit

GOOD = {
    "identity_wanted": 0.41,
    "identity_margin": 0.3,
    "identity_top1": 1.0,
    "jitter_ratio": 1.1,
    "flicker_ratio": 1.05,
    "av_offset_ms": -20.0,
    "loudness_lufs": -16.1,
    "true_peak_dbtp": -1.4,
    "missing_face_share": 0.0,
    "outside_exact": 1.0,
}

ONLY_TOLD = {"identity_replaced", "mouth_ssim", "faded_share", "untouched_share"}
JUDGED_EVERYWHERE = set(GOOD) - {"identity_top1"}


def test_the_gates_get_stricter_in_their_order() -> None:
    assert gate_names() == ("draft", "standard", "strict")
    for key in kinds():
        draft, standard, strict = (limit(key, gate) for gate in gate_names())
        for loose, tight in ((draft, standard), (standard, strict)):
            assert loose.most is None or (tight.most is not None and tight.most <= loose.most)
            assert loose.least is None or (tight.least is not None and tight.least >= loose.least)


def test_every_figure_is_explained_under_a_heading_and_judged_by_the_strict_gate_or_only_told() -> None:
    for key, kind in kinds().items():
        assert kind.group and kind.label and kind.means.endswith(".")
        judged = [gate for gate in gate_names() if limit(key, gate) != Limit(magnitude=kind.magnitude)]
        if key in ONLY_TOLD:
            assert judged == []
        elif key in JUDGED_EVERYWHERE:
            assert judged == ["draft", "standard", "strict"]
        else:
            assert judged == ["standard", "strict"]
        ends = [limit(key, gate) for gate in judged]
        assert all(kind.shown[0] <= end <= kind.shown[1] for one in ends for end in (one.least, one.most) if end)


@pytest.mark.parametrize("gate", ["draft", "standard", "strict"])
def test_good_figures_pass_every_gate(gate: str) -> None:
    verdict = judge(GOOD, gate)
    assert verdict.passed and verdict.failed == ()
    assert verdict.record() == {"passed": True, "failed": [], "gate": gate}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("identity_wanted", 0.601),
        ("identity_margin", -0.001),
        ("jitter_ratio", 1.51),
        ("flicker_ratio", 1.6),
        ("av_offset_ms", 81.0),
        ("av_offset_ms", -81.0),
        ("loudness_lufs", -17.1),
        ("loudness_lufs", -14.9),
        ("loudness_lufs", -math.inf),
        ("true_peak_dbtp", -0.9),
        ("missing_face_share", 0.06),
        ("outside_exact", 0.999999),
        ("outside_exact", math.nan),
    ],
)
def test_one_figure_beyond_its_limit_fails_the_standard_gate(key: str, value: float) -> None:
    verdict = judge({**GOOD, key: value}, "standard")
    assert not verdict.passed
    assert verdict.failed == (key,)


@pytest.mark.parametrize(
    ("key", "value"), [("identity_wanted", 0.6), ("av_offset_ms", -80.0), ("loudness_lufs", -17.0)]
)
def test_the_limit_itself_is_allowed(key: str, value: float) -> None:
    assert judge({key: value}, "standard").passed


def test_what_could_not_be_measured_is_shown_with_its_reason_but_not_judged() -> None:
    verdict = judge({**GOOD, "av_offset_ms": None}, "strict", {"av_offset_ms": "too few plosives"})
    assert verdict.passed
    figure = next(figure for figure in verdict.figures if figure.kind.key == "av_offset_ms")
    assert figure.passed is None
    assert figure.record()["reason"] == "too few plosives"


def test_absent_figures_do_not_apply() -> None:
    verdict = judge({"loudness_lufs": -16.0}, "standard")
    assert verdict.passed
    assert [figure.kind.key for figure in verdict.figures] == ["loudness_lufs"]


@pytest.mark.parametrize("values", [{}, {"av_offset_ms": None}])
def test_a_gate_that_could_judge_nothing_is_not_passed(values: dict[str, float | None]) -> None:
    assert not judge(values, "draft").passed


def test_unknown_gates_and_figures_are_refused_with_the_nearest_name() -> None:
    with pytest.raises(InputError, match="no gate 'standart': did you mean 'standard'"):
        judge({}, "standart")
    with pytest.raises(CountenanceError, match="'jitter': did you mean 'jitter_ratio'"):
        judge({"jitter": 1.0}, "draft")


@given(st.dictionaries(st.sampled_from(sorted(GOOD)), st.none() | st.floats(), min_size=1))
def test_the_verdict_follows_from_the_figures_and_is_plain_json(values: dict[str, float | None]) -> None:
    for gate in gate_names():
        verdict = judge(values, gate)
        marks = [figure.passed for figure in verdict.figures]
        assert verdict.passed == (True in marks and False not in marks)
        assert set(verdict.failed) == {f.kind.key for f in verdict.figures if f.passed is False}
        json.dumps([figure.record() for figure in verdict.figures], allow_nan=False)
