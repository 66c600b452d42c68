"""A comparison as HTML and as LaTeX, and formulas escaped in its CSV."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import pytest
from support.commands import invoke
from support.hostile import NAMES
from support.pdflatex import log_of
from support.result_folders import write

HOSTILE = ["base", *NAMES]


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    losses = {"clpl": 0.08, "mnrl": -0.08}
    a = write(tmp_path / "a", ["base", "clpl", "mnrl", "same"], draw=1)
    return a, write(tmp_path / "b", ["base", "clpl", "mnrl", "same", "soft"], losses=losses, draw=2)


def printed(folders: tuple[Path, Path], output_format: str) -> str:
    result = invoke("compare", *folders, "--format", output_format, "--margin", "0.03")
    assert (result.status, result.err) == (0, "")
    return result.out


def test_the_page_has_one_row_per_pair_and_counts_the_verdicts(folders: tuple[Path, Path]) -> None:
    page = printed(folders, "html")
    assert page.startswith("<!doctype html>")
    assert page.partition("</table>")[0].count('<th scope="row"><bdi>') == 4
    assert "<dt>better</dt><dd>1 of 4</dd>" in page
    assert "<dt>equivalent</dt><dd>2 of 4</dd>" in page
    assert "<li><bdi>only in B: soft/ko</bdi></li>" in page
    assert "<h2>Data, A → B: the same</h2>" in page


def test_every_form_has_the_same_finding(folders: tuple[Path, Path]) -> None:
    finding = "Of 4 comparisons of B with A on nDCG@10: 1 better (mnrl/ko); 1 worse (clpl/ko); 2 equivalent."
    assert printed(folders, "text").splitlines()[-1] == finding
    for form in ("md", "tex", "html"):
        assert finding in printed(folders, form)


def test_a_verdict_is_a_chip_and_an_interval_stands_below_its_difference(folders: tuple[Path, Path]) -> None:
    page = printed(folders, "html")
    chips = re.findall(r'<span class="chip (\w+)"><span class="word">([\w ]+)</span>', page)
    assert sorted(chips) == [("equal", "equivalent")] * 2 + [("reversed", "worse"), ("same", "better")]
    assert re.search(r'number">−\d\.\d\d<span class="line interval">\[−\d\.\d\d, −\d\.\d\d\]</span>', page)


def test_the_page_has_no_script_and_loads_nothing(folders: tuple[Path, Path]) -> None:
    page = printed(folders, "html")
    assert "default-src 'none'" in page
    for element in ("<script", "<link", "<img", "<iframe", "url("):
        assert element not in page


def test_long_differences_are_shown_in_full(tmp_path: Path) -> None:
    a, b = (write(tmp_path / name, changes={"environment": {"cpu": name * 200}}) for name in "xy")
    page = printed((a, b), "html")
    assert f"<td><bdi>{'x' * 200}</bdi></td><td><bdi>{'y' * 200}</bdi></td>" in page


def test_the_latex_table_fits_the_text_width(folders: tuple[Path, Path], tmp_path: Path) -> None:
    text = printed(folders, "tex")
    assert r"\label{tab:fake-ndcg-10-compared}" in text
    assert text.count(r"\begin{table*}") == 1
    log = log_of(text, tmp_path / "tex")
    assert "Overfull" not in log
    assert "Missing character" not in log


def test_many_rows_are_split_into_several_tables(tmp_path: Path) -> None:
    entries = [f"entry-{i:02}" for i in range(45)]
    a, b = (write(tmp_path / name, entries, seeds=(0,), n=4, draw=i) for i, name in enumerate("ab"))
    text = printed((a, b), "tex")
    assert [part.count("entry-") for part in text.split(r"\begin{table*}")[1:]] == [40, 5]


def test_hostile_names_compile_with_pdflatex_and_stay_text_on_the_page(tmp_path: Path) -> None:
    a, b = (write(tmp_path / name, HOSTILE, seeds=(0,), n=4, draw=i) for i, name in enumerate("ab"))
    log_of(printed((a, b), "tex"), tmp_path / "tex")
    page = printed((a, b), "html")
    assert "<script" not in page
    assert page.partition("</table>")[0].count('<th scope="row"><bdi>') == len(HOSTILE)
    assert "'=HYPERLINK(1)" in [row["entry"] for row in csv.DictReader(io.StringIO(printed((a, b), "csv")))]
