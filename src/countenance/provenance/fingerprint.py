"""What is remembered of a release's pictures, to know them again in a recording: local features, no pictures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from countenance.media.sample import sample_lumas
from countenance.store.files import atomic_path

PICTURES = 6  # of a release, spread over it
LONG_SIDE_PX = 960  # at which pictures are described
FEATURES = 400
SCOUTS = 64  # of a stored picture's features, the strongest: enough to see whether a closer look is worth it
QUERY_FEATURES = 900
MOST_LIKE = 0.8  # how much nearer the nearest descriptor must be than the next one (Lowe 2004)
LEAST_INLIERS = 10
REPROJECTION_PX = 4.0

Points = NDArray[np.float32]  # (n, 2): x, y in pixels
Descriptors = NDArray[np.uint8]  # (n, 128)
Matrix = NDArray[np.float64]  # (3, 3)


@dataclass(frozen=True)
class Described:
    """One picture's features, the strongest first: where they are, in pixels of the whole picture, and like what."""

    points: Points
    descriptors: Descriptors


@dataclass(frozen=True)
class Stored:
    """A release's fingerprint: its mark id, the size of its pictures, and the features of some of them."""

    release_id: str
    mark_id: int
    width: int
    height: int
    pictures: tuple[Described, ...]


@dataclass(frozen=True)
class Match:
    """A stored picture found in another one: `to_picture` (3, 3) leads from the stored one's pixels into it."""

    stored: Stored
    to_picture: Matrix
    inliers: int


def fingerprint(video: Path, release_id: str, mark_id: int) -> Stored:
    """Describe some pictures of a released video or still; some 40 kB each. InputError when it has no picture."""
    lumas = sample_lumas(video, PICTURES)
    height, width = lumas[0].shape
    return Stored(release_id, mark_id, width, height, tuple(describe(luma, FEATURES) for luma in lumas))


def describe(luma: NDArray[np.uint8], count: int) -> Described:
    """The `count` strongest SIFT features of a luma plane (h, w) uint8."""
    height, width = luma.shape
    shrink = min(1.0, LONG_SIDE_PX / max(height, width))
    size = (round(width * shrink), round(height * shrink))
    small = luma if shrink == 1 else cv2.resize(luma, size, interpolation=cv2.INTER_AREA)
    found, descriptors = cv2.SIFT.create(nfeatures=count, contrastThreshold=0.02).detectAndCompute(small, None)
    if descriptors is None:
        return Described(np.zeros((0, 2), np.float32), np.zeros((0, 128), np.uint8))
    strongest = np.argsort([-point.response for point in found], kind="stable")[:count]
    points = np.array([found[place].pt for place in strongest], np.float32)
    points = (points + 0.5) * (np.float32(width / size[0]), np.float32(height / size[1])) - 0.5
    return Described(points.astype(np.float32), descriptors[strongest].astype(np.uint8))


def save(stored: Stored, path: Path) -> None:
    """Write a fingerprint to one compressed file."""
    parts: dict[str, Any] = {}
    for number, picture in enumerate(stored.pictures):
        parts |= {f"points{number}": picture.points, f"descriptors{number}": picture.descriptors}
    about = np.array([stored.release_id, f"{stored.mark_id:016x}", str(stored.width), str(stored.height)])
    with atomic_path(path) as part, part.open("wb") as file:
        np.savez_compressed(file, about=about, **parts)


def load(path: Path) -> Stored:
    """Read what `save` wrote. OSError, ValueError or KeyError when it is none."""
    with np.load(path, allow_pickle=False) as file:
        release_id, mark_id, width, height = (str(value) for value in file["about"])
        count = sum(name.startswith("points") for name in file.files)
        pictures = tuple(Described(file[f"points{one}"], file[f"descriptors{one}"]) for one in range(count))
    return Stored(release_id, int(mark_id, 16), int(width), int(height), pictures)


def likeliest(seen: Described, stored: Iterable[Stored], count: int) -> list[Stored]:
    """Those few stored releases that share most features with a picture, most first; about 5 ms a release."""
    votes = [(sum(len(_alike(seen, _scouts(picture))[0]) for picture in one.pictures), one) for one in stored]
    return [one for shared, one in sorted(votes, key=lambda vote: -vote[0])[:count] if shared]


def locate(seen: Described, stored: Stored) -> Match | None:
    """Where in a picture one of the release's pictures is shown, by the homography that most features agree on."""
    best: Match | None = None
    for picture in stored.pictures:
        here, there = _alike(seen, picture)
        if len(here) < LEAST_INLIERS:
            continue
        source, target = picture.points[there], seen.points[here]
        matrix, agree = cv2.findHomography(source, target, cv2.USAC_MAGSAC, REPROJECTION_PX, maxIters=5000)
        inliers = 0 if matrix is None else int(agree.sum())
        if inliers >= LEAST_INLIERS and inliers > (best.inliers if best else 0) and _is_view(matrix, stored):
            best = Match(stored, np.asarray(matrix, np.float64), inliers)
    return best


def _scouts(picture: Described) -> Described:
    return Described(picture.points[:SCOUTS], picture.descriptors[:SCOUTS])


def _alike(seen: Described, picture: Described) -> tuple[Sequence[int], Sequence[int]]:
    """Features of a stored picture that are found again: their numbers in the seen and in the stored one."""
    if len(seen.points) < 2 or not len(picture.points):
        return [], []
    pairs = cv2.BFMatcher(cv2.NORM_L2).knnMatch(
        picture.descriptors.astype(np.float32), seen.descriptors.astype(np.float32), k=2
    )
    clear = [first for first, second in pairs if first.distance < MOST_LIKE * second.distance]
    return [one.trainIdx for one in clear], [one.queryIdx for one in clear]


def _is_view(matrix: Matrix, stored: Stored) -> bool:
    """Whether the stored picture's corners, seen that way, still make a convex four-sided figure of some size."""
    corners = np.array([[[0, 0], [stored.width, 0], [stored.width, stored.height], [0, stored.height]]], np.float64)
    shown = cv2.perspectiveTransform(corners, matrix)[0].astype(np.float32)
    return bool(cv2.isContourConvex(shown)) and cv2.contourArea(shown) > 0.01 * stored.width * stored.height
