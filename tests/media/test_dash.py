from __future__ import annotations

from fractions import Fraction
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st
from lists import ladder, sound

from countenance.media.dash import presentation
from countenance.media.hls import Captions

PICTURES = [(track, track.path.name) for track in ladder()]
SOUND = (sound(), "audio.m4a")
NAMES = {"mpd": "urn:mpeg:dash:schema:mpd:2011"}
# The order in which ISO 23009-1 has an adaptation set's children.
ORDER = (
    "AudioChannelConfiguration",
    "SupplementalProperty",
    "Label",
    "Role",
    "BaseURL",
    "SegmentBase",
    "Representation",
)


def _read(text: str) -> ElementTree.Element:
    return ElementTree.fromstring(text)


def _sets(root: ElementTree.Element) -> dict[str, ElementTree.Element]:
    return {one.attrib["contentType"]: one for one in root.iterfind("mpd:Period/mpd:AdaptationSet", NAMES)}


def _whole() -> ElementTree.Element:
    return _read(presentation(PICTURES, SOUND, [Captions("captions-de.vtt", "de", "Deutsch")], "de"))


def test_pictures_sound_and_captions_are_sets_of_their_own() -> None:
    sets = _sets(_whole())
    assert set(sets) == {"video", "audio", "text"}
    assert sets["audio"].attrib["lang"] == sets["text"].attrib["lang"] == "de"
    assert len({one.attrib["id"] for one in sets.values()}) == 3


def test_each_size_is_a_file_with_its_index_and_header_by_bytes() -> None:
    found = _sets(_whole())["video"].findall("mpd:Representation", NAMES)
    for one, (track, uri) in zip(found, PICTURES, strict=True):
        assert (int(one.attrib["width"]), int(one.attrib["height"])) == track.size
        assert one.attrib["codecs"] == track.codecs
        assert int(one.attrib["bandwidth"]) == track.peak_bps
        assert one.findtext("mpd:BaseURL", None, NAMES) == uri
        base = one.find("mpd:SegmentBase", NAMES)
        assert base is not None and base.attrib["indexRange"] == "900-989"
        header = base.find("mpd:Initialization", NAMES)
        assert header is not None and header.attrib["range"] == "0-899"


def test_the_children_stand_in_the_standard_s_order() -> None:
    for group in _sets(_whole()).values():
        names = [child.tag.rpartition("}")[2] for child in group]
        assert [ORDER.index(name) for name in names] == sorted(ORDER.index(name) for name in names)


def test_it_lasts_as_long_as_the_longest_track() -> None:
    root = _whole()
    assert root.attrib["mediaPresentationDuration"] == "PT4.532S"  # the sound's
    assert root.attrib["minBufferTime"] == "PT2.005S"
    assert root.attrib["type"] == "static"


def test_without_sound_and_captions_there_are_pictures_alone() -> None:
    root = _read(presentation(PICTURES, None, [], "en"))
    assert set(_sets(root)) == {"video"}
    assert root.attrib["mediaPresentationDuration"] == "PT4.520S"


@given(st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=30), st.fractions(Fraction(1, 5), 10))
def test_whatever_a_language_is_called_it_is_xml(name: str, seconds: Fraction) -> None:
    tracks = [(track, track.path.name) for track in ladder([seconds])]
    root = _read(presentation(tracks, SOUND, [Captions("c.vtt", "de", name)], "de"))
    assert (_sets(root)["text"].findtext("mpd:Label", None, NAMES) or "") == name
