from __future__ import annotations

import numpy as np
import pytest

from countenance.errors import ModelError
from countenance.media.audio import resample
from countenance.speech import senones
from countenance.speech.acoustic import prepare
from countenance.speech.arpabet import arpabet
from countenance.speech.cepstra import cepstra, with_slopes
from countenance.speech.espeak import speak
from countenance.speech.senones import STATES, acoustic_model


def test_the_model_is_that_of_english() -> None:
    model = acoustic_model()
    assert len(model.names) == 42 and {"AA", "ZH", "SIL"} <= set(model.names)
    assert model.plain.shape == (42, STATES)
    assert model.weights.shape[2] == len(model.owner) > 5000
    assert (model.weights.sum(axis=1) < 1.1).all() and (model.weights.sum(axis=1) > 0.8).all()
    assert (model.stay < 0).all()


def test_a_phone_sounds_different_beside_other_phones() -> None:
    model = acoustic_model()
    first, second = model.states(["T", "IY", "T"])[1], model.states(["M", "IY", "L"])[1]
    assert (first != second).any()
    assert set(model.owner[[*first, *second]]) == {model.names.index("IY")}


def test_what_the_model_lacks_is_said_as_if_alone() -> None:
    model = acoustic_model()
    strange = model.states(["ZH", "NG", "ZH"])
    assert list(model.owner[strange[:, 0]]) == [model.names.index(name) for name in ("ZH", "NG", "ZH")]


def test_scores_are_those_of_the_mixture() -> None:
    model = acoustic_model()
    rows = np.random.default_rng(0).normal(0, 5, (3, 39)).astype(np.float32)
    senone = int(model.plain[model.names.index("S"), 1])
    owner = model.owner[senone]
    total = np.zeros(3)
    for stream in range(3):
        x = rows[:, 13 * stream : 13 * stream + 13].astype(np.float64)
        near = np.hstack([x * x, x]) @ model.shape[stream, owner].T + model.level[stream, owner]
        total += np.log(np.exp(near) @ model.weights[stream, :, senone])
    assert np.allclose(model.score(rows, np.array([senone]))[:, 0], total, rtol=1e-3)


def test_most_frames_of_a_voice_are_heard_as_what_they_are() -> None:
    spoken = speak("Seven silly sheep sleep soundly near the sea.", "en")
    heard = prepare(resample(spoken.samples, spoken.rate_hz, 16000))
    assert heard is not None
    model = acoustic_model()
    table = model.score(heard.features, model.plain.ravel()).reshape(-1, 42, STATES).max(axis=2)
    hits = []
    for phone in spoken.phones:
        first, last = round(phone.start_s * 100), round(phone.end_s * 100)
        if phone.symbol in ("s", "ʃ", "iː") and last > first:
            mean = table[first:last].mean(axis=0)
            own = model.names.index(arpabet(phone.symbol)[0])
            hits.append((mean > mean[own]).sum() < 5)
    assert len(hits) >= 8 and np.mean(hits) > 0.7


def test_a_broken_installation_is_told(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(senones.pocketsphinx, "get_model_path", lambda: str(tmp_path))
    acoustic_model.cache_clear()
    try:
        with pytest.raises(ModelError, match="install pocketsphinx again"):
            acoustic_model()
    finally:
        acoustic_model.cache_clear()


def test_there_is_a_row_for_every_hop_begun() -> None:
    for count in (1, 159, 160, 161, 16000):
        assert cepstra(np.zeros(count, np.float32)).shape == (-(-count // 160), 13)


def test_rows_are_centred_on_their_time() -> None:
    sound = np.zeros(16000, np.float32)
    sound[8000] = 1.0
    loud = cepstra(sound)[:, 0]
    heard = np.flatnonzero(loud > loud.min() + 1)
    assert abs(heard.mean() - 50) <= 1


def test_slopes_are_those_of_a_line() -> None:
    rows = np.arange(40, dtype=np.float32)[:, None] * np.ones(13, np.float32)
    table = with_slopes(rows, 1)
    assert np.allclose(table[10:30, 13:26], 4) and np.allclose(table[10:30, 26:], 0)


def test_parts_make_the_whole() -> None:
    sound = np.random.default_rng(3).normal(0, 0.1, 16000 * 60).astype(np.float32)
    assert np.allclose(cepstra(sound)[:100], cepstra(sound[:40000])[:100], atol=1e-3)
