from __future__ import annotations

import cv2
import numpy as np
import pytest
from clips import EXAMPLES

from countenance.errors import InputError
from countenance.perception.identity import SAME_PERSON, chip, distance, embed
from countenance.perception.layout import texels
from countenance.perception.networks import FaceNetworks
from countenance.perception.pose import upright_shape
from countenance.perception.topology import FACE_OVAL, LEFT_EYE, LIPS_INNER, RIGHT_EYE
from countenance.synthesis.likeness import ATLAS_PX, Likeness, build_likeness, reference_embedding
from countenance.synthesis.references import Reference, read_reference

REFS = EXAMPLES / "ben" / "refs"
FRONT = REFS / "1_front_neutral.jpg"
BEN = sorted(REFS.glob("[123]_*.jpg"))  # what `ben_likeness` is made of
CHEEKS = (50, 280, 205, 425)


@pytest.fixture(scope="module")
def front(networks: FaceNetworks) -> Reference:
    return read_reference(FRONT, networks)


def at(plane: np.ndarray, uv: np.ndarray) -> np.ndarray:
    x, y = np.rint(uv).astype(int).reshape(-1, 2).T
    return np.asarray(plane[y, x])


def cheeks_of(reference: Reference) -> np.ndarray:
    """The mean colour of the cheeks."""
    picture = cv2.blur(reference.frame.rgb(), (9, 9)).astype(float)
    return np.mean([at(picture, reference.mesh[point, :2])[0] for point in CHEEKS], axis=0)


def test_all_likenesses_share_the_common_layout(ben_likeness: Likeness) -> None:
    assert np.array_equal(ben_likeness.uv, texels(ATLAS_PX))


def test_the_texture_shows_the_skin_of_the_references(ben_likeness: Likeness, networks: FaceNetworks) -> None:
    assert ben_likeness.texture.shape == (ATLAS_PX, ATLAS_PX, 3)
    tones = np.array([cheeks_of(read_reference(path, networks)) for path in BEN])
    shown = cv2.blur(ben_likeness.texture, (9, 9))
    tone = np.mean([at(shown, ben_likeness.uv[point])[0] for point in CHEEKS], axis=0)
    assert (tones.min(axis=0) - 6 < tone).all() and (tone < tones.max(axis=0) + 6).all()


def test_the_paint_covers_the_skin_and_neither_background_nor_eyes(ben_likeness: Likeness) -> None:
    mask, uv = ben_likeness.mask, ben_likeness.uv
    assert mask.min() >= 0 and mask.max() <= 1.0001
    assert at(mask, uv[list(CHEEKS)]).min() > 0.9
    for eye in (LEFT_EYE, RIGHT_EYE):
        assert at(mask, uv[list(eye)].mean(axis=0))[0] < 0.02
    for frame in (mask[0], mask[-1], mask[:, 0], mask[:, -1]):
        assert not frame.any()
    outside = np.ones((ATLAS_PX, ATLAS_PX), np.uint8)
    cv2.fillConvexPoly(outside, cv2.convexHull(np.rint(uv).astype(np.int32)), 0)
    assert not mask[outside > 0].any()
    assert at(mask, uv[list(FACE_OVAL)]).max() < 0.35  # feathered away before the outline


def test_skin_and_rim_are_parts_of_the_face(ben_likeness: Likeness) -> None:
    uv = ben_likeness.uv
    for plane in (ben_likeness.skin, ben_likeness.edge):
        assert plane.min() >= 0 and plane.max() <= 1.0001
    assert at(ben_likeness.skin, uv[list(CHEEKS)]).min() > 0.7
    assert at(ben_likeness.skin, uv[list(LIPS_INNER)]).max() < 0.3
    assert at(ben_likeness.edge, uv[list(FACE_OVAL)]).min() > 0.6
    assert at(ben_likeness.edge, uv[[4, 5, 195]]).max() < 0.05  # the nose is no rim


def test_confidence_is_high_where_the_face_was_seen_and_none_where_there_is_no_face(ben_likeness: Likeness) -> None:
    assert ben_likeness.confidence.min() >= 0 and ben_likeness.confidence.max() <= 1.0001
    assert at(ben_likeness.confidence, ben_likeness.uv[list(CHEEKS)]).min() > 0.9
    assert not ben_likeness.confidence[0].any()


def test_the_form_is_upright_centred_and_in_eye_distances(ben_likeness: Likeness) -> None:
    form = ben_likeness.form
    assert np.linalg.norm(form[33] - form[263]) == pytest.approx(1.0, abs=1e-5)
    assert (form[33] + form[263]) / 2 == pytest.approx(np.zeros(3), abs=1e-5)
    assert form[152, 1] > 1 and form[10, 1] < -0.3  # chin below, forehead above
    assert form[4, 2] < form[234, 2]  # the nose is nearer than the temple


def test_the_same_head_turned_has_the_same_form(front: Reference, networks: FaceNetworks) -> None:
    turned = read_reference(REFS / "2_left25_smile.jpg", networks)
    steady = [33, 263, 168, 6, 10, 152]
    a, b = upright_shape(front.mesh)[steady, :2], upright_shape(turned.mesh)[steady, :2]
    assert np.abs(a - b).max() < 0.12
    assert turned.pose[0] - front.pose[0] == pytest.approx(25, abs=6)


def test_the_embeddings_are_those_of_one_person_and_of_nobody_else(
    ben_likeness: Likeness, networks: FaceNetworks
) -> None:
    own = ben_likeness.embeddings
    assert own.shape == (3, 128)
    assert max(distance(own[i], own[j]) for i in range(3) for j in range(i)) < SAME_PERSON
    ada = read_reference(EXAMPLES / "ada" / "refs" / FRONT.name, networks)
    stranger = embed([chip(ada.frame, ada.mesh)])
    assert distance(stranger, own) > max(distance(own[0], own[i]) for i in (1, 2))


def test_one_still_is_enough(networks: FaceNetworks) -> None:
    alone = build_likeness([FRONT], networks)
    assert at(alone.mask, alone.uv[list(CHEEKS)]).min() > 0.9
    assert alone.embeddings.shape == (1, 128)


def test_the_same_stills_give_the_same_likeness_in_any_order(networks: FaceNetworks) -> None:
    paths = [FRONT, REFS / "4_left12_talking.jpg"]
    one, other = build_likeness(paths, networks), build_likeness(paths[::-1], networks)
    assert np.array_equal(one.texture, other.texture)
    assert np.array_equal(one.mask, other.mask)


def test_stills_of_two_people_are_refused_by_naming_the_odd_one(networks: FaceNetworks) -> None:
    stranger = EXAMPLES / "ada" / "refs" / "4_left12_talking.jpg"
    with pytest.raises(InputError, match="does not look like the person") as refused:
        build_likeness([*BEN, stranger], networks)
    assert str(refused.value).startswith(str(stranger))


def test_a_reference_embedding_tells_who_it_is(ben_likeness: Likeness, networks: FaceNetworks) -> None:
    assert reference_embedding(FRONT, networks) == pytest.approx(ben_likeness.embeddings[0], abs=1e-6)
