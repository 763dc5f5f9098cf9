"""A key for each person: commitments, what older projects leave, and what is left once a key is destroyed."""

from __future__ import annotations

import hmac
import json
import unicodedata
from pathlib import Path

import pytest
from sqlalchemy import insert

from countenance.errors import IntegrityError
from countenance.ledger.log import append, commitment, entries, verify
from countenance.store.database import writing
from countenance.store.files import write_json
from countenance.store.project import Project
from countenance.store.secrets import find_symmetric, load_or_create_symmetric
from countenance.store.shred import destroy_key
from countenance.store.subjects import committed, has_subject, key_files, subject_tag
from countenance.store.tables import grant_record, variant

ZOE, BEN = "Zoë Example", "ben"
SHA = {ZOE: "a" * 64, BEN: "b" * 64}


def old(key: bytes, value: str) -> str:
    """As versions before committed."""
    return hmac.new(key, unicodedata.normalize("NFC", value).encode(), "sha256").hexdigest()


def of_before(project: Project) -> bytes:
    """Fill a project as an older version would have; returns the common key."""
    key = load_or_create_symmetric(project, "commitment")
    with writing(project) as connection:
        for number, (name, sha256) in enumerate(SHA.items()):
            connection.execute(
                insert(grant_record).values(
                    id=f"g{number}", talent=name, kind="real", sha256=sha256, document={}, recorded_at="t"
                )
            )
        connection.execute(
            insert(variant).values(id="v", job="j", campaign="espresso", face="keep", language="en", state="planned")
        )
    write_json(project.folder / "talents" / "ben.json", {"name": BEN, "references": [{"sha256": "c" * 64}]})
    face = f"face-{old(key, BEN)[:32]}"
    load_or_create_symmetric(project, face)
    (project.folder / "talents" / f"{face}.model").write_bytes(b"sealed")
    for name, sha256 in SHA.items():
        append(project, "consent.granted", "ops", {"talent": old(key, name), "document": old(key, sha256)})
    append(project, "render.started", "ops", {"campaign": old(key, "espresso")})
    return key


def destroy(project: Project, name: str) -> None:
    for file in key_files(subject_tag(project, name)):
        destroy_key(project.keys / file)


def test_each_person_has_a_key_of_their_own(project: Project) -> None:
    assert committed(project, "x", ZOE) != committed(project, "x", BEN) != committed(project, "x")
    assert committed(project, "x", ZOE) == committed(project, "x", unicodedata.normalize("NFD", ZOE))
    assert len(list(project.keys.glob("subject-*.key"))) == 2
    assert not any(name.lower() in path.name.lower() for path in project.keys.iterdir() for name in (ZOE, BEN))


def test_the_name_of_a_person_with_a_key_is_always_theirs(project: Project) -> None:
    before = committed(project, BEN)  # nobody is called so yet
    mine = committed(project, BEN, BEN)
    assert before != mine == committed(project, BEN) == commitment(project, BEN)


def test_a_destroyed_key_makes_what_was_committed_to_anonymous(project: Project) -> None:
    before = committed(project, "x", ZOE)
    other = committed(project, "x", BEN)
    destroy(project, ZOE)
    assert not has_subject(project, ZOE) and has_subject(project, BEN)
    assert committed(project, "x", ZOE) != before  # with a new key: nothing ties the two
    assert committed(project, "x", BEN) == other


def test_what_older_projects_committed_to_stays_the_same_under_each_persons_key(project: Project) -> None:
    key = of_before(project)
    wanted = {(value, name): old(key, value) for name in SHA for value in (name, SHA[name])}
    assert {one: committed(project, *one) for one in wanted} == wanted
    assert committed(project, "c" * 64, BEN) == old(key, "c" * 64)
    assert committed(project, "espresso") == old(key, "espresso")
    assert committed(project, "something new", BEN) != old(key, "something new")
    assert find_symmetric(project, "commitment") is None  # the common key is gone
    assert not any(key in path.read_bytes() for path in project.folder.rglob("*") if path.is_file())
    tag = subject_tag(project, BEN)
    assert find_symmetric(project, f"face-{tag}") is not None
    assert (project.folder / "talents" / f"face-{tag}.model").read_bytes() == b"sealed"
    assert verify(project).ok


def test_an_old_entry_cannot_be_traced_once_the_persons_key_is_destroyed(project: Project) -> None:
    key = of_before(project)
    committed(project, ZOE)
    destroy(project, ZOE)
    text = json.dumps([one.data for one in entries(project)])
    left = [path.read_bytes() for path in project.keys.iterdir() if path.suffix == ".key"]
    for value in (ZOE, SHA[ZOE]):
        assert old(key, value) in text  # what is to be found
        assert committed(project, value, ZOE) not in text
        assert not any(old(one, value) in text for one in left)
    assert committed(project, BEN, BEN) in text and committed(project, SHA[BEN], BEN) in text
    assert verify(project).ok


def test_the_way_from_the_common_key_can_be_cut_off_anywhere(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    from countenance.store import subjects

    key = of_before(project)
    whole, calls = subjects._keep, []

    def cut(*given: object) -> None:
        calls.append(given)
        if len(calls) == 2:
            raise KeyboardInterrupt
        whole(*given)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(subjects, "_keep", cut)
        with pytest.raises(KeyboardInterrupt):
            committed(project, ZOE, ZOE)
    assert [committed(project, name, name) for name in SHA] == [old(key, name) for name in SHA]
    assert committed(project, "espresso") == old(key, "espresso")


def test_a_list_of_earlier_commitments_that_was_changed_is_refused(project: Project) -> None:
    of_before(project)
    committed(project, BEN, BEN)
    path: Path = project.keys / key_files(subject_tag(project, BEN))[1]
    assert BEN.encode() not in path.read_bytes()
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    with pytest.raises(IntegrityError, match="was changed or damaged"):
        committed(project, BEN, BEN)
