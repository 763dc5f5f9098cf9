from __future__ import annotations

import re

import pytest

from countenance.models.catalogue import CATALOGUE, Model, model_named

# What a commercial product may load: permissive licences and dedications to the public domain.
FREE = {"Apache-2.0", "CC0-1.0", "MIT", "BSD-3-Clause"}


@pytest.mark.parametrize("model", CATALOGUE, ids=lambda model: str(model.name))
def test_every_model_states_where_it_comes_from_and_what_it_may_do(model: Model) -> None:
    assert re.fullmatch(r"[0-9a-f]{64}", model.sha256)
    assert re.fullmatch(r"[0-9a-f]{64}", model.package.sha256)
    assert re.fullmatch(r"[a-z-]+==\d+(\.\d+)+", model.source)
    assert model.package.kind in ("wheel", "sdist")
    assert model.purpose
    assert model.licence
    assert not model.commercial or model.licence in FREE
    assert model.file_name in model.member


def test_names_and_hashes_are_unique() -> None:
    assert len({model.name for model in CATALOGUE}) == len({model.sha256 for model in CATALOGUE}) == len(CATALOGUE)


def test_the_landmark_model_that_forbids_commercial_use_is_not_among_them() -> None:
    assert not any("shape_predictor" in model.member for model in CATALOGUE)


def test_a_model_is_found_by_its_name() -> None:
    assert model_named("face-mesh").name == "face-mesh"
    with pytest.raises(KeyError, match="nonsense"):
        model_named("nonsense")
