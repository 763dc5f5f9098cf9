"""What happens to sound on its way to people: codecs, other speeds, rooms and telephones."""

from __future__ import annotations

import io
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import av
import numpy as np
from av.filter import Graph
from numpy.typing import NDArray
from scipy.signal import butter, fftconvolve, resample_poly, sosfilt

from countenance.media.audio import mono, resample

Sound = NDArray[np.float32]
Attack = Callable[[Sound], tuple[Sound, int]]
RATE_HZ = 48_000


def coded(name: str, bit_rate: int) -> Attack:
    """Through a lossy codec and back, with whatever its encoder puts in front."""

    def attack(sound: Sound) -> tuple[Sound, int]:
        return through_codec(sound, RATE_HZ, name, bit_rate)

    return attack


def through_codec(sound: Sound, rate_hz: int, name: str, bit_rate: int) -> tuple[Sound, int]:
    """Encode and decode (n, 1 or 2) samples; (samples, rate)."""
    layout = "stereo" if sound.shape[1] == 2 else "mono"
    file = io.BytesIO()
    with av.open(file, "w", format={"aac": "mp4", "libmp3lame": "mp3", "libopus": "ogg"}[name]) as container:
        stream: Any = container.add_stream(name, rate=rate_hz, layout=layout)
        stream.bit_rate = bit_rate
        wanted = av.AudioResampler(format=stream.codec_context.format.name, layout=layout, rate=rate_hz)
        for start in range(0, len(sound), 4096):
            part = np.ascontiguousarray(sound[start : start + 4096].T, np.float32)
            frame = av.AudioFrame.from_ndarray(part, format="fltp", layout=layout)
            frame.sample_rate, frame.pts, frame.time_base = rate_hz, start, Fraction(1, rate_hz)
            for ready in wanted.resample(frame):
                container.mux(stream.encode(ready))
        container.mux(stream.encode(None))
    file.seek(0)
    blocks = []
    with av.open(file) as container:
        stream = container.streams.audio[0]
        back = av.AudioResampler(format="fltp", layout=layout, rate=stream.rate)
        for frame in container.decode(stream):
            frame.pts = None
            blocks += [ready.to_ndarray().T for ready in back.resample(frame)]
        return np.concatenate(blocks).astype(np.float32), stream.rate


def filtered(name: str, arguments: str) -> Attack:
    """Through one of FFmpeg's audio filters."""

    def attack(sound: Sound) -> tuple[Sound, int]:
        graph = Graph()
        layout = "stereo" if sound.shape[1] == 2 else "mono"
        source = graph.add_abuffer(format="fltp", sample_rate=RATE_HZ, layout=layout, time_base=Fraction(1, RATE_HZ))
        work = graph.add(name, arguments)
        sink: Any = graph.add("abuffersink")
        planar = graph.add("aformat", "sample_fmts=fltp")  # some filters interleave the channels
        source.link_to(work)
        work.link_to(planar)
        planar.link_to(sink)
        graph.configure()
        blocks: list[Sound] = []

        def drain() -> None:
            while True:
                try:
                    blocks.append(sink.pull().to_ndarray().T)
                except (av.BlockingIOError, av.EOFError):
                    return

        for start in range(0, len(sound), 4096):
            part = np.ascontiguousarray(sound[start : start + 4096].T, np.float32)
            frame = av.AudioFrame.from_ndarray(part, format="fltp", layout=layout)
            frame.sample_rate, frame.pts, frame.time_base = RATE_HZ, start, Fraction(1, RATE_HZ)
            source.push(frame)
            drain()
        source.push(None)
        drain()
        return np.concatenate(blocks).astype(np.float32), RATE_HZ

    return attack


def played(speed: float) -> Attack:
    """Faster by `speed`, pitch and all."""
    return lambda sound: (np.asarray(resample_poly(sound, 1000, round(1000 * speed), axis=0), np.float32), RATE_HZ)


def chain(*attacks: Attack) -> Attack:
    """One after the other; the rate goes back to 48 kHz between them."""

    def attack(sound: Sound) -> tuple[Sound, int]:
        rate_hz = RATE_HZ
        for one in attacks:
            sound, rate_hz = one(resample(sound, rate_hz, RATE_HZ))
        return sound, rate_hz

    return attack


def shifted(sound: Sound) -> tuple[Sound, int]:
    """As an AAC decoder that ignores edit lists leaves it: priming in front."""
    return np.concatenate([np.zeros((2112, sound.shape[1]), np.float32), sound]), RATE_HZ


def noisy(sound: Sound) -> tuple[Sound, int]:
    noise = np.random.default_rng(3).standard_normal(sound.shape)
    return np.asarray(sound + 0.1 * np.sqrt(np.mean(sound**2)) * noise, np.float32), RATE_HZ


def reverberant(sound: Sound) -> tuple[Sound, int]:
    """A small room: 0.3 s until the echo is 60 dB down, as loud as the direct sound."""
    t = np.arange(int(0.3 * RATE_HZ)) / RATE_HZ
    echo = np.random.default_rng(4).standard_normal(len(t)) * 10 ** (-3 * t / 0.3)
    echo /= np.linalg.norm(echo)
    echo[0] += 1
    return np.asarray(fftconvolve(sound, echo[:, None], axes=0)[: len(sound)], np.float32), RATE_HZ


def telephone(sound: Sound) -> tuple[Sound, int]:
    band = butter(6, (300, 3400), "band", fs=RATE_HZ, output="sos")
    return np.asarray(sosfilt(band, sound, axis=0), np.float32), RATE_HZ


ATTACKS: tuple[tuple[str, Attack], ...] = (
    ("none", lambda sound: (sound, RATE_HZ)),
    ("AAC 64 kbit/s", coded("aac", 64_000)),
    ("MP3 64 kbit/s", coded("libmp3lame", 64_000)),
    ("Opus 32 kbit/s", coded("libopus", 32_000)),
    ("resampled to 16 kHz", lambda sound: (resample(sound, RATE_HZ, 16_000), 16_000)),
    ("polarity inverted, 12 dB softer", lambda sound: (sound / np.float32(-4), RATE_HZ)),
    ("mixed down to mono", lambda sound: (mono(sound)[:, None], RATE_HZ)),
    ("3 % faster", played(1.03)),
    ("3 % slower", played(0.97)),
    ("priming of 2112 samples", shifted),
    ("AAC 64 kbit/s, 3 % faster, Opus 32 kbit/s", chain(coded("aac", 64_000), played(1.03), coded("libopus", 32_000))),
    ("3 % faster at the same pitch", filtered("atempo", "1.03")),
    ("AAC 32 kbit/s", coded("aac", 32_000)),
    ("Opus 16 kbit/s", coded("libopus", 16_000)),
    ("white noise 20 dB down", noisy),
    ("a small room's echo", reverberant),
    ("telephone band 300 to 3400 Hz", telephone),
)
