"""Commands about consent: what talents allow, what they get in their hands, and how they take it back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from countenance.cli.console import ActorOption, Call, actor_or_user, command, facts, table
from countenance.errors import InputError

if TYPE_CHECKING:
    from countenance.rights.grants import RecordedGrant

LanguageOption = Annotated[str, typer.Option("--language", metavar="CODE", help="Of the text: en or de.")]
LinkOption = Annotated[
    str | None, typer.Option("--link", metavar="URL", help="Where your server takes withdrawals; the token is added.")
]


def register(app: typer.Typer) -> None:
    consent = typer.Typer(help="What talents allow: grants, receipts and their withdrawal.", no_args_is_help=True)
    app.add_typer(consent, name="consent")
    command(consent, "sheet")(consent_sheet)
    command(consent, "grant")(consent_grant)
    command(consent, "receipt")(consent_receipt)
    command(consent, "check")(consent_check)
    command(consent, "approve")(consent_approve)
    command(consent, "withdraw")(consent_withdraw)
    command(consent, "show")(consent_show)
    command(consent, "pulls")(consent_pulls)
    command(consent, "takedown")(consent_taken_down)


def consent_sheet(
    call: Call,
    file: Annotated[Path, typer.Argument(help="The grant as a YAML file; `evidence` and `signed` may come later.")],
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Write the sheet here.")] = None,
    language: LanguageOption = "en",
) -> None:
    """Write what a person is to sign: the terms in words, and their hash for `signed.terms`."""
    from countenance.rights.grants import load_terms
    from countenance.rights.readable import sheet_text
    from countenance.rights.wording import LANGUAGES
    from countenance.store.files import write_bytes

    if language not in LANGUAGES:
        raise InputError(f"sheets are written in {' or '.join(LANGUAGES)}, not in {language!r}.")
    grant = load_terms(file)
    text = sheet_text(grant, language)
    if out is not None:
        write_bytes(out, text.encode())
    shown = f"{out}: terms {grant.terms_sha256}" if out is not None else text
    call.show({"terms_sha256": grant.terms_sha256, "sheet": text}, shown)


def consent_grant(
    call: Call,
    file: Annotated[Path, typer.Argument(help="The grant as a YAML file.")],
    receipt: Annotated[
        Path | None, typer.Option("--receipt", metavar="DIR", help="Write the person's receipt into this folder.")
    ] = None,
    language: LanguageOption = "en",
    link: LinkOption = None,
    actor: ActorOption = None,
) -> None:
    """Put a grant on record, signed by the controller; recording the same document again changes nothing."""
    from countenance.rights.grants import load_grant
    from countenance.rights.register import record_grant

    project = call.project()
    recorded = record_grant(project, load_grant(file), actor_or_user(actor))
    if receipt is None:
        call.show(_told(recorded), facts(_in_words(recorded)))
        return
    paths = _hand_over(call, recorded.id, receipt, language, link)
    call.show({**_told(recorded), "receipt": paths}, facts(_in_words(recorded)), f"receipt: {', '.join(paths)}")


def consent_receipt(
    call: Call,
    grant: Annotated[str, typer.Argument(help="The id of a grant on record.")],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="The folder that the receipt goes to.")],
    language: LanguageOption = "en",
    link: LinkOption = None,
) -> None:
    """Write a person's receipt anew, with a new withdrawal token; the older one is no longer valid."""
    paths = _hand_over(call, grant, out, language, link)
    call.show({"grant": grant, "receipt": paths}, *paths)


def consent_check(
    call: Call,
    file: Annotated[Path, typer.Argument(help="A receipt, the .jsonld file.")],
    own: Annotated[bool, typer.Option("--own", help="It must be signed by this project's controller.")] = False,
) -> None:
    """Check a receipt and the record in it, offline: whether anything was changed, and which key signed it."""
    from countenance.rights.receipt import check_receipt
    from countenance.store.files import read_json

    signer = check_receipt(read_json(file), call.project() if own else None)
    call.show({"file": str(file), "signed_by": signer}, f"{file} is unchanged; signed by {signer}")


def consent_approve(
    call: Call,
    variant: Annotated[str, typer.Argument(help="The id of a variant, or its start.")],
    talent: Annotated[str, typer.Argument(help="Whose agreement it is.")],
    actor: Annotated[str, typer.Option("--as", metavar="NAME", help="Who says so, for the ledger.")],
) -> None:
    """Record that a person agrees to a variant, where their grant wants that before publication."""
    from countenance.campaign.variants import find_variant
    from countenance.rights.approvals import approve_as_person

    project = call.project()
    row = find_variant(project, variant)
    if "pictures_sha256" not in row.render:
        raise InputError(f"variant {row.id} ({row.key}) has no pictures yet; there is nothing to agree to.")
    approve_as_person(project, talent, row.id, row.render["pictures_sha256"], actor)
    call.show({"variant": row.id, "talent": talent}, f"{talent} agrees to {row.id} ({row.key})")


def consent_withdraw(
    call: Call,
    talent: Annotated[str | None, typer.Argument(help="A talent (all its grants) or the id of one grant.")] = None,
    token: Annotated[
        str | None, typer.Option("--token", metavar="TOKEN", help="The token of a receipt: its grant, nothing else.")
    ] = None,
    reason: Annotated[
        str | None, typer.Option("--reason", help="Why; kept with the grant, not in the ledger. Optional with --token.")
    ] = None,
    actor: Annotated[
        str | None, typer.Option("--as", metavar="NAME", help="Who withdraws, for the ledger. Not with --token.")
    ] = None,
) -> None:
    """Withdraw grants at once: work under way stops, releases are to be pulled, the face model goes with the last."""
    from countenance.campaign.withdrawing import withdraw, withdraw_with_token

    if token is not None and talent is None:
        done = withdraw_with_token(call.project(), token, reason or "")
    elif token is None and talent is not None and reason is not None and actor is not None:
        done = withdraw(call.project(), talent, actor, reason)
    else:
        raise InputError("name a talent or a grant with --reason and --as, or give only the --token of a receipt.")
    erased = [f"the face model of {name} was erased" for name in done.erased]
    lines = [f"to be taken down: release {pull.release_id} ({pull.package})" for pull in done.pulls]
    pulled = [pull.release_id for pull in done.pulls]
    call.show([{**_told(one), "pulled": pulled} for one in done.grants], _grants_table(done.grants), *erased, *lines)


def consent_show(
    call: Call,
    talent: Annotated[str | None, typer.Argument(help="Only this talent's grants.")] = None,
) -> None:
    """Show the grants on record, withdrawn ones included."""
    from countenance.rights.register import all_grants, grants_of

    project = call.project()
    found = all_grants(project) if talent is None else grants_of(project, talent)
    call.show([_told(one) for one in found], _grants_table(found) if found else "no grants are on record")


def consent_pulls(
    call: Call,
    everything: Annotated[bool, typer.Option("--all", help="Also those that were taken down somewhere.")] = False,
    ended: Annotated[bool, typer.Option("--ended", help="First add what rests on grants that have ended.")] = False,
    actor: ActorOption = None,
) -> None:
    """Show the pull list: released variants that must be taken down, and where their packages were written."""
    from countenance.campaign.removing import pull_down
    from countenance.rights.pulls import pull_list
    from countenance.rights.register import pull_ended

    if ended:
        pull_ended(call.project(), actor_or_user(actor))
        pull_down(call.project())
    found = [pull for pull in pull_list(call.project()) if everything or not pull.taken_down]
    columns = ("release", "variant", "withdrawn", "reason", "package", "taken down")
    rows = [
        (
            pull.release_id,
            f"{pull.campaign}: {pull.face}-{pull.language}",
            pull.withdrawn_at[:19],
            pull.reason,
            pull.package,
            ", ".join(one.where for one in pull.taken_down),
        )
        for pull in found
    ]
    call.show([asdict(pull) for pull in found], table(columns, rows) if found else "nothing is to be taken down")


def consent_taken_down(
    call: Call,
    release: Annotated[str, typer.Argument(help="A release on the pull list.")],
    where: Annotated[str, typer.Option("--where", help="The place, such as youtube or the shop's front page.")],
    actor: ActorOption = None,
) -> None:
    """Record that a withdrawn release is no longer shown at a place."""
    from countenance.rights.pulls import take_down

    take_down(call.project(), release, where, actor_or_user(actor))
    call.show({"release": release, "taken_down": where}, f"release {release} was taken down: {where}")


def _hand_over(call: Call, grant_id: str, folder: Path, language: str, link: str | None) -> list[str]:
    from countenance.rights.receipt import issue_receipt, write_receipt

    receipt = issue_receipt(call.project(), grant_id, language=language, link=link)
    return [str(path) for path in write_receipt(receipt, folder)]


def _told(recorded: RecordedGrant) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(json.dumps(asdict(recorded), default=str))
    return {**told, "grant": recorded.grant.document}


def _in_words(recorded: RecordedGrant) -> dict[str, object]:
    grant = recorded.grant
    return {
        "grant": recorded.id,
        "talent": f"{grant.talent} ({grant.kind})",
        "state": _state(recorded),
        "valid": f"{grant.valid_from} to {grant.valid_until}",
        "purposes": ", ".join(grant.purposes),
        "campaigns": ", ".join(grant.campaigns),
        "markets": ", ".join(grant.markets),
        "channels": ", ".join(grant.channels),
        "languages": ", ".join(grant.languages),
    }


def _grants_table(found: Sequence[RecordedGrant]) -> Any:
    described = [_in_words(one) for one in found]
    return table(tuple(described[0]), [tuple(one.values()) for one in described])


def _state(recorded: RecordedGrant) -> str:
    if recorded.withdrawn_at is None:
        return "on record"
    return f"withdrawn on {recorded.withdrawn_at[:10]} by {recorded.withdrawn_by}"
