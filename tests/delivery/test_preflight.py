"""Preflight on packages as they lie on disk: what is whole passes, what was damaged is named."""

from __future__ import annotations

import datetime
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest
from clips import frames_of, write_clip
from packages import RECORD, make_package

from countenance.delivery.checks import CHECKS
from countenance.delivery.facts import PackageFacts, read_package
from countenance.delivery.preflight import Preflight, judge, predict, preflight
from countenance.delivery.situation import Situation
from countenance.errors import InputError
from countenance.media.audio import read_audio
from countenance.media.loudness import Loudness
from countenance.media.m4a import write_m4a
from countenance.provenance.disclosure import EngineUse
from countenance.provenance.label import Label
from countenance.store.project import Project, init_project

TODAY = datetime.date(2026, 11, 21)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return init_project(tmp_path_factory.mktemp("preflight"))


@pytest.fixture(scope="module")
def whole(project: Project, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_package(project, tmp_path_factory.mktemp("out"))


@pytest.fixture(scope="module")
def facts(whole: Path, project: Project) -> PackageFacts:
    return read_package(whole, project)


@pytest.fixture
def package(whole: Path, tmp_path: Path) -> Path:
    """A copy that a test may damage."""
    return Path(shutil.copytree(whole, tmp_path / whole.name))


def states(done: Preflight) -> dict[str, str]:
    return {one.rule.id: one.state for one in done.findings}


def test_a_whole_package_may_go(whole: Path, project: Project) -> None:
    done = preflight(whole, "youtube", project=project, today=TODAY)
    found = states(done)
    assert done.ok and done.exit_status == 0
    assert {found[one] for one in found if one.startswith("ALL")} == {"passed"}
    assert found["EU-LBL-1"] == found["EU-MRK-3"] == found["YT-AUTO-2"] == "passed"
    assert found["YT-DISC-1"] == "to do" and found["EU-MRK-3a"] == "failed"
    assert done.sentence.startswith(f"{whole.name} may go to youtube")
    assert done.predicted_label.label == "Altered or synthetic content"
    assert "EU-LBL-1" in done.stale and "ALL-BADGE" not in done.stale
    assert "EU-LBL-1" in done.unverified and "ALL-BADGE" not in done.unverified


def test_without_the_project_what_needs_its_keys_is_not_checked(whole: Path) -> None:
    done = preflight(whole, "web", today=TODAY)
    found = states(done)
    assert done.ok and found["ALL-HISTORY"] == found["ALL-MARK"] == found["EU-MRK-3"] == "not checked"
    assert found["ALL-BADGE"] == found["ALL-BYTES"] == "passed"
    unknown = sum(state == "not checked" for state in found.values())
    assert f"{unknown} not checked" in done.sentence


def test_the_outcome_is_plain_values(whole: Path) -> None:
    told = json.loads(json.dumps(preflight(whole, "tiktok", "DE", today=TODAY).to_json()))
    assert told["exit_status"] == 1 and not told["ok"]
    short = next(one for one in told["findings"] if one["id"] == "TT-FMT-2c")
    assert (short["state"], short["severity"], short["told"]) == ("failed", "block", "it lasts 2.0 s")
    assert short["source"] and short["as_of"] == "2024-10-01" and short["verified_by"] == "nobody"
    assert told["digital_source_type"] == "compositeWithTrainedAlgorithmicMedia"


@pytest.mark.parametrize(
    ("channel", "market", "options", "blocking"),
    [
        ("youtube", "DE", {"political": True}, {"GA-EU-2"}),
        ("youtube", "US", {"political": True}, set()),
        ("instagram", "FR", {"political": True}, {"META-EU-2"}),
        ("facebook", "US", {"political": True}, set()),
        ("youtube", "DE", {"political": True, "ad": False}, set()),
        ("youtube", "US", {"format": "bumper"}, set()),
        ("youtube", "US", {"format": "non-skippable"}, {"GA-VID-4b"}),
        ("tiktok", "US", {"ad": False}, set()),
        ("linkedin", "DE", {}, {"LI-FMT-1a"}),
        ("tv", "JP", {}, set()),
        ("web", "CN", {}, {"CN-1"}),
        ("web", "IN", {}, set()),
    ],
)
def test_channel_market_and_use_decide_what_blocks(
    facts: PackageFacts, channel: str, market: str, options: dict[str, Any], blocking: set[str]
) -> None:
    done = judge(facts, Situation(channel, (market,), **options), TODAY)
    assert {one.rule.id for one in done.findings if one.blocks} == blocking
    assert done.ok is not bool(blocking)


def re_encoded(folder: Path) -> None:
    frames = frames_of(folder / "video.mp4")
    write_clip(folder / "video.mp4", frames, options={"crf": "26"})


def covered(folder: Path) -> None:
    frames = [frame.copy() for frame in frames_of(folder / "video.mp4")]
    for frame in frames:
        frame.planes[0][20:110, 500:] = 120
    write_clip(folder / "video.mp4", frames, options={"crf": "22"})


def flipped(folder: Path) -> None:
    content = bytearray((folder / "video.mp4").read_bytes())
    content[len(content) // 2] ^= 1
    (folder / "video.mp4").write_bytes(content)


def without_captions(folder: Path) -> None:
    (folder / "captions.vtt").unlink()


def other_captions(folder: Path) -> None:
    text = (folder / "captions.vtt").read_text(encoding="utf-8")
    (folder / "captions.vtt").write_text(text.replace("KI", "Hand"), encoding="utf-8")


def honest_page_gone(folder: Path) -> None:
    page = json.loads((folder / "video.jsonld").read_text(encoding="utf-8"))
    page["digitalSourceType"] = "https://schema.org/DigitalCaptureDigitalSource"
    (folder / "video.jsonld").write_text(json.dumps(page), encoding="utf-8")


def another_receipt(folder: Path) -> None:
    receipt = json.loads((folder / "receipt.json").read_text(encoding="utf-8"))
    receipt["record"]["mark_id"] = "00000000deadbeef"
    (folder / "receipt.json").write_text(json.dumps(receipt), encoding="utf-8")


def bare_poster(folder: Path) -> None:
    (folder / "poster.jpg").write_bytes(b"\xff\xd8\xff\xe0nothing")


@pytest.mark.parametrize(
    ("damage", "broken"),
    [
        (re_encoded, {"ALL-HISTORY", "ALL-BYTES", "EU-MRK-3", "GA-MC-5"}),
        (covered, {"ALL-HISTORY", "ALL-BYTES", "ALL-BADGE", "EU-LBL-1", "EU-MRK-3", "GA-MC-5"}),
        (flipped, {"ALL-HISTORY", "ALL-BYTES", "EU-MRK-3"}),
        (without_captions, {"ALL-CAPTIONS"}),
        (other_captions, {"ALL-RECORD", "ALL-CAPTIONS"}),
        (honest_page_gone, {"ALL-RECORD", "GA-MC-5"}),
        (another_receipt, {"ALL-RECORD", "ALL-MARK"}),
        (bare_poster, {"ALL-POSTER"}),
    ],
)
def test_what_happened_to_a_package_is_named(
    package: Path, project: Project, damage: Callable[[Path], None], broken: set[str]
) -> None:
    damage(package)
    done = preflight(package, "web", "DE", project=project, today=TODAY)
    failed = {one.rule.id for one in done.findings if one.state == "failed"} - {"EU-MRK-3a"}
    if damage is flipped:  # depending on the byte, the picture may suffer as well
        failed -= {"GA-MC-5", "ALL-BADGE", "EU-LBL-1"}
    assert failed == broken


def test_a_badge_that_was_never_drawn_is_noticed(project: Project, tmp_path: Path) -> None:
    done = preflight(make_package(project, tmp_path, labelled=False, seconds=1), "web", today=TODAY)
    badge = next(one for one in done.findings if one.rule.id == "ALL-BADGE")
    assert badge.blocks and "is missing in" in badge.told and not done.ok
    assert states(done)["EU-LBL-1"] == "failed"


def test_a_badge_under_the_channel_s_own_buttons_is_noticed(project: Project, tmp_path: Path) -> None:
    tall = read_package(make_package(project, tmp_path, size=(540, 960), seconds=1))
    found = {one.rule.id: one for one in judge(tall, Situation("tiktok", ("US",)), TODAY).findings}
    assert found["ALL-ZONES"].told == "it lies under tabs and search (tiktok)"
    assert states(judge(tall, Situation("web", ("US",)), TODAY))["ALL-ZONES"] == "passed"
    moved = replace(tall, record=replace(RECORD, label=Label(clear_y=0.14)))
    assert states(judge(moved, Situation("tiktok", ("US",)), TODAY))["ALL-ZONES"] == "passed"


def test_an_untouched_variant_needs_no_badge(project: Project, tmp_path: Path) -> None:
    record = replace(RECORD, engines=(), language="en", master_source_type="digitalCapture")
    facts = read_package(make_package(project, tmp_path, record, seconds=1))
    done = judge(facts, Situation("youtube", ("DE", "US")), TODAY)
    assert done.ok and not {"EU-LBL-1", "YT-DISC-1", "ALL-FACE", "US-NY-1"} & set(states(done))
    assert done.predicted_label.label == ""
    shown = replace(facts, record=replace(facts.record, master_source_type="compositeSynthetic"))
    performer = {one.rule.id: one for one in judge(shown, Situation("youtube", ("US",)), TODAY).findings}["US-NY-1"]
    assert performer.blocks and "nothing was changed" in performer.told


@pytest.mark.parametrize(
    ("record", "rule", "told"),
    [
        (replace(RECORD, badge="off"), "EU-LBL-1", "the badge is off"),
        (replace(RECORD, badge="endcard"), "EU-LBL-1", "the badge is on the end card only"),
        (replace(RECORD, label=Label(corner="bottom-left")), "EU-LBL-1a", "it stands bottom left"),
        (replace(RECORD, label=Label(covers_face=0.4)), "ALL-FACE", "it touches a face in 40%"),
    ],
)
def test_what_a_record_promises_too_little_of_is_named(facts: PackageFacts, record: Any, rule: str, told: str) -> None:
    altered = replace(facts, record=record, badge=replace(facts.badge, due=record.badge != "off"))
    check = {"EU-LBL-1": "badge_due", "EU-LBL-1a": "badge_corner", "ALL-FACE": "badge_off_faces"}[rule]
    params = {"EU-LBL-1a": {"corners": ["top-right"]}, "ALL-FACE": {"most": 0.05}}.get(rule, {})
    outcome = CHECKS[check].run(altered, params, Situation("web", ("DE",)))
    assert outcome.state == "failed" and told in outcome.told


@pytest.mark.parametrize(
    ("change", "check", "params", "state"),
    [
        ({"duration_s": 6.01}, "duration", {"most_s": 6.0}, "passed"),
        ({"duration_s": 6.3}, "duration", {"most_s": 6.0}, "failed"),
        ({"duration_s": 14.0}, "duration", {"least_s": 15.0}, "failed"),
        ({"width": 1920, "height": 1080}, "aspect", {"ratios": ["16:9"]}, "passed"),
        ({"width": 1916, "height": 1080}, "aspect", {"ratios": ["16:9"]}, "passed"),
        ({"width": 1440, "height": 1080}, "aspect", {"ratios": ["16:9", "9:16", "1:1"]}, "failed"),
        ({"width": 540, "height": 960}, "size", {"tall": [540, 960]}, "passed"),
        ({"width": 538, "height": 956}, "size", {"tall": [540, 960]}, "failed"),
        ({"width": 960, "height": 540}, "size", {"tall": [540, 960]}, "failed"),
        ({"width": 3840, "height": 2160}, "sides", {"least_px": 360, "most_px": 1920}, "failed"),
        ({"width": 640, "height": 360}, "sides", {"least_px": 360, "most_ratio": 1.7778}, "passed"),
        ({"width": 360, "height": 800}, "sides", {"least_px": 360, "least_ratio": 0.5625}, "failed"),
        ({"video_codec": "hevc"}, "file", {"video": ["h264"]}, "failed"),
        ({"audio_codec": "opus"}, "file", {"audio": ["aac"]}, "failed"),
        ({"audio_codec": None}, "file", {"audio": ["aac"]}, "passed"),
        ({"container": "webm"}, "file", {"containers": ["mp4", "mov"]}, "failed"),
        ({"bytes": 600_000_000}, "file", {"most_bytes": 500_000_000}, "failed"),
        ({"bytes": 10_000, "duration_s": 10.0}, "file", {"least_bits_per_s": 516_000}, "failed"),
        ({"frame_rate": 30.0}, "file", {"under_frames_per_s": 30.001}, "passed"),
        ({"frame_rate": 50.0}, "file", {"under_frames_per_s": 30.001}, "failed"),
        ({"loudness": Loudness(-23.2, -3.0)}, "loudness", {"least_lufs": -24.0, "most_lufs": -22.0}, "passed"),
        ({"loudness": Loudness(-16.0, -3.0)}, "loudness", {"least_lufs": -24.0, "most_lufs": -22.0}, "failed"),
        ({"loudness": Loudness(-23.0, 0.4)}, "loudness", {"most_dbtp": -1.0}, "failed"),
        ({"loudness": Loudness(float("-inf"), float("-inf"))}, "loudness", {"least_lufs": -27.0}, "failed"),
        ({"captions_srt": ""}, "srt", {}, "failed"),
        ({}, "badge_size", {"least_share": 0.02, "least_s": 2.0}, "passed"),
        ({}, "badge_size", {"least_share": 0.05}, "failed"),
    ],
)  # fmt: skip
def test_figures_are_held_against_the_rule_s_own(
    facts: PackageFacts, change: dict[str, Any], check: str, params: dict[str, Any], state: str
) -> None:
    assert CHECKS[check].run(replace(facts, **change), params, Situation("web", ())).state == state


def test_a_release_that_was_withdrawn_may_go_nowhere(facts: PackageFacts) -> None:
    found = {}
    for state in ("released", "withdrawn", None):
        done = judge(replace(facts, state=state), Situation("web", ("DE",)), TODAY)
        found[state] = (done.ok, next(one.told for one in done.findings if one.rule.id == "ALL-RELEASED"))
    assert found["released"] == (True, "released")
    assert found["withdrawn"] == (False, "it is withdrawn: take the file down wherever it is")
    assert not found[None][0] and found[None][1].startswith("the project knows no release 01JD3ZPACKAGE")


def test_a_receipt_that_tells_machines_something_else_is_noticed(facts: PackageFacts) -> None:
    assert facts.disclosure is not None
    altered = replace(facts, disclosure={**facts.disclosure, "ai": "none"})
    outcome = CHECKS["agreement"].run(altered, {}, Situation("web", ()))
    assert (outcome.state, outcome.told) == ("failed", "the receipt tells machines something else")


def test_long_form_wants_the_badge_again(facts: PackageFacts) -> None:
    def run(label: Label) -> str:
        altered = replace(facts, record=replace(facts.record, label=label), duration_s=1200.0)
        assert "long_form" in altered.circumstances(Situation("web", ()))
        return CHECKS["badge_again"].run(altered, {}, Situation("web", ())).state

    assert [run(Label(when=when)) for when in ("always", "start", "intervals")] == ["passed", "failed", "passed"]


def test_the_predicted_label_follows_the_source_type(facts: PackageFacts) -> None:
    made = replace(facts.record, master_source_type=None, engines=(EngineUse("face", "x", "1", trained=True),))
    whole_ai = replace(facts, record=made)
    assert predict(whole_ai, "youtube").sure == "certain"
    assert predict(facts, "youtube").sure == "likely"
    assert predict(whole_ai, "instagram").where == "beside the account's name"
    assert predict(facts, "instagram").where == "in the three-dot menu"
    assert predict(facts, "tiktok").label == "AI-generated"
    assert predict(replace(facts, record=replace(facts.record, engines=())), "tiktok").label == ""
    bare = replace(whole_ai, history=replace(facts.history, state="none"))
    assert predict(bare, "youtube").sure == "likely"


def test_what_is_read_is_what_is_there(facts: PackageFacts) -> None:
    with av.open(str(facts.media)) as container:
        assert (facts.width, facts.height) == (container.streams.video[0].width, container.streams.video[0].height)
    assert (facts.width, facts.height, facts.video_codec, facts.audio_codec) == (720, 720, "h264", "aac")
    assert facts.duration_s == pytest.approx(2.0, abs=0.1) and facts.frame_rate == Fraction(25)
    assert facts.loudness is not None and -30 < facts.loudness.lufs < -10
    assert facts.history.state == "Trusted" and facts.mark is not None and facts.cues >= 1


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "receipt.json is missing or empty: give the folder of a released variant"),
        ("{", "receipt.json is not JSON"),
        ('{"seal": {}}', "receipt.json is no receipt of a release"),
    ],
)
def test_what_is_no_package_is_refused(tmp_path: Path, content: str | None, message: str) -> None:
    if content is not None:
        (tmp_path / "receipt.json").write_text(content)
    with pytest.raises(InputError, match=message):
        preflight(tmp_path, "web")


def test_a_package_without_its_video_or_with_a_broken_one_is_refused(package: Path) -> None:
    (package / "video.mp4").write_bytes(b"not a video")
    with pytest.raises(InputError, match=r"video\.mp4"):
        preflight(package, "web")
    (package / "video.mp4").unlink()
    with pytest.raises(InputError, match=r"has no video\.mp4"):
        preflight(package, "web")


def test_a_format_that_no_rule_knows_is_refused(whole: Path) -> None:
    with pytest.raises(InputError, match=r"no rule of youtube knows the format 'bumpr': did you mean 'bumper'\?"):
        preflight(whole, "youtube", format="bumpr")


VOICE = replace(RECORD, engines=(*RECORD.engines, EngineUse("voice", "espeak-ng", "1.52")))


def test_sound_that_goes_out_alone_says_it_at_the_start(project: Project, tmp_path: Path) -> None:
    folder = make_package(project, tmp_path, VOICE)
    facts = read_package(folder, project)
    found = {one.rule.id: one for one in judge(facts, Situation("web", ("DE",)), TODAY).findings}
    assert found["EU-LBL-2"].state == found["ALL-NOTICE"].state == found["ALL-AUDIO"].state == "passed"
    assert facts.notice_s is not None and facts.notice_s[0] < 0.2
    assert facts.audio is not None and facts.audio.state == "Trusted"

    samples = read_audio(folder / "audio.m4a", 48_000)
    assert samples is not None
    write_m4a(folder / "audio.m4a", samples[4 * 48_000 :], 48_000)  # the notice cut off, and the history with it
    found = {one.rule.id: one for one in preflight(folder, "web", "DE", project=project, today=TODAY).findings}
    assert found["EU-LBL-2"].blocks and found["ALL-NOTICE"].told == "it is not heard at the start"
    assert found["ALL-AUDIO"].blocks and "history of audio.m4a is none" in found["ALL-AUDIO"].told
