"""Self-dub: clips whose sound and mouth belong together, spoken anew with their own words, against the real pictures.

The product's plan, painter and compositor make each picture; phones come from the aligner. Two ways to do without a
library stand beside it: the last mouth of the teaching part held still, and that mouth warped to what the general
table of sounds asks for. With COUNTENANCE_BENCH_KEEP=DIR strips of mouths with their phones are kept in DIR/lipsync.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from benchmarks.mouthstrips import MouthStrip
from benchmarks.selfdub import Take, takes
from benchmarks.tables import Table
from benchmarks.warpedmouth import WarpedMouth, last_mouth
from countenance.campaign.crew import Crew, Member
from countenance.campaign.plan import Part
from countenance.media.decode import decode
from countenance.media.frame import F32, U8, Box, Frame
from countenance.perception.crop import square_around
from countenance.perception.networks import FaceNetworks
from countenance.perception.topology import LIPS_OUTER, POINTS
from countenance.quality.articulation import (
    articulation_rate,
    closed_below,
    closures,
    lip_distance,
    mouth_jitter,
    opening_ratio,
    silence_motion,
)
from countenance.quality.lips import Lips, lips_of
from countenance.speech.visemes import mouth_targets
from countenance.synthesis.lipsync import prepare_lipsync
from countenance.synthesis.mouthpath import MouthPlan, plan_mouths

OURS, FROZEN, WARPED = WAYS = ("ours", "frozen mouth", "plain 2D warp")
_AROUND = 0.10  # eye distances around the outer lips: the mouth box
_C1, _C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2


@dataclass
class Work:
    """What one way of making a take's pictures came to, picture by picture."""

    meshes: list[F32] = field(default_factory=list)
    psnr: list[float] = field(default_factory=list)
    ssim: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class Measurement:
    """One take: what was measured of each way and of the real pictures."""

    take: Take
    plan: MouthPlan
    real: Work
    works: Mapping[str, Work]

    def lips(self, work: Work) -> Lips:
        starts = np.array(
            [float(self.take.clip.master.pts[n] * self.take.clip.master.time_base) for n in self.take.numbers]
        )
        return lips_of(starts, work.meshes)

    def lmd(self, way: str) -> float:
        """Per cent of the eye distance."""
        return 100 * float(lip_distance(np.stack(self.works[way].meshes), np.stack(self.real.meshes)).mean())


def run() -> list[Table]:
    networks = FaceNetworks()
    names = tuple(name for name in os.environ.get("COUNTENANCE_BENCH_TAKES", "").split(",") if name)
    found = [measured(take, networks) for take in takes(names)]
    return [_against(found), _articulation(found)]


def measured(take: Take, networks: FaceNetworks) -> Measurement:
    """Paint a take all three ways and measure each picture."""
    plan = plan_mouths(take.library, take.phones, take.times_s, take.poses, take.sources)
    painter = prepare_lipsync(take.library, plan)
    part = Part("face", 0, "seen", "seen", dubbed=True)
    crew = Crew(take.clip.seen, [Member(part, take.clip.tracks, [painter])])
    base = last_mouth(take.library)
    targets = mouth_targets(take.phones, take.times_s, frames=True)
    peers: dict[str, Callable[[Frame, F32, int], Frame]] = {
        FROZEN: WarpedMouth(take.library, base, None).picture,
        WARPED: WarpedMouth(take.library, base, targets).picture,
    }
    real, works = Work(), {way: Work() for way in WAYS}
    strip = MouthStrip(take.phones, take.times_s)
    for number, (source, before) in enumerate(
        zip(take.numbers, decode(take.clip.master, start=take.first), strict=False)
    ):
        face = take.clip.seen.face_of(0, source)
        if face is None:
            continue
        square = square_around(face.mesh[:POINTS])
        real.meshes.append(networks.mesh(before, square)[0])
        ours = before.copy()
        crew.paint(ours, before, source, number, crew.look(ours, source))
        pictures = {OURS: ours, **{way: make(before, face.mesh, number) for way, make in peers.items()}}
        box = _mouth_box(real.meshes[-1], before.size)
        for way, picture in pictures.items():
            work = works[way]
            work.meshes.append(networks.mesh(picture, square)[0])
            work.psnr.append(_psnr(before.rgb(box), picture.rgb(box)))
            work.ssim.append(_ssim(before.rgb(box), picture.rgb(box)))
        strip.add(number, [before, *pictures.values()], face.mesh)
    keep = os.environ.get("COUNTENANCE_BENCH_KEEP")
    if keep:
        strip.save(Path(keep) / "lipsync" / f"{take.name.replace('/', ' ')}.png")
    return Measurement(take, plan, real, works)


def _against(found: list[Measurement]) -> Table:
    rows = []
    for one in found:
        lmd = {way: one.lmd(way) for way in WAYS}
        psnr, ssim = ({way: float(np.mean(getattr(one.works[way], name))) for way in WAYS} for name in ("psnr", "ssim"))
        best = lmd[OURS] < min(lmd[FROZEN], lmd[WARPED]) and all(
            mine[OURS] > max(mine[FROZEN], mine[WARPED]) for mine in (psnr, ssim)
        )
        gain = psnr[OURS] - psnr[FROZEN]
        rows.append(
            (
                one.take.name, len(one.real.meshes),
                *(f"{lmd[way]:.2f}" for way in WAYS), *(f"{psnr[way]:.1f}" for way in WAYS),
                *(f"{ssim[way]:.3f}" for way in WAYS), f"{gain:+.1f}", "yes" if best else "no",
                "yes" if best and gain >= 2 else "no",
            )
        )  # fmt: skip
    columns = (
        "take", "pictures", *(f"LMD % {way}" for way in WAYS), *(f"PSNR dB {way}" for way in WAYS),
        *(f"SSIM {way}" for way in WAYS), "PSNR over frozen", "better than both", "bar met",
    )  # fmt: skip
    return Table(
        f"Self-dub of {len(found)} takes: the mouth against the real pictures",
        columns,
        tuple(rows),
        (
            "ada: mouths of her calibration clip only; others: second half from the first. Phones from the aligner.",
            "LMD: mean distance of 40 lip points after the mouths' centres are laid on each other, over the distance of"
            " the outer eye corners, landmarks found anew in each picture. PSNR (RGB) and SSIM (luma) in the outer"
            " lips' box with 0.1 eye distances around it, means over pictures.",
            "Frozen: the last picture of the teaching part, moved with the head. Warped: the same with its lips set to"
            " gap and width of the general table of sounds within this person's range.",
            "azure-avatar's takes have no known words (the recogniser hears no English in them) and are left out;"
            " retalking/1's words are as the recogniser hears them.",
        ),
    )


def _articulation(found: list[Measurement]) -> Table:
    rows = []
    for one in found:
        phones, own, made = one.take.phones, one.lips(one.real), one.lips(one.works[OURS])
        closed = closed_below(own.gap)
        mine, theirs = (closures(lips, phones, closed) for lips in (made, own))
        ratio, real_ratio = opening_ratio(made, phones), opening_ratio(own, phones)
        rows.append(
            (
                one.take.name, f"{mine.count - len(mine.missed_s)} of {mine.count}",
                f"{theirs.count - len(theirs.missed_s)} of {theirs.count}",
                _share(silence_motion(made, phones)), _share(silence_motion(own, phones)),
                _told(articulation_rate(made, phones, own, phones)), _told(ratio), _told(real_ratio),
                _share(ratio / real_ratio if ratio and real_ratio else None),
                _share(mouth_jitter(made)), _share(mouth_jitter(own)), f"{100 * one.plan.made_share:.0f} %",
            )
        )  # fmt: skip
    columns = (
        "take", "closed at p b m", "real", "motion in silence", "real", "articulation rate", "opening ratio", "real",
        "of own", "jitter", "real", "made shapes",
    )  # fmt: skip
    return Table("Self-dub: how the painted mouths speak", columns, tuple(rows), ())


def _told(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _share(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.2g} %"


def _mouth_box(mesh: F32, size: tuple[int, int]) -> Box:
    unit = float(np.linalg.norm(mesh[33, :2] - mesh[263, :2]))
    box = Box.around(mesh[list(LIPS_OUTER), :2], _AROUND * unit, size)
    assert box is not None
    return box


def _psnr(real: U8, made: U8) -> float:
    error = float(((real.astype(np.float32) - made.astype(np.float32)) ** 2).mean())
    return 10 * float(np.log10(255**2 / max(error, 1e-3)))


def _ssim(real: U8, made: U8) -> float:
    """SSIM after Wang et al. (2004) of the luma, Gaussian window of 1.5 pixels."""
    one, other = (cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY).astype(np.float32) for rgb in (real, made))

    def calm(plane: F32) -> F32:
        return np.asarray(cv2.GaussianBlur(plane, (11, 11), 1.5), np.float32)

    a, b = calm(one), calm(other)
    var_a, var_b, cov = calm(one * one) - a * a, calm(other * other) - b * b, calm(one * other) - a * b
    return float(((2 * a * b + _C1) * (2 * cov + _C2) / ((a * a + b * b + _C1) * (var_a + var_b + _C2))).mean())
