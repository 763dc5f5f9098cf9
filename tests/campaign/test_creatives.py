from __future__ import annotations

from pathlib import Path

import pytest
from outside import CAMPAIGN, add_settings, release_id, released, sink_text, variant_id

from countenance.campaign.creatives import creatives_at
from countenance.campaign.errand_kinds import ERRANDS
from countenance.campaign.publish import publish
from countenance.campaign.withdrawing import withdraw_release
from countenance.errors import InputError
from countenance.jobs.runner import run_job
from countenance.jobs.worker import run_due
from countenance.store.project import Project, init_project

PUBLIC = "https://cdn.example/"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = init_project(tmp_path / "studio")
    (tmp_path / "share").mkdir()
    add_settings(made, sink_text("cdn", "folder", str(tmp_path / "share"), f'public = "{PUBLIC}"'))
    for number, language in ((1, "de"), (2, "en")):
        released(made, tmp_path / "out", number, language=language, film_bytes=4000 + number)
    return made


def test_what_is_published_is_told_with_addresses_and_parameters(project: Project) -> None:
    run_job(project, publish(project, variant_id(1), "cdn", "ops").job, ERRANDS)
    (one,) = creatives_at(project, "cdn", CAMPAIGN, landing="https://shop.example/?a=1", source="desk")
    assert (one.variant, one.release, one.language, one.face) == (variant_id(1), release_id(1), "de", "keep")
    assert one.video.startswith(f"{PUBLIC}{variant_id(1)}/") and one.video.endswith(f"{variant_id(1)}-de.mp4")
    assert one.playlist.endswith("/hls/master.m3u8") and one.index == f"{PUBLIC}{variant_id(1)}.json"
    assert (one.duration_s, one.video_bytes, one.made, one.serve) == (2.0, 4001, ("mouth",), True)
    assert (one.markets, one.channels) == (("AT", "DE"), ("web",))
    assert one.landing.endswith(f"utm_campaign={CAMPAIGN}&utm_content={variant_id(1)}")
    assert creatives_at(project, "cdn", "another") == ()


def test_what_was_withdrawn_is_not_told(project: Project) -> None:
    run_job(project, publish(project, CAMPAIGN, "cdn", "ops").job, ERRANDS)
    assert len(creatives_at(project, "cdn")) == 2
    withdraw_release(project, release_id(2), "ops", "wrong")
    assert [one.serve for one in creatives_at(project, "cdn")] == [True, False]
    run_due(project, ERRANDS)
    assert [one.variant for one in creatives_at(project, "cdn")] == [variant_id(1)]
    with pytest.raises(InputError, match="nowhere"):
        creatives_at(project, "nowhere")
