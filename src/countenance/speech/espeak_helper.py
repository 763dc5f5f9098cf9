"""The process in which espeak-ng lives: one JSON request per line in, one JSON line and raw PCM out.

espeak-ng is GPL and keeps all its state in globals, so it is loaded here and nowhere else. What it carries
over from one text to the next moves phone times by milliseconds; loading the library anew for each text makes
equal requests give equal samples.

Request {"text", "voice", "rate_wpm", "markup"} -> {"rate_hz", "samples", "events"} and samples x int16; with
"markup" the text is SSML in which [[...]] holds the library's own names of phones;
request {"voices": true} -> {"voices": {tag: identifier}, "variants": [...]};
request {"sounds": voice} -> {"sounds": {name of a phone: its IPA}};
request {"ipa": [texts], "voice"} -> {"ipa": [IPA with stress, words apart]}; failures -> {"error"}.
Events are [type, character position (from 0), length, sample, name], types 1 (word) and 7 (phone).
"""

from __future__ import annotations

import _ctypes
import ctypes
import json
import os
import signal
import sys
from bisect import bisect_right
from pathlib import Path
from typing import IO, Any

import espeakng_loader

WORD, PHONE = 1, 7
AUDIO_SYNCHRONOUS, POSITION_CHARACTER, CHARS_UTF8, SSML, PHONE_INPUT = 2, 1, 1, 0x10, 0x100
AS_IPA = 2  # of espeak_TextToPhonemes
VOWEL, LAST_CONSONANT = 2, 8  # types of phones in the library's tables; below 2 there are pauses and stress
PHONEME_EVENTS, IPA_NAMES, DONT_EXIT = 1, 2, 0x8000
RATE_PARAMETER = 1
STRESS = str.maketrans("", "", "ˈˌ'")
BUFFER_MS = 2000  # the library silently drops events beyond its room for them: 200 for each second of buffer


class EventName(ctypes.Union):
    _fields_ = (("number", ctypes.c_int), ("pointer", ctypes.c_char_p), ("string", ctypes.c_char * 8))


class Event(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", EventName),
    )


class VoiceRecord(ctypes.Structure):
    _fields_ = (
        ("name", ctypes.c_char_p),
        ("languages", ctypes.c_void_p),
        ("identifier", ctypes.c_char_p),
        ("gender", ctypes.c_ubyte),
        ("age", ctypes.c_ubyte),
        ("variant", ctypes.c_ubyte),
        ("xx1", ctypes.c_ubyte),
        ("score", ctypes.c_int),
        ("spare", ctypes.c_void_p),
    )


SynthCallback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(Event))


def load() -> tuple[Any, int]:
    """A fresh copy of the library and its sample rate."""
    library = ctypes.CDLL(espeakng_loader.get_library_path())
    # Relative to the current folder (see main): the library cuts long absolute paths off.
    rate_hz = library.espeak_Initialize(AUDIO_SYNCHRONOUS, BUFFER_MS, b".", PHONEME_EVENTS | IPA_NAMES | DONT_EXIT)
    if rate_hz <= 0:
        raise RuntimeError("the data files of espeak-ng cannot be loaded: install espeakng-loader again")
    return library, rate_hz


def unload(library: Any) -> None:
    library.espeak_Terminate()
    release = getattr(_ctypes, "dlclose", None) or _ctypes.FreeLibrary  # type: ignore[attr-defined]
    release(library._handle)


def synthesise(text: str, voice: str, rate_wpm: int, flags: int = 0) -> tuple[dict[str, Any], bytes]:
    """Header and int16 PCM of one text; `flags` beside UTF-8."""
    library, rate_hz = load()
    chunks: list[bytes] = []
    events: list[list[Any]] = []

    def collect(wave: Any, count: int, batch: Any) -> int:
        if count > 0:
            chunks.append(ctypes.string_at(wave, 2 * count))
        index = 0
        while batch[index].type != 0:
            event = batch[index]
            if event.type in (WORD, PHONE):
                name = event.id.string.decode("utf-8", "ignore") if event.type == PHONE else ""
                events.append([event.type, event.text_position - 1, event.length, event.sample, name])
            index += 1
        return 0

    callback = SynthCallback(collect)
    library.espeak_SetSynthCallback(callback)
    try:
        if library.espeak_SetVoiceByName(voice.encode()) != 0:
            return {"error": f"espeak-ng has no voice {voice!r}"}, b""
        library.espeak_SetParameter(RATE_PARAMETER, rate_wpm, 0)
        data = text.encode()
        size = ctypes.c_size_t(len(data) + 1)
        library.espeak_Synth(data, size, 0, POSITION_CHARACTER, 0, CHARS_UTF8 | flags, None, None)
        library.espeak_Synchronize()
    finally:
        unload(library)
    pcm = b"".join(chunks)
    return {"rate_hz": rate_hz, "samples": len(pcm) // 2, "events": events}, pcm


def voices() -> dict[str, Any]:
    """Every language tag with the voice ranked first for it, and the names of the voice variants."""
    library, _ = load()
    library.espeak_ListVoices.restype = ctypes.POINTER(ctypes.POINTER(VoiceRecord))
    listed = library.espeak_ListVoices(None)
    best: dict[str, tuple[int, str]] = {}
    index = 0
    while listed[index]:
        record = listed[index].contents
        for priority, tag in language_tags(record.languages):
            if tag not in best or priority < best[tag][0]:
                best[tag] = (priority, record.identifier.decode())
        index += 1
    unload(library)
    variants = sorted(path.name for path in Path("espeak-ng-data/voices/!v").iterdir())
    return {"voices": {tag: identifier for tag, (_, identifier) in best.items()}, "variants": variants}


def sounds(voice: str) -> dict[str, Any]:
    """What a voice makes of each phone name that its language knows, found by letting it say each.

    Vowels are said in t_t and consonants between two vowels, so that they are neither reduced nor devoiced.
    """
    names = phone_names(phone_table(voice))
    frames = {name: f"[[t'{name}t]]" if kind == VOWEL else f"[['a{name}'a]]" for name, kind in names.items()}
    heard: dict[str, str] = {}
    text, starts = "", []
    for frame in frames.values():
        starts.append(len(text))
        text += frame + " . "
    header, _ = synthesise(text, voice, 450, PHONE_INPUT)
    if "error" in header:
        return header
    said: dict[int, list[str]] = {}
    for kind, position, _, _, name in header["events"]:
        if kind == PHONE and name:
            said.setdefault(bisect_right(starts, position) - 1, []).append(name)
    for index, name in enumerate(frames):
        events = said.get(index, [])
        if len(events) >= 3:
            heard[name] = "".join(events[1:-1]).translate(STRESS)
    return {"sounds": heard}


def phone_table(voice: str) -> str:
    """The name of a voice's table of phones: what its file says, else its language."""
    lines = (Path("espeak-ng-data/lang") / voice.split("+")[0]).read_text(encoding="utf-8").splitlines()
    words = [line.split() for line in lines if line.split()]
    named = [line[1] for line in words if line[0] == "phonemes" and len(line) > 1]
    return (named or [line[1] for line in words if line[0] == "language"])[0]


def phone_names(wanted: str) -> dict[str, int]:
    """Names and types of the phones of a table and of those that it builds on (the library's file `phontab`)."""
    data = Path("espeak-ng-data/phontab").read_bytes()
    tables: list[tuple[str, int, dict[str, int]]] = []
    at = 4
    for _ in range(data[0]):
        count, base = data[at], data[at + 1]
        title = data[at + 4 : at + 36].split(b"\0")[0].decode()
        entries = (data[at + 36 + 16 * number :][:16] for number in range(count))
        phones = {entry[:4].rstrip(b"\0").decode("latin-1"): entry[11] for entry in entries}
        tables.append((title, base, phones))
        at += 36 + 16 * count
    by_title = {title: (base, phones) for title, base, phones in tables}
    while wanted and wanted not in by_title:
        wanted = wanted.rpartition("-")[0]
    found: dict[str, int] = {}
    base, phones = by_title.get(wanted, by_title["base2"])
    while True:
        found = {**phones, **found}
        if not base:
            break
        _, base, phones = tables[base - 1]
    return {name: kind for name, kind in found.items() if name and VOWEL <= kind <= LAST_CONSONANT}


def transcribe(texts: list[str], voice: str) -> dict[str, Any]:
    """The IPA of each text, with stress, its words apart."""
    library, _ = load()
    library.espeak_TextToPhonemes.restype = ctypes.c_char_p
    try:
        if library.espeak_SetVoiceByName(voice.encode()) != 0:
            return {"error": f"espeak-ng has no voice {voice!r}"}
        found = []
        for text in texts:
            rest, parts = ctypes.c_char_p(text.encode()), []
            while rest.value:
                part = library.espeak_TextToPhonemes(ctypes.byref(rest), CHARS_UTF8, AS_IPA)
                parts.append(part.decode())
            found.append(" ".join(parts).strip())
        return {"ipa": found}
    finally:
        unload(library)


def language_tags(address: int) -> list[tuple[int, str]]:
    """Pairs of a priority byte and a zero-terminated tag, closed by a zero priority."""
    tags = []
    while priority := ctypes.string_at(address, 1)[0]:
        tag = ctypes.string_at(address + 1)
        tags.append((priority, tag.decode().lower()))
        address += len(tag) + 2
    return tags


def answer(request: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    if request.get("voices"):
        return voices(), b""
    if "sounds" in request:
        return sounds(request["sounds"]), b""
    if "ipa" in request:
        return transcribe(request["ipa"], request["voice"]), b""
    flags = SSML | PHONE_INPUT if request.get("markup") else 0
    return synthesise(request["text"], request["voice"], request["rate_wpm"], flags)


def serve(requests: IO[bytes], replies: IO[bytes]) -> None:
    """Answer until the other side closes its end."""
    for line in requests:
        try:
            header, pcm = answer(json.loads(line))
        except Exception as error:  # the asking process must get an answer, whatever went wrong here
            header, pcm = {"error": f"{type(error).__name__}: {error}"}, b""
        replies.write(json.dumps(header).encode() + b"\n" + pcm)
        replies.flush()


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the asking process; end of input ends this one
    os.chdir(Path(espeakng_loader.get_data_path()).parent)
    with os.fdopen(os.dup(1), "wb") as replies:
        os.dup2(2, 1)  # what the library prints must not mix with the answers
        serve(sys.stdin.buffer, replies)


if __name__ == "__main__":
    main()
