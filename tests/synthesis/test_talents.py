from __future__ import annotations

from pathlib import Path

import pytest
from clips import EXAMPLES

from countenance.errors import InputError
from countenance.ledger.log import entries
from countenance.store.files import read_json, write_json
from countenance.store.project import init_project
from countenance.synthesis.talents import add_talent, matching_files

REFS = EXAMPLES / "ada" / "refs"


def test_paths_and_patterns_name_each_file_once() -> None:
    files = matching_files([str(REFS / "2_left25_smile.jpg"), str(REFS / "[123]*.jpg")])
    assert [path.name[0] for path in files] == ["2", "1", "3"]


@pytest.mark.parametrize("patterns", [[], ["*.nothing"], [str(REFS)]])
def test_naming_no_file_is_refused(patterns: list[str]) -> None:
    with pytest.raises(InputError):
        matching_files(patterns)


def test_the_record_is_kept_replaced_and_never_guessed(tmp_path: Path) -> None:
    project = init_project(tmp_path)
    one, two = REFS / "1_front_neutral.jpg", REFS / "4_left12_talking.jpg"
    seen: list[int] = []
    first = add_talent(project, "Ada L.", [one], synthetic=True, actor="kim", progress=seen.append)
    assert (first.widest_gap, seen) == (0.0, [1])
    assert add_talent(project, "Ada L.", [one], synthetic=True, actor="kim") == first
    second = add_talent(project, "Ada L.", [one, two], synthetic=True, actor="kim")
    assert 0 < second.widest_gap < 0.6
    place = project.folder / "talents" / "Ada L..json"
    assert len(read_json(place)["references"]) == 2
    assert len(entries(project, "talent.added")) == 2
    write_json(place, {"name": "Ada L."})
    with pytest.raises(InputError, match="no record of a talent"):
        add_talent(project, "Ada L.", [one], synthetic=True, actor="kim")
