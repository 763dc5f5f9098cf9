from __future__ import annotations

import io
import json
import logging
from typing import Any

import pytest
from errands import KINDS, NAME, VARIANT, job

from countenance.errors import InputError
from countenance.jobs.runner import run_job
from countenance.store.project import Project
from countenance.telemetry.logs import Form, start_logs


def _lines(project: Project, form: Form = "json", *, fails: bool = False) -> str:
    stream = io.StringIO()
    end = start_logs(form, "painter", stream)
    try:
        job(project, fails=fails)
        run_job(project, "produce-1", KINDS)
    finally:
        end()
    return stream.getvalue()


def _read(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_every_step_of_a_job_is_one_json_object_on_a_line(here: Project) -> None:
    lines = _read(_lines(here))
    told = sorted(line["event"] for line in lines)
    assert told == ["job.settled", "job.submitted", *["task.done"] * 2, *["task.started"] * 2]
    done = next(line for line in lines if line["event"] == "task.done")
    assert done["campaign"] == "spring" and done["job"] == "produce-1" and done["variant"] == VARIANT
    assert (done["kind"], done["about"], done["attempt"], done["level"]) == ("paint", "paint 1/2", 1, "info")
    assert done["time"].endswith("Z") and done["seconds"] >= 0
    assert done["worker"].startswith("painter-") and done["host"]
    assert next(line for line in lines if line["event"] == "job.settled")["state"] == "done"


def test_failures_are_errors_and_say_their_class_alone(here: Project) -> None:
    stream = io.StringIO()
    end = start_logs("json", None, stream)
    try:
        job(here, fails=True, tasks=1)
        with pytest.raises(InputError, match=NAME):  # whoever runs it reads the whole sentence
            run_job(here, "produce-1", KINDS)
    finally:
        end()
    lines = _read(stream.getvalue())
    dead = next(line for line in lines if line["event"] == "task.dead")
    assert (dead["error"], dead["level"]) == ("InputError", "error")
    assert next(line for line in lines if line["event"] == "job.settled")["level"] == "error"


@pytest.mark.parametrize("form", ["json", "text"])
def test_no_line_names_a_person_or_a_path(here: Project, form: Form) -> None:
    stream = io.StringIO()
    end = start_logs(form, None, stream)
    try:
        job(here, fails=True)
        with pytest.raises(InputError):
            run_job(here, "produce-1", KINDS)
    finally:
        end()
    assert stream.getvalue()
    assert not [word for word in (*NAME.split(), "secret", ".png") if word in stream.getvalue()]


def test_warnings_of_the_program_are_lines_too_and_exceptions_only_say_what_and_where(here: Project) -> None:
    stream = io.StringIO()
    end = start_logs("json", None, stream)
    try:
        try:
            raise ValueError(NAME)
        except ValueError:
            logging.getLogger("countenance.jobs").exception("a listener failed")
    finally:
        end()
    (line,) = _read(stream.getvalue())
    assert (line["event"], line["message"], line["error"]) == ("log", "a listener failed", "ValueError")
    assert line["at"].startswith("test_logs.py:")
    assert NAME not in stream.getvalue()


def test_text_lines_quote_what_has_spaces(here: Project) -> None:
    lines = _lines(here, "text").splitlines()
    assert any(" task.done campaign=spring job=produce-1 " in line and 'about="paint 1/2"' in line for line in lines)


def test_after_its_end_nothing_is_written(here: Project) -> None:
    stream = io.StringIO()
    start_logs("json", None, stream)()
    job(here)
    run_job(here, "produce-1", KINDS)
    assert stream.getvalue() == ""
