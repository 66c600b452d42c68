"""The reader of MTEB's tables."""

from __future__ import annotations

from pathlib import Path

import pytest
from support import hub_standin

from harness.data.raw_data import Passage
from harness.data.readers import mteb_tables
from harness.errors import DataError

Rows = list[dict[str, object]]

CORPUS: Rows = [{"_id": "d1", "title": "Tea", "text": "of leaves"}, {"_id": "d2", "title": "", "text": "of beans"}]
TABLES: dict[str, Rows] = {
    "ko-corpus/dev-00000-of-00002.parquet": CORPUS[:1],
    "ko-corpus/dev-00001-of-00002.parquet": CORPUS[1:],
    "ko-queries/dev-00000-of-00001.parquet": [{"id": "d1", "text": "which leaves"}, {"id": "q9", "text": "not judged"}],
    "ko-qrels/dev-00000-of-00001.parquet": [
        {"query-id": "d1", "corpus-id": "d1", "score": 1.0},
        {"query-id": "d1", "corpus-id": "d2", "score": 0.0},
    ],
}


def write(folder: Path, **changes: Rows) -> list[Path]:
    """Write the tables, with some replaced, and return their paths."""
    tables = {**TABLES, **{f"ko-{name}/dev-00000-of-00001.parquet": rows for name, rows in changes.items()}}
    for name, rows in tables.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(hub_standin.parquet(rows))
    return [folder / name for name in tables]


def test_the_tables_are_read_and_judgments_of_a_passage_with_the_querys_id_are_kept(tmp_path: Path) -> None:
    raw = mteb_tables.read(write(tmp_path))
    assert dict(raw.passages.items()) == {"d1": Passage("Tea", "of leaves"), "d2": Passage("", "of beans")}
    assert (raw.queries, raw.train) == ({"d1": "which leaves"}, {})
    assert raw.dev == {"d1": {"d1": 1, "d2": 0}}
    assert raw.report == {"queries without a judgment": 1}


def test_a_title_alone_is_a_passage_under_a_null_text(tmp_path: Path) -> None:
    rows: Rows = [{"_id": "d1", "title": "Tea", "text": None}, {"_id": "d3", "title": "Rice", "text": "a grain"}]
    raw = mteb_tables.read(write(tmp_path, corpus=rows))
    assert dict(raw.passages.items())["d1"] == Passage("Tea", "")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"qrels": [{"query-id": "d3", "corpus-id": "d1", "score": 1}]}, "row 1: judgment of unknown query 'd3'"),
        ({"qrels": [{"query-id": "d1", "corpus-id": "d1", "score": 0.5}]}, "row 1: the score 0.5 is not an integer"),
        ({"qrels": [{"query-id": "d1", "corpus-id": "d1", "score": 1}] * 2}, "row 2: duplicate judgment of 'd1'"),
        ({"corpus": [{"_id": "d1", "title": "Tea", "text": None, "body": "a"}]}, "text is missing; the row has body;"),
        ({"corpus": [{"_id": 7, "title": "Tea", "text": "a"}]}, "row 1: _id is not a string"),
        ({"queries": [{"name": "d1", "text": "a"}]}, "row 1: no column '_id' or 'id'"),
        ({"queries": [{"id": "d1", "text": "a"}] * 2}, "row 2: duplicate query id 'd1'"),
    ],
)
def test_an_invalid_row_is_rejected_with_its_place(tmp_path: Path, changes: dict[str, Rows], message: str) -> None:
    with pytest.raises(DataError) as caught:
        list(mteb_tables.read(write(tmp_path, **changes)).passages.items())
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_outside_the_tables_and_missing_tables_are_rejected(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"reader 'mteb' does not take .*a\.parquet"):
        mteb_tables.read([tmp_path / "ko-top_ranked" / "a.parquet"])
    with pytest.raises(DataError, match=r"reader 'mteb' needs queries, qrels"):
        mteb_tables.read([tmp_path / "corpus" / "a.parquet"])


def test_a_set_that_has_train_alone_is_evaluated_where_the_manifest_says_so(tmp_path: Path) -> None:
    paths = write(tmp_path)
    renamed = [path.rename(path.with_name(path.name.replace("dev", "train"))) for path in paths]
    with pytest.raises(DataError, match="judgment of a split to evaluate on"):
        mteb_tables.read(renamed)
    raw = mteb_tables.read(renamed, evaluated="train")
    assert (raw.train, raw.dev) == ({}, {"d1": {"d1": 1, "d2": 0}})
