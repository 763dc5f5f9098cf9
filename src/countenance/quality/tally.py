"""What is counted in the pictures of a variant: faces that were lost, and pixels that were left alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from countenance.media.frame import Box, Frame
from countenance.quality.exact import untouched
from countenance.quality.kept import Kept
from countenance.quality.measured import Measured


@dataclass
class Tally:
    """Counts over all pictures.

    - `missing_face_share`: of the pictures in which the mesh network finds the face in the master (probability
      of at least 0.5), the share in which it does not in the variant;
    - `outside_exact`: share of pixels outside the painted boxes that kept their bits (see `untouched`).
    """

    expected: int = 0
    missing: int = 0
    same: int = 0
    outside: int = 0

    def compare(self, before: Frame | None, after: Frame, boxes: Sequence[Box]) -> bool:
        """Count the untouched pixels; True when the whole picture is the master's."""
        if before is None or before.size != after.size:
            return False
        same, outside = untouched(before, after, boxes)
        self.same += same
        self.outside += outside
        return same == outside and not boxes

    def look(self, *, expected: bool, found: bool) -> None:
        """Count a picture in which the face was looked for."""
        self.expected += expected
        self.missing += expected and not found

    def state(self) -> Kept:
        return asdict(self)

    def extend(self, state: Kept) -> None:
        self.expected += state["expected"]
        self.missing += state["missing"]
        self.same += state["same"]
        self.outside += state["outside"]

    def tell(self, found: Measured) -> None:
        """Add the figures."""
        if self.expected:
            found.figures["missing_face_share"] = self.missing / self.expected
        else:
            found.none("missing_face_share", "the master never shows the face")
        if self.outside:
            found.figures["outside_exact"] = self.same / self.outside
