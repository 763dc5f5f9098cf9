"""The process in which espeak-ng lives: one JSON request per line in, one JSON line and raw PCM out.

espeak-ng is GPL and keeps all its state in globals, so it is loaded here and nowhere else. What it carries
over from one text to the next moves phone times by milliseconds; loading the library anew for each text makes
equal requests give equal samples.

Request {"text", "voice", "rate_wpm"} -> {"rate_hz", "samples", "events"} and samples x int16;
request {"voices": true} -> {"voices": {tag: identifier}, "variants": [...]}; failures -> {"error"}.
Events are [type, character position (from 0), length, sample, name], types 1 (word) and 7 (phone).
"""

from __future__ import annotations

import _ctypes
import ctypes
import json
import os
import signal
import sys
from pathlib import Path
from typing import IO, Any

import espeakng_loader

WORD, PHONE = 1, 7
AUDIO_SYNCHRONOUS, POSITION_CHARACTER, CHARS_UTF8 = 2, 1, 1
PHONEME_EVENTS, IPA_NAMES, DONT_EXIT = 1, 2, 0x8000
RATE_PARAMETER = 1
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


def synthesise(text: str, voice: str, rate_wpm: int) -> tuple[dict[str, Any], bytes]:
    """Header and int16 PCM of one text."""
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
        library.espeak_Synth(data, size, 0, POSITION_CHARACTER, 0, CHARS_UTF8, None, None)
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
    return synthesise(request["text"], request["voice"], request["rate_wpm"])


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
