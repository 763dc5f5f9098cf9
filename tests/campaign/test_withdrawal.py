"""A withdrawal stops a job that is under way: whatever the moment, nothing is released after it."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest
import yaml
from campaigns import ACTOR, write_campaign
from withdrawals import STAGES, Job, new_job, released_after_withdrawal, running, withdrawn_at

from countenance.campaign.produce import produce
from countenance.campaign.variants import approve, variant_rows
from countenance.errors import RightsError
from countenance.ledger.log import entries, verify
from countenance.provenance.verify import verify_file
from countenance.rights.pulls import pull_list, take_down
from countenance.rights.register import all_grants, withdraw_grant

MOMENTS, SEED = 10, 20261121


def check_nothing_after_the_withdrawal(job: Job) -> None:
    """What was sealed was sealed before, was withdrawn with the grant, and is to be pulled; there is nothing else."""
    assert released_after_withdrawal(job) == 0
    ledger = entries(job.project)
    sealed = [entry for entry in ledger if entry.kind == "release.sealed"]
    pulled = [entry for entry in ledger if entry.kind == "release.withdrawn"]
    assert [entry.data["release"] for entry in pulled] == [entry.data["release"] for entry in sealed]
    assert [pull.release_id for pull in pull_list(job.project)] == [entry.data["release"] for entry in sealed]
    assert {row.state for row in variant_rows(job.project)} & {"released"} == set()
    known = {entry.data["variant"] for entry in sealed}
    packages = {path.parent.name for path in job.out.rglob("video.mp4")} if job.out.exists() else set()
    assert packages <= known
    if not sealed:
        assert not any(job.project.releases.rglob("*.mp4"))
    report = verify(job.project)
    assert (report.ok, report.problem) == (True, None)


@pytest.mark.parametrize("moment", ["paint keep-de:12", "release keep-de:20"])
def test_a_job_under_way_stops_and_releases_nothing(short_master: Path, tmp_path: Path, moment: str) -> None:
    job = new_job(tmp_path, short_master)
    assert withdrawn_at(job, moment).status == RightsError.exit_status
    check_nothing_after_the_withdrawal(job)
    assert not job.out.exists()
    assert [entry.kind for entry in entries(job.project)].count("release.sealed") == 0
    assert entries(job.project)[-1].kind == "render.refused"


def test_what_was_released_is_on_the_pull_list_and_may_come_back_with_a_new_grant(
    short_master: Path, tmp_path: Path
) -> None:
    job = new_job(tmp_path, short_master)
    outcome = produce(job.project, job.brief, job.out, approve_as="Demo Reviewer")
    (row,) = outcome.variants
    film = job.out / row.id / "video.mp4"
    assert verify_file(job.project, film).exit_status == 0
    (grant,) = (one for one in all_grants(job.project) if one.grant.talent == "ada")
    withdraw_grant(job.project, grant.id, "ada", "moved on")
    (pull,) = pull_list(job.project)
    assert (pull.variant_id, pull.reason, pull.package) == (row.id, "consent", str(job.out / row.id))
    assert (pull.campaign, pull.language, pull.taken_down) == ("espresso-launch", "de", ())
    assert variant_rows(job.project)[0].state == "withdrawn"
    seen = verify_file(job.project, film)
    assert (seen.exit_status, seen.released) == (1, False)
    take_down(job.project, pull.release_id, "youtube", ACTOR)
    take_down(job.project, pull.release_id, "youtube", ACTOR)
    assert [one.where for one in pull_list(job.project)[0].taken_down] == ["youtube"]
    with pytest.raises(RightsError):
        produce(job.project, job.brief, job.out, approve_as="Demo Reviewer")
    again = write_campaign(
        tmp_path / "brief", short_master, faces=("keep",), languages=("de",),
        grants={"ada": {**_grant_of(job), "markets": ["AT", "DE"]}},
    )  # fmt: skip
    approved = approve(job.project, row.id, "Rita Reviewer", in_one_go=False)
    assert approved.review["release_id"] != pull.release_id  # if it comes back, then as another release
    renewed = produce(job.project, again, job.out, approve_as="Demo Reviewer")
    assert {one.state for one in renewed.variants} == {
        "released"
    }  # the new grant is another brief: variants of its own
    check = verify(job.project)
    assert (check.ok, check.problem) == (True, None)


def _grant_of(job: Job) -> dict[str, object]:
    whole: dict[str, object] = yaml.safe_load((job.brief.parent / "ada.grant.yaml").read_text(encoding="utf-8"))
    return whole


@pytest.mark.long
@pytest.mark.timeout(1500)
def test_a_withdrawal_at_random_moments_never_lets_anything_out(short_master: Path, tmp_path: Path) -> None:
    """Withdrawn at random moments of every stage; every second job is killed as well, and started again."""
    dice = random.Random(SEED)
    statuses: list[int] = []
    for number in range(MOMENTS):
        job = new_job(tmp_path / str(number), short_master)
        stage, pictures = STAGES[number % len(STAGES)]
        kill = number % 2 == 1
        later_s = dice.uniform(0, 1.5) if stage.startswith("release") else 0.0
        statuses.append(withdrawn_at(job, f"{stage}:{dice.randint(1, pictures)}", later_s, kill=kill).status)
        check_nothing_after_the_withdrawal(job)
        with running(job) as process:  # nor when it is started again
            process.communicate()
            assert process.returncode == RightsError.exit_status
        check_nothing_after_the_withdrawal(job)
        shutil.rmtree(tmp_path / str(number))
    assert statuses.count(RightsError.exit_status) >= MOMENTS // 5
