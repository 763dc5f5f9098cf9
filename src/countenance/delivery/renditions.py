"""A released video in the form of an export profile: encoded anew, sealed file by file, with playlists to stream.

Every file continues the signed history of the release. Streaming tracks are one file each, so each is sealed as a
whole; the playlists come after the seal and only tell where in the files the segments lie.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from babel import Locale, UnknownLocaleError

from countenance.delivery.relabel import Reshaping, reshaping
from countenance.delivery.viewing import view
from countenance.errors import IntegrityError
from countenance.media.cmaf import read_track
from countenance.media.dash import presentation
from countenance.media.decode import decode
from countenance.media.export import CUT, ExportProfile
from countenance.media.frame import Frame
from countenance.media.hls import (
    Captions,
    captions_playlist,
    main_playlist,
    target_duration,
    timed_captions,
    track_playlist,
)
from countenance.media.ladder import Rendition, picture_count, renditions, retimed
from countenance.media.levelling import Sounds, levelled
from countenance.media.mix import profile_named
from countenance.media.probe import Master, probe
from countenance.media.recode import write_film, write_sound_track, write_tracks
from countenance.provenance.disclosure import ReleaseRecord, badge_text
from countenance.provenance.steps import cropped, labelled, resized, sound_taken_out, transcoded

Progress = Callable[[int, int], None]
Seal = Callable[[Path, Sequence[Mapping[str, Any]], str], None]


MAIN, MANIFEST = "main.m3u8", "main.mpd"
_NAMES = {"h264": "H.264", "hevc": "HEVC", "av1": "AV1", "mpeg2": "MPEG-2", "aac": "AAC", "pcm_s24le": "PCM"}


@dataclass(frozen=True)
class Film:
    """What is exported: a sealed video, its captions as WebVTT ("" without), and the record of its release.

    In the stretches `burnt` (start and end in seconds) captions are burnt into the picture.
    """

    video: Path
    captions: str
    record: ReleaseRecord
    burnt: tuple[tuple[float, float], ...] = ()

    @property
    def language(self) -> str:
        return self.record.language


@dataclass(frozen=True)
class Made:
    """One file of an export. `rendition` is None for sound alone and for texts, `sealed` false for texts."""

    path: Path
    rendition: Rendition | None
    sound: bool
    sealed: bool = True


def export_files(
    film: Film,
    profile: ExportProfile,
    target: Path,
    seal: Seal,
    channel: str,
    progress: Progress = lambda _done, _of: None,
) -> tuple[Made, ...]:
    """Write a film in the form of a profile for a channel; returns the files that were made.

    `target` is the file, or the folder (which is there) of a profile that streams. `seal(path, steps, medium)` seals a
    file in place. A profile that cuts the picture has it framed by the faces, and its label drawn anew clear of what
    the channel lays over it. Errors: InputError for a film that cannot be read, IntegrityError where the label cannot
    be read on the result, and those of `seal`.
    """
    master = probe(film.video)
    made = renditions(profile, (master.width, master.height), master.frame_rate)
    loudness = profile_named(profile.sound.loudness)
    sound = (
        levelled(film.video, profile.sound.rate_hz, profile.sound.channels, loudness, master.origin_s)
        if master.audio_codec
        else None
    )
    cut = profile.picture.frame_px if profile.picture.shape == CUT else None
    shape = reshaping(view(film.video), cut, film.record, [channel], film.burnt) if cut else None
    frames = partial(_frames, master, made[0], shape, progress)
    if profile.streams:
        return _streamed(film, profile, target, made, frames, sound, seal)
    write_film(target, frames(), profile, made[0], sound() if sound else None)
    if shape is not None and (wrong := shape.problems(target, film.record)):
        raise IntegrityError(f"the export for {profile.name} is not labelled as it has to be: {'; '.join(wrong)}.")
    steps = [*_cuts(shape, film.record), *_steps(profile, made[0], master, sound is not None)]
    seal(target, steps, "" if sound else "image")
    return (Made(target, made[0], sound is not None),)


def _frames(master: Master, rendition: Rendition, shape: Reshaping | None, progress: Progress) -> Iterator[Frame]:
    count = picture_count(master.duration, rendition.rate)
    pictures = decode(master) if shape is None else shape.frames(decode(master))
    for number, frame in enumerate(retimed(pictures, rendition.rate, count), start=1):
        yield frame
        progress(number, count)


def _steps(profile: ExportProfile, rendition: Rendition, master: Master, sound: bool) -> list[Mapping[str, Any]]:
    """What was done to the pictures and, in one file with them, to the sound."""
    scaled = rendition.size != (master.width, master.height)
    coded = [_NAMES[profile.picture.codec], *([_NAMES[profile.sound.codec]] if sound else [])]
    return [*([resized(*rendition.size)] if scaled else []), transcoded(", ".join(coded))]


def _cuts(shape: Reshaping | None, record: ReleaseRecord) -> list[Mapping[str, Any]]:
    """That pictures were cut, and labelled anew where a label is due."""
    if shape is None:
        return []
    words = badge_text(record)
    return [cropped(*shape.camera.target), *([labelled(words)] if words else [])]


def _streamed(
    film: Film,
    profile: ExportProfile,
    folder: Path,
    made: Sequence[Rendition],
    frames: Callable[[], Iterator[Frame]],
    sound: Sounds | None,
    seal: Seal,
) -> tuple[Made, ...]:
    """Tracks, each sealed, then what names them."""
    master = probe(film.video)
    files = [Made(folder / f"video-{one.short_px}.mp4", one, False) for one in made]
    write_tracks([one.path for one in files], frames(), profile, made)
    for one, rendition in zip(files, made, strict=True):
        seal(one.path, _steps(profile, rendition, master, False), "image")
    if sound is not None:
        audio = Made(folder / "audio.m4a", None, True)
        write_sound_track(audio.path, profile, sound())
        seal(audio.path, [sound_taken_out(), transcoded(_NAMES[profile.sound.codec])], "audio")
        files.append(audio)
    texts = _texts(film, folder, [one.path for one in files if one.rendition], sound is not None)
    return (*files, *(Made(path, None, False, sealed=False) for path in texts))


def _texts(film: Film, folder: Path, pictures: Sequence[Path], with_sound: bool) -> list[Path]:
    """Playlists and captions."""
    tracks = [(read_track(path), path.name) for path in pictures]
    heard = (read_track(folder / "audio.m4a"), "audio.m4a") if with_sound else None
    every = [*tracks, *([heard] if heard else [])]
    target_s = target_duration(track for track, _name in every)
    name, called = f"captions-{film.language}.vtt", _language_name(film.language)
    captions = [Captions(name, film.language, called)] if film.captions else []
    listed = [Captions(f"captions-{one.language}.m3u8", one.language, one.name) for one in captions]
    made = {
        **{_playlist(uri): track_playlist(track, uri, target_s) for track, uri in every},
        **{one.uri: captions_playlist(name, tracks[0][0].duration) for one in listed},
        **{one.uri: timed_captions(film.captions) for one in captions},
        MAIN: main_playlist([(track, _playlist(uri)) for track, uri in tracks],
                            (heard[0], _playlist(heard[1])) if heard else None, listed, film.language, called),
        MANIFEST: presentation(tracks, heard, captions, film.language),
    }  # fmt: skip
    for file, text in made.items():
        (folder / file).write_text(text, encoding="utf-8", newline="\n")
    return [folder / file for file in made]


def _playlist(uri: str) -> str:
    return f"{Path(uri).stem}.m3u8"


def _language_name(language: str) -> str:
    """What the speakers of a language call it; its code where nobody has written that down."""
    try:
        found = Locale.parse(language, sep="-").get_display_name()
    except (UnknownLocaleError, ValueError):
        return language
    return found or language
