from __future__ import annotations

import numpy as np
import pytest
from clips import EXAMPLES, frames_of

from countenance.media.frame import Frame
from countenance.perception.gallery import MOST_TEXTURES, TEXTURE_PX, Gallery, seen_texture
from countenance.perception.tracks import FaceTrack


def filled(pictures: range, found: int) -> Gallery:
    gallery = Gallery(found)
    for number in pictures:
        gallery.add(number, lambda number=number: np.full((TEXTURE_PX, TEXTURE_PX, 3), number % 251, np.uint8))  # type: ignore[misc]
    return gallery


def test_every_tenth_picture_is_kept_while_they_are_few() -> None:
    gallery = filled(range(7, 58), found=7)
    assert gallery.frames.tolist() == [7, 17, 27, 37, 47, 57]
    assert [int(texture[0, 0, 0]) for texture in gallery.textures] == [7, 17, 27, 37, 47, 57]


@pytest.mark.parametrize("pictures", [1, 160, 161, 170, 1000, 18_000])
def test_however_long_a_face_is_seen_a_few_evenly_spread_textures_are_kept(pictures: int) -> None:
    gallery = filled(range(3, 3 + pictures), found=3)
    count = len(gallery.frames)
    assert gallery.textures.shape == (count, TEXTURE_PX, TEXTURE_PX, 3)
    assert min(MOST_TEXTURES // 2, -(-pictures // 10)) <= count <= MOST_TEXTURES
    steps = set(np.diff(gallery.frames).tolist())
    assert len(steps) <= 1
    assert gallery.frames[0] == 3
    assert pictures - (gallery.frames[-1] - 3) <= (min(steps) if steps else 10)


def test_pictures_before_the_face_was_found_count_too() -> None:
    gallery = Gallery(found=24)
    for number in (24, 23, 14, 4, 25, 34):
        gallery.add(number, lambda: np.ones((TEXTURE_PX, TEXTURE_PX, 3), np.uint8))
    assert gallery.frames.tolist() == [4, 14, 24, 34]


def test_a_gallery_without_pictures_is_empty() -> None:
    assert Gallery(0).textures.shape == (0, TEXTURE_PX, TEXTURE_PX, 3)
    assert Gallery(0).frames.shape == (0,)


def test_a_followed_face_has_its_textures(ada_track: FaceTrack) -> None:
    assert ada_track.texture_frames.tolist() == [0, 10, 20]
    assert ada_track.textures.dtype == np.uint8
    seen = ada_track.textures.min(axis=-1) > 0
    assert 0.3 < seen.mean() < 0.5
    assert (ada_track.textures[~seen] == 0).all()
    together = seen.all(axis=0)
    first, last = ada_track.textures[0][together].astype(int), ada_track.textures[-1][together].astype(int)
    assert np.abs(first - last).mean() < 6  # the same face in the same layout


def test_a_black_face_is_told_from_one_that_is_not_seen(ada_track: FaceTrack) -> None:
    frame = frames_of(EXAMPLES / "ada" / "master.mp4", stop=1)[0]
    black = Frame.from_rgb(np.zeros_like(frame.rgb()))
    texture = seen_texture(black, ada_track.mesh[0])
    assert set(np.unique(texture)) == {0, 1}
