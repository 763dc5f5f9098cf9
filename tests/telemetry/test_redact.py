from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from countenance.jobs.events import Event
from countenance.store.project import Project
from countenance.telemetry.redact import about, error_class


def _event(kind: str, words: str) -> Event:
    return Event("task.done", Project.__new__(Project), "job", "spring", kind=kind, about=words)


@given(st.text(max_size=30), st.integers(1, 99), st.integers(1, 99))
def test_nothing_but_kind_and_section_is_left_of_what_a_task_is_about(name: str, section: int, of: int) -> None:
    assert about(_event("paint", f"paint {name} {section}/{of}")) == f"paint {section}/{of}"
    assert about(_event("seal", f"seal {name}.")) == "seal"


@given(st.text(max_size=60))
def test_of_a_reason_only_a_class_name_is_left(message: str) -> None:
    assert error_class(f"InputError: {message}") == "InputError"
    assert error_class(f"Ada: {message}") == error_class(f"no class, {message}") == "Error"
    assert error_class("") == ""
