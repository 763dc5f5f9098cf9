"""What policy found, and what was decided about it: on record and in the ledger, without names."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, insert, select, update

from countenance.errors import InputError
from countenance.ledger.log import Transaction, commitment, entries_in, transaction, utc_now
from countenance.rights.policy import Policy, load_policy
from countenance.store.database import reading
from countenance.store.project import Project
from countenance.store.tables import policy_finding

ESCALATED, BLOCKED, DECIDED = "policy.escalated", "policy.blocked", "policy.decided"
CHANGED = "policy.changed"
ALLOWED, REFUSED = "allowed", "refused"


@dataclass(frozen=True)
class Finding:
    """One thing that a rule is about: `where` and `what` in words for the person at the screen, `about` without names.

    `scope` is a hash of what was looked at. A decision is about this rule in this content and nothing else.
    """

    rule: str
    where: str
    what: str
    about: str
    scope: str


@dataclass(frozen=True)
class Judged:
    """A finding with its id, and what follows: "allow", "escalate" (nobody has decided yet) or "block"."""

    id: str
    finding: Finding
    action: str

    @property
    def sentence(self) -> str:
        said = f"{self.finding.where}: {self.finding.what} (rule {self.finding.rule})"
        if self.action != "escalate":
            return said
        return f"{said}; somebody has to decide: `countenance policy decide {self.id} --allow|--refuse`"


@dataclass(frozen=True)
class FindingRow:
    """A finding that had to be decided, as recorded, with the decision if there is one."""

    id: str
    rule: str
    about: str
    found_at: str
    decision: str | None
    decided_by: str | None
    decided_at: str | None
    reason: str | None


def judge_findings(project: Project, findings: Iterable[Finding], policy: Policy) -> tuple[Judged, ...]:
    """What follows from each finding, by the rule in force and the decisions in the ledger. Writes nothing."""
    with reading(project) as connection:
        decisions = _decisions(connection)
    judged = []
    for finding in dict.fromkeys(findings):
        finding_id = finding_id_of(project, finding)
        action = policy.action(finding.rule)
        if action == "escalate" and finding_id in decisions:
            action = "allow" if decisions[finding_id] == ALLOWED else "block"
        judged.append(Judged(finding_id, finding, action))
    return tuple(judged)


def record_findings(project: Project, judged: Iterable[Judged], actor: str) -> None:
    """Enter what is blocked, every time, and what has to be decided, once."""
    judged = [one for one in judged if one.action != "allow"]
    if not judged:
        return
    with transaction(project) as ledger:
        known = set(ledger.connection.execute(select(policy_finding.c.id)).scalars())
        for one in judged:
            told = {"finding": one.id, "rule": one.finding.rule, "about": one.finding.about}
            if one.action == "block":
                ledger.append(BLOCKED, actor, told)
            elif one.id not in known:
                ledger.append(ESCALATED, actor, told)
                ledger.connection.execute(
                    insert(policy_finding).values(
                        id=one.id, rule=one.finding.rule, about=one.finding.about, found_at=utc_now()
                    )
                )


def record_policy(project: Project, policy: Policy, actor: str) -> None:
    """Enter the project's own rules into the ledger when they are not those that it knows of."""
    own = {
        rule.id: {"action": rule.action, "date": rule.date.isoformat(), "owner": commitment(project, rule.owner),
                  "reason": commitment(project, rule.reason)}
        for rule in policy.rules.values()
        if rule.source != "standard"
    }  # fmt: skip
    with transaction(project) as ledger:
        known = [entry.data["rules"] for entry in entries_in(ledger.connection, CHANGED)]
        if own != (known[-1] if known else {}):
            ledger.append(CHANGED, actor, {"rules": own})


def decide_finding(project: Project, finding_id: str, *, allow: bool, owner: str, reason: str) -> FindingRow:
    """Decide about a finding that waits; a later decision replaces an earlier one, and both stay in the ledger.

    Raises InputError for an unknown finding, without a reason or an owner, and for a rule that leaves nothing to
    decide.
    """
    if not owner.strip() or not reason.strip():
        raise InputError("a decision needs a reason and who answers for it.")
    policy = load_policy(project)
    with transaction(project) as ledger:
        row = ledger.connection.execute(select(policy_finding).where(policy_finding.c.id == finding_id)).first()
        if row is None:
            raise InputError(f"no finding {finding_id!r} waits; `countenance policy findings` shows them.")
        if policy.action(row.rule) == "block":
            raise InputError(f"rule {row.rule!r} blocks, so there is nothing to decide; see `countenance policy show`.")
        _decide(project, ledger, finding_id, row.rule, ALLOWED if allow else REFUSED, owner, reason)
    return next(one for one in finding_rows(project) if one.id == finding_id)


def finding_rows(project: Project) -> list[FindingRow]:
    """All findings that had to be decided, oldest first."""
    with reading(project) as connection:
        rows = connection.execute(select(policy_finding).order_by(policy_finding.c.found_at, policy_finding.c.id))
        decisions = _decisions(connection)
        return [FindingRow(**{**row._mapping, "decision": decisions.get(row.id)}) for row in rows]


def finding_id_of(project: Project, finding: Finding) -> str:
    """A name for a finding that tells nothing about anybody: the same for the same rule in the same content."""
    return commitment(project, f"finding {finding.rule} {finding.about} {finding.scope}")[:24]


def _decide(
    project: Project, ledger: Transaction, finding_id: str, rule: str, decision: str, owner: str, reason: str
) -> None:
    told = {"finding": finding_id, "rule": rule, "decision": decision, "reason": commitment(project, reason)}
    entry = ledger.append(DECIDED, owner, told)
    ledger.connection.execute(
        update(policy_finding)
        .where(policy_finding.c.id == finding_id)
        .values(decision=decision, decided_by=owner, decided_at=entry.ts, reason=reason)
    )


def _decisions(connection: Connection) -> dict[str, str]:
    """The newest decision about each finding, as the ledger has it: a table could be edited."""
    return {entry.data["finding"]: entry.data["decision"] for entry in entries_in(connection, DECIDED)}
