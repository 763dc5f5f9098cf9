"""The swap on all suitable clips, with the classical swap beside it: every bar in one table, the worst clip named.

The first seconds of each clip go through the product's own perception, painters and compositor, as in a job but
without rights, encode and release: these are local measurements. Both swaps are judged by the same meters. With
COUNTENANCE_BENCH_KEEP=DIR strips of ten moments are kept in DIR/swap: before, after, classical.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.casting import Take, presenters, takes
from benchmarks.figures import FIGURES, Figure, yes
from benchmarks.footage import opening
from benchmarks.peers import classical
from benchmarks.people import everybody
from benchmarks.strips import Strip
from benchmarks.tables import Table, footage
from countenance.campaign.crew import Crew, Member
from countenance.campaign.plan import Part
from countenance.media.decode import decode
from countenance.media.frame import F32, Frame
from countenance.media.probe import Master, probe
from countenance.perception.crop import square_around
from countenance.perception.networks import FaceNetworks
from countenance.perception.perceive import perceive
from countenance.perception.topology import POINTS
from countenance.perception.tracks import Perception
from countenance.quality.meter import Meter
from countenance.synthesis.engine import Laid
from countenance.synthesis.heading import glimpses_of, kept_heading
from countenance.synthesis.likeness import Likeness, build_likeness
from countenance.synthesis.swap import prepare_swap

SECONDS = 2.0
_WAYS = OURS, CLASSICAL = ("ours", "classical")
_PERSON = 0  # the most prominent face of a clip


@dataclass(frozen=True)
class Looks:
    """A talent as each of the two swaps needs it."""

    likeness: Likeness
    source: classical.Source


@dataclass
class Work:
    """One way of swapping one clip: what was measured of it, and the seconds that each picture took."""

    meter: Meter
    seconds: list[float] = field(default_factory=list)
    figures: Mapping[str, float | None] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)

    def finish(self) -> None:
        measured = self.meter.finish()
        self.figures, self.reasons = measured.figures, measured.reasons

    @property
    def ms(self) -> float:
        return 1000 * statistics.fmean(self.seconds)


@dataclass(frozen=True)
class Measurement:
    """One clip, swapped both ways. `perceive_s` and `landmarks_s` are for one picture: our whole first pass with
    decoding, and the one look that the classical swap takes."""

    take: Take
    pictures: int
    perceive_s: float
    landmarks_s: float
    works: Mapping[str, Work]


def run() -> list[Table]:
    media = footage()
    assert media is not None
    networks = FaceNetworks()
    people = everybody(media, presenters(), networks)
    looks: dict[str, Looks] = {}
    found = []
    for take in takes():
        if take.talent.name not in looks:
            stills = take.talent.stills
            looks[take.talent.name] = Looks(build_likeness(stills, networks), classical.source_of(stills, networks))
        found.append(_measured(take, looks[take.talent.name], people, networks))
    return [_bars(found, len(people)), _clips(found), _speed(found)]


def _measured(take: Take, looks: Looks, people: Mapping[str, F32], networks: FaceNetworks) -> Measurement:
    with tempfile.TemporaryDirectory(prefix="countenance-bench-") as folder:
        master = probe(opening(Path(folder) / "opening.mp4", take.path, SECONDS))
        start = time.perf_counter()
        seen = perceive(master)
        perceive_s = (time.perf_counter() - start) / master.frames
        assert take.talent.person in people
        others = {name: vectors for name, vectors in people.items() if name != take.talent.person}
        tracks = seen.of_person(_PERSON)
        new = partial(Meter, networks, master.frames, wanted=looks.likeness.embeddings, replaced=tracks[0].embedding,
                      others=others, cuts=seen.shots, thorough=True)  # fmt: skip
        works, landmarks = {OURS: Work(new()), CLASSICAL: Work(new())}, list[float]()
        strip = Strip(master.frames)
        _swap(master, seen, looks, networks, works, landmarks, strip)
    for work in works.values():
        work.finish()
    keep = os.environ.get("COUNTENANCE_BENCH_KEEP")
    if keep:
        strip.save(Path(keep) / "swap" / f"{take.name.replace('/', ' ')} as {take.talent.name}.png")
    return Measurement(take, master.frames, perceive_s, statistics.median(landmarks), works)


def _swap(
    master: Master,
    seen: Perception,
    looks: Looks,
    networks: FaceNetworks,
    works: Mapping[str, Work],
    landmarks: list[float],
    strip: Strip,
) -> None:
    """Every picture through both swaps and both meters; seconds and moments are added to what is given."""
    tracks = seen.of_person(_PERSON)
    part = Part("face", _PERSON, "seen", "wanted", dubbed=False)
    painter = kept_heading(prepare_swap(looks.likeness, tracks), glimpses_of(master, tracks), networks)
    crew = Crew(seen, [Member(part, tracks, [painter])])
    for number, before in enumerate(decode(master)):
        time_s, expected = float(before.time), seen.face_of(_PERSON, number)
        ours, peer = before.copy(), before.copy()
        start = time.perf_counter()
        painted = crew.paint(ours, before, number, number, crew.look(ours, number)).get(_PERSON)
        spent = time.perf_counter() - start
        face, laid = (painted.face, painted.laid) if painted else (expected, ())
        works[OURS].meter.see(number, time_s, before, ours, face, laid)
        if expected is None:
            works[CLASSICAL].meter.see(number, time_s, before, peer, None)
            continue
        works[OURS].seconds.append(spent)
        start = time.perf_counter()
        mesh, _score = networks.mesh(peer, square_around(expected.mesh[:POINTS]))
        landmarks.append(time.perf_counter() - start)
        laid, spent = _classical(peer, mesh, looks.source)
        works[CLASSICAL].seconds.append(spent)
        works[CLASSICAL].meter.see(number, time_s, before, peer, expected, laid)
        if strip.due(number):
            strip.add([before, ours, peer], expected.mesh[:POINTS])


def _classical(frame: Frame, mesh: F32, source: classical.Source) -> tuple[tuple[Laid, ...], float]:
    """The classical swap into a frame's planes; its seconds are those of the RGB box alone."""
    box = classical.box_of(mesh, frame.size)
    if box is None:
        return (), 0.0
    picture = frame.rgb(box)
    start = time.perf_counter()
    made, replaced = classical.swapped(picture, mesh, box, source)
    spent = time.perf_counter() - start
    mask = np.asarray(replaced > 0, np.float32)
    frame.paste(box, made.astype(np.float32), mask)
    return (Laid(box, mask),), spent


def _bars(found: Sequence[Measurement], people: int) -> Table:
    rows = [_bar(found, figure) for figure in FIGURES]
    ours, peer = (statistics.median(one.works[name].ms for one in found) for name in _WAYS)
    ratio = statistics.median(one.works[CLASSICAL].ms / one.works[OURS].ms for one in found)
    slow = max(found, key=lambda one: one.works[OURS].ms)
    times = f"{yes(ratio >= 5)}: {ratio:.2g} times"
    slowest = f"{slow.take.name}: {1000 / slow.works[OURS].ms:.3g}"
    paces = (f"{1000 / ours:.3g}", times, slowest, "-", f"{1000 / peer:.3g}", yes(ours < peer))
    rows.append(("painting, pictures/s", "≥ 5 times the classical", *paces))
    columns = ("figure", "bar", "ours", "met", "worst clip", "ours, held-out clips", "classical", "ours is better")
    mistaken = [f"{one.take.name}: {why}" for one in found if (why := one.works[OURS].reasons.get("identity_top1"))]
    return Table(
        f"The swap on {len(found)} clips",
        columns,
        tuple(rows),
        (
            f"The first {SECONDS:g} s of each clip, {sum(one.pictures for one in found)} pictures; medians over clips,"
            " but means where shares of pictures are told. All figures are the quality report's own.",
            f"Top-1 is against all {people} people of the footage and the presenters, each with up to 30 pictures.",
            "Held out: clips that nobody looked at while settings were tried. One actress appears in both kinds.",
            *(["Nearer to somebody else: " + " · ".join(mistaken)] if mistaken else []),
        ),
    )


def _bar(found: Sequence[Measurement], figure: Figure) -> tuple[object, ...]:
    values, peers = ({one.take.name: one.works[name].figures.get(figure.key) for one in found} for name in _WAYS)
    ours, theirs = _known(values), _known(peers)
    kept = _known({one.take.name: values[one.take.name] for one in found if one.take.held_out})
    whole = [figure.whole(list(some.values())) if some else None for some in (ours, theirs, kept)]
    if whole[0] is None:
        return figure.label, figure.asked, *("-",) * 6
    return (
        figure.label,
        figure.asked,
        figure.told(whole[0]),
        figure.met(whole[0]),
        figure.worst(ours),
        figure.told(whole[2]),
        figure.told(whole[1]),
        "-" if whole[1] is None else figure.beats(whole[0], whole[1]),
    )


def _known(values: Mapping[str, float | None]) -> dict[str, float]:
    return {name: value for name, value in values.items() if value is not None}


def _clips(found: Sequence[Measurement]) -> Table:
    rows = []
    for one in found:
        for name, work in one.works.items():
            figures = (figure.told(work.figures.get(figure.key)) for figure in FIGURES)
            clip = (one.take.name, one.take.talent.name, yes(one.take.held_out)) if name == OURS else ("", "", "")
            rows.append((*clip, name, *figures))
    columns = ("clip", "shown as", "held out", "by", *(figure.label for figure in FIGURES))
    return Table("The swap, clip by clip", columns, tuple(rows))


def _speed(found: Sequence[Measurement]) -> Table:
    parts = [
        (1000 * one.perceive_s, one.works[OURS].ms, 1000 * one.landmarks_s, one.works[CLASSICAL].ms) for one in found
    ]
    costs = [(*four, four[3] / four[1], (four[2] + four[3]) / (four[0] + four[1])) for four in parts]
    rows = [(one.take.name, *cost) for one, cost in zip(found, costs, strict=True)]
    rows.append(("median", *(statistics.median(column) for column in zip(*costs, strict=True))))
    columns = ("clip", "our perception", "our painting", "one look for landmarks", "classical painting",
               "classical over ours, painting", "in all")  # fmt: skip
    return Table(
        "The swap, milliseconds a picture",
        columns,
        tuple(rows),
        (
            "Decoding and encoding are left out, but our perception is the whole first pass and decodes.",
            "Ours works on the decoder's planes; for the classical swap the way to RGB and back is not counted.",
        ),
    )
