from __future__ import annotations

from pathlib import Path

import pytest

from countenance.campaign.label_wish import LabelWish, read_label_wish
from countenance.errors import BriefError
from countenance.provenance.label import Label
from countenance.store.documents import read_document


def wish(folder: Path, release: str) -> LabelWish:
    (folder / "brief.yaml").write_text(release, encoding="utf-8")
    return read_label_wish(read_document(folder / "brief.yaml"))


def test_nothing_said_is_the_usual_label(tmp_path: Path) -> None:
    assert wish(tmp_path, "campaign: c\n") == LabelWish("corner", "auto", Label())
    assert wish(tmp_path, "release: {approve: manual}\n") == LabelWish()
    assert wish(tmp_path, "release: {badge: corner}\n") == wish(tmp_path, "release: {badge: {kind: corner}}\n")


def test_one_word_is_the_kind(tmp_path: Path) -> None:
    assert [wish(tmp_path, f"release: {{badge: {kind}}}\n").badge for kind in ("off", "endcard")] == ["off", "endcard"]


def test_everything_said(tmp_path: Path) -> None:
    asked = wish(
        tmp_path,
        "release:\n  notice: intervals\n  audio: true\n"
        "  badge: {position: top-left, when: intervals, seconds: 6, every_s: 300, end_card: true, size: large}\n",
    )
    label = Label(when="intervals", seconds=6, every_s=300, end_card=True, size="large", notice="intervals")
    assert asked == LabelWish("corner", "top-left", label, audio=True)


@pytest.mark.parametrize(
    ("release", "message"),
    [
        ("badge: round", "'release.badge' does not know 'round'"),
        ("badge: {}", "must be a mapping (key: value) with at least one entry"),
        ("badge: {place: left}", "unknown key 'place' in release.badge"),
        ("badge: {kind: cornr}", "'release.badge.kind' does not know 'cornr': did you mean 'corner'?"),
        ("badge: {position: middle}", "'release.badge.position' does not know 'middle' (known: auto, top-right"),
        ("badge: {when: sometimes}", "'release.badge.when' does not know 'sometimes'"),
        ("badge: {seconds: 4}", "'release.badge.seconds' says nothing when the badge is shown 'always'"),
        ("badge: {when: start, every_s: 90}", "'release.badge.every_s' says nothing when the badge is shown 'start'"),
        ("badge: {when: start, seconds: 1}", "'release.badge.seconds' is 1, too short to be read: give 2 or more"),
        ("badge: {when: start, seconds: soon}", "'release.badge.seconds' must be a whole number, not 'soon'"),
        ("badge: {when: intervals, every_s: 10}", "'release.badge.every_s' is 10, which would blink: give 60 or more"),
        ("badge: {when: intervals, seconds: 50, every_s: 90}", "give 100 or more"),
        ("badge: {end_card: yes}", "'release.badge.end_card' must be true or false, not 'yes'"),
        ("badge: {size: huge}", "'release.badge.size' does not know 'huge'"),
        ("badge: {kind: endcard, position: top-left}", "'release.badge.position' says nothing to a badge of kind endc"),
        ("badge: {kind: off, when: start}", "'release.badge.when' says nothing to a badge of kind off: remove it"),
        ("audio: true, notice: loud", "'release.notice' does not know 'loud'"),
        ("audio: m4a", "'release.audio' must be true or false, not 'm4a'"),
        ("notice: start", "'release.notice' is about the sound alone, which nobody asked for: add audio: true"),
    ],
)
def test_mistakes_are_answered_with_the_key_and_the_line(tmp_path: Path, release: str, message: str) -> None:
    with pytest.raises(BriefError) as refusal:
        wish(tmp_path, f"release: {{{release}}}\n")
    assert message in str(refusal.value)
    assert str(refusal.value).startswith("brief.yaml, line 1: ")
