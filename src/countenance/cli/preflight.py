"""The command that checks a package before it goes to a channel."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from countenance.cli.console import Call, command, table

if TYPE_CHECKING:
    from countenance.delivery.preflight import Finding, Preflight
    from countenance.store.project import Project


def register(app: typer.Typer) -> None:
    command(app, "preflight")(preflight)


def preflight(
    call: Call,
    variant: Annotated[Path, typer.Argument(metavar="VARIANT_FOLDER", help="The package of one released variant.")],
    channel: Annotated[str, typer.Option("--channel", metavar="NAME", help="Where it is to go, such as youtube.")],
    market: Annotated[
        str | None,
        typer.Option("--market", metavar="CODE", help="A country such as DE (default: those of the package)."),
    ] = None,
    format: Annotated[
        str | None, typer.Option("--format", metavar="NAME", help="The channel's own format, such as bumper or reels.")
    ] = None,
    political: Annotated[
        bool, typer.Option("--political", help="It is about politics, elections or social issues.")
    ] = False,
    organic: Annotated[bool, typer.Option("--organic", help="It is not an ad: rules for ads do not hold.")] = False,
    every: Annotated[bool, typer.Option("--all", help="Also show the rules that are kept.")] = False,
) -> None:
    """Check a package against the rules of a channel and its markets, and predict the label the channel will set.

    Exit status 1 when a rule that blocks is broken. Rules are data with source and date; old ones are named.
    """
    from countenance.campaign.brief import CHANNELS
    from countenance.delivery.preflight import preflight as check
    from countenance.errors import InputError
    from countenance.store.documents import nearest

    if channel not in CHANNELS:
        raise InputError(f"there is no channel '{channel}'{nearest(channel, CHANNELS)} (known: {', '.join(CHANNELS)}).")
    if market is not None and not (len(market) == 2 and market.isalpha() and market.isupper()):
        raise InputError(f"'{market}' is not a country code such as DE (ISO 3166-1).")
    done = check(
        variant, channel, market, project=_project(call, variant), political=political, ad=not organic, format=format
    )
    shown = [one for one in done.findings if every or one.state != "passed"]
    rows = [(one.rule.id, _sign(one), one.rule.text, one.told) for one in shown]
    parts = [table(("rule", "state", "what is asked", "what was found"), rows)] if rows else []
    call.show(done.to_json(), *parts, _label(done), *_notes(done), done.sentence)
    raise typer.Exit(done.exit_status)


def _project(call: Call, variant: Path) -> Project | None:
    """The project that was named; else the one around the package or the current folder, if there is one."""
    from countenance.errors import InputError
    from countenance.store.project import open_project

    if call.project_dir is not None:
        return call.project()
    for start in (variant, None):
        try:
            return open_project(start)
        except InputError:
            continue
    return None


def _sign(finding: Finding) -> str:
    if finding.state != "failed":
        return finding.state
    return "BLOCKS" if finding.blocks else finding.rule.severity


def _label(done: Preflight) -> str:
    predicted = done.predicted_label
    if not predicted.label:
        return f"label: none expected on {done.situation.channel} ({predicted.why})"
    return f"label: '{predicted.label}' {predicted.where} ({predicted.sure}: {predicted.why})"


def _notes(done: Preflight) -> list[str]:
    notes = []
    if done.stale:
        notes.append(f"older than 90 days, open their sources again: {', '.join(done.stale)}")
    if done.unverified:
        notes.append(f"nobody has compared with the source yet: {', '.join(done.unverified)}")
    return notes
