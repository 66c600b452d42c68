"""The formats of a report: which files are written, leaderboard.json, safe CSV, and equal bytes on every machine."""

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
from harness.report.escaping import code, markdown
from harness.report.report_files import write_reports
from harness.report.report_formats import Format
from harness.report.spreadsheet import escape_formula

SHARED = {"run.json", "report.json", "SHA256SUMS"}
TABLES = {"leaderboard.csv", "claims.csv", "contrasts.csv", "evidence.csv", "signatures.csv"}


def names(folder: Path) -> set[str]:
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    return {name for name in files if not name.startswith("records/")} - SHARED


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return board(tmp_path / "run", ["base", "clpl", "mnrl"], {"ko": 7, "fa": 5}, [0, 1])


@pytest.mark.parametrize(
    ("formats", "expected"),
    [
        ("json", {"leaderboard.json"}),
        ("tex,md", {"leaderboard.md", "leaderboard.tex", "references.bib"}),
        (" csv ", TABLES),
    ],
)
def test_only_the_requested_formats_are_written(run: Path, formats: str, expected: set[str]) -> None:
    result = invoke("report", run, "--format", formats, "--no-texts")
    assert (result.status, result.err) == (0, "")
    assert names(run) == expected


def test_every_format_is_written_by_default(run: Path) -> None:
    assert invoke("report", run, "--no-texts").status == 0
    assert names(run) >= {*TABLES, *(f"leaderboard.{form}" for form in Format)}


def test_the_last_line_names_the_first_written_format(run: Path) -> None:
    result = invoke("report", run, "--format", "json,tex", "--no-texts")
    assert result.out.rstrip().splitlines()[-1] == f"leaderboard: {run / 'leaderboard.tex'}"


def test_an_unknown_format_is_a_one_line_error_and_nothing_is_written(run: Path) -> None:
    result = invoke("report", run, "--format", "html,cvs")
    expected = "harness: unknown format 'cvs'; did you mean 'csv'? Available: csv, html, json, md, tex"
    assert (result.status, result.line, names(run)) == (2, expected, set())


def test_an_index_has_one_format(run: Path) -> None:
    result = invoke("report", run, "--index", "--format", "md")
    expected = "harness: --index writes one page from the folders' own files; remove --format"
    assert (result.status, result.line) == (2, expected)


def json_of(folder: Path) -> Any:
    write_reports(folder, formats=[Format.json, Format.csv])
    return read_json(folder / "leaderboard.json")


def rows_of(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))


def as_csv(value: Any) -> str:
    return "" if value is None else str(value)


def test_json_rows_match_the_two_csv_files(run: Path) -> None:
    content = json_of(run)
    board_rows, evidence_rows = (rows_of(run / name) for name in ("leaderboard.csv", "evidence.csv"))
    assert len(content["rows"]) == 3 * 3 * 5
    for row, board_row, evidence_row in zip(content["rows"], board_rows, evidence_rows, strict=True):
        assert {name: as_csv(row[name]) for name in board_row} == board_row
        assert {name: as_csv(row[name]) for name in evidence_row} == evidence_row


def test_json_claims_match_claims_csv(run: Path) -> None:
    claims = json_of(run)["claims"]
    assert [{name: as_csv(value) for name, value in row.items()} for row in claims] == rows_of(run / "claims.csv")


def test_the_json_lists_every_record_with_its_files(run: Path) -> None:
    put_failed(run, ("mnrl", "ko", 2), "out of memory")
    content = json_of(run)
    assert len(content["records"]) == 2 + 4 + 4
    for record in content["records"]:
        stored = read_json(run / record["path"])
        assert (stored["entry"], stored["language"], stored["seed"]) == (
            record["entry"],
            record["language"],
            record["seed"],
        )
        assert (stored["measures"], stored["cell_key"]) == (record["measures"], record["cell_key"])
        assert set(record["files"].values()) == set(stored["files"].values())
        assert all((run / name).is_file() for name in record["files"])
    assert content["failures"] == [
        {"entry": "mnrl", "language": "ko", "seed": 2, "path": "records/mnrl/ko/2.json", "reason": "out of memory"}
    ]
    assert content["complete"] is False


def test_the_json_has_the_difference_of_every_pair_of_entries(run: Path) -> None:
    content = json_of(run)
    pairs = {(item["entry"], item["baseline"], item["language"]): item for item in content["contrasts"]}
    assert len(pairs) == 3 * 2 * 3
    for row in content["rows"]:
        if row["delta_vs_base"] is not None:
            contrast = pairs[row["entry"], "base", row["language"]]
            i = content["measures"].index(row["measure"])
            shown = [contrast[name][i] for name in ("delta", "ci_low", "ci_high", "p_adjusted")]
            names = ("delta_vs_base", "delta_ci_low", "delta_ci_high", "p_adjusted")
            assert shown == pytest.approx([row[name] for name in names], abs=1e-12)


def test_missing_values_and_nan_are_null(tmp_path: Path) -> None:
    put(tmp_path, ("base", "ko", 0), {"AP": {"a": 0.5}}, provenance={})
    put(tmp_path, ("mnrl", "ko", 0), {"AP": {"a": 0.75}}, provenance={"loss": math.inf})
    (tmp_path / "run.json").write_text('{"resolved": {"primary": "AP"}, "odd": null}', encoding="utf-8")
    write_reports(tmp_path, formats=[Format.json])

    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    text = (tmp_path / "leaderboard.json").read_text(encoding="utf-8")
    content = json.loads(text, parse_constant=refuse)
    assert (content["rows"][0]["ci_low"], content["run"]["odd"], content["geometry"]) == (None, None, None)


def test_every_key_of_the_json_is_documented(run: Path) -> None:
    content = json_of(run)
    assert content["version"] == 3
    documented = set(re.findall(r"[a-z_]+", (document.__doc__ or "").partition("relative")[0]))
    assert set(content) <= documented


def test_the_json_has_one_line_per_item(run: Path) -> None:
    json_of(run)
    lines = (run / "leaderboard.json").read_text(encoding="utf-8").splitlines()
    assert sum(line.startswith('  {"entry": "mnrl", "language": ') for line in lines) == 4  # its records
    assert (lines[0], lines[1], lines[-1]) == ("{", ' "version": 3,', "}")


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
def test_a_text_that_starts_like_a_formula_gets_an_apostrophe(value: Any, expected: Any) -> None:
    assert escape_formula(value) == expected


def test_no_csv_cell_is_a_formula(tmp_path: Path) -> None:
    first = provenance("=cmd", "ko", 0)
    first["entry"] |= {"origin": "@sum", "swept": {"train.pairs": 5}}
    second = provenance("+more", "ko", 0)
    second["entry"] |= {"origin": "@sum", "swept": {"train.pairs": 50}}
    vectors = {"uniformity": -1.0, "alignment": 1.0, "anisotropy": 0.5}
    task = dict.fromkeys(("type", "subset", "split", "revision", "main_score", "mteb"), "=x") | {"value": 0.5}
    geometry = {"before": vectors, "after": vectors}
    put(tmp_path, ("=cmd", "ko", 0), draw("=cmd", "ko", 0, 3), provenance=first, geometry=geometry, tasks={"-T": task})
    put(tmp_path, ("+more", "ko", 0), draw("+more", "ko", 0, 3), provenance=second)
    write_reports(tmp_path, formats=[Format.csv])
    files = {path.name: path.read_text(encoding="utf-8") for path in tmp_path.glob("*.csv")}
    assert set(files) == {*(TABLES - {"contrasts.csv"}), "geometry.csv", "sweeps.csv", "tasks.csv"}
    cells = [value for text in files.values() for row in csv.reader(text.splitlines()) for value in row]
    assert "'=cmd" in cells
    assert [value for value in cells if value.startswith(("=", "+", "@"))] == []


def test_characters_that_utf_8_cannot_encode_are_escaped(run: Path) -> None:
    run_file = read_json(run / "run.json")
    (run / "run.json").write_text(json.dumps({**run_file, "command": ["harness", "run", "--out", "a\udcff"]}))
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
def test_data_in_markdown_starts_no_block_and_reverses_no_text(text: str, expected: str) -> None:
    assert markdown(text) == expected


def test_a_command_in_markdown_is_not_escaped() -> None:
    assert code("harness run --set 'a_b=*'\n --out $X\u202e") == "harness run --set 'a_b=*' --out $X"


def test_hash_seed_locale_and_time_zone_do_not_change_the_bytes(tmp_path: Path) -> None:
    folders = []
    for i, (seed, locale, zone) in enumerate((("1", "C", "Asia/Tehran"), ("2", "C.UTF-8", "America/Lima"))):
        folder = board(tmp_path / str(i), ["base", "bm25", "mnrl", "clpl"], {"ko": 7, "fa": 5, "hi": 4}, [0, 1])
        put_failed(folder, ("soft-1", "ko", 0), "وقت تمام شد")
        environment = {"PYTHONHASHSEED": seed, "LC_ALL": locale, "TZ": zone}
        done = spawn("-m", "harness", "report", folder, "--no-texts", cwd=REPOSITORY, **environment)
        assert (done.status, done.err) == (0, "")
        folders.append({path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()})
    assert len(folders[0]) > 3 * 2 + 10
    assert folders[0] == folders[1]
