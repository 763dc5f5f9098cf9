from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from clips import EXAMPLES
from PIL import Image, ImageCms, ImageDraw, ImageFilter

from countenance.errors import InputError
from countenance.perception.networks import FaceNetworks
from countenance.synthesis.references import Reference, read_reference, widest_gap

FRONT = EXAMPLES / "ben" / "refs" / "1_front_neutral.jpg"
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


@pytest.fixture(scope="module")
def front(networks: FaceNetworks) -> Reference:
    return read_reference(FRONT, networks)


def _exif_turned(image: Image.Image, path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned a quarter clockwise when shown
    image.transpose(Image.Transpose.ROTATE_90).save(path, exif=exif, quality=95)


def _transparent(image: Image.Image, path: Path) -> None:
    """The background is transparent, and rubbish lies under it."""
    shape = Image.new("L", image.size, 0)
    ImageDraw.Draw(shape).ellipse((0.1 * image.width, 0, 0.9 * image.width, image.height), fill=255)
    rubbish = Image.effect_noise(image.size, 90).convert("RGB")
    whole = Image.composite(image, rubbish, shape)
    whole.putalpha(shape)
    whole.save(path)


def _sixteen_bit(image: Image.Image, path: Path) -> None:
    cv2.imwrite(str(path), cv2.cvtColor(np.asarray(image), cv2.COLOR_RGB2BGR).astype(np.uint16) * 257)


def _sixteen_bit_grey(image: Image.Image, path: Path) -> None:
    cv2.imwrite(str(path), np.asarray(image.convert("L")).astype(np.uint16) * 257)


@pytest.mark.parametrize(
    ("name", "save"),
    [
        ("cmyk.jpg", lambda image, path: image.convert("CMYK").save(path, quality=95)),
        ("grey.png", lambda image, path: image.convert("L").save(path)),
        ("palette.png", lambda image, path: image.quantize(256).save(path)),
        ("alpha.png", _transparent),
        ("16bit.png", _sixteen_bit),
        ("16bit-grey.png", _sixteen_bit_grey),
        ("profile.jpg", lambda image, path: image.save(path, quality=95, icc_profile=SRGB)),
        ("broken-profile.jpg", lambda image, path: image.save(path, quality=95, icc_profile=b"rubbish")),
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


def _blurred(path: Path, strength: float) -> None:
    with Image.open(FRONT) as image:
        image.filter(ImageFilter.GaussianBlur(strength * image.width)).save(path)


def _cut_off(path: Path) -> None:
    path.write_bytes(FRONT.read_bytes()[:20_000])


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (_no_face, "no face is found"),
        (_two_people, "shows 2 people"),
        (lambda path: _blurred(path, 0.010), "too blurred"),
        (lambda path: _blurred(path, 0.022), r"too blurred|too small or unclear"),
        (_tiny, r"too small or unclear|no face is found"),
        (_cut_off, "not a picture that can be read"),
        (lambda path: path.write_text("no picture"), "not a picture that can be read"),
        (lambda path: path.write_bytes(b""), "not a picture that can be read"),
        (lambda path: None, "not a picture that can be read"),
        (lambda path: path.mkdir(), "not a picture that can be read"),
    ],
    ids=["no face", "two people", "blurred", "smeared", "tiny", "cut off", "text", "empty", "absent", "folder"],
)
def test_an_unfit_still_is_refused_in_one_sentence_that_names_it(
    tmp_path: Path, networks: FaceNetworks, spoil: Callable[[Path], object], why: str
) -> None:
    path = tmp_path / "still.jpg"
    spoil(path)
    with pytest.raises(InputError, match=why) as refused:
        read_reference(path, networks)
    assert str(path) in str(refused.value)
    assert "\n" not in str(refused.value)


def test_what_is_weak_about_a_still_is_told(tmp_path: Path, networks: FaceNetworks, front: Reference) -> None:
    assert front.note == ""
    with Image.open(FRONT) as image:
        image.filter(ImageFilter.GaussianBlur(front.face_px * 0.013)).save(tmp_path / "soft.png")
        image.resize((image.width * 90 // front.face_px, image.height * 90 // front.face_px)).save(
            tmp_path / "small.png"
        )
    soft, small = (read_reference(tmp_path / name, networks) for name in ("soft.png", "small.png"))
    assert soft.note == "blurred" and soft.sharpness < 0.7 * front.sharpness
    assert small.note == "small" and small.face_px == pytest.approx(90, abs=4)


def test_a_close_up_shows_the_face_at_the_same_points(networks: FaceNetworks, front: Reference) -> None:
    close = front.close_up()
    assert close.frame.size[0] < front.frame.size[0]
    for points in ("mesh", "irises"):
        whole, cut = getattr(front, points)[:, :2], getattr(close, points)[:, :2]
        there, here = (
            cv2.remap(cv2.blur(one.frame.rgb(), (5, 5)), at[:, :1].copy(), at[:, 1:].copy(), cv2.INTER_LINEAR)
            for one, at in ((front, whole), (close, cut))
        )
        assert float(np.abs(there.astype(float) - here).mean()) < 3
    assert close.face_px == front.face_px  # as it was handed in


def test_a_large_still_is_reduced_to_what_the_atlas_can_hold(tmp_path: Path, networks: FaceNetworks) -> None:
    with Image.open(FRONT) as image:
        image.resize((image.width * 5, image.height * 5)).save(tmp_path / "large.jpg")
    large = read_reference(tmp_path / "large.jpg", networks)
    close = large.close_up()
    assert large.face_px > 1000
    assert float(np.ptp(close.mesh[:, 0])) == pytest.approx(640, abs=3)
    assert float(np.ptp(close.mesh[:, 2]) / np.ptp(close.mesh[:, 0])) == pytest.approx(
        float(np.ptp(large.mesh[:, 2]) / np.ptp(large.mesh[:, 0])), rel=0.01
    )


def test_the_widest_gap_is_that_of_the_two_least_alike(networks: FaceNetworks, front: Reference) -> None:
    others = [read_reference(path, networks) for path in sorted(FRONT.parent.glob("[24]_*.jpg"))]
    gaps = [float(np.linalg.norm(front.embedding - one.embedding)) for one in others]
    gaps.append(float(np.linalg.norm(others[0].embedding - others[1].embedding)))
    assert widest_gap([front, *others]) == pytest.approx(max(gaps), abs=1e-6)
    assert widest_gap([front]) == 0
