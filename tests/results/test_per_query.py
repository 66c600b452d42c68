"""Scores per query are read fast from thousands of files, and each file for what it holds."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from support.fake_records import draw, put

from harness.errors import DataError
from harness.keys import file_sha256
from harness.results.per_query import Reader, _texts
from harness.results.record import PER_QUERY, Record, path_of, read

CELLS = [("mnrl", "ko", seed) for seed in range(3)]


def rewritten(folder: Path, cell: tuple[str, str, int], table: pa.Table, **options: int) -> Record:
    """Replace the scores of a cell and give its record the new hash."""
    path = path_of(folder, *cell)
    scores = path.with_name(f"{path.stem}.{PER_QUERY}")
    pq.write_table(table, scores, **options)
    content = json.loads(path.read_text())
    content["files"][PER_QUERY] = file_sha256(scores)
    path.write_text(json.dumps(content))
    return read(path)


def rows(queries: list[str], measures: list[str], values: list[object]) -> pa.Table:
    return pa.table({"query_id": queries, "measure": measures, "value": values})


def test_scores_are_read_by_query_and_measure(tmp_path: Path) -> None:
    scores = [draw(*cell, 7) for cell in CELLS]
    records = [put(tmp_path, cell, by_measure) for cell, by_measure in zip(CELLS, scores, strict=True)]
    reader = Reader(tmp_path)
    assert [reader.read(record).by_measure() for record in records] == scores
    assert reader.read(records[0]).measures == ("nDCG@10", "nDCG@5", "R@100", "RR@10", "AP")
    assert reader.read(records[0]).queries == tuple(f"ko-q{i:04}" for i in range(7))


def test_files_with_other_queries_measures_or_order_are_not_mixed_up(tmp_path: Path) -> None:
    files = [
        {"AP": {"a": 0.5, "b": 0.25}, "RR": {"a": 1.0, "b": 0.0}},
        {"AP": {"a": 0.5, "c": 0.25}, "RR": {"a": 1.0, "c": 0.0}},
        {"RR": {"a": 1.0, "b": 0.0}, "AP": {"a": 0.5, "b": 0.25}},
        {"AP": {"a": 0.125, "b": 0.25}, "RR": {"a": 1.0, "b": 0.5}},
    ]
    records = [put(tmp_path, ("mnrl", "ko", seed), scores) for seed, scores in enumerate(files)]
    reader = Reader(tmp_path)
    for i in (0, 1, 2, 3, 0, 2, 1):
        assert reader.read(records[i]).by_measure() == files[i]
        assert reader.read(records[i]).measures == tuple(files[i])


def test_rows_may_be_in_any_order_and_in_several_row_groups(tmp_path: Path) -> None:
    put(tmp_path, ("mnrl", "ko", 0), {"AP": {"a": 0.5, "b": 0.25}, "RR": {"a": 1.0, "b": 0.0}})
    table = rows(["b", "b", "a", "a"], ["RR", "AP", "AP", "RR"], [0.0, 0.25, 0.5, 1.0])
    record = rewritten(tmp_path, ("mnrl", "ko", 0), table, row_group_size=3)
    assert Reader(tmp_path).read(record).by_measure() == {"RR": {"a": 1.0, "b": 0.0}, "AP": {"a": 0.5, "b": 0.25}}


def test_columns_may_be_in_any_order_and_beside_others(tmp_path: Path) -> None:
    put(tmp_path, ("mnrl", "ko", 0), {"AP": {"a": 0.5, "b": 0.25}})
    table = pa.table({"note": ["x", "y"], "value": [0.25, 0.5], "measure": ["AP", "AP"], "query_id": ["b", "a"]})
    record = rewritten(tmp_path, ("mnrl", "ko", 0), table)
    assert Reader(tmp_path).read(record).by_measure() == {"AP": {"a": 0.5, "b": 0.25}}


def test_names_that_are_not_text_are_refused_though_their_bytes_are_those_of_the_last_file(tmp_path: Path) -> None:
    for seed in (0, 1):
        put(tmp_path, ("mnrl", "ko", seed), {"AP": {"a": 0.5}})
    tables = [pa.table({"query_id": names, "measure": ["AP"], "value": [0.5]}) for names in (["7"], [b"7"])]
    records = [rewritten(tmp_path, ("mnrl", "ko", seed), table) for seed, table in enumerate(tables)]
    reader = Reader(tmp_path)
    assert reader.read(records[0]).queries == ("7",)
    with pytest.raises(DataError, match=r"a name is .*binary.*, not text"):
        reader.read(records[1])


def test_integers_are_scores(tmp_path: Path) -> None:
    put(tmp_path, ("mnrl", "ko", 0), {"AP": {"a": 0.0, "b": 1.0}})
    record = rewritten(tmp_path, ("mnrl", "ko", 0), rows(["a", "b"], ["AP", "AP"], [0, 1]))
    assert Reader(tmp_path).read(record).by_measure() == {"AP": {"a": 0.0, "b": 1.0}}


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        (rows(["a", "a"], ["AP", "AP"], [0.5, 0.5]), "a query has two values of one measure"),
        (pa.table({"query_id": ["a", None], "measure": ["AP", "AP"], "value": [0.5, 0.5]}), "a row has no query"),
        (pa.table({"query_id": ["a"], "measure": ["AP"]}), "value"),
        (rows(["a"], ["AP"], [[0.5]]), "cast"),
        (rows(["a", "b"], ["AP", "RR"], [0.5, 0.5]), "has no value, or NaN, for a query and measure"),
        (rows(["a", "b"], ["AP", "AP"], [0.5, None]), "has no value, or NaN, for a query and measure"),
    ],
)
def test_a_file_without_one_number_per_query_and_measure_is_rejected(
    tmp_path: Path, table: pa.Table, problem: str
) -> None:
    put(tmp_path, ("mnrl", "ko", 0), {"AP": {"a": 0.5}})
    record = rewritten(tmp_path, ("mnrl", "ko", 0), table)
    with pytest.raises(DataError, match=problem) as caught:
        Reader(tmp_path).read(record)
    assert "0.per_query.parquet" in str(caught.value)
    assert str(caught.value).endswith("; delete its record and run again")


@pytest.mark.parametrize("kept", [0, 4, 60, -1])
def test_a_truncated_file_with_the_hash_of_its_record_is_rejected(tmp_path: Path, kept: int) -> None:
    record = put(tmp_path, ("mnrl", "ko", 0), draw("mnrl", "ko", 0, 20))
    path = tmp_path / "records/mnrl/ko" / f"0.{PER_QUERY}"
    path.write_bytes(path.read_bytes()[:kept])
    files = {**record.files, PER_QUERY: file_sha256(path)}
    with pytest.raises(DataError, match="is not one value per query_id and measure"):
        Reader(tmp_path).read(record.model_copy(update={"files": files}))


def test_a_row_that_points_outside_of_the_names_of_its_file_is_rejected(tmp_path: Path) -> None:
    names = pa.array([0, 1, 7], type=pa.int32())
    column = pa.DictionaryArray.from_arrays(names, pa.array(["a", "b"]), safe=False)
    with pytest.raises(pa.ArrowInvalid):
        _texts(pa.chunked_array([column]))
