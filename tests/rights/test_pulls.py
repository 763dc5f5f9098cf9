"""Which releases a withdrawal puts on the pull list."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import insert, select, update

from countenance.errors import InputError
from countenance.ledger.log import entries, transaction, verify
from countenance.rights.grants import Grant, RecordedGrant
from countenance.rights.pulls import pull_list, take_down
from countenance.rights.register import grant_commitment, pull_ended, record_grant, withdraw_grant
from countenance.store.database import reading, writing
from countenance.store.project import Project
from countenance.store.subjects import acting
from countenance.store.tables import release, variant

GRANT = Grant(
    talent="ada", kind="real", controller="studio", purposes=("lipsync",), engines=("*",), campaigns=("*",),
    markets=("*",), channels=("*",), languages=("*",), valid_from=date(2026, 1, 1), valid_until=date(2030, 1, 1),
    evidence=(("form.pdf", "0" * 64),), licence=None, origin=None,
)  # fmt: skip


def released(project: Project, name: str, *grants: RecordedGrant) -> None:
    """A release that rests on these grants, as the release step enters it."""
    rests_on = [grant_commitment(project, one.grant) for one in grants]
    with transaction(project) as ledger:
        ledger.connection.execute(
            insert(variant).values(id=f"v{name}", job="j", campaign="c", face="keep", language="de", state="released")
        )
        ledger.connection.execute(
            insert(release).values(
                id=name, variant_id=f"v{name}", mark_id=name, state="released", package=f"out/{name}",
                record={"grants": rests_on, "sha256": "5" * 64}, released_at="2026-02-01T00:00:00Z",
            )
        )  # fmt: skip
        ledger.append("release.sealed", "ops", {"release": name, "grants": rests_on})


def states(project: Project) -> dict[str, tuple[str, str]]:
    with reading(project) as connection:
        rows = connection.execute(
            select(release.c.id, release.c.state, variant.c.state.label("of_variant")).join(variant)
        )
        return {row.id: (row.state, row.of_variant) for row in rows}


def test_only_what_rests_on_the_grant_is_pulled_and_only_once(project: Project) -> None:
    ada, tea, ben = (
        record_grant(project, one, "ops")
        for one in (GRANT, replace(GRANT, campaigns=("tea",)), replace(GRANT, talent="ben"))
    )
    released(project, "1", ada)
    released(project, "2", ada, ben)
    released(project, "3", tea)
    released(project, "4")
    withdraw_grant(project, ada.id, "ada", "no more")
    assert [pull.release_id for pull in pull_list(project)] == ["1", "2"]
    gone, stays = ("withdrawn", "withdrawn"), ("released", "released")
    assert states(project) == {"1": gone, "2": gone, "3": stays, "4": stays}
    withdraw_grant(project, "ben", "ben", "me too")
    assert [pull.release_id for pull in pull_list(project)] == ["1", "2"]  # it was withdrawn already
    pulled = entries(project, "release.withdrawn")
    assert [(entry.actor, entry.data["grant"]) for entry in pulled] == [(acting(project, "ada"), ada.id)] * 2
    assert {entry.data["reason"] for entry in pulled} == {"consent"}
    assert verify(project).ok


def test_a_release_does_not_escape_because_its_row_was_edited(project: Project) -> None:
    ada = record_grant(project, GRANT, "ops")
    released(project, "1", ada)
    with writing(project) as connection:
        connection.execute(update(release).values(record={"grants": []}))
    withdraw_grant(project, "ada", "ada", "no more")
    assert [pull.release_id for pull in pull_list(project)] == ["1"]


def test_a_grant_that_is_replaced_ends_and_its_releases_stay_until_the_newer_one_goes(project: Project) -> None:
    ada = record_grant(project, GRANT, "ops")
    released(project, "1", ada)
    newer = record_grant(project, replace(GRANT, markets=("DE",), replaces=ada.id), "ops")
    assert newer.grant.replaces == ada.id
    assert states(project) == {"1": ("released", "released")}
    assert pull_list(project) == []
    assert [entry.data["by"] for entry in entries(project, "consent.replaced")] == [newer.id]
    withdraw_grant(project, "ada", "ada", "no more")
    assert [entry.data["grant"] for entry in entries(project, "consent.withdrawn")] == [newer.id]
    assert [pull.release_id for pull in pull_list(project)] == ["1"]  # it stood on the newer grant since


def test_only_the_talents_own_grant_can_be_replaced(project: Project) -> None:
    ben = record_grant(project, replace(GRANT, talent="ben"), "ops")
    for other in (ben.id, "01ARZ3NDEKTSV4RRFFQ69G5FAV"):
        with pytest.raises(InputError, match="is no grant of 'ada' on record"):
            record_grant(project, replace(GRANT, replaces=other), "ops")
    assert len(entries(project)) == 1


def test_taking_down_is_told_per_place_and_only_of_what_is_on_the_list(project: Project) -> None:
    ada = record_grant(project, GRANT, "ops")
    released(project, "1", ada)
    with pytest.raises(InputError, match="no release '1' is on the pull list"):
        take_down(project, "1", "web", "kim")
    withdraw_grant(project, "ada", "ada", "no more")
    for where in ("web", "youtube", "web"):
        take_down(project, "1", where, "kim")
    (pull,) = pull_list(project)
    assert [(one.where, one.by) for one in pull.taken_down] == [("web", "kim"), ("youtube", "kim")]
    assert (pull.package, pull.sha256, pull.campaign) == ("out/1", "5" * 64, "c")
    with pytest.raises(InputError, match="say where"):
        take_down(project, "1", " ", "kim")


def test_what_rests_on_a_grant_that_has_ended_is_to_be_taken_down_too(project: Project) -> None:
    over = record_grant(project, replace(GRANT, valid_from=date(2020, 1, 1), valid_until=date(2020, 12, 31)), "ops")
    older = record_grant(project, replace(GRANT, campaigns=("tea",)), "ops")
    newer = record_grant(
        project, replace(over.grant, talent="ada", campaigns=("tea",), replaces=older.id), "ops"
    )  # a shorter grant in place of a longer one
    lasting = record_grant(project, replace(GRANT, campaigns=("juice",)), "ops")
    for name, grant in (("1", over), ("2", older), ("3", lasting)):
        released(project, name, grant)
    assert pull_ended(project, "ops") == ["1", "2"]
    assert pull_ended(project, "ops") == []
    assert [(pull.release_id, pull.reason) for pull in pull_list(project)] == [("1", "ended"), ("2", "ended")]
    assert [entry.data["grant"] for entry in entries(project, "release.withdrawn")] == [over.id, newer.id]
    assert states(project)["3"] == ("released", "released")
