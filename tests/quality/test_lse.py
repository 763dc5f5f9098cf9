"""SyncNet's figures without SyncNet's weights: shapes, padding, the sound's features, and what shuffling does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from clips import EXAMPLES

from countenance.errors import InputError
from countenance.media.probe import probe
from countenance.perception.perceive import perceive
from countenance.quality.lse import REACH, build, face_crops, load, lse_of, mfcc, score

RANDOM = np.random.default_rng(7)


def _signal(windows: int = 120, late: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Embeddings of mouths and of sounds that say the same, the sounds later by whole pictures."""
    both = RANDOM.standard_normal((windows + 40, 1024)).astype(np.float32)
    seen = both[20 : 20 + windows] + 0.3 * RANDOM.standard_normal((windows, 1024)).astype(np.float32)
    return seen, both[20 - late : 20 - late + windows]


def test_mouth_and_sound_that_agree_are_near_and_sure() -> None:
    found = score(*_signal())
    assert found.windows == 120
    assert found.distance < 12 < found.distance + found.confidence
    assert abs(found.offset_ms) < 2


@pytest.mark.parametrize("late", [-5, -1, 3, 10])
def test_a_constant_delay_is_found_and_does_not_show_in_the_distance(late: int) -> None:
    found = score(*_signal(late=late))
    assert found.offset_ms == pytest.approx(-40 * late, abs=3)  # a late sound is minus
    assert found.distance < 13


def test_shuffled_sounds_score_as_chance() -> None:
    seen, heard = _signal()
    mixed = score(seen, RANDOM.permutation(heard))
    assert mixed.confidence < 0.2 * score(seen, heard).confidence


def test_shifts_are_padded_with_nothing_as_in_the_published_evaluation() -> None:
    seen, heard = _signal(windows=60)
    shifted = np.concatenate([np.zeros((REACH, 1024), np.float32), heard])[:60]
    by_hand = np.linalg.norm(seen - shifted, axis=1).mean()
    padded = np.pad(heard, ((REACH, REACH), (0, 0)))
    assert np.linalg.norm(seen - padded[:60], axis=1).mean() == pytest.approx(by_hand)


def test_the_sounds_features_have_a_column_every_ten_milliseconds() -> None:
    tone = np.sin(2 * np.pi * 440 * np.arange(16000) / 16000).astype(np.float32) * 0.3
    found = mfcc(tone)
    assert found.shape == (99, 13)
    louder = mfcc(2 * tone)
    assert louder[:, 0] - found[:, 0] == pytest.approx(2 * np.log(2), abs=0.01)  # the energy; the rest hardly moves
    assert np.abs(louder[:, 1:] - found[:, 1:]).max() < 0.5
    other = mfcc(np.sin(2 * np.pi * 3000 * np.arange(16000) / 16000).astype(np.float32) * 0.3)
    assert np.abs(other[:, 1:] - found[:, 1:]).max() > 5


def test_faces_are_cut_25_times_a_second_at_224_pixels(ada_clip: Path) -> None:
    master = probe(ada_clip)
    (track,) = perceive(master).of_person(0)
    crops = list(face_crops(master, track))
    assert len(crops) == master.frames  # ada is at 25 pictures a second
    assert {crop.shape for crop in crops} == {(224, 224, 3)}


def test_missing_weights_are_named_with_where_they_come_from(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    with pytest.raises(InputError, match=r"no weights here; SyncNet's are published by their authors"):
        load(tmp_path / "syncnet_v2.model")


def test_another_file_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    other = tmp_path / "other.model"
    other.write_bytes(b"not a model")
    with pytest.raises(InputError, match="not SyncNet's weights"):
        load(other)


def test_the_network_has_the_published_size_and_runs_on_a_real_clip(tmp_path: Path) -> None:
    """With random weights the figures mean nothing, but every shape from file to score is used."""
    torch: Any = pytest.importorskip("torch")
    torch.manual_seed(1)
    parts = build()
    count = sum(weight.numel() for part in parts.values() for weight in part.parameters())
    assert count == pytest.approx(13.63e6, rel=0.01)
    state = {f"{name}.{key}": value for name, part in parts.items() for key, value in part.state_dict().items()}
    weights = tmp_path / "syncnet_v2.model"
    torch.save(state, weights)
    master = probe(EXAMPLES / "ada" / "master.mp4")
    (track, *_) = perceive(master).of_person(0)
    noise = RANDOM.standard_normal(16000 * 7).astype(np.float32) * 0.1
    found = lse_of(master, track, noise, weights)
    assert found.windows == master.frames - 5
    assert np.isfinite([found.distance, found.confidence, found.offset_ms]).all()
    with pytest.raises(InputError, match=r"needs 2\.0 s of a face"):
        lse_of(master, track, noise[:8000], weights)
