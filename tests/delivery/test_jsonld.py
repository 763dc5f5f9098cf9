from __future__ import annotations

import datetime
import re
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countenance.delivery.jsonld import SOURCE_TYPES, iso_duration, source_type, video_object
from countenance.errors import InputError

RECORD: dict[str, Any] = {
    "name": "espresso-launch: ben, Deutsch",
    "description": "Eine Kaffeemaschine.",
    "disclosure": "Mit KI verändert.",
    "upload_date": datetime.datetime(2026, 6, 1, 12, 30, tzinfo=datetime.UTC),
    "language": "de",
    "duration_s": Fraction(163, 25),
    "digital_source_type": "http://cv.iptc.org/newscodes/digitalsourcetype/compositeSynthetic",
    "transcript": "Diese Kaffeemaschine …",
    "width_px": 720,
    "height_px": 720,
    "release_id": "01J0000000000000000000000",
    "markets": ["DE", "AT"],
    "expires": datetime.date(2027, 12, 31),
}


def test_a_video_object_has_what_search_engines_require_and_the_disclosure() -> None:
    found = video_object(RECORD, "https://media.example.org/espresso/ben-de/")
    assert found["@type"] == "VideoObject"
    assert found["name"] == RECORD["name"]
    assert found["thumbnailUrl"] == ["https://media.example.org/espresso/ben-de/poster.jpg"]
    assert found["contentUrl"] == "https://media.example.org/espresso/ben-de/video.mp4"
    assert found["uploadDate"] == "2026-06-01T12:30:00+00:00"
    assert found["duration"] == "PT6.52S"
    assert found["digitalSourceType"] == "https://schema.org/CompositeSyntheticDigitalSource"
    assert found["description"] == "Eine Kaffeemaschine. Mit KI verändert."
    assert found["inLanguage"] == found["caption"]["inLanguage"] == "de"
    assert found["regionsAllowed"] == ["DE", "AT"] and found["expires"] == "2027-12-31"


def test_without_an_address_the_package_describes_itself_with_relative_names() -> None:
    assert video_object(RECORD)["contentUrl"] == "video.mp4"


def test_what_is_not_known_is_left_out() -> None:
    bare = {key: RECORD[key] for key in ("name", "upload_date", "language", "duration_s", "digital_source_type")}
    found = video_object(bare)
    assert not {"description", "sha256", "expires", "width", "identifier", "publisher"} & set(found)


@pytest.mark.parametrize("key", ["name", "upload_date", "language", "duration_s", "digital_source_type"])
def test_what_is_required_must_be_there(key: str) -> None:
    with pytest.raises(InputError, match=f"lacks {key}"):
        video_object({**RECORD, key: ""})


@pytest.mark.parametrize("moment", ["2026-06-01", "yesterday", "2026-06-01T12:00:00", datetime.datetime(2026, 6, 1), 7])
def test_an_upload_date_without_zone_is_refused(moment: object) -> None:
    with pytest.raises(InputError, match="upload date"):
        video_object({**RECORD, "upload_date": moment})


def test_every_source_type_has_one_name_in_schema_org() -> None:
    for term, member in SOURCE_TYPES.items():
        assert source_type(term) == source_type(f"http://cv.iptc.org/newscodes/digitalsourcetype/{term}") == member
        assert source_type(member) == member
    with pytest.raises(InputError, match="'deepfake' is no digital source type"):
        source_type("deepfake")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(3723.5, "PT1H2M3.5S"), (60, "PT1M"), (0.04, "PT0.04S"), (59.9996, "PT1M"), (10, "PT10S")],
)
def test_durations(seconds: float, text: str) -> None:
    assert iso_duration(seconds) == text


def test_a_video_without_duration_is_refused() -> None:
    with pytest.raises(InputError, match="cannot last 0 s"):
        iso_duration(0)


@given(st.fractions(Fraction(1, 1000), 100_000))
def test_durations_mean_the_same_number_of_seconds(seconds: Fraction) -> None:
    found = re.fullmatch(r"PT(?:(\d+)H)?(?:(\d+)M)?(?:([\d.]+)S)?", iso_duration(seconds))
    assert found
    hours, minutes, rest = (Fraction(part or 0) for part in found.groups())
    assert abs(hours * 3600 + minutes * 60 + rest - seconds) <= Fraction(1, 2000)
