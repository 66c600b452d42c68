"""Sweeps on the leaderboard: curves, tables and sweeps.csv; and a run whose entries have values in their names."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote
from xml.etree import ElementTree

import pytest
from support.commands import invoke, read_json, snapshot, spawn
from support.fake_records import draw, provenance, put, put_failed

from harness.evidence.leaderboard import collate
from harness.report.report_files import write_reports
from harness.report.sections import sweeps_section
from harness.report.sections.sweeps_section import Curve
from harness.report.table_view import tables

Values = dict[str, Any]


def name_of(values: Values, origin: str = "clpl-moe") -> str:
    return f"{origin}[{','.join(f'{target}={sweeps_section.text(value)}' for target, value in values.items())}]"


def put_swept(folder: Path, values: Values, scores: dict[str, float], origin: str = "clpl-moe", seed: int = 0) -> str:
    """Write the records of a swept entry in which every query scores the same; `scores` is language → score."""
    name = name_of(values, origin)
    for language, score in scores.items():
        said = provenance(name, language, seed)
        said["entry"] |= {"origin": origin, "swept": values}
        put(folder, (name, language, seed), {"AP": {"a": score, "b": score}}, provenance=said)
    return name


def curves(folder: Path) -> list[Curve]:
    board = collate(folder)
    return sweeps_section.of_board(board, tables(board)[0].rows)


def of_sweeps(page: str) -> str:
    """Return the section of a page."""
    start = page.index('<section id="sweeps">')
    return page[start : page.index("</section>", start)]


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


def test_there_is_a_curve_for_each_setting_with_a_line_for_each_of_the_others(grid: Path) -> None:
    weight, experts = curves(grid)
    assert [(curve.origin, curve.target) for curve in (weight, experts)] == [
        ("clpl-moe", "clpl.penalty_weight"),
        ("clpl-moe", "moe.experts"),
    ]
    assert [line.others for line in weight.lines] == ["moe.experts=2", "moe.experts=10"]  # by size, not by text
    assert [[point.value for point in line.points] for line in weight.lines] == [[0.01, 0.1, 0.5, 1.0]] * 2
    assert [[point.value for point in line.points] for line in experts.lines] == [[2, 10]] * 4


def test_a_point_is_the_leaderboards_row(grid: Path) -> None:
    point = curves(grid)[0].lines[0].points[1]  # 0.1, 2 experts
    assert point.average is not None
    assert point.average.mean == pytest.approx(0.75 * 2.1 / 20)
    assert [box.score.mean for box in point.boxes if box.score] == pytest.approx([2.1 / 40, 2.1 / 20])  # fa, ko


def test_an_entry_with_one_value_of_a_setting_has_no_curve(tmp_path: Path) -> None:
    put_swept(tmp_path, {"train.pairs": 5}, {"ko": 0.5})
    assert curves(tmp_path) == []
    write_reports(tmp_path)
    assert not (tmp_path / "sweeps.csv").exists()
    assert "Sweeps" not in (tmp_path / "leaderboard.html").read_text(encoding="utf-8")


def test_the_page_has_the_tables_and_the_curves_and_no_link_that_leads_nowhere(grid: Path) -> None:
    page = write_reports(grid).read_text(encoding="utf-8")
    section = of_sweeps(page)
    text = " ".join(re.sub("<[^>]+>", " ", section).split())
    assert "clpl-moe : clpl.penalty_weight" in text
    assert "moe.experts=2 1.0 7.50 15.00 11.25 [11.25, 11.25]" in text
    assert section.count("<svg") == section.count("</svg>") == 2
    linked: set[Path] = set()
    for file in (grid / "leaderboard.html", *(grid / "entries").glob("*.html")):
        hrefs = re.findall(r'href="(?!https?:|#)([^"#]+)', file.read_text(encoding="utf-8"))
        linked |= {(file.parent / unquote(href)).resolve() for href in hrefs}
    assert [path for path in linked if not path.is_file()] == []
    assert {path for path in linked if path.parts[-4] == "records"} >= set(grid.resolve().rglob("records/**/*.json"))
    assert quote("clpl-moe[clpl.penalty_weight=0.01,moe.experts=2]", safe="@") in page


def test_every_id_of_a_page_is_its_own_and_every_reference_has_one(grid: Path) -> None:
    page = write_reports(grid).read_text(encoding="utf-8")
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    used = [*re.findall(r'href="#([^"]+)"', page), *re.findall(r"url\(#([^)]+)\)", page)]
    assert set(used) <= set(ids)
    for named in re.findall(r'aria-labelledby="([^"]+)"', page):
        assert set(named.split()) <= set(ids)


def test_a_curve_is_one_well_formed_element_with_a_name_and_its_numbers_in_words(grid: Path) -> None:
    for curve in curves(grid):
        root = ElementTree.fromstring(curve.figure)
        assert (root.tag, root.get("role")) == ("svg", "img")
        title, described = root[0], root[1]
        assert title.text == f"clpl-moe: AP over {curve.target}"
        assert described.text is not None
        assert "7.54" in described.text
        words = "".join(root.itertext())
        assert "AP × 100" in words
        for outside in ("http", "<metadata", "<style", "#123456", "font-family"):
            assert outside not in curve.figure


def test_equal_records_give_equal_bytes(grid: Path) -> None:
    names = ("leaderboard.html", "leaderboard.md", "sweeps.csv")
    write_reports(grid)
    first = [(grid / name).read_bytes() for name in names]
    write_reports(grid)
    assert [(grid / name).read_bytes() for name in names] == first


def test_the_markdown_tables_have_as_many_cells_as_their_heads(grid: Path) -> None:
    write_reports(grid)
    text = (grid / "leaderboard.md").read_text(encoding="utf-8")
    section = text[text.index("## Sweeps") :]
    blocks = [block for block in section.split("\n\n") if block.startswith("| others")]
    assert len(blocks) == 2
    rows = [line.replace("\\|", "").count("|") for line in blocks[0].split("\n")]
    assert set(rows) == {6}
    assert len(rows) == 2 + 8
    assert "| moe.experts=10 | 1.0 | 27.50 | 55.00 | 41.25 [41.25, 41.25] |" in section


def test_the_csv_holds_every_measure_unrounded_with_the_value_of_each_setting(tmp_path: Path) -> None:
    for pairs in (5, 50):
        name = name_of({"train.pairs": pairs}, "mnrl")
        said = provenance(name, "ko", 0)
        said["entry"] |= {"origin": "mnrl", "swept": {"train.pairs": pairs}}
        put(tmp_path, (name, "ko", 0), draw(name, "ko", 0, 3), provenance=said)
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
    """Return the labels of a figure's horizontal axis and where they stand."""
    found = re.findall(r'<text [^>]*text-anchor:middle[^>]* x="([\d.]+)" y="[\d.]+">([^<]+)</text>', figure)
    return {label: float(x) for x, label in found[:-1]}  # the last is the axis' own label


@pytest.mark.parametrize(
    ("values", "even"),
    [
        ([1, 10, 100], True),  # logarithmic: a hundred times its smallest
        ([1, 5, 9], True),
        ([1, 2, 9], False),  # linear: less than ten times
        ([0, 1, 100], False),  # 0 has no place on a logarithmic axis
        (["topk", "switch", "other"], True),
        ([True, False, None], True),
        ([[32, 16], [32], []], True),
    ],
)
def test_numbers_stand_where_they_are_and_everything_else_evenly(tmp_path: Path, values: list[Any], even: bool) -> None:
    for place, value in enumerate(values):
        put_swept(tmp_path, {"x.y": value}, {"ko": 0.1 * (place + 1)})
    (curve,) = curves(tmp_path)
    at = ticks(curve.figure)
    assert sorted(at) == sorted(sweeps_section.text(value) for value in values)
    first, second, third = at.values()
    assert (second - first == pytest.approx(third - second, abs=0.03)) is even


def test_markup_and_dollars_in_a_name_are_text(tmp_path: Path) -> None:
    for value in ("<b>", "$x^2$"):
        put_swept(tmp_path, {"x.y": value}, {"ko": 0.5}, origin="a&b")
    (curve,) = curves(tmp_path)
    words = "".join(ElementTree.fromstring(curve.figure).itertext())
    assert "$x^2$" in words
    assert "<b>" in words
    assert "<b>" not in write_reports(tmp_path).read_text(encoding="utf-8")


def test_a_value_whose_cells_failed_is_said_to_have_failed(tmp_path: Path) -> None:
    for value in (1, 2):
        put_swept(tmp_path, {"moe.experts": value}, {"ko": 0.5})
    name = name_of({"moe.experts": 4})
    said = {"entry": {"origin": "clpl-moe", "swept": {"moe.experts": 4}}}
    put_failed(tmp_path, (name, "ko", 0), "out of memory", provenance=said)
    (curve,) = curves(tmp_path)
    assert [(point.value, point.average is None) for point in curve.lines[0].points] == [
        (1, False),
        (2, False),
        (4, True),
    ]
    assert "4: none" in curve.figure
    page = write_reports(tmp_path).read_text(encoding="utf-8")
    section = of_sweeps(page)
    assert section.count(">failed<") == 1


def test_a_report_without_a_sweep_imports_no_matplotlib(tmp_path: Path) -> None:
    put(tmp_path, ("mnrl", "ko", 0), {"AP": {"a": 0.5, "b": 0.5}})
    code = (
        "import sys; from pathlib import Path; from harness.report.report_files import write_reports;"
        f"write_reports(Path({str(tmp_path)!r})); print('matplotlib' in sys.modules)"
    )
    result = spawn("-c", code, cwd=tmp_path)
    assert result.out == "False\n", result.err


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[str], Path]:
    """A run of two values, carried out."""
    out = tmp_path_factory.mktemp("swept") / "out"
    arguments = [
        "run",
        "--methods",
        "base,mnrl-moe",
        "--langs",
        "ko",
        "--seeds",
        "0",
        "--max-train",
        "16",
        "--device",
        "cpu",
    ]
    arguments += ["--set", "moe.experts=1,2", "--set", "train.epochs=1", "--set", "evaluate.dimensions=[32]"]
    arguments += ["--out", str(out)]
    result = invoke(*arguments)
    assert result.status == 0, result.err
    return arguments, out


def test_a_sweep_runs_and_its_page_shows_it(swept: tuple[list[str], Path]) -> None:
    _, out = swept
    folders = sorted(path.name for path in (out / "records").iterdir())
    assert folders == ["base", "mnrl-moe[moe.experts=1]", "mnrl-moe[moe.experts=2]"]
    page = (out / "leaderboard.html").read_text(encoding="utf-8")
    assert of_sweeps(page).count("<svg") == 1
    hrefs = [unquote(href) for href in re.findall(r'href="(records/[^"]+)"', page)]
    assert all((out / href).is_file() for href in hrefs)
    assert "not finished" not in page
    record = read_json(out / "records/mnrl-moe[moe.experts=2]/ko/0.json")
    assert record["provenance"]["entry"]["swept"] == {"moe.experts": 2}
    assert set(record["by_dimension"]) == {"32"}


def test_a_sweep_goes_on_where_it_stopped_and_a_dry_run_says_so(swept: tuple[list[str], Path]) -> None:
    arguments, out = swept
    dry = invoke(*arguments, "--dry-run")
    assert "mnrl-moe[moe.experts=1]" in dry.out
    assert "0 of 3 cells to run" in dry.out
    before = snapshot(out / "records")
    assert invoke(*arguments).status == 0
    assert snapshot(out / "records") == before


def test_another_value_is_another_request(swept: tuple[list[str], Path]) -> None:
    arguments, out = swept
    other = [word.replace("moe.experts=1,2", "moe.experts=1,4") for word in arguments]
    result = invoke(*other)
    assert result.status == 2
    assert f"{out} belongs to another request (it differs in entries)" in result.line


def test_what_a_sweep_has_not_measured_yet_is_named(swept: tuple[list[str], Path], tmp_path: Path) -> None:
    import shutil

    folder = tmp_path / "copy"
    shutil.copytree(swept[1], folder)
    shutil.rmtree(folder / "records/mnrl-moe[moe.experts=2]")
    page = write_reports(folder).read_text(encoding="utf-8")
    notice = page[page.index('class="notice"') : page.index("</p>", page.index('class="notice"'))]
    assert "mnrl-moe[moe.experts=2]/ko" in notice


def test_one_expert_is_the_dense_network(swept: tuple[list[str], Path]) -> None:
    """Trained on the same rows in the same order; the gate has one choice."""
    one = read_json(swept[1] / "records/mnrl-moe[moe.experts=1]/ko/0.json")
    assert one["status"] == "done"
    out = swept[1].parent / "dense"
    arguments = ["run", "--methods", "mnrl", "--langs", "ko", "--seeds", "0", "--max-train", "16", "--device", "cpu"]
    result = invoke(*arguments, "--set", "train.epochs=1", "--set", "evaluate.dimensions=[32]", "--out", str(out))
    assert result.status == 0, result.err
    dense = read_json(out / "records/mnrl/ko/0.json")
    assert one["measures"] == dense["measures"]
