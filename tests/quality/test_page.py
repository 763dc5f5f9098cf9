from __future__ import annotations

import pytest

from countenance.quality.page import face_name


@pytest.mark.parametrize(
    ("face", "language", "told"),
    [
        ("ben", "en", "Ben"),
        ("mary-ann_lee", "en", "Mary Ann Lee"),
        ("keep", "en", "face as shot"),
        ("keep", "de", "Gesicht wie gedreht"),
        ("guest=ada", "en", "Guest: Ada"),
        ("presenter=ben+guest-2=mary-ann", "en", "Presenter: Ben, Guest 2: Mary Ann"),
    ],
)
def test_a_face_is_named_as_people_would(face: str, language: str, told: str) -> None:
    assert face_name(face, language) == told
