"""What all commands share: their common options, how they print, how they fail, and progress bars."""

from __future__ import annotations

import functools
import getpass
import inspect
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from countenance.errors import CountenanceError, RightsError, TextError

if TYPE_CHECKING:
    from rich.console import Console

    from countenance.store.project import Project

INTERRUPTED = 130
EXIT_STATUSES = (
    "Exit status: 0 done; 1 a gate or a check failed; 2 wrong use or unreadable input; "
    "3 refused for lack of rights; 4 waiting for review; 130 interrupted."
)
_PLAIN_WIDTH = 160  # columns where there is no terminal to fit into

ProjectOption = Annotated[
    Path | None,
    typer.Option(
        "--project",
        metavar="DIR",
        help="Folder of the project (default: searched from the current folder upwards).",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON value for machines, and no progress.")]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")]
ActorOption = Annotated[
    str | None,
    typer.Option("--as", metavar="NAME", help="Who acts, for the ledger (default: the system's user)."),
]

Stage = Callable[[str, int | None], Callable[[int], None]]


@dataclass(frozen=True)
class Call:
    """One call of a command: its common options, and how it talks."""

    project_dir: Path | None
    json: bool
    quiet: bool

    def project(self) -> Project:
        """The project of this call; InputError when there is none."""
        from countenance.store.project import open_project

        return open_project(self.project_dir)

    def show(self, value: Any, *renderables: Any) -> None:
        """The outcome: `value` with --json, the rich renderables (texts are printed as they are) without."""
        if self.json:
            typer.echo(json.dumps(value, indent=2, ensure_ascii=False, default=str))
        elif not self.quiet:
            for one in renderables:
                if isinstance(one, str):
                    typer.echo(one)
                else:
                    _console(error=False).print(one)

    @contextmanager
    def progress(self) -> Iterator[Stage]:
        """Bars on stderr that are gone at the end; none with --json, --quiet or without a terminal.

        Yields a function that opens a bar by its label and total (None: unknown) and returns the function
        to call with how much of it is done.
        """
        if self.json or self.quiet or not sys.stderr.isatty():
            yield lambda _label, _total: lambda _done: None
            return
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns, console=_console(error=True), transient=True) as bars:

            def stage(label: str, total: int | None) -> Callable[[int], None]:
                task = bars.add_task(label, total=total)
                return lambda done: bars.update(task, completed=done)

            yield stage


def command(app: typer.Typer, name: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Register a function as a command; it gets a `Call` first, and the common options with it.

    CountenanceErrors end it with one line on stderr (and an object on stdout with --json) and their status.
    """

    def register(function: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(function)
        def run(*, context: typer.Context, project: Path | None, as_json: bool, quiet: bool, **rest: Any) -> None:
            call = Call(project or context.obj, as_json, quiet)
            try:
                function(call, **rest)
            except CountenanceError as problem:
                _fail(call, problem)
            except KeyboardInterrupt:
                typer.echo("interrupted", err=True)
                raise typer.Exit(INTERRUPTED) from None

        run.__signature__ = _with_common_options(function)  # type: ignore[attr-defined]
        return app.command(name, epilog=EXIT_STATUSES)(run)

    return register


def _with_common_options(function: Callable[..., None]) -> inspect.Signature:
    """The signature that typer sees: the context for the call, the function's own, the common ones."""
    own = list(inspect.signature(function, eval_str=True).parameters.values())[1:]
    keyword = inspect.Parameter.KEYWORD_ONLY
    return inspect.Signature(
        [
            inspect.Parameter("context", keyword, annotation=typer.Context),
            *(one.replace(kind=keyword) for one in own),
            inspect.Parameter("project", keyword, default=None, annotation=ProjectOption),
            inspect.Parameter("as_json", keyword, default=False, annotation=JsonOption),
            inspect.Parameter("quiet", keyword, default=False, annotation=QuietOption),
        ]
    )


def _fail(call: Call, problem: CountenanceError) -> None:
    reasons = problem.reasons if isinstance(problem, (RightsError, TextError)) else ()
    typer.echo(f"error: {problem}", err=True)
    for reason in reasons:
        typer.echo(f"  {reason}", err=True)
    if call.json:
        typer.echo(
            json.dumps(
                {"error": str(problem), "reasons": reasons, "exit_status": problem.exit_status},
                indent=2,
                ensure_ascii=False,
            )
        )
    raise typer.Exit(problem.exit_status) from None


def table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> Any:
    """A rich table of plain texts, without markup."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    made = Table(box=SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        made.add_column(column, overflow="fold")
    for row in rows:
        made.add_row(*(Text(str(cell)) for cell in row))
    return made


def facts(values: Mapping[str, object]) -> Any:
    """Names and values, one a line, aligned."""
    from rich.table import Table
    from rich.text import Text

    made = Table.grid(padding=(0, 2))
    for name, value in values.items():
        made.add_row(Text(name, style="bold"), Text(str(value)))
    return made


def actor_or_user(actor: str | None) -> str:
    """The actor that was named, else the user whom the system knows."""
    if actor and actor.strip():
        return actor.strip()
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container may run under a number without a name
        return "unknown"


def _console(*, error: bool) -> Console:
    from rich.console import Console

    stream = sys.stderr if error else sys.stdout
    return Console(stderr=error, width=None if stream.isatty() else _PLAIN_WIDTH, highlight=False)
