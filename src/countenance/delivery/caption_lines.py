"""How long a line of captions may be and how fast it may go by, for each script, and where it is broken in two."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from countenance.delivery.caption_breaks import NEVER, SENTENCE
from countenance.delivery.caption_words import Piece, columns, joined
from countenance.speech.languages import canonical

SHORTEST_S = 1.0
LONGEST_S = 6.0
LINES = 2

# The figures of the common style guides for streaming and broadcast (Netflix Timed Text Style Guides, BBC Subtitle
# Guidelines): columns in a line, and columns read in a second. A full-width character counts two of either. Only the
# Japanese speed is another: the guides' four characters are for text that is cut short, and captions hold every word.
_LATIN = (42, 17.0)
_OF_LANGUAGE = {
    "en": (42, 20.0),
    "ja": (32, 14.0),
    "zh": (32, 18.0),
    "yue": (32, 18.0),
    "ko": (32, 24.0),
}


@dataclass(frozen=True, slots=True)
class Limits:
    """`columns` of a line and `columns_per_s` of reading; a full-width character takes two columns."""

    columns: int
    columns_per_s: float

    @property
    def largest(self) -> int:
        """Columns that one caption can hold at most."""
        return LINES * self.columns


def limits_of(language: str) -> Limits:
    """The limits of a BCP-47 language; those of Latin letters where it has none of its own."""
    return Limits(*_OF_LANGUAGE.get(canonical(language).split("-")[0], _LATIN))


class Fabric:
    """Pieces of text with their widths added up, so that lines can be tried quickly."""

    def __init__(self, pieces: Sequence[Piece], limits: Limits) -> None:
        self.pieces, self.limits = pieces, limits
        self._sums = [0, *accumulate(columns(piece.text) + piece.space_after for piece in pieces)]

    def width(self, first: int, last: int) -> int:
        """Columns of pieces[first:last] on one line."""
        return self._sums[last] - self._sums[first] - (last > first and self.pieces[last - 1].space_after)

    def broken(self, first: int, last: int) -> tuple[float, int] | None:
        """What it costs to show pieces[first:last] as one caption, and where its second line begins (`last`: none).

        None when two lines do not hold it.
        """
        limit = self.limits.columns
        if self.width(first, last) <= limit:
            return 0.0, last
        if self.width(first, last) > self.limits.largest + 1:
            return None
        best: tuple[float, int] | None = None
        for at in range(first + 1, last):
            upper, lower = self.width(first, at), self.width(at, last)
            if upper > limit or lower > limit:
                continue
            tie = self.pieces[at - 1].tie
            # Sense comes first: a better place for the break is worth lines of rather different lengths. Of two
            # equally uneven ones the shorter line stands above.
            cost = abs(upper - lower) / limit + 0.1 * (upper > lower) + 2.2 * (tie - SENTENCE)
            cost += 10.0 * (tie >= NEVER)
            cost += 0.8 * (last - at == 1 and lower < limit // 4)  # a word alone
            if best is None or cost < best[0]:
                best = cost, at
        return best

    def lines(self, first: int, last: int) -> tuple[str, ...]:
        """The lines of pieces[first:last]."""
        found = self.broken(first, last)
        if found is None or found[1] == last:
            return (joined(self.pieces[first:last]),)
        return joined(self.pieces[first : found[1]]), joined(self.pieces[found[1] : last])
