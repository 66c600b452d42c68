"""Sweeps on the leaderboard: curves, tables and sweeps.csv."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote
from xml.etree import ElementTree

import pytest
from support.commands import spawn
from support.drawn_figures import UNIFORM, section_html
from support.fake_records import draw, provenance, put, put_failed
from support.swept_records import name_of, put_swept

from harness.evidence.leaderboard import collate
from harness.report.report_files import write_reports
from harness.report.sections import sweeps_section
from harness.report.sections.sweep_curves import Curve
from harness.report.sweep_names import value_text
from harness.report.table_view import tables


def curves(folder: Path) -> list[Curve]:
    board = collate(folder)
    return sweeps_section.sweep_curves(board, tables(board)[0].rows)


@pytest.fixture
def grid(tmp_path: Path) -> Path:
    """Four penalty weights by two numbers of experts in two languages: score = (weight + experts) / 10."""
    for weight in (0.01, 0.1, 0.5, 1.0):
        for experts in (2, 10):
            score = (weight + experts) / 20
            values = {"clpl.penalty_weight": weight, "moe.experts": experts}
            put_swept(tmp_path, values, {"ko": score, "fa": score / 2})
    put(tmp_path, ("mnrl", "ko", 0), {"AP": {"a": 0.5, "b": 0.5}})
    return tmp_path


def test_there_is_one_curve_per_setting_and_one_line_per_value_of_the_other_setting(grid: Path) -> None:
    weight, experts = curves(grid)
    assert [(curve.origin, curve.target) for curve in (weight, experts)] == [
        ("clpl-moe", "clpl.penalty_weight"),
        ("clpl-moe", "moe.experts"),
    ]
    assert [line.others for line in weight.lines] == ["moe.experts=2", "moe.experts=10"]  # by size, not by text
    assert [[point.value for point in line.points] for line in weight.lines] == [[0.01, 0.1, 0.5, 1.0]] * 2
    assert [[point.value for point in line.points] for line in experts.lines] == [[2, 10]] * 4


def test_a_point_has_the_scores_of_the_leaderboard(grid: Path) -> None:
    point = curves(grid)[0].lines[0].points[1]  # 0.1, 2 experts
    assert point.average is not None
    assert point.average.mean == pytest.approx(0.75 * 2.1 / 20)
    assert [box.score.mean for box in point.boxes if box.score] == pytest.approx([2.1 / 40, 2.1 / 20])  # fa, ko


def test_a_setting_with_a_single_value_has_no_curve(tmp_path: Path) -> None:
    put_swept(tmp_path, {"train.pairs": 5}, {"ko": 0.5})
    assert curves(tmp_path) == []
    write_reports(tmp_path)
    assert not (tmp_path / "sweeps.csv").exists()
    assert "Sweeps" not in (tmp_path / "leaderboard.html").read_text(encoding="utf-8")


def test_the_page_has_tables_and_curves_and_no_broken_link(grid: Path) -> None:
    page = write_reports(grid).read_text(encoding="utf-8")
    section = section_html(page, "sweeps")
    text = " ".join(re.sub("<[^>]+>", " ", section).split())
    assert "clpl-moe penalty_weight" in text  # no record has an equation with a symbol
    assert "experts = 2 penalty_weight = 1.0 7.50 15.00 11.25 [11.25, 11.25]" in text
    assert section.count("<svg") == section.count("</svg>") == 2
    linked: set[Path] = set()
    for file in (grid / "leaderboard.html", *(grid / "entries").glob("*.html")):
        hrefs = re.findall(r'href="(?!https?:|#)([^"#]+)', file.read_text(encoding="utf-8"))
        linked |= {(file.parent / unquote(href)).resolve() for href in hrefs}
    assert [path for path in linked if not path.is_file()] == []
    assert {path for path in linked if path.parts[-4] == "records"} >= set(grid.resolve().rglob("records/**/*.json"))
    assert quote("clpl-moe[clpl.penalty_weight=0.01,moe.experts=2]", safe="@") in page


def test_ids_of_a_page_are_unique_and_references_resolve(grid: Path) -> None:
    page = write_reports(grid).read_text(encoding="utf-8")
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    references = [*re.findall(r'href="#([^"]+)"', page), *re.findall(r"url\(#([^)]+)\)", page)]
    assert set(references) <= set(ids)
    for labels in re.findall(r'aria-labelledby="([^"]+)"', page):
        assert set(labels.split()) <= set(ids)


def test_a_curve_is_one_labelled_element_with_its_numbers_in_the_description(grid: Path) -> None:
    for curve in curves(grid):
        root = ElementTree.fromstring(curve.figure)
        assert (root.tag, root.get("role")) == ("svg", "img")
        title, described = root[0], root[1]
        assert title.text == f"clpl-moe: AP over {curve.target.partition('.')[2]}"
        assert described.text is not None
        assert "7.54" in described.text
        words = "".join(root.itertext())
        assert "AP × 100" in words
        for foreign in ("http", "<metadata", "<style", "#123456", "font-family"):
            assert foreign not in curve.figure


def test_equal_records_give_equal_bytes(grid: Path) -> None:
    names = ("leaderboard.html", "leaderboard.md", "sweeps.csv")
    write_reports(grid)
    first = [(grid / name).read_bytes() for name in names]
    write_reports(grid)
    assert [(grid / name).read_bytes() for name in names] == first


def test_rows_of_markdown_tables_have_as_many_cells_as_the_header(grid: Path) -> None:
    write_reports(grid)
    text = (grid / "leaderboard.md").read_text(encoding="utf-8")
    section = text[text.index("## Sweeps") :]
    blocks = [block for block in section.split("\n\n") if block.startswith("| others")]
    assert len(blocks) == 2
    rows = [line.replace("\\|", "").count("|") for line in blocks[0].split("\n")]
    assert set(rows) == {6}
    assert len(rows) == 2 + 8
    assert "| experts = 10 | penalty\\_weight = 1.0 | 27.50 | 55.00 | 41.25 [41.25, 41.25] |" in section


def test_the_csv_has_every_measure_unrounded_with_the_value_of_each_setting(tmp_path: Path) -> None:
    for pairs in (5, 50):
        name = name_of({"train.pairs": pairs}, "mnrl")
        made = provenance(name, "ko", 0)
        made["entry"] |= {"origin": "mnrl", "swept": {"train.pairs": pairs}}
        put(tmp_path, (name, "ko", 0), draw(name, "ko", 0, 3), provenance=made)
    write_reports(tmp_path)
    rows = list(csv.DictReader((tmp_path / "sweeps.csv").read_text(encoding="utf-8").splitlines()))
    assert len(rows) == 2 * 2 * 5  # values, ko and average, measures
    assert [row["value"] for row in rows] == ["5"] * 10 + ["50"] * 10
    board = list(csv.DictReader((tmp_path / "leaderboard.csv").read_text(encoding="utf-8").splitlines()))
    means = {(row["entry"], row["language"], row["measure"]): row["mean"] for row in board}
    for row in rows:
        assert (row["origin"], row["setting"], row["others"]) == ("mnrl", "train.pairs", "")
        assert row["mean"] == means[row["entry"], row["language"], row["measure"]]


def ticks(figure: str) -> dict[str, float]:
    """Return the values at the ticks of a figure's horizontal axis, with or without `y = `, with their positions."""
    labels = re.findall(r'<text [^>]*text-anchor:middle[^>]* x="([\d.]+)" y="[\d.]+">([^<]+)</text>', figure)
    return {label.removeprefix("y = "): float(x) for x, label in labels[:-1]}  # the last is the label of the axis


@pytest.mark.parametrize(("setting", "full"), [("penalty_weight", False), ("lambda", True)])
def test_the_labels_at_the_ends_of_the_axis_stay_within_the_figure(tmp_path: Path, setting: str, full: bool) -> None:
    for weight in (0.1, 0.5):
        put_swept(tmp_path, {f"clpl.{setting}": weight}, {"ko": weight})
    (curve,) = curves(tmp_path)
    assert (f">{setting} = 0.5<" in curve.figure) is full


@pytest.mark.parametrize(
    ("values", "even"),
    [
        ([1, 10, 100], True),  # logarithmic: the largest is more than 10 times the smallest
        ([1, 5, 9], True),
        ([1, 2, 9], False),  # linear
        ([0, 1, 100], False),  # linear: a logarithmic axis has no 0
        (["topk", "switch", "other"], True),
        ([True, False, None], True),
        ([[32, 16], [32], []], True),
    ],
)
def test_numbers_are_drawn_at_their_values_and_other_values_evenly(
    tmp_path: Path, values: list[Any], even: bool
) -> None:
    for i, value in enumerate(values):
        put_swept(tmp_path, {"x.y": value}, {"ko": 0.1 * (i + 1)})
    (curve,) = curves(tmp_path)
    positions = ticks(curve.figure)
    assert sorted(positions) == sorted(value_text(value) for value in values)
    first, second, third = positions.values()
    assert (second - first == pytest.approx(third - second, abs=0.03)) is even


EQUATION = "L = (1-λ) · InfoNCE + λ · penalty\nλ             penalty_weight (0.1 unless set)\nτ   temperature"


def put_weights(folder: Path, weights: tuple[float, ...] = (0.1, 0.5)) -> None:
    """Write swept entries whose records hold the method's equation."""
    for weight in weights:
        name = name_of({"clpl.penalty_weight": weight}, "clpl")
        made = provenance(name, "ko", 0)
        made["entry"] |= {"origin": "clpl", "swept": {"clpl.penalty_weight": weight}, "equations": {"clpl": EQUATION}}
        put(folder, (name, "ko", 0), draw(name, "ko", 0, 3, ["AP"]), provenance=made)


def test_a_page_is_titled_by_what_varies_with_the_symbol_of_the_methods_equation(tmp_path: Path) -> None:
    put_weights(tmp_path)
    page = write_reports(tmp_path).read_text(encoding="utf-8")
    (heading,) = re.findall("<h1>(.*?)</h1>", page)
    assert re.sub("<[^>]+>", "", heading).endswith(" · clpl λ")
    assert " · clpl λ: leaderboard</title>" in page
    assert page.index("<svg") == page.index('<svg class="drawn" role="img" aria-labelledby="sweep-1')
    assert page.index("<svg") < page.index("<table")


def test_points_and_rows_of_a_sweep_are_labelled_by_symbol_and_value(tmp_path: Path) -> None:
    put_weights(tmp_path)
    (curve,) = curves(tmp_path)
    words = [element.text for element in ElementTree.fromstring(curve.figure).iter("text")]
    assert {"λ = 0.1", "λ = 0.5", "λ (clpl.penalty_weight)"} <= set(words)
    page = write_reports(tmp_path).read_text(encoding="utf-8")
    assert "<bdi>λ = 0.5</bdi>" in section_html(page, "sweeps")
    assert section_html(page, "scores").count(' title="clpl[clpl.penalty_weight=0.5]"><bdi>clpl λ = 0.5</bdi>') == 1


def test_ticks_without_room_for_the_symbol_have_the_values_alone(tmp_path: Path) -> None:
    put_weights(tmp_path, (0.1, 0.101, 0.5))
    (curve,) = curves(tmp_path)
    words = [element.text for element in ElementTree.fromstring(curve.figure).iter("text")]
    assert {"0.1", "0.101", "0.5"} <= set(words)


def test_settings_that_would_share_a_symbol_keep_their_whole_names(tmp_path: Path) -> None:
    for value in (1, 2):
        put_swept(tmp_path, {"a.size": value, "b.size": value}, {"ko": 0.5})
    assert [curve.symbol for curve in curves(tmp_path)] == []  # each line has one point
    put_swept(tmp_path, {"a.size": 1, "b.size": 2}, {"ko": 0.5})
    assert [curve.symbol for curve in curves(tmp_path)] == ["a.size", "b.size"]


def test_markup_and_dollar_signs_in_a_name_are_text(tmp_path: Path) -> None:
    for value in ("<b>", "$x^2$"):
        put_swept(tmp_path, {"x.y": value}, {"ko": 0.5}, origin="a&b")
    (curve,) = curves(tmp_path)
    words = "".join(ElementTree.fromstring(curve.figure).itertext())
    assert "$x^2$" in words
    assert "<b>" in words
    assert "<b>" not in write_reports(tmp_path).read_text(encoding="utf-8")


def test_a_value_whose_cells_failed_is_shown_as_failed(tmp_path: Path) -> None:
    for value in (1, 2):
        put_swept(tmp_path, {"moe.experts": value}, {"ko": 0.5})
    name = name_of({"moe.experts": 4})
    made = {"entry": {"origin": "clpl-moe", "swept": {"moe.experts": 4}}}
    put_failed(tmp_path, (name, "ko", 0), "out of memory", provenance=made)
    (curve,) = curves(tmp_path)
    assert [(point.value, point.average is None) for point in curve.lines[0].points] == [
        (1, False),
        (2, False),
        (4, True),
    ]
    assert "4: none" in curve.figure
    page = write_reports(tmp_path).read_text(encoding="utf-8")
    section = section_html(page, "sweeps")
    assert section.count(">failed<") == 1


def test_a_report_without_a_sweep_imports_no_matplotlib(tmp_path: Path) -> None:
    put(tmp_path, ("mnrl", "ko", 0), {"AP": {"a": 0.5, "b": 0.5}})
    code = (
        "import sys; from pathlib import Path; from harness.report.report_files import write_reports;"
        f"write_reports(Path({str(tmp_path)!r})); print('matplotlib' in sys.modules)"
    )
    result = spawn("-c", code, cwd=tmp_path)
    assert result.out == "False\n", result.err


def test_readers_see_the_short_name_of_a_swept_entry_and_tables_for_programs_keep_its_id(tmp_path: Path) -> None:
    put(tmp_path, ("base", "ko", 0), {"AP": {"a": 0.25, "b": 0.5}})
    geometry = {"before": UNIFORM, "after": UNIFORM}
    for weight, score in ((0.1, 0.5), (0.5, 0.75)):
        values = {"clpl.penalty_weight": weight}
        for seed in (0, 1):
            name = name_of(values, "clpl")
            made = provenance(name, "ko", seed)
            made["entry"] |= {"origin": "clpl", "swept": values, "departures": ["of its own"]}
            scores = {"AP": {"a": score, "b": score - seed / 10}}
            put(tmp_path, (name, "ko", seed), scores, provenance=made, geometry=geometry)
    put_failed(tmp_path, (name_of({"clpl.penalty_weight": 0.9}, "clpl"), "ko", 0), "out of memory")
    page = write_reports(tmp_path, collate(tmp_path, "base")).read_text(encoding="utf-8")
    short = "clpl penalty_weight = 0.5"
    for section in ("evidence", "geometry", "pictures"):
        html = re.sub(r' (?:title|href)="[^"]*"', "", section_html(page, section))
        assert short in html
        assert "[clpl." not in html
    markdown = (tmp_path / "leaderboard.md").read_text(encoding="utf-8").replace("\\", "")
    with_id = [line for line in markdown.splitlines() if f"{name_of({'clpl.penalty_weight': 0.5}, 'clpl')}" in line]
    assert len(with_id) == 1
    assert with_id[0].startswith(f"- {short} (clpl[clpl.penalty_weight=0.5]): ")
    assert f"- {short} departs" in markdown
    assert f"The highest AP is that of {short}" in markdown
    latex = (tmp_path / "leaderboard.tex").read_text(encoding="utf-8").replace("\\", "")
    assert short in latex
    assert "penalty_weight=0.5" not in latex
    for file in ("leaderboard.csv", "evidence.csv", "geometry.csv"):
        text = (tmp_path / file).read_text(encoding="utf-8")
        assert "clpl[clpl.penalty_weight=0.5]" in text
        assert short not in text
