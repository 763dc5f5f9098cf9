from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from clips import EXAMPLES

from countenance.perception.networks import FaceNetworks
from countenance.perception.pose import upright_shape
from countenance.synthesis.references import Reference, read_reference
from countenance.synthesis.selection import by_ease, most_different, neutral_form, traits

REFS = EXAMPLES / "ben" / "refs"


@pytest.fixture(scope="module")
def stills(networks: FaceNetworks) -> dict[str, Reference]:
    return {path.name[0]: read_reference(path, networks) for path in sorted(REFS.glob("*.jpg"))}


def test_the_frontal_neutral_still_is_the_easiest(stills: dict[str, Reference]) -> None:
    ranked = by_ease(list(stills.values())[::-1])
    assert ranked[0] is stills["1"]


def test_a_blurred_still_comes_later(stills: dict[str, Reference]) -> None:
    blurred = replace(stills["1"], name="blurred", sharpness=0.3)
    assert by_ease([blurred, stills["1"]])[0] is stills["1"]


def test_the_most_different_stills_are_taken_first(stills: dict[str, Reference]) -> None:
    front, left, right = stills["1"], stills["2"], stills["3"]
    copies = [replace(front, name=f"again {number}") for number in range(4)]
    assert most_different([front, *copies, left, right], 3) == [front, left, right]
    assert most_different([front, *copies, left, right], 5, alike=0.5) == [front, left, right]
    assert len(most_different([front, *copies, left, right], 5)) == 5


def test_the_neutral_form_has_a_closed_mouth_and_open_eyes(stills: dict[str, Reference]) -> None:
    talking = stills["4"]
    form = neutral_form([stills["1"], stills["2"], stills["3"], talking])
    closed, opened = traits(stills["1"])[2], traits(talking)[2]
    gap = float(np.linalg.norm(form[13] - form[14]))
    assert opened > closed + 0.03
    assert abs(gap - closed) < 0.35 * (opened - closed)


def test_a_slip_of_one_mesh_hardly_moves_the_form(stills: dict[str, Reference]) -> None:
    good = [stills["1"], stills["2"], stills["3"]]
    slipped = stills["1"].mesh.copy()
    slipped[50] += 60
    spoilt = replace(stills["1"], name="slipped", mesh=slipped)
    assert np.abs(neutral_form([*good, spoilt])[50] - neutral_form([*good, stills["1"]])[50]).max() < 0.02


def test_of_one_still_the_form_is_its_own(stills: dict[str, Reference]) -> None:
    assert neutral_form([stills["1"]]) == pytest.approx(upright_shape(stills["1"].mesh), abs=1e-4)
