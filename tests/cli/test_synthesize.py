"""`harness synthesize`: the table in the terminal, the files, and one line for what cannot be pooled."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from support.commands import invoke, read_json, snapshot
from support.hostile import NAMES
from support.study_folders import over_base, study_folder

TWO = {"ko": 0.02, "fa": 0.06}


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[str, str]:
    """Two folders of one contrast, as a user in their parent folder names them."""
    over_base(tmp_path / "a", TWO)
    over_base(tmp_path / "b", {"hi": 0.1})
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    return "a", "b"


def printed(*arguments: str | Path) -> str:
    result = invoke("synthesize", *arguments)
    assert (result.status, result.err) == (0, "")
    return result.out


def words(text: str) -> str:
    return " ".join(text.split())


def written(folders: tuple[str, str], name: str, *options: str) -> str:
    assert printed(*folders, *options, "--out", name) == f"synthesis: {name}\n"
    return Path(name).read_text(encoding="utf-8")


def results(folders: tuple[str, str]) -> list[Any]:
    """Return what the JSON file holds of the only contrast: by language, then by folder."""
    [contrast] = json.loads(written(folders, "all.json"))["contrasts"]
    return list(contrast["pooled"])


def test_the_terminal_shows_the_studies_the_prediction_and_the_pooled_mean(folders: tuple[str, str]) -> None:
    text = words(printed(*folders))
    result = results(folders)[0]["result"]
    hundred = {name: f"{100 * result[name]:+.2f}".replace("-", "−") for name in ("estimate", "low", "high")}
    low, high = (f"{100 * result[f'prediction_{end}']:+.2f}".replace("-", "−") for end in ("low", "high"))
    assert (
        f"By language: expected on a new dataset: between {low} and {high}; mean {hundred['estimate']} "
        f"[{hundred['low']}, {hundred['high']}], τ {100 * result['tau2'] ** 0.5:.2f}, I² {100 * result['i2']:.0f} %, "
        "k = 3." in text
    )
    assert "claimed, arXiv 1705.00652: higher" in text
    assert re.search(r"k = 2; a prediction needs at least three studies\.", text)
    assert "Languages of one folder share a base model and a recipe" in text


def test_every_line_fits_80_columns(folders: tuple[str, str]) -> None:
    gains = {"base": TWO, "infonce-ance": TWO, "infonce-random": TWO, "clpl-intermediate": TWO, "clpl-moe": TWO}
    study_folder(Path("c" * 30), gains, suite="a-suite-of-a-long-name@variant")
    text = printed(*folders, "c" * 30)
    assert "clpl-moe over" in text
    assert max(map(len, text.splitlines())) <= 80


def test_several_contrasts_come_with_a_table_of_all(folders: tuple[str, str]) -> None:
    study_folder(Path("c"), {"infonce-ance": TWO, "infonce-random": TWO})
    table = printed(*folders, "c").partition("\n\n")[0]
    assert "nDCG@10: difference × 100, pooled by language" in table
    assert re.search(r"^mnrl over base +3 ", table, re.M)
    assert re.search(r"^infonce-ance over infonce- +2 .* - +\d+ %", table, re.M)


def test_one_study_is_shown_and_not_pooled(folders: tuple[str, str]) -> None:
    text = words(printed("b"))
    assert "By language: one study: shown, not pooled." in text
    assert "hi +1" in text  # ten points: two digits
    assert "mean, by" not in text


def test_by_folder_the_averages_are_the_studies(folders: tuple[str, str]) -> None:
    text = printed(*folders, "--by", "folder")
    assert re.search(r"^a, fake +\+\d\.\d\d +\[", text, re.M)
    assert "mean, by folder (k = 2)" in text


def test_why_a_study_is_not_pooled_is_said(folders: tuple[str, str]) -> None:
    over_base(Path("c"), TWO, seeds=(0,))
    assert "Not pooled: c mnrl ko, fa, average (one seed of a trained entry)." in words(printed(*folders, "c"))


def test_rows_of_a_sweep_are_named(folders: tuple[str, str]) -> None:
    said = {"mnrl[train.epochs=2]": {"origin": "mnrl", "swept": {"train.epochs": 2}}}
    study_folder(Path("c"), {"base": TWO, "mnrl[train.epochs=2]": TWO}, said=said)
    assert "c has only rows of a sweep: mnrl[train.epochs=2]." in words(printed(*folders, "c"))


def test_a_named_measure_and_contrast_are_used(folders: tuple[str, str]) -> None:
    text = printed(*folders, "--measure", "R@100", "--contrast", "mnrl/base")
    assert "mnrl over base, R@100: difference × 100" in text


def test_the_csv_has_a_row_per_study_and_per_mean_unrounded(folders: tuple[str, str]) -> None:
    rows = list(csv.DictReader(io.StringIO(written(folders, "all.csv"))))
    assert [(row["row"], row["by"], row["folder"], row["language"]) for row in rows] == [
        ("study", "language", "a", "ko"),
        ("study", "language", "a", "fa"),
        ("study", "language", "b", "hi"),
        ("pooled", "language", "", ""),
        ("study", "folder", "a", "average"),
        ("study", "folder", "b", "average"),
        ("pooled", "folder", "", ""),
    ]
    by_language, by_folder = results(folders)
    assert float(rows[0]["error"]) == by_language["studies"][0]["error"]
    assert float(rows[3]["prediction_low"]) == by_language["result"]["prediction_low"]
    assert (float(rows[6]["value"]), rows[6]["prediction_low"]) == (by_folder["result"]["estimate"], "")
    assert sum(float(row["weight"]) for row in rows[:3]) == pytest.approx(1)


def test_json_has_no_number_where_there_is_none(folders: tuple[str, str]) -> None:
    over_base(Path("b"), {"hi": 0.1}, n=1)
    study = results(folders)[0]["studies"][-1]
    assert (study["error"], study["low"], study["weight"]) == (None, None, None)
    assert study["reason"] == "no error: one query, or equal scores"


def test_the_page_has_a_forest_plot_and_loads_nothing(folders: tuple[str, str]) -> None:
    page = written(folders, "all.html")
    assert page.count("<svg") == 1
    assert "By language: expected on a new dataset: between" in page
    assert "default-src 'none'" in page
    for element in ("<script", "<link", "<img", "<iframe", "url("):
        assert element not in page


def test_markdown_has_a_table_of_all_and_of_each(folders: tuple[str, str]) -> None:
    text = written(folders, "all.md")
    assert text.startswith("# Do the gains generalise?\n")
    assert "| mnrl over base | 3 | +" in text
    assert "## mnrl over base, nDCG@10" in text
    assert re.search(r"^\| b \|  \| hi \| \+", text, re.M)
    assert not re.search(r"^\|[^\n]*\n\n\|[^\n]*--", text, re.M), "a table is torn from its head"


def test_hostile_names_of_folders_stay_text(
    folders: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [name[:60] for name in NAMES]
    for name in names:
        over_base(tmp_path / "hostile" / name, TWO, suite=name)
    monkeypatch.chdir(tmp_path / "hostile")
    for suffix in (".html", ".md", ".csv", ".json"):
        assert invoke("synthesize", *[f"./{name}" for name in names], "--out", f"../all{suffix}").status == 0
    page = (tmp_path / "all.html").read_text(encoding="utf-8")
    assert "<script" not in page
    assert page.count("<tr><th") == 2 + 1 + 2 * len(names)  # two heads, one contrast, its studies
    rows = list(csv.DictReader(io.StringIO((tmp_path / "all.csv").read_text(encoding="utf-8"))))
    assert {row["suite"] for row in rows if row["suite"].startswith("'=")} == {"'=HYPERLINK(1)"}
    table = [line for line in (tmp_path / "all.md").read_text(encoding="utf-8").splitlines() if line[:1] == "|"]
    assert len(table) == 2 + 1 + 2 + 2 * len(names)
    assert invoke("synthesize", *[f"./{name}" for name in names]).status == 0


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("a", "copy"), "a and copy share cells, such as "),
        (("a", "a"), "a and a are one folder; name it once"),
        (("a", "--contrast", "mnrl"), "unknown contrast 'mnrl' in a; did you mean 'mnrl/base'? Available: mnrl/base"),
        (("a", "bare"), "bare measures no published contrast"),
        (("a", "other"), "folders of different measures: a has nDCG@10, other AP; they have no common measure"),
        (("a", "--measure", "AP"), "unknown measure 'AP' in a"),
        (("a", "--out", "all.txt"), "--out all.txt: expected a file that ends in .html, .md, .json or .csv"),
        (("a", "--out", "a/all.md"), "--out a/all.md is inside the result folder a; name a file outside of it"),
        (("a", "--out", "none/../a.md/b.md"), "--out none/../a.md/b.md cannot be written"),
    ],
)
def test_a_wrong_request_is_one_line_with_status_2(
    folders: tuple[str, str], arguments: tuple[str, ...], line: str
) -> None:
    shutil.copytree("a", "copy")
    study_folder(Path("bare"), {"base": TWO, "bm25": TWO})
    over_base(Path("other"), TWO, measures=("AP",))
    Path("a.md").write_text("a file, no folder")
    before = snapshot(Path())
    result = invoke("synthesize", *arguments)
    assert (result.status, result.out) == (2, "")
    assert result.line.startswith(f"harness: {line}"), result.line
    assert snapshot(Path()) == before


def test_a_folder_without_records_has_nothing_to_pool(folders: tuple[str, str]) -> None:
    result = invoke("synthesize", "a", "nowhere")
    assert (result.status, result.line.startswith("harness: nowhere does not exist")) == (3, True)


def test_the_result_does_not_depend_on_the_order_of_the_folders(folders: tuple[str, str]) -> None:
    a, b = folders
    first, second = (read_json_of((one, other)) for one, other in ((a, b), (b, a)))
    assert first == pytest.approx(second)


def read_json_of(folders: tuple[str, str]) -> dict[str, float]:
    written(folders, "ordered.json")
    [contrast] = read_json(Path("ordered.json"))["contrasts"]
    return dict(contrast["pooled"][0]["result"])
