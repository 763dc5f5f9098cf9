from __future__ import annotations

from pathlib import Path

import pytest
from outside import add_settings, released, sink_text
from stores import store

from countenance.campaign.errand_kinds import ERRANDS
from countenance.campaign.forget import forget
from countenance.campaign.publish import publish
from countenance.campaign.sites import publish_site
from countenance.errors import CountenanceError
from countenance.jobs.runner import run_job
from countenance.jobs.worker import run_due
from countenance.store.holdings import VARIANT, hold
from countenance.store.placements import placements
from countenance.store.project import init_project


def test_who_is_erased_is_taken_off_the_sinks_before_the_certificate(tmp_path: Path) -> None:
    project = init_project(tmp_path / "studio")
    for number, face in ((1, "keep"), (2, "ben")):
        released(project, tmp_path / "out", number, face=face, film_bytes=5000)
    variants = [path.name for path in (tmp_path / "out").iterdir()]
    for one in variants:
        hold(project, VARIANT, one, ["ben"])
    with store(tmp_path / "web", needs_parents=True) as web:
        add_settings(project, sink_text("web", "webdav", web.url))
        run_job(project, publish_site(project, tmp_path / "out", "https://example.org/", "web", "ops"), ERRANDS)
        for one in variants:
            run_job(project, publish(project, one, "web", "ops").job, ERRANDS)
        assert any("/ben/" in name for name in web.files())
        web.stop()
        with pytest.raises(CountenanceError, match="still lie at web"):
            forget(project, "ben", "ops")
        web.start()
        while web.files():  # each try comes within the sink's pause
            run_due(project, ERRANDS)
        assert forget(project, "ben", "ops").certificate.is_file()
    assert not any("ben" in one.name for one in placements(project))
