"""The compositor: what every engine painted, put into the picture so that it belongs there.

For all engines alike it (1) moves the picture under the paint where the engine reshaped it, (2) leaves free what
is in front of the face, (3) takes light, highlights, folds and colour from the frame itself, (4) matches detail,
motion blur and grain, and (5) blends in linear light: tones over a wide rim, texture over the feathered
mask. Outside the patch not one bit changes.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import cv2
import numpy as np

from countenance.media.frame import F32, Frame
from countenance.perception.topology import STEADY
from countenance.synthesis.engine import Laid, Patch
from countenance.synthesis.light import (
    calming,
    enlarged,
    gloss,
    light_ratio,
    matt_ground,
    relief,
    shaded,
    shading,
    tone,
)
from countenance.synthesis.occlusion import Cover
from countenance.synthesis.patchfile import union
from countenance.synthesis.reshape import Ground

_STEADY = 0.65  # share of the last frame's light that stays: light changes slower than frames
_STEADY_DETAIL = 0.4  # sharpness may change with a quick movement
_BROAD, _RIM = 0.15, 0.05  # of the box: reach of light inside the face, and at the rim, where it must meet the plate
_LIGHT_PX = 76  # longer side at which light is worked out: nothing of it is finer
_RIM_FROM, _RIM_TO = 0.15, 0.45  # where, on the way to the outline, the rim begins and is reached
_TINT = 0.6  # share of the skins' difference in colour that lips and brows take part in
_SHADE_SHARE = 0.1  # of the light's direction that falls on the painted relief itself
_GLOSS_KEPT = 0.9  # share of a gloss that is kept from growing
_NO_FOLD = 0.1  # smaller changes of brightness (natural logarithm) are no folds
_PASSING, _STANDING, _STANDING_AT_RIM = 0.9, 0.03, 0.4
_DETAIL_PX = (1.0, 2.2)  # two bands of detail: finer than the first is grain and pores, up to the second sharpness
_DETAIL_LIMITS = (0.35, 1.0)
_GRAIN = 6.0  # grey levels: finer detail than this is grain or pores, more is an edge
_SHUTTER = 0.5  # share of the time between pictures that a camera's shutter is commonly open
_SMEAR_PX = 2.0  # shorter smears are left to the detail bands
_STILL_REACH = 0.04  # of the ground: skin that near a thing in front of it stays with it
_SOFT = 0.8  # share of its usual detail below which the plate is taken to be smeared


@dataclass
class Compositor:
    """Composes one person's patches in one shot, frame after frame; remembers the last light and sharpness."""

    _before: dict[str, F32] = field(default_factory=dict)

    def compose(
        self,
        frame: Frame,
        patch: Patch,
        engine: str,
        *,
        cover: Cover | None = None,
        strength: float = 1.0,
        why: str = "",
    ) -> Laid:
        """Blend the patch into the frame's planes, in place, and say what was laid where.

        `cover` is what hides the face in this frame, as seen before anything was painted; `strength` 0..1 fades the
        whole patch, for the reason `why`.
        """
        mask = patch.mask * np.float32(strength)
        if cover is not None and patch.ground is not None and patch.ground.behind:
            patch = replace(patch, ground=_under(patch.ground, cover))
        hidden = None if cover is None else _moved(cover, patch, strength)
        if hidden is not None:
            mask *= 1 - hidden.on(patch.box)
        box, under = patch.box, None
        if patch.ground is not None:
            patch.ground.move(frame, strength)
            box = union(patch.ground.box, patch.box)
            under = frame.cut(box)
        plate = frame.rgb(patch.box).astype(np.float32)
        free = patch.skin * (mask > 0.5) if cover is not None else patch.skin
        painted = self._detailed(self._lit(plate, patch, free, engine), plate, patch, free, engine)
        frame.paste(patch.box, _blended(plate, painted, mask), (mask > 0).astype(np.float32))
        for touch in patch.touches:
            share = touch.share * np.float32(strength)
            frame.paste(touch.box, touch.pixels, share if hidden is None else share * (1 - hidden.on(touch.box)))
        return Laid(box, Cover(patch.box, mask).on(box), strength, why, under)

    def _lit(self, plate: F32, patch: Patch, skin: F32, engine: str) -> F32:
        """The paint in the plate's light: its direction on the painted relief, its broad play, folds and highlights."""
        height, width = skin.shape
        scale = min(1.0, _LIGHT_PX / max(height, width))
        size = (max(4, round(width * scale)), max(4, round(height * scale)))
        there, here, edge, free = (_small(z, size) for z in (plate, patch.pixels, patch.edge, skin))
        edge = np.clip((edge - _RIM_FROM) / (_RIM_TO - _RIM_FROM), 0, 1)
        change = np.ones_like(here)
        if patch.normals is not None:
            normals = cv2.resize(patch.normals, size, interpolation=cv2.INTER_LINEAR)
            light = self._steady(f"{engine} shade", shading(normals, _grey(there), free), _STEADY)
            change *= (shaded(normals, light) ** np.float32(_SHADE_SHARE))[..., None]
        broad, rim = (
            enlarged(self._steady(f"{engine} {reach}", light_ratio(there, here * change, free, reach), _STEADY), *size)
            for reach in (_BROAD, _RIM)
        )
        change *= _featured(broad + (rim - broad) * edge[..., None], (1 - free) * (1 - edge))
        change *= cv2.exp(self._steady(f"{engine} calm", calming(here * change, there, free), _STEADY))
        change *= cv2.exp(_folds(_grey(there), _grey(here * change), patch, free, edge))[..., None]
        full = enlarged(change, width, height)
        # Gloss is the lamp's own white, as bright on dark skin as on light: skin is lifted, its gloss is not.
        shine = gloss(_grey(patch.pixels), matt_ground(_grey(here), free)) * np.float32(_GLOSS_KEPT)
        return np.asarray(patch.pixels * full - np.maximum(full - 1, 0) * shine[..., None], np.float32)

    def _detailed(self, lit: F32, plate: F32, patch: Patch, skin: F32, engine: str) -> F32:
        """The paint as sharp, as smeared and as grainy as the plate: too much detail is calmed, and what is missing
        of the finest is the plate's own grain."""
        own, theirs = _bands(lit), _bands(plate)
        energies = [np.array([_energy(band, skin) for band in bands], np.float32) for bands in (own, theirs)]
        ratio = self._steady(f"{engine} detail", energies[1] / (energies[0] + 1e-6), _STEADY_DETAIL)
        usual = self._steady(f"{engine} sharpness", energies[1], 0.95)
        smear = self._smear(patch, engine)
        if smear is not None and energies[1][1] < _SOFT * usual[1]:
            lit = cv2.filter2D(lit, -1, smear, borderType=cv2.BORDER_REPLICATE)
            own = _bands(lit)
        calm = np.clip(ratio, *_DETAIL_LIMITS) - 1
        change = own[0] * calm[0] + own[1] * calm[1]
        if ratio[0] > 1:
            missing = np.float32(np.sqrt(1 - 1 / (ratio[0] * ratio[0])))
            change += np.clip(theirs[0], -_GRAIN, _GRAIN) * missing * patch.skin
        return np.asarray(lit + change[..., None], np.float32)

    def _smear(self, patch: Patch, engine: str) -> F32 | None:
        """The line along which an open shutter smears the face since the last picture; None while it hardly moves."""
        place = patch.face.mesh[list(STEADY), :2].mean(axis=0)
        last = self._before.get(f"{engine} place", place)
        self._before[f"{engine} place"] = place
        step = (place - last) * _SHUTTER
        length = float(np.hypot(*step))
        if length < _SMEAR_PX:
            return None
        half = int(np.ceil(length / 2))
        kernel = np.zeros((2 * half + 1, 2 * half + 1), np.float32)
        ends = [(round(half + sign * step[0] / 2), round(half + sign * step[1] / 2)) for sign in (-1, 1)]
        cv2.line(kernel, ends[0], ends[1], 1.0, 1, cv2.LINE_AA)
        return np.asarray(kernel / kernel.sum(), np.float32)

    def _steady(self, name: str, now: F32, share: float) -> F32:
        """A running mean with what was before."""
        last = self._before.get(name)
        if last is not None:
            if now.ndim == 3 and last.shape != now.shape:
                last = cv2.resize(last, now.shape[1::-1], interpolation=cv2.INTER_LINEAR)
            now = np.asarray(share * last + (1 - share) * now, np.float32)
        self._before[name] = now
        return now


def _featured(gain: F32, features: F32) -> F32:
    """A gain with little of its tint on brows and lips `(h, w)` 0..1: the skins' difference is not theirs."""
    grey = gain.mean(axis=2, keepdims=True)
    tint = cv2.pow(gain / grey, _TINT)
    return np.asarray(gain + features[..., None] * (grey * tint - gain), np.float32)


def _folds(plate: F32, paint: F32, patch: Patch, skin: F32, edge: F32) -> F32:
    """Folds and highlights of the plate for the paint, as a logarithm: what passes over the face nearly whole, what
    always lies there only in part, since it also shows whose face it was; but at the rim whole, where both meet."""
    share = _STANDING + (_STANDING_AT_RIM - _STANDING) * edge
    if patch.usual is None:
        return np.asarray(relief((tone(plate) - tone(paint))[..., None], skin)[..., 0] * share, np.float32)
    usual = _small(patch.usual, skin.shape[::-1])
    own = tone(usual)
    passing, standing = cv2.split(relief(np.dstack([tone(plate) - own, own - tone(paint)]), skin * (usual > 0)))
    passing = np.sign(passing) * np.maximum(np.abs(passing) - _NO_FOLD * (1 - edge), 0)
    return np.asarray(passing * np.float32(_PASSING) + standing * share, np.float32)


def _blended(plate: F32, paint: F32, mask: F32) -> F32:
    """Paint over plate in linear light: BT.709's camera curve is a square root but for the darkest tones."""
    share = np.clip(mask, 0, 1)[..., None]  # interpolation overshoots by a hair, and less than nothing has no root
    linear = cv2.multiply(paint, paint) * share + cv2.multiply(plate, plate) * (1 - share)
    return np.asarray(np.minimum(cv2.sqrt(linear), 255), np.float32)


def _moved(cover: Cover, patch: Patch, strength: float) -> Cover:
    """What hides the face, where the moved ground takes it."""
    if patch.ground is None or patch.ground.behind:
        return cover
    box = patch.ground.box
    return Cover(box, np.clip(patch.ground.moved(cover.on(box), strength), 0, 1))


def _under(ground: Ground, cover: Cover) -> Ground:
    """The ground's movement, dying down softly towards what stands in front of it and stays."""
    hidden = cover.on(ground.box)
    if not hidden.any():
        return ground
    height, width = hidden.shape
    small = cv2.resize(hidden, (max(1, width // 4), max(1, height // 4)), interpolation=cv2.INTER_AREA)
    reach = max(1, round(_STILL_REACH * max(small.shape))) * 2 + 1
    near = cv2.blur(cv2.dilate(small, np.ones((reach, reach), np.uint8)), (reach, reach))
    still = np.maximum(cv2.resize(near, (width, height), interpolation=cv2.INTER_LINEAR), np.minimum(hidden * 4, 1))
    return replace(ground, field=ground.field * (1 - still)[..., None])


def _small(plane: F32, size: tuple[int, ...]) -> F32:
    return np.asarray(cv2.resize(plane, (size[0], size[1]), interpolation=cv2.INTER_AREA), np.float32)


def _grey(rgb: F32) -> F32:
    return np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), np.float32)


def _bands(rgb: F32) -> tuple[F32, F32]:
    """A picture's two finest bands of brightness `(h, w)`."""
    grey = _grey(rgb)
    first = cv2.GaussianBlur(grey, (5, 5), _DETAIL_PX[0])
    return cv2.subtract(grey, first), cv2.subtract(first, cv2.GaussianBlur(first, (0, 0), _DETAIL_PX[1]))


def _energy(detail: F32, weight: F32) -> float:
    small = np.clip(detail, -_GRAIN, _GRAIN)
    return float(np.sqrt((small * small * weight).sum() / (weight.sum() + 1e-6)))
