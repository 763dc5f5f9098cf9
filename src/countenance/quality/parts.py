"""One meter from those of a variant's sections."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from countenance.errors import CountenanceError
from countenance.media.frame import F32
from countenance.perception.networks import FaceNetworks
from countenance.quality.meter import Meter
from countenance.speech.phones import Phones


def joined(
    parts: Sequence[Path],
    networks: FaceNetworks,
    pictures: int,
    *,
    wanted: F32 | None = None,
    replaced: F32 | None = None,
    others: Mapping[str, F32] | None = None,
    cuts: Collection[int] = (),
    dubbed: bool = False,
    spoken: Phones | None = None,
    voice_over: Collection[int] = (),
    thorough: bool = False,
) -> Meter:
    """The meter that one would have that had seen all pictures, from what the meters of sections saved, in order.

    What it finishes with is equal in every figure, curve, note and picture. All else as for `Meter`, and the same for
    every section. Raises CountenanceError where sections do not follow each other, are missing, or were measured under
    another plan.
    """
    meter = Meter(
        networks, pictures, wanted=wanted, replaced=replaced, others=others, cuts=cuts, dubbed=dubbed, spoken=spoken,
        voice_over=voice_over, thorough=thorough,
    )  # fmt: skip
    for part in parts:
        meter.join(part)
    if meter.seen != pictures:
        raise CountenanceError(f"the sections end at picture {meter.seen} of {pictures}: measure the missing ones")
    return meter
