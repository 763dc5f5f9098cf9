"""Text to speech with exact phone times, by espeak-ng in processes of its own."""

from __future__ import annotations

import atexit
import json
import os
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from functools import cache
from types import MappingProxyType
from typing import Any

import numpy as np

from countenance.errors import CountenanceError, InputError
from countenance.media.audio import Samples
from countenance.speech.events import TextEvent, speech_from_events
from countenance.speech.languages import voice_for
from countenance.speech.phones import Speech

NATURAL_WPM = 160
SLOWEST_WPM, FASTEST_WPM = 80, 450
PATIENCE_S = 120.0
MOST_HELPERS = 4  # each holds some 30 MB


def speak(text: str, language: str, rate_wpm: int | None = None, voice: str | None = None) -> Speech:
    """Speak `text` in a BCP-47 `language`; mono float32 at espeak's own rate (22.05 kHz), phones and words.

    `rate_wpm` is 80 to 450 words a minute (160 when None); `voice` is an espeak-ng voice variant such as "f2"
    or "m3". Equal requests give equal samples. Errors: InputError for an unknown language or voice, a rate
    out of range, or a text in which nothing can be spoken.
    """
    rate = NATURAL_WPM if rate_wpm is None else rate_wpm
    if not SLOWEST_WPM <= rate <= FASTEST_WPM:
        raise InputError(f"A rate of {rate} words a minute cannot be spoken: choose {SLOWEST_WPM} to {FASTEST_WPM}.")
    clean = "".join(c if c.isprintable() else " " for c in text)
    if not any(c.isalnum() for c in clean):
        raise InputError(f"There is nothing to speak in {text!r}: give a text with words.")
    events, samples, rate_hz = raw_speech(clean, language, rate, voice)
    speech = speech_from_events(clean, events, samples, rate_hz)
    if speech.span_s == (0.0, 0.0):
        raise InputError(f"espeak-ng finds nothing to speak in {text!r}: write it in the language {language!r}.")
    return speech


def raw_speech(
    text: str, language: str, rate_wpm: int, voice: str | None, *, markup: bool = False
) -> tuple[list[TextEvent], Samples, int]:
    """The events, samples and their rate for a text as it is; with `markup` it is SSML with [[phone names]]."""
    request = {"text": text, "voice": _voice_name(language, voice), "rate_wpm": rate_wpm, "markup": markup}
    header, pcm = _ask(request)
    samples = np.frombuffer(pcm, "<i2").astype(np.float32) / np.float32(32768)
    return [TextEvent(*event) for event in header["events"]], samples, int(header["rate_hz"])


@cache
def sounds_of(language: str) -> Mapping[str, str]:
    """What the voice of a language makes of each of espeak-ng's phone names, in IPA without stress.

    Empty for a language in which the library falls over its own phones (Greenlandic in version 1.52).
    """
    voice = _voice_name(language, None)
    try:
        found: dict[str, str] = _ask({"sounds": voice})[0]["sounds"]
    except InputError:
        raise
    except CountenanceError:
        found = {}
    return MappingProxyType(found)


def transcribed(texts: Sequence[str], language: str) -> tuple[str, ...]:
    """Each text in IPA with stress marks and blanks between words, by the rules of a language."""
    return tuple(_ask({"ipa": list(texts), "voice": _voice_name(language, None)})[0]["ipa"])


def voice_variants() -> tuple[str, ...]:
    """The names of the voice variants, such as "f2"."""
    return tuple(_catalogue()["variants"])


def spoken_languages() -> tuple[str, ...]:
    """The language tags that can be spoken, sorted."""
    return tuple(sorted(_catalogue()["voices"]))


def close_helper() -> None:
    """End the speaking processes; the next request starts a new one."""
    _pool.close()


def _voice_name(language: str, variant: str | None) -> str:
    catalogue = _catalogue()
    tag = voice_for(language, catalogue["voices"].keys())
    if tag is None:
        raise InputError(
            f"espeak-ng does not speak the language {language!r}: use a BCP-47 tag such as en, de or pt-BR, "
            f"or bring your own recording."
        )
    identifier = str(catalogue["voices"][tag])
    if variant is None:
        return identifier
    if variant not in catalogue["variants"]:
        raise InputError(f"There is no voice variant {variant!r}: choose one of {', '.join(catalogue['variants'])}.")
    return f"{identifier}+{variant}"


@cache
def _catalogue() -> dict[str, Any]:
    return _ask({"voices": True})[0]


def _ask(request: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    header, pcm = _pool.ask(request)
    if "error" in header:
        raise CountenanceError(f"The speech process failed: {header['error']}.")
    return header, pcm


class _Pool:
    """As many speaking processes as are asked at once, up to `size`; the first idle one answers.

    Each loads the library anew for each text, so that it does not matter which one it is.
    """

    def __init__(self, size: int) -> None:
        self.helpers = tuple(_Helper() for _ in range(size))
        self._idle = list(reversed(self.helpers))
        self._changed = threading.Condition()
        os.register_at_fork(after_in_child=self._refill)

    def ask(self, request: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
        with self._changed:
            while not self._idle:
                self._changed.wait()
            helper = self._idle.pop()  # the one that answered last, so that no more are started than are needed
        try:
            return helper.ask(request)
        finally:
            with self._changed:
                self._idle.append(helper)
                self._changed.notify()

    def close(self) -> None:
        for helper in self.helpers:
            helper.close()

    def _refill(self) -> None:
        """In a forked child nobody is asking, whatever the parent's threads were doing."""
        self.__dict__.update(helpers=tuple(_Helper() for _ in self.helpers), _changed=threading.Condition())
        self._idle = list(reversed(self.helpers))


class _Helper:
    """One speaking process, started at the first request and again if it died; requests go one at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._owner = 0

    @property
    def process(self) -> subprocess.Popen[bytes] | None:
        return self._process

    def ask(self, request: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
        with self._lock:
            for _ in range(2):
                try:
                    return self._exchange(request)
                except (OSError, EOFError):
                    self._stop()
        raise CountenanceError("The speech process ended twice on the same text: shorten or change the text.")

    def close(self) -> None:
        with self._lock:
            self._stop()

    def _exchange(self, request: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
        process = self._running()
        assert process.stdin is not None and process.stdout is not None
        watchdog = threading.Timer(PATIENCE_S, process.kill)
        watchdog.daemon = True
        watchdog.start()
        try:
            process.stdin.write(json.dumps(request).encode() + b"\n")
            process.stdin.flush()
            line = process.stdout.readline()
            if not line.endswith(b"\n"):
                raise EOFError
            header: dict[str, Any] = json.loads(line)
            size = 2 * header.get("samples", 0)
            pcm = process.stdout.read(size)
            if len(pcm) < size:
                raise EOFError
            return header, pcm
        finally:
            watchdog.cancel()

    def _running(self) -> subprocess.Popen[bytes]:
        # After a fork the parent still talks through these pipes; a child starts its own process.
        if self._process is None or self._owner != os.getpid():
            self._owner = os.getpid()
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "countenance.speech.espeak_helper"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        return self._process

    def _stop(self) -> None:
        process, self._process = self._process, None
        if process is None or self._owner != os.getpid():
            return
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except OSError:
                    continue
        try:
            process.wait(timeout=2)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


_pool = _Pool(min(MOST_HELPERS, os.cpu_count() or 1))
atexit.register(close_helper)
