"""The command that says what a brief will take before anything runs."""

from __future__ import annotations

import os
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from countenance.cli.console import Call, command, table


def register(app: typer.Typer) -> None:
    command(app, "plan")(plan)


def plan(
    call: Call,
    brief: Annotated[Path, typer.Argument(help="The brief: who, what, in which languages, where (YAML).")],
    approve: Annotated[
        bool, typer.Option("--approve", help="As with `produce --approve-as`: nobody's time for review is counted.")
    ] = False,
    cores: Annotated[
        int, typer.Option("--cores", min=1, help="Cores to share the work among; default: those of this machine.")
    ] = os.cpu_count() or 1,
    graph: Annotated[bool, typer.Option("--graph", help="Show every piece of work, not only the sums.")] = False,
) -> None:
    """Show the work behind a brief, what of it is there already, and the minutes, disk and money that it will take.

    Nothing is made. Prices come from [prices] in the project's settings.
    """
    from countenance.campaign.brief import load_brief
    from countenance.campaign.estimate import estimate, tree
    from countenance.campaign.plan import plan as plan_of
    from countenance.campaign.prices import prices_of

    project, wish = call.project(), load_brief(brief)
    wanted = plan_of(wish)
    found = estimate(project, wish, wanted, prices_of(project), reviewed=not approve)
    currency = found.prices.currency
    kinds = dict.fromkeys(part.kind for part in found.parts)
    rows = []
    for kind in kinds:
        parts = [part for part in found.parts if part.kind == kind]
        there = sum(part.cached for part in parts)
        todo = [part for part in parts if not part.cached]
        seconds = sum(part.cpu_s for part in todo)
        tasks = sum(part.tasks for part in parts)
        rows.append((kind, str(tasks), str(there), f"{seconds:.0f}", f"{found.prices.of(seconds):.4f}"))
    saved = 1 - found.cpu_s / found.apart_s if found.apart_s else 0.0
    told = {
        "variants": found.variants, "film_minutes": found.film_minutes, "cpu_s": found.cpu_s,
        "apart_cpu_s": found.apart_s, "wall_minutes": found.wall_min(cores), "cores": cores, "kept_gb": found.kept_gb,
        "review_minutes": found.review_min, "currency": currency, "money": found.money,
        "money_per_variant": found.per(found.variants), "money_per_minute": found.per(found.film_minutes),
        "money_per_thousand_variants": 1000 * found.per(found.variants), "parts": [asdict(one) for one in found.parts],
    }  # fmt: skip
    call.show(
        told,
        *(tree(found, wanted) if graph else ()),
        table(("work", "tasks", "there", "CPU seconds", currency), rows),
        f"{found.variants} variants, {found.film_minutes:.1f} minutes of film: {found.cpu_s / 60:.1f} CPU minutes, "
        f"about {found.wall_min(cores):.1f} minutes on {cores} cores, {found.kept_gb:.2f} GB of disk",
        f"{100 * saved:.0f} % less than one by one"
        + (f"; {found.review_min:.0f} minutes of people who review" if found.review_min else ""),
        f"{found.money:.2f} {currency}: {found.per(found.variants):.3f} a variant, "
        f"{found.per(found.film_minutes):.3f} a minute, {1000 * found.per(found.variants):.0f} a thousand variants",
    )
