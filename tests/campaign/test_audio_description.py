"""Audio description of the example presenter's speech and the silence after it, spoken, mixed and sealed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from campaigns import cut_master, write_campaign
from clips import EXAMPLES, picture, write_clip
from releases import MARK_ID, record, release_clip
from soundtracked import write_master

from countenance.campaign.audio_description import FASTER, describe
from countenance.campaign.brief import load_brief
from countenance.campaign.captioning import captions_of, chapters_of, shot_starts, text_files, words_of
from countenance.campaign.described_sound import write_description
from countenance.campaign.plan import plan
from countenance.campaign.stages import Seen, speak_dub
from countenance.campaign.task import Task
from countenance.delivery.descriptions import AROUND_S, descriptions_vtt
from countenance.errors import InputError
from countenance.media.audio import read_audio
from countenance.media.loudness import true_peak_dbtp
from countenance.media.probe import probe
from countenance.perception.tracks import Perception
from countenance.provenance.disclosure import captions_note
from countenance.provenance.history import TRUSTED, read_history
from countenance.provenance.signing import anchors_of
from countenance.provenance.sound_read import read_sound_mark
from countenance.provenance.verify import mark_key
from countenance.store.database import reading
from countenance.store.files import sha256_file
from countenance.store.holdings import held_of
from countenance.store.project import Project, init_project
from countenance.store.subjects import subject_tag

SCRIPT = (EXAMPLES / "ada" / "script.txt").read_text(encoding="utf-8").strip()
GERMAN = (EXAMPLES / "script.de.txt").read_text(encoding="utf-8").strip()
ENDS_S = 6.34  # of what the example presenter says
SECONDS, RATE_HZ = 14.0, 48_000


@pytest.fixture(scope="module")
def master(tmp_path_factory: pytest.TempPathFactory) -> Path:
    spoken = read_audio(EXAMPLES / "ada" / "master.mp4", RATE_HZ)
    assert spoken is not None
    whole = np.zeros((round(SECONDS * RATE_HZ), spoken.shape[1]), np.float32)
    whole[: len(spoken)] = spoken
    folder = tmp_path_factory.mktemp("master")
    return write_master(folder / "master.mkv", [(whole, {})], pictures=round(SECONDS * 25))


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return init_project(tmp_path_factory.mktemp("project"))


def task_of(
    project: Project, folder: Path, master: Path, language: str = "en", shots: tuple[int, ...] = (0,), **changes: Any
) -> Task:
    path = write_campaign(folder, master, faces=("keep",), **changes)
    (folder / "script.txt").write_text(SCRIPT, encoding="utf-8")
    (folder / "script.de.txt").write_text(GERMAN, encoding="utf-8")
    brief = load_brief(path)
    (variant,) = [one for one in plan(brief).variants if one.language == language]
    seen = Seen(probe(master), sha256_file(master), Perception(round(SECONDS * 25), shots, ()))
    dub = speak_dub(project, brief, seen, language) if variant.dubs else None
    return Task(project, brief, seen, variant, "01JD3ZVARIANT", dub)


def described(project: Project, folder: Path, master: Path, text: str, language: str = "en") -> Task:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "ad.txt").write_text(text, encoding="utf-8")
    return task_of(project, folder, master, language, description={language: "ad.txt"})


@pytest.mark.parametrize("language", ["en", "de"])
def test_passages_are_spoken_in_the_silence_after_their_words(
    project: Project, master: Path, tmp_path: Path, language: str
) -> None:
    after = {"en": "kitchen shelf", "de": "Küchenregal"}[language]
    said = {"en": "She smiles at us.", "de": "Sie lächelt."}[language]
    task = described(project, tmp_path / "brief", master, f"after: {after}\n{said}\n\n0:11\nBlack.", language)
    made = describe(task)
    assert made is not None and made.notes == ()
    first, second = made.passages
    spoken_s = max(word.end_s for word in words_of(task))
    assert spoken_s + AROUND_S - 0.1 <= first.start_s < spoken_s + 0.8
    assert second.start_s == 11.0 and first.end_s < second.start_s
    for one, voice in zip(made.passages, made.voices, strict=True):
        assert len(voice) / RATE_HZ == pytest.approx(one.end_s - one.start_s, abs=0.002)
        assert np.abs(voice).max() > 0.05
    assert made.facts["of"] == "nobody"


def test_it_is_made_once_and_found_again(project: Project, master: Path, tmp_path: Path) -> None:
    task = described(project, tmp_path / "brief", master, "0:09\nAn empty kitchen.")
    first, again = describe(task), describe(task)
    assert first is not None and again is not None
    assert first.passages == again.passages
    with reading(project) as connection:  # and found when the presenter is to be forgotten
        held = [one.name for one in held_of(connection, subject_tag(project, "ada"))]
    assert any(name.startswith("description/") and (project.work / name).is_dir() for name in held)
    assert all(np.array_equal(a, b) for a, b in zip(first.voices, again.voices, strict=True))


def test_what_does_not_fit_is_told_and_stays_in_the_text(project: Project, master: Path, tmp_path: Path) -> None:
    long = "The kitchen is bright, and everybody who comes in stops to look at the new machine on the shelf. " * 2
    made = describe(described(project, tmp_path / "brief", master, f"0:01\nA kitchen.\n\n0:08\n{long}"))
    assert made is not None
    assert [one.spoken for one in made.passages] == [False, False]
    first, second = made.notes
    assert first.startswith("The description at 1.0 s does not fit: it takes ") and "the pause there has 0.0 s" in first
    assert "at 8.0 s" in second
    assert made.voices == ()
    assert long.strip() in descriptions_vtt(made.passages, "en", "note")


def test_a_passage_that_is_a_little_too_long_is_hurried(project: Project, master: Path, tmp_path: Path) -> None:
    text = "Outside, the morning has begun, and the street is full of people on their way."
    natural = describe(described(project, tmp_path / "a", master, f"0:07\n{text}"))
    assert natural is not None and natural.passages[0].spoken
    length = natural.passages[0].end_s - natural.passages[0].start_s
    start = SECONDS - length / (1 + FASTER / 2)
    hurried = describe(described(project, tmp_path / "b", master, f"0:{start:05.2f}\n{text}"))
    assert hurried is not None and hurried.notes == ()
    assert hurried.passages[0].end_s <= SECONDS + 0.02
    assert hurried.passages[0].end_s - hurried.passages[0].start_s < length / 1.05


def test_a_passage_after_words_that_nobody_says_is_refused(project: Project, master: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="after “the tea pot”, which nobody says in en"):
        describe(described(project, tmp_path / "brief", master, "after: the tea pot\nSteam."))


def test_without_a_script_there_is_no_description(project: Project, master: Path, tmp_path: Path) -> None:
    assert describe(task_of(project, tmp_path / "brief", master)) is None


def test_the_sound_with_its_description_is_sealed_marked_and_in_time(
    project: Project, master: Path, tmp_path: Path
) -> None:
    sound = read_audio(master, RATE_HZ)
    assert sound is not None
    video = release_clip(project, master, tmp_path / "video.mp4", sound)
    task = described(project, tmp_path / "brief", master, "0:07\nShe leaves the room.\n\n0:11\nThe kitchen is empty.")
    made = describe(task)
    assert made is not None
    target = tmp_path / "description.m4a"
    told = write_description(task, made, video, target, record(), mark_key(project))
    assert told["passages"] == 2 and told["left_out"] == [] and told["sha256"] == sha256_file(target)
    history = read_history(target, anchors_of(project))
    assert history.state == TRUSTED and history.release_id == record().release_id
    assert "audio description in the language en" in str(history.manifest)
    heard, before = read_audio(target, RATE_HZ), read_audio(video, RATE_HZ)
    assert heard is not None and before is not None
    assert abs(len(heard) - len(before)) <= 1024
    for one in made.passages:
        there = slice(round((one.start_s + 0.1) * RATE_HZ), round((one.end_s - 0.1) * RATE_HZ))
        assert np.abs(heard[there]).mean() > 10 * np.abs(before[there]).mean()
    said = slice(RATE_HZ, 6 * RATE_HZ)  # what the presenter says stays as it was, sample by sample but for the codec
    own, own_before = heard[said, 0].astype(np.float64), before[said, 0].astype(np.float64)
    assert np.corrcoef(own, own_before)[0, 1] > 0.98
    assert true_peak_dbtp(heard, RATE_HZ) < 0
    reading = read_sound_mark(heard, RATE_HZ, mark_key(project))
    assert reading is not None and reading.mark_id == int(MARK_ID, 16)


def test_a_silent_master_cannot_be_described_aloud(project: Project, master: Path, tmp_path: Path) -> None:
    task = described(project, tmp_path / "brief", master, "0:09\nAn empty kitchen.")
    made = describe(task)
    assert made is not None
    video = write_clip(tmp_path / "silent.mp4", (picture(number) for number in range(5)))
    with pytest.raises(InputError, match="has no sound to lay it over"):
        write_description(task, made, video, tmp_path / "d.m4a", record(), mark_key(project))


def test_all_texts_of_a_variant_come_from_its_words_its_shots_and_the_brief(
    project: Project, master: Path, tmp_path: Path
) -> None:
    chapters = [
        {"title": {"en": "Hello", "de": "Hallo"}, "at": 0},
        {"title": {"en": "The shelf", "de": "Das Regal"}, "words": {"en": "and it fits", "de": "und sie passt"}},
    ]
    captions = {"speaker": "Ada", "sounds": {"de": [{"from": 9, "until": 12, "text": "Musik"}]}}
    task = task_of(project, tmp_path / "brief", master, "de", shots=(0, 250), chapters=chapters, captions=captions)
    note = captions_note(replace(record(), language="de"))
    texts, shown = text_files(task, note), captions_of(task)
    assert " ".join(cue.text for cue in shown.cues) == f"{GERMAN} [Musik]"
    assert shot_starts(task) == (10.0,)
    assert shown.cues[-1].end_ms <= 12_000 and shown.cues[-1].sound
    assert all(line in texts.captions_vtt for line in note.splitlines())
    assert texts.captions_vtt.count("<v Ada>") == len(shown.cues) - 1
    assert "Ada: Diese Kaffeemaschine" in texts.timed_transcript and 'lang="de"' in texts.transcript_html
    assert texts.transcript == GERMAN + "\n"
    first, second = texts.chapters
    assert (first.title, second.title) == ("Hallo", "Das Regal")
    began = next(word.start_s for word in words_of(task) if word.text == "und")
    assert second.start_ms == round(began * 1000) and second.end_ms == round(float(task.timeline.duration) * 1000)
    assert texts.chapters_vtt is not None and "Das Regal" in texts.chapters_vtt
    assert set(texts.beside) == {"transcript.html", "transcript.times.txt", "chapters.vtt"}
    assert [one["name"] for one in texts.clips("https://example.org/de/")] == ["Hallo", "Das Regal"]


def test_no_caption_outlasts_the_video(project: Project, tmp_path: Path) -> None:
    short = cut_master(tmp_path / "short.mp4", 2.0)
    task = task_of(project, tmp_path / "brief", short, "en")
    shown = captions_of(task)
    assert shown.cues and shown.cues[-1].end_ms <= round(float(task.timeline.duration) * 1000)
    assert any("has to be read at" in note for note in shown.notes)  # the whole script in two seconds


def test_a_chapter_with_words_that_nobody_says_is_refused(project: Project, master: Path, tmp_path: Path) -> None:
    chapters = [{"title": {"en": "x", "de": "x"}, "words": {"en": "a tea pot", "de": "Teekanne"}}]
    task = task_of(project, tmp_path / "brief", master, "en", chapters=chapters)
    with pytest.raises(InputError, match="a chapter begins with “a tea pot”, which nobody says in en"):
        chapters_of(task, captions_of(task))
