"""Whose face it is that the variant shows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from countenance.media.frame import F32, U8, Frame
from countenance.perception.identity import chip, distance, embed
from countenance.quality.kept import Kept, stacked
from countenance.quality.measured import Measured
from countenance.quality.sampling import Spaced
from countenance.quality.series import curve

_MOST, _LEAST, _PICTURES_A_FACE = 12, 5, 100
_REPLACED = "the replaced person"
_LABELS = {
    "identity_wanted": "Distance to the wanted person",
    "identity_margin": "Distance gained from the replaced person",
}


@dataclass
class Recognition:
    """Faces of the variant, at most twelve evenly spaced ones, compared with everybody they could be.

    A face's distance to a person is the Euclidean distance of dlib's embedding to the nearest of that person's
    reference embeddings (King 2017, "High quality face recognition with deep metric learning"; below 0.6 is the
    same person). Figures:

    - `identity_wanted`, `identity_replaced`: the median distance to the wanted and to the replaced person;
    - `identity_margin`: the median of replaced minus wanted;
    - `identity_top1`: the share of faces that are nearer to the wanted person than to the replaced one and to every
      other talent (rank-1 identification, ISO/IEC 19795-1:2021; the "ID retrieval" of papers on face swaps is the
      same with another network and other people).
    """

    pictures: int
    wanted: F32 | None
    replaced: F32 | None
    others: Mapping[str, F32]
    _times: list[float] = field(default_factory=list)
    _chips: list[U8] = field(default_factory=list)
    _spaced: Spaced = field(init=False)
    _doubtful: bool = False  # whether the first face is

    def __post_init__(self) -> None:
        asked = self.wanted is not None or self.replaced is not None
        count = min(_MOST, max(_LEAST, self.pictures // _PICTURES_A_FACE))
        self._spaced = Spaced.of(self.pictures, count if asked else 0)

    def begin(self, first: int) -> None:
        """The section that is measured begins at this picture."""
        self._spaced.first = first

    def due(self, number: int) -> bool:
        """Whether the face of this picture is wanted."""
        return self._spaced.due(number)

    @property
    def doubtful(self) -> bool:
        """Whether the face that was just due may have been taken in the section before."""
        return self._spaced.doubtful

    def add(self, time_s: float, frame: Frame, mesh: F32) -> None:
        """One face, at the mesh `(468, 3)` that was found in it."""
        self._chips.append(chip(frame, mesh))
        self._times.append(time_s)
        self._doubtful = self._doubtful or self.doubtful

    def state(self) -> Kept:
        return {
            "times": np.array(self._times),
            "chips": stacked(self._chips),
            "doubtful": self._doubtful,
            "spaced": self._spaced.state(),
        }

    def extend(self, state: Kept) -> None:
        taken = slice(int(state["doubtful"] and not self.wants(state)), None)
        self._times.extend(state["times"].tolist()[taken])
        self._chips.extend(state["chips"][taken])
        self._spaced.extend(state["spaced"])

    def wants(self, following: Kept) -> bool:
        """Whether the first face of the section that follows is wanted although it is doubtful."""
        return self._spaced.wants(following["spaced"])

    def tell(self, found: Measured) -> None:
        """Add the figures and curves."""
        gaps: dict[str, F32] = {}
        faces = [embed([one])[0] for one in self._chips]
        for key, person in (("identity_wanted", self.wanted), ("identity_replaced", self.replaced)):
            if person is not None:
                gaps[key] = _distances(faces, person)
        if len(gaps) == 2:
            gaps["identity_margin"] = gaps["identity_replaced"] - gaps["identity_wanted"]
        for key, values in gaps.items():
            if not len(values):
                found.none(key, "no painted face was found to be compared")
                continue
            found.figures[key] = float(np.median(values))
            if key in _LABELS:
                found.curves.append(curve(key, _LABELS[key], "", np.array(self._times), values))
        strangers = {name: _distances(faces, person) for name, person in self.others.items()}
        if "identity_replaced" in gaps:
            strangers[_REPLACED] = gaps["identity_replaced"]
        if "identity_wanted" in gaps and strangers:
            _retrieve(found, gaps["identity_wanted"], strangers)


def _distances(faces: Sequence[F32], person: F32) -> F32:
    return np.array([distance(face, person) for face in faces], np.float32)


def _retrieve(found: Measured, wanted: F32, strangers: Mapping[str, F32]) -> None:
    if not len(wanted):
        found.none("identity_top1", "no painted face was found to be compared")
        return
    names, table = list(strangers), np.stack(list(strangers.values()))
    right = wanted < table.min(axis=0)
    found.figures["identity_top1"] = float(right.mean())
    if not right.all():
        taken_for = Counter(names[index] for index in table.argmin(axis=0)[~right])
        found.reasons["identity_top1"] = "; ".join(
            f"{count} of {len(right)} faces {'is' if count == 1 else 'are'} nearer to {name}"
            for name, count in taken_for.most_common()
        )
