"""The command that shows how a video would be reframed to another shape."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from countenance.cli.console import Call, command, table


def register(app: typer.Typer) -> None:
    command(app, "reframe")(reframe)


def reframe(
    call: Call,
    file: Annotated[Path, typer.Argument(help="A video.")],
    preview: Annotated[Path, typer.Option("--preview", metavar="FILE", help="The film to write, an MP4 of half size.")],
    aspect: Annotated[str, typer.Option("--aspect", metavar="W:H", help="The shape: 9:16, 4:5, 1:1 or any.")] = "9:16",
    channel: Annotated[
        list[str] | None, typer.Option("--channel", help="Where it will be shown: its buttons are kept clear of.")
    ] = None,
) -> None:
    """Show how a video would look in another shape: a camera that follows whoever speaks, and never cuts a face.

    The film says on every picture that it is not released. Released videos get other shapes by `countenance export`.
    """
    from countenance.campaign.brief import CHANNELS
    from countenance.delivery.camera import target_size
    from countenance.delivery.reframe_preview import write_preview
    from countenance.delivery.viewing import view
    from countenance.errors import InputError

    named = re.fullmatch(r"(\d{1,4}):(\d{1,4})", aspect)
    if named is None:
        raise InputError(f"{aspect!r} is no shape; give width and height such as 9:16.")
    if preview.suffix.lower() != ".mp4":
        raise InputError(f"{preview}: the preview is a film; name it .mp4.")
    for one in channel or ():
        if one not in CHANNELS:
            raise InputError(f"{one!r} is no channel; give one of {', '.join(CHANNELS)}.")
    target = target_size((int(named[1]), int(named[2])))
    with call.progress() as stage:
        bars = {}

        def report(label: str, done: int, of: int) -> None:
            if label not in bars:
                bars[label] = stage(label, of)
            bars[label](done)

        looked = view(file, lambda done, of: report(f"looking at {file.name}", done, of))
        camera = write_preview(
            looked, target, preview, channel or (), lambda done, of: report(f"writing {preview.name}", done, of)
        )
    times_s = looked.seen.times_s
    takes = [
        {
            "start_s": float(times_s[take.first]),
            "end_s": float(times_s[take.last]) if take.last < len(times_s) else float(looked.master.duration),
            "camera": take.way,
            "people": list(take.people),
            "why": take.why,
        }
        for take in camera.takes
    ]
    rows = [
        (f"{one['start_s']:.2f} s", f"{one['end_s']:.2f} s", one["camera"], one["people"] or "-", one["why"])
        for one in takes
    ]
    value = {"preview": str(preview), "width": target[0], "height": target[1], "takes": takes}
    call.show(value, table(("from", "to", "camera", "people", "why"), rows), f"preview: {preview}")
