"""Commands about what is kept: how much it is, whether it is true, what could go, and how much may be kept."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import Annotated

import typer

from countenance.cli.console import Call, command, facts, table


def register(app: typer.Typer) -> None:
    storage = typer.Typer(help="Blobs: where they lie, how much, whether they are true.", no_args_is_help=True)
    app.add_typer(storage, name="storage")
    command(storage, "show")(storage_show)
    command(storage, "check")(storage_check)
    command(storage, "gc")(storage_gc)
    command(storage, "quota")(storage_quota)


def storage_show(call: Call) -> None:
    """Show where blobs lie, how many there are and what needs them."""
    from countenance.store.quota import in_words
    from countenance.store.survey import kept

    found = kept(call.project())
    needed = ", ".join(f"{count} for {kind}" for kind, count in found.references.items()) or "none"
    words = {
        "place": found.place,
        "blobs": f"{found.blobs} ({in_words(found.size)})",
        "needed": needed,
        "shared results": found.results,
        "to be collected": found.condemned,
    }
    call.show(asdict(found), facts(words))


def storage_check(
    call: Call,
    sample: Annotated[int | None, typer.Option(min=1, help="Read so many, by chance (default: all).")] = None,
) -> None:
    """Read the blobs that something needs; exit status 1 when one is missing or no longer has its content."""
    from countenance.store.survey import check

    with call.progress() as stage:
        bar = stage("blobs", None)
        found = check(call.project(), sample, lambda done, _of: bar(done))
    rows = [*((one, "missing") for one in found.missing), *((one, "damaged") for one in found.damaged)]
    call.show(asdict(found), table(("blob", "state"), rows) if rows else f"{found.read} blobs, as they should be")
    if rows:
        raise typer.Exit(1)


def storage_gc(
    call: Call,
    really: Annotated[bool, typer.Option("--really", help="Do it. Without, it is only told what would go.")] = False,
    grace_hours: Annotated[
        float, typer.Option("--grace", metavar="HOURS", min=1, help="How long a blob must have been without use.")
    ] = 24.0,
    unused_days: Annotated[
        float, typer.Option("--unused", metavar="DAYS", min=1, help="How long a shared result is kept unused.")
    ] = 30.0,
) -> None:
    """Collect blobs that nobody needs: condemned after the time of grace, removed after another. Safe while jobs run.

    Never what a release, a grant, a piece of evidence, an open decision or an unfinished job needs. Exit status 1 when
    something needed is missing.
    """
    from countenance.store.collect import collect
    from countenance.store.quota import in_words

    with call.progress() as stage:
        stage("collecting", None)
        found = collect(
            call.project(),
            really=really,
            grace=timedelta(hours=grace_hours),
            unused=timedelta(days=unused_days),
        )
    words = {
        "shared results out of use": found.results,
        "blobs condemned": found.condemned,
        "blobs removed": f"{found.removed} ({in_words(found.freed)})",
        "blobs that no record knew": found.strays,
        "leftovers of killed runs": found.leftovers,
        "needed and missing": len(found.missing),
    }
    told = () if really else ("nothing was changed; --really does it",)
    call.show({**asdict(found), "really": really}, facts(words), *told)
    if found.missing:
        raise typer.Exit(1)


def storage_quota(call: Call) -> None:
    """Show how much the project, each campaign and each owner keep, and what they may. Exit status 1 over a quota."""
    from countenance.store.quota import in_words, usage

    found = usage(call.project())
    rows = [
        (one.sort, one.name, in_words(one.size), in_words(one.limit) if one.limit is not None else "-") for one in found
    ]
    call.show([asdict(one) for one in found], table(("of", "name", "kept", "quota"), rows))
    if any(one.limit is not None and one.size > one.limit for one in found):
        raise typer.Exit(1)
