"""The meter of one variant: fed once per output picture, it holds small numbers only, whatever the length."""

from __future__ import annotations

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
from countenance.quality.collected import Collected
from countenance.quality.coverage import WHOLE, Coverage, strength_of
from countenance.quality.heard import tell_heard
from countenance.quality.kept import Kept, read_kept, write_kept
from countenance.quality.lips import lip_gap
from countenance.quality.look import Look
from countenance.quality.measured import Measured, together
from countenance.quality.motion import Motion, seen
from countenance.quality.recognition import Recognition
from countenance.quality.sampling import Sampling, close
from countenance.quality.series import curve, thinned
from countenance.quality.sheet import ContactSheet
from countenance.quality.speaking import Own, Speaking, tell_speech
from countenance.quality.steadiness import opening_of
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
    - how steady it is: `jitter_ratio` and `flicker_ratio`: see `Steadiness`;
    - how it looks, `seam_*`, `sharpness_ratio`, `noise_ratio`, `eyes_ssim`, `mouth_ssim`: see `seam_steps`, `Detail`,
      `likeness_of`;
    - what was painted at all, `painted_share`, `faded_share`, `untouched_share`: see `Coverage`;
    - faces that were lost and pixels that kept their bits, `missing_face_share`, `outside_exact`: see `Tally`;
    - `av_offset_ms`: see `av_offset`, from the lips as detected in the variant;
    - `closure_rate`, `silence_motion`, `articulation_rate`, `opening_kept`, `lip_tremble` of a dub whose phones are
      known: see `articulation`, in the pictures that `Speaking` chooses.

    Coverage and exactness count every picture. The others rest on the pictures that `Sampling` chooses: all of a
    short clip, evenly spread stretches of a long one. Motion and look are compared where the
    person was painted in full, and pictures that were faded on purpose are not asked whose face they show.

    A meter may see a section of the variant only, and be saved: `parts.joined` makes one meter of all sections, which
    finishes as if it had seen every picture. A section that begins within a shot is shown the `run_in` pictures before
    it, to `remember`.
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
        self._parts = Collected(
            Recognition(pictures, wanted, replaced, others or {}),
            Motion(dubbed),
            Look(dubbed),
            ContactSheet(pictures),
            Coverage() if wanted is not None or dubbed else None,
            Speaking(pictures, spoken) if spoken is not None else None,
        )
        self._spoken, self._voice_over = spoken, frozenset(voice_over)
        self._first: int | None = None  # the picture with which the section begins
        self._remembered: range = range(0)  # the pictures before it that were shown
        self._last: tuple[int, F32] | None = None

    def run_in(self, first: int) -> int:
        """How many pictures before picture `first` must be remembered by a meter whose section begins there.

        None at the start of a shot, and none where nothing is measured; else those since the start of the stretch.
        """
        return self._sampling.run_in(first, self._cuts)

    def remember(
        self, number: int, before: Frame | None, after: Frame, face: Face | None, laid: Sequence[Laid] = ()
    ) -> None:
        """One of the pictures before the section, in order, as in `see`: looked at for what comes, and not counted."""
        self._remembered = range(self._remembered.start if self._remembered.stop == number else number, number + 1)
        place = self._sampling.place(number)
        if face is None or place is None:
            self._parts.cut()
            return
        mesh = face.mesh[:POINTS]
        self._follow(number, mesh, face.eye_distance_px)
        self._parts.steadiness.remember(before, after, mesh)
        strength = strength_of(laid)
        if before is not None and strength is not None and strength >= WHOLE:
            self._parts.look.remember(place, before, after, mesh)

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
        identical = self._parts.tally.compare(before, after, boxes or [one.box for one in laid if one.strength > 0])
        self._parts.times.append(time_s)
        self._parts.cover(time_s, face is not None, laid, "voice-over" if number in self._voice_over else "")
        if face is None:
            self._parts.skip()
            self._parts.say(time_s, None)
            return
        mesh, place = face.mesh[:POINTS], self._sampling.place(number)
        if self._parts.sheet.due(number):
            self._parts.sheet.add(time_s, before, after, mesh)
        strength = strength_of(laid)
        wanted = (strength is None or strength >= WHOLE) and self._parts.recognition.due(number)
        speaking = self._parts.speaks(number, time_s) and number not in self._voice_over
        followed = place is not None or speaking or self._sampling.follows_mouth(number)
        found = seen(self._networks, after, square_around(mesh)) if followed or wanted else None
        self._parts.say(time_s, found if speaking else None)
        if wanted and found is not None:
            self._parts.recognition.add(time_s, after, found.mesh)
            if not followed and self._parts.recognition.doubtful:
                self._parts.doubtful = number
        if place is None:
            self._parts.skip(opening_of(found))
            return
        self._follow(number, mesh, face.eye_distance_px)
        master = found if identical or before is None else seen(self._networks, before, square_around(mesh))
        self._parts.tally.look(expected=before is None or master is not None, found=found is not None)
        self._parts.steadiness.add(after if identical else before, after, mesh, master, found)
        if before is not None and strength is not None and strength >= WHOLE:
            self._parts.look.add(place, before, after, mesh, laid)
            if master is not None and found is not None:
                self._parts.motion.add(time_s, master, found, closely=close(place))

    def finish(
        self, samples: NDArray[np.floating[Any]] | None = None, rate_hz: int = 0, own: Own | None = None
    ) -> Measured:
        """The figures, curves and pictures; with the variant's sound `(n,)` or `(n, channels)` also the offset.

        `own` is how the person speaks in the master: what a dub is compared with. Of a variant that keeps the master's
        voice it says what is heard."""
        times, opening = np.array(self._parts.times), np.array(self._parts.steadiness.after.opening)
        lips = self._parts.lips()
        found = Measured({}, {}, [], {}, times, opening, lips=lips)
        self._parts.tell(found)
        found.notes.extend(note for note in (self._sampling.told(), thinned(len(times))) if note)
        theirs = 100 * np.array(self._parts.steadiness.before.opening)
        found.curves.append(curve("opening", "Opening of the mouth", "%", times, 100 * opening, theirs, bridged=1))
        if samples is not None:
            belongs = opening.copy()
            belongs[list(self._voice_over)] = np.nan
            said = self._spoken if self._spoken is not None or own is None else own.phones
            tell_heard(found, belongs, slice(*self._sampling.heard), samples, rate_hz, said)
        if lips is not None and self._spoken is not None:
            tell_speech(found, lips, self._spoken, own)
        sheet = self._parts.sheet.jpeg()
        if sheet is not None:
            found.pictures["contact_sheet"] = sheet
        return found

    @property
    def seen(self) -> int:
        """How many pictures were counted."""
        return len(self._parts.times)

    def save(self, path: Path) -> None:
        """Keep all that was measured in a file, from which `join` takes it up."""
        write_kept(path, {"plan": self._plan(), "first": self._first or 0, "parts": self._parts.state()})

    def join(self, path: Path) -> None:
        """Go on with the next section, which another meter of the same plan measured and saved.

        Raises CountenanceError where the section is not the next one, or was measured under another plan."""
        kept = read_kept(path)
        if kept.get("plan") != self._plan():
            raise CountenanceError(f"{path} was measured under another plan than the rest: measure that section again")
        if kept["first"] != self.seen:
            raise CountenanceError(
                f"{path} begins at picture {kept['first']}, but the sections before it end at {self.seen}: "
                "join all sections, in their order"
            )
        self._parts.extend(kept["parts"])

    def _plan(self) -> Kept:
        """What meters of sections of one variant have in common."""
        plan, parts = self._sampling, list(self._parts.named())
        return {"pictures": plan.pictures, "measured": plan.measured, "heard": list(plan.heard), "parts": parts}

    def _begin(self, first: int) -> None:
        """The section's first picture has come."""
        needed = self.run_in(first)
        if needed and not (self._remembered.stop == first and len(self._remembered) >= needed):
            raise CountenanceError(
                f"picture {first} lies in a stretch that began before: let the meter remember the {needed} before it"
            )
        self._first = first
        self._parts.begin(first)

    def _follow(self, number: int, mesh: F32, eye_px: float) -> None:
        """Start anew where the expected face is in another shot or was away."""
        place = mesh[list(STEADY), :2].mean(axis=0)
        follows = self._last is not None and number == self._last[0] + 1 and number not in self._cuts
        if self._last is None or not follows or float(np.linalg.norm(place - self._last[1])) > _CUT_EYES * eye_px:
            self._parts.cut()
        self._last = (number, place)
