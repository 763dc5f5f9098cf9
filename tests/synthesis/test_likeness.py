from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from clips import EXAMPLES
from PIL import Image

from countenance.errors import InputError
from countenance.perception.identity import SAME_PERSON, chip, distance, embed
from countenance.perception.layout import texels
from countenance.perception.networks import FaceNetworks
from countenance.perception.pose import upright_shape
from countenance.perception.topology import FACE_OVAL, LEFT_EYE, LIPS_INNER, RIGHT_EYE
from countenance.synthesis.likeness import ATLAS_PX, Likeness, build_likeness
from countenance.synthesis.references import Reference, read_reference

REFS = EXAMPLES / "ben" / "refs"
FRONT = REFS / "1_front_neutral.jpg"
BEN = [REFS / f"{name}.jpg" for name in ("1_front_neutral", "2_left25_smile", "4_left12_talking")]
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


def _exif_turned(image: Image.Image, path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned a quarter clockwise when shown
    image.transpose(Image.Transpose.ROTATE_90).save(path, exif=exif, quality=95)


def _transparent(image: Image.Image, path: Path) -> None:
    whole = image.convert("RGBA")
    whole.putalpha(200)
    whole.save(path)


@pytest.mark.parametrize(
    ("name", "save"),
    [
        ("cmyk.jpg", lambda image, path: image.convert("CMYK").save(path, quality=95)),
        ("grey.png", lambda image, path: image.convert("L").save(path)),
        ("palette.png", lambda image, path: image.quantize(256).save(path)),
        ("alpha.png", _transparent),
        ("exif.jpg", _exif_turned),
        ("odd.png", lambda image, path: image.crop((0, 0, image.width - 1, image.height - 1)).save(path)),
        ("half.webp", lambda image, path: image.resize((image.width // 2, image.height // 2)).save(path)),
    ],
)
def test_any_kind_of_picture_file_shows_the_same_face(
    tmp_path: Path,
    networks: FaceNetworks,
    front: Reference,
    name: str,
    save: Callable[[Image.Image, Path], None],
) -> None:
    with Image.open(FRONT) as image:
        save(image, tmp_path / name)
    found = read_reference(tmp_path / name, networks)
    scale = found.frame.size[0] / front.frame.size[0]
    eye_distance = float(np.linalg.norm(front.mesh[33, :2] - front.mesh[263, :2]))
    off = np.linalg.norm(found.mesh[:, :2] / scale - front.mesh[:, :2], axis=1)
    assert float(np.median(off)) < 0.03 * eye_distance


def _no_face(path: Path) -> None:
    Image.effect_noise((400, 400), 80).convert("RGB").save(path)


def _two_people(path: Path) -> None:
    with Image.open(FRONT) as one, Image.open(EXAMPLES / "ada" / "refs" / FRONT.name) as other:
        both = Image.new("RGB", (one.width + other.width, max(one.height, other.height)))
        both.paste(one, (0, 0))
        both.paste(other, (one.width, 0))
        both.save(path)


def _tiny(path: Path) -> None:
    with Image.open(FRONT) as image:
        image.resize((60, 60 * image.height // image.width)).save(path)


def _cut_off(path: Path) -> None:
    path.write_bytes(FRONT.read_bytes()[:20_000])


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (_no_face, "no face is found"),
        (_two_people, "shows 2 people"),
        (_tiny, r"too small or unclear|no face is found"),
        (_cut_off, "not a picture that can be read"),
        (lambda path: path.write_text("no picture"), "not a picture that can be read"),
        (lambda path: path.write_bytes(b""), "not a picture that can be read"),
        (lambda path: None, "not a picture that can be read"),
        (lambda path: path.mkdir(), "not a picture that can be read"),
    ],
    ids=["no face", "two people", "tiny", "cut off", "text", "empty", "absent", "folder"],
)
def test_an_unfit_still_is_refused_in_one_sentence_that_names_it(
    tmp_path: Path, networks: FaceNetworks, spoil: Callable[[Path], object], why: str
) -> None:
    path = tmp_path / "still.jpg"
    spoil(path)
    with pytest.raises(InputError, match=why) as refused:
        build_likeness([FRONT, path], networks)
    assert str(path) in str(refused.value)
    assert "\n" not in str(refused.value)
