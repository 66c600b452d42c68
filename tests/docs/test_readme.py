"""The README: short, complete in its first screen, and true."""

from __future__ import annotations

from documents import README, REPOSITORY, SITE, commands, linked_files
from support.commands import invoke

TEXT = README.read_text(encoding="utf-8")


def test_it_is_short() -> None:
    assert len(TEXT.encode()) < 7_000


def test_installation_and_a_first_leaderboard_are_in_the_first_screen() -> None:
    first_screen = TEXT.splitlines()[:30]
    assert any(line.startswith("pip install .") for line in first_screen)
    assert any(line.startswith("harness run ") for line in first_screen)
    assert any("leaderboard.html" in line for line in first_screen)


def test_it_names_the_two_commands_that_set_everything_up() -> None:
    makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    for target in ("demo", "test"):
        assert f"`make {target}`" in TEXT
        assert f"\n{target}:" in makefile


def test_it_names_every_entry() -> None:
    entries = [line.split()[0] for line in invoke("list", "methods").out.splitlines()]
    assert [entry for entry in entries if f"`{entry}`" not in TEXT] == []


def test_it_links_every_page_that_is_not_an_index() -> None:
    pages = {f"docs/{path.name}" for path in SITE} - {"docs/index.md", "docs/contributing.md", "docs/changelog.md"}
    assert pages <= linked_files(README)
    assert {"CONTRIBUTING.md", "CHANGELOG.md", "CITATION.cff", "LICENSE"} <= linked_files(README)


def test_its_commands_write_to_folders_of_their_own() -> None:
    folders = [words[words.index("--out") + 1] for words in commands(README) if "--out" in words]
    assert folders == ["runs/first", "runs/own", "runs/my-data"]
    assert sum(words[0] == "run" and "--out" not in words for words in commands(README)) == 2  # mini's and miracl's
