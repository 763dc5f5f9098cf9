"""HLS playlists (RFC 8216) over CMAF tracks: one for players to choose from, one for each track and its captions."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from countenance.media.cmaf import Track

_VERSION = 7  # EXT-X-MAP with byte ranges in playlists of pictures (RFC 8216, 7)
_AUDIO, _TEXTS = "audio", "captions"


@dataclass(frozen=True, slots=True)
class Captions:
    """Captions beside the tracks: a WebVTT file (`uri`), its `language` (BCP 47) and how a menu calls it."""

    uri: str
    language: str
    name: str


def target_duration(tracks: Iterable[Track]) -> int:
    """The longest segment of all tracks in whole seconds, rounded: one for all playlists (RFC 8216, 6.2.4)."""
    longest = max(segment.duration for track in tracks for segment in track.segments)
    return max(1, math.floor(longest + Fraction(1, 2)))


def track_playlist(track: Track, uri: str, target_s: int) -> str:
    """The playlist of one track: byte ranges of its one file."""
    offset, size = track.header[0], track.header[1] - track.header[0]
    lines = [
        *_head(target_s),
        "#EXT-X-INDEPENDENT-SEGMENTS",
        f'#EXT-X-MAP:URI="{uri}",BYTERANGE="{size}@{offset}"',
    ]
    for segment in track.segments:
        lines += [f"#EXTINF:{_seconds(segment.duration)},", f"#EXT-X-BYTERANGE:{segment.size}@{segment.offset}", uri]
    return "\n".join([*lines, "#EXT-X-ENDLIST", ""])


def captions_playlist(uri: str, duration: Fraction) -> str:
    """The playlist of captions that are one file."""
    target_s = max(1, math.ceil(duration))
    return "\n".join([*_head(target_s), f"#EXTINF:{_seconds(duration)},", uri, "#EXT-X-ENDLIST", ""])


def timed_captions(vtt: str) -> str:
    """WebVTT with the line that ties its clock to that of the tracks, whose pictures begin at 0 (RFC 8216, 3.5)."""
    head, line_end, rest = vtt.partition("\n")
    return f"{head}{line_end}X-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00.000\n{rest}"


def main_playlist(
    pictures: Sequence[tuple[Track, str]],
    sound: tuple[Track, str] | None,
    captions: Sequence[Captions],
    language: str,
    language_name: str,
) -> str:
    """The playlist that names all others, each by its URI; the first picture track is where players begin.

    `language` (BCP 47) is that of the sound, `language_name` how a menu calls it.
    """
    lines = ["#EXTM3U", f"#EXT-X-VERSION:{_VERSION}", "#EXT-X-INDEPENDENT-SEGMENTS"]
    if sound is not None:
        track, uri = sound
        lines.append(
            f'#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="{_AUDIO}",NAME="{_quoted(language_name)}",LANGUAGE="{language}",DEFAULT=YES,'
            f'AUTOSELECT=YES,CHANNELS="{track.channels}",URI="{uri}"'
        )
    lines += [
        f'#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="{_TEXTS}",NAME="{_quoted(one.name)}",LANGUAGE="{one.language}",'
        f'DEFAULT=NO,AUTOSELECT=YES,FORCED=NO,URI="{one.uri}"'
        for one in captions
    ]
    for track, uri in pictures:
        lines += [_variant(track, sound[0] if sound else None, bool(captions)), uri]
    return "\n".join([*lines, ""])


def _variant(track: Track, sound: Track | None, captions: bool) -> str:
    width, height = track.size or (0, 0)
    codecs = ",".join([track.codecs, *([sound.codecs] if sound else [])])
    told = [
        f"BANDWIDTH={track.peak_bps + (sound.peak_bps if sound else 0)}",
        f"AVERAGE-BANDWIDTH={track.mean_bps + (sound.mean_bps if sound else 0)}",
        f'CODECS="{codecs}"',
        f"RESOLUTION={width}x{height}",
        f"FRAME-RATE={float(track.rate or 0):.3f}",
        "VIDEO-RANGE=SDR",
        *([f'AUDIO="{_AUDIO}"'] if sound else []),
        *([f'SUBTITLES="{_TEXTS}"'] if captions else []),
        "CLOSED-CAPTIONS=NONE",
    ]
    return f"#EXT-X-STREAM-INF:{','.join(told)}"


def _head(target_s: int) -> list[str]:
    return [
        "#EXTM3U",
        f"#EXT-X-VERSION:{_VERSION}",
        f"#EXT-X-TARGETDURATION:{target_s}",
        "#EXT-X-MEDIA-SEQUENCE:0",
        "#EXT-X-PLAYLIST-TYPE:VOD",
    ]


def _seconds(value: Fraction) -> str:
    return f"{float(value):.6f}"


def _quoted(text: str) -> str:
    """A text that may stand between quotation marks, where none and no line end may be."""
    return " ".join(text.replace('"', "'").split())
