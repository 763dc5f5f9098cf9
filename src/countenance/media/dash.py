"""A DASH presentation (ISO 23009-1, profile isoff-on-demand) over CMAF tracks, each one file with an index."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from countenance.media.cmaf import Track
from countenance.media.hls import Captions

_NAMESPACE = "urn:mpeg:dash:schema:mpd:2011"
_PROFILES = "urn:mpeg:dash:profile:isoff-on-demand:2011,urn:mpeg:dash:profile:cmaf:2019"
_ROLE, _CHANNELS = "urn:mpeg:dash:role:2011", "urn:mpeg:mpegB:cicp:ChannelConfiguration"
_COLOURS = ("ColourPrimaries", "TransferCharacteristics", "MatrixCoefficients")
_BT709 = "1"


def presentation(
    pictures: Sequence[tuple[Track, str]], sound: tuple[Track, str] | None, captions: Sequence[Captions], language: str
) -> str:
    """The MPD that names all tracks by their URIs."""
    tracks = [track for track, _uri in (*pictures, *([sound] if sound else []))]
    duration = max(track.duration for track in tracks)
    longest = max(segment.duration for track in tracks for segment in track.segments)
    root = Element(
        "MPD",
        {
            "xmlns": _NAMESPACE,
            "profiles": _PROFILES,
            "type": "static",
            "mediaPresentationDuration": _duration(duration),
            "minBufferTime": _duration(longest),
        },
    )
    period = SubElement(root, "Period", {"id": "0", "start": "PT0S", "duration": _duration(duration)})
    _pictures(period, pictures)
    if sound is not None:
        _sound(period, sound[0], sound[1], language)
    for number, one in enumerate(captions, start=2):
        _captions(period, one, number)
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _pictures(period: Element, pictures: Sequence[tuple[Track, str]]) -> None:
    largest = pictures[0][0].size or (0, 0)
    group = SubElement(
        period,
        "AdaptationSet",
        {
            "id": "0",
            "contentType": "video",
            "mimeType": "video/mp4",
            "segmentAlignment": "true",
            "subsegmentAlignment": "true",
            "subsegmentStartsWithSAP": "1",
            "startWithSAP": "1",
            "maxWidth": str(largest[0]),
            "maxHeight": str(largest[1]),
            "par": _ratio(Fraction(*largest)),
        },
    )
    for name in _COLOURS:
        SubElement(group, "SupplementalProperty", {"schemeIdUri": f"urn:mpeg:mpegB:cicp:{name}", "value": _BT709})
    SubElement(group, "Role", {"schemeIdUri": _ROLE, "value": "main"})
    for track, uri in pictures:
        width, height = track.size or (0, 0)
        one = SubElement(
            group,
            "Representation",
            {
                "id": f"video-{min(width, height)}",
                "codecs": track.codecs,
                "bandwidth": str(track.peak_bps),
                "width": str(width),
                "height": str(height),
                "frameRate": str(track.rate),
                "sar": "1:1",
            },
        )
        _file(one, track, uri)


def _sound(period: Element, track: Track, uri: str, language: str) -> None:
    group = SubElement(
        period,
        "AdaptationSet",
        {
            "id": "1",
            "contentType": "audio",
            "mimeType": "audio/mp4",
            "lang": language,
            "segmentAlignment": "true",
            "subsegmentAlignment": "true",
            "subsegmentStartsWithSAP": "1",
            "startWithSAP": "1",
        },
    )
    SubElement(group, "Role", {"schemeIdUri": _ROLE, "value": "main"})
    one = SubElement(
        group,
        "Representation",
        {
            "id": "audio",
            "codecs": track.codecs,
            "bandwidth": str(track.peak_bps),
            "audioSamplingRate": str(track.rate_hz),
        },
    )
    SubElement(one, "AudioChannelConfiguration", {"schemeIdUri": _CHANNELS, "value": str(track.channels)})
    _file(one, track, uri)


def _captions(period: Element, captions: Captions, number: int) -> None:
    group = SubElement(
        period,
        "AdaptationSet",
        {"id": str(number), "contentType": "text", "mimeType": "text/vtt", "lang": captions.language},
    )
    SubElement(group, "Label").text = captions.name
    SubElement(group, "Role", {"schemeIdUri": _ROLE, "value": "subtitle"})
    one = SubElement(group, "Representation", {"id": f"captions-{captions.language}", "bandwidth": "1000"})
    SubElement(one, "BaseURL").text = captions.uri


def _file(representation: Element, track: Track, uri: str) -> None:
    SubElement(representation, "BaseURL").text = uri
    base = SubElement(representation, "SegmentBase", {"indexRange": _range(*track.index), "indexRangeExact": "true"})
    SubElement(base, "Initialization", {"range": _range(track.header[0], track.header[1] - track.header[0])})


def _range(offset: int, size: int) -> str:
    return f"{offset}-{offset + size - 1}"


def _duration(value: Fraction) -> str:
    return f"PT{float(value):.3f}S"


def _ratio(value: Fraction) -> str:
    return f"{value.numerator}:{value.denominator}"
