"""A brief with all files that it names, so that a worker on another machine has what the owner's machine has.

Which words of a brief are paths is not asked of its format: a word that names a file, or a pattern that files fit, is
one. Files keep their names and their neighbours (a clip's text lies beside it).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from countenance.errors import InputError
from countenance.store.files import write_bytes
from countenance.store.holdings import WORK, hold
from countenance.store.places import is_shared
from countenance.store.project import Project
from countenance.store.results import bring_inputs, share_inputs

_BRIEF = "brief.yaml"
_BESIDE = ".txt"  # what is said in a clip lies beside it under its name
_PATTERN = frozenset("*?[")


def bundled(project: Project, brief: Path, people: Mapping[str, Any], campaign: str, owner: str) -> dict[str, Any]:
    """Keep a brief and its files where every machine finds them; returns what `unbundled` needs, as JSON.

    Nothing is copied, and it is empty, where all machines share a folder.
    """
    if not is_shared(project):
        return {}
    named = {word: found for word in _words(_read(brief)) if (found := _files(brief.parent, word))}
    every = sorted({path for found in named.values() for path in found})
    every += [text for path in every if (text := path.with_suffix(_BESIDE)).is_file() and text not in every]
    folders = {folder: place for place, folder in enumerate(dict.fromkeys(path.parent for path in every))}
    names = {path: f"{folders[path.parent]}/{path.name}" for path in every}
    manifest = share_inputs(
        project, {_BRIEF: brief, **{name: path for path, name in names.items()}}, people, campaign=campaign, owner=owner
    )
    words = {word: [names[path] for path in found] for word, found in named.items()}
    return {"manifest": manifest, "people": sorted(people), "words": words}


def unbundled(project: Project, bundle: Mapping[str, Any]) -> Path:
    """The path of a brief on this machine that says the same about files that lie here.

    InputError and IntegrityError as for `bring_inputs`.
    """
    brought = bring_inputs(project, bundle["manifest"])
    words = {word: [str(brought[name]) for name in names] for word, names in bundle["words"].items()}
    name = str(bundle["manifest"]["name"]).replace("inputs/", "briefs/")
    hold(project, WORK, name, bundle["people"])
    here = project.work / name / _BRIEF
    said = yaml.safe_dump(_placed(_read(brought[_BRIEF]), words), allow_unicode=True, sort_keys=False)
    if not here.is_file() or here.read_text(encoding="utf-8") != said:
        write_bytes(here, said.encode())
    return here


def _read(brief: Path) -> Any:
    try:
        return yaml.safe_load(brief.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as problem:
        raise InputError(f"{brief} cannot be read ({problem}); repair it.") from problem


def _words(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from _words(one)
    elif isinstance(value, list):
        for one in value:
            yield from _words(one)


def _files(folder: Path, word: str) -> list[Path]:
    """The files that a word of a brief means; none for most words."""
    if not word or "\n" in word or len(word) > 1000 or "\0" in word:
        return []
    if _PATTERN & set(word):
        return sorted(path for path in folder.glob(word) if path.is_file()) if not word.startswith("/") else []
    return [folder / word] if (folder / word).is_file() else []


def _placed(value: Any, words: Mapping[str, list[str]]) -> Any:
    """A brief's values with the paths that hold here; a pattern becomes the files that fitted it."""
    if isinstance(value, str):
        return words[value][0] if len(words.get(value, ())) == 1 else value
    if isinstance(value, Mapping):
        return {name: _placed(one, words) for name, one in value.items()}
    if isinstance(value, list):
        return [
            found
            for one in value
            for found in (words[one] if isinstance(one, str) and one in words else [_placed(one, words)])
        ]
    return value
