"""What the sound mark costs, what it survives, and how rarely it is seen where it is not."""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from collections.abc import Iterator
from math import erfc

import numpy as np

from benchmarks.soundattacks import ATTACKS, RATE_HZ, Attack, Sound
from benchmarks.soundsources import Source, sources
from benchmarks.tables import Table
from countenance.media.audio import mono, resample
from countenance.media.loudness import true_peak_dbtp
from countenance.provenance.payload import Register
from countenance.provenance.sound_heard import listen
from countenance.provenance.sound_mark import mark_sound
from countenance.provenance.sound_pattern import keyed_sound_pattern
from countenance.provenance.sound_read import paces, read_heard, read_sound_mark
from countenance.speech.espeak import close_helper

CROPS = 5  # of each length, for each source and attack
LONG_S, SHORT_S = 15.0, 6.0
WRONG_KEYS = 60
ISSUED = 10_000  # ids that a project may have given out
KEY = bytes(range(32))


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
            ("attack", "exact id, 15 s", "not read at 15 s", "exact id, 6 s", "issued id, 6 s", "found, 6 s",
             "CPU s to read a minute"),
            tuple(rows),
            (
                f"{CROPS} cuts from anywhere, of each length, of {len(sounds)} sources; each source has its own id.",
                f"Issued id: the reader knows the {ISSUED} ids that were given out, this among them. "
                "Found: there is a mark, by one way or the other.",
            ),
        ),
        false_alarms(sounds),
    ]  # fmt: skip


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
                informed = read_heard(heard, KEY, issued)
                known += informed is not None and informed.mark_id == source.mark_id
                present += (reading or informed) is not None
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
