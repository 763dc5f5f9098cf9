from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from clips import picture
from hypothesis import given, settings
from hypothesis import strategies as st

from countenance.errors import IntegrityError
from countenance.media.encode import Picture, Sound, encode
from countenance.media.frame import Frame
from countenance.media.pieces import encode_piece, join

FAST = Picture(preset="veryfast")
RATE = Fraction(25)


def frames(count: int, base: Fraction = Fraction(1, 25), steps: tuple[int, ...] = ()) -> list[Frame]:
    times = np.cumsum([0, *steps])[:count].tolist() if steps else list(range(count))
    return [Frame(times[n], base, picture(n, 160, 96).planes) for n in range(count)]


def piece(path: Path, some: list[Frame], picture: Picture = FAST) -> Path:
    assert encode_piece(
        path, some, size=some[0].size, time_base=some[0].time_base, frame_rate=RATE, picture=picture
    ) == len(some)
    return path


def joined(folder: Path, film: list[Frame], cuts: list[int], sound: Sound | None = None) -> Path:
    edges = [0, *cuts, len(film)]
    parts = [piece(folder / f"{a}.nut", film[a:b]) for a, b in pairwise(edges)]
    target = folder / "film.mp4"
    assert join(target, parts, sound=sound) == len(film)
    return target


def decoded(path: Path) -> list[tuple[Fraction, bytes]]:
    with av.open(str(path)) as container:
        return [(f.pts * f.time_base, f.to_ndarray().tobytes()) for f in container.decode(video=0)]


def coded(path: Path, kind: str) -> list[Any]:
    with av.open(str(path)) as container:
        stream = getattr(container.streams, kind)[0]
        return [(bytes(p), p.pts, p.dts, p.duration) for p in container.demux(stream) if p.size]


def test_a_join_holds_every_picture_once_at_its_own_time(tmp_path: Path) -> None:
    film = frames(60)
    shown = decoded(joined(tmp_path, film, [3, 4, 21, 40, 59]))
    assert [time for time, _ in shown] == [frame.time for frame in film]


def test_each_piece_decodes_in_the_join_as_it_does_alone(tmp_path: Path) -> None:
    film = frames(60)
    target = joined(tmp_path, film, [20, 40])
    alone = [one for first in (0, 20, 40) for one in decoded(tmp_path / f"{first}.nut")]
    assert [pixels for _, pixels in decoded(target)] == [pixels for _, pixels in alone]


def test_one_piece_is_the_film_as_the_plain_encode_makes_it(tmp_path: Path) -> None:
    film = frames(40)
    encode(tmp_path / "plain.mp4", film, size=film[0].size, time_base=Fraction(1, 25), frame_rate=RATE, picture=FAST)
    assert decoded(joined(tmp_path, film, [])) == decoded(tmp_path / "plain.mp4")


def test_the_order_in_which_pieces_are_made_leaves_no_trace(tmp_path: Path) -> None:
    film = frames(30)
    first, second = tmp_path / "a.nut", tmp_path / "b.nut"
    piece(first, film[:13])
    piece(second, film[13:])
    join(tmp_path / "one.mp4", [first, second])
    piece(second, film[13:])
    piece(first, film[:13])
    join(tmp_path / "two.mp4", [first, second])
    assert (tmp_path / "one.mp4").read_bytes() == (tmp_path / "two.mp4").read_bytes()


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(200, 3000), min_size=8, max_size=40), st.data())
def test_uneven_times_survive_any_cutting(
    tmp_path_factory: pytest.TempPathFactory, steps: list[int], data: st.DataObject
) -> None:
    film = frames(len(steps), Fraction(1, 12800), tuple(steps))
    cuts = sorted(data.draw(st.sets(st.integers(1, len(film) - 1), max_size=6)))
    target = joined(tmp_path_factory.mktemp("join"), film, cuts)
    assert [time for time, _ in decoded(target)] == [frame.time for frame in film]
    order = [dts for _, _, dts, _ in coded(target, "video")]
    assert order == sorted(set(order))  # decoding times rise, also over the joins
    assert all(pts >= dts for _, pts, dts, _ in coded(target, "video"))


def test_the_sound_is_encoded_once_and_is_that_of_the_plain_encode(tmp_path: Path) -> None:
    film = frames(75)
    tone = (0.3 * np.sin(np.arange(3 * 48_000) * 0.05)).astype(np.float32)
    encode(
        tmp_path / "plain.mp4", film, size=film[0].size, time_base=Fraction(1, 25), frame_rate=RATE,
        sound=Sound(samples=tone), picture=FAST,
    )  # fmt: skip
    target = joined(tmp_path, film, [10, 31, 60], Sound(samples=tone))
    assert coded(target, "audio") == coded(tmp_path / "plain.mp4", "audio")


def test_pieces_of_other_settings_or_in_another_order_are_refused(tmp_path: Path) -> None:
    film = frames(20)
    one, two = piece(tmp_path / "a.nut", film[:10]), piece(tmp_path / "b.nut", film[10:])
    with pytest.raises(IntegrityError, match="does not follow"):
        join(tmp_path / "film.mp4", [two, one])
    with pytest.raises(IntegrityError, match="does not follow"):
        join(tmp_path / "film.mp4", [one, one])
    small = [Frame(f.pts, f.time_base, picture(0, 128, 96).planes) for f in film[10:]]
    with pytest.raises(IntegrityError, match="other settings"):
        join(tmp_path / "film.mp4", [one, piece(tmp_path / "c.nut", small)])


def test_the_same_pictures_are_the_same_bits_every_time(tmp_path: Path) -> None:
    film = frames(40)
    made = {piece(tmp_path / f"{number}.nut", film).read_bytes() for number in range(6)}
    assert len(made) == 1
