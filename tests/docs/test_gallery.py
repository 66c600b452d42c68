"""The gallery has every example: what it shows, its files as they are, and commands that its own page has too."""

from __future__ import annotations

import re

import pytest
from documents import REPOSITORY, blocks

EXAMPLES = sorted(path for path in (REPOSITORY / "examples").iterdir() if path.is_dir() and path.name != "__pycache__")
GALLERY = REPOSITORY / "docs/gallery.md"
SECTIONS = {
    match["folder"]: match["text"]
    for match in re.finditer(
        r"^## [^\n]+: `examples/(?P<folder>\w+)`\n(?P<text>.*?)(?=^## |\Z)", GALLERY.read_text("utf-8"), re.S | re.M
    )
}


def lines(text: str) -> set[str]:
    """Return the command lines of fenced blocks of shell commands."""
    return {
        line.strip()
        for block in re.findall(r"^```(?:sh)?\n(.*?)^```$", text, re.S | re.M)
        for line in block.splitlines()
        if line.strip()
    }


def test_every_example_has_one_section_and_every_section_is_an_example() -> None:
    assert sorted(SECTIONS) == [path.name for path in EXAMPLES]


@pytest.mark.parametrize("folder", SECTIONS)
def test_a_section_says_what_it_shows_and_where_more_is(folder: str) -> None:
    text = SECTIONS[folder]
    paragraph, *_ = text.strip().split("\n\n")
    assert len(paragraph.split()) > 20, paragraph
    assert re.search(r"\]\([a-z-]+\.md", text)
    assert lines(text)


@pytest.mark.parametrize("folder", SECTIONS)
def test_the_files_that_are_shown_are_those_of_the_example(folder: str) -> None:
    included = re.findall(r"^```\{literalinclude\} \.\./examples/(\w+)/(\S+)$", SECTIONS[folder], re.M)
    assert {name for name, _ in included} <= {folder}
    for _, file in included:
        assert (REPOSITORY / "examples" / folder / file).is_file()
    for file, start in re.findall(r"literalinclude\} \.\./(\S+)\n(?:.*\n)*?:start-at: \"?([^\"\n]+)", SECTIONS[folder]):
        assert start in (REPOSITORY / file).read_text(encoding="utf-8")  # or all of it would be left out


@pytest.mark.parametrize("folder", sorted({*SECTIONS} - {"gate"}))
def test_the_commands_are_those_that_the_examples_page_shows(folder: str) -> None:
    own = REPOSITORY / "examples" / folder / "README.md"
    page = own if own.is_file() else REPOSITORY / "examples/README.md"
    shown = {line.strip() for block in blocks(page) for line in block.code.splitlines()}
    assert lines(SECTIONS[folder]) <= shown


def test_the_comparison_is_dated_and_names_the_release_of_each_tool() -> None:
    from importlib.metadata import version

    text = (REPOSITORY / "docs/compares.md").read_text(encoding="utf-8")
    assert "As of November 2026" in text
    read = dict(re.findall(r"^\| \[(\S+)\]\(\S+\) \| (\S+) \|", text, re.M))
    assert list(read) == ["mteb", "BEIR", "PyTerrier", "ranx", "repro_eval", "benchopt"]
    assert read["mteb"] == version("mteb")  # the others are not installed here, but for beir
    assert read["BEIR"] == version("beir")
