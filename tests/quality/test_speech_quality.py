from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from clips import EXAMPLES

from countenance.errors import InputError
from countenance.media.audio import Samples, read_mono
from countenance.quality import speech_quality as module
from countenance.quality.speech_quality import SpeechQuality, speech_quality


def speech() -> Samples:
    sound = read_mono(Path(EXAMPLES / "ada" / "master.mp4"), 16000)
    assert sound is not None
    return sound


def noisy(level: float) -> Samples:
    return (speech() + np.random.default_rng(0).normal(0, level, len(speech()))).astype(np.float32)


def test_what_is_unchanged_is_best_and_noise_is_heard() -> None:
    pytest.importorskip("pesq")
    pytest.importorskip("visqol")
    short = speech()[:48000]
    same, worse = (speech_quality(short, after[:48000], 16000) for after in (short, noisy(0.03)))
    assert same.pesq is not None and same.pesq > 4.5 and same.visqol is not None and same.visqol > 4.2
    assert worse.pesq is not None and worse.pesq < 3 and worse.visqol is not None and worse.visqol < 3.5


def test_silence_has_no_pesq() -> None:
    pytest.importorskip("pesq")
    silence = np.zeros(32000, np.float32)
    assert module._pesq(__import__("pesq"), silence, silence, 16000) is None


def test_without_a_meter_it_says_how_to_get_one(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(_name: str) -> Any:
        return None

    monkeypatch.setattr(module, "_imported", absent)
    with pytest.raises(InputError, match=r"pip install 'countenance\[quality\]'"):
        speech_quality(speech(), speech(), 16000)


def test_a_long_sound_is_judged_by_its_loudest_part() -> None:
    quiet = np.concatenate([np.zeros(16000 * 30, np.float32), speech()])
    before, after = module._loudest(quiet, quiet, 16000)
    assert len(before) == len(after) == 20 * 16000 and np.abs(before).max() == np.abs(speech()).max()


def test_a_scrap_is_refused() -> None:
    pytest.importorskip("pesq")
    with pytest.raises(InputError, match="half a second"):
        speech_quality(speech()[:1000], speech()[:1000], 16000)
    assert SpeechQuality(None, 4.0).pesq is None
