"""The command that takes thumbnails of a released variant, or shows which ones a video would give."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from countenance.cli.console import Call, actor_or_user, command, table

_MARKS = ("eyes", "smile", "pose", "sharpness")


def register(app: typer.Typer) -> None:
    command(app, "thumbnails")(thumbnails)


def thumbnails(
    call: Call,
    variant: Annotated[
        str, typer.Argument(metavar="VARIANT", help="A released variant's id, or a video to try it on.")
    ],
    count: Annotated[int, typer.Option("--count", metavar="N", help="How many moments to choose.")] = 3,
    title: Annotated[
        list[str] | None,
        typer.Option("--title", metavar="TEXT", help="Also with this text, in the variant's language."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="DIR", help="Of a video: where its stills go, marked as not released."),
    ] = None,
    actor: Annotated[
        str | None, typer.Option("--as", metavar="NAME", help="Who acts, for the ledger (default: the system's user).")
    ] = None,
) -> None:
    """Choose the best moments, spread over the video, and write them in four sizes into the package's `thumbnails`.

    Open eyes, a smile, sharpness and a frontal face count. Each file bears the badge and the mark, and is sealed.
    """
    from countenance.errors import InputError

    if Path(variant).is_file():
        if out is None or title:
            raise InputError(f"{variant} is a video, not a variant: give --out DIR for its stills, and no --title.")
        rows, folder = _tried(call, Path(variant), count, out), out
    elif out is not None:
        raise InputError("--out is for videos; the thumbnails of a variant go into its package.")
    else:
        from countenance.campaign.stills import release_thumbnails

        with call.progress() as stage:
            made = release_thumbnails(
                call.project(), variant, count, actor_or_user(actor), titles=title or (), progress=_bars(stage)
            )
        rows, folder = list(made.rows), made.folder
    columns = ("file", "at", "score", *_MARKS)
    told = [
        (one["file"], f"{one['time_s']:.2f} s", f"{one['score']:.2f}",
         *(f"{one['marks'][name]:.2f}" if name in one["marks"] else "-" for name in _MARKS))
        for one in rows
    ]  # fmt: skip
    call.show({"folder": str(folder), "thumbnails": rows}, table(columns, told), f"written: {folder}")


def _tried(call: Call, video: Path, count: int, out: Path) -> list[dict[str, Any]]:
    """Stills of any video, marked as not released."""
    from PIL import Image

    from countenance.delivery.reframe_preview import NOTE
    from countenance.delivery.thumbnail_looks import pictures_at
    from countenance.delivery.thumbnails import SIZES, candidates, still
    from countenance.delivery.viewing import view
    from countenance.provenance.badge import Badge

    with call.progress() as stage:
        report = _bars(stage)
        looked = view(video, lambda done, of: report("look", done, of))
        found = candidates(looked, count)
    out.mkdir(parents=True, exist_ok=True)
    numbers = sorted(one.number for one in found)
    frames = dict(zip(numbers, pictures_at(looked.master, numbers), strict=True))
    rows = []
    for rank, one in enumerate(found, start=1):
        for size in SIZES:
            name = f"{rank:02d}-{size[0]}x{size[1]}.jpg"
            note = Badge("corner", text=NOTE)
            made = still(looked, one, frames[one.number].copy(), size, worn=Badge("off"), badge=note)
            Image.fromarray(made.rgb).save(out / name, quality=88)
            rows.append({"file": name, "rank": rank, "width": size[0], "height": size[1], "time_s": one.time_s,
                         "score": one.score, "marks": one.marks})  # fmt: skip
    return rows


def _bars(stage: Callable[[str, int | None], Callable[[int], None]]) -> Callable[[str, int, int], None]:
    """One bar for each stage."""
    bars: dict[str, Callable[[int], None]] = {}

    def report(label: str, done: int, of: int) -> None:
        if label not in bars:
            bars[label] = stage(label, of)
        bars[label](done)

    return report
