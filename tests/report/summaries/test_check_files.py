"""The files and annotations of a check: JUnit XML, Markdown, GitHub workflow commands."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from support.commands import invoke
from support.fake_records import put_failed
from support.result_folders import write

from harness.report.summaries.check_files import annotation
from harness.results.record import path_of


@pytest.fixture
def failing(tmp_path: Path) -> tuple[Path, Path]:
    """A regression, a missing cell whose reason needs escaping, and an unchanged cell."""
    old = write(tmp_path / "old", ["base", "clpl", "mnrl"], draw=1)
    new = write(tmp_path / "new", ["base", "mnrl"], losses={"mnrl": 0.08}, draw=2)
    for seed in (0, 1, 2):
        put_failed(new, ("clpl", "ko", seed), "100 % <full> & \x1b[31mred\x00, \U0001f4a5 | here")
    return new, old


def test_junit_xml_has_one_testcase_per_comparison_and_per_missing_cell(
    tmp_path: Path, failing: tuple[Path, Path]
) -> None:
    new, old = failing
    assert invoke("check", new, "--baseline", old, "--junit", tmp_path / "out/junit.xml").status == 1
    (suite,) = ElementTree.parse(tmp_path / "out/junit.xml").getroot()
    assert (suite.get("tests"), suite.get("failures"), suite.get("name")) == ("3", "2", "fake")
    cases = {case.get("name"): case.find("failure") for case in suite}
    assert list(cases) == ["base/ko nDCG@10", "mnrl/ko nDCG@10", "clpl/ko"]
    assert cases["base/ko nDCG@10"] is None
    kinds = [failure.get("type") for failure in cases.values() if failure is not None]
    assert kinds == ["regression", "missing"]
    assert "100 % <full> & \ufffd[31mred\ufffd, \U0001f4a5" in str(cases["clpl/ko"].get("message"))  # type: ignore[union-attr]


def test_markdown_has_one_row_per_comparison_and_escapes_the_data(tmp_path: Path, failing: tuple[Path, Path]) -> None:
    new, old = failing
    invoke("check", new, "--baseline", old, "--markdown", tmp_path / "check.md")
    text = (tmp_path / "check.md").read_text(encoding="utf-8")
    assert text.startswith("# fake: FAILED: 1 regression, 1 missing cell, 1 same\n")
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert [len(row.replace("\\|", "").split("|")) for row in rows] == [11] * 4
    assert rows[2].startswith("| **regression** | mnrl | ko | 49.85 | 42.15 | −7.70 |")
    assert "\\<full\\> \\& " in text


def test_the_page_has_a_chip_per_comparison_and_per_missing_cell(tmp_path: Path, failing: tuple[Path, Path]) -> None:
    new, old = failing
    invoke("check", new, "--baseline", old, "--html", tmp_path / "check.html")
    page = (tmp_path / "check.html").read_text(encoding="utf-8")
    assert '<p class="headline"><bdi>FAILED: 1 regression, 1 missing cell, 1 same</bdi></p>' in page
    chips = re.findall(r'<span class="chip (\w+)"><span class="word">([\w ]+)</span>', page)
    assert chips == [("reversed", "regression"), ("check", "same"), ("cross", "missing")]
    assert 'number">−7.70<span class="line interval">[' in page
    assert "100 % &lt;full&gt; &amp; " in page
    assert "<script" not in page


def test_every_form_has_the_same_sentences(tmp_path: Path, failing: tuple[Path, Path]) -> None:
    new, old = failing
    forms = {name: tmp_path / f"check.{name}" for name in ("markdown", "html")}
    options = [word for name, path in forms.items() for word in (f"--{name}", path)]
    lines = invoke("check", new, "--baseline", old, *options).out.splitlines()
    (sentence,) = [line for line in lines if line.startswith("regression: ")]
    for path in forms.values():
        assert sentence in path.read_text(encoding="utf-8")


def test_on_github_the_summary_is_appended_and_each_failure_is_an_annotation(
    tmp_path: Path, failing: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    summary = tmp_path / "summary.md"
    summary.write_text("before\n", encoding="utf-8")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    result = invoke("check", failing[0], "--baseline", failing[1])
    assert summary.read_text(encoding="utf-8").startswith("before\n# fake: FAILED")
    commands = [line for line in result.out.splitlines() if line.startswith("::")]
    assert [line.partition("::mnrl")[0].partition("::clpl")[0] for line in commands] == [
        "::error title=regression",
        "::error title=missing cell",
    ]
    assert "100 %25 <full>" in commands[1]


def test_on_github_an_error_is_an_annotation_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    result = invoke("check", tmp_path / "nothing", "--baseline", write(tmp_path / "old"))
    assert (result.status, result.err.count("\n")) == (3, 1)
    assert result.out.startswith("::error title=harness check::")
    assert "does not exist; name a folder" in result.out


def test_without_github_there_is_no_annotation(failing: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    assert "::" not in invoke("check", failing[0], "--baseline", failing[1]).out


def test_line_breaks_and_separators_are_escaped_in_an_annotation() -> None:
    assert annotation("error", "a,b:c", "x\r\n::set-output name=y::z%0A") == (
        "::error title=a%2Cb%3Ac::x\\r\\n::set-output name=y::z%250A"
    )


def test_a_file_that_cannot_be_written_is_a_one_line_error(tmp_path: Path, failing: tuple[Path, Path]) -> None:
    result = invoke(
        "check", *(failing[0], "--baseline", failing[1]), "--junit", path_of(failing[1], "mnrl", "ko", 0) / "x.xml"
    )
    assert (result.status, "name another file" in result.line) == (2, True)
