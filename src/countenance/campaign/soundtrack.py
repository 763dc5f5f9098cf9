"""The sound of a dub: the new voice with the music and effects that the master has apart, or with a bed.

The mix lies beside the dub's speech under a key made of all that goes into it, and is found again.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from countenance.campaign.brief import Brief
from countenance.campaign.sound_wish import AUTO, NONE, SoundWish
from countenance.campaign.stages import Dub, Seen, key_of, own_speech
from countenance.campaign.timeline import sound_stretches
from countenance.errors import InputError
from countenance.media import mix
from countenance.media.audio import Samples, at_most_stereo, columns, read_audio
from countenance.media.loudness import integrated_lufs, measure_loudness
from countenance.media.soundtracks import channel_numbers, sound_tracks
from countenance.speech.fit import RATE_HZ
from countenance.speech.phones import Phones
from countenance.store.files import atomic_path, read_json, write_json

_MIX = "mix/2"
_LAYOUTS = {1: "mono", 2: "stereo", mix.SURROUND: "5.1"}
_MOST_LEAK = 0.35  # correlation of a 5.1 centre with the channels around it, above which these hold the dialogue too
_SILENT_OVER_LU = 10.0  # by which the voice lies above music and effects where the master's own level is unknown


@dataclass(frozen=True, eq=False)
class Soundtrack:
    """What is heard: `samples` (n, channels) float32 at 48 kHz from the output's time 0.

    `under` says in one word what lies under the voice: "" nothing, "effects" the master's music and effects, "bed" a
    music bed. `facts` are for the receipt.
    """

    samples: Samples
    under: str
    facts: dict[str, Any]


@dataclass(frozen=True, eq=False)
class _Effects:
    """Music and effects on the master's clock, where they come from, how loud the master's dialogue is beside them."""

    samples: Samples
    source: str
    dialogue_lufs: float


def soundtrack(brief: Brief, seen: Seen, dub: Dub) -> Soundtrack:
    """Mix the sound of a dub, or find that it was done. Errors: InputError for tracks or channels that are not there.

    Without music, effects or bed the voice alone is brought to the profile's loudness.
    """
    wish, timeline = brief.sound, dub.timeline
    folder = dub.sound.parent
    key = key_of(_MIX, folder.name, wish.to_json(), timeline.source, timeline.pts, timeline.duration)
    record, samples = folder / f"mix-{key}.json", folder / f"mix-{key}.npy"
    if not record.is_file():
        made = _mixed(wish, seen, dub)
        with atomic_path(samples) as part, part.open("wb") as file:
            np.save(file, made.samples)
        write_json(record, {"under": made.under, "facts": made.facts})
    told = read_json(record)
    return Soundtrack(np.load(samples, mmap_mode="r", allow_pickle=False), told["under"], told["facts"])


def speech_spans(phones: Phones) -> list[mix.Span]:
    """When somebody speaks, by the phones."""
    return [(phone.start_s, phone.end_s) for phone in phones if not phone.silent]


def _mixed(wish: SoundWish, seen: Seen, dub: Dub) -> Soundtrack:
    voice, profile = np.asarray(columns(dub.speech.samples), np.float32), mix.profile_named(wish.profile)
    effects = None if wish.bed else _effects(wish, seen)
    ducking = wish.usual_ducking
    facts: dict[str, Any] = {"voice": "spoken anew"}
    if effects is None and wish.bed is None:
        whole, under = voice, ""
        if wish.effects == AUTO and _is_surround(seen):
            facts["left_out"] = "The sound around the centre of 5.1 is not kept: the old voice may be heard in it."
    else:
        if effects is not None:
            under, below, voice_lufs = "effects", _followed(effects.samples, seen, dub), effects.dialogue_lufs
            facts |= {"music_and_effects": effects.source, "follows_the_picture": not dub.timeline.is_as_shot}
        else:
            assert wish.bed is not None
            under, below = "bed", _bed(wish.bed, float(dub.timeline.duration))
            voice_lufs = integrated_lufs(below, RATE_HZ) - wish.level_lu
            facts |= {"bed": wish.bed.name, "level_lu": wish.level_lu}
        gain = mix.ducking_gain(speech_spans(dub.speech.phones), len(below), RATE_HZ, ducking)
        facts["ducking"] = asdict(ducking)
        channels = below.shape[1] if below.shape[1] == mix.SURROUND else 2
        lifted = voice * np.float32(mix.gain_to(voice, RATE_HZ, voice_lufs))
        whole = mix.summed([mix.placed(lifted, channels), mix.widened(below, channels) * gain[:, None]])
    # Also the voice alone, which was as loud as it should before it got pauses around it and lost what is cut off.
    whole = mix.mastered(whole, RATE_HZ, profile)
    loudness = measure_loudness([whole], RATE_HZ)
    facts |= {
        "profile": profile.name,
        "target_lufs": profile.lufs,
        "channels": _LAYOUTS[whole.shape[1]],
        "loudness_lufs": round(loudness.lufs, 2) if np.isfinite(loudness.lufs) else None,
        "true_peak_dbtp": round(loudness.peak_dbtp, 2) if np.isfinite(loudness.peak_dbtp) else None,
    }
    return Soundtrack(whole, under, facts)


def _followed(effects: Samples, seen: Seen, dub: Dub) -> Samples:
    stretches = sound_stretches(dub.timeline, seen.master.pts)
    return mix.follow(effects, RATE_HZ, stretches, float(dub.timeline.duration))


def _bed(path: Path, duration_s: float) -> Samples:
    sound = read_audio(path, RATE_HZ)
    if sound is None or not len(sound):
        raise InputError(f"{path}: the music bed has no sound; name a sound file under `sound.bed`.")
    return mix.looped(_mixable(sound), RATE_HZ, duration_s)


def _effects(wish: SoundWish, seen: Seen) -> _Effects | None:
    path, origin_s = seen.master.path, seen.master.origin_s
    wanted = wish.effects
    if wanted == NONE or (wanted == AUTO and seen.master.audio_codec is None):
        return None
    if isinstance(wanted, Path):
        sound = read_audio(wanted, RATE_HZ)
        if sound is None:
            raise InputError(f"{wanted} has no sound; name the music and effects under `sound.music_and_effects.file`.")
        return _beside_dialogue(_mixable(sound), f"the file {wanted.name}", seen, _programme(seen))
    tracks = sound_tracks(path)
    if isinstance(wanted, int):
        if wanted == 0:
            raise InputError(
                "`sound.music_and_effects.track` counts from 0, and track 0 is the master's programme with its "
                "dialogue: give the track without, or `channels`."
            )
        sound = read_audio(path, RATE_HZ, origin_s, wanted)
        assert sound is not None
        return _beside_dialogue(_mixable(sound), f"audio track {wanted} of the master", seen, _programme(seen))
    if isinstance(wanted, tuple):
        programme = _programme(seen)
        if programme is None:
            raise InputError(
                f"{path.name} has no sound, so there are no `sound.music_and_effects.channels`: remove them."
            )
        return _of_channels(programme, channel_numbers(tracks[0], wanted), ", ".join(wanted), seen)
    named = next((track for track in tracks if track.wordless), None)
    if named is not None:
        sound = read_audio(path, RATE_HZ, origin_s, named.number)
        assert sound is not None
        source = f"audio track {named.number} of the master ({named.title or named.language})"
        return _beside_dialogue(_mixable(sound), source, seen, _programme(seen) if named.number else None)
    if len(tracks[0].channels) != mix.SURROUND:
        return None
    programme = _programme(seen)
    if programme is not None and _speaks_in_the_centre_only(programme, seen):
        around = tuple(number for number in range(mix.SURROUND) if number != mix.CENTRE)
        return _of_channels(programme, around, "all but the centre of 5.1", seen)
    return None


def _is_surround(seen: Seen) -> bool:
    tracks = sound_tracks(seen.master.path)
    return bool(tracks) and len(tracks[0].channels) == mix.SURROUND


def _programme(seen: Seen) -> Samples | None:
    """The master's first audio track."""
    if seen.master.audio_codec is None:
        return None
    return read_audio(seen.master.path, RATE_HZ, seen.master.origin_s, 0)


def _beside_dialogue(effects: Samples, source: str, seen: Seen, programme: Samples | None) -> _Effects:
    """Effects from outside of the programme: what the programme has more is its dialogue."""
    alone = integrated_lufs(_spoken(effects, seen), RATE_HZ)
    whole = -np.inf if programme is None else integrated_lufs(_spoken(_mixable(programme), seen), RATE_HZ)
    level = mix.dialogue_lufs(whole, alone) if np.isfinite(whole) else alone + _SILENT_OVER_LU
    return _Effects(effects, source, float(level))


def _of_channels(programme: Samples, kept: tuple[int, ...], named: str, seen: Seen) -> _Effects:
    """Some channels of the programme; the dialogue is in the others."""
    rest = [number for number in range(programme.shape[1]) if number not in kept]
    if not rest:
        raise InputError("`sound.music_and_effects.channels` names every channel, also the dialogue's: name fewer.")
    if programme.shape[1] == mix.SURROUND:
        effects = programme.copy()
        effects[:, rest] = 0.0
    else:
        effects = _mixable(programme[:, list(kept)])
    spoken = _spoken(programme, seen)[:, rest]
    dialogue = integrated_lufs(spoken.mean(axis=1) if len(rest) > 1 else spoken, RATE_HZ)
    others = integrated_lufs(_spoken(effects, seen), RATE_HZ)
    level = mix.dialogue_lufs(_added(dialogue, others), others)
    return _Effects(effects, f"channels of the master: {named}", float(level))


def _added(one_lufs: float, other_lufs: float) -> float:
    power = float(10 ** (one_lufs / 10) + 10 ** (other_lufs / 10))
    return 10 * float(np.log10(power)) if power > 0 else -np.inf


def _speaks_in_the_centre_only(programme: Samples, seen: Seen) -> bool:
    """Whether the channels around the centre of 5.1 are free of what is said in it."""
    spoken = _spoken(programme, seen)
    centre = spoken[:, mix.CENTRE].astype(np.float64)
    if not float(np.abs(centre).max(initial=0.0)) > 1e-4:
        return False
    for side in (0, 1):
        other = spoken[:, side].astype(np.float64)
        power = float(np.sqrt((centre @ centre) * (other @ other)))
        if power > 1e-9 and abs(float(centre @ other)) / power > _MOST_LEAK:
            return False
    return True


def _spoken(sound: Samples, seen: Seen) -> Samples:
    """The part of the master's sound in which its own speech lies."""
    start_s, end_s = own_speech(seen.master)
    return sound[round(start_s * RATE_HZ) : round(end_s * RATE_HZ)]


def _mixable(sound: NDArray[np.float32]) -> Samples:
    """Mono, stereo or 5.1 as it is; any other number of channels brought to stereo."""
    return sound if sound.shape[1] in _LAYOUTS else at_most_stereo(sound)
