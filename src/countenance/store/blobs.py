"""Files kept by what they contain: the name of a blob is the SHA-256 of its bytes."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from countenance.errors import InputError, IntegrityError
from countenance.store.files import atomic_path, sha256_file
from countenance.store.project import Project


def put_blob(project: Project, source: Path) -> str:
    """Keep a copy of a file; returns its sha256. The same content is kept once."""
    if not source.is_file():
        raise InputError(f"{source} is not a file; check the path.")
    sha256 = sha256_file(source)
    kept = _place(project, sha256)
    if not kept.exists():
        with atomic_path(kept) as temporary:
            shutil.copyfile(source, temporary)
            if sha256_file(temporary) != sha256:
                raise InputError(f"{source} changed while it was copied; try again when it is complete.")
            temporary.chmod(0o444)
    return sha256


def blob_path(project: Project, sha256: str) -> Path:
    """Where the blob lies; InputError when there is none of that name."""
    if not re.fullmatch(r"[0-9a-f]{64}", sha256):
        raise InputError(f"{sha256!r} is no blob name; give 64 lower-case hex digits.")
    path = _place(project, sha256)
    if not path.is_file():
        raise InputError(f"blob {sha256} is not kept in {project.blobs}; add the file again.")
    return path


def check_blob(project: Project, sha256: str) -> Path:
    """Like `blob_path`, but reads the whole blob; IntegrityError when its content was changed."""
    path = blob_path(project, sha256)
    if sha256_file(path) != sha256:
        raise IntegrityError(f"blob {path} no longer has its content; remove it and add the file again.")
    return path


def _place(project: Project, sha256: str) -> Path:
    return project.blobs / sha256[:2] / sha256[2:]
