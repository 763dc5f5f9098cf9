from __future__ import annotations

import shutil
import struct
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from exports import Released, make_released
from packages import RECORD, make_package
from sqlalchemy import update

from countenance.campaign import exporting
from countenance.campaign.exporting import KIND, export_variant
from countenance.delivery.viewing import view
from countenance.errors import CountenanceError, InputError, IntegrityError, RightsError
from countenance.ledger.log import entries, transaction, verify
from countenance.media.export import ExportProfile, Rung, export_profile
from countenance.provenance.disclosure import badge_text
from countenance.provenance.history import read_history
from countenance.provenance.manifest import MARK_ALGORITHM, SOUND_MARK_ALGORITHM, bound_marks
from countenance.provenance.metadata import read_source_type
from countenance.provenance.signing import anchors_of
from countenance.provenance.verify import verify_file
from countenance.rights.register import withdraw_grant
from countenance.store.files import read_json, sha256_file, write_json
from countenance.store.project import Project, init_project
from countenance.store.tables import release

ACTOR = "ops@example.org"


def quick(name: str, rungs: int = 9) -> ExportProfile:
    """A house profile with a fast preset of its encoder."""
    profile = export_profile(name)
    return replace(profile, picture=replace(profile.picture, preset="superfast"), rungs=profile.rungs[:rungs])


@pytest.fixture(scope="module")
def _made(tmp_path_factory: pytest.TempPathFactory) -> Released:
    return make_released(tmp_path_factory.mktemp("released"), Fraction(3))


@pytest.fixture
def released(_made: Released, tmp_path: Path) -> Released:
    """A copy that a test may change."""
    return _copy(_made, tmp_path)


def _copy(made: Released, folder: Path) -> Released:
    shutil.copytree(made.project.root, folder / "studio")
    shutil.copytree(made.package, folder / "packages" / made.variant)
    return Released(Project(folder / "studio"), folder / "packages" / made.variant)


def _left(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


@pytest.fixture(scope="module")
def out(_made: Released, tmp_path_factory: pytest.TempPathFactory) -> Released:
    """A copy for the fixture `exported`."""
    return _copy(_made, tmp_path_factory.mktemp("exported"))


@pytest.fixture(scope="module")
def exported(out: Released) -> dict[str, Path]:
    """A file and a ladder of the same release, by the profile's name."""
    names = ("web-h264", "streaming")
    return {name: export_variant(out.project, out.package, quick(name), ACTOR).path for name in names}


def test_an_export_lies_in_the_package_with_what_was_checked(out: Released, exported: dict[str, Path]) -> None:
    assert exported["web-h264"] == out.package / "web-h264.mp4"
    facts = read_json(out.package / "web-h264.json")
    assert (facts["variant"], facts["release"], facts["profile"]) == (out.variant, out.release, "web-h264")
    (told,) = facts["files"]
    assert told["sha256"] == sha256_file(exported["web-h264"])
    assert all(check["kept"] for check in told["checks"]) and len(told["checks"]) >= 24


def test_a_ladder_is_a_folder_of_sealed_tracks_and_what_names_them(exported: dict[str, Path]) -> None:
    assert _left(exported["streaming"]) == {
        "main.m3u8", "main.mpd", "audio.m4a", "audio.m3u8", "captions-de.vtt", "captions-de.m3u8",
        *(f"video-{side}.{kind}" for side in (720, 480, 360) for kind in ("mp4", "m3u8")),
    }  # fmt: skip


def test_every_export_is_entered_with_the_hashes_of_its_files(out: Released, exported: dict[str, Path]) -> None:
    told = {one.data["profile"]: one for one in entries(out.project) if one.kind == KIND}
    assert {one.actor for one in told.values()} == {ACTOR}
    streaming = told["streaming"].data
    assert streaming["release"] == out.release
    for file, sha256 in streaming["files"].items():
        assert sha256_file(out.package / file) == sha256
    assert verify(out.project).ok


def test_every_media_file_continues_the_history_of_the_release(out: Released, exported: dict[str, Path]) -> None:
    files = [exported["web-h264"], *exported["streaming"].glob("*.mp4"), exported["streaming"] / "audio.m4a"]
    for path in files:
        history = read_history(path, anchors_of(out.project))
        assert (history.state, history.release_id) == ("Trusted", out.release)
        assert read_source_type(path) == "compositeWithTrainedAlgorithmicMedia"
        medium = {"web-h264.mp4": {MARK_ALGORITHM, SOUND_MARK_ALGORITHM}, "audio.m4a": {SOUND_MARK_ALGORITHM}}
        assert set(bound_marks(history.manifest)) == medium.get(path.name, {MARK_ALGORITHM})


@pytest.mark.parametrize("name", ["web-h264.mp4", "streaming/video-360.mp4", "streaming/audio.m4a"])
def test_a_file_of_an_export_is_ours_and_intact(out: Released, exported: dict[str, Path], name: str) -> None:
    found = verify_file(out.project, out.package / name)
    assert (found.ours, found.released, found.intact, found.release_id) == (True, True, True, out.release)


@pytest.mark.parametrize("name", ["web-h264.mp4", "streaming/video-720.mp4", "streaming/video-360.mp4"])
def test_the_marks_name_the_release_when_the_history_was_stripped(
    out: Released, exported: dict[str, Path], tmp_path: Path, name: str
) -> None:
    """Scaled to half its size and encoded a second time, the picture still says whose it is."""
    stripped = _stripped(out.package / name, tmp_path / Path(name).name)
    found = verify_file(out.project, stripped)
    assert (found.c2pa, found.released, found.intact, found.release_id) == ("none", True, False, out.release)
    assert next(one for one in found.findings if one.about == "mark").state == "found"


def test_a_second_export_takes_the_place_of_the_first(released: Released) -> None:
    first = export_variant(released.project, released.package, quick("streaming"), ACTOR)
    (first.path / "stray.mp4").write_bytes(b"")
    export_variant(released.project, released.package, quick("streaming", rungs=2), ACTOR)
    assert "stray.mp4" not in _left(first.path)
    assert not [name for name in _left(released.package) if name.startswith(".")]


def test_it_can_be_named_by_its_id_and_go_elsewhere(released: Released, tmp_path: Path) -> None:
    with transaction(released.project) as ledger:
        ledger.connection.execute(update(release).values(package=str(released.package)))
    made = export_variant(released.project, released.variant.lower(), quick("web-h264"), ACTOR, out=tmp_path / "out")
    assert made.path == tmp_path / "out" / released.variant / "web-h264.mp4"
    assert "web-h264.mp4" not in _left(released.package)


def test_what_may_not_be_shown_is_not_exported(released: Released) -> None:
    withdraw_grant(released.project, "ben", "ops", "asked for it")
    with pytest.raises(RightsError) as caught:
        export_variant(released.project, released.package, quick("web-h264"), ACTOR)
    assert caught.value.reasons == ("the release was withdrawn",)
    assert _left(released.package) == {"video.mp4", "captions.vtt", "receipt.json"}


def test_a_channel_that_it_was_not_released_for_is_refused(released: Released) -> None:
    path = released.project.releases / released.release / "release.json"
    write_json(path, {**read_json(path), "receipt": {"scope": {"markets": ["DE"], "channels": ["web"]}}})
    with pytest.raises(RightsError) as caught:
        export_variant(released.project, released.package, quick("youtube"), ACTOR)
    assert caught.value.reasons == ("it was not released for the channel youtube",)
    with pytest.raises(RightsError):
        export_variant(released.project, released.package, quick("web-h264"), ACTOR, channel="tiktok")
    export_variant(released.project, released.package, quick("youtube"), ACTOR, channel="web")


def test_a_withdrawal_while_it_is_made_leaves_nothing(released: Released, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "_ASK_EVERY_S", 0.0)
    seen: list[int] = []

    def withdrawn(done: int, _of: int) -> None:
        if not seen:
            withdraw_grant(released.project, "ben", "ops", "asked for it")
        seen.append(done)

    with pytest.raises(RightsError):
        export_variant(released.project, released.package, quick("web-h264"), ACTOR, progress=withdrawn)
    assert len(seen) < 75
    assert _left(released.package) == {"video.mp4", "captions.vtt", "receipt.json"}
    assert not [one for one in entries(released.project) if one.kind == KIND]


def test_a_withdrawal_in_the_last_moment_leaves_nothing(released: Released, monkeypatch: pytest.MonkeyPatch) -> None:
    checked = exporting.check_export

    def late(*arguments: object, **named: object) -> object:
        withdraw_grant(released.project, "ben", "ops", "asked for it")
        return checked(*arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(exporting, "check_export", late)
    with pytest.raises(RightsError):
        export_variant(released.project, released.package, quick("web-h264"), ACTOR)
    assert _left(released.package) == {"video.mp4", "captions.vtt", "receipt.json"}
    assert not [one for one in entries(released.project) if one.kind == KIND]


def test_another_video_than_the_released_one_is_refused(released: Released) -> None:
    (released.project.releases / released.release / "video.mp4").unlink()
    with (released.package / "video.mp4").open("ab") as stream:
        stream.write(struct.pack(">I4s", 8, b"free"))
    with pytest.raises(IntegrityError, match="is not the file that was released"):
        export_variant(released.project, released.package, quick("web-h264"), ACTOR)


def test_a_programme_that_is_too_long_for_its_place_is_refused(released: Released) -> None:
    short = replace(quick("web-h264"), seconds=2)
    with pytest.raises(CountenanceError, match=r"lasts 3\.0 s, but web-h264 takes at most 2 s"):
        export_variant(released.project, released.package, short, ACTOR)


def test_a_file_that_could_not_be_signed_is_refused_before_it_is_made(
    released: Released, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "LARGEST_BYTES", 1 << 20)
    with pytest.raises(CountenanceError, match=r"broadcast-25 would make a file of .* export at most 0\.0 minutes"):
        export_variant(released.project, released.package, export_profile("broadcast-25"), ACTOR)


def test_what_a_killed_run_left_is_cleared_away(released: Released) -> None:
    left = released.package / ".web-h264.part"
    left.mkdir()
    (left / "web-h264.mp4").write_bytes(b"half")
    export_variant(released.project, released.package, quick("web-h264"), ACTOR)
    assert _left(released.package) == {"video.mp4", "captions.vtt", "receipt.json", "web-h264.mp4", "web-h264.json"}


def test_what_does_not_keep_its_profile_is_not_handed_over(released: Released) -> None:
    """The encoder is told to make keyframes where it likes."""
    profile = quick("web-h264")
    loose = replace(profile, picture=replace(profile.picture, options={"g": "7", "keyint_min": "7"}))
    with pytest.raises(CountenanceError, match="a keyframe is at 0, 7, 14"):
        export_variant(released.project, released.package, loose, ACTOR)
    assert _left(released.package) == {"video.mp4", "captions.vtt", "receipt.json"}


def test_a_channel_that_is_too_narrow_is_kept_all_the_same(released: Released) -> None:
    narrow = replace(quick("web-h264"), rungs=(Rung(480, 250, 250),))
    made = export_variant(released.project, released.package, narrow, ACTOR)
    assert made.facts["files"][0]["broken"] == []


def test_an_unknown_variant_is_told(released: Released) -> None:
    with pytest.raises(InputError, match="neither a package nor the id"):
        export_variant(released.project, "01NOBODY", quick("web-h264"), ACTOR)


@pytest.fixture(scope="module")
def labelled(tmp_path_factory: pytest.TempPathFactory) -> Released:
    """A wide release that bears its badge."""
    return _labelled(tmp_path_factory.mktemp("labelled"), labelled=True)


def _labelled(folder: Path, *, labelled: bool) -> Released:
    project = init_project(folder / "studio")
    package = make_package(project, folder / "out", RECORD, size=(640, 360), labelled=labelled)
    record = {**RECORD.to_json(), "sha256": sha256_file(package / "video.mp4")}
    with transaction(project) as ledger:
        ledger.connection.execute(update(release).values(record=record))
    return Released(project, package, RECORD.variant_id, RECORD.release_id)


@pytest.mark.long
def test_an_upright_export_shows_the_face_and_a_badge_of_its_own(labelled: Released) -> None:
    profile = quick("tiktok")
    made = export_variant(labelled.project, labelled.package, profile, ACTOR)
    assert made.facts["files"][0]["size"] == [1080, 1920]
    looked = view(made.path)
    assert all(bool(np.isfinite(one).all()) for one in looked.seen.faces[0])  # the face is in every picture
    told = str(read_history(made.path, anchors_of(labelled.project)).manifest)
    assert "c2pa.cropped" in told and badge_text(RECORD) in told


@pytest.mark.long
def test_a_badge_that_cannot_be_found_is_not_lifted_off(tmp_path: Path) -> None:
    bare = _labelled(tmp_path, labelled=False)
    with pytest.raises(IntegrityError, match="bears a label that is not drawn so any more"):
        export_variant(bare.project, bare.package, quick("tiktok"), ACTOR)


def _stripped(source: Path, target: Path) -> Path:
    """The same streams in a new file without history."""
    with av.open(str(source)) as origin, av.open(str(target), "w") as container:
        copies = {stream.index: container.add_stream_from_template(stream) for stream in origin.streams}
        for packet in origin.demux():
            if packet.size:
                packet.stream = copies[packet.stream.index]
                container.mux(packet)
    return target
