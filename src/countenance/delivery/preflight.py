"""Before a package goes to a channel: every rule that is about it, checked on the package as it lies there."""

from __future__ import annotations

import datetime
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from countenance.delivery.checks import BY_HAND, CHECKS, FAILED, UNKNOWN
from countenance.delivery.facts import PackageFacts, read_package
from countenance.delivery.rules import BLOCK, NOBODY, Rule, platform_labels, rules
from countenance.delivery.situation import Situation
from countenance.errors import InputError
from countenance.provenance.disclosure import digital_source_type
from countenance.provenance.history import NO_HISTORY
from countenance.store.documents import nearest
from countenance.store.project import Project


@dataclass(frozen=True)
class Finding:
    """One rule and what became of it: `state` passed, failed, to do or not checked, `told` in words."""

    rule: Rule
    state: str
    told: str

    @property
    def blocks(self) -> bool:
        return self.rule.severity == BLOCK and self.state == FAILED

    def to_json(self) -> dict[str, Any]:
        rule = {key: value for key, value in asdict(self.rule).items() if key not in ("params", "check")}
        return {"id": rule.pop("id"), "state": self.state, "told": self.told, **rule, "as_of": str(self.rule.as_of)}


@dataclass(frozen=True)
class PredictedLabel:
    """What the channel is expected to write beside the file; `label` is empty when nothing is expected."""

    label: str
    where: str
    sure: str
    why: str


@dataclass(frozen=True)
class Preflight:
    """The outcome for one package on one channel. `stale` are the ids of rules whose source is too old."""

    package: Path
    situation: Situation
    source_type: str
    findings: tuple[Finding, ...]
    predicted_label: PredictedLabel
    stale: tuple[str, ...]
    unverified: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Whether no rule that blocks is broken."""
        return not any(one.blocks for one in self.findings)

    @property
    def exit_status(self) -> int:
        return 0 if self.ok else 1

    def in_state(self, state: str) -> tuple[Finding, ...]:
        return tuple(one for one in self.findings if one.state == state)

    @property
    def sentence(self) -> str:
        """The outcome in one sentence."""
        blocked = sum(one.blocks for one in self.findings)
        warned = len(self.in_state(FAILED)) - blocked
        rest = [f"{warned} warning(s)"] if warned else []
        rest += [f"{len(self.in_state(BY_HAND))} thing(s) to do by hand"] if self.in_state(BY_HAND) else []
        rest += [f"{len(self.in_state(UNKNOWN))} not checked"] if self.in_state(UNKNOWN) else []
        start = f"may go to {self.situation.channel}" if self.ok else f"may not go to {self.situation.channel}"
        why = [] if self.ok else [f"{blocked} rule(s) that block are broken"]
        return f"{self.package.name} {start}" + (f": {', '.join([*why, *rest])}." if why or rest else ".")

    def to_json(self) -> dict[str, Any]:
        return {
            "package": str(self.package),
            "ok": self.ok,
            "exit_status": self.exit_status,
            "sentence": self.sentence,
            "situation": asdict(self.situation),
            "digital_source_type": self.source_type,
            "predicted_label": asdict(self.predicted_label),
            "findings": [one.to_json() for one in self.findings],
            "stale": list(self.stale),
            "unverified": list(self.unverified),
        }


def preflight(
    package: Path,
    channel: str,
    market: str | None = None,
    *,
    project: Project | None = None,
    political: bool = False,
    ad: bool = True,
    format: str | None = None,
    today: datetime.date | None = None,
) -> Preflight:
    """Read and check the package of one variant against all rules of a channel and of the markets.

    Without `market` those of the package count. Without `project` the mark and the history's signer are not
    checked. Raises InputError for what is no package, and for a format that no rule of the channel knows.
    """
    facts = read_package(package, project)
    markets = (market,) if market else tuple(facts.jsonld.get("regionsAllowed", ()))
    return judge(facts, Situation(channel, markets, _format(channel, format), ad, political), today)


def judge(facts: PackageFacts, situation: Situation, today: datetime.date | None = None) -> Preflight:
    """What the rules say about a package that was read, in one situation; `today` is for the age of rules."""
    today = today or datetime.datetime.now(datetime.UTC).date()
    circumstances = facts.circumstances(situation)
    found = [one for one in rules() if one.holds(situation.channel, situation.markets, situation.format, circumstances)]
    return Preflight(
        package=facts.folder,
        situation=situation,
        source_type=digital_source_type(facts.record),
        findings=tuple(_finding(rule, facts, situation) for rule in found),
        predicted_label=predict(facts, situation.channel),
        stale=tuple(one.id for one in found if one.is_stale(today)),
        unverified=tuple(one.id for one in found if one.verified_by == NOBODY),
    )


def predict(facts: PackageFacts, channel: str) -> PredictedLabel:
    """The label that a channel will set, from the source type; only a history that is there can tell it."""
    term = digital_source_type(facts.record)
    row = next((one for one in platform_labels() if channel in one.platform and term in one.source_types), None)
    if row is None:
        return PredictedLabel("", "", "likely", f"no rule is known by which {channel} labels {term}")
    if facts.history.state == NO_HISTORY and row.sure == "certain":
        return PredictedLabel(row.label, row.where, "likely", "the signed history is gone; by detection or by form")
    return PredictedLabel(row.label, row.where, row.sure, row.why)


def _finding(rule: Rule, facts: PackageFacts, situation: Situation) -> Finding:
    outcome = CHECKS[rule.check].run(facts, rule.params, situation)
    return Finding(rule, outcome.state, outcome.told)


def _format(channel: str, format: str | None) -> str | None:
    """The format, if any rule of the channel knows it."""
    known = sorted({name for rule in rules() if channel in rule.platform for name in rule.formats})
    if format is not None and format not in known:
        listed = f"it has {', '.join(known)}" if known else "it has none"
        raise InputError(f"no rule of {channel} knows the format '{format}'{nearest(format, known)} ({listed}).")
    return format
