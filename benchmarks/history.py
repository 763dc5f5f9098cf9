"""Whether the signed history of every kind of file is trusted by others, and what of a changed file goes unseen."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any
from unittest import mock

import av
import c2pa
import encypher_c2pa
import numpy as np
from PIL import Image

from benchmarks.tables import REPOSITORY, Table, footage
from countenance.provenance import authority
from countenance.provenance.authority import anchor_pem, ensure_authority
from countenance.provenance.container import MEDIA_TYPES, embedded, kind_of
from countenance.provenance.disclosure import EngineUse, ReleaseRecord
from countenance.provenance.history import read_history
from countenance.provenance.manifest import MARK_ALGORITHM, SOUND_MARK_ALGORITHM
from countenance.provenance.sealing import extend, seal, seal_voice
from countenance.provenance.steps import still
from countenance.store.project import Project, init_project

KINDS = (".jpg", ".png", ".webp", ".mp4", ".m4a", ".wav", ".mp3")
TRIES = 1000
EVERY = 5
ADA = REPOSITORY / "examples" / "ada" / "master.mp4"
RECORD = ReleaseRecord(
    release_id="01JD3ZRELEASE", variant_id="01JD3ZVARIANT", mark_id="00ff00ff00ff00ff",
    released_at="2026-11-20T10:00:00.000000Z", receipt_sha256="ab" * 32, language="de", master_language="en",
    master_source_type="digitalCapture",
    engines=(EngineUse("face", "countenance.swap", "0.1.0"), EngineUse("voice", "espeak-ng", "1.52")),
    badge="corner", grants=("cd" * 32,),
)  # fmt: skip
FIXTURES = {
    "A.jpg": "never sealed: none", "C.jpg": "sealed: Valid", "CA.jpg": "sealed, from another: Valid",
    "C_with_CAWG_data.jpg": "sealed, names its maker: Valid", "sample1_signed.wav": "sealed: Valid",
    "video1.mp4": "sealed: Valid", "CIE-sig-CA.jpg": "what it was made from was changed: Invalid",
}  # fmt: skip

_READER = """
import sys, c2pa
settings = {"trust": {"user_anchors": open(sys.argv[1]).read(), "trust_config": "1.3.6.1.5.5.7.3.4\\n"}}
for path in sys.argv[2:]:
    with c2pa.Context.from_dict(settings) as context, c2pa.Reader(path, context=context) as reader:
        print(reader.get_validation_state())
"""


def run() -> list[Table]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        project = init_project(folder / "studio")
        sealed, sizes, costs = _seal_all(project, folder)
        return [
            _states(project, folder, sealed, sizes, costs),
            _flips(project, folder, sealed),
            _expired(folder),
            *_fixtures(),
        ]


def _seal_all(project: Project, folder: Path) -> tuple[list[Path], list[int], list[float]]:
    """One file of each kind and a poster derived from the video; their sizes before; CPU seconds to seal each."""
    master = folder / "master.mp4"
    _write(master)
    _write(folder / "spoken.wav")
    seal_voice(project, folder / "spoken.wav", folder / "voice.wav", RECORD)
    sealed, sizes, costs = [], [], []
    for suffix in KINDS:
        plain, target = folder / f"plain{suffix}", folder / f"sealed{suffix}"
        _write(plain)
        start = time.process_time()
        seal(
            project, plain, target, RECORD, master, voice=folder / "voice.wav", references=["ab" * 32, "cd" * 32],
            marks=(MARK_ALGORITHM, SOUND_MARK_ALGORITHM),
        )  # fmt: skip
        costs.append(time.process_time() - start)
        sealed.append(target)
        sizes.append(plain.stat().st_size)
    poster = folder / "poster.jpg"
    _write(poster)
    sizes.append(poster.stat().st_size)
    start = time.process_time()
    extend(project, folder / "sealed.mp4", poster, [still(Fraction(1, 2))], title="poster")
    costs.append(time.process_time() - start)
    return [*sealed, poster], sizes, costs


def _states(
    project: Project, folder: Path, sealed: Sequence[Path], sizes: Sequence[int], costs: Sequence[float]
) -> Table:
    root = folder / "root.pem"
    root.write_text(anchor_pem(project))
    told = subprocess.run(
        [sys.executable, "-I", "-c", _READER, str(root), *map(str, sealed)], capture_output=True, text=True, check=True
    ).stdout.split()
    rows = []
    for path, state, size, cost in zip(sealed, told, sizes, costs, strict=True):
        start = time.process_time()
        own = read_history(path, root.read_text()).state
        read_s = time.process_time() - start
        added = (path.stat().st_size - size) / 1024
        rows.append((_name(path), own, state, _encypher(path, root.read_text()), added, cost * 1000, read_s * 1000))
    return Table(
        "Sealed files, as others read them",
        ("kind", "here", "c2pa's own reader", "encypher-c2pa", "KiB added", "ms to seal", "ms to read"),
        tuple(rows),
        (
            "The readers get the file and the root certificate, nothing else; c2pa's runs in a process of its own. "
            "encypher-c2pa is another implementation; its words for a trusted file are 'valid_for_supplied_material'.",
            "The history names a master, a voice track with a history of its own and two stills by hash; the poster's "
            "continues that of the video. CPU time, with the reading back.",
        ),
    )


def _flips(project: Project, folder: Path, sealed: Sequence[Path]) -> Table:
    anchor = anchor_pem(project)
    rows = []
    for path in sealed:
        content = path.read_bytes()
        random = np.random.default_rng(2026)
        places, bits = random.integers(0, len(content), TRIES), random.integers(0, 8, TRIES)
        kind = str(kind_of(path))
        store = embedded(content, kind).store
        frame = _store_places(content, store, kind)
        scratch = folder / f"scratch{path.suffix}"
        readers: tuple[Callable[[Path], bool], ...] = (
            lambda file: read_history(file, anchor).state == "Trusted",
            lambda file: _plain_state(file, anchor) == "Trusted",
            lambda file: _encypher(file, anchor).startswith("valid"),
        )
        unseen = [_unseen(content, scratch, places, bits, reader) for reader in readers]
        around = _unseen(content, scratch, frame, frame // EVERY % 8, readers[0])
        rows.append((_name(path), len(content), len(store), *unseen, f"{around} of {len(frame)}"))
    return Table(
        "Files with one flipped bit that still read as Trusted",
        ("kind", "bytes", "of them manifest", f"here, {TRIES} bits", "c2pa's own reader, the same bits",
         "encypher-c2pa, the same bits", f"here, a bit of every {EVERY}th byte in and around the manifest"),
        tuple(rows),
        (
            "C2PA's hashes leave out bytes without information: the frame of the manifest store, the zeros behind the "
            "signature, the boxes ftyp, free, skip and mfra of an MP4. Readers of C2PA pass over changes there; here "
            "they are held to what was written. They are about 1100 bytes, so that in a file of a megabyte every "
            "thousandth flip goes unseen by other readers; these files are small, so that many do.",
        ),
    )  # fmt: skip


def _unseen(
    content: bytes, scratch: Path, places: Sequence[int] | Any, bits: Any, trusted: Callable[[Path], bool]
) -> int:
    scratch.write_bytes(content)
    found = 0
    with scratch.open("r+b", buffering=0) as stream:
        for place, bit in zip(places, bits, strict=True):
            stream.seek(int(place))
            stream.write(bytes([content[place] ^ 1 << int(bit)]))
            found += trusted(scratch)
            stream.seek(int(place))
            stream.write(content[place : place + 1])
    return found


def _store_places(content: bytes, store: bytes, kind: str) -> Any:
    """Bytes of the manifest store and around it; a JPEG's may be in several segments with heads between."""
    start = content.index(store[16:48]) - 16
    end = start + len(store) + (64 if kind == "image/jpeg" else 8)
    return np.arange(max(0, start - 64), min(len(content), end), EVERY)


def _expired(folder: Path) -> Table:
    """Files sealed under a certificate that lives a few seconds, read after its end."""
    project = init_project(folder / "expiring")
    with mock.patch.object(authority, "SIGNER_LIFE", authority.CLOCK_SKEW + timedelta(seconds=8)):
        ensure_authority(project)
    plain = folder / "plain.jpg"
    with mock.patch.object(authority, "RENEW_BEFORE_END", timedelta(0)):
        seal(project, plain, folder / "without.jpg", RECORD, folder / "master.mp4")
        with project.settings_path.open("a") as settings:
            settings.write('[signing]\ntimestamp = "local"\n')
        seal(project, plain, folder / "with.jpg", RECORD, folder / "master.mp4")
        anchor = anchor_pem(project)
        files = [folder / "without.jpg", folder / "with.jpg"]
        before = [read_history(path, anchor).state for path in files]
        end = datetime.now(UTC) + timedelta(seconds=12)
        while datetime.now(UTC) < end and read_history(files[0], anchor).state == "Trusted":
            time.sleep(0.2)
        rows = [
            (name, state, read_history(path, anchor).state, _plain_state(path, anchor), _encypher(path, anchor, "2035"))
            for name, path, state in zip(("no time stamp", "RFC 3161 time stamp"), files, before, strict=True)
        ]
    return Table(
        "After the signer's certificate has ended",
        ("sealed with", "before", "after, here", "after, c2pa's own reader", "in 2035, encypher-c2pa"),
        tuple(rows),
        ("The certificate lived some seconds; the stamp comes from the project's own authority over HTTP.",),
    )


def _fixtures() -> list[Table]:
    folder = (footage() or Path()) / "c2pa"
    if not folder.is_dir():
        return []
    rows = []
    for name, wanted in FIXTURES.items():
        history = read_history(folder / name, "")
        right = history.state == wanted.rpartition(" ")[2]
        rows.append((name, wanted, history.state, "yes" if right else "NO"))
    return [
        Table("Published files of the C2PA libraries", ("file", "what it is", "read as", "as it should"), tuple(rows))
    ]


def _plain_state(path: Path, anchor: str) -> str:
    """What c2pa's own reader says, without our checks."""
    settings = {"trust": {"user_anchors": anchor, "trust_config": "1.3.6.1.5.5.7.3.4\n1.3.6.1.5.5.7.3.8\n"}}
    try:
        with (
            c2pa.Context.from_dict(settings) as context,
            c2pa.Reader(MEDIA_TYPES[path.suffix], io.BytesIO(path.read_bytes()), context=context) as reader,
        ):
            json.loads(reader.json())
            return str(reader.get_validation_state())
    except (c2pa.C2paError, ValueError):
        return "Invalid"


def _encypher(path: Path, anchor: str, year: str | None = None) -> str:
    """The other implementation's verdict on trust; its own words."""
    try:
        report = encypher_c2pa.verify(
            path.read_bytes(), MEDIA_TYPES[path.suffix], trust_pem=anchor, tsa_trust_pem=anchor, no_default_trust=True,
            telemetry=False, validation_time=f"{year}-01-01T00:00:00Z" if year else None,
        )  # fmt: skip
    except (ValueError, RuntimeError, OSError) as exc:
        return f"refused ({type(exc).__name__})"
    trust = str(report["trust"]["status"])
    return trust if report["integrity"] == "valid" else f"integrity {report['integrity']}"


def _name(path: Path) -> str:
    return "poster of the mp4" if path.stem == "poster" else path.suffix[1:]


def _write(path: Path) -> None:
    """A small file of a kind: a picture of ada, half a second of her, or half a second of a tone in noise."""
    if path.suffix in (".jpg", ".png", ".webp"):
        with av.open(str(ADA)) as source:
            picture = next(source.decode(video=0)).to_image().resize((240, 136), Image.Resampling.LANCZOS)
        picture.save(path)
        return
    with av.open(str(path), "w") as container:
        if path.suffix == ".mp4":
            _add_video(container)
        else:
            _add_sound(container, path.suffix)


def _add_video(container: Any) -> None:
    stream = container.add_stream("libx264", rate=25)
    stream.width, stream.height, stream.pix_fmt = 240, 136, "yuv420p"
    with av.open(str(ADA)) as source:
        for number, frame in enumerate(source.decode(video=0)):
            if number == 12:
                break
            container.mux(stream.encode(frame.reformat(width=240, height=136)))
    container.mux(stream.encode())


def _add_sound(container: Any, suffix: str) -> None:
    codec, form = {".m4a": ("aac", "fltp"), ".wav": ("pcm_s16le", "s16"), ".mp3": ("libmp3lame", "s16p")}[suffix]
    stream = container.add_stream(codec, rate=48000, layout="mono")
    tone = 0.2 * np.sin(np.arange(24000) * 0.05) + np.random.default_rng(1).normal(0, 0.02, 24000)
    samples = tone.astype(np.float32) if form == "fltp" else (tone * 32767).astype(np.int16)
    step = stream.codec_context.frame_size or 1024
    for start in range(0, len(samples), step):
        frame = av.AudioFrame.from_ndarray(samples[None, start : start + step], format=form, layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = 48000, start, Fraction(1, 48000)
        container.mux(stream.encode(frame))
    container.mux(stream.encode())
