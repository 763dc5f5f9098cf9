from __future__ import annotations

import io
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from clips import picture
from hypothesis import given
from hypothesis import strategies as st

from countenance.errors import InputError
from countenance.media.frame import Box, Frame
from countenance.synthesis.engine import Laid
from countenance.synthesis.patchfile import Painted, PatchWriter, merged, read_patches, union

WIDTH, HEIGHT = 96, 64
ORIGIN = "0123 (0, 1, 2) (0, 512, 1024)"


@st.composite
def even_boxes(draw: st.DrawFn) -> Box:
    x = draw(st.integers(0, WIDTH // 2 - 1)) * 2
    y = draw(st.integers(0, HEIGHT // 2 - 1)) * 2
    width = draw(st.integers(1, (WIDTH - x) // 2)) * 2
    return Box(x, y, width, draw(st.integers(1, (HEIGHT - y) // 2)) * 2)


def noise(seed: int) -> Frame:
    dice = np.random.default_rng(seed)
    shapes = ((HEIGHT, WIDTH), (HEIGHT // 2, WIDTH // 2), (HEIGHT // 2, WIDTH // 2))
    y, u, v = (dice.integers(0, 256, shape, np.uint8) for shape in shapes)
    return Frame(0, Fraction(1, 25), (y, u, v))


def laid(box: Box, strength: float = 1.0, why: str = "") -> Laid:
    """A mask of its own for each place and size."""
    mask = np.random.default_rng(box.x + 7 * box.width).random((box.height, box.width), np.float32)
    return Laid(box, mask, strength, why)


def flat(painted: Iterable[Painted]) -> list[tuple[int, int, Box, float, str, bytes]]:
    return [
        (
            one.number,
            one.person,
            one.box,
            one.strength,
            one.why,
            b"".join(part.tobytes() for part in (*one.planes, one.mask)),
        )
        for one in painted
    ]


def write(
    path: Path, boxes: list[tuple[int, Box]], origin: str = ORIGIN, person: int = 0, strength: float = 1, why: str = ""
) -> str:
    with path.open("wb") as stream:
        writer = PatchWriter(stream, origin)
        for number, box in boxes:
            writer.add(number, person, laid(box, strength, why), noise(number))
        return writer.close()


@given(st.dictionaries(st.integers(0, 10**6), even_boxes(), max_size=4))
def test_painted_boxes_come_back_bit_for_bit(tmp_path_factory: pytest.TempPathFactory, boxes: dict[int, Box]) -> None:
    path = tmp_path_factory.mktemp("patches") / "patches.bin"
    digest = write(path, sorted(boxes.items()))
    assert digest == write(path, sorted(boxes.items()))
    stored = list(read_patches(path, digest))
    assert [(one.number, one.box) for one in stored] == sorted(boxes.items())
    for one in stored:
        assert all(np.array_equal(a, b) for a, b in zip(one.planes, noise(one.number).cut(one.box), strict=True))
        assert np.abs(one.mask / 255 - laid(one.box).mask).max() <= 0.5 / 255 + 1e-6


def test_several_people_of_one_picture_are_kept_apart(tmp_path: Path) -> None:
    with (tmp_path / "p").open("wb") as stream:
        writer = PatchWriter(stream, ORIGIN)
        writer.add(3, 1, laid(Box(0, 0, 8, 8), 0.25, "turned too far"), noise(3))
        writer.add(3, 0, laid(Box(4, 4, 8, 8)), noise(3))
        digest = writer.close()
    told = [(one.number, one.person, one.box.x, one.strength, one.why) for one in read_patches(tmp_path / "p", digest)]
    assert told == [(3, 1, 0, 0.25, "turned too far"), (3, 0, 4, 1.0, "")]


def test_a_stored_box_goes_back_into_its_frame(tmp_path: Path) -> None:
    box = Box(10, 20, 30, 12)
    digest = write(tmp_path / "p", [(7, box)])
    (stored,) = read_patches(tmp_path / "p", digest)
    frame = picture(1, WIDTH, HEIGHT)
    before = frame.copy()
    frame.put(stored.box, stored.planes)
    assert all(np.array_equal(a, b) for a, b in zip(frame.cut(box), noise(7).cut(box), strict=True))
    assert np.array_equal(frame.planes[0][:20], before.planes[0][:20])


def test_the_digest_tells_pictures_numbers_boxes_and_origin_apart(tmp_path: Path) -> None:
    box, other = Box(0, 0, 8, 8), Box(2, 0, 8, 8)
    digests = {
        write(tmp_path / "a", [(0, box)]),
        write(tmp_path / "b", [(1, box)]),
        write(tmp_path / "c", [(0, other)]),
        write(tmp_path / "d", [(0, box), (1, box)]),
        write(tmp_path / "e", [(0, box)], origin="another master"),
        write(tmp_path / "f", []),
        write(tmp_path / "g", [(0, box)], person=1),
        write(tmp_path / "h", [(0, box)], strength=0.5),
        write(tmp_path / "i", [(0, box)], strength=0.5, why="too small"),
    }
    assert len(digests) == 9


@given(st.data())
def test_a_file_that_breaks_off_is_refused(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    path = tmp_path_factory.mktemp("patches") / "patches.bin"
    digest = write(path, [(0, Box(0, 0, 8, 8)), (1, Box(8, 8, 16, 8))])
    whole = path.read_bytes()
    path.write_bytes(whole[: data.draw(st.integers(0, len(whole) - 1))])
    with pytest.raises(InputError, match=r"patches\.bin.*remove its folder and run"):
        list(read_patches(path, digest))


@given(st.data())
def test_a_changed_bit_never_passes_for_a_picture(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("patches") / "patches.bin"
    digest = write(path, [(0, Box(0, 0, 8, 8)), (1, Box(8, 8, 16, 8))], strength=0.5, why="too small")
    inspected = flat(read_patches(path, digest))
    changed = bytearray(path.read_bytes())
    changed[data.draw(st.integers(0, len(changed) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    path.write_bytes(changed)
    try:
        read = flat(read_patches(path, digest))
    except InputError as refused:
        assert "patches.bin" in str(refused)
    else:  # a spare bit of the packing
        assert read == inspected


def test_another_variants_pictures_are_refused(tmp_path: Path) -> None:
    write(tmp_path / "ben.bin", [(0, Box(0, 0, 8, 8))])
    digest = write(tmp_path / "cleo.bin", [(0, Box(0, 0, 10, 8))])
    with pytest.raises(InputError, match=r"ben\.bin"):
        list(read_patches(tmp_path / "ben.bin", digest))


def test_pictures_come_one_by_one(tmp_path: Path) -> None:
    """Memory must not grow with the clip: the first box is there before the second is read."""
    digest = write(tmp_path / "p", [(n, Box(0, 0, WIDTH, HEIGHT)) for n in range(50)])
    stored = read_patches(tmp_path / "p", digest)
    assert isinstance(next(stored), Painted)
    stored.close()


def test_nothing_is_buffered_by_the_writer() -> None:
    stream = io.BytesIO()
    writer = PatchWriter(stream, ORIGIN)
    sizes = []
    for number in range(3):
        writer.add(number, 0, laid(Box(0, 0, 32, 32)), noise(number))
        sizes.append(stream.tell())
    assert sizes[0] < sizes[1] < sizes[2]


@given(even_boxes(), even_boxes())
def test_the_union_is_the_smallest_even_box_around_both(a: Box, b: Box) -> None:
    both = union(a, b)
    assert both == union(b, a)
    assert union(a, a) == a
    canvas = np.zeros((HEIGHT, WIDTH), bool)
    canvas[a.rows, a.columns] = canvas[b.rows, b.columns] = True
    rows, columns = np.flatnonzero(canvas.any(axis=1)), np.flatnonzero(canvas.any(axis=0))
    assert (both.x, both.y) == (columns[0], rows[0])
    assert (both.width, both.height) == (columns[-1] + 1 - columns[0], rows[-1] + 1 - rows[0])
    assert not any(side % 2 for side in (both.x, both.y, both.width, both.height))


@given(even_boxes(), even_boxes())
def test_what_two_engines_laid_is_one_share_of_each_pixel(a: Box, b: Box) -> None:
    mouth, face = laid(a), Laid(b, laid(b).mask, 0.5, "too small")
    both = merged([mouth, face])
    assert both is not None
    assert (both.box, both.strength, both.why) == (union(a, b), 0.5, "too small")
    shares = np.ones((HEIGHT, WIDTH), np.float32)
    for one in (mouth, face):
        shares[one.box.rows, one.box.columns] *= 1 - one.mask
    assert np.allclose(both.mask, 1 - shares[both.box.rows, both.box.columns])
    assert merged([face]) is face and merged([]) is None
