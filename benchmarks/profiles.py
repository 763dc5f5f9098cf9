"""Export profiles: what an export of each costs, whether it keeps its profile, and what a plain transcode keeps."""

from __future__ import annotations

import math
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import av
import numpy as np

from benchmarks.tables import REPOSITORY, Table, machine
from countenance.media.audio import read_audio
from countenance.media.decode import decode
from countenance.media.editlist import without_edit_list_ms
from countenance.media.encode import Sound, encode
from countenance.media.export import CUT, ExportProfile, export_profile, export_profiles
from countenance.media.frame import Frame
from countenance.media.ladder import Rendition, picture_count, renditions, retimed
from countenance.media.levelling import levelled
from countenance.media.mix import profile_named
from countenance.media.probe import probe
from countenance.media.recode import write_film, write_tracks
from countenance.media.sample import sample_lumas
from countenance.provenance.looks import SAMPLE_PICTURES
from countenance.provenance.watermark import Marker
from countenance.provenance.watermark_read import read_mark
from countenance.quality.conformance import broken, check_export

ADA = REPOSITORY / "examples" / "ada" / "master.mp4"
SECONDS = 2
_KEY, _MARK = bytes(range(32)), 0xA5F00BA5DEADBEEF


def run() -> list[Table]:
    with tempfile.TemporaryDirectory() as scratch:
        return [_exports("ada", ADA, Path(scratch))]


def _exports(name: str, source: Path, folder: Path) -> Table:
    """All profiles that keep the picture's shape or pad it, of the first seconds of a marked film."""
    released = _released(source, folder / f"{name}.mp4")
    rows = [_release_row(released), _plain_row(released, folder)]
    for profile in export_profiles().values():
        if profile.picture.shape != CUT:
            rows += _rows(profile, released, folder)
    master = probe(released)
    return Table(
        f"Exports of {name}, {master.width}x{master.height}, {float(master.frame_rate):.3g} pictures a second",
        ("export", "size", "kbit/s", "PSNR, dB", "CPU s per s", "sound early, ms", "checks kept", "mark found"),
        tuple(rows),
        (
            f"The first {SECONDS} s, marked and encoded as a release is. {machine()}.",
            "PSNR: luma against the release, where the size is the same. Sound early: in a player that ignores edit "
            "lists. Checks: of MediaInfo, packets, buffer and loudness against the profile; the release and the plain "
            "transcode against `web-h264`. Mark: read without the signed history.",
            "CPU: decoding, scaling and encoding; of the ladder all sizes together, told at the first.",
        ),
    )


def _released(source: Path, target: Path) -> Path:
    master = probe(source)
    count = min(master.frames, round(SECONDS * master.frame_rate))
    marker = Marker(_KEY, _MARK)
    samples = read_audio(source, origin_s=master.origin_s)

    def marked() -> Iterator[Frame]:
        for frame in decode(master, stop=count):
            marker.embed(frame.planes[0])
            yield frame

    heard = None if samples is None else Sound(samples=samples[: 48_000 * SECONDS])
    encode(
        target, marked(), size=(master.width, master.height), time_base=master.time_base,
        frame_rate=master.frame_rate, sound=heard,
    )  # fmt: skip
    return target


def _rows(profile: ExportProfile, released: Path, folder: Path) -> list[tuple[object, ...]]:
    master = probe(released)
    made = renditions(profile, (master.width, master.height), master.frame_rate)
    count = picture_count(master.duration, made[0].rate)

    def frames() -> Iterator[Frame]:
        return retimed(decode(master), made[0].rate, count)

    targets = [folder / f"{released.stem}-{profile.name}-{one.short_px}{profile.suffix or '.mp4'}" for one in made]
    sound = None
    if master.audio_codec and not profile.streams:
        loudness = profile_named(profile.sound.loudness)
        sound = levelled(released, profile.sound.rate_hz, profile.sound.channels, loudness)
    cpu_s = _cpu_s(
        (lambda: write_tracks(targets, frames(), profile, made))
        if profile.streams
        else (lambda: write_film(targets[0], frames(), profile, made[0], sound() if sound else None))
    )
    return [
        _row(
            f"{profile.name}{f', {one.short_px}' if profile.streams else ''}", target, released, profile, one,
            cpu_s / float(master.duration) if number == 0 else None, sound is not None,
        )
        for number, (one, target) in enumerate(zip(made, targets, strict=True))
    ]  # fmt: skip


def _release_row(released: Path) -> tuple[object, ...]:
    profile, made = _web(released)
    return _row("the release itself", released, released, profile, made, None, _heard(released))


def _plain_row(released: Path, folder: Path) -> tuple[object, ...]:
    """As most tools transcode: libx264 at the same quality, everything else by default."""
    profile, made = _web(released)
    target = folder / f"{released.stem}-plain.mp4"
    cpu_s = _cpu_s(lambda: _plain(released, target, profile.picture.crf))
    seconds = float(probe(released).duration)
    return _row("libx264 by default", target, released, profile, made, cpu_s / seconds, _heard(released))


def _plain(source: Path, target: Path, crf: int) -> None:
    with av.open(str(source)) as origin, av.open(str(target), "w") as container:
        film = origin.streams.video[0]
        video = container.add_stream("libx264", rate=film.average_rate, options={"crf": str(crf)})
        video.width, video.height, video.pix_fmt = film.width, film.height, "yuv420p"
        heard = container.add_stream("aac", rate=48_000) if origin.streams.audio else None
        for frame in origin.decode():
            if isinstance(frame, av.VideoFrame):
                frame.pict_type = av.video.frame.PictureType.NONE
                container.mux(video.encode(frame))
            elif heard is not None:
                container.mux(heard.encode(frame))
        for stream in (video, heard):
            if stream is not None:
                container.mux(stream.encode())


def _web(released: Path) -> tuple[ExportProfile, Rendition]:
    profile, master = export_profile("web-h264"), probe(released)
    return profile, renditions(profile, (master.width, master.height), master.frame_rate)[0]


def _row(
    name: str,
    path: Path,
    released: Path,
    profile: ExportProfile,
    made: Rendition,
    cpu_s: float | None,
    heard: bool,
) -> tuple[object, ...]:
    duration = probe(released).duration
    found = check_export(path, profile, made, sound=heard, duration=duration)
    mark = read_mark(sample_lumas(path, SAMPLE_PICTURES), _KEY)
    return (
        name,
        f"{made.size[0]}x{made.size[1]}",
        round(path.stat().st_size * 8 / float(duration) / 1000),
        _psnr_db(path, released, made) or "–",
        f"{cpu_s:.2f}" if cpu_s is not None else "–",
        f"{0.0 - without_edit_list_ms(path):.1f}" if heard else "–",
        f"{len(found) - len(broken(found))} of {len(found)}",
        "yes" if mark is not None and mark.mark_id == _MARK else "no",
    )


def _psnr_db(path: Path, released: Path, made: Rendition) -> str:
    """Of the luma of all pictures; empty where sizes or rates differ."""
    one, other = probe(path), probe(released)
    if (one.width, one.height) != (other.width, other.height) or made.rate != other.frame_rate:
        return ""
    errors = [
        float(np.mean((a.planes[0].astype(np.float32) - b.planes[0].astype(np.float32)) ** 2))
        for a, b in zip(decode(one), decode(other), strict=False)
    ]
    mean = float(np.mean(errors))
    return f"{10 * math.log10(255**2 / mean):.1f}" if mean else "the same"


def _heard(path: Path) -> bool:
    return probe(path).audio_codec is not None


def _cpu_s(action: Callable[[], object]) -> float:
    started = time.process_time()
    action()
    return time.process_time() - started
