"""The meter of one variant: fed once per output picture, it holds small numbers only, whatever the length."""

from __future__ import annotations

from array import array
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from countenance.errors import CountenanceError
from countenance.media.frame import F32, Box, Frame
from countenance.perception.crop import square_around
from countenance.perception.networks import FaceNetworks
from countenance.perception.topology import POINTS, STEADY
from countenance.perception.tracks import Face
from countenance.quality.coverage import WHOLE, Coverage, strength_of
from countenance.quality.exact import untouched
from countenance.quality.kept import Kept, read_kept, write_kept
from countenance.quality.lips import lip_gap
from countenance.quality.look import Look
from countenance.quality.measured import Measured, together
from countenance.quality.motion import Motion, Seen, seen
from countenance.quality.recognition import Recognition
from countenance.quality.sampling import Sampling, close
from countenance.quality.series import curve
from countenance.quality.sheet import ContactSheet
from countenance.quality.speaking import Own, Speaking, tell_speech
from countenance.quality.steadiness import Steadiness, opening_of
from countenance.quality.sync import av_offset, loudness_curve
from countenance.quality.tolerances import offset_curve, told_offset
from countenance.speech.phones import Phones
from countenance.synthesis.engine import Laid

__all__ = ["Measured", "Meter", "lip_gap", "together"]

_CUT_EYES = 0.5  # an expected face that jumps this far, in eye distances, is in another shot


class Meter:
    """Compares a variant with its master, one person's face in it, picture by picture and in order.

    Each figure is found by the same estimator on both pictures, at the place where the face is expected, and is
    defined where it is worked out:

    - whose face it is, `identity_*`: see `Recognition`;
    - how it moves, `pose_*`, `lips_*`, `lids_*`, `gaze_error_deg`: see `PoseError`, `Expression`, `gaze_error_deg`;
    - how steady it is: `jitter_ratio` and `flicker_ratio`, the means of `Tremble` and `Flicker` over the master's;
    - how it looks, `seam_*`, `sharpness_ratio`, `noise_ratio`, `eyes_ssim`, `mouth_ssim`: see `seam_steps`, `Detail`,
      `likeness_of`;
    - what was painted at all, `painted_share`, `faded_share`, `untouched_share`: see `Coverage`;
    - `missing_face_share`: of the pictures in which the mesh network finds the face in the master (probability
      of at least 0.5), the share in which it does not in the variant;
    - `outside_exact`: share of pixels outside the painted boxes that kept their bits (see `untouched`);
    - `av_offset_ms`: see `av_offset`, from the lips as detected in the variant;
    - `closure_rate`, `silence_motion`, `articulation_rate`, `opening_kept`, `lip_tremble` of a dub whose phones are
      known: see `articulation`, in the pictures that `Speaking` chooses.

    Coverage and exactness count every picture. The others rest on the pictures that `Sampling` chooses: all of a
    short clip, evenly spread stretches of a long one. Motion and look are compared where the
    person was painted in full, and pictures that were faded on purpose are not asked whose face they show.
    """

    def __init__(
        self,
        networks: FaceNetworks,
        pictures: int,
        *,
        wanted: F32 | None = None,
        replaced: F32 | None = None,
        others: Mapping[str, F32] | None = None,
        cuts: Collection[int] = (),
        dubbed: bool = False,
        spoken: Phones | None = None,
        voice_over: Collection[int] = (),
        thorough: bool = False,
    ) -> None:
        """`pictures` will come in all; `wanted` and `replaced` are reference embeddings `(n, 128)`, `others`
        those of all other talents by name; `cuts` are the numbers of output pictures that start a shot; `dubbed`:
        the mouth says other words than the master's, and `spoken` which; `voice_over` are the numbers of pictures in
        which that voice lies over the mouth as shot, which does not belong to it; `thorough`: every picture is
        measured, however long the clip."""
        self._networks, self._cuts = networks, frozenset(cuts)
        self._sampling = Sampling.of(pictures, dubbed=dubbed, thorough=thorough)
        self._recognition = Recognition(pictures, wanted, replaced, others or {})
        self._motion, self._look = Motion(networks, dubbed), Look(dubbed)
        self._speaking = Speaking(networks, pictures, spoken) if spoken is not None else None
        self._spoken, self._voice_over = spoken, frozenset(voice_over)
        self._coverage = Coverage() if wanted is not None or dubbed else None
        self._steadiness, self._sheet = Steadiness(), ContactSheet(pictures)
        self._times: array[float] = array("d")
        self._first: int | None = None  # the picture with which the section begins
        self._run_in: range = range(0)  # the pictures before it that were shown
        self._last: tuple[int, F32] | None = None
        self._doubtful: int | None = None  # the picture that was looked at for a doubtful reason alone
        self._owed = self._missing = 0
        self._same = self._outside = 0
        self._painted = False

    def run_in(self, first: int) -> int:
        """How many pictures before picture `first` must be remembered by a meter whose section begins there.

        None at the start of a shot, and none where nothing is measured; else those since the start of the stretch.
        """
        return self._sampling.run_in(first, self._cuts)

    def remember(
        self, number: int, before: Frame | None, after: Frame, face: Face | None, laid: Sequence[Laid] = ()
    ) -> None:
        """One of the pictures before the section, in order, as in `see`: looked at for what comes, and not counted."""
        self._run_in = range(self._run_in.start if self._run_in.stop == number else number, number + 1)
        place = self._sampling.place(number)
        if face is None or place is None:
            self._cut()
            return
        mesh = face.mesh[:POINTS]
        self._follow(number, mesh, face.eye_distance_px)
        self._steadiness.remember(before, after, mesh)
        strength = strength_of(laid)
        if before is not None and strength is not None and strength >= WHOLE:
            self._look.remember(place, before, after, mesh)

    def see(
        self,
        number: int,
        time_s: float,
        before: Frame | None,
        after: Frame,
        face: Face | None,
        laid: Sequence[Laid] = (),
        boxes: Sequence[Box] = (),
    ) -> None:
        """Output picture `number` at `time_s` of the variant.

        `before` is the master's picture at that moment, None where it has none; `after` the composed one, before
        badge, watermark and encode; `face` where the face is expected, None where there is none; `laid` what the
        compositor laid over this person; `boxes` everything that was painted in the picture by anyone (default:
        the boxes of `laid`).
        """
        if self._first is None:
            self._begin(number)
        identical = self._compare(before, after, boxes or [one.box for one in laid if one.strength > 0])
        self._times.append(time_s)
        if self._coverage is not None:
            self._coverage.add(time_s, face is not None, laid, "voice-over" if number in self._voice_over else "")
        if face is None:
            self._skip()
            self._say(time_s, None)
            return
        mesh, place = face.mesh[:POINTS], self._sampling.place(number)
        square = square_around(mesh)
        if self._sheet.due(number):
            self._sheet.add(time_s, before, after, mesh)
        strength = strength_of(laid)
        wanted = (strength is None or strength >= WHOLE) and self._recognition.due(number)
        found = None
        speaking = self._speaking is not None and self._speaking.due(number, time_s)
        speaking = speaking and number not in self._voice_over
        if place is not None or wanted or speaking or self._sampling.follows_mouth(number):
            found = seen(self._networks, after, square)
            if place is None and not speaking and not self._sampling.follows_mouth(number):
                self._doubtful = number if self._recognition.doubtful else self._doubtful
        self._say(time_s, found if speaking else None)
        if wanted and found is not None:
            self._recognition.add(time_s, after, found.mesh)
        if place is None:
            self._skip(opening_of(found))
            return
        self._follow(number, mesh, face.eye_distance_px)
        master = found if identical or before is None else seen(self._networks, before, square)
        owed = before is None or master is not None
        self._owed += owed
        self._missing += owed and found is None
        self._steadiness.add(after if identical else before, after, mesh, master, found)
        if before is not None and strength is not None and strength >= WHOLE:
            self._painted = True
            self._look.add(place, before, after, mesh, laid)
            if master is not None and found is not None:
                self._motion.add(time_s, master, found, closely=close(place))

    def save(self, path: Path) -> None:
        """Keep all that was measured in a file, from which `join` takes it up."""
        state = {
            "plan": self._plan(),
            "first": self._first or 0,
            "times": np.array(self._times),
            "counts": [self._owed, self._missing, self._same, self._outside, self._painted],
            "doubtful": self._doubtful,
            "sheet": self._sheet.state(),
            "recognition": self._recognition.state(),
            "steadiness": self._steadiness.state(),
            "motion": self._motion.state(),
            "look": self._look.state(),
            "coverage": None if self._coverage is None else self._coverage.state(),
            "speaking": None if self._speaking is None else self._speaking.state(),
        }
        write_kept(path, state)

    def join(self, path: Path) -> None:
        """Go on with the next section, which another meter of the same plan measured and saved.

        Raises CountenanceError where the section is not the next one, or was measured under another plan."""
        state = read_kept(path)
        if state["plan"] != self._plan():
            raise CountenanceError(f"{path} was measured under another plan than the rest: measure that section again")
        first, count = state["first"], len(self._times)
        if first != count:
            raise CountenanceError(f"{path} begins at picture {first}, and the section before it ends at {count}")
        self._times.extend(state["times"])
        owed, missing, same, outside, painted = state["counts"]
        self._owed, self._missing = self._owed + owed, self._missing + missing
        self._same, self._outside = self._same + same, self._outside + outside
        self._painted = self._painted or painted
        self._sheet.extend(state["sheet"], first)
        wanted = self._recognition.extend(state["recognition"], first)
        self._steadiness.extend(state["steadiness"])
        if state["doubtful"] is not None and not wanted:
            self._steadiness.after.opening[state["doubtful"]] = float("nan")  # one meter would not have looked
        self._motion.extend(state["motion"])
        self._look.extend(state["look"])
        if self._coverage is not None:
            self._coverage.extend(state["coverage"])
        if self._speaking is not None:
            self._speaking.extend(state["speaking"])

    @property
    def seen(self) -> int:
        """How many pictures were counted."""
        return len(self._times)

    def _plan(self) -> Kept:
        """What meters of sections of one variant have in common."""
        plan = self._sampling
        known = [one is not None for one in (self._recognition.wanted, self._recognition.replaced, self._spoken)]
        return {"pictures": plan.pictures, "measured": plan.measured, "heard": list(plan.heard), "known": known}

    def _begin(self, first: int) -> None:
        """The section's first picture has come."""
        needed = self.run_in(first)
        if needed and not (self._run_in.stop == first and len(self._run_in) >= needed):
            raise CountenanceError(f"picture {first} lies in a stretch that began before: remember {needed} before it")
        self._first = first
        self._sheet.begin(first)
        self._recognition.begin(first)

    def finish(
        self, samples: NDArray[np.floating[Any]] | None = None, rate_hz: int = 0, own: Own | None = None
    ) -> Measured:
        """The figures, curves and pictures; with the variant's sound `(n,)` or `(n, channels)` also the offset.

        `own` is how the person speaks in the master: what a dub is compared with. Of a variant that keeps the master's
        voice it says what is heard."""
        times, opening = np.array(self._times), np.array(self._steadiness.after.opening)
        lips = None if self._speaking is None else self._speaking.lips()
        found = Measured({}, {}, [], {}, times, opening, lips=lips)
        self._recognition.tell(found)
        if self._painted or self._coverage is not None:
            self._motion.tell(found)
            self._look.tell(found)
        self._steadiness.tell(found)
        self._tell_coverage(found)
        theirs = 100 * np.array(self._steadiness.before.opening)
        found.curves.append(curve("opening", "Opening of the mouth", "%", times, 100 * opening, theirs, bridged=1))
        if samples is not None:
            heard = slice(*self._sampling.heard)
            belongs = opening.copy()
            belongs[list(self._voice_over)] = np.nan
            offset = av_offset(times[heard], belongs[heard], samples, rate_hz, self._said(own))
            found.figures["av_offset_ms"] = offset.offset_ms
            if offset.reason:
                found.reasons["av_offset_ms"] = offset.reason
            if offset.offset_ms is not None:
                found.notes.append(told_offset(offset))
                found.curves.append(offset_curve(offset))
            loudness = loudness_curve(samples, rate_hz, times)
            found.curves.append(curve("loudness", "Loudness of the speech", "dB", times, loudness))
        if lips is not None and self._spoken is not None:
            tell_speech(found, lips, self._spoken, own)
        sheet = self._sheet.jpeg()
        if sheet is not None:
            found.pictures["contact_sheet"] = sheet
        return found

    def _said(self, own: Own | None) -> Phones | None:
        return self._spoken if self._spoken is not None or own is None else own.phones

    def _say(self, time_s: float, found: Seen | None) -> None:
        if self._speaking is not None:
            self._speaking.add(time_s, found)

    def _tell_coverage(self, found: Measured) -> None:
        if self._owed:
            found.figures["missing_face_share"] = self._missing / self._owed
        else:
            found.none("missing_face_share", "the master never shows the face")
        if self._outside:
            found.figures["outside_exact"] = self._same / self._outside
        if self._coverage is not None:
            self._coverage.tell(found)
        told = self._sampling.told()
        if told:
            found.notes.append(told)

    def _compare(self, before: Frame | None, after: Frame, boxes: Sequence[Box]) -> bool:
        """Count the untouched pixels; True when the whole picture is the master's."""
        if before is None or before.size != after.size:
            return False
        same, outside = untouched(before, after, boxes)
        self._same += same
        self._outside += outside
        return same == outside and not boxes

    def _follow(self, number: int, mesh: F32, eye_px: float) -> None:
        """Start anew where the expected face is in another shot or was away."""
        place = mesh[list(STEADY), :2].mean(axis=0)
        follows = self._last is not None and number == self._last[0] + 1 and number not in self._cuts
        if self._last is None or not follows or float(np.linalg.norm(place - self._last[1])) > _CUT_EYES * eye_px:
            self._cut()
        self._last = (number, place)

    def _cut(self) -> None:
        self._steadiness.cut()
        self._look.cut()

    def _skip(self, opening: float = float("nan")) -> None:
        """A picture without the face, or one that is not measured."""
        self._steadiness.skip(opening)
        self._look.cut()
