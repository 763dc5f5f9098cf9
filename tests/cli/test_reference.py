from __future__ import annotations

from pathlib import Path

from countenance.cli.reference import commands, page

PAGE = Path(__file__).resolve().parents[2] / "docs" / "cli.md"


def test_the_page_names_every_command() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert [name for name, _ in commands() if f"| `{name}" not in text] == []


def test_the_page_is_what_the_commands_say() -> None:
    """When this fails: python -m countenance.cli.reference > docs/cli.md"""
    assert PAGE.read_text(encoding="utf-8") == page()
