"""What the documents show is what the program does, and what they link exists."""

from __future__ import annotations

import ast
import importlib.util
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml
from documents import PAGES, README, REPOSITORY, SITE, blocks, commands, imported, linked_files, name
from support.commands import invoke

from harness.cli.main import app

COMMANDS: Any = typer.main.get_command(app)
DOCS = REPOSITORY / "docs"


def leaves(group: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield every command that is not a group, with its words."""
    for word, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from leaves(command, (*path, word))
        else:
            yield (*path, word), command


LEAVES = dict(leaves(COMMANDS))


def parsed(words: list[str]) -> Any:
    """Return the context of a command line, parsed and converted but not carried out; raises click's UsageError."""
    depth = 2 if tuple(words[:2]) in LEAVES else 1
    return LEAVES[tuple(words[:depth])].make_context("harness", words[depth:])


@pytest.mark.parametrize("path", PAGES, ids=name)
def test_every_command_that_is_shown_is_one_that_the_command_line_takes(path: Path) -> None:
    for words in commands(path):
        parsed(words)


def test_a_command_with_an_unknown_option_or_value_would_be_noticed() -> None:
    for words in (["run", "--sead", "0"], ["run", "--device", "tpu"], ["check", "DIR"], ["compare", "A"]):
        with pytest.raises(typer.BadParameter.__base__):  # type: ignore[arg-type]
            parsed(words)


def test_the_documents_show_commands() -> None:
    assert {words[0] for path in PAGES for words in commands(path)} >= {
        *("run", "check", "compare", "report", "export", "verify", "rescore", "merge", "list", "data")
    }


def test_shown_output_is_what_the_commands_print_now() -> None:
    refresh = imported(DOCS / "refresh.py")
    texts = {path: path.read_text(encoding="utf-8") for path in refresh.pages()}
    printed = refresh.outputs(command for text in texts.values() for command in refresh.commands(text))
    stale = [name(path) for path, text in texts.items() if refresh.refreshed(text, printed) != text]
    assert stale == [], f"{', '.join(stale)}: run `make docs-refresh`"


def test_a_block_of_output_is_replaced_and_nothing_else() -> None:
    refresh = imported(DOCS / "refresh.py")
    text = "a\n<!-- output: harness run --help -->\n```text\nold\n```\nb\n```text\nkept\n```\n"
    assert refresh.commands(text) == ["harness run --help"]
    assert refresh.refreshed(text, {"harness run --help": "new\n"}) == text.replace("old", "new")


def test_the_reference_has_the_help_of_every_command() -> None:
    shown = imported(DOCS / "refresh.py").commands((DOCS / "commands.md").read_text(encoding="utf-8"))
    assert {" ".join(("harness", *words, "--help")) for words in LEAVES} <= set(shown)


@pytest.mark.parametrize("words", LEAVES, ids=" ".join)
def test_every_option_of_a_command_is_in_the_reference(words: tuple[str, ...]) -> None:
    reference = (DOCS / "commands.md").read_text(encoding="utf-8")
    _, section = reference.split(f"## `harness {' '.join(words)}`\n")
    section = section.partition("\n## ")[0]
    options = [option for parameter in LEAVES[words].params for option in parameter.opts if option.startswith("--")]
    assert [option for option in options if not re.search(rf"{option}(?![a-z-])", section)] == []


@pytest.mark.parametrize("path", PAGES, ids=name)
def test_every_linked_file_exists(path: Path) -> None:
    assert [target for target in linked_files(path) if not (path.parent / target).exists()] == []


@pytest.mark.parametrize("path", SITE, ids=name)
def test_every_included_file_exists(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    included = re.findall(r"^```\{(?:literalinclude|include)\} (\S+)$", text, flags=re.M)
    assert [file for file in included if not (path.parent / file).is_file()] == []


SHOWN_PYTHON = [(name(path), block.code) for path in PAGES for block in blocks(path, "python")]


@pytest.mark.parametrize(("path", "code"), SHOWN_PYTHON, ids=[path for path, _ in SHOWN_PYTHON])
def test_python_that_is_shown_runs(path: str, code: str) -> None:
    exec(compile(code, path, "exec"), {})


def test_the_row_of_a_train_file_is_one_that_is_taken(tmp_path: Path) -> None:
    (block,) = blocks(DOCS / "suites.md", "json")
    shown = json.loads(block.code)
    lists = {key: len(texts) for key, texts in shown.items() if isinstance(texts, list)}
    rows = [
        {"query": f"query {i}", **{key: [f"{key} {i} {j}" for j in range(length)] for key, length in lists.items()}}
        for i in range(4)
    ]
    assert {key: type(value) for key, value in rows[0].items()} == {key: type(value) for key, value in shown.items()}
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    arguments = ("--methods", "base,infonce-ance,clpl", "--langs", "ko", "--device", "cpu", "--out", tmp_path / "out")
    result = invoke("run", *arguments, "--train-file", f"ko={tmp_path / 'rows.jsonl'}", "--dry-run")
    assert result.status == 0, result.err


def test_the_site_builds_without_a_warning(tmp_path: Path) -> None:
    if missing := [package for package in ("sphinx", "myst_parser", "furo") if not importlib.util.find_spec(package)]:
        pytest.skip(f"not installed: {', '.join(missing)}; the dev extra has them")
    options = ("--builder", "html", "--nitpicky", "--fail-on-warning", "--keep-going", "--quiet")
    built = subprocess.run(
        [sys.executable, "-m", "sphinx", *options, "--doctree-dir", tmp_path / "doctrees", DOCS, tmp_path / "html"],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert (built.returncode, built.stderr) == (0, "")
    assert {f"{path.stem}.html" for path in SITE} <= {path.name for path in (tmp_path / "html").iterdir()}


def names_by_file() -> dict[str, set[str]]:
    """Return the base name of every test file → the tests in all files of that name."""
    found: dict[str, set[str]] = {}
    for path in (REPOSITORY / "tests").rglob("test_*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        functions = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
        found.setdefault(path.name, set()).update(functions)
    return found


def test_every_test_that_the_traps_name_exists() -> None:
    named = re.findall(r"`(test_\w+\.py) :: (test_\w+)`", (DOCS / "traps.md").read_text(encoding="utf-8"))
    existing = names_by_file()
    assert len(named) > 30
    assert [f"{file} :: {test}" for file, test in named if test not in existing.get(file, set())] == []


def test_every_trap_that_the_code_refers_to_is_described() -> None:
    described = set(re.findall(r"^## (T\d+):", (DOCS / "traps.md").read_text(encoding="utf-8"), flags=re.M))
    for path in (path for folder in ("harness", "methods") for path in (REPOSITORY / folder).rglob("*.py")):
        for reference in re.findall(r"\btraps? (T\d+(?:(?:, | and )T\d+)*)", path.read_text(encoding="utf-8")):
            assert set(re.findall(r"T\d+", reference)) <= described, name(path)


def test_the_rooms_are_the_same_in_both_documents() -> None:
    rooms = [
        re.findall(r"^\| (`[^|]+`) \| ([^|]+) \|$", text.partition("| room | content |")[2].partition("\n\n")[0], re.M)
        for text in (
            path.read_text(encoding="utf-8") for path in (REPOSITORY / "CONTRIBUTING.md", DOCS / "architecture.md")
        )
    ]
    assert rooms[0] == rooms[1]
    assert len(rooms[0]) == 16


def test_the_citation_is_of_this_version() -> None:
    import tomllib

    citation = yaml.safe_load((REPOSITORY / "CITATION.cff").read_text(encoding="utf-8"))
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert citation["cff-version"] == "1.2.0"
    assert {"message", "title", "authors"} <= citation.keys()
    assert citation["version"] == project["version"]
    assert project["license"] == f"{citation['license']} AND CC0-1.0"  # the software, and the texts in its wheel


def test_the_hooks_run_what_make_lint_runs() -> None:
    hooks = yaml.safe_load((REPOSITORY / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"][0]["hooks"]
    makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    recipe = re.search(r"^lint: .*\n((?:\t.*\n)+)", makefile, flags=re.M)
    assert recipe is not None
    assert [hook["entry"] for hook in hooks] == re.findall(r"\$\(BIN\)/(.*)", recipe[1])
    assert {hook["language"] for hook in hooks} == {"system"}


def test_the_numbers_of_the_readme_are_those_of_the_measurements() -> None:
    measurements = (DOCS / "measurements.md").read_text(encoding="utf-8")
    rows = {line.split("|")[1].strip(): line for line in measurements.splitlines() if line.startswith("| ")}
    (shown,) = re.findall(
        r"\((\d+) to (\d+) min on two cores, after an installation of (\d+) to (\d+) min\)", README.read_text("utf-8")
    )
    measured = [
        [int(minutes) + int(seconds) / 60 for minutes, seconds in re.findall(r"(\d+) min (\d+) s", rows[name])]
        for name in ("`make demo` after it", "installation of `make demo`")
    ]
    assert [round(time) for times in measured for time in (min(times), max(times))] == [int(time) for time in shown]
