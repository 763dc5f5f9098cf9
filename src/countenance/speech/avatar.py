"""The mouth of an utterance for characters: ARKit weights, OVR and Azure visemes, Rhubarb's mouth shapes.

Times are exact at any rational frame rate: picture *n* stands at *n* / rate. Nothing here depends on a renderer.
"""

from __future__ import annotations

import csv
import io
import json
import xml.etree.ElementTree as xml
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from countenance.errors import InputError
from countenance.speech.arkit import ARKIT_NAMES
from countenance.speech.ipa import VISEMES, Segment, segments
from countenance.speech.phones import Phones
from countenance.speech.style import NEUTRAL, Style
from countenance.speech.visemes import VisemeCurve

AZURE_RATE = Fraction(60)  # of its blend shapes
TICKS = 10_000_000  # a second
AZURE_CHUNK = 60  # blend-shape frames in one message
RHUBARB_LENGTH_S = 0.01  # its clock
_SHORTEST_CLOSURE_S = 0.04
_MOST_FPS, _LEAST_FPS = Fraction(1000), Fraction(1)

# Azure's ids 0-21; 9, 10 and 11 are the diphthongs that it has as wholes, 12 is h.
_AZURE_BY_LETTER = {
    **dict.fromkeys("æəɘʌɐ", 1), **dict.fromkeys("ɑaɶᴀ", 2), **dict.fromkeys("ɔɒ", 3), **dict.fromkeys("ɛʊeøœɵɜɞᴇ", 4),
    **dict.fromkeys("ɝɚ", 5), **dict.fromkeys("jiɪɨᵻɩɿʅ", 6), **dict.fromkeys("wuɯyʏʉɥʍᵿɷʮʯ", 7),
    **dict.fromkeys("oɤ", 8), **dict.fromkeys("hɦħʕʔʜʢʡ", 12), **dict.fromkeys("ɹɻrɽʁʀ", 13),
    **dict.fromkeys("lɫʎɭʟɺɬɮ", 14), **dict.fromkeys("sz", 15), **dict.fromkeys("ʃʒʂʐɕʑɧʆʓ", 16), "ð": 17,
    **dict.fromkeys("fvɱʋⱱɸβ", 18), **dict.fromkeys("tdnɾθʈɖɳɲcɟ", 19), **dict.fromkeys("kɡgŋxɣχçʝqɢɴɰ", 20),
    **dict.fromkeys("pbmɓʙʘ", 21),
}  # fmt: skip
_AZURE_BY_VISEME = dict(zip(VISEMES, (0, 21, 18, 19, 19, 20, 16, 15, 19, 13, 2, 4, 6, 8, 7), strict=True))
_AZURE_DIPHTHONGS = {("a", "u"): 9, ("ɔ", "i"): 10, ("a", "i"): 11}
# Azure's 55 blend shapes are ARKit's in the same order, and three turns of the head and eyes.
AZURE_NAMES: tuple[str, ...] = (*ARKIT_NAMES, "headRoll", "leftEyeRoll", "rightEyeRoll")
# What Live Link Face writes after ARKit's shapes.
_TURNS = tuple(f"{what}{turn}" for what in ("Head", "LeftEye", "RightEye") for turn in ("Yaw", "Pitch", "Roll"))
# Rhubarb's shapes that each viseme may take; the first where none of the neighbours' is among them.
_RHUBARB_OF = {"TH": "B", "DD": "BF", "SS": "BF", "CH": "BF", "nn": "BF", "RR": "BEF", "kk": "BCF", "E": "BCDEF"}
_SHORT_A_S, _SHORT_L_S = 0.2, 0.07  # below these an open central vowel is C, and the tongue of an l is not seen
_MOHO = {"A": "MBP", "B": "etc", "C": "E", "D": "AI", "E": "O", "F": "U", "G": "FV", "H": "L", "X": "rest"}


@dataclass(frozen=True, slots=True)
class Cue:
    """A mouth shape by its name, from `start_s` on."""

    start_s: float
    end_s: float
    name: str


def rational(text: str) -> Fraction:
    """A frame rate such as "30", "29.97" (taken as 30000/1001) or "24000/1001". InputError for any other text."""
    try:
        rate = Fraction(text)
    except (ValueError, ZeroDivisionError) as error:
        raise InputError(f"{text!r} is not a frame rate: write 25, 29.97 or 30000/1001.") from error
    for whole in (24, 30, 48, 60, 120):
        if rate.denominator != 1 and abs(rate - Fraction(whole * 1000, 1001)) < Fraction(1, 100):
            rate = Fraction(whole * 1000, 1001)
    if not _LEAST_FPS <= rate <= _MOST_FPS:
        raise InputError(f"A frame rate of {text} cannot be written: choose 1 to 1000 pictures a second.")
    return rate


def frame_times(duration_s: float, rate: Fraction) -> NDArray[np.float64]:
    """When each picture of a duration is shown, (n,) seconds; at least one."""
    count = max(1, int(np.ceil(duration_s * float(rate) - 1e-9)))
    return np.array([float(number / rate) for number in range(count)])


def arkit_json(phones: Phones, rate: Fraction, style: Style = NEUTRAL) -> str:
    """All 52 weights of every picture, as {"names", "frameRate", "frames": [{"time", "weights"}]}."""
    times, weights = _arkit(phones, rate, style)
    frames = [
        {"time": round(float(time), 6), "weights": [round(float(value), 4) for value in row]}
        for time, row in zip(times, weights, strict=True)
    ]
    told = {"frameRate": str(rate), "numFrames": len(frames), "names": list(ARKIT_NAMES), "frames": frames}
    return json.dumps(told, ensure_ascii=False) + "\n"


def arkit_csv(phones: Phones, rate: Fraction, style: Style = NEUTRAL) -> str:
    """A row a picture in the columns of Live Link Face: time code, number of values, weights, turns (which are 0)."""
    _, weights = _arkit(phones, rate, style)
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(["Timecode", "BlendShapeCount", *(name[0].upper() + name[1:] for name in ARKIT_NAMES), *_TURNS])
    for number, row in enumerate(weights):
        values = [f"{value:.4f}" for value in (*row, *[0.0] * len(_TURNS))]
        rows.writerow([_time_code(number, rate), len(values), *values])
    return out.getvalue()


def ovr_json(phones: Phones, rate: Fraction, style: Style = NEUTRAL) -> str:
    """The 15 OVR visemes' weights of every picture; each row sums to 1."""
    times = frame_times(_duration_s(phones), rate)
    weights = VisemeCurve(phones, style, frames=True).visemes(times)
    frames = [
        {"time": round(float(time), 6), "weights": [round(float(value), 4) for value in row]}
        for time, row in zip(times, weights, strict=True)
    ]
    return json.dumps({"frameRate": str(rate), "names": list(VISEMES), "frames": frames}) + "\n"


def azure_json(phones: Phones, rate: Fraction = AZURE_RATE, style: Style = NEUTRAL) -> str:
    """Viseme ids with offsets in ticks of 100 ns, one event a sound, as the service sends them."""
    events = [{"AudioOffset": round(cue.start_s * TICKS), "VisemeId": int(cue.name)} for cue in azure_cues(phones)]
    return json.dumps({"events": events}) + "\n"


def azure_shapes_json(phones: Phones, rate: Fraction = AZURE_RATE, style: Style = NEUTRAL) -> str:
    """The 55 blend shapes at 60 pictures a second, in chunks with the number of their first picture.

    The service knows no other rate, so `rate` is not looked at.
    """
    _, weights = _arkit(phones, AZURE_RATE, style)
    padded = np.pad(weights, ((0, 0), (0, len(AZURE_NAMES) - len(ARKIT_NAMES))))
    chunks = [
        {
            "FrameIndex": first,
            "BlendShapes": [[round(float(v), 4) for v in row] for row in padded[first : first + AZURE_CHUNK]],
        }
        for first in range(0, len(padded), AZURE_CHUNK)
    ]
    return json.dumps({"names": list(AZURE_NAMES), "chunks": chunks}) + "\n"


def rhubarb_tsv(phones: Phones, rate: Fraction = Fraction(100), style: Style = NEUTRAL) -> str:
    """Time and shape, one change a line; the last line is the end."""
    cues = rhubarb_cues(phones)
    return "".join(f"{cue.start_s:.2f}\t{cue.name}\n" for cue in cues) + f"{_duration_s(phones):.2f}\tX\n"


def rhubarb_json(phones: Phones, rate: Fraction = Fraction(100), style: Style = NEUTRAL) -> str:
    cues = [
        {"start": round(cue.start_s, 2), "end": round(cue.end_s, 2), "value": cue.name} for cue in rhubarb_cues(phones)
    ]
    told = {"metadata": {"soundFile": "", "duration": round(_duration_s(phones), 2)}, "mouthCues": cues}
    return json.dumps(told, indent=2) + "\n"


def rhubarb_xml(phones: Phones, rate: Fraction = Fraction(100), style: Style = NEUTRAL) -> str:
    root = xml.Element("rhubarbResult")
    metadata = xml.SubElement(root, "metadata")
    xml.SubElement(metadata, "soundFile")
    xml.SubElement(metadata, "duration").text = f"{_duration_s(phones):.2f}"
    cues = xml.SubElement(root, "mouthCues")
    for cue in rhubarb_cues(phones):
        told = {"start": f"{cue.start_s:.2f}", "end": f"{cue.end_s:.2f}"}
        xml.SubElement(cues, "mouthCue", told).text = cue.name
    xml.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + xml.tostring(root, encoding="unicode") + "\n"


def rhubarb_dat(phones: Phones, rate: Fraction = Fraction(24), style: Style = NEUTRAL) -> str:
    """Moho's switch data: picture number, counted from 1, and shape. Shapes too short for a picture are left out,
    but a closed mouth never is."""
    lines: dict[int, str] = {}
    for cue in rhubarb_cues(phones):
        number = 1 + round(cue.start_s * float(rate))
        if lines.get(number) != _MOHO["A"]:
            lines[number] = _MOHO[cue.name]
    return "MohoSwitch1\n" + "".join(f"{number} {name}\n" for number, name in sorted(lines.items()))


def azure_cues(phones: Phones) -> tuple[Cue, ...]:
    """Azure's viseme ids, one a sound; diphthongs that it has as wholes are one."""
    cues = []
    for phone in phones:
        parts = segments((phone,))
        whole = _AZURE_DIPHTHONGS.get(_ends(parts)) if len(parts) == 2 else None
        if whole is not None:
            cues.append(Cue(phone.start_s, phone.end_s, str(whole)))
        else:
            cues += [Cue(part.start_s, part.end_s, str(_azure_id(part))) for part in parts]
    return _merged(cues)


def rhubarb_cues(phones: Phones) -> tuple[Cue, ...]:
    """Rhubarb's shapes A to H and X, merged where they repeat.

    Sounds of the tongue alone take the shape of the vowel to come or of the sound before, where it is one of theirs.
    """
    parts = segments(phones)
    cues: list[Cue] = []
    for number, part in enumerate(parts):
        name = _rhubarb_shape(part, parts, number, cues[-1].name if cues else "X")
        cues.append(Cue(part.start_s, part.end_s, name))
    return _merged(_on_clock(cues))


def _rhubarb_shape(part: Segment, parts: Sequence[Segment], number: int, before: str) -> str:
    gesture, length_s = part.gesture, part.end_s - part.start_s
    fixed = {"rest": "X", "closure": "A", "tuck": "G"}.get(gesture.kind) or {"PP": "A"}.get(gesture.viseme)
    if fixed:
        return fixed
    if gesture.kind in ("vowel", "glide"):
        return _rhubarb_vowel(part)
    if gesture.kind == "liquid" and gesture.viseme == "nn" and length_s >= _SHORT_L_S:
        return "H"
    coming = next((later for later in parts[number + 1 :] if later.gesture.kind in ("vowel", "rest", "closure")), part)
    wanted = (_rhubarb_vowel(coming) if coming.gesture.kind == "vowel" else "", before)
    allowed = _RHUBARB_OF.get(gesture.viseme, "B")
    return next((name for name in wanted if name and name in allowed), allowed[0])


def _rhubarb_vowel(part: Segment) -> str:
    gesture, length_s = part.gesture, part.end_s - part.start_s
    if gesture.width <= -0.6 and gesture.drop < 0.42:
        return "F"
    if gesture.width <= -0.2:
        return "E"
    if gesture.drop >= 0.8:
        return "D" if gesture.width < 0.3 else "C"
    if gesture.drop >= 0.65:
        return "C" if length_s < _SHORT_A_S else "D"
    return "C" if gesture.drop >= 0.33 else "B"


def _on_clock(cues: Sequence[Cue]) -> list[Cue]:
    """Rounded to the hundredth of a second; what vanishes by that is left out, closures last 40 ms at the least."""
    result: list[Cue] = []
    for cue in cues:
        start_s, end_s = round(cue.start_s, 2), round(cue.end_s, 2)
        if cue.name == "A" and end_s - start_s < _SHORTEST_CLOSURE_S and result:
            start_s = round(max(result[-1].start_s + RHUBARB_LENGTH_S, end_s - _SHORTEST_CLOSURE_S), 2)
            result[-1] = Cue(result[-1].start_s, start_s, result[-1].name)
        if end_s > start_s:
            result.append(Cue(start_s, end_s, cue.name))
    return result


def _merged(cues: Sequence[Cue]) -> tuple[Cue, ...]:
    result: list[Cue] = []
    for cue in cues:
        if result and result[-1].name == cue.name:
            result[-1] = Cue(result[-1].start_s, cue.end_s, cue.name)
        else:
            result.append(cue)
    return tuple(result)


def _azure_id(part: Segment) -> int:
    return _AZURE_BY_LETTER.get(part.letter, _AZURE_BY_VISEME[part.gesture.viseme])


def _ends(parts: Sequence[Segment]) -> tuple[str, str]:
    first, last = (part.letter for part in parts)
    return {"ɑ": "a", "æ": "a"}.get(first, first), {"ʊ": "u", "ɪ": "i", "j": "i", "w": "u"}.get(last, last)


def _arkit(phones: Phones, rate: Fraction, style: Style) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
    times = frame_times(_duration_s(phones), rate)
    return times, VisemeCurve(phones, style, frames=True).arkit(times)


def _duration_s(phones: Phones) -> float:
    return phones[-1].end_s if phones else 0.0


def _time_code(number: int, rate: Fraction) -> str:
    """Non-drop time code with thousandths of a picture, as Live Link Face writes it."""
    whole = round(rate)
    seconds, picture = divmod(number, whole)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}:{picture:02d}.000"


Writer = Callable[[Phones, Fraction, Style], str]
FORMATS: dict[str, Writer] = {
    "arkit-json": arkit_json,
    "arkit-csv": arkit_csv,
    "ovr": ovr_json,
    "azure": azure_json,
    "azure-shapes": azure_shapes_json,
    "rhubarb-tsv": rhubarb_tsv,
    "rhubarb-json": rhubarb_json,
    "rhubarb-xml": rhubarb_xml,
    "rhubarb-dat": rhubarb_dat,
}


def write_format(name: str, phones: Phones, rate: Fraction, style: Style = NEUTRAL) -> str:
    """The mouth of an utterance in one of `FORMATS`. InputError, with their names, for any other."""
    if name not in FORMATS:
        raise InputError(f"There is no format {name!r}: choose {', '.join(FORMATS)}.")
    return FORMATS[name](phones, rate, style)
