"""Piper voices (VITS networks in ONNX with a JSON beside them), run here by onnxruntime.

A voice gets the sounds of its text as espeak-ng writes them, and the lexicon's as they stand. Where the network was
patched to tell how long it makes each of them (a second output, in frames of `hop_length` samples), times are exact to
the sample; other voices are aligned with their text like any recording.
"""

from __future__ import annotations

import json
import math
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from countenance.errors import InputError
from countenance.media.audio import Samples
from countenance.speech.align import align
from countenance.speech.assemble import SENTENCE_S, joined, stretches
from countenance.speech.espeak import transcribed
from countenance.speech.languages import canonical
from countenance.speech.lexicon import matches
from countenance.speech.phones import Phone, Phones, Speech, Word, covering, span
from countenance.speech.points import as_written, louder, marked
from countenance.speech.pronounce import ipa_phones
from countenance.speech.recording import alignment_notes, within, words_of
from countenance.speech.utterance import Run, Utterance
from countenance.store.files import sha256_file

SEED = 20240101  # of the network's own noise, so that equal texts give equal samples
PAD, START, END, SPACE = "_", "^", "$", " "
_ENDS = ".!?…。！？।؟"
_PAUSES = ".,;:!?…"
_AS_ASCII = str.maketrans("。！？、，；：؟،।", ".!?,,;:?,.")
_SAME = {"g": "ɡ", "ɡ": "g"}  # two characters for one sound
_LARGEST_DRIFT = 0.02  # between the lengths that the network tells and the sound that it makes


@dataclass(frozen=True)
class PiperConfig:
    """What a voice's JSON says, as far as it matters here."""

    rate_hz: int
    language: str  # espeak-ng's tag, such as "en-us"
    ids: Mapping[str, tuple[int, ...]]
    speakers: Mapping[str, int]
    noise: float
    length: float
    noise_w: float
    hop: int


@dataclass(frozen=True)
class _Spoken:
    """One written word and what is said for it: characters of IPA in phones, with the pauses after it."""

    text: str
    phones: tuple[str, ...]  # without stress
    codes: tuple[tuple[str, ...], ...]  # the characters of each phone with its stress marks
    pause: str


class PiperVoice:
    """One voice of a model. Made by `load_piper`."""

    def __init__(self, model: Path, config: PiperConfig, speaker: str | None, of: str | None) -> None:
        self._model, self._config, self._speaker = model, config, speaker
        self.of, self.tempos = of, 3

    @property
    def name(self) -> str:
        return f"Piper {self._model.stem}" + (f" {self._speaker}" if self._speaker else "")

    @property
    def facts(self) -> dict[str, Any]:
        speaker = {"speaker": self._speaker} if self._speaker else {}
        return {"engine": "piper", "model": self._model.name, "sha256": sha256_file(self._model), **speaker}

    def say(
        self, said: Utterance, language: str, rate: float = 1.0, lexicon: Mapping[str, str] | None = None
    ) -> Speech:
        """Speak sentence by sentence at `rate` times the model's tempo.

        Errors: InputError for a language that is not the model's, a text without words, or a model that does not run.
        """
        if not said.says_something:
            raise InputError(f"There is nothing to speak in {said.text!r}: give a text with words.")
        own = self._config.language
        if canonical(language).split("-")[0] != canonical(own).split("-")[0]:
            raise InputError(f"{self.name} speaks {own}, not {language}: choose a voice of that language.")
        network = _Network(self._model, self._config, self._speaker)
        sounds: list[Samples] = []
        pauses_s: list[float] = []
        told: list[tuple[list[_Spoken], Phones | None]] = []
        unknown: set[str] = set()
        for stretch in stretches(said):
            sentences = _sentences(_words(stretch.said, own, lexicon or {}))
            for number, words in enumerate(sentences):
                samples, phones = network.run(words, rate * stretch.rate, unknown)
                sounds.append(samples)
                pauses_s.append(stretch.pause_s if number + 1 == len(sentences) else SENTENCE_S)
                told.append((words, phones))
        samples, starts = joined(
            _evened(sounds), pauses_s, self._config.rate_hz, [span(found) if found else None for _, found in told]
        )
        notes = [f"{self.name} has no sound for {sign!r}: it is left out." for sign in sorted(unknown)]
        if any(isinstance(part, Run) and part.pitch != 1 for part in said.parts):
            notes.append(f"{self.name} cannot change its pitch: it stays as it is.")
        speech = self._timed(samples, starts, told) or self._aligned(samples, said, language, lexicon)
        speech = replace(speech, notes=(*notes, *speech.notes))
        return marked(louder(speech, said), said)

    def _timed(
        self, samples: Samples, starts: Sequence[int], told: Sequence[tuple[list[_Spoken], Phones | None]]
    ) -> Speech | None:
        """With the times that the network told; None where it told none."""
        rate_hz = self._config.rate_hz
        phones: list[Phone] = []
        words: list[Word] = []
        for start, (spoken, found) in zip(starts, told, strict=True):
            if found is None:
                return None
            moved = [Phone(p.symbol, p.start_s + start / rate_hz, p.end_s + start / rate_hz) for p in found]
            phones += moved
            sounding = iter([p for p in moved if not p.silent])
            for word in spoken:
                own = [next(sounding) for _ in word.phones]
                if own:
                    words.append(Word(word.text, own[0].start_s, own[-1].end_s))
                elif words:
                    words[-1] = replace(words[-1], text=f"{words[-1].text} {word.text}")
        return Speech(samples, rate_hz, covering(phones, len(samples) / rate_hz), tuple(words))

    def _aligned(self, samples: Samples, said: Utterance, language: str, lexicon: Mapping[str, str] | None) -> Speech:
        rate_hz = self._config.rate_hz
        found = align(samples, rate_hz, said.spoken, language, words_of(said, language, lexicon))
        words = as_written(found.words, said)
        return Speech(
            samples,
            rate_hz,
            within(found.phones, samples, rate_hz),
            words,
            (),
            tuple(alignment_notes(self.name, found)),
        )


def load_piper(model: Path, speaker: str | None = None, of: str | None = None) -> PiperVoice:
    """The voice of an .onnx file with its .onnx.json beside it.

    Errors: InputError where one of them is missing or is none of Piper's, for an unknown speaker, or without
    onnxruntime.
    """
    config = read_config(model)
    if speaker is not None and speaker not in config.speakers:
        known = ", ".join(config.speakers) or "it has only one"
        raise InputError(f"{model.name} has no speaker {speaker!r} ({known}).")
    _runtime()
    return PiperVoice(model, config, speaker, of)


def read_config(model: Path) -> PiperConfig:
    """What the JSON beside a model says; InputError where it is missing or not Piper's."""
    if not model.is_file():
        raise InputError(f"the Piper voice {model} does not exist; name its .onnx file.")
    path = model.with_name(model.name + ".json")
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        inference = values.get("inference", {})
        config = PiperConfig(
            rate_hz=int(values["audio"]["sample_rate"]),
            language=str(values["espeak"]["voice"]),
            ids={str(sign): tuple(int(one) for one in ids) for sign, ids in values["phoneme_id_map"].items()},
            speakers={str(name): int(one) for name, one in values.get("speaker_id_map", {}).items()},
            noise=float(inference.get("noise_scale", 0.667)),
            length=float(inference.get("length_scale", 1.0)),
            noise_w=float(inference.get("noise_w", 0.8)),
            hop=int(values.get("hop_length", 256)),
        )
    except OSError as exc:
        raise InputError(f"{path} cannot be read ({exc.strerror}); it comes with the Piper voice.") from exc
    except (ValueError, KeyError, TypeError, AttributeError) as exc:
        raise InputError(f"{path} is not the description of a Piper voice ({exc!r}); get the voice again.") from exc
    sound = 8000 <= config.rate_hz <= 96000 and config.hop > 0 and config.length > 0
    if not sound or any(sign not in config.ids for sign in (PAD, START, END)):
        raise InputError(f"{path} is not the description of a Piper voice; get the voice again.")
    if values.get("phoneme_type", "espeak") != "espeak":
        raise InputError(f"{model.name} is made for other sounds than espeak-ng's; choose another voice.")
    return config


class _Network:
    """The model, loaded anew for each text: its noise then begins at the same place."""

    def __init__(self, model: Path, config: PiperConfig, speaker: str | None) -> None:
        runtime = _runtime()
        runtime.set_seed(SEED)
        runtime.set_default_logger_severity(3)
        options = runtime.SessionOptions()
        options.use_deterministic_compute = True
        try:
            self._session = runtime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
        except Exception as exc:  # the runtime has an exception class for each of its states
            raise InputError(f"{model} is no network that can be run; get the Piper voice again.") from exc
        inputs = {one.name for one in self._session.get_inputs()}
        if not {"input", "input_lengths", "scales"} <= inputs:
            raise InputError(f"{model} is no Piper voice: it takes {', '.join(sorted(inputs))}.")
        self._model, self._config = model, config
        several = "sid" in inputs
        self._speaker = config.speakers.get(speaker or "", 0) if several else None

    def run(self, words: Sequence[_Spoken], rate: float, unknown: set[str]) -> tuple[Samples, Phones | None]:
        """Sound of one sentence, and its phones where the network tells their lengths."""
        config = self._config
        stream, owners = _stream(words, config.ids, unknown)
        scales = np.array([config.noise, config.length / rate, config.noise_w], np.float32)
        feed = {
            "input": np.array([stream], np.int64),
            "input_lengths": np.array([len(stream)], np.int64),
            "scales": scales,
        }
        if self._speaker is not None:
            feed["sid"] = np.array([self._speaker], np.int64)
        try:
            sound, *rest = self._session.run(None, feed)
        except Exception as exc:
            raise InputError(f"{self._model} cannot speak this text; get the Piper voice again.") from exc
        samples = np.asarray(sound, np.float32).reshape(-1)
        if not len(samples) or not np.isfinite(samples).all():
            raise InputError(f"{self._model} gives no sound; get the Piper voice again.")
        if not rest or np.size(rest[0]) != len(stream):
            return samples, None
        sizes = np.asarray(rest[0], np.float64).reshape(-1) * config.hop
        if abs(sizes.sum() - len(samples)) > _LARGEST_DRIFT * len(samples):
            return samples, None
        return samples, _phones(words, owners, np.concatenate([[0], np.cumsum(sizes)]) / config.rate_hz)


def _runtime() -> Any:
    try:
        import onnxruntime
    except ImportError as exc:
        raise InputError("Piper voices need onnxruntime; install it by `pip install countenance[piper]`.") from exc
    return onnxruntime


def _words(said: Utterance, language: str, lexicon: Mapping[str, str]) -> list[_Spoken]:
    """Every written word with its sounds."""
    pieces: list[tuple[str, str, str | None]] = []  # written, spoken, IPA
    for part in said.parts:
        if not isinstance(part, Run):
            continue
        if part.ipa or part.said is not None or part.spelt:
            pieces.append((part.text, part.spoken, part.ipa))
            continue
        done = 0
        for match in matches(part.text, lexicon, language):
            pieces.append((part.text[done : match.start],) * 2 + (None,))
            pieces.append((part.text[match.start : match.end],) * 2 + (match.ipa,))
            done = match.end
        pieces.append((part.text[done:],) * 2 + (None,))
    found: list[_Spoken] = []
    glued = False  # no blank since the last word
    for written, spoken, ipa in pieces:
        if ipa is not None:
            made = [_spoken(written.strip(), ipa, "")]
        elif written == spoken:
            made = _read(written, language)
        else:  # several spoken words under what is written
            words = _read(spoken, language)
            codes = tuple(code for word in words for code in word.codes)
            phones = tuple(phone for word in words for phone in word.phones)
            made = [_Spoken(written.strip(), phones, codes, words[-1].pause if words else "")]
        if glued and made and found and not written[:1].isspace() and not made[0].phones:
            # punctuation after a word that was given by its sounds
            found[-1] = replace(found[-1], text=found[-1].text + made[0].text, pause=made[0].pause)
            made = made[1:]
        found += made
        glued = bool(written) and not written[-1:].isspace()
    return found


def _read(text: str, language: str) -> list[_Spoken]:
    """Words of a text by the rules of the language; what has no sound joins the word before it."""
    written = text.split()
    if not written:
        return []
    clauses = _clauses(written)
    heard = transcribed([" ".join(clause) for clause in clauses], language)
    found: list[_Spoken] = []
    for clause, ipa in zip(clauses, heard, strict=True):
        said = _shared(clause, ipa.split(), language)
        found += [_spoken(word, sounds, _pause(word)) for word, sounds in zip(clause, said, strict=True)]
    return found


def _clauses(words: Sequence[str]) -> list[list[str]]:
    clauses: list[list[str]] = [[]]
    for word in words:
        clauses[-1].append(word)
        if _pause(word):
            clauses.append([])
    return [clause for clause in clauses if clause]


def _pause(word: str) -> str:
    """The punctuation at the end of a word at which the voice pauses; "" when there is none."""
    tail = word.translate(_AS_ASCII).rstrip("\"'”’»“)]}")
    return tail[-1] if tail and tail[-1] in _PAUSES else ""


def _shared(written: Sequence[str], spoken: Sequence[str], language: str) -> list[str]:
    """The sounds of each written word; where the voice ties words together, cut where their own sounds end."""
    if len(written) == len(spoken):
        return list(spoken)
    alone = transcribed(written, language)
    together = " ".join(spoken)
    flat = "".join(alone).replace(" ", "")
    whole = together.replace(" ", "")
    blocks = SequenceMatcher(None, flat, whole, autojunk=False).get_matching_blocks()
    edges, at = [0], 0
    for word in alone:
        at += len(word.replace(" ", ""))
        block = next((b for b in reversed(blocks) if b.a <= at), blocks[0])
        edges.append(min(len(whole), max(edges[-1], block.b + min(at - block.a, block.size))))
    edges[-1] = len(whole)
    return [whole[first:last] for first, last in pairwise(edges)]


def _spoken(text: str, ipa: str, pause: str) -> _Spoken:
    """A word cut into phones; stress marks go with the phone after them."""
    plain = unicodedata.normalize("NFC", ipa).replace(" ", "")
    phones = ipa_phones(plain)
    codes: list[tuple[str, ...]] = []
    rest = plain
    for phone in phones:
        end = 0
        letters = list(phone)
        while letters and end < len(rest):
            if rest[end] == letters[0]:
                letters.pop(0)
            end += 1
        codes.append(tuple(unicodedata.normalize("NFD", rest[:end])))
        rest = rest[end:]
    return _Spoken(text, phones, tuple(codes), pause)


def _sentences(words: Sequence[_Spoken]) -> list[list[_Spoken]]:
    found: list[list[_Spoken]] = [[]]
    for word in words:
        found[-1].append(word)
        if word.pause and word.pause in _ENDS:
            found.append([])
    sounding = [sentence for sentence in found if any(word.phones for word in sentence)]
    silent = [word for sentence in found if not any(word.phones for word in sentence) for word in sentence]
    if silent and sounding:
        sounding[-1] += silent
    return sounding


def _stream(
    words: Sequence[_Spoken], ids: Mapping[str, tuple[int, ...]], unknown: set[str]
) -> tuple[list[int], list[tuple[int, int] | None]]:
    """Ids as the network takes them, a pad after each, and which phone of which word each belongs to."""
    stream: list[int] = []
    owners: list[tuple[int, int] | None] = []

    def add(sign: str, owner: tuple[int, int] | None) -> None:
        sign = sign if sign in ids else _SAME.get(sign, sign)
        if sign not in ids:
            unknown.add(sign)
            return
        own = [*ids[sign], *(ids[PAD] if sign != END else ())]
        stream.extend(own)
        owners.extend([owner] * len(own))

    add(START, None)
    last: tuple[int, int] | None = None
    for number, word in enumerate(words):
        for place, code in enumerate(word.codes):
            last = (number, place)
            for sign in code:
                add(sign, last)
        if word.pause:
            add(word.pause, None)
        if number + 1 < len(words):
            add(SPACE, None if word.pause else last)
    add(END, None)
    return stream, owners


def _phones(
    words: Sequence[_Spoken], owners: Sequence[tuple[int, int] | None], edges_s: Sequence[float] | Any
) -> Phones:
    """Phones and silences from the lengths of the ids."""
    spans: dict[tuple[int, int], list[float]] = {}
    for index, owner in enumerate(owners):
        if owner is not None:
            span = spans.setdefault(owner, [float(edges_s[index]), 0.0])
            span[1] = float(edges_s[index + 1])
    found: list[Phone] = []
    for number, word in enumerate(words):
        for place, symbol in enumerate(word.phones):
            start_s, end_s = spans.get((number, place), [found[-1].end_s if found else 0.0] * 2)
            found.append(Phone(symbol, start_s, end_s))
    return tuple(found)


def _evened(sounds: Sequence[Samples]) -> list[Samples]:
    """All sentences as loud together as full scale allows: networks go beyond it."""
    loudest = max((float(np.abs(sound).max(initial=0)) for sound in sounds), default=0.0)
    gain = 1.0 if math.isclose(loudest, 0) else min(1.0, 0.98 / loudest)
    return [np.asarray(sound * np.float32(gain), np.float32) for sound in sounds]
