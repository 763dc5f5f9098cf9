from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from sealables import RECORD, write_sealable

from countenance.campaign.sealed import POSTER, UNSEALED_POSTER, UNSEALED_VIDEO, VIDEO, clear_unsealed, is_encoded
from countenance.campaign.sealed import seal_files as seal_all
from countenance.errors import InputError
from countenance.provenance.authority import anchor_pem
from countenance.provenance.history import read_history
from countenance.provenance.manifest import MARK_ALGORITHM, SOUND_MARK_ALGORITHM
from countenance.provenance.metadata import read_source_type
from countenance.store.files import sha256_file
from countenance.store.project import Project, init_project

RECEIPT = {"inputs": {"references": [{"sha256": "ab" * 32}]}}


@pytest.fixture
def task(tmp_path: Path) -> Any:
    """What sealing asks of a task: its project, its master and the samples of its dub."""
    voice = np.random.default_rng(1).normal(0, 0.1, 4800).astype(np.float32)
    return SimpleNamespace(
        project=init_project(tmp_path / "studio"),
        brief=SimpleNamespace(master=write_sealable(tmp_path / "master.mp4")),
        dub=SimpleNamespace(speech=SimpleNamespace(samples=voice)),
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A release's folder after the encode."""
    (tmp_path / "release").mkdir()
    for name in (UNSEALED_VIDEO, UNSEALED_POSTER):
        write_sealable(tmp_path / "release" / name)
    return tmp_path / "release"


def seal_files(task: Any, folder: Path, sound_marked: bool = True) -> dict[str, Any]:
    return seal_all(task, RECORD, RECEIPT, folder, poster_s=Fraction(1, 25), sound_marked=sound_marked)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_video_and_poster_are_sealed_described_and_linked(task: Any, folder: Path) -> None:
    assert is_encoded(folder)
    told = seal_files(task, folder)
    anchor = anchor_pem(task.project)
    video, poster = (read_history(folder / name, anchor) for name in (VIDEO, POSTER))
    assert (video.state, poster.state) == ("Trusted", "Trusted")
    assert told["seal"] == {"manifest_id": video.manifest_id, "sha256": sha256_file(folder / VIDEO)}
    assert told["poster"] == {"manifest_id": poster.manifest_id, "sha256": sha256_file(folder / POSTER)}
    assert poster.manifest["ingredients"][0]["active_manifest"] == video.manifest_id
    assert {one["title"] for one in video.manifest["ingredients"]} == {"master", "voice", "reference-1"}
    assert set(video.marks) == {MARK_ALGORITHM, SOUND_MARK_ALGORITHM} and set(poster.marks) == {MARK_ALGORITHM}
    assert {read_source_type(folder / name) for name in (VIDEO, POSTER)} == {"compositeWithTrainedAlgorithmicMedia"}
    assert names(folder) == sorted([VIDEO, POSTER, UNSEALED_VIDEO, UNSEALED_POSTER])
    clear_unsealed(folder)
    assert names(folder) == sorted([VIDEO, POSTER])
    assert not is_encoded(folder)


def test_sealing_that_was_stopped_is_done_again(task: Any, folder: Path) -> None:
    first = seal_files(task, folder)
    (folder / "sealing").mkdir()
    (folder / "sealing" / VIDEO).write_bytes(b"half")
    again = seal_files(task, folder)
    assert first["seal"]["manifest_id"] != again["seal"]["manifest_id"]
    assert read_history(folder / POSTER, anchor_pem(task.project)).state == "Trusted"


def test_where_something_cannot_be_sealed_nothing_is(task: Any, folder: Path) -> None:
    (folder / UNSEALED_POSTER).write_bytes(b"no picture")
    with pytest.raises(InputError, match="no source type is written into"):
        seal_files(task, folder)
    assert names(folder) == sorted([UNSEALED_VIDEO, UNSEALED_POSTER])


def test_without_a_mark_in_the_sound_none_is_claimed(task: Any, folder: Path) -> None:
    seal_files(task, folder, sound_marked=False)
    assert set(read_history(folder / VIDEO, anchor_pem(task.project)).marks) == {MARK_ALGORITHM}


def test_a_release_with_the_masters_own_voice_has_no_voice_track(task: Any, folder: Path, tmp_path: Path) -> None:
    task.dub = None
    record = replace(RECORD, engines=RECORD.engines[:1], language="en")
    seal_all(task, record, RECEIPT, folder, poster_s=Fraction(0), sound_marked=True)
    history = read_history(folder / VIDEO, anchor_pem(Project(task.project.root)))
    assert {one["title"] for one in history.manifest["ingredients"]} == {"master", "reference-1"}
