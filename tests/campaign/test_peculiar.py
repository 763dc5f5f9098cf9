"""Peculiar masters through the whole job: released with their own pictures, times and sound, or one clear sentence."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from campaigns import write_campaign
from clips import EXAMPLES, begun_later, frames_of, picture, turned, write_clip

from countenance.campaign.produce import produce
from countenance.errors import InputError
from countenance.media.audio import read_audio
from countenance.media.encode import Picture, Sound, encode
from countenance.media.frame import Frame
from countenance.media.probe import Master, probe
from countenance.store.project import init_project

FILM = Fraction(24000, 1001)
CUT, SHOWN = 6, 30  # pictures
RATE_HZ = 48_000


def phone_film(folder: Path) -> Path:
    """Lying on its side, 23.976, B-pictures, cut by edit lists, and sound that goes on after the picture."""
    frames = [
        Frame(number * 1001, Fraction(1, 24000), tuple(np.rot90(plane).copy() for plane in frame.planes))
        for number, frame in enumerate(frames_of(EXAMPLES / "ada" / "master.mp4", stop=CUT + SHOWN))
    ]
    noise = np.random.default_rng(0).normal(0, 0.01, (round(2.4 * RATE_HZ), 1)).astype(np.float32)
    encode(
        folder / "whole.mp4", frames, size=frames[0].size, time_base=frames[0].time_base, frame_rate=FILM,
        sound=Sound(noise), picture=Picture(preset="veryfast", crf=12, keyframe_s=10),
    )  # fmt: skip
    return turned(begun_later(folder / "whole.mp4", folder / "master.mp4", CUT / FILM), 90)


def archive_film(folder: Path) -> Path:
    """Odd size, 10 bit 4:2:2, uncompressed sound that ends before the picture does."""
    frames = []
    for frame in frames_of(EXAMPLES / "ada" / "master.mp4", stop=SHOWN):
        rgb = np.zeros((480, 854, 3), np.uint8)
        rgb[:, 180:660] = cv2.resize(frame.rgb(), (480, 480), interpolation=cv2.INTER_AREA)
        frames.append(Frame.from_rgb(rgb))
    silent = write_clip(folder / "silent.mkv", frames, codec="ffv1", pixel_format="yuv422p10le", size=(853, 479))
    with av.open(str(silent)) as source, av.open(str(folder / "master.mkv"), "w") as target:
        video = target.add_stream_from_template(source.streams.video[0])
        sound = target.add_stream("pcm_s16le", rate=RATE_HZ, layout="stereo")
        for packet in source.demux(video=0):
            if packet.size:
                packet.stream = video
                target.mux(packet)
        tone = (3000 * np.sin(np.arange(RATE_HZ) / 20)).astype(np.int16)
        block = av.AudioFrame.from_ndarray(np.repeat(tone, 2)[None], format="s16", layout="stereo")
        block.sample_rate, block.pts, block.time_base = RATE_HZ, 0, Fraction(1, RATE_HZ)
        target.mux(sound.encode(block))
        target.mux(sound.encode())
    return folder / "master.mkv"


def sound_s(film: Master) -> float:
    samples = read_audio(film.path, RATE_HZ, film.origin_s)
    assert samples is not None
    return len(samples) / RATE_HZ


@pytest.mark.parametrize("make", [phone_film, archive_film])
def test_a_peculiar_master_is_released_as_long_as_it_is(tmp_path: Path, make: Callable[[Path], Path]) -> None:
    master = probe(make(tmp_path))
    brief = write_campaign(tmp_path / "brief", master.path, faces=("ben",), languages=("en",))
    outcome = produce(init_project(tmp_path), brief, tmp_path / "out", approve_as="Reviewer")
    (row,) = outcome.variants
    assert row.state == "released", row.render
    release = probe(tmp_path / "out" / row.id / "video.mp4")
    assert (release.width, release.height, release.rotation) == (master.width, master.height, 0)
    assert release.frames == master.frames == SHOWN
    assert release.duration == pytest.approx(float(master.duration), abs=0.002)
    assert sound_s(release) == pytest.approx(sound_s(master), abs=1.5 * 1024 / RATE_HZ)
    steps = [[float((pts - film.pts[0]) * film.time_base) for pts in film.pts] for film in (release, master)]
    assert np.abs(np.subtract(*steps)).max() <= float(master.time_base)


def test_a_master_without_a_face_is_refused_in_one_sentence(tmp_path: Path) -> None:
    master = write_clip(tmp_path / "master.mp4", [picture(0)] * 10)
    brief = write_campaign(tmp_path / "brief", master, faces=("ben",), languages=("en",))
    with pytest.raises(InputError, match=r"master\.mp4: .* the master shows no face\.$"):
        produce(init_project(tmp_path), brief, tmp_path / "out", approve_as="Reviewer")
