"""Commands about what is said: whether it fits, and drafts of translations."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from countenance.cli.console import ActorOption, Call, actor_or_user, command, table

BriefArgument = Annotated[Path, typer.Argument(help="The brief, a YAML file.")]
LanguageOption = Annotated[str, typer.Option("--to", metavar="CODE", help="The language, such as de or pt-BR.")]


def register(app: typer.Typer) -> None:
    script = typer.Typer(help="What is said: does it fit, and drafts of translations.", no_args_is_help=True)
    app.add_typer(script, name="script")
    command(script, "check")(script_check)
    command(script, "translate")(script_translate)
    command(script, "accept")(script_accept)


def script_check(call: Call, brief: BriefArgument) -> None:
    """Check a brief's texts before anything is made: words, languages, glossary, and whether they fit the time.

    Exit status 1 when a text cannot be said as it stands, or not within 15 % of its natural rate.
    """
    from countenance.campaign.brief import load_brief
    from countenance.campaign.texts import weigh_texts

    texts = weigh_texts(call.project(), load_brief(brief))
    rows = [
        (
            load.language, f"{load.whole.available_s:.1f}", f"{load.whole.needed_s:.1f}", f"{load.whole.rate:.2f}",
            f"{load.whole.syllables_per_s:.1f}", load.whole.verdict,
        )
        for load in texts.loads
    ]  # fmt: skip
    told = {
        "languages": [
            {
                "language": load.language, "available_s": load.whole.available_s, "needed_s": load.whole.needed_s,
                "rate": load.whole.rate, "syllables_per_s": load.whole.syllables_per_s,
                "shortfall_s": load.whole.shortfall_s, "verdict": load.whole.verdict,
                "sentences": [{**asdict(one), "rate": one.rate, "verdict": one.verdict} for one in load.sentences],
            }
            for load in texts.loads
        ],
        "stops": texts.stops,
        "warnings": texts.warnings,
    }  # fmt: skip
    columns = ("language", "seconds there are", "seconds it takes", "rate", "syllables/s", "verdict")
    shown = [table(columns, rows)] if rows else []
    call.show(told, *shown, *texts.stops, *(f"warning: {one}" for one in texts.warnings))
    raise typer.Exit(0 if texts.fits and not texts.stops else 1)


def script_translate(call: Call, brief: BriefArgument, to: LanguageOption) -> None:
    """Have a translation drafted by the service that the brief names under `translate`; a person must accept it.

    The script and the glossary's words go to that address and nowhere else.
    """
    from countenance.campaign.brief import load_brief
    from countenance.campaign.drafts import make_draft

    files = make_draft(call.project(), load_brief(brief, untranslated=True), to)
    call.show(
        {"draft": str(files.draft), "record": str(files.record)},
        f"draft: {files.draft}",
        f"read it, correct it, then: countenance script accept {brief} --to {to}",
    )


def script_accept(call: Call, brief: BriefArgument, to: LanguageOption, actor: ActorOption = None) -> None:
    """Accept a drafted translation that you have read: from now on it is what is said in that language."""
    from countenance.campaign.brief import load_brief
    from countenance.campaign.drafts import accept_draft

    files = accept_draft(load_brief(brief, untranslated=True), to, actor_or_user(actor))
    call.show({"accepted": str(files.accepted), "record": str(files.record)}, f"accepted: {files.accepted}")
