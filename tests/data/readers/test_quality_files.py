"""The readers of scores of NLI rows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from harness.data.readers.quality_files import read_comet, read_lines, read_table
from harness.errors import DataError


def written(path: Path, content: str) -> list[Path]:
    path.write_text(content, encoding="utf-8")
    return [path]


def segments(*scores: float, **further: Any) -> list[dict[str, Any]]:
    return [
        {"src": f"source {i}", "mt": f"translation {i}", "COMET": score, **further} for i, score in enumerate(scores)
    ]


def as_comet(path: Path, content: Any) -> list[Path]:
    """Write what `comet-score -s src -t FILE --to_json` writes: json.dump(…, ensure_ascii=False, indent=4)."""
    return written(path, json.dumps(content, ensure_ascii=False, indent=4))


def test_lines_are_one_number_each(tmp_path: Path) -> None:
    assert read_lines(written(tmp_path / "a.txt", "0.5\n-1\n1e-3\n")) == [0.5, -1.0, 0.001]
    assert read_lines(written(tmp_path / "b.txt", "0.5\r\n0.25")) == [0.5, 0.25]


@pytest.mark.parametrize(("name", "sep"), [("a.csv", ","), ("a.tsv", "\t")])
def test_a_table_has_a_column_of_scores(tmp_path: Path, name: str, sep: str) -> None:
    rows = (("id", "score", "text"), ("1", "0.5", '"a, b"'), ("2", "0.25", '"say ""b"""'))
    content = "".join(sep.join(row) + "\n" for row in rows)
    assert read_table(written(tmp_path / name, content)) == [0.5, 0.25]


def test_what_comet_score_writes_is_read(tmp_path: Path) -> None:
    assert read_comet(as_comet(tmp_path / "a.json", {"mt.ko": segments(0.8734, 0.0412)})) == [0.8734, 0.0412]


def test_references_variances_and_error_spans_of_comet_are_not_read(tmp_path: Path) -> None:
    further = {"ref": "reference", "variance": 0.1, "errors": [{"start": 0, "end": 2, "severity": "minor"}]}
    assert read_comet(as_comet(tmp_path / "a.json", {"mt": segments(0.5, **further)})) == [0.5]


def test_two_systems_of_comet_are_refused(tmp_path: Path) -> None:
    files = as_comet(tmp_path / "a.json", {"one.ko": segments(0.5), "two.ko": segments(0.7)})
    with pytest.raises(DataError, match=r"scores 2 files of translations \(one.ko, two.ko\); score the one"):
        read_comet(files)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("0.5\n\n0.5\n", "a line 2: '' is not a finite number"),
        ("0.5\nnan\n", "a line 2: 'nan' is not a finite number"),
        ("0.5\ninf\n", "a line 2: 'inf' is not a finite number"),
        ("0,5\n", "a line 1: '0,5' is not a finite number"),
    ],
)
def test_a_line_without_a_number_is_refused(tmp_path: Path, content: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_lines(written(tmp_path / "a", content))


def test_a_table_without_scores_is_refused_with_its_columns(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="has no column 'score', only id, comet; rename the column"):
        read_table(written(tmp_path / "a.csv", "id,comet\n1,0.5\n"))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ([0.5], "a JSON list, not an object with a list per file"),
        ({"mt": {"COMET": 1}}, "'mt' is a JSON object, not a JSON list"),
        ({"mt": [0.5]}, "segment 1: a JSON number, not an object with COMET"),
        ({"mt": [{"src": "a", "mt": "b"}]}, "segment 1: 'None' is not a finite number"),
        ({"mt": [{"COMET": True}]}, "segment 1: 'True' is not a finite number"),
    ],
)
def test_what_comet_does_not_write_is_refused(tmp_path: Path, content: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_comet(as_comet(tmp_path / "a.json", content))
