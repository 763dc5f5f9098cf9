"""What the README and docs/ say is so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from countenance import errors
from countenance.campaign.brief import load_brief
from countenance.cli.console import INTERRUPTED
from countenance.cli.reference import commands
from countenance.delivery.package import FILES
from countenance.models.catalogue import CATALOGUE
from countenance.quality.gate import gate_names
from countenance.rights.grants import PURPOSES, load_grant

ROOT = Path(__file__).resolve().parent.parent
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md"))]
LINK = re.compile(r"\]\(([^)\s]+)\)")
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
STATUS = re.compile(r"^\| (\d+) \| (.+) \|$", re.MULTILINE)


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


README = text_of(ROOT / "README.md")


def blocks(text: str, language: str) -> list[str]:
    return [content for name, content in BLOCK.findall(text) if name == language]


def anchors(page: Path) -> set[str]:
    """The names by which a page's headings can be linked to."""
    headings = re.findall(r"^#+ (.+)$", text_of(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_the_readme_names_the_two_commands() -> None:
    assert {"demo", "test"} <= set(re.findall(r"^make ([a-z-]+)", "\n".join(blocks(README, "sh")), re.MULTILINE))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_make_target_that_a_page_names_exists(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", text_of(ROOT / "Makefile"), re.MULTILINE))
    assert set(re.findall(r"(?:^|`)make ([a-z-]+)", text_of(page), re.MULTILINE)) <= targets


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    dead = []
    for link in LINK.findall(text_of(page)):
        if link.startswith("https://"):
            continue
        name, _, anchor = link.partition("#")
        target = (page.parent / name) if name else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            dead.append(link)
    assert dead == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_in_an_example_exists(page: Path) -> None:
    known = {name for name, _ in commands()}
    written = re.findall(r"^countenance ([a-z][a-z ]*[a-z])", "\n".join(blocks(text_of(page), "sh")), re.MULTILINE)
    unknown = [one for one in written if not any(one == name or one.startswith(f"{name} ") for name in known)]
    assert unknown == []


def test_the_exit_statuses_are_those_of_the_errors() -> None:
    told = {int(number): meaning for number, meaning in STATUS.findall(README)}
    raised = {
        one.exit_status
        for one in vars(errors).values()
        if isinstance(one, type) and issubclass(one, errors.CountenanceError)
    }
    assert told[errors.RightsError.exit_status] == "refused for lack of rights"
    assert told[errors.InputError.exit_status] == "wrong use or unreadable input"
    assert told[errors.CountenanceError.exit_status] == "a gate or a check failed"
    assert raised | {0, 4, INTERRUPTED} == set(told)


def test_the_command_line_page_tells_the_same_statuses() -> None:
    assert STATUS.findall(text_of(ROOT / "docs" / "cli.md")) == STATUS.findall(README)


def test_the_brief_in_the_readme_is_the_example() -> None:
    example = text_of(ROOT / "examples" / "brief.yaml")
    without_comments = "".join(line for line in example.splitlines(True) if not line.startswith("#"))
    assert blocks(README, "yaml")[0] == without_comments
    assert load_brief(ROOT / "examples" / "brief.yaml").campaign in README


def test_the_mapping_of_several_people_in_the_readme_is_understood(tmp_path: Path) -> None:
    still = str(ROOT / "examples" / "ada" / "refs" / "*.jpg")
    talents = "".join(f"  {name}: {{references: ['{still}']}}\n" for name in ("ada", "ben", "cleo"))
    rest = (
        f"campaign: c\nowner: o\nmaster: {ROOT / 'examples/ada/master.mp4'}\nchannels: [web]\nmarkets: {{en: [IE]}}\n"
        f"script: {{language: en, text: {ROOT / 'examples/ada/script.txt'}}}\ntalents:\n{talents}"
    )
    (tmp_path / "brief.yaml").write_text(rest + blocks(README, "yaml")[2], encoding="utf-8")
    brief = load_brief(tmp_path / "brief.yaml")
    assert brief.others_untouched and brief.presenter.talent == "ada"
    assert [one.key for one in brief.faces] == ["keep", "ben", "presenter=ben+guest=ada", "guest=ben"]
    assert f"`{brief.faces[2].key}-en`" in README


def test_the_grant_in_the_readme_can_be_read(tmp_path: Path) -> None:
    (tmp_path / "release-form.pdf").write_bytes(b"signed")
    (tmp_path / "grant.yaml").write_text(blocks(README, "yaml")[1], encoding="utf-8")
    grant = load_grant(tmp_path / "grant.yaml")
    assert (grant.talent, grant.kind) == ("ben", "real")
    assert [purpose for purpose in PURPOSES if purpose not in README] == []


def test_the_readme_names_every_file_of_a_package_and_every_gate() -> None:
    assert [name for name in (*FILES, *gate_names()) if f"`{name}`" not in README] == []


def test_the_readme_names_the_licence_and_source_of_every_model() -> None:
    for model in CATALOGUE:
        assert model.licence in README
        assert f"`{model.package.name}` {model.package.version}" in README


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_page_names_a_machine(page: Path) -> None:
    text = text_of(page)
    paths = re.findall(r"(?<![\w.~/])/(?:home|root|work|tmp|opt|usr|mnt|Users)\b\S*", text)
    indexes = re.findall(r"\bpypi\b|\bfiles\.pythonhosted\b|localhost|\b\d+\.\d+\.\d+\.\d+\b", text, re.IGNORECASE)
    assert paths + indexes == []


def test_the_architecture_names_the_rooms_in_the_order_that_is_checked() -> None:
    contract = text_of(ROOT / "pyproject.toml").split("layers = [")[1].split("]")[0]
    checked = re.findall(r'"countenance\.(\w+)"', contract)[::-1]
    told = re.findall(r"^\| `(\w+)` \|", text_of(ROOT / "docs" / "architecture.md"), re.MULTILINE)
    assert told == checked


def test_every_module_that_the_architecture_names_exists() -> None:
    named = re.findall(r"`([a-z]+/[a-z_]+\.(?:py|toml))`", text_of(ROOT / "docs" / "architecture.md"))
    missing = [name for name in named if not (ROOT / "src" / "countenance" / name).is_file()]
    assert len(named) > 15
    assert missing == []
