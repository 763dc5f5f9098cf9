from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from countenance.delivery.package import FILES, Package, write_package
from countenance.errors import InputError


@pytest.fixture
def package(tmp_path: Path) -> Package:
    video = tmp_path / "sealed.mp4"
    video.write_bytes(b"sealed bytes" * 1000)
    return Package(
        video=video,
        poster_jpeg=b"\xff\xd8\xff",
        captions_vtt="WEBVTT\n",
        captions_srt="",
        transcript="Grüße\n",
        jsonld={"@type": "VideoObject", "name": "Grüße"},
        qc={"verdict": {"passed": True}},
        qc_html="<!doctype html>",
        receipt={"release": "1"},
        beside={"transcript.html": "<p>Grüße</p>\n", "transcript.times.txt": "0:00 Grüße\n"},
    )


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_package_holds_its_files(tmp_path: Path, package: Package) -> None:
    folder = write_package(tmp_path / "out", "ben-de", package)
    assert folder == tmp_path / "out" / "ben-de"
    assert names(folder) == sorted(FILES)
    assert (folder / "video.mp4").read_bytes() == package.video.read_bytes()
    assert json.loads((folder / "video.jsonld").read_text(encoding="utf-8"))["name"] == "Grüße"
    assert names(tmp_path / "out") == ["ben-de"]


def test_a_second_package_replaces_the_first_whole(tmp_path: Path, package: Package) -> None:
    folder = write_package(tmp_path / "out", "ben-de", package)
    (folder / "stray.txt").write_text("from before")
    write_package(tmp_path / "out", "ben-de", replace(package, transcript="Neu\n"))
    assert names(folder) == sorted(FILES)
    assert (folder / "transcript.txt").read_text() == "Neu\n"
    assert names(tmp_path / "out") == ["ben-de"]


def test_patches_lie_in_a_folder_of_their_own(tmp_path: Path, package: Package) -> None:
    painted = tmp_path / "painted" / "presenter" / "patch"
    painted.mkdir(parents=True)
    (painted / "000000.png").write_bytes(b"\x89PNG")
    folder = write_package(tmp_path / "out", "ben-de", replace(package, patches=tmp_path / "painted"))
    assert names(folder) == sorted([*FILES, "patches"])
    assert (folder / "patches/presenter/patch/000000.png").read_bytes() == b"\x89PNG"
    assert (painted / "000000.png").is_file()


@pytest.mark.parametrize("change", [{"receipt": {"bad": float("nan")}}, {"video": Path("/nowhere/video.mp4")}])
def test_a_failure_leaves_nothing_new_and_the_old_package_as_it_was(
    tmp_path: Path, package: Package, change: dict[str, object]
) -> None:
    out = tmp_path / "out"
    with pytest.raises((InputError, ValueError)):
        write_package(out, "ben-de", replace(package, **change))  # type: ignore[arg-type]
    assert names(out) == []
    write_package(out, "ben-de", package)
    with pytest.raises((InputError, ValueError)):
        write_package(out, "ben-de", replace(package, **change))  # type: ignore[arg-type]
    assert names(out) == ["ben-de"] and names(out / "ben-de") == sorted(FILES)


def test_what_a_killed_run_left_is_cleared_away(tmp_path: Path, package: Package) -> None:
    out = tmp_path / "out"
    (out / ".ben-de.part").mkdir(parents=True)
    (out / ".ben-de.part" / "video.mp4").write_bytes(b"half")
    write_package(out, "ben-de", package)
    assert names(out) == ["ben-de"]


def test_a_run_that_was_killed_between_the_two_renames_is_made_good(tmp_path: Path, package: Package) -> None:
    out = tmp_path / "out"
    write_package(out, "ben-de", package).rename(out / ".ben-de.old")
    with pytest.raises(InputError):
        write_package(out, "ben-de", replace(package, video=tmp_path / "gone.mp4"))
    assert names(out / "ben-de") == sorted(FILES)


@pytest.mark.parametrize("name", ["../ben", "a/b", "", ".", "..", ".hidden"])
def test_names_that_lead_elsewhere_are_refused(tmp_path: Path, package: Package, name: str) -> None:
    with pytest.raises(InputError, match="cannot be the name of a package folder"):
        write_package(tmp_path / "out", name, package)
    assert not (tmp_path / "out").exists()
