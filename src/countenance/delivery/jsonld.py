"""schema.org description of a released video, for the page that shows it."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Any
from urllib.parse import urljoin

from countenance.errors import InputError

# IPTC digital source types (C2PA's terms) -> members of schema.org's IPTCDigitalSourceEnumeration, which
# still has the older names of three of them.
SOURCE_TYPES = {
    "digitalCapture": "DigitalCaptureDigitalSource",
    "computationalCapture": "MultiFrameComputationalCaptureDigitalSource",
    "humanEdits": "MinorHumanEditsDigitalSource",
    "compositeCapture": "CompositeCaptureDigitalSource",
    "algorithmicallyEnhanced": "AlgorithmicallyEnhancedDigitalSource",
    "digitalCreation": "DigitalArtDigitalSource",
    "composite": "CompositeDigitalSource",
    "compositeSynthetic": "CompositeSyntheticDigitalSource",
    "compositeWithTrainedAlgorithmicMedia": "CompositeWithTrainedAlgorithmicMediaDigitalSource",
    "trainedAlgorithmicMedia": "TrainedAlgorithmicMediaDigitalSource",
    "algorithmicMedia": "AlgorithmicMediaDigitalSource",
    "screenCapture": "ScreenCaptureDigitalSource",
    "virtualRecording": "VirtualRecordingDigitalSource",
}
_REQUIRED = ("name", "upload_date", "language", "duration_s", "digital_source_type")


def video_object(record: Mapping[str, Any], base_url: str = "") -> dict[str, Any]:
    """A schema.org VideoObject with everything that search engines require, and the disclosure.

    `record` must hold `name`, `upload_date` (a datetime with its zone, or its ISO text), `language` (BCP 47),
    `duration_s` (seconds) and `digital_source_type` (an IPTC term or its address). It may hold `description`,
    `disclosure` (one sentence in the video's language), `player_note` (what players show beside the picture and
    screen readers read out), `transcript`, `width_px`, `height_px`, `sha256`,
    `release_id`, `markets` (ISO 3166-1), `expires` (a date), `owner`, and other file names than the package's
    in `video`, `poster`, `captions`. `base_url` is where the package will lie; without it the addresses are
    relative, which search engines resolve against the page but do not index.
    InputError names what is missing or cannot be understood.
    """
    missing = [key for key in _REQUIRED if not record.get(key)]
    if missing:
        raise InputError(f"the video's description lacks {', '.join(missing)}: a VideoObject needs them")

    def address(key: str, default: str) -> str:
        return urljoin(base_url, str(record.get(key, default)))

    told = " ".join(str(record[key]).strip() for key in ("description", "disclosure") if record.get(key))
    found: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "VideoObject",
        "name": record["name"],
        "description": told,
        "thumbnailUrl": [address("poster", "poster.jpg")],
        "uploadDate": _moment(record["upload_date"]),
        "duration": iso_duration(record["duration_s"]),
        "contentUrl": address("video", "video.mp4"),
        "encodingFormat": "video/mp4",
        "inLanguage": record["language"],
        "digitalSourceType": f"https://schema.org/{source_type(record['digital_source_type'])}",
        "transcript": record.get("transcript", ""),
        "caption": {
            "@type": "MediaObject",
            "contentUrl": address("captions", "captions.vtt"),
            "encodingFormat": "text/vtt",
            "inLanguage": record["language"],
        },
        "accessibilitySummary": record.get("player_note"),
        "width": _pixels(record.get("width_px")),
        "height": _pixels(record.get("height_px")),
        "sha256": record.get("sha256"),
        "regionsAllowed": list(record.get("markets", ())),
        "expires": str(record["expires"]) if record.get("expires") else None,
        "identifier": _identifier(record.get("release_id")),
        "publisher": {"@type": "Organization", "name": record["owner"]} if record.get("owner") else None,
    }
    return {key: value for key, value in found.items() if value not in (None, "", [])}


def source_type(term: str) -> str:
    """The schema.org member for an IPTC term, its address, or the member's own name."""
    last = re.split(r"[/#]", term)[-1]
    if last in SOURCE_TYPES:
        return SOURCE_TYPES[last]
    if last in SOURCE_TYPES.values():
        return last
    raise InputError(f"'{term}' is no digital source type (known: {', '.join(SOURCE_TYPES)})")


def iso_duration(duration_s: Fraction | float) -> str:
    """Seconds as an ISO 8601 duration with milliseconds: 3723.5 -> "PT1H2M3.5S"."""
    ms = round(Fraction(duration_s) * 1000)
    if ms <= 0:
        raise InputError(f"a video cannot last {float(duration_s):g} s")
    minutes, ms = divmod(ms, 60_000)
    hours, minutes = divmod(minutes, 60)
    parts = [f"{hours}H" if hours else "", f"{minutes}M" if minutes else ""]
    if ms:
        parts.append(f"{ms // 1000}.{ms % 1000:03d}".rstrip("0").rstrip(".") + "S")
    return "PT" + "".join(parts)


def _moment(value: object) -> str:
    moment = value
    if isinstance(value, str):
        try:
            moment = datetime.datetime.fromisoformat(value)
        except ValueError as problem:
            raise InputError(f"the upload date '{value}' is not ISO 8601") from problem
    if not isinstance(moment, datetime.datetime) or moment.tzinfo is None:
        # Without a zone a search engine reads the time in the zone of its own crawler.
        raise InputError(f"the upload date {value} needs a time and a zone, such as 2026-01-31T12:00:00+00:00")
    return moment.isoformat(timespec="seconds")


def _pixels(size: int | None) -> dict[str, Any] | None:
    return {"@type": "QuantitativeValue", "value": size, "unitCode": "E37"} if size else None


def _identifier(release_id: str | None) -> dict[str, Any] | None:
    if not release_id:
        return None
    return {"@type": "PropertyValue", "propertyID": "countenance:release", "value": release_id}
