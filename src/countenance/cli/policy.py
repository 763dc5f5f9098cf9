"""Commands about policy: what is blocked, what waits for a decision, and whom the block list protects."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from countenance.cli.console import ActorOption, Call, actor_or_user, command, table

ReasonOption = Annotated[str, typer.Option("--reason", help="Why; kept with the decision, not in the ledger.")]
OwnerOption = Annotated[str, typer.Option("--as", metavar="NAME", help="Who decides and answers for it.")]


def register(app: typer.Typer) -> None:
    policy = typer.Typer(help="What is blocked and what waits for a decision.", no_args_is_help=True)
    app.add_typer(policy, name="policy")
    command(policy, "show")(policy_show)
    command(policy, "check")(policy_check)
    command(policy, "findings")(policy_findings)
    command(policy, "decide")(policy_decide)
    command(policy, "block")(policy_block)
    command(policy, "unblock")(policy_unblock)
    command(policy, "blocked")(policy_blocked)


def policy_show(call: Call) -> None:
    """Show the rules in force, each with who decided it, when and why."""
    from countenance.rights.policy import load_policy

    rules = load_policy(call.project()).rules.values()
    columns = ("rule", "action", "about", "decided by", "on", "where")
    rows = [(one.id, one.action, one.title, one.owner, one.date, one.source) for one in rules]
    call.show([asdict(one) for one in rules], table(columns, rows))


def policy_check(call: Call, brief: Annotated[Path, typer.Argument(help="The brief, a YAML file.")]) -> None:
    """Tell what policy finds in a brief before anything is made; nothing is written. Exit status 3 if it would stop."""
    from countenance.campaign.brief import load_brief
    from countenance.campaign.screen import findings_in_brief
    from countenance.rights.findings import judge_findings
    from countenance.rights.policy import load_policy

    project = call.project()
    policy = load_policy(project)
    judged = judge_findings(project, findings_in_brief(project, load_brief(brief), policy), policy)
    rows = [(one.id, one.action, one.finding.rule, one.finding.where, one.finding.what) for one in judged]
    told = [{"id": one.id, "action": one.action, **asdict(one.finding)} for one in judged]
    call.show(told, table(("finding", "action", "rule", "where", "what"), rows) if rows else "policy finds nothing")
    raise typer.Exit(3 if any(one.action != "allow" for one in judged) else 0)


def policy_findings(
    call: Call, everything: Annotated[bool, typer.Option("--all", help="Also those that were decided.")] = False
) -> None:
    """Show the findings that wait for a decision."""
    from countenance.rights.findings import finding_rows

    found = [one for one in finding_rows(call.project()) if everything or one.decision is None]
    columns = ("finding", "rule", "about", "found", "decision", "by", "reason")
    rows = [
        (one.id, one.rule, one.about, one.found_at[:19], one.decision or "", one.decided_by or "", one.reason or "")
        for one in found
    ]
    call.show([asdict(one) for one in found], table(columns, rows) if found else "nothing waits for a decision")


def policy_decide(
    call: Call,
    finding: Annotated[str, typer.Argument(help="The id of a finding.")],
    allow: Annotated[bool, typer.Option("--allow/--refuse", help="May it be made, or not?")],
    reason: ReasonOption,
    owner: OwnerOption,
) -> None:
    """Decide about a finding that waits. It holds for this content alone: other words or files are asked anew."""
    from countenance.rights.findings import decide_finding

    row = decide_finding(call.project(), finding, allow=allow, owner=owner, reason=reason)
    call.show(asdict(row), f"{row.id} ({row.rule}): {row.decision} by {row.decided_by}")


def policy_block(
    call: Call,
    name: Annotated[str, typer.Argument(help="Whom the entry protects.")],
    refs: Annotated[list[str], typer.Option("--refs", metavar="GLOB", help="Pictures of them: paths or patterns.")],
    reason: ReasonOption,
    owner: OwnerOption,
) -> None:
    """Put a person on the block list: their face is neither created nor shown. The pictures themselves are not kept."""
    import numpy as np

    from countenance.perception.networks import FaceNetworks
    from countenance.rights.blocklist import block
    from countenance.synthesis.likeness import reference_embedding
    from countenance.synthesis.talents import matching_files

    networks = FaceNetworks()
    embeddings = np.stack([reference_embedding(path, networks) for path in matching_files(refs)])
    entry = block(call.project(), name, embeddings, reason=reason, owner=owner)
    told = {"id": entry.id, "name": name, "pictures": len(embeddings)}
    call.show(told, f"{name} is on the block list as {entry.id} ({len(embeddings)} pictures)")


def policy_unblock(
    call: Call,
    entry: Annotated[str, typer.Argument(help="The id of an entry.")],
    reason: ReasonOption,
    actor: ActorOption = None,
) -> None:
    """Take a person off the block list; what was kept of their face is destroyed."""
    from countenance.rights.blocklist import unblock

    unblock(call.project(), entry, reason=reason, owner=actor_or_user(actor))
    call.show({"id": entry, "blocked": False}, f"{entry} is off the block list")


def policy_blocked(call: Call) -> None:
    """Show the block list: whom it protects, since when, by whose decision and why."""
    from countenance.rights.blocklist import block_list

    found = block_list(call.project())
    told = [
        {"id": one.id, "name": one.label, "pictures": len(one.embeddings), "added_at": one.added_at,
         "owner": one.owner, "reason": one.reason}
        for one in found
    ]  # fmt: skip
    columns = ("entry", "name", "pictures", "since", "by", "reason")
    rows = [tuple(str(value)[:40] for value in one.values()) for one in told]
    call.show(told, table(columns, rows) if found else "nobody is on the block list")
