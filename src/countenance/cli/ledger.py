"""Commands that show the ledger, prove it, and let others watch it."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from countenance.cli.console import ActorOption, Call, actor_or_user, command, table
from countenance.errors import InputError

if TYPE_CHECKING:
    from countenance.ledger.witnessed import Seen
    from countenance.store.project import Project

_LONGEST_CELL = 40  # characters
OutOption = Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Where it goes (default: stdout).")]


def register(app: typer.Typer) -> None:
    ledger = typer.Typer(help="The signed log of everything that was decided or done.", no_args_is_help=True)
    app.add_typer(ledger, name="ledger")
    command(ledger, "show")(ledger_show)
    command(ledger, "verify")(ledger_verify)
    command(ledger, "prove")(ledger_prove)
    command(ledger, "export")(ledger_export)
    command(ledger, "witness")(ledger_witness)
    command(ledger, "correct-clock")(ledger_correct_clock)


def ledger_show(
    call: Call,
    kind: Annotated[
        str | None, typer.Option("--kind", help="Only entries of this kind, such as consent.granted.")
    ] = None,
    last: Annotated[int, typer.Option("--last", min=1, metavar="N", help="Only the last N entries.")] = 50,
) -> None:
    """Show the ledger's entries, oldest first; `ledger verify` proves them."""
    from countenance.ledger.log import entries

    found = entries(call.project(), kind, last=last)
    rows = [(one.seq, one.ts[:19], one.kind, one.actor, _short(one.data)) for one in found]
    call.show([asdict(one) for one in found], table(("entry", "when (UTC)", "kind", "actor", "data"), rows))


def ledger_verify(
    call: Call,
    what: Annotated[
        str | None,
        typer.Argument(metavar="[WHAT]", help="A proof, or the folder or address of an export (default: the project)."),
    ] = None,
    key: Annotated[
        Path | None, typer.Option("--key", metavar="PEM", help="The ledger's public key (default: the project's).")
    ] = None,
    witnessed: Annotated[
        Path | None, typer.Option("--witnessed", metavar="NOTE", help="A checkpoint that a witness signed; it is kept.")
    ] = None,
    witness_key: Annotated[
        Path | None, typer.Option("--witness-key", metavar="VKEY", help="That witness's public key.")
    ] = None,
) -> None:
    """Prove every entry, its place and the ledger's end, and that it goes on from what witnesses saw: status 1 if not.

    With WHAT nothing but that file or export and the public key is looked at.
    """
    if what is not None:
        _verify_from_files(call, what, key)
    from countenance.ledger.log import verify as verify_ledger

    project = call.project()
    seen = _keep(project, witnessed, witness_key) if witnessed else ()
    report = verify_ledger(project, seen)
    words = f"the ledger checks out (entries: {report.count})" if report.ok else f"damaged: {report.problem}"
    call.show(asdict(report), words)
    raise typer.Exit(0 if report.ok else 1)


def ledger_prove(
    call: Call,
    seq: Annotated[int | None, typer.Argument(metavar="[ENTRY]", help="The number of an entry.")] = None,
    since: Annotated[
        Path | None, typer.Option("--since", metavar="NOTE", help="An older checkpoint that the ledger goes on from.")
    ] = None,
    out: OutOption = None,
    key_out: Annotated[
        Path | None, typer.Option("--key-out", metavar="PEM", help="Write the ledger's public key there as well.")
    ] = None,
) -> None:
    """Write a proof that an entry stands in the ledger, or that the ledger was only added to since a checkpoint.

    Anybody can check it with `ledger verify PROOF --key PEM`, without this project.
    """
    from countenance.ledger.proof import prove, prove_consistency, public_key_pem
    from countenance.store.files import write_bytes, write_json

    project = call.project()
    if (seq is None) == (since is None):
        raise InputError("name either an entry or, with --since, an older checkpoint.")
    proof = prove(project, seq) if seq is not None else prove_consistency(project, _text(since))
    if key_out:
        write_bytes(key_out, public_key_pem(project).encode())
    if out:
        write_json(out, proof)
        call.show({"proof": str(out)}, f"written: {out}")
    else:
        call.show(proof, json.dumps(proof, indent=2, ensure_ascii=False))


def ledger_export(
    call: Call,
    place: Annotated[str, typer.Argument(metavar="DEST", help="A folder, or s3://BUCKET/PREFIX with Object Lock.")],
    retain_days: Annotated[
        int, typer.Option("--retain-days", min=1, metavar="N", help="How long S3 must keep it unchanged.")
    ] = 3650,
) -> None:
    """Write entries, tree and signed checkpoints to a folder or a locked bucket; again, it adds what is new.

    The project must be sound, and go on from what was exported before.
    """
    from countenance.ledger.shelf import Folder, Shelf
    from countenance.ledger.tiles import export
    from countenance.ledger.worm import open_bucket

    shelf: Shelf = open_bucket(place, retain_days) if place.startswith("s3://") else Folder(Path(place))
    with call.progress() as stage:
        stage(f"writing to {place}", None)
        done = export(call.project(), shelf)
    told = {"place": place, "entries": done.checkpoint.size, "new_files": done.new_files}
    call.show(told, f"{place} has {done.checkpoint.size} entries (new files: {done.new_files})")


def ledger_witness(
    call: Call,
    source: Annotated[str, typer.Argument(help="The folder or address of an exported ledger.")],
    state: Annotated[Path, typer.Option("--state", metavar="DIR", help="This witness's own folder.")],
    log_key: Annotated[
        Path | None, typer.Option("--log-key", metavar="VKEY", help="The ledger's key, the first time (ledger.vkey).")
    ] = None,
    name: Annotated[str, typer.Option("--name", help="This witness's name, the first time.")] = "witness",
    out: OutOption = None,
) -> None:
    """Sign an exported ledger's checkpoint as a witness, after a proof that it goes on from the last one signed.

    Run it on a machine of its own, again and again. The note goes back to the studio (`ledger verify --witnessed`).
    Exit status 1, and no signature, when the ledger was forked, cut off or set back, or this machine's clock was.
    """
    from countenance.ledger.shelf import source_at
    from countenance.ledger.witness import witness
    from countenance.store.files import write_bytes

    seen = witness(source_at(source), state, name, _text(log_key) if log_key else None)
    if out:
        write_bytes(out, seen.note.encode())
    told = {
        "witness": seen.witness.text(),
        "origin": seen.checkpoint.origin,
        "entries": seen.checkpoint.size,
        "new_entries": seen.new_entries,
        "note": seen.note,
    }
    words = f"signed: {seen.checkpoint.size} entries of {seen.checkpoint.origin} (new: {seen.new_entries})"
    call.show(told, words if out else f"{words}\n\n{seen.note}")


def ledger_correct_clock(
    call: Call,
    reason: Annotated[str, typer.Option("--reason", help="What was wrong with the clock.")],
    actor: ActorOption = None,
) -> None:
    """Put on record that the last entries were dated by a clock that was ahead, so that new ones can be added."""
    from countenance.ledger.chain import CLOCK_CORRECTED
    from countenance.ledger.log import append

    entry = append(call.project(), CLOCK_CORRECTED, actor_or_user(actor), {"reason": reason})
    call.show(asdict(entry), f"recorded as entry {entry.seq}, dated {entry.ts}")


def _verify_from_files(call: Call, what: str, key: Path | None) -> None:
    from countenance.ledger.offline import key_for, verify_export
    from countenance.ledger.proof import public_key_pem
    from countenance.ledger.shelf import source_at

    pem = _text(key) if key else public_key_pem(call.project())
    if Path(what).is_file():
        told = _check_proof_file(Path(what), pem)
        call.show(told, told["words"])
        raise typer.Exit(0)
    source = source_at(what)
    report = verify_export(source, key_for(source, pem))
    words = f"the export checks out (entries: {report.count})" if report.ok else f"damaged: {report.problem}"
    call.show(asdict(report), words)
    raise typer.Exit(0 if report.ok else 1)


def _check_proof_file(path: Path, pem: str) -> dict[str, Any]:
    from countenance.ledger.proof import CONSISTENCY, check_consistency, check_proof
    from countenance.store.files import read_json

    proof = read_json(path)
    if not isinstance(proof, dict):
        raise InputError(f"{path} is no proof; make one with `countenance ledger prove`.")
    if proof.get("format") == CONSISTENCY:
        old, new = check_consistency(proof, pem)
        return {"words": f"proven: the ledger of {new.size} entries begins with the {old.size} of the older checkpoint"}
    entry = check_proof(proof, pem)
    return {"words": f"proven: entry {entry.seq} ({entry.kind}, {entry.ts}) stands in the ledger", **asdict(entry)}


def _keep(project: Project, note: Path, key: Path | None) -> tuple[Seen, ...]:
    from countenance.ledger.note import read_key
    from countenance.ledger.proof import log_key_of
    from countenance.ledger.witnessed import keep_witnessed

    if key is None:
        raise InputError("name the witness's public key with --witness-key, as its owner told it to you.")
    return (keep_witnessed(project, _text(note), log_key_of(project), read_key(_text(key))),)


def _text(path: Path | None) -> str:
    try:
        return path.read_bytes().decode() if path else ""
    except (OSError, UnicodeDecodeError) as exc:
        raise InputError(f"{path} cannot be read as text ({exc}); check the path.") from exc


def _short(data: dict[str, Any]) -> str:
    """An entry's data on one line: hashes by their first digits, lists by their length."""
    parts = []
    for name, value in data.items():
        text = f"{len(value)} of them" if isinstance(value, list) else str(value)
        parts.append(f"{name}: {text if len(text) <= _LONGEST_CELL else text[:12] + '…'}")
    return "; ".join(parts)
