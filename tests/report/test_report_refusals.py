"""Reports that fail: a one-line error with its exit status, and no file of the folder changed."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path

import pytest
from support.commands import invoke, snapshot
from support.fake_records import board, draw, put, put_failed

from harness.machine import bundled
from harness.report.report_formats import Format


@pytest.fixture(scope="module")
def once_reported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = board(tmp_path_factory.mktemp("reported") / "run", ["base", "mnrl"], {"ko": 4}, [0, 1])
    assert invoke("report", folder, "--no-texts").status == 0
    put(folder, ("clpl", "ko", 0), draw("clpl", "ko", 0, 4))
    return folder


@pytest.fixture
def reported(once_reported: Path, tmp_path: Path) -> Path:
    """A folder with a complete report of two entries, and a third entry that the report does not include yet."""
    return shutil.copytree(once_reported, tmp_path / "run")


@pytest.fixture
def templates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the templates, used by the reports of the test."""
    copy = tmp_path / "templates"
    shutil.copytree(bundled.templates(), copy)
    monkeypatch.setattr(bundled, "templates", lambda: copy)
    return copy


def test_a_folder_without_records_is_a_one_line_error_with_status_3(tmp_path: Path) -> None:
    result = invoke("report", tmp_path)
    assert (result.status, result.out) == (3, "")
    assert result.line.startswith(f"harness: no records below {tmp_path / 'records'}; name a folder")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_with_only_failed_cells_prints_each_reason_once_and_writes_nothing(tmp_path: Path) -> None:
    for entry in ("clpl", "mnrl"):
        for seed in range(4):
            put_failed(tmp_path, (entry, "ko", seed), "out of [bold]memory[/bold]")
    put_failed(tmp_path, ("soft-1", "ko", 0), "loss is NaN\nat step 3")
    before = snapshot(tmp_path)
    result = invoke("report", tmp_path)
    assert result.status == 3
    cells = "clpl/ko/0, clpl/ko/1, clpl/ko/2, clpl/ko/3, mnrl/ko/0 and 3 more"
    assert result.out.splitlines() == [
        f"failed: {cells}: out of [bold]memory[/bold]",
        "failed: soft-1/ko/0: loss is NaN at step 3",
    ]
    assert result.line.startswith(f"harness: all cells in {tmp_path} failed (9); clpl/ko/0: out of")
    assert snapshot(tmp_path) == before


def test_records_of_two_suites_are_a_one_line_error_and_change_nothing(reported: Path) -> None:
    put(reported, ("soft-1", "ko", 0), draw("soft-1", "ko", 0, 4), suite="other")
    before = snapshot(reported)
    result = invoke("report", reported)
    assert result.status == 2
    assert result.line == f"harness: {reported} holds records of two suites (fake, other); give each its own folder"
    assert snapshot(reported) == before


@pytest.mark.parametrize("name", ["leaderboard.html", "SHA256SUMS", "queries"])
def test_a_link_or_another_thing_in_the_place_of_a_file_is_to_be_removed(reported: Path, name: str) -> None:
    shutil.move(reported / name, reported.parent / "aside")
    (reported / name).symlink_to(reported.parent / "aside")
    result = invoke("report", reported)
    assert (result.status, result.out) == (2, "")
    assert result.line.endswith(f"{name} is a link; remove it, or put a plain file or folder in its place")


def test_control_characters_of_a_reason_are_escapes_on_every_page_and_in_their_data(reported: Path) -> None:
    reason = "dead \x1b[2J\x00 \x9b \x08 \\u001b \\\x7f ok\nnext"
    put_failed(reported, ("soft-1", "ko", 0), reason)
    assert invoke("report", reported, "--no-texts").status == 0
    texts = {path: path.read_text(encoding="utf-8") for path in reported.rglob("*.html")}
    shown = [path.name for path, text in texts.items() if r"dead \x1b[2J\x00 \x9b \x08 \u001b \\x7f ok" in text]
    assert {"leaderboard.html", "soft-1.html"} <= set(shown)
    for text in texts.values():
        assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]", text)
    (data,) = re.findall(r'<script type="application/json"[^>]*>(.*?)</script>', texts[reported / "leaderboard.html"])
    failed = "; ".join(entry["failed"] for entry in json.loads(data)["entries"])
    assert not re.search("[\x00-\x08\x7f-\x9f]", failed)
    assert r"dead \x1b[2J\x00 \x9b \x08 \u001b \\x7f ok" in failed


BROKEN = {
    "\n{% if": "line 2: TemplateSyntaxError: ",
    "{{ bords }}": "line 1: UndefinedError: 'bords' is undefined",
    "\n\n{{ 1 / 0 }}\n": "line 3: ZeroDivisionError: division by zero",
    "\n{{ 'a' + 1 }}\n": "line 2: TypeError: ",
    "{% include 'nowhere.j2' %}": "line 1: nowhere.j2 does not exist",
    "\n{{ 1 | hundert }}": "line 2: TemplateAssertionError: No filter named 'hundert'",
    "{% include 'SELF' %}": "line 1: RecursionError: ",
}


@pytest.mark.parametrize(
    "template", ["leaderboard.html.j2", "leaderboard.md.j2", "evidence.md.j2", "leaderboard.tex.j2"]
)
@pytest.mark.parametrize("text", BROKEN)
def test_a_broken_template_is_named_with_its_line_and_nothing_is_written(
    reported: Path, templates: Path, template: str, text: str
) -> None:
    content = text.replace("SELF", template)
    if template.endswith(".tex.j2"):
        content = content.replace("{{", "<<").replace("}}", ">>").replace("{%", "<%").replace("%}", "%>")
    (templates / template).write_text(content, encoding="utf-8")
    before = snapshot(reported)
    result = invoke("report", reported, "--no-texts")
    assert (result.status, result.out) == (2, "")
    assert result.line.startswith(f"harness: template {template} {BROKEN[text]}")
    assert result.line.endswith(f"; fix it in {templates}")
    assert snapshot(reported) == before


def test_an_error_in_an_included_template_names_the_included_template(reported: Path, templates: Path) -> None:
    text = (templates / "claims.html.j2").read_text(encoding="utf-8")
    (templates / "claims.html.j2").write_text(f"\n\n{{{{ claims.nothing.at_all }}}}\n{text}", encoding="utf-8")
    result = invoke("report", reported, "--no-texts")
    assert result.line.startswith("harness: template claims.html.j2 line 3: UndefinedError: ")


@pytest.mark.parametrize("name", ["leaderboard.html.j2", "page.css.j2", "leaderboard.js"])
def test_a_missing_template_file_is_named(reported: Path, templates: Path, name: str) -> None:
    (templates / name).unlink()
    before = snapshot(reported)
    result = invoke("report", reported, "--no-texts")
    assert result.status == 2
    assert name in result.line
    assert "does not exist" in result.line
    assert snapshot(reported) == before


def test_a_template_that_is_not_text_is_named(reported: Path, templates: Path) -> None:
    (templates / "leaderboard.tex.j2").write_bytes(b"\xff\xfe")
    result = invoke("report", reported, "--no-texts")
    assert result.status == 2
    assert result.line.startswith("harness: template leaderboard.tex.j2: UnicodeDecodeError: ")


def test_a_broken_template_of_another_format_does_not_matter(reported: Path, templates: Path) -> None:
    (templates / "leaderboard.html.j2").write_text("{% if", encoding="utf-8")
    assert invoke("report", reported, "--format", "md,tex,json,csv").status == 0


def test_a_full_disk_changes_no_file(reported: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = snapshot(reported)
    count = 0

    def full(descriptor: int) -> None:
        nonlocal count
        count += 1
        if count == len(Format):
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    result = invoke("report", reported, "--no-texts")
    assert count == len(Format)
    assert (result.status, "No space left on device" in result.line) == (2, True)
    assert snapshot(reported) == before


def test_a_folder_in_place_of_a_file_leaves_all_other_files_unchanged(reported: Path) -> None:
    (reported / "leaderboard.md").unlink()
    (reported / "leaderboard.md").mkdir()
    before = snapshot(reported)
    result = invoke("report", reported, "--no-texts")
    assert result.line == (
        f"harness: cannot write the report into {reported}: leaderboard.md: Is a directory; "
        "remove it, or put a plain file or folder in its place"
    )
    assert snapshot(reported) == before


def test_many_failed_cells_are_a_few_short_lines(reported: Path) -> None:
    for seed in range(60):
        put_failed(reported, ("clpl", "ko", seed), f"reason {seed % 30} " + "y" * 10_000)
    lines = [line for line in invoke("report", reported).out.split("failed: ") if "reason" in line]
    assert len(lines) == 21
    assert max(map(len, lines)) < 700
    assert " ".join(lines[-1].split()).startswith("20 more cells, for 10 other reasons")
