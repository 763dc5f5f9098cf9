from __future__ import annotations

import itertools
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from clips import EXAMPLES, frames_of, picture, psnr_db, write_clip
from hypothesis import given, settings
from hypothesis import strategies as st
from soundtracked import level_at, tone, write_sound

from countenance.errors import InputError
from countenance.media.audio import read_audio
from countenance.media.decode import decode
from countenance.media.encode import PREVIEW, Picture, Sound, can_copy_sound, encode
from countenance.media.frame import Frame
from countenance.media.probe import probe

RATE_HZ = 48_000
FAST = Picture(preset="ultrafast")
ADA = EXAMPLES / "ada" / "master.mp4"
VARIABLE_PTS = (0, 512, 1024, 2048, 2400, 3600, 3601 + 512, 6000)
BASE = Fraction(1, 12800)


def write(
    path: Path,
    frames: list[Frame],
    *,
    rate: Fraction = Fraction(25),
    sound: Sound | None = None,
    picture: Picture = FAST,
) -> Path:
    first = frames[0]
    count = encode(
        path, iter(frames), size=first.size, time_base=first.time_base, frame_rate=rate, sound=sound, picture=picture
    )
    assert count == len(frames)
    return path


def pictures(count: int, width: int = 320, height: int = 180, base: Fraction = Fraction(1, 25)) -> list[Frame]:
    return [Frame(n, base, picture(n, width, height).planes) for n in range(count)]


def packets(path: Path, kind: str) -> list[Any]:
    with av.open(str(path)) as container:
        stream = getattr(container.streams, kind)[0]
        return [(bytes(p), p.pts * p.time_base) for p in container.demux(stream) if p.size]


def boxes(path: Path) -> list[str]:
    content, at, names = path.read_bytes(), 0, []
    while at < len(content):
        names.append(content[at + 4 : at + 8].decode("latin-1"))
        at += int.from_bytes(content[at : at + 4], "big")
    return names


def click(at_s: float, length_s: float, channels: int = 1) -> np.ndarray:
    samples = np.zeros((round(length_s * RATE_HZ), channels), np.float32)
    start = round(at_s * RATE_HZ)
    samples[start : start + 48] = 0.8
    return samples


def heard_at_s(path: Path) -> float:
    samples = read_audio(path)
    assert samples is not None
    return float(np.argmax(np.abs(samples).max(axis=1) > 0.3)) / RATE_HZ


def test_the_time_stamps_of_a_variable_rate_master_survive(tmp_path: Path) -> None:
    frames = [Frame(pts, BASE, picture(n).planes) for n, pts in enumerate(VARIABLE_PTS)]
    master = probe(write(tmp_path / "vfr.mp4", frames))
    assert master.variable
    assert [pts * master.time_base for pts in master.pts] == [pts * BASE for pts in VARIABLE_PTS]
    for frame, wanted in zip(decode(master), frames, strict=True):
        assert frame.time == wanted.time
        assert psnr_db(frame.planes[0], wanted.planes[0]) > 35


@given(st.lists(st.integers(1, 4000), min_size=1, max_size=12), st.sampled_from([1000, 12800, 30000, 90000]))
@settings(max_examples=12)
def test_any_rising_time_stamps_survive(
    tmp_path_factory: pytest.TempPathFactory, steps: list[int], ticks_hz: int
) -> None:
    base = Fraction(1, ticks_hz)
    times = [0, *itertools.accumulate(steps)]
    frames = [Frame(pts, base, picture(n, 64, 48).planes) for n, pts in enumerate(times)]
    path = write(tmp_path_factory.mktemp("times") / "v.mp4", frames)
    assert [time for _, time in sorted(packets(path, "video"), key=lambda p: p[1])] == [pts * base for pts in times]


@pytest.mark.parametrize("rate", [Fraction(30000, 1001), Fraction(24000, 1001), Fraction(25), Fraction(60)])
def test_ordinary_frame_rates_are_exact(tmp_path: Path, rate: Fraction) -> None:
    master = probe(write(tmp_path / "v.mp4", pictures(12, 64, 48, 1 / rate), rate=rate))
    assert master.frame_rate == rate
    assert not master.variable
    assert master.duration == 12 / rate


def test_the_file_starts_playing_at_once_and_everywhere(tmp_path: Path) -> None:
    path = write(tmp_path / "v.mp4", pictures(60), sound=Sound(click(0.5, 2.4)), picture=Picture())
    names = boxes(path)
    assert names.index("moov") < names.index("mdat")
    with av.open(str(path)) as container:
        video, audio = container.streams.video[0], container.streams.audio[0]
        context = video.codec_context
        assert (context.name, context.profile, context.pix_fmt) == ("h264", "High", "yuv420p")
        codes = (context.color_primaries, context.color_trc, context.colorspace, context.color_range)
        assert codes == (1, 1, 1, 1)  # BT.709 throughout, limited range
        assert (audio.codec_context.name, audio.codec_context.sample_rate) == ("aac", RATE_HZ)
        keys = [float(p.pts * p.time_base) for p in container.demux(video) if p.is_keyframe and p.size]
    assert keys[0] == 0
    assert max(np.diff([*keys, 2.4])) <= 2.0  # a player may seek to every second second


def test_the_masters_own_sound_is_copied_bit_for_bit(tmp_path: Path) -> None:
    master = probe(ADA)
    assert can_copy_sound(master)
    frames = [frame.copy() for frame in frames_of(ADA)]
    copy = write(tmp_path / "v.mp4", frames, sound=Sound(copy_from=ADA))
    assert packets(copy, "audio") == packets(ADA, "audio")
    samples, wanted = read_audio(copy), read_audio(ADA)
    assert samples is not None and wanted is not None
    assert np.array_equal(samples, wanted)


def test_copied_sound_stays_in_sync_when_the_masters_clock_starts_late(tmp_path: Path) -> None:
    """An MPEG stream starts at 1.4 s; the release starts at 0 and what belongs together stays together."""
    first = write(tmp_path / "first.mp4", pictures(50), sound=Sound(click(1.0, 2.0)))
    late = tmp_path / "late.ts"
    with av.open(str(first)) as origin, av.open(str(late), "w") as stream:
        copies = {track.index: stream.add_stream_from_template(track) for track in origin.streams}
        for packet in origin.demux():
            if packet.dts is not None:
                shift = round(Fraction(7, 5) / packet.time_base)
                packet.pts, packet.dts = packet.pts + shift, packet.dts + shift
                packet.stream = copies[packet.stream.index]
                stream.mux(packet)
    master = probe(late)
    assert master.origin > 0 and can_copy_sound(master)
    again = write(tmp_path / "again.mp4", list(decode(master)), sound=Sound(copy_from=late))
    shown = probe(again)
    begins_s = float(shown.pts[0] * shown.time_base)
    assert begins_s < 0.03  # what the encoder put before the sound
    assert heard_at_s(again) - begins_s == pytest.approx(1.0, abs=0.002)


@pytest.mark.parametrize("channels", [1, 2, 6])
@pytest.mark.parametrize("at_s", [0.0, 0.96])
def test_encoded_sound_is_in_sync(tmp_path: Path, channels: int, at_s: float) -> None:
    path = write(tmp_path / "v.mp4", pictures(50, 64, 48), sound=Sound(click(at_s, 2.0, channels)))
    assert heard_at_s(path) == pytest.approx(at_s, abs=0.002)
    samples = read_audio(path)
    assert samples is not None
    assert samples.shape[1] == channels
    assert len(samples) == pytest.approx(2.0 * RATE_HZ, abs=1024)


@pytest.mark.parametrize("channels", [1, 2, 6])
def test_a_files_sound_keeps_its_channels_in_their_order(tmp_path: Path, channels: int) -> None:
    sound = np.column_stack([tone(400 * (1 + number), 1.0)[:, 0] for number in range(channels)])
    path = write_sound(tmp_path / "sound.wav", sound)
    samples = read_audio(write(tmp_path / "v.mp4", pictures(25, 64, 48), sound=Sound(blocks_of=path)))
    assert samples is not None and samples.shape[1] == channels
    for number in range(channels):
        if number != 3:  # the low frequency channel is low
            assert int(level_at(samples, 400 * (1 + number)).argmax()) == number


def test_flat_samples_are_mono_and_no_samples_are_no_track(tmp_path: Path) -> None:
    assert heard_at_s(write(tmp_path / "flat.mp4", pictures(10), sound=Sound(click(0.2, 0.4)[:, 0]))) == pytest.approx(
        0.2, abs=0.002
    )
    for name, sound in (("none.mp4", None), ("empty.mp4", Sound(np.zeros((0, 1), np.float32)))):
        assert probe(write(tmp_path / name, pictures(3), sound=sound)).audio_codec is None


def test_sound_of_a_file_goes_in_bit_by_bit_and_in_sync(tmp_path: Path) -> None:
    """What is not AAC is encoded anew; a clock that starts late starts at 0."""
    wav = tmp_path / "late.mkv"
    with av.open(str(wav), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=RATE_HZ, layout="stereo")
        sound = click(0.5, 3.0, channels=2)
        for start in range(0, len(sound), 1000):
            block = np.ascontiguousarray((sound[start : start + 1000] * 32767).astype(np.int16).reshape(1, -1))
            frame = av.AudioFrame.from_ndarray(block, format="s16", layout="stereo")
            frame.sample_rate, frame.time_base, frame.pts = RATE_HZ, Fraction(1, RATE_HZ), start + RATE_HZ
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    path = write(tmp_path / "v.mp4", pictures(75, 64, 48), sound=Sound(blocks_of=wav, origin_s=Fraction(1)))
    assert heard_at_s(path) == pytest.approx(0.5, abs=0.002)
    samples = read_audio(path)
    assert samples is not None and samples.shape[1] == 2
    assert len(samples) == pytest.approx(3.0 * RATE_HZ, abs=1024)


def test_sound_and_picture_lie_side_by_side_in_the_file(tmp_path: Path) -> None:
    """Interleaved, so that a player need not read ahead: no second of one without the other."""
    path = write(tmp_path / "v.mp4", pictures(100, 64, 48), sound=Sound(click(0.5, 4.0)))
    with av.open(str(path)) as container:
        order = [(p.pos, p.stream.type) for p in container.demux() if p.size]
    kinds = [kind for _, kind in sorted(order)]
    longest = max(len(list(run)) for kind, run in itertools.groupby(kinds) if kind == "video")
    assert longest <= 30


@pytest.mark.parametrize(("width", "height"), [(322, 182), (66, 50), (64, 98), (720, 720)])
def test_sizes_that_are_no_multiple_of_sixteen_come_back_whole(tmp_path: Path, width: int, height: int) -> None:
    frames = pictures(3, width, height)
    shown = frames_of(write(tmp_path / "v.mp4", frames, picture=Picture(preset="ultrafast", crf=10)))
    assert [frame.size for frame in shown] == [(width, height)] * 3
    for got, wanted in zip(shown, frames, strict=True):
        for plane, original in zip(got.planes, wanted.planes, strict=True):
            assert psnr_db(plane, original) > 38
            assert psnr_db(plane[-2:, -2:], original[-2:, -2:]) > 25


@pytest.mark.parametrize(("width", "height"), [(320, 180), (322, 182), (130, 66)])
def test_a_preview_is_half_as_large_and_even(tmp_path: Path, width: int, height: int) -> None:
    frames = pictures(5, width, height)
    small = frames_of(write(tmp_path / "v.mp4", frames, picture=PREVIEW))
    assert {frame.size for frame in small} == {(width // 4 * 2, height // 4 * 2)}
    assert [frame.time for frame in small] == [frame.time for frame in frames]


def test_odd_masters_are_cut_to_even_and_encoded(tmp_path: Path) -> None:
    odd = write_clip(tmp_path / "odd.mkv", pictures(3, 66, 50), codec="ffv1", pixel_format="yuv444p")
    frames = frames_of(odd)
    assert frames_of(write(tmp_path / "v.mp4", frames))[0].size == frames[0].size


def test_the_same_pictures_give_the_same_pictures(tmp_path: Path) -> None:
    one, other = (write(tmp_path / name, pictures(10), picture=Picture()) for name in ("a.mp4", "b.mp4"))
    assert packets(one, "video") == packets(other, "video")


def test_without_a_picture_there_is_nothing_to_encode(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no picture to encode"):
        encode(tmp_path / "v.mp4", iter(()), size=(64, 48), time_base=BASE, frame_rate=Fraction(25))
