from __future__ import annotations

from dataclasses import replace

import av
import numpy as np
import pytest
from records import RECORD as MADE
from records import VOICE

from countenance.media.audio import Samples, read_audio
from countenance.media.loudness import integrated_lufs
from countenance.provenance.disclosure import EngineUse, spoken_text
from countenance.provenance.label import Label
from countenance.provenance.notice import EVERY_S, PAUSE_S, heard_notice, notice, with_notice
from countenance.provenance.wording import WORDINGS

RATE_HZ = 16000
RECORD = replace(MADE, engines=(VOICE,), grants=())


def babble(seconds: float, seed: int = 1, channels: int = 1) -> Samples:
    """Noise in syllables of 0.2 s, with a pause of 0.6 s every 5 s."""
    rng = np.random.default_rng(seed)
    count = int(seconds * RATE_HZ)
    times = np.arange(count) / RATE_HZ
    level = (0.5 + 0.5 * np.sin(2 * np.pi * times / 0.4)) * (times % 5 < 4.4)
    return (0.1 * level[:, None] * rng.standard_normal((count, channels))).astype(np.float32)


@pytest.mark.parametrize("language", sorted(WORDINGS))
def test_every_language_has_a_voice_that_says_it(language: str) -> None:
    spoken = notice(replace(RECORD, language=language), RATE_HZ)
    assert spoken is not None and 1.5 < len(spoken) / RATE_HZ < 12
    assert float(np.abs(spoken).max()) > 0.1


def test_it_stands_at_the_start_and_is_as_loud_as_the_rest() -> None:
    sound = babble(8, channels=2)
    told = with_notice(sound, RATE_HZ, RECORD)
    said = notice(RECORD, RATE_HZ)
    assert said is not None and told.shape == (len(said) + round(PAUSE_S * RATE_HZ) + len(sound), 2)
    assert np.array_equal(told[-len(sound) :], sound)
    assert integrated_lufs(told[: len(said)], RATE_HZ) == pytest.approx(integrated_lufs(sound, RATE_HZ), abs=1.0)
    assert heard_notice(told, RATE_HZ, RECORD) == (0.0,)


def test_none_is_due_where_the_voice_is_the_speaker_s_own_or_none_is_wanted() -> None:
    face = replace(RECORD, engines=(EngineUse("face", "countenance.swap", "1"),))
    silent = replace(RECORD, label=Label(notice="none"))
    for record in (face, silent):
        assert spoken_text(record) == "" and notice(record, RATE_HZ) is None
        sound = babble(2)
        assert np.array_equal(with_notice(sound, RATE_HZ, record), sound)
        assert heard_notice(sound, RATE_HZ, record) is None


def test_long_form_says_it_again_in_a_pause() -> None:
    sound = babble(2.2 * EVERY_S)
    told = with_notice(sound, RATE_HZ, RECORD)
    heard = heard_notice(told, RATE_HZ, RECORD)
    assert heard is not None and len(heard) == 3 and heard[0] == 0
    said = notice(RECORD, RATE_HZ)
    assert said is not None
    added = len(said) / RATE_HZ
    assert EVERY_S <= heard[1] - added - PAUSE_S <= EVERY_S + 6
    # Cutting out what was said gives the sound back whole: it was opened where nobody speaks.
    quiet = told[round((heard[1] - PAUSE_S - 0.2) * RATE_HZ) : round((heard[1] - PAUSE_S) * RATE_HZ)]
    assert float(np.abs(quiet).max()) < 0.02


def test_another_language_or_sound_is_not_taken_for_it() -> None:
    assert heard_notice(babble(10), RATE_HZ, RECORD) == ()
    assert heard_notice(with_notice(babble(4), RATE_HZ, replace(RECORD, language="fr")), RATE_HZ, RECORD) == ()
    assert heard_notice(babble(1), RATE_HZ, RECORD) == ()


@pytest.mark.parametrize("bit_rate", [32_000, 64_000])
def test_it_is_heard_after_a_lossy_encoder(tmp_path_factory: pytest.TempPathFactory, bit_rate: int) -> None:
    path = tmp_path_factory.mktemp("sound") / "told.m4a"
    told = with_notice(babble(6), RATE_HZ, RECORD)[:, 0]
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=RATE_HZ, layout="mono")
        stream.bit_rate = bit_rate
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(told[None]), format="fltp", layout="mono")
        frame.sample_rate = RATE_HZ
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    back = read_audio(path, RATE_HZ)
    assert back is not None
    heard = heard_notice(back, RATE_HZ, RECORD)
    assert heard is not None and len(heard) == 1 and heard[0] < 0.2
