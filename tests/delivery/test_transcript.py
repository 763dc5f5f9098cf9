from __future__ import annotations

from countenance.delivery.transcript import transcript


def test_the_transcript_keeps_paragraphs() -> None:
    assert transcript("One\ntwo.\r\n\r\n  Three. \n\n\n\nFour") == "One two.\n\nThree.\n\nFour\n"
