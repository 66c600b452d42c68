"""The forms of a report: which are written, what leaderboard.json holds, CSV for spreadsheets, equal bytes anywhere."""

from __future__ import annotations

import csv
import json
import math
import re
from pathlib import Path
from typing import Any

import pytest
from support.commands import REPOSITORY, invoke, read_json, spawn
from support.fake_records import board, draw, provenance, put, put_failed

from harness.report.documents import document
from harness.report.report_files import write_reports
from harness.report.report_formats import Format
from harness.report.spreadsheet import cell
from harness.report.templating import code, markdown

SHARED = {"run.json", "SHA256SUMS"}
TABLES = {"leaderboard.csv", "claims.csv", "evidence.csv", "signatures.csv"}


def names(folder: Path) -> set[str]:
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    return {name for name in found if not name.startswith("records/")} - SHARED


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return board(tmp_path / "run", ["base", "clpl", "mnrl"], {"ko": 7, "fa": 5}, [0, 1])


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("json", {"leaderboard.json"}),
        ("tex,md", {"leaderboard.md", "leaderboard.tex"}),
        (" csv ", TABLES),
    ],
)
def test_only_the_forms_that_were_asked_for_are_written(run: Path, asked: str, expected: set[str]) -> None:
    result = invoke("report", run, "--format", asked, "--no-texts")
    assert (result.status, result.err) == (0, "")
    assert names(run) == expected


def test_without_a_choice_every_form_is_written(run: Path) -> None:
    assert invoke("report", run, "--no-texts").status == 0
    assert names(run) >= {*TABLES, *(f"leaderboard.{form}" for form in Format)}


def test_the_last_line_names_the_first_form_that_was_written(run: Path) -> None:
    result = invoke("report", run, "--format", "json,tex", "--no-texts")
    assert result.out.rstrip().splitlines()[-1] == f"leaderboard: {run / 'leaderboard.tex'}"


def test_an_unknown_form_is_one_line_and_nothing_is_written(run: Path) -> None:
    result = invoke("report", run, "--format", "html,cvs")
    expected = "harness: unknown format 'cvs'; did you mean 'csv'? Available: csv, html, json, md, tex"
    assert (result.status, result.line, names(run)) == (2, expected, set())


def test_an_index_has_one_form(run: Path) -> None:
    result = invoke("report", run, "--index", "--format", "md")
    assert (result.status, result.line) == (2, "harness: --index writes a page only; remove --format")


def written(folder: Path, **found: Any) -> Any:
    write_reports(folder, formats=[Format.json, Format.csv], **found)
    return read_json(folder / "leaderboard.json")


def rows_of(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))


def as_csv(value: Any) -> str:
    return "" if value is None else str(value)


def test_every_row_of_the_json_is_that_of_the_two_csv_files(run: Path) -> None:
    found = written(run)
    board_rows, evidence_rows = (rows_of(run / name) for name in ("leaderboard.csv", "evidence.csv"))
    assert len(found["rows"]) == 3 * 3 * 5
    for row, one, two in zip(found["rows"], board_rows, evidence_rows, strict=True):
        assert {name: as_csv(row[name]) for name in one} == one
        assert {name: as_csv(row[name]) for name in two} == two


def test_every_claim_of_the_json_is_that_of_claims_csv(run: Path) -> None:
    found = written(run)["claims"]
    assert [{name: as_csv(value) for name, value in row.items()} for row in found] == rows_of(run / "claims.csv")


def test_the_json_names_every_record_with_the_files_beside_it(run: Path) -> None:
    put_failed(run, ("mnrl", "ko", 2), "out of memory")
    found = written(run)
    assert len(found["records"]) == 2 + 4 + 4
    for record in found["records"]:
        own = read_json(run / record["path"])
        assert (own["entry"], own["language"], own["seed"]) == (record["entry"], record["language"], record["seed"])
        assert (own["measures"], own["cell_key"]) == (record["measures"], record["cell_key"])
        assert set(record["files"].values()) == set(own["files"].values())
        assert all((run / name).is_file() for name in record["files"])
    assert found["failures"] == [
        {"entry": "mnrl", "language": "ko", "seed": 2, "path": "records/mnrl/ko/2.json", "reason": "out of memory"}
    ]
    assert found["complete"] is False


def test_the_json_holds_the_difference_of_every_entry_to_every_other(run: Path) -> None:
    found = written(run)
    pairs = {(one["entry"], one["baseline"], one["language"]): one for one in found["contrasts"]}
    assert len(pairs) == 3 * 2 * 3
    for row in found["rows"]:
        if row["delta_vs_base"] is not None:
            own = pairs[row["entry"], "base", row["language"]]
            place = found["measures"].index(row["measure"])
            shown = [own[name][place] for name in ("delta", "ci_low", "ci_high", "p_adjusted")]
            names = ("delta_vs_base", "delta_ci_low", "delta_ci_high", "p_adjusted")
            assert shown == pytest.approx([row[name] for name in names], abs=1e-12)


def test_what_there_is_not_is_null_and_no_number_is_nan(tmp_path: Path) -> None:
    put(tmp_path, ("base", "ko", 0), {"AP": {"a": 0.5}}, provenance={})
    put(tmp_path, ("mnrl", "ko", 0), {"AP": {"a": 0.75}}, provenance={"loss": math.inf})
    (tmp_path / "run.json").write_text('{"resolved": {"primary": "AP"}, "odd": NaN}', encoding="utf-8")
    write_reports(tmp_path, formats=[Format.json])

    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    text = (tmp_path / "leaderboard.json").read_text(encoding="utf-8")
    found = json.loads(text, parse_constant=refuse)
    assert (found["rows"][0]["ci_low"], found["run"]["odd"], found["geometry"]) == (None, None, None)


def test_the_structure_of_the_json_is_documented_key_by_key(run: Path) -> None:
    found = written(run)
    assert found["version"] == 1
    said = set(re.findall(r"[a-z_]+", (document.__doc__ or "").partition("relative")[0]))
    assert set(found) <= said


def test_the_json_is_one_line_an_item_and_ends_with_a_line_break(run: Path) -> None:
    written(run)
    lines = (run / "leaderboard.json").read_text(encoding="utf-8").splitlines()
    assert sum(line.startswith('  {"entry": "mnrl", "language": ') for line in lines) == 4  # its records
    assert (lines[0], lines[1], lines[-1]) == ("{", ' "version": 1,', "}")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("=1+1", "'=1+1"),
        ("+a", "'+a"),
        ("-a", "'-a"),
        ("@a", "'@a"),
        ("\ta", "'\ta"),
        ("-0.5", "-0.5"),
        (-0.5, -0.5),
        ("a=b", "a=b"),
    ],
)
def test_a_text_that_begins_like_a_formula_gets_an_apostrophe(value: Any, expected: Any) -> None:
    assert cell(value) == expected


def test_no_csv_file_has_a_cell_that_is_a_formula(tmp_path: Path) -> None:
    said = provenance("=cmd", "ko", 0)
    said["entry"] |= {"origin": "@sum", "swept": {"train.pairs": 5}}
    other = provenance("+more", "ko", 0)
    other["entry"] |= {"origin": "@sum", "swept": {"train.pairs": 50}}
    moved = {"uniformity": -1.0, "alignment": 1.0, "anisotropy": 0.5}
    task = dict.fromkeys(("type", "subset", "split", "revision", "main_score", "mteb"), "=x") | {"value": 0.5}
    geometry = {"before": moved, "after": moved}
    put(tmp_path, ("=cmd", "ko", 0), draw("=cmd", "ko", 0, 3), provenance=said, geometry=geometry, tasks={"-T": task})
    put(tmp_path, ("+more", "ko", 0), draw("+more", "ko", 0, 3), provenance=other)
    write_reports(tmp_path, formats=[Format.csv])
    files = {path.name: path.read_text(encoding="utf-8") for path in tmp_path.glob("*.csv")}
    assert set(files) == {*TABLES, "geometry.csv", "sweeps.csv", "tasks.csv"}
    cells = [value for text in files.values() for row in csv.reader(text.splitlines()) for value in row]
    assert "'=cmd" in cells
    assert [value for value in cells if value.startswith(("=", "+", "@"))] == []


def test_what_utf_8_has_no_bytes_for_is_written_as_an_escape(run: Path) -> None:
    asked = read_json(run / "run.json")
    (run / "run.json").write_text(json.dumps({**asked, "command": ["harness", "run", "--out", "a\udcff"]}))
    assert invoke("report", run, "--no-texts").status == 0
    assert read_json(run / "leaderboard.json")["run"]["command"][-1] == "a\udcff"
    for name in ("leaderboard.md", "leaderboard.html"):
        assert r"a\udcff" in (run / name).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("# a", r"\# a"),
        ("1. a", r"1\. a"),
        ("- a", r"\- a"),
        ("-0.13", "-0.13"),
        ("&lt; $x$", r"\&lt; \$x\$"),
        ("\u202ea\u2066b", "ab"),
        ("می\u200cشود", "می\u200cشود"),
    ],
)
def test_markdown_of_data_opens_no_block_and_turns_no_text_around(text: str, expected: str) -> None:
    assert markdown(text) == expected


def test_a_command_in_markdown_is_as_it_is_typed() -> None:
    assert code("harness run --set 'a_b=*'\n --out $X\u202e") == "harness run --set 'a_b=*' --out $X"


def test_two_processes_of_other_hash_seed_locale_and_time_zone_write_equal_bytes(tmp_path: Path) -> None:
    found = []
    for i, (seed, locale, zone) in enumerate((("1", "C", "Asia/Tehran"), ("2", "C.UTF-8", "America/Lima"))):
        folder = board(tmp_path / str(i), ["base", "bm25", "mnrl", "clpl"], {"ko": 7, "fa": 5, "한": 4}, [0, 1])
        put_failed(folder, ("soft-1", "ko", 0), "وقت تمام شد")
        environment = {"PYTHONHASHSEED": seed, "LC_ALL": locale, "TZ": zone}
        done = spawn("-m", "harness", "report", folder, "--no-texts", cwd=REPOSITORY, **environment)
        assert (done.status, done.err) == (0, "")
        found.append({path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()})
    assert len(found[0]) > 3 * 2 + 10
    assert found[0] == found[1]
