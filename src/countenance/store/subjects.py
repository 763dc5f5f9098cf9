"""A key for each person: what stands for them in the ledger becomes anonymous when this one file is destroyed.

A ledger must not change, so what it says of people are keyed hashes. Were one key to serve for all, nobody could ever
be forgotten: whoever knows a name could work out its hash. With a key for each person, destroying it cuts the tie, and
every entry stays as it was signed. Keys are named by a tag, itself a keyed hash, so that no file tells a name.

Projects of before used one key for all. What they committed to is moved under each person's own key as a sealed list of
their earlier commitments (`<tag>.earlier`), then the common key is destroyed; the same value keeps the same commitment,
so old entries are found and checked as before.
"""

from __future__ import annotations

import hmac
import json
import unicodedata
from collections.abc import Iterator, Mapping

from sqlalchemy import select

from countenance.errors import InputError, IntegrityError
from countenance.store.database import reading
from countenance.store.files import locked, read_json, write_bytes
from countenance.store.project import Project
from countenance.store.secrets import (
    decrypt,
    destroy_symmetric,
    encrypt,
    find_symmetric,
    load_or_create_symmetric,
    rename_symmetric,
)
from countenance.store.tables import grant_record, variant

COMMON_KEY = "ledger-commitment"  # for what is no person's: names of campaigns
_TAG_KEY = "subjects"
_OLD_COMMON_KEY = "commitment"
_BOUND_TO = b"countenance earlier commitments v1"


def committed(project: Project, value: str, subject: str | None = None) -> str:
    """HMAC-SHA256 of a value, in hex, under the key of the person it belongs to, or under the project's.

    A value that is itself the name of a person with a key is theirs, whether `subject` says so or not.
    """
    _leave_common_key(project)
    if subject is None and has_subject(project, value):
        subject = value
    if subject is None:
        name, key = COMMON_KEY, load_or_create_symmetric(project, COMMON_KEY)
    else:
        name = _key_name(project, subject)
        key = load_or_create_symmetric(project, name)
    earlier = _earlier(project, name, key)
    return earlier.get(_plain(value)) or _hmac(key, value)


def subject_tag(project: Project, subject: str) -> str:
    """32 hex digits by which files and tables name a person. Without the project's key they tell nothing."""
    return _hmac(load_or_create_symmetric(project, _TAG_KEY), subject)[:32]


def has_subject(project: Project, subject: str) -> bool:
    """Whether a person has a key, so that the ledger may hold something of theirs."""
    return find_symmetric(project, _TAG_KEY) is not None and (
        (project.keys / f"{_key_name(project, subject)}.key").exists()
    )


def acting(project: Project, actor: str) -> str:
    """What the ledger calls who acts: people on record by what stands for them, everybody else by name."""
    return f"person {committed(project, actor, actor)[:16]}" if has_subject(project, actor) else actor


def key_files(tag: str) -> tuple[str, ...]:
    """The names, in a folder of keys, of all that ties a person to the ledger, by their tag."""
    return f"subject-{tag}.key", f"subject-{tag}.earlier"


def _key_name(project: Project, subject: str) -> str:
    return f"subject-{subject_tag(project, subject)}"


def _hmac(key: bytes, value: str) -> str:
    return hmac.new(key, _plain(value).encode(), "sha256").hexdigest()


def _plain(value: str) -> str:
    return unicodedata.normalize("NFC", value)


def _earlier(project: Project, name: str, key: bytes) -> Mapping[str, str]:
    """What was committed to under the common key of before, by value; sealed, since it says names."""
    path = project.keys / f"{name}.earlier"
    try:
        sealed = path.read_bytes()
    except FileNotFoundError:
        return {}
    try:
        return dict(json.loads(decrypt(key, sealed, _BOUND_TO)))
    except (IntegrityError, ValueError) as exc:
        raise IntegrityError(f"{path} was changed or damaged; restore it from a backup.") from exc


def _leave_common_key(project: Project) -> None:
    """Move what older versions committed to under each person's own key, once. Stopped anywhere, it goes on later."""
    old_path = project.keys / f"{_OLD_COMMON_KEY}.key"
    if not old_path.exists():
        return
    with locked(project.keys / "subjects.lock"):
        old = find_symmetric(project, _OLD_COMMON_KEY)
        if old is None:
            return  # another process was first
        for subject, values in _on_record(project).items():
            name = _key_name(project, subject)
            _keep(project, name, {_plain(value): _hmac(old, value) for value in values})
            _rename_face(project, _hmac(old, subject)[:32], subject_tag(project, subject))
        with reading(project) as connection:
            campaigns = connection.execute(select(variant.c.campaign).distinct()).scalars().all()
        _keep(project, COMMON_KEY, {_plain(value): _hmac(old, value) for value in campaigns})
        destroy_symmetric(project, _OLD_COMMON_KEY)


def _keep(project: Project, name: str, values: Mapping[str, str]) -> None:
    if values:
        key = load_or_create_symmetric(project, name)
        content = json.dumps(values, ensure_ascii=False, sort_keys=True).encode()
        write_bytes(project.keys / f"{name}.earlier", encrypt(key, content, _BOUND_TO))


def _on_record(project: Project) -> dict[str, set[str]]:
    """Every person on record, with all values that older versions committed to on their behalf."""
    found: dict[str, set[str]] = {}
    with reading(project) as connection:
        for talent, sha256 in connection.execute(select(grant_record.c.talent, grant_record.c.sha256)):
            found.setdefault(talent, {talent}).add(sha256)
    for name, references in _talent_files(project):
        found.setdefault(name, {name}).update(references)
    return found


def _talent_files(project: Project) -> Iterator[tuple[str, list[str]]]:
    for path in sorted((project.folder / "talents").glob("*.json")):
        try:
            values = read_json(path)
            yield str(values["name"]), [str(one["sha256"]) for one in values["references"]]
        except (InputError, KeyError, TypeError):
            continue  # no record of a talent: nothing was ever committed to


def _rename_face(project: Project, before: str, now: str) -> None:
    """The face model of before was named by the common key as well."""
    rename_symmetric(project, f"face-{before}", f"face-{now}")
    talents = project.folder / "talents"
    for path in (talents / f"face-{before}.model", *talents.glob(f"face-{before}-*.mouths")):
        if path.exists():
            path.rename(path.with_name(path.name.replace(f"face-{before}", f"face-{now}", 1)))
