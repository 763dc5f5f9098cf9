"""Informed recovery: read a mark that cannot be found blindly, with what is remembered of the releases.

Local features say which release a recording shows and where in the picture it lies. The picture is brought
back to where it was when it was marked, the pilot pulls it straight to a fraction of a pixel, and the mark is
read. So it works for a picture in a picture, for perspective, and for a screen filmed by hand.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from countenance.provenance.fingerprint import (
    QUERY_FEATURES,
    Match,
    Matrix,
    Stored,
    describe,
    fingerprint,
    likeliest,
    load,
    locate,
    save,
)
from countenance.provenance.pattern import TILE_PX, Pattern, keyed_pattern, mark_space
from countenance.provenance.payload import Register
from countenance.provenance.watermark_detail import detail_of
from countenance.provenance.watermark_pose import Pose
from countenance.provenance.watermark_read import fold, name, pilot_match, see, whitened
from countenance.provenance.watermark_search import PoseSearch
from countenance.store.files import read_json
from countenance.store.project import Project

MOST_PICTURES = 40  # of a recording
CANDIDATES = 4
OUTLINE_PX = 24  # of a screen, on which a camera's movement is seen
SLIGHT = 0.02  # radians of turn, and of the logarithm of scale, that features may be off
WINDOWS_PX = ((4096, 24), (512, 14), (384, 8), (384, 5))  # parts that are pulled straight, and by how much at most
ENOUGH_FOR_PERSPECTIVE, ENOUGH_FOR_AFFINE = 9, 4
AGREE_PX = 2.0
CLEAR = 3.4  # standard deviations that the pilot stands out in a window
FILE = "fingerprint.npz"


@dataclass(frozen=True)
class Recovered:
    """A stored release that a recording shows.

    `mark_id` is what its mark says, and None when too little of the mark is left: then the picture is known, but
    not which of the releases that share it. `confidence` 0..1 is the fit of the mark, `pilot_z` how far the pilot
    stands out in standard deviations, `inliers` how many features agree, `to_picture` (3, 3) leads from the
    release's pixels to the recording's first picture, `frames` how many pictures were added up.
    """

    release_id: str
    mark_id: int | None
    confidence: float
    pilot_z: float
    frames: int
    inliers: int
    to_picture: Matrix


def stored_releases(project: Project) -> Iterator[Stored]:
    """The fingerprints of a project's releases; those that lack one get it now."""
    for folder in sorted(project.releases.iterdir()) if project.releases.is_dir() else ():
        file = folder / FILE
        if file.is_file():
            yield load(file)
        elif (folder / "release.json").is_file() and (folder / "video.mp4").is_file():
            yield remember(folder)


def remember(folder: Path) -> Stored:
    """Make and keep the fingerprint of a sealed release in its folder."""
    record = read_json(folder / "release.json")["record"]
    stored = fingerprint(folder / "video.mp4", record["release_id"], int(record["mark_id"], 16))
    save(stored, folder / FILE)
    return stored


def recover(lumas: Iterable[NDArray[np.uint8]], stored: Iterable[Stored], key: bytes) -> Recovered | None:
    """Find out which of the `stored` releases a recording shows, and read its mark under `key` (32 bytes).

    `lumas`: pictures (h, w) uint8 of one size, in their order. None when no stored picture is found in them.
    """
    pictures = _spread(list(lumas))
    releases = list(stored)
    if not pictures or not releases:
        return None
    match = _best_match(pictures, releases)
    if match is None:
        return None
    number, found = match
    pattern = keyed_pattern(key)
    size = mark_space(found.stored.width, found.stored.height)
    to_mark_space = np.diag([size[0] / found.stored.width, size[1] / found.stored.height, 1.0])
    details = [detail_of(luma) for luma in pictures]
    issued = Register(one.mark_id for one in releases)
    read = Recovered(found.stored.release_id, None, 0.0, 0.0, len(pictures), found.inliers, found.to_picture)
    for camera in (_standing, _hand_held):
        back = found.to_picture @ np.linalg.inv(to_mark_space)  # from mark space to the picture that was matched
        views = _straightened(details, [way @ back for way in camera(pictures, number, found)], size, pattern)
        spectrum = whitened(fold(_added(details, views, size)))
        sight = see(spectrum, pattern, Pose(1.0, 1.0))
        named = name(sight, issued) or name(sight._replace(votes=pattern.votes(spectrum)), issued)
        if named is not None:
            word = named[0]
            owner = next((one.release_id for one in releases if one.mark_id == word.mark_id), read.release_id)
            view = views[0] @ to_mark_space
            return replace(read, release_id=owner, mark_id=word.mark_id, confidence=word.fit,
                           pilot_z=sight.pilot_z, to_picture=view)  # fmt: skip
        read = replace(read, pilot_z=max(read.pilot_z, sight.pilot_z))
    return read


def _spread(lumas: Sequence[NDArray[np.uint8]]) -> list[NDArray[np.uint8]]:
    count = min(len(lumas), MOST_PICTURES)
    return [lumas[number * len(lumas) // count] for number in range(count)]


def _best_match(pictures: Sequence[NDArray[np.uint8]], releases: Sequence[Stored]) -> tuple[int, Match] | None:
    """The first picture, by number, in which a stored one is found: the middle one is looked at first."""
    middle, last = len(pictures) // 2, len(pictures) - 1
    for number in dict.fromkeys((middle, 0, last)):
        seen = describe(pictures[number], QUERY_FEATURES)
        matches = [match for one in likeliest(seen, releases, CANDIDATES) if (match := locate(seen, one))]
        if matches:
            return number, max(matches, key=lambda match: match.inliers)
    return None


def _standing(pictures: Sequence[NDArray[np.uint8]], _number: int, _match: Match) -> list[Matrix]:
    """A camera that does not move, or no camera at all."""
    return [np.eye(3)] * len(pictures)


def _hand_held(pictures: Sequence[NDArray[np.uint8]], number: int, match: Match) -> list[Matrix]:
    """How the camera moved against the screen: for each picture the way (3, 3) from picture `number` into it.

    Only the screen's outline tells that: what it shows moves on its own.
    """
    first = pictures[number]
    width, height = match.stored.width, match.stored.height
    corners = np.array([[[0, 0], [width, 0], [width, height], [0, height]]], np.float64)
    outline = np.zeros(first.shape, np.uint8)
    shown = cv2.perspectiveTransform(corners, match.to_picture)
    cv2.polylines(outline, [np.rint(shown[0]).astype(np.int32)], True, 255, OUTLINE_PX)
    if not outline.any():
        return _standing(pictures, number, match)
    soft = cv2.GaussianBlur(first, (0, 0), 1.5)
    way, ways = np.eye(2, 3, dtype=np.float32), {number: np.eye(3)}
    for order in (range(number + 1, len(pictures)), range(number - 1, -1, -1)):
        way = np.eye(2, 3, dtype=np.float32)
        for other in order:  # each starts from the one beside it, since hands move little from picture to picture
            way = _followed(soft, pictures[other], way, outline)
            ways[other] = np.vstack([way, (0.0, 0.0, 1.0)]).astype(np.float64)
    return [ways[place] for place in range(len(pictures))]


def _followed(
    soft: NDArray[np.uint8], other: NDArray[np.uint8], way: NDArray[np.float32], mask: NDArray[np.uint8]
) -> NDArray[np.float32]:
    end = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 30, 1e-4)
    try:
        _fit, found = cv2.findTransformECC(
            soft, cv2.GaussianBlur(other, (0, 0), 1.5), way.copy(), cv2.MOTION_EUCLIDEAN, end, mask, 5
        )
    except cv2.error:  # the outline is not to be seen there
        return way
    return np.asarray(found, np.float32)


def _added(
    details: Sequence[NDArray[np.float32]], views: Sequence[Matrix], size: tuple[int, int]
) -> NDArray[np.float32]:
    """All pictures' detail brought back to mark space `size` (w, h) and added up; what lies outside is 0."""
    how = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    if all(view is views[0] or np.array_equal(view, views[0]) for view in views):
        mean = np.mean(details, axis=0, dtype=np.float32)
        return np.asarray(cv2.warpPerspective(mean, views[0], size, flags=how), np.float32)
    parts = (cv2.warpPerspective(one, view, size, flags=how) for one, view in zip(details, views, strict=True))
    return np.asarray(sum(parts) / np.float32(len(details)), np.float32)


def _straightened(
    details: Sequence[NDArray[np.float32]], views: Sequence[Matrix], size: tuple[int, int], pattern: Pattern
) -> list[Matrix]:
    """The same views, pulled straight by the pilot: first as a whole, then in parts."""
    fix = _turned_right(_added(details, views, size), pattern)
    views = [view @ fix for view in views]
    for window, reach in WINDOWS_PX:
        fix = _pulled(_added(details, views, size), pattern, window, reach)
        views = [view @ fix for view in views]
    return views


def _turned_right(flat: NDArray[np.float32], pattern: Pattern) -> Matrix:
    """The turn and scale in which the pilot stands out most in the whole picture, of slight ones."""
    search = PoseSearch(flat, pattern)
    turns = np.arange(-SLIGHT, SLIGHT + search.step / 2, search.step / 2)
    grid = [one.ravel() for one in np.meshgrid(turns, np.exp(turns), [1.0], indexing="ij")]
    _height, pose = search.best(np.stack(grid, axis=1), 1)[0]
    middle = (flat.shape[1] / 2, flat.shape[0] / 2)
    return np.vstack([cv2.getRotationMatrix2D(middle, pose.angle_deg, pose.scale_x), (0.0, 0.0, 1.0)])


def _pulled(flat: NDArray[np.float32], pattern: Pattern, window_px: int, reach: int) -> Matrix:
    """The way from where mark space should lie to where the pilot says it does in windows of the picture."""
    places, shifts = [], []
    height, width = flat.shape
    for top in _starts(height, window_px):
        for left in _starts(width, window_px):
            window = flat[top : top + window_px, left : left + window_px]
            tile = np.roll(fold(window), (top % TILE_PX, left % TILE_PX), (0, 1))
            shift = _shift(tile, pattern, reach)
            if shift is not None:
                places.append((left + window.shape[1] / 2, top + window.shape[0] / 2))
                shifts.append(shift)
    return _smooth_way(np.array(places, np.float64), np.array(shifts, np.float64))


def _smooth_way(here: NDArray[np.float64], shifts: NDArray[np.float64]) -> Matrix:
    """The plainest way (3, 3) that explains shifts (n, 2) at places (n, 2): the more there are, the freer."""
    matrix = np.eye(3)
    if len(here) >= ENOUGH_FOR_PERSPECTIVE:
        found, _agree = cv2.findHomography(here, here + shifts, cv2.RANSAC, AGREE_PX)
        return matrix if found is None else np.asarray(found, np.float64)
    if len(here) >= ENOUGH_FOR_AFFINE:
        found, _agree = cv2.estimateAffine2D(here, here + shifts, method=cv2.RANSAC, ransacReprojThreshold=AGREE_PX)
        if found is not None:
            matrix[:2] = found
    elif len(here):
        matrix[:2, 2] = np.median(shifts, axis=0)
    return matrix


def _starts(length: int, window_px: int) -> range:
    step = window_px // 2
    return range(0, max(1, length - window_px + step), step)


def _shift(tile: NDArray[np.float32], pattern: Pattern, reach: int) -> tuple[float, float] | None:
    """How far (x, y) the pilot is off in a folded tile, within `reach` pixels; None when it is not clear there."""
    match = pilot_match(whitened(tile), pattern)
    near = np.roll(match, (reach, reach), (0, 1))[: 2 * reach + 1, : 2 * reach + 1]
    down, across = np.unravel_index(int(near.argmax()), near.shape)
    if near[down, across] < CLEAR * match.std():
        return None
    return float(across - reach), float(down - reach)
