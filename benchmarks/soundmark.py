"""What the sound mark costs, what it survives, and how rarely it is seen where it is not.

Peers are quoted in docs/soundmark.md; none that needs no weights can be installed from a registry.
"""

from __future__ import annotations

import hashlib
import io
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import erfc
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.filter import Graph
from numpy.typing import NDArray
from scipy.signal import butter, fftconvolve, resample_poly, sosfilt

from benchmarks.tables import REPOSITORY, Table, footage
from countenance.errors import InputError
from countenance.media.audio import at_most_stereo, mono, read_audio, resample
from countenance.media.loudness import normalise, true_peak_dbtp
from countenance.provenance.payload import Register
from countenance.provenance.sound_mark import mark_sound
from countenance.provenance.sound_pattern import keyed_sound_pattern
from countenance.provenance.sound_read import listen, paces, read_heard, read_sound_mark
from countenance.speech.espeak import close_helper, speak

Sound = NDArray[np.float32]
Attack = Callable[[Sound], tuple[Sound, int]]

RATE_HZ = 48_000
LONGEST_S = 30
CROPS = 5  # of each length, for each source and attack
LONG_S, SHORT_S = 15.0, 6.0
WRONG_KEYS = 60
ISSUED = 10_000  # ids that a project may have given out
KEY = bytes(range(32))


@dataclass(frozen=True)
class Source:
    """A sound (n, 1 or 2) float32 at 48 kHz of at least 15 s. `kind`: voice, noisy, music or telephone."""

    name: str
    kind: str
    samples: Sound

    @property
    def mark_id(self) -> int:
        return int.from_bytes(hashlib.sha256(self.name.encode()).digest()[:8], "big")


def run() -> list[Table]:
    """Three tables: what the mark costs by source, how often it is read by attack, and false alarms."""
    sounds = list(sources())
    marked = {}
    costs = []
    for source in sounds:
        marked[source.name], row = cost(source)
        costs.append(row)
    rows = [survival(name, attack, sounds, marked) for name, attack in ATTACKS]
    close_helper()
    return [
        Table(
            "Sound mark: what it costs",
            ("source", "kind", "seconds", "PESQ wide band", "SNR dB", "true peak dBTP", "CPU s to mark a minute"),
            tuple(costs),
            ("PESQ (ITU-T P.862.2) tops out at 4.644; of music it says little. ViSQOL cannot be installed here.",),
        ),
        Table(
            "Sound mark: what it survives",
            ("attack", "exact id, 15 s", "not read at 15 s", "exact id, 6 s", "issued id, 6 s", "present, 6 s",
             "CPU s to read a minute"),
            tuple(rows),
            (
                f"{CROPS} cuts from anywhere, of each length, of {len(sounds)} sources; each source has its own id.",
                f"Issued id: the reader knows the {ISSUED} ids that were given out, this among them.",
            ),
        ),
        false_alarms(sounds),
    ]  # fmt: skip


def sources() -> Iterator[Source]:
    """Voices, noisy recordings, music and a telephone line, as far as the footage folder has them."""
    speech = "speech-ms/{}.wav"
    for name in ("de-DE", "es-ES", "fr-FR", "ja-JP", "ko-KR", "pt-BR"):
        yield from _joined(f"read {name}", "voice", speech.format(name))
    yield from _joined("turns of talk", "voice", "speech-leopard/diarization_test.wav")
    short = ("", "_de", "_es", "_fr", "_it")
    yield from _joined("five languages", "voice", *(f"speech-leopard/test{name}.wav" for name in short))
    yield from _joined("audio book", "voice", *(f"speech-librivox/austen-0{n}.wav" for n in (870, 880, 890, 930)))
    yield from _joined("disfluent voice", "voice", "speech-mfa/acoustic_corpus.wav")
    yield from _joined("hoarse voice", "voice", "speech-mfa/cold_corpus.wav")
    yield from _joined("driving speech", "voice", "latentsync/demo2_audio.wav")
    yield from _joined("old recording", "noisy", "speech-misc/jfk.flac", "retalking/1.wav")
    avatar = ("Apologizing", "Asking_a_question", "Delivering_sell_link", "Introducing_the_product")
    avatar += ("Requesting_a_five-star_review",)
    films = (*(f"azure-avatar/{name}.mp4" for name in avatar), "retalking/1.mp4")
    yield from _joined("presenters on film", "voice", *films)
    yield from _joined("interview in a hall", "noisy", "multi/interview.mp4")
    yield from _joined("restaurant and room", "noisy", "multi/noisy_restaurant.mp4", "latentsync/demo1_video.mp4")
    yield from _joined(
        "film music", "music", "liveportrait/s18.mp4", "pyfeat/no_face.mp4", "latentsync/demo2_video.mp4"
    )
    yield from _joined("telephone", "telephone", "speech-misc/demo-instruct.wav")
    yield Source("synthetic music", "music", _music())
    text = (REPOSITORY / "examples" / "ada" / "script.txt").read_text(encoding="utf-8")
    for language, voice in (("en", "f2"), ("de", "m3"), ("es", None)):
        spoken = speak(f"{text} {text} {text}", language, voice=voice)
        loud = normalise(resample(spoken.samples, spoken.rate_hz, RATE_HZ), RATE_HZ)
        yield Source(f"espeak {language}", "voice", _long_enough(loud[:, None]))
    yield from _joined("voice with as much silence", "voice", speech.format("de-DE"), pauses=True)


def cost(source: Source) -> tuple[Sound, tuple[object, ...]]:
    """The marked sound, and its row of the first table."""
    from pesq import pesq  # of the bench group

    start = time.process_time()
    marked = mark_sound(source.samples, RATE_HZ, KEY, source.mark_id)
    taken = time.process_time() - start
    plain_16k, marked_16k = (resample(mono(part[: 20 * RATE_HZ]), RATE_HZ, 16_000) for part in (source.samples, marked))
    change = marked - source.samples
    peaks = [true_peak_dbtp(part, RATE_HZ) for part in (source.samples, marked)]
    return marked, (
        source.name, source.kind, round(len(marked) / RATE_HZ, 1), f"{pesq(16_000, plain_16k, marked_16k, 'wb'):.3f}",
        f"{10 * np.log10(np.sum(source.samples**2) / np.sum(change**2)):.1f}",
        f"{peaks[0]:.2f} -> {peaks[1]:.2f}", f"{taken * 60 * RATE_HZ / len(marked):.2f}",
    )  # fmt: skip


def survival(name: str, attack: Attack, sounds: list[Source], marked: dict[str, Sound]) -> tuple[object, ...]:
    """A row of the second table."""
    others = np.random.default_rng(6).integers(0, 2**64, ISSUED - len(sounds), np.uint64).tolist()
    issued = Register([*others, *(source.mark_id for source in sounds)])
    exact, known, present, lost = 0, 0, 0, Counter[str]()
    exact_long, cpu_s, heard_s = 0, 0.0, 0.0
    for source in sounds:
        attacked, rate_hz = attack(marked[source.name])
        for cut in cuts(attacked, rate_hz, LONG_S, source.mark_id):
            began = time.process_time()
            reading = read_sound_mark(cut, rate_hz, KEY)
            cpu_s, heard_s = cpu_s + time.process_time() - began, heard_s + len(cut) / rate_hz
            right = reading is not None and reading.mark_id == source.mark_id
            exact_long += right
            lost[source.name] += not right
        for cut in cuts(attacked, rate_hz, SHORT_S, source.mark_id):
            for heard in listen(cut, rate_hz):
                reading = read_heard(heard, KEY)
                exact += reading is not None and reading.mark_id == source.mark_id
                present += reading is not None
                informed = read_heard(heard, KEY, issued)
                known += informed is not None and informed.mark_id == source.mark_id
    tried = CROPS * len(sounds)
    where = ", ".join(f"{source} ({count})" for source, count in lost.items() if count) or "none"
    short = (f"{count} of {tried}" for count in (exact, known, present))
    return (name, f"{exact_long} of {tried}", where, *short, f"{60 * cpu_s / heard_s:.1f}")


def cuts(sound: Sound, rate_hz: int, seconds: float, seed: int) -> Iterator[Sound]:
    """`CROPS` pieces from anywhere."""
    rng = np.random.default_rng(seed)
    for start in rng.uniform(0, max(0.0, len(sound) / rate_hz - seconds), CROPS):
        yield sound[int(start * rate_hz) : int((start + seconds) * rate_hz)]


def false_alarms(sounds: list[Source]) -> Table:
    """Unmarked windows under many keys: how far pilots stand out by chance, and what is then read."""
    keys = [hashlib.sha256(b"wrong %d" % number).digest() for number in range(WRONG_KEYS)]
    beyond = dict.fromkeys((4.0, 4.5, 5.0, 5.5), 0)
    windows = looks = named = present = 0
    highest = 0.0
    for heard in (heard for source in sounds for heard in listen(source.samples, RATE_HZ)):
        for key in keys:
            z = np.concatenate([heard.pilot_z(keyed_sound_pattern(key), pace) for pace in paces()])
            windows, looks, highest = windows + 1, looks + len(z), max(highest, float(z.max()))
            for least in beyond:
                beyond[least] += int((z >= least).sum())
            reading = read_heard(heard, key)
            present += reading is not None
            named += reading is not None and reading.mark_id is not None
    gauss = {least: looks * 0.5 * erfc(least / 2**0.5) for least in beyond}
    return Table(
        "Sound mark: false alarms",
        ("windows times keys", "phases and paces tried", "highest pilot z", "taken for marked", "named ids",
         *(f"z >= {least:g}, seen and Gaussian" for least in beyond)),
        ((windows, looks, f"{highest:.2f}", present, named,
          *(f"{count}, {gauss[least]:.1f}" for least, count in beyond.items())),),
        ("Unmarked sound, keys that have nothing to do with it.",),
    )  # fmt: skip


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
        sink = graph.add("abuffersink")
        source.link_to(work)
        work.link_to(sink)
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


def _joined(name: str, kind: str, *paths: str, pauses: bool = False) -> Iterator[Source]:
    folder = footage()
    try:
        parts = [_read(folder / path) for path in paths] if folder else []
    except InputError:
        return
    if not parts:
        return
    channels = min(part.shape[1] for part in parts)
    sound = np.concatenate([part if part.shape[1] == channels else mono(part)[:, None] for part in parts])
    if pauses:
        second = np.arange(len(sound)) // RATE_HZ
        sound = np.where((second % 4 < 2)[:, None], sound, np.float32(0))
    yield Source(name, kind, _long_enough(sound))


def _read(path: Path) -> Sound:
    samples = read_audio(path, RATE_HZ)
    if samples is None:
        raise InputError(f"{path} has no sound.")
    return at_most_stereo(samples)


def _long_enough(sound: Sound) -> Sound:
    return sound[: LONGEST_S * RATE_HZ]


def _music() -> Sound:
    """Twenty seconds of chords, bass and brushes in stereo: steady tones are what shows a mark soonest."""
    rng = np.random.default_rng(5)
    t = np.arange(20 * RATE_HZ) / RATE_HZ
    sound = np.zeros((len(t), 2))
    for bar, root in enumerate(rng.choice([48, 53, 55, 57], 10)):
        since = t - 2.0 * bar
        for step, note in enumerate((0, 4, 7, 12, -12)):
            pitch = 440 * 2 ** ((root + note - 57) / 12)
            envelope = np.where(since >= 0.05 * step, np.exp(-(since - 0.05 * step).clip(0) / 0.9), 0)
            tone = sum(np.sin(2 * np.pi * pitch * part * since) / part**1.2 for part in range(1, 14))
            sound += (envelope * tone)[:, None] * np.array([1.0 - 0.15 * step, 0.4 + 0.15 * step])
    brushes = rng.standard_normal(len(t)) * np.exp(-(t % 0.5) / 0.06)
    sound += 0.6 * brushes[:, None]
    return np.asarray(sound * 0.3 / np.abs(sound).max(), np.float32)
