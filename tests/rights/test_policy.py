from __future__ import annotations

import json
from datetime import date

import pytest
from sqlalchemy import update

from countenance.errors import InputError
from countenance.ledger.log import entries, verify
from countenance.rights.findings import (
    Finding,
    decide_finding,
    finding_rows,
    judge_findings,
    record_findings,
    record_policy,
)
from countenance.rights.policy import ACTIONS, load_policy, policy_path
from countenance.store.database import writing
from countenance.store.project import Project
from countenance.store.tables import policy_finding

WORDS = Finding("words_political", "the text in de", "'wahlkampf*'", "the text in de: 'wahlkampf*'", "a" * 64)
CHANGED = (
    '[[rule]]\nid = "words_political"\naction = "block"\nowner = "legal"\ndate = 2026-11-01\nreason = "never here"\n'
)


def own(project: Project, text: str) -> None:
    policy_path(project).write_text(text, encoding="utf-8")


def test_every_rule_says_who_decided_it_when_and_why() -> None:
    rules = load_policy().rules.values()
    assert {"minor", "sexual", "political", "protected_person", "words_sexual"} <= {rule.id for rule in rules}
    for rule in rules:
        assert rule.owner and len(rule.reason) > 20 and rule.date <= date.today()
        assert ACTIONS.index(rule.action) >= ACTIONS.index(rule.least)
    assert {words.language for words in load_policy().words} == {"en", "de"}


def test_what_the_law_forbids_cannot_be_weakened(project: Project) -> None:
    assert {rule.id for rule in load_policy().rules.values() if rule.least == "block"} == {
        "sexual", "protected_person", "words_minor_sexual",
    }  # fmt: skip
    for rule in ("sexual", "protected_person"):
        own(project, CHANGED.replace("words_political", rule).replace('"block"', '"escalate"'))
        with pytest.raises(InputError, match=f"rule '{rule}' cannot be weaker than 'block'"):
            load_policy(project)


def test_a_project_may_decide_otherwise_and_say_why(project: Project) -> None:
    own(project, CHANGED + '[[words]]\nrule = "words_claims"\nlanguage = "fr"\nterms = ["miracle*"]\n')
    policy = load_policy(project)
    rule = policy.rules["words_political"]
    assert (rule.action, rule.owner, rule.reason, rule.source) == ("block", "legal", "never here", "policy.toml")
    assert load_policy().action("words_political") == "escalate"
    assert any(words.language == "fr" for words in policy.words)


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ('reason = "never here"\n', "", "is changed by action, owner, date and reason; look at: reason"),
        ('reason = "never here"', 'reason = " "', "needs a title, an owner, a reason and a date"),
        ("date = 2026-11-01", 'date = "today"', "needs a title, an owner, a reason and a date"),
        ('action = "block"', 'action = "forbid"', "does not know the action"),
        ("words_political", "words_polite", "there is no rule 'words_polite'"),
        ('id = "', "id = ", "cannot be understood"),
        ('owner = "legal"\n', 'owner = "legal"\nleast = "allow"\n', "look at: least"),
    ],
)
def test_a_broken_row_is_named(project: Project, before: str, after: str, message: str) -> None:
    assert before in CHANGED
    own(project, CHANGED.replace(before, after))
    with pytest.raises(InputError, match=message):
        load_policy(project)


@pytest.mark.parametrize(
    "row", ['rule = "x"\nlanguage = "en"\nterms = ["a"]', 'rule = "minor"\nlanguage = "en"\nterms = ["*"]']
)
def test_a_broken_word_list_is_named(project: Project, row: str) -> None:
    own(project, f"[[words]]\n{row}\n")
    with pytest.raises(InputError, match="word list 1 needs a known rule"):
        load_policy(project)


def judged_now(project: Project, finding: Finding = WORDS) -> str:
    (one,) = judge_findings(project, [finding, finding], load_policy(project))
    return one.action


def test_an_escalated_finding_waits_until_somebody_decides(project: Project) -> None:
    policy = load_policy(project)
    judged = judge_findings(project, [WORDS], policy)
    assert "`countenance policy decide" in judged[0].sentence
    for _ in range(2):
        record_findings(project, judged, "ops")
    (row,) = finding_rows(project)
    assert (row.rule, row.decision) == ("words_political", None)
    decided = decide_finding(project, row.id, allow=True, owner="legal@example.org", reason="it is a satire")
    assert (decided.decision, decided.decided_by, decided.reason) == ("allowed", "legal@example.org", "it is a satire")
    assert decided.decided_at is not None
    assert judged_now(project) == "allow"
    other = Finding(WORDS.rule, WORDS.where, WORDS.what, WORDS.about, "b" * 64)
    assert judged_now(project, other) == "escalate"  # other words in the same place
    decide_finding(project, row.id, allow=False, owner="legal@example.org", reason="changed our minds")
    assert judged_now(project) == "block"
    kinds = [(entry.kind, entry.actor) for entry in entries(project)]
    assert kinds == [
        ("policy.escalated", "ops"), ("policy.decided", "legal@example.org"), ("policy.decided", "legal@example.org"),
    ]  # fmt: skip
    assert "satire" not in json.dumps([entry.data for entry in entries(project)])
    assert verify(project).ok


def test_a_decision_written_into_the_table_counts_for_nothing(project: Project) -> None:
    record_findings(project, judge_findings(project, [WORDS], load_policy(project)), "ops")
    with writing(project) as connection:
        connection.execute(update(policy_finding).values(decision="allowed", decided_by="legal"))
    assert judged_now(project) == "escalate"
    assert finding_rows(project)[0].decision is None


def test_what_is_blocked_is_not_to_be_decided(project: Project) -> None:
    record_findings(project, judge_findings(project, [WORDS], load_policy(project)), "ops")
    (row,) = finding_rows(project)
    own(project, CHANGED)
    with pytest.raises(InputError, match="blocks, so there is nothing to decide"):
        decide_finding(project, row.id, allow=True, owner="legal", reason="please")
    assert judged_now(project) == "block"
    policy_path(project).unlink()
    for owner, reason in (("", "why"), ("legal", " ")):
        with pytest.raises(InputError, match="a decision needs a reason and who answers"):
            decide_finding(project, row.id, allow=True, owner=owner, reason=reason)
    with pytest.raises(InputError, match="no finding 'abc' waits"):
        decide_finding(project, "abc", allow=True, owner="legal", reason="why")


def test_each_attempt_at_what_is_blocked_is_in_the_ledger(project: Project) -> None:
    own(project, CHANGED)
    for _ in range(2):
        record_findings(project, judge_findings(project, [WORDS], load_policy(project)), "ops")
    assert [entry.kind for entry in entries(project)] == ["policy.blocked"] * 2
    assert finding_rows(project) == []


def test_a_project_that_decides_otherwise_tells_the_ledger_once(project: Project) -> None:
    for text in ("", CHANGED, CHANGED, CHANGED.replace('"block"', '"allow"'), ""):
        own(project, text)
        record_policy(project, load_policy(project), "ops")
    told = [entry.data["rules"] for entry in entries(project, "policy.changed")]
    assert [{rule: row["action"] for rule, row in rules.items()} for rules in told] == [
        {"words_political": "block"}, {"words_political": "allow"}, {},
    ]  # fmt: skip
    assert "never here" not in json.dumps(told)
