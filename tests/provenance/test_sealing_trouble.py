"""Bad days: what goes wrong while a file is sealed, or is wrong with what should be sealed or read."""

from __future__ import annotations

import multiprocessing
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest
from sealables import KINDS, RECORD, write_sealable

from countenance.errors import CountenanceError, InputError, IntegrityError
from countenance.provenance.authority import anchor_pem
from countenance.provenance.container import LARGEST_BYTES
from countenance.provenance.history import read_history
from countenance.provenance.sealing import extend, seal
from countenance.provenance.steps import transcoded
from countenance.store.project import Project, init_project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return init_project(tmp_path / "studio")


@pytest.fixture
def master(tmp_path: Path) -> Path:
    return write_sealable(tmp_path / "master.mp4")


def _nothing_half_sealed(folder: Path) -> bool:
    return not folder.exists() or list(folder.iterdir()) == []


def test_what_cannot_be_sealed_leaves_no_file(project: Project, master: Path, tmp_path: Path) -> None:
    (tmp_path / "text.mp4").write_bytes(b"no video at all")
    (tmp_path / "render.mkv").write_bytes(b"x")
    (tmp_path / "empty.mp4").write_bytes(b"")
    out = tmp_path / "out" / "sealed.mp4"
    with pytest.raises(InputError, match="is of no kind that can carry a signed history, not video/mp4"):
        seal(project, tmp_path / "text.mp4", out, RECORD, master)
    with pytest.raises(InputError, match="is of no kind that can carry a signed history"):
        seal(project, tmp_path / "empty.mp4", out, RECORD, master)
    with pytest.raises(InputError, match="cannot carry a signed history"):
        seal(project, tmp_path / "render.mkv", out, RECORD, master)
    with pytest.raises(InputError, match="cannot be read"):
        seal(project, tmp_path / "absent.mp4", out, RECORD, master)
    with pytest.raises(InputError, match="cannot be read"):
        seal(project, master, out, RECORD, tmp_path / "absent.mp4")
    with pytest.raises(InputError, match="agree on whether there was a master"):
        seal(project, master, out, RECORD, None)
    assert _nothing_half_sealed(out.parent)


@pytest.mark.parametrize("suffix", KINDS)
def test_a_file_that_claims_to_be_something_else_is_refused_by_name(
    project: Project, master: Path, tmp_path: Path, suffix: str
) -> None:
    real = write_sealable(tmp_path / f"real{suffix}")
    claims = tmp_path / ("claims.png" if suffix in (".mp4", ".m4a") else "claims.mp4")
    claims.write_bytes(real.read_bytes())
    with pytest.raises(InputError, match=r"not (image/png|video/mp4) as its name says; name it rightly"):
        seal(project, claims, tmp_path / "out" / claims.name, RECORD, master)
    assert _nothing_half_sealed(tmp_path / "out")
    assert read_history(claims, anchor_pem(project)).state == "none"


@pytest.mark.parametrize("suffix", KINDS)
def test_a_damaged_file_is_sealed_whole_or_not_at_all(
    project: Project, master: Path, tmp_path: Path, suffix: str
) -> None:
    content = write_sealable(tmp_path / f"whole{suffix}").read_bytes()
    for share in (0.05, 0.3, 0.7, 0.98):
        (tmp_path / f"cut{suffix}").write_bytes(content[: max(16, int(share * len(content)))])
        out = tmp_path / "out" / f"sealed{suffix}"
        try:
            seal(project, tmp_path / f"cut{suffix}", out, RECORD, master)
        except CountenanceError as refused:
            assert str(refused).endswith(".") and not out.exists()
        else:  # a container that says nothing of its length: then the seal is as good as any
            assert read_history(out, anchor_pem(project)).state == "Trusted"
            out.unlink()
        assert _nothing_half_sealed(out.parent)


def test_a_truncated_manifest_is_invalid_wherever_it_ends(project: Project, master: Path, tmp_path: Path) -> None:
    seal(project, write_sealable(tmp_path / "render.jpg"), tmp_path / "sealed.jpg", RECORD, master)
    content = (tmp_path / "sealed.jpg").read_bytes()
    start, end = content.index(b"jumb"), content.index(b"cpad")
    for cut in range(start, end, (end - start) // 25):
        # The end of the manifest is missing, what follows it is there.
        (tmp_path / "cut.jpg").write_bytes(content[:cut] + content[end + 1200 :])
        history = read_history(tmp_path / "cut.jpg", anchor_pem(project))
        assert history.state in ("Invalid", "none")


def _limited(code: str, megabytes: int, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run code in a process that may have so much memory beside what Python itself needs."""
    tests = str(Path(__file__).resolve().parents[1])
    head = f"import sys; sys.path.insert(0, {tests!r}); from pathlib import Path; import resource\n"
    head += "import c2pa, countenance.provenance.sealing\n"
    head += "used = int(open('/proc/self/statm').read().split()[0]) * resource.getpagesize()\n"
    head += f"resource.setrlimit(resource.RLIMIT_AS, (used + {megabytes << 20},) * 2)\n"
    return subprocess.run([sys.executable, "-c", head + code, *arguments], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("suffix", [".mp4", ".jpg", ".wav"])
def test_a_file_of_ten_gigabytes_is_refused_without_being_read(
    project: Project, master: Path, tmp_path: Path, suffix: str
) -> None:
    content = write_sealable(tmp_path / f"render{suffix}").read_bytes()
    large = tmp_path / f"large{suffix}"
    large.write_bytes(content)
    os.truncate(large, 10 << 30)  # sparse: it takes no room
    code = """
from sealables import RECORD
from countenance.errors import InputError
from countenance.provenance.history import read_history
from countenance.provenance.sealing import seal
from countenance.store.project import Project
project, large, out, master = Project(Path(sys.argv[1])), *map(Path, sys.argv[2:])
for action in (lambda: seal(project, large, out, RECORD, master), lambda: read_history(large, "")):
    try:
        action()
    except InputError as refused:
        print(refused)
"""
    out = tmp_path / "out" / f"sealed{suffix}"
    done = _limited(code, 300, str(project.root), str(large), str(out), str(master))
    assert done.returncode == 0, done.stderr
    first, second = done.stdout.splitlines()
    assert first == second
    assert "holds 10.0 GiB, but a signed history is handled only up to 2 GiB" in first
    assert _nothing_half_sealed(out.parent)


def test_a_master_too_large_to_be_read_is_named_by_its_hash(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert LARGEST_BYTES == 2 << 30
    master = write_sealable(tmp_path / "master.mp4")
    monkeypatch.setattr("countenance.provenance.sealing.LARGEST_BYTES", master.stat().st_size - 1)
    seal(project, write_sealable(tmp_path / "render.jpg"), tmp_path / "sealed.jpg", RECORD, master)
    history = read_history(tmp_path / "sealed.jpg", anchor_pem(project))
    (parent,) = history.manifest["ingredients"]
    assert (history.state, parent["relationship"]) == ("Trusted", "parentOf")
    assert parent["instance_id"].startswith("ni:///sha-256;")


@pytest.mark.parametrize("limit", [0, 1000, 8000, 20000, 24000])
def test_a_full_disk_while_signing_leaves_nothing(project: Project, master: Path, tmp_path: Path, limit: int) -> None:
    anchor_pem(project)  # the keys are there already
    render = write_sealable(tmp_path / "render.png")
    code = f"""
import signal
from sealables import RECORD
from countenance.errors import InputError
from countenance.provenance.sealing import seal
from countenance.store.project import Project
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, resource.RLIM_INFINITY))
project, render, out, master = Project(Path(sys.argv[1])), *map(Path, sys.argv[2:])
try:
    seal(project, render, out, RECORD, master)
except InputError as refused:
    print(refused)
"""
    out = tmp_path / "out" / "sealed.png"
    done = _limited(code, 4000, str(project.root), str(render), str(out), str(master))
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{out} cannot be written (File too large); nothing was sealed.\n"
    assert _nothing_half_sealed(out.parent)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a file system")
def test_a_disk_that_is_really_full_leaves_what_was_there(project: Project, master: Path, tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(small)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("This machine does not let a file system be mounted.")
    try:
        poster = write_sealable(small / "poster.png")
        before = poster.read_bytes()
        seal(project, write_sealable(tmp_path / "render.mp4"), tmp_path / "sealed.mp4", RECORD, master)
        with pytest.raises(InputError, match="No space left on device"):
            extend(project, tmp_path / "sealed.mp4", poster, [transcoded("png")])
        assert poster.read_bytes() == before
        assert [path.name for path in small.iterdir()] == ["poster.png"]
    finally:
        subprocess.run(["umount", str(small)], check=True)


def _seal_in_process(root: Path, render: Path, target: Path, master: Path) -> None:
    seal(Project(root), render, target, RECORD, master)


def test_two_signers_at_once_each_leave_a_whole_file(project: Project, master: Path, tmp_path: Path) -> None:
    # The project has no keys yet: they race for these as well, and for one target.
    render = write_sealable(tmp_path / "render.jpg")
    targets = [tmp_path / "one.jpg", tmp_path / "one.jpg", tmp_path / "two.jpg", tmp_path / "three.jpg"]
    context = multiprocessing.get_context("spawn")
    workers = [
        context.Process(target=_seal_in_process, args=(project.root, render, target, master)) for target in targets
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
        assert worker.exitcode == 0
    for target in set(targets):
        assert read_history(target, anchor_pem(project)).state == "Trusted"
    assert sorted(path.name for path in tmp_path.glob("*.jpg")) == ["one.jpg", "render.jpg", "three.jpg", "two.jpg"]
    assert not list(tmp_path.glob(".*"))


def test_a_signer_that_is_killed_leaves_what_was_there(project: Project, master: Path, tmp_path: Path) -> None:
    render = write_sealable(tmp_path / "render.jpg")
    seal(project, render, tmp_path / "sealed.jpg", RECORD, master)
    before = (tmp_path / "sealed.jpg").read_bytes()
    code = """
import os, signal
from sealables import RECORD
from countenance.provenance import sealing
from countenance.store.project import Project
sealing.read_history = lambda *_: os.kill(os.getpid(), signal.SIGKILL)  # signed, not yet checked
root, render, out, master = map(Path, sys.argv[1:])
sealing.seal(Project(root), render, out, RECORD, master)
"""
    out = tmp_path / "sealed.jpg"
    done = _limited(code, 4000, str(project.root), str(render), str(out), str(master))
    assert done.returncode == -9
    assert out.read_bytes() == before


def test_a_seal_that_does_not_check_out_is_no_seal(
    project: Project, master: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "countenance.provenance.sealing.manifest_contradictions", lambda *_: ("the manifest says something else",)
    )
    with pytest.raises(IntegrityError, match="does not check out"):
        seal(project, write_sealable(tmp_path / "render.jpg"), tmp_path / "out" / "sealed.jpg", RECORD, master)
    assert _nothing_half_sealed(tmp_path / "out")
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY  # limits hold in children alone
