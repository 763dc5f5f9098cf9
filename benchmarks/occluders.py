"""What stands in front of a face stays in front of it: props laid over real clips, then swapped, pixel by pixel.

A clip with a prop is encoded, perceived and painted like any other footage; only the measure knows where the prop
lies. The same clips without a prop tell how much of a bare face is left out by mistake. With
COUNTENANCE_BENCH_KEEP=DIR strips of ten moments are kept in DIR/occluders: shot, swapped, what was held for a prop.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

import cv2
import numpy as np

from benchmarks.casting import Talent, talents
from benchmarks.footage import opening
from benchmarks.props import Laid, Prop, props, put
from benchmarks.strips import Strip
from benchmarks.tables import Table, footage
from countenance.media.decode import decode
from countenance.media.encode import Picture, encode
from countenance.media.frame import F32, Frame
from countenance.media.probe import Master, probe
from countenance.perception.networks import FaceNetworks
from countenance.perception.perceive import perceive
from countenance.perception.topology import POINTS
from countenance.synthesis.compose import Compositor
from countenance.synthesis.engine import Patch
from countenance.synthesis.likeness import Likeness, build_likeness
from countenance.synthesis.occlusion import Cover, Occlusion
from countenance.synthesis.swap import prepare_swap

SECONDS = 3.0
TRIED = (  # on these the limits of the occlusion were tried
    "azure-avatar/Delivering_sell_link.mp4",
    "latentsync/demo2_video.mp4",
    "liveportrait/s18.mp4",
    "retalking/1.mp4",
)
HELD_OUT = ("grid/lbbc2a.mpg", "latentsync/demo1_video.mp4", "liveportrait/s29.mp4", "liveportrait/d18.mp4")
NOTHING = "nothing"
_TALENT = "ben"
_RIM = 0.02  # of the face's width around a prop: there a rim of plate is meant to stay
_PLATE = Picture(preset="fast", crf=14)
_TINT = np.array([0, 255, 60], np.float32)


@dataclass
class Count:
    """Pixels counted over a clip. `prop`: those of the prop that the painter's mask covers; `painted` of them more
    than half; `paint` the sum of their shares; `skin`: bare face to be painted, `missed` of it more than half;
    `changed`: by how much the cover changed there from picture to picture; `seconds` of looking for props."""

    prop: float = 0
    painted: float = 0
    paint: float = 0
    skin: float = 0
    missed: float = 0
    changed: float = 0
    seconds: list[float] = field(default_factory=list)

    def add(self, other: Count) -> None:
        for name in ("prop", "painted", "paint", "skin", "missed", "changed"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.seconds += other.seconds


@dataclass(frozen=True)
class Trial:
    """One clip with one prop."""

    clip: str
    prop: str
    count: Count

    @property
    def over(self) -> float:
        return _percent(self.count.painted, self.count.prop)

    @property
    def missed(self) -> float:
        return _percent(self.count.missed, self.count.skin)


def run() -> list[Table]:
    media = footage()
    assert media is not None
    talent: Talent = talents()[_TALENT]
    likeness = build_likeness(talent.stills, FaceNetworks())
    found = [trial for clip in (*TRIED, *HELD_OUT) for trial in _trials(media, clip, likeness)]
    return [_by_prop(found), _by_clip(found)]


def _trials(media: Path, clip: str, likeness: Likeness) -> Iterator[Trial]:
    with tempfile.TemporaryDirectory(prefix="countenance-bench-") as name:
        folder = Path(name)
        master = probe(opening(folder / f"opening{Path(clip).suffix}", media / clip, SECONDS))
        frames = list(decode(master))
        track = perceive(master).of_person(0)[0]
        first = int(track.frames[0])
        chosen: Mapping[str, Prop | None] = {NOTHING: None, **props(media, track, frames[first])}
        for kind, prop in chosen.items():
            shown, truth = _shown(frames, first, track.mesh, prop)
            plate = _written(folder / f"{kind}.mp4", shown, master)
            yield Trial(clip, kind, _swapped(plate, truth, likeness, f"{clip} with {kind}".replace("/", " ")))


def _shown(frames: Sequence[Frame], first: int, meshes: F32, prop: Prop | None) -> tuple[list[Frame], dict[int, Cover]]:
    """The pictures with the prop, and where it lies in which."""
    shown, truth = list(frames), dict[int, Cover]()
    for number, mesh in enumerate(meshes, start=first):
        laid: Laid | None = prop(number, mesh, frames[number]) if prop else None
        if laid is not None:
            shown[number] = put(frames[number], laid)
            truth[number] = Cover(laid.box, laid.alpha)
    return shown, truth


def _written(path: Path, frames: Sequence[Frame], like: Master) -> Master:
    encode(
        path, iter(frames), size=frames[0].size, time_base=like.time_base, frame_rate=like.frame_rate, picture=_PLATE
    )
    return probe(path)


def _swapped(plate: Master, truth: Mapping[int, Cover], likeness: Likeness, name: str) -> Count:
    seen = perceive(plate)
    tracks = seen.of_person(0)
    painter, compositor, occlusion = prepare_swap(likeness, tracks), Compositor(), Occlusion(tracks)
    count, strip, last = Count(), Strip(plate.frames), None
    for number, frame in enumerate(decode(plate)):
        face = seen.face_of(0, number)
        if face is None:
            last = None
            continue
        start = time.process_time()
        cover = occlusion.see(frame, face)
        count.seconds.append(time.process_time() - start)
        patch = painter.paint(frame, face, number)
        if patch is None:
            continue
        swapped = frame.copy()
        laid = compositor.compose(swapped, patch, painter.name, cover=cover)
        share = Cover(laid.box, laid.mask).on(patch.box)
        prop = _moved(truth[number], patch) if number in truth else np.zeros_like(patch.mask)
        last = _counted(count, patch, share, prop, last)
        if strip.due(number):
            strip.add([frame, swapped, _tinted(frame, cover)], face.mesh[:POINTS])
    keep = os.environ.get("COUNTENANCE_BENCH_KEEP")
    if keep:
        strip.save(Path(keep) / "occluders" / f"{name}.png")
    return count


def _counted(count: Count, patch: Patch, share: F32, prop: F32, last: Cover | None) -> Cover:
    """Add one picture; returns what was held for a prop, on the patch's box."""
    wanted = patch.mask
    hidden = 1 - share / np.maximum(wanted, 1e-6)
    behind = (prop > 0.5) & (wanted > 0.05)
    rim = 2 * max(1, round(_RIM * float(np.ptp(patch.face.mesh[:POINTS, 0])))) + 1
    beside = cv2.dilate((prop > 0.02).astype(np.uint8), np.ones((rim, rim), np.uint8)) == 0
    skin = beside & (wanted > 0.5)
    count.prop += int(behind.sum())
    count.painted += int((share[behind] > 0.5).sum())
    count.paint += float(share[behind].sum())
    count.skin += int(skin.sum())
    count.missed += int((hidden[skin] > 0.5).sum())
    if last is not None:
        count.changed += float(np.abs(hidden - last.on(patch.box))[skin].sum())
    return Cover(patch.box, np.where(wanted > 0.05, hidden, 0).astype(np.float32))


def _moved(prop: Cover, patch: Patch) -> F32:
    """Where the prop lies when the reshaped face takes the picture around it along."""
    if patch.ground is None:
        return prop.on(patch.box)
    return Cover(patch.ground.box, patch.ground.moved(prop.on(patch.ground.box))).on(patch.box)


def _tinted(frame: Frame, cover: Cover | None) -> Frame:
    shown = frame.copy()
    if cover is not None:
        pixels = np.broadcast_to(_TINT, (*cover.alpha.shape, 3)).astype(np.float32)
        shown.paste(cover.box, pixels, cover.alpha * np.float32(0.6))
    return shown


def _by_prop(found: Sequence[Trial]) -> Table:
    kinds = list(dict.fromkeys(one.prop for one in found))
    rows = [_row(kind, [one for one in found if one.prop == kind]) for kind in kinds]
    every = _together([one for one in found if one.prop != NOTHING])
    columns = (
        "in front of the face",
        "painted over, %",
        "on held-out clips",
        "mean paint on it, %",
        "bare face left out, %",
        "change of that from picture to picture, %",
        "worst clip",
        "CPU ms a picture, median",
    )
    return Table(
        f"Things in front of faces, {len(TRIED) + len(HELD_OUT)} clips",
        columns,
        tuple(rows),
        (
            f"Painted over in all: {_percent(every.painted, every.prop):.2g} % of the props' pixels (bar: 3 %).",
            f"The first {SECONDS:g} s of each clip. Held out: {', '.join(HELD_OUT)}.",
            "On the other clips the limits were tried.",
            "Painted over: of the pixels that a prop hides by more than half and that the painter would paint, those"
            " where more than half is paint.",
            "Left out: of the bare face's pixels that should be painted by more than half, those that are not. A rim of"
            f" {100 * _RIM:g} % of the face's width around a prop is not counted; real hair before the face is.",
        ),
    )


def _row(kind: str, trials: Sequence[Trial]) -> tuple[object, ...]:
    whole, kept = _together(trials), _together([one for one in trials if one.clip in HELD_OUT])
    worst = max(trials, key=lambda one: one.missed if kind == NOTHING else one.over)
    over = (_percent(whole.painted, whole.prop), _percent(kept.painted, kept.prop), _percent(whole.paint, whole.prop))
    return (
        kind,
        *(("-",) * 3 if kind == NOTHING else over),
        _percent(whole.missed, whole.skin),
        _percent(whole.changed, whole.skin),
        f"{worst.clip}: {worst.missed if kind == NOTHING else worst.over:.2g} %",
        1000 * float(np.median(whole.seconds)),
    )


def _together(trials: Sequence[Trial]) -> Count:
    whole = Count()
    for one in trials:
        whole.add(one.count)
    return whole


def _by_clip(found: Sequence[Trial]) -> Table:
    kinds = list(dict.fromkeys(one.prop for one in found))
    rows = []
    for clip, group in groupby(found, lambda one: one.clip):
        by_prop = {one.prop: one for one in group}
        cells = [f"{by_prop[kind].over:.2g} / {by_prop[kind].missed:.2g}" for kind in kinds if kind != NOTHING]
        rows.append((clip, f"- / {by_prop[NOTHING].missed:.2g}", *cells))
    return Table("The same by clip: painted over, % / bare face left out, %", ("clip", *kinds), tuple(rows))


def _percent(part: float, whole: float) -> float:
    return 100 * part / whole if whole else 0.0
