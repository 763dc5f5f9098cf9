"""A dub whose made mouth is broken on purpose: it must leave as a voice-over, or not at all."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from campaigns import cut_master, write_campaign
from clips import frames_of

from countenance.campaign import painting, voiceover
from countenance.campaign.caption_wish import USUAL_CAPTIONS, CaptionWish
from countenance.campaign.produce import Outcome, produce
from countenance.campaign.voiceover import VoiceOver, failing, is_all, pictures_of
from countenance.quality.lips import Lips
from countenance.quality.speaking import Own
from countenance.speech.phones import Phone, Word
from countenance.store.project import init_project
from countenance.synthesis.mouthpath import plan_mouths


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> tuple[Outcome, Path, Path]:
    """A German dub whose mouth says one long "ah", whatever is heard."""
    folder = tmp_path_factory.mktemp("broken")
    master = cut_master(folder / "master.mp4", 2.0)
    brief = write_campaign(folder, master, faces=("keep",), languages=("de",), quality={"gate": "standard"})

    def gaping(library: Any, phones: Any, times_s: Any, poses: Any, *more: Any, **named: Any) -> Any:
        ah = (Phone("ɑ", float(phones[0].start_s), float(phones[-1].end_s)),)
        return plan_mouths(library, ah, times_s, poses)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(painting, "plan_mouths", gaping)
        outcome = produce(init_project(folder / "studio"), brief, folder / "out", approve_as="Tester")
    return outcome, folder / "out", master


def test_it_is_released_as_voice_over_and_says_so(broken: tuple[Outcome, Path, Path]) -> None:
    outcome, out, _ = broken
    (row,) = outcome.variants
    assert row.state == "released", row.render["failed"]
    (over,) = row.render["voice_over"]
    assert "closure_rate" in over["failed"]
    receipt = json.loads((out / row.id / "receipt.json").read_text())
    assert receipt["disclosure"]["parts"] == ["voice"]  # no mouth was made
    assert "lipsync" not in receipt["receipt"]["engines"]
    report = (out / row.id / "qc.html").read_text()
    assert "the voice is laid over the mouth as shot there" in report


def test_the_mouth_is_the_masters_own(broken: tuple[Outcome, Path, Path]) -> None:
    outcome, out, master = broken
    (row,) = outcome.variants
    face = (slice(330, 500), slice(240, 480))  # nose to chin of ada's master
    for shown, shot in zip(frames_of(out / row.id / "video.mp4", stop=20), frames_of(master, stop=20), strict=True):
        apart = shown.planes[0][face].astype(int) - shot.planes[0][face]
        assert np.sqrt((apart**2).mean()) < 4  # the encoder and the mark


def test_the_words_are_burnt_in_while_they_are_spoken(broken: tuple[Outcome, Path, Path]) -> None:
    outcome, out, _ = broken
    (row,) = outcome.variants
    low = (slice(600, 680), slice(150, 570))
    frames = [frame.planes[0][low].copy() for frame in frames_of(out / row.id / "video.mp4")]
    bright = [float((frame > 220).mean()) for frame in frames]
    assert max(bright) > 0.02
    assert min(bright) < 0.001


def _task(
    shots: tuple[int, ...], pictures: int, phones: tuple[Phone, ...], captions: CaptionWish = USUAL_CAPTIONS
) -> Any:
    timeline = SimpleNamespace(
        source=tuple(range(pictures)), times_s=lambda: np.arange(pictures) / 25, duration=pictures / 25
    )
    return SimpleNamespace(
        timeline=timeline,
        seen=SimpleNamespace(perception=SimpleNamespace(shots=shots)),
        dub=SimpleNamespace(speech=SimpleNamespace(phones=phones)),
        variant=SimpleNamespace(language="de"),
        brief=SimpleNamespace(captions=captions),
    )


PHONES = (
    Phone("a", 0.1, 0.5), Phone("p", 0.5, 0.6), Phone("a", 0.6, 1.0),
    Phone("a", 1.1, 1.5), Phone("p", 1.5, 1.6), Phone("a", 1.6, 2.0),
)  # fmt: skip


def _lips(least_in_second: float) -> Lips:
    """A mouth that opens and closes smoothly around the two p, the second time only to a gap."""
    times = np.arange(50) / 25
    gap = 0.2 - 0.2 * np.exp(-(((times - 0.52) / 0.08) ** 2))
    gap -= (0.2 - least_in_second) * np.exp(-(((times - 1.52) / 0.08) ** 2))
    return Lips(times, times + 0.04, gap, np.full(50, 0.5), np.full(50, 1.5))


OWN = Own(_lips(0.0), PHONES)


def _two_shots(least_in_second: float) -> tuple[Any, Any]:
    """Two seconds, a cut in the middle; in each shot a p that must close."""
    return _task((0, 25), 50, PHONES), SimpleNamespace(lips=_lips(least_in_second))


def test_only_the_shot_that_fails_becomes_voice_over() -> None:
    task, measured = _two_shots(least_in_second=0.2)
    (found,) = failing(task, measured, ("closure_rate",), OWN, "standard")
    assert (found.first, found.last, found.start_s) == (25, 50, 1.0)
    assert "closure_rate" in found.failed
    assert pictures_of([found]) == frozenset(range(25, 50))
    assert not is_all([found], task)


def test_where_no_shot_fails_by_itself_all_that_is_said_is_voice_over() -> None:
    task, measured = _two_shots(least_in_second=0.0)
    found = failing(task, measured, ("av_offset_ms", "flicker_ratio"), OWN, "standard")
    assert [(one.first, one.failed) for one in found] == [(0, ("av_offset_ms",)), (25, ("av_offset_ms",))]
    assert is_all(found, task)


def test_where_every_shot_with_words_fails_no_mouth_is_made_in_silent_shots_either() -> None:
    """Else the label would deny a mouth that was made, shut, where nobody speaks."""
    phones = PHONES[:3]  # nothing is said in the second shot
    task, measured = _task((0, 25), 50, phones), SimpleNamespace(lips=_lips(0.0))
    measured.lips.gap[:25] = 0.2
    found = failing(task, measured, ("closure_rate",), OWN, "standard")
    assert pictures_of(found) == frozenset(range(50))
    assert is_all(found, task)


def test_what_failed_for_another_reason_is_no_matter_of_voice_over() -> None:
    task, measured = _two_shots(least_in_second=0.2)
    assert failing(task, measured, ("flicker_ratio", "loudness_lufs"), OWN, "standard") == ()


def test_a_picture_that_is_left_alone_is_not_painted() -> None:
    painter: Any = SimpleNamespace(name="lipsync", paint=lambda _frame, _face, number: number)
    some = voiceover.Except(painter, frozenset({3}))
    nothing: Any = None
    assert [some.paint(nothing, nothing, number) for number in (2, 3, 4)] == [2, None, 4]


def test_captions_are_burnt_in_all_along_where_the_brief_wants_it_so() -> None:
    task = _task((0,), 50, PHONES, CaptionWish(burnt=("de",)))
    task.dub.speech.words = (Word("Guten", 0.1, 0.5), Word("Tag.", 0.6, 1.0))
    assert voiceover.subtitles_of(task, ()).shown_at(0.5) is not None
    task.variant.language = "fr"
    assert voiceover.subtitles_of(task, ()).shown_at(0.5) is None


def test_words_that_cannot_be_burnt_in_are_told() -> None:
    task = _task((0,), 50, PHONES)
    over = [VoiceOver(0, 50, 0.0, 2.0, ("closure_rate",))]
    task.dub.speech.words = (Word("Guten", 0.1, 0.5), Word("Tag.", 0.6, 1.0))
    assert len(voiceover.notes(task, over)) == 1
    task.dub.speech.words = (Word("வணக்கம்.", 0.1, 1.0),)
    assert "cannot be burnt in" in voiceover.notes(task, over)[1]


def test_the_note_names_time_and_figure() -> None:
    note = VoiceOver(0, 25, 0.0, 1.0, ("closure_rate",)).note()
    assert note.startswith("From 0.0 to 1.0 s lip-sync did not pass (")
