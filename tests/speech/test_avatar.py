from __future__ import annotations

import csv
import json
import xml.etree.ElementTree as xml
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from countenance.errors import InputError
from countenance.speech.arkit import ARKIT_NAMES
from countenance.speech.avatar import (
    AZURE_NAMES,
    FORMATS,
    azure_cues,
    frame_times,
    rational,
    rhubarb_cues,
    write_format,
)
from countenance.speech.ipa import LETTERS, VISEMES
from countenance.speech.phones import Phone, Phones


def sequence(*timed: tuple[str, float]) -> Phones:
    ends = np.cumsum([0.0, *(length for _, length in timed)])
    return tuple(Phone(s, float(a), float(b)) for (s, _), (a, b) in zip(timed, pairwise(ends), strict=True))


LINE = sequence(
    ("", 0.2), ("p", 0.08), ("iː", 0.15), ("t", 0.06), ("ɚ", 0.1), ("w", 0.06), ("ɑ", 0.2), ("f", 0.08), ("l", 0.09),
    ("aɪ", 0.2), ("", 0.5), ("m", 0.07), ("uː", 0.15), ("", 0.3),
)  # fmt: skip
utterances = st.lists(
    st.tuples(st.sampled_from(["", *sorted(LETTERS), "tʃ", "aʊ", "oʊ"]), st.floats(0.03, 0.4)), min_size=1, max_size=14
).map(lambda timed: sequence(*timed))


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("25", Fraction(25)), ("29.97", Fraction(30000, 1001)), ("23.976", Fraction(24000, 1001)),
        ("59.94", Fraction(60000, 1001)), ("24000/1001", Fraction(24000, 1001)), ("12.5", Fraction(25, 2)),
    ],
)  # fmt: skip
def test_frame_rates_are_exact(text: str, rate: Fraction) -> None:
    assert rational(text) == rate


@pytest.mark.parametrize("text", ["", "fast", "1/0", "0", "-25", "0.5", "1e9", "nan"])
def test_what_is_no_frame_rate_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="frame rate"):
        rational(text)


@given(st.floats(0.0, 100.0), st.sampled_from(["24", "25", "29.97", "60", "12.5"]))
def test_pictures_cover_the_duration_without_drift(duration_s: float, fps: str) -> None:
    rate = rational(fps)
    times = frame_times(duration_s, rate)
    assert times[-1] <= max(0.0, duration_s) and times[-1] + 1 / rate >= duration_s - 1e-6
    assert times[len(times) // 2] == float((len(times) // 2) / rate)


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_writes_every_utterance(name: str) -> None:
    for phones in (LINE, sequence(("", 1.0)), sequence(("m", 0.02)), ()):
        text = write_format(name, phones, rational("25"))
        assert text.endswith("\n") and "nan" not in text.lower()


def test_arkit_json_and_csv_say_the_same() -> None:
    told = json.loads(write_format("arkit-json", LINE, rational("29.97")))
    rows = list(csv.DictReader(write_format("arkit-csv", LINE, rational("29.97")).splitlines()))
    assert told["names"] == list(ARKIT_NAMES) and told["numFrames"] == len(told["frames"]) == len(rows)
    for frame, row in zip(told["frames"], rows, strict=True):
        assert [float(row[name[0].upper() + name[1:]]) for name in ARKIT_NAMES] == pytest.approx(frame["weights"])
    assert rows[31]["Timecode"] == "00:00:01:01.000" and rows[0]["BlendShapeCount"] == "61"
    assert told["frames"][30]["time"] == pytest.approx(1.001)


def test_ovr_weights_sum_to_one_and_show_the_closures() -> None:
    told = json.loads(write_format("ovr", LINE, rational("30")))
    weights = np.array([frame["weights"] for frame in told["frames"]])
    assert told["names"] == list(VISEMES) and weights.sum(axis=1) == pytest.approx(1, abs=2e-3)
    shut = weights[:, VISEMES.index("PP")]
    assert shut[6:9].max() > 0.99 and shut[53:57].max() > 0.99  # p at 0.2 s, m at 1.77 s


def test_azure_events_are_in_ticks_and_know_whole_diphthongs() -> None:
    events = json.loads(write_format("azure", LINE, rational("60")))["events"]
    assert [event["VisemeId"] for event in events] == [0, 21, 6, 19, 5, 7, 2, 18, 14, 11, 0, 21, 7, 0]
    assert events[1]["AudioOffset"] == 2_000_000 and events[11]["AudioOffset"] == 17_200_000


def test_every_letter_has_an_azure_id() -> None:
    assert {int(azure_cues(sequence((letter, 0.1)))[0].name) for letter in LETTERS} <= set(range(1, 22))


def test_azure_blend_shapes_come_at_sixty_pictures_a_second_in_chunks() -> None:
    told = json.loads(write_format("azure-shapes", LINE, rational("25")))
    assert len(told["names"]) == 55 == len(AZURE_NAMES) and told["names"][17] == "jawOpen"
    assert [chunk["FrameIndex"] for chunk in told["chunks"]] == [0, 60, 120]
    shapes = [row for chunk in told["chunks"] for row in chunk["BlendShapes"]]
    assert len(shapes) == int(np.ceil(LINE[-1].end_s * 60 - 1e-9)) and all(len(row) == 55 for row in shapes)


def test_rhubarb_names_the_shapes_that_its_table_names() -> None:
    assert [cue.name for cue in rhubarb_cues(LINE)] == [
        "X",
        "A",
        "B",
        "E",
        "F",
        "D",
        "G",
        "H",
        "D",
        "B",
        "X",
        "A",
        "F",
        "X",
    ]


@pytest.mark.parametrize(
    ("symbol", "shape"),
    [
        ("æ", "C"),
        ("ɛ", "C"),
        ("ɑ", "D"),
        ("ɔ", "E"),
        ("ɝ", "E"),
        ("u", "F"),
        ("w", "F"),
        ("v", "G"),
        ("b", "A"),
        ("i", "B"),
    ],
)
def test_rhubarb_shapes_by_sound(symbol: str, shape: str) -> None:
    assert rhubarb_cues(sequence(("", 0.3), (symbol, 0.25), ("", 0.3)))[1].name == shape


@given(utterances)
def test_rhubarb_cues_cover_the_time_on_its_clock_and_never_repeat(phones: Phones) -> None:
    cues = rhubarb_cues(phones)
    assert cues[0].start_s == 0 and cues[-1].end_s == pytest.approx(phones[-1].end_s, abs=0.011)
    for one, following in pairwise(cues):
        assert one.end_s == pytest.approx(following.start_s) and one.name != following.name and one.end_s > one.start_s
    shut = [cue for cue in cues if cue.name == "A"]
    assert len(shut) >= (1 if any(phone.symbol in tuple("pbm") and phone.symbol for phone in phones) else 0)


def test_rhubarb_files_agree_with_each_other() -> None:
    cues = [(cue.start_s, cue.name) for cue in rhubarb_cues(LINE)]
    lines = [line.split("\t") for line in write_format("rhubarb-tsv", LINE, rational("24")).splitlines()]
    assert [(float(a), b) for a, b in lines[:-1]] == [(pytest.approx(a), b) for a, b in cues]
    told = json.loads(write_format("rhubarb-json", LINE, rational("24")))
    assert [(cue["start"], cue["value"]) for cue in told["mouthCues"]] == [(pytest.approx(a), b) for a, b in cues]
    root = xml.fromstring(write_format("rhubarb-xml", LINE, rational("24")).encode())
    assert [(float(cue.attrib["start"]), cue.text) for cue in root.iter("mouthCue")] == [
        (pytest.approx(a), b) for a, b in cues
    ]
    dat = write_format("rhubarb-dat", LINE, rational("24")).splitlines()
    assert dat[0] == "MohoSwitch1" and dat[1] == "1 rest" and "6 MBP" in dat
    numbers = [int(line.split()[0]) for line in dat[1:]]
    assert numbers == sorted(set(numbers))


def test_an_unknown_format_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(InputError, match="choose arkit-json, arkit-csv, ovr, azure"):
        write_format("maya", LINE, rational("24"))
