"""Every coding of the same colours comes out as the same planes, worked out here from the recommendations."""

from __future__ import annotations

import itertools
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from clips import frames_of, write_clip
from numpy.typing import NDArray

from countenance.errors import InputError
from countenance.media.frame import Frame
from countenance.media.primaries import conversion
from countenance.media.probe import primaries_of, probe

F64 = NDArray[np.float64]
KR_KB = {"bt601": (0.299, 0.114), "bt709": (0.2126, 0.0722), "bt2020": (0.2627, 0.0593)}
CODES = {"bt601": 6, "bt709": 1, "bt2020": 9}  # H.273 matrix coefficients
PATCH = 32
COLOURS = np.array(
    [[0.9, 0.1, 0.1], [0.1, 0.8, 0.2], [0.15, 0.2, 0.9], [0.8, 0.6, 0.5], [0.3, 0.2, 0.15], [0.5, 0.5, 0.5], [0, 0, 0]]
)


def signal(rgb: F64, matrix: str) -> F64:
    """Y' 0..1, Cb and Cr -0.5..0.5 of R'G'B' (n, 3)."""
    red, blue = KR_KB[matrix]
    y = rgb @ [red, 1 - red - blue, blue]
    return np.stack([y, (rgb[:, 2] - y) / (2 * (1 - blue)), (rgb[:, 0] - y) / (2 * (1 - red))], axis=1)


def colour(coded: F64, matrix: str) -> F64:
    """The inverse of `signal`."""
    red, blue = KR_KB[matrix]
    y, cb, cr = coded.T
    r, b = y + 2 * (1 - red) * cr, y + 2 * (1 - blue) * cb
    return np.stack([r, (y - red * r - blue * b) / (1 - red - blue), b], axis=1)


def codes(coded: F64, bits: int, full_range: bool) -> NDArray[np.int64]:
    """Integer code values (ITU-R BT.2100-2, table 9)."""
    if full_range:
        top = 2**bits - 1
        return np.rint(np.stack([coded[:, 0] * top, *(coded[:, 1:] * top + 2 ** (bits - 1)).T], axis=1)).astype(int)
    unit = 2 ** (bits - 8)
    return np.rint(np.stack([(219 * coded[:, 0] + 16) * unit, *((224 * coded[:, 1:] + 128) * unit).T], axis=1)).astype(
        int
    )


def meant(values: NDArray[np.int64], bits: int, full_range: bool) -> F64:
    """What integer codes stand for: the inverse of `codes`."""
    if full_range:
        top = 2**bits - 1
        return np.stack([values[:, 0] / top, *((values[:, 1:] - 2 ** (bits - 1)) / top).T], axis=1)
    unit = 2 ** (bits - 8)
    return np.stack([(values[:, 0] / unit - 16) / 219, *((values[:, 1:] / unit - 128) / 224).T], axis=1)


def file_of(path: Path, values: NDArray[np.int64], pixel_format: str, tags: dict[str, int]) -> Path:
    """A lossless file of one picture: a row of patches, one for each row (Y', Cb, Cr) of `values`."""
    image = av.VideoFrame(PATCH * len(values), PATCH, pixel_format)
    for plane, column in zip(image.planes, values.T, strict=True):
        kind = np.uint8 if plane.line_size < 2 * plane.width else np.dtype("<u2")
        rows = np.zeros((plane.height, plane.line_size), np.uint8)
        wide = np.repeat(column, plane.width // len(values)).astype(kind)
        rows.view(kind)[:, : plane.width] = wide
        plane.update(rows)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=25)
        stream.width, stream.height, stream.pix_fmt = image.width, image.height, pixel_format
        for name, code in tags.items():
            setattr(stream.codec_context, name, code)
        image.pts, image.time_base = 0, Fraction(1, 25)
        container.mux(stream.encode(image))
        container.mux(stream.encode())
    return path


def patches(frame: Frame, count: int) -> list[list[NDArray[np.uint8]]]:
    """For each patch the inside of its three planes, away from its neighbours."""
    found = []
    for number in range(count):
        y, half = PATCH * number, PATCH // 2 * number
        luma = frame.planes[0][:, y + 8 : y + 24]
        found.append([luma, *(plane[:, half + 4 : half + 12] for plane in frame.planes[1:])])
    return found


@pytest.mark.parametrize(
    ("pixel_format", "matrix", "full_range"),
    [
        *itertools.product(["yuv420p", "yuv420p10le"], CODES, [False, True]),
        ("yuv422p", "bt709", True),
        ("yuv444p", "bt601", False),
        ("yuv422p10le", "bt709", False),
        ("yuv444p10le", "bt601", True),
        ("yuv420p12le", "bt709", True),
        ("yuv422p12le", "bt2020", False),
    ],
)
def test_depth_range_and_matrix_are_converted_as_the_recommendations_say(
    tmp_path: Path, pixel_format: str, matrix: str, full_range: bool
) -> None:
    bits = int(pixel_format.partition("p")[2].removesuffix("le") or 8)
    stored = codes(signal(COLOURS, matrix), bits, full_range)
    tags = {"colorspace": CODES[matrix], "color_range": 2 if full_range else 1, "color_primaries": 1}
    (frame,) = frames_of(file_of(tmp_path / "a.mkv", stored, pixel_format, tags))
    wanted = signal(colour(meant(stored, bits, full_range), matrix), "bt709") * [219, 224, 224] + [16, 128, 128]
    for planes, exact in zip(patches(frame, len(COLOURS)), wanted, strict=True):
        for plane, value in zip(planes, exact, strict=True):
            if bits > 8:
                # Dithered: right in the mean, and never farther off than the next step.
                assert plane.mean() == pytest.approx(value, abs=0.03)
                assert np.abs(plane - value).max() < 1.02
            else:
                assert np.abs(plane - value).max() <= 0.52  # rounded once


def test_a_ten_bit_gradient_keeps_its_steps_in_the_mean(tmp_path: Path) -> None:
    """Four shades within one step of 8 bit stay four shades; cut off, they would be one."""
    shades = np.array([[400 + step, 512, 512] for step in range(4)])
    (frame,) = frames_of(file_of(tmp_path / "a.mkv", shades, "yuv420p10le", {"colorspace": 1, "color_range": 1}))
    means = [float(planes[0].mean()) for planes in patches(frame, 4)]
    assert means == pytest.approx([100.0, 100.25, 100.5, 100.75], abs=0.01)
    assert set(np.unique(frame.planes[0])) == {100, 101}
    again = frames_of(tmp_path / "a.mkv")[0]
    assert np.array_equal(frame.planes[0], again.planes[0])


@pytest.mark.parametrize("pixel_format", ["yuv420p", "yuv420p10le"])
def test_colours_of_bt2020_primaries_keep_their_look(tmp_path: Path, pixel_format: str) -> None:
    """Through display light and the matrix of ITU-R BT.2407, 2; what BT.709 cannot show is clipped."""
    to_709 = np.array([[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]])
    bits = 10 if pixel_format.endswith("10le") else 8
    inside = np.vstack([COLOURS[3:], [[0.6, 0.55, 0.5], [0.0, 1.0, 0.0]]])
    stored = codes(signal(inside, "bt2020"), bits, False)
    tags = {"colorspace": 9, "color_range": 1, "color_primaries": 9, "color_trc": 14}
    path = file_of(tmp_path / "a.mkv", stored, pixel_format, tags)
    assert probe(path).primaries == "bt2020"
    light = np.clip(colour(meant(stored, bits, False), "bt2020"), 0, 1) ** 2.4
    shown = np.clip(light @ to_709.T, 0, 1) ** (1 / 2.4)
    wanted = signal(shown, "bt709") * [219, 224, 224] + [16, 128, 128]
    for planes, exact in zip(patches(frames_of(path)[0], len(inside)), wanted, strict=True):
        for plane, value in zip(planes, exact, strict=True):
            assert plane.mean() == pytest.approx(value, abs=0.15 if bits == 10 else 0.6)


def test_the_conversion_of_primaries_is_the_published_one_and_keeps_white() -> None:
    published = [[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]]
    assert conversion("bt2020") == pytest.approx(np.array(published), abs=1e-4)
    for primaries in ("bt2020", "p3", "bt709"):
        assert conversion(primaries).sum(axis=1) == pytest.approx([1, 1, 1], abs=1e-9)


@pytest.mark.parametrize(
    ("primaries", "colorspace", "said"),
    [
        (1, 1, "bt709"),
        (9, 9, "bt2020"),
        (2, 9, "bt2020"),
        (1, 9, "bt709"),
        (12, 1, "p3"),
        (2, 2, "bt709"),
        (6, 6, "bt709"),
    ],
)
def test_primaries_are_the_tag_or_those_of_the_matrix(primaries: int, colorspace: int, said: str) -> None:
    assert primaries_of(primaries, colorspace) == said


def test_constant_luminance_is_refused(tmp_path: Path) -> None:
    path = file_of(tmp_path / "cl.mkv", codes(signal(COLOURS, "bt2020"), 10, False), "yuv420p10le", {"colorspace": 10})
    with pytest.raises(InputError, match="constant luminance"):
        probe(path)


def test_palettes_and_grey_come_out_right(tmp_path: Path) -> None:
    rgb = np.repeat(np.repeat(np.array([[[255, 0, 0], [0, 0, 255]]], np.uint8), 64, axis=0), 64, axis=1)
    path = tmp_path / "a.gif"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("gif", rate=10)
        stream.width, stream.height, stream.pix_fmt = 128, 64, "rgb8"
        for number in range(3):
            image = av.VideoFrame.from_ndarray(rgb, format="rgb24").reformat(format="rgb8")
            image.pts, image.time_base = number, Fraction(1, 10)
            container.mux(stream.encode(image))
        container.mux(stream.encode())
    seen = frames_of(path)[0].rgb().astype(int)
    assert np.abs(seen[32, [20, 100]] - rgb[32, [20, 100]]).max() <= 5
    grey = Frame.from_rgb(np.full((64, 64, 3), 90, np.uint8))
    (frame,) = frames_of(write_clip(tmp_path / "grey.mkv", [grey], codec="ffv1", pixel_format="gray"))
    assert np.abs(frame.rgb().astype(int) - 90).max() <= 4
