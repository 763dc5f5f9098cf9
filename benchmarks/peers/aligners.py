"""Two plain aligners to measure against: PocketSphinx as its manual has it, and dynamic time warping of MFCCs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.fft import dct

from countenance.media.audio import resample
from countenance.speech.espeak import speak
from countenance.speech.phones import Phone, Word

RATE_HZ = 16_000
FRAME_S = 0.01
Found = tuple[tuple[Phone, ...], tuple[Word, ...]]
_PAIRS = (
    "AA=ɑ AE=æ AH=ʌ AO=ɔ AW=aʊ AY=aɪ B=b CH=tʃ D=d DH=ð EH=ɛ ER=ɜ EY=eɪ F=f G=ɡ HH=h IH=ɪ IY=i JH=dʒ K=k "
    "L=l M=m N=n NG=ŋ OW=oʊ OY=ɔɪ P=p R=ɹ S=s SH=ʃ T=t TH=θ UH=ʊ UW=u V=v W=w Y=j Z=z ZH=ʒ"
)
ARPABET: Mapping[str, str] = dict(pair.split("=") for pair in _PAIRS.split())


def pocketsphinx_alone(samples: NDArray[np.float32], text: str) -> Found | None:
    """English: align the words, then their phones; a word that the dictionary lacks is one vowel. None: given up."""
    words = re.sub(r"[^\w' ]", " ", text.lower().replace("’", "'").replace("-", " ")).split()
    decoder = _decoder()
    for word in words:
        if decoder.lookup_word(word) is None:
            decoder.add_word(word, "AH", True)
    pcm = np.rint(np.clip(samples, -1, 32767 / 32768) * 32768).astype("<i2").tobytes()
    try:
        decoder.set_align_text(" ".join(words))
        _heard(decoder, pcm)
        decoder.set_alignment()
        _heard(decoder, pcm)
        alignment = decoder.get_alignment()
    except RuntimeError:
        return None
    if alignment is None:
        return None
    phones, found = [], []
    for word in alignment:
        if word.name.startswith(("<", "[")):
            continue
        start_s = word.start * FRAME_S
        found.append(Word(re.sub(r"\(\d+\)$", "", word.name), start_s, start_s + word.duration * FRAME_S))
        for phone in word:
            first_s = phone.start * FRAME_S
            phones.append(Phone(ARPABET.get(phone.name, "ə"), first_s, first_s + phone.duration * FRAME_S))
    return (tuple(phones), tuple(found)) if found else None


def _heard(decoder: Any, pcm: bytes) -> None:
    decoder.start_utt()
    decoder.process_raw(pcm, no_search=False, full_utt=True)
    decoder.end_utt()


@cache
def _decoder() -> Any:
    from pocketsphinx import Decoder

    return Decoder(lm=None, loglevel="FATAL")


def plain_warp(samples: NDArray[np.float32], text: str, language: str) -> Found:
    """espeak-ng reads the text; MFCCs with slopes, Euclidean distance, no silences, no limits, no band."""
    reading = speak(text, language)
    told = _mfcc(resample(reading.samples[:, None], reading.rate_hz, RATE_HZ)[:, 0])
    heard = _mfcc(samples)
    path = _warp(told, heard)
    total = np.bincount(path[:, 0], weights=path[:, 1], minlength=len(told))
    times = np.append(total / np.maximum(1, np.bincount(path[:, 0], minlength=len(told))), len(heard)) * _HOP_S

    def moved(at_s: float) -> float:
        return float(np.interp(at_s / _HOP_S, np.arange(len(times)), times))

    phones = tuple(Phone(p.symbol, moved(p.start_s), moved(p.end_s)) for p in reading.phones if p.symbol)
    return phones, tuple(Word(w.text, moved(w.start_s), moved(w.end_s)) for w in reading.words)


_HOP_S, _WINDOW = 0.005, 400


def _mfcc(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    hop = round(_HOP_S * RATE_HZ)
    sharp = np.pad(np.append(samples[0], samples[1:] - 0.97 * samples[:-1]), (_WINDOW // 2, _WINDOW))
    frames = np.lib.stride_tricks.sliding_window_view(sharp, _WINDOW)[: len(samples) // hop * hop : hop]
    power = np.abs(np.fft.rfft(frames * np.hamming(_WINDOW), 512)) ** 2
    edges = 700 * (10 ** (np.linspace(*(2595 * np.log10(1 + hz / 700) for hz in (100, 7500)), 28) / 2595) - 1)
    hz = np.arange(257) * RATE_HZ / 512
    rise, fall = (
        (hz[:, None] - edges[:-2]) / np.diff(edges)[:-1],
        (edges[2:] - hz[:, None]) / np.diff(edges)[1:],
    )
    energy = np.log(power @ np.maximum(0, np.minimum(rise, fall)) + 1e-8 * power.max())
    plain = dct(energy, norm="ortho", axis=1)[:, :13]
    plain = (plain - plain.mean(axis=0)) / plain.std(axis=0)
    slope = np.gradient(plain, axis=0)
    return np.hstack([plain, slope / slope.std(axis=0) / 2]).astype(np.float32)


def _warp(told: NDArray[np.float32], heard: NDArray[np.float32]) -> NDArray[np.int64]:
    """The path of least summed distance, by anti-diagonals; (n, 2) pairs of frames."""
    n, m = len(told), len(heard)
    squares = (told**2).sum(axis=1)[:, None] + (heard**2).sum(axis=1) - 2 * told @ heard.T
    distance = np.sqrt(np.maximum(squares, 0))
    choice = np.zeros((n, m), np.int8)
    before, last = np.full(n + 1, np.inf), np.full(n + 1, np.inf)  # by row + 1
    for diagonal in range(n + m - 1):
        rows = np.arange(max(0, diagonal - m + 1), min(n, diagonal + 1))
        ways = np.stack([before[rows], last[rows], last[rows + 1]])
        step = np.argmin(ways, axis=0)
        least = ways[step, np.arange(len(rows))]
        fresh = np.full(n + 1, np.inf)
        fresh[rows + 1] = distance[rows, diagonal - rows] + (least if diagonal else 0.0)
        choice[rows, diagonal - rows] = step
        before, last = last, fresh
    i, j = n - 1, m - 1
    path = [(i, j)]
    while i or j:
        step = 1 if j == 0 else 2 if i == 0 else choice[i, j]
        i, j = (i - 1, j - 1) if step == 0 else (i - 1, j) if step == 1 else (i, j - 1)
        path.append((i, j))
    return np.array(path[::-1], np.int64)
