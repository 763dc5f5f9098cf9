"""When the master's own words are said, and what is told where script and sound differ."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import cast

import av
import numpy as np
import pytest
from campaigns import write_campaign
from clips import EXAMPLES, frames_of, write_clip

from countenance.campaign.brief import load_brief
from countenance.campaign.ownwords import OwnWords, own_alignment, own_words, told, trusted
from countenance.campaign.stages import Seen
from countenance.media.probe import probe
from countenance.perception.tracks import Perception
from countenance.speech.align import Alignment, Mismatch
from countenance.speech.phones import Phone, Word
from countenance.store.files import sha256_file
from countenance.store.project import Project, init_project

MASTER = EXAMPLES / "ada" / "master.mp4"
SCRIPT = (EXAMPLES / "ada" / "script.txt").read_text(encoding="utf-8").strip()


def seen_of(master: Path) -> Seen:
    return Seen(probe(master), sha256_file(master), cast(Perception, None))  # nobody looks at the picture here


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return init_project(tmp_path_factory.mktemp("project"))


def words_of(project: Project, folder: Path, script: str, master: Path = MASTER, language: str = "en") -> OwnWords:
    changes = {
        "script": {"language": language, "text": "script.txt"},
        "variants": {"face": ["keep"], "language": ["en"]},
    }
    if language != "en":
        changes |= {"variants": {"face": ["keep"], "language": [language]}, "markets": {language: ["IE"]}}
    brief = write_campaign(folder, master, faces=("keep",), languages=("en",), **changes)
    (folder / "script.txt").write_text(script, encoding="utf-8")
    return own_words(project, load_brief(brief), seen_of(master))


@pytest.fixture(scope="module")
def own(project: Project, tmp_path_factory: pytest.TempPathFactory) -> OwnWords:
    return words_of(project, tmp_path_factory.mktemp("own"), SCRIPT)


def test_the_words_are_those_of_the_script_in_order_and_inside_the_clip(own: OwnWords) -> None:
    assert own.aligned
    assert [word.text for word in own.words] == SCRIPT.split()
    times = [time for word in own.words for time in (word.start_s, word.end_s)]
    assert times == sorted(times)
    assert times[0] >= 0 and times[-1] <= probe(MASTER).duration


def test_an_alignment_is_made_once(project: Project, own: OwnWords, tmp_path: Path) -> None:
    (record,) = project.work.glob("alignment/*/alignment.json")
    facts = json.loads(record.read_text(encoding="utf-8"))
    facts["words"][0]["start_s"] = 0.0625
    record.write_text(json.dumps(facts), encoding="utf-8")
    assert words_of(project, tmp_path, SCRIPT).words[0].start_s == 0.0625


def test_a_master_without_sound_has_no_alignment(project: Project, tmp_path: Path) -> None:
    silent = write_clip(tmp_path / "silent.mp4", list(frames_of(MASTER, stop=10)))
    brief = write_campaign(tmp_path, silent, faces=("keep",), languages=("en",))
    assert own_alignment(project, load_brief(brief), seen_of(silent)) is None
    estimated = own_words(project, load_brief(brief), seen_of(silent))
    assert not estimated.aligned and estimated.notes == () and len(estimated.words) == 3


def test_a_script_that_is_not_what_is_said_is_told_and_its_times_are_an_estimate(
    project: Project, tmp_path: Path
) -> None:
    other = "Zwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich, und niemand hat es gesehen."
    own = words_of(project, tmp_path, other)
    assert not own.aligned
    assert own.notes[-1].startswith("The times of the captions in the master's own language are an estimate")
    assert [word.text for word in own.words] == other.split()


def test_words_of_the_lexicon_are_said_as_it_says(project: Project, tmp_path: Path) -> None:
    (tmp_path / "lexicon.yaml").write_text("24h: keɪtuː\n", encoding="utf-8")
    brief = write_campaign(tmp_path, MASTER, faces=("keep",), languages=("en",), lexicon="lexicon.yaml")
    (tmp_path / "script.txt").write_text(SCRIPT.replace("coffee", "24h"), encoding="utf-8")
    words = own_words(project, load_brief(brief), seen_of(MASTER)).words
    assert "24h" in [word.text for word in words]


def test_a_language_that_cannot_be_aligned_is_told(project: Project, tmp_path: Path) -> None:
    own = words_of(project, tmp_path, "Ani kau ya tingkat", language="qqx"[:3])
    assert not own.aligned
    assert "qqx" in own.notes[0]


def alignment(*problems: Mismatch, words: int = 20) -> Alignment:
    spoken = tuple(Word(f"w{n}", n / 2, n / 2 + 0.5) for n in range(words))
    return Alignment((Phone("a", 0.0, words / 2),), spoken, (1.0,) * words, problems)


@pytest.mark.parametrize(
    ("problems", "kept"),
    [
        ((), True),
        ((Mismatch("missing", 1.0, 1.0, "w2 w3", 0.9),), True),  # two of twenty
        ((Mismatch("missing", 1.0, 4.0, "w2 w3 w4 w5 w6 w7 w8", 0.9),), False),  # seven of twenty
        ((Mismatch("unsure", 1.0, 4.0, "w2 w3 w4 w5 w6 w7 w8", 0.9),), False),
        ((Mismatch("extra", 1.0, 2.0, "", 0.9),), True),  # one second of ten
        ((Mismatch("extra", 1.0, 4.0, "", 0.9),), False),
        ((Mismatch("language", 0.0, 10.0, "", 0.9),), False),
    ],
)
def test_a_slip_is_forgiven_and_another_text_is_not(problems: tuple[Mismatch, ...], kept: bool) -> None:
    found = alignment(*problems)
    assert trusted(found) is kept
    assert bool(told(found)) is bool(problems)
    assert any("estimate" in note for note in told(found)) is not kept


def test_words_of_which_it_is_not_sure_are_doubted_too() -> None:
    assert trusted(replace(alignment(), certainty=(0.1,) * 6 + (0.9,) * 14))
    assert not trusted(replace(alignment(), certainty=(0.1,) * 9 + (0.9,) * 11))


def test_where_another_text_is_said_nothing_else_is_told() -> None:
    found = alignment(Mismatch("language", 0.0, 10.0, "w " * 60, 0.9), Mismatch("extra", 1.0, 4.0, "", 0.9))
    first, second = told(found)
    assert first.startswith("The master does not seem to say the script: 'w w w") and len(first) < 130
    assert "estimate" in second


def test_no_words_are_not_trusted() -> None:
    assert not trusted(replace(alignment(), words=()))


def test_many_places_are_told_in_one_sentence() -> None:
    found = alignment(*(Mismatch("missing", n, n + 0.5, f"w{n}", 0.9) for n in range(5)))
    (note,) = told(found)
    assert note == (
        "The master does not say these words of the script: 'w0' at 0.0-0.5 s, 'w1' at 1.0-1.5 s, "
        "'w2' at 2.0-2.5 s and 2 more."
    )


def test_ten_minutes_of_silence_have_no_alignment(project: Project, tmp_path: Path) -> None:
    silent, clip = tmp_path / "silence.mov", write_clip(tmp_path / "clip.mp4", list(frames_of(MASTER, stop=3)))
    with av.open(str(clip)) as picture, av.open(str(silent), "w") as container:
        video = container.add_stream_from_template(picture.streams.video[0])
        audio = container.add_stream("pcm_s16le", rate=8000, layout="mono")
        for packet in picture.demux(video=0):
            if packet.dts is not None:
                packet.stream = video
                container.mux(packet)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 600 * 8000), np.int16), format="s16", layout="mono")
        frame.rate = 8000
        container.mux([*audio.encode(frame), *audio.encode(None)])
    assert probe(silent).audio_codec is not None
    brief = load_brief(write_campaign(tmp_path, silent, faces=("keep",), languages=("en",)))
    assert own_alignment(project, brief, seen_of(silent)) is None
