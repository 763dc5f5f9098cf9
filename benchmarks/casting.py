"""Which clips are swapped in the measurements, and who gets whose face. Everything here stays local.

Only footage that the manifest allows for synthesis (S, or S? for local measurement), with one clear face. The
clips on which the painter's settings were tried keep the talents that they were tried with; for all others, in
alphabetical order, the talents take turns. Nobody gets their own face.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from benchmarks.tables import REPOSITORY, footage

_TRIED = {
    "azure-avatar/Delivering_sell_link.mp4": "ben",
    "latentsync/demo1_video.mp4": "ben",
    "liveportrait/d3.mp4": "ada",
    "liveportrait/s18.mp4": "ada",
    "presenters/ada/master.mp4": "ben",
    "retalking/1.mp4": "ben",
}
_HELD_OUT = (
    "azure-avatar/Apologizing.mp4",
    "azure-avatar/Asking_a_question.mp4",
    "azure-avatar/Introducing_the_product.mp4",
    "azure-avatar/Requesting_a_five-star_review.mp4",
    "grid/bbaf2n.mpg",
    "grid/lbax4n.mpg",
    "grid/lbbc2a.mpg",
    "grid/lrwp9a.mpg",
    "latentsync/demo2_video.mp4",
    "liveportrait/d18.mp4",
    "liveportrait/d19.mp4",
    "liveportrait/d5.mp4",
    "liveportrait/d9.mp4",
    "liveportrait/s20.mp4",
    "liveportrait/s29.mp4",
    "presenters/ben/master.mp4",
    "pyfeat/WolfgangLanger_Pexels.mp4",
    "pyfeat/single_face.mp4",
    "roop-pair/target.mp4",
)
_TURNS = ("ben", "ada", "woman A")


@dataclass(frozen=True)
class Talent:
    """Whose face is put on: the stills, and the name that `everybody` knows the person by."""

    name: str
    stills: tuple[Path, ...]
    person: str


@dataclass(frozen=True)
class Take:
    """One clip and the talent who takes it over."""

    path: Path
    talent: Talent
    held_out: bool

    @property
    def name(self) -> str:
        folder, stem = self.path.parent.name, self.path.stem
        return f"presenters/{folder}" if stem == "master" else f"{folder}/{stem}"


def presenters() -> Path:
    """The folder of the two presenters who do not exist."""
    media = footage()
    assert media is not None
    return media.parent / "presenters"


def talents() -> dict[str, Talent]:
    """Both presenters, and one real person of the stock photographs with six stills."""
    media = footage()
    assert media is not None
    examples = REPOSITORY / "examples"
    return {
        "ada": Talent("ada", _sorted(examples / "ada" / "refs", "*.jpg"), "presenters/ada"),
        "ben": Talent("ben", _sorted(examples / "ben" / "refs", "*.jpg"), "presenters/ben"),
        "woman A": Talent("woman A", _sorted(media / "stock", "stock-emotions-a-*.jpg"), "stock/stock-emotions-a"),
    }


def takes() -> list[Take]:
    """All clips of the measurement: those that settings were tried on, then those that nobody looked at."""
    known = talents()
    tried = [Take(_path(clip), known[talent], False) for clip, talent in _TRIED.items()]
    turn, held_out = 0, []
    for clip in _HELD_OUT:
        if known[_TURNS[turn % 3]].person in clip:
            turn += 1
        held_out.append(Take(_path(clip), known[_TURNS[turn % 3]], True))
        turn += 1
    return tried + held_out


def _path(clip: str) -> Path:
    media = footage()
    assert media is not None
    return presenters().parent / clip if clip.startswith("presenters/") else media / clip


def _sorted(folder: Path, pattern: str) -> tuple[Path, ...]:
    return tuple(sorted(folder.glob(pattern)))
