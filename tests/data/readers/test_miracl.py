"""MIRACL's own file format."""

from __future__ import annotations

import gzip
import os
from collections.abc import Sequence
from pathlib import Path

import pytest
from support import miracl_standin
from support.miracl_standin import COUNTS

from harness.data import ir_datasets_files
from harness.data.file_status import Lookup
from harness.data.raw_data import Passage, row_counts
from harness.data.readers import miracl
from harness.data.row_streams import rows
from harness.errors import DataError

NEIGHBOUR = Path(__file__).resolve().parents[4] / "shared" / "data"
SHARED = Path(os.environ.get("HARNESS_TEST_DATA", NEIGHBOUR))
COUNTS_OF_MIRACL = {  # the counts of MIRACL's files: train queries, judgments, positives; likewise dev
    "ko": (868, 12_767, 1_973, 213, 3_057, 547),
    "hi": (1_169, 11_668, 2_469, 350, 3_494, 752),
    "fa": (2_107, 21_844, 4_277, 632, 6_571, 1_314),
}


@pytest.fixture
def paths(tmp_path: Path) -> list[Path]:
    return miracl_standin.fill(tmp_path)


def rejection(paths: Sequence[Path]) -> str:
    with pytest.raises(DataError) as caught:
        list(miracl.read(paths).passages.items())
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_passages_are_streamed_from_all_parts_in_order(paths: list[Path]) -> None:
    passages = dict(miracl.read(paths).passages.items())
    assert list(passages) == ["1#0", "2#0", "3#0", "4#0", "9#0"]
    assert passages["1#0"] == Passage("Tea", "Tea is made from leaves.")
    assert passages["9#0"] == Passage("Bread", "")  # a title alone is a passage


def test_a_judgment_of_a_document_with_the_querys_id_is_kept(paths: list[Path]) -> None:
    assert miracl.read(paths).dev == {"4#0": {"4#0": 1, "3#0": 0}, "5": {"3#0": 1}}


def test_a_training_query_with_the_text_of_a_dev_query_is_left_out_but_part_of_the_counts(paths: list[Path]) -> None:
    source = miracl.read(paths)
    assert source.train == {"q1": {"1#0": 1, "2#0": 0}, "q2": {"2#0": 1}}
    assert source.report["training queries with the text of a dev query"] == 1
    assert row_counts(source) == {name: number for name, number in COUNTS.items() if name != "passages"}


def test_the_train_part_alone_has_no_dev_queries(paths: list[Path]) -> None:
    source = miracl.read_train([*paths[:2], *paths[4:]])
    assert set(source.queries) == {"q1", "q2", "7#0"}
    assert source.dev == {}


def test_the_reader_returns_what_ir_datasets_returns(
    paths: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IR_DATASETS_HOME", str(tmp_path / "ir_datasets"))
    from ir_datasets.datasets.miracl import MiraclDoc
    from ir_datasets.formats import JsonlDocs, TrecQrels, TsvQueries
    from ir_datasets.util import GzipExtract, LocalDownload

    downloads = [LocalDownload(path) for path in paths]
    mapping = {"doc_id": "docid", "title": "title", "text": "text"}
    docs = JsonlDocs([GzipExtract(download) for download in downloads[4:]], doc_cls=MiraclDoc, mapping=mapping)
    source = miracl.read(paths)
    assert [(doc, (passage.title, passage.text)) for doc, passage in source.passages.items()] == [
        (row.doc_id, (row.title, row.text)) for row in docs._iter()
    ]
    assert {name: source.queries[name] for name in source.dev} == {
        row.query_id: row.text for row in TsvQueries(downloads[2]).queries_iter()
    }
    qrels: dict[str, dict[str, int]] = {}
    for row in TrecQrels(downloads[3], {}).qrels_iter():
        qrels.setdefault(row.query_id, {})[row.doc_id] = row.relevance
    assert source.dev == qrels


def test_a_truncated_corpus_file_is_rejected_with_file_and_line(paths: list[Path]) -> None:
    paths[4].write_bytes(paths[4].read_bytes()[:-12])
    message = rejection(paths)
    assert message.startswith(f"{paths[4]} line 3: the gzip file is truncated or damaged (")
    assert message.endswith("; restore the file or fetch it again")


def test_a_corpus_file_that_is_not_compressed_is_read_as_it_is(paths: list[Path]) -> None:
    expected = dict(miracl.read(paths).passages.items())
    paths[4].write_bytes(gzip.decompress(paths[4].read_bytes()))
    assert dict(miracl.read(paths).passages.items()) == expected


@pytest.mark.parametrize("line", [b'{"docid": "1', b'{"docid": "1\xff#0"}', b"[]"])
def test_a_broken_line_of_the_corpus_is_named(paths: list[Path], line: bytes) -> None:
    paths[4].write_bytes(gzip.compress(gzip.decompress(paths[4].read_bytes()) + line))
    assert f"{paths[4]} line 4" in rejection(paths)


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        (0, "q1 no tab\n", "line 1: no tab between id and text"),
        (0, "q1\ta\nq1\tb\n", "line 2: duplicate query id 'q1'"),
        (0, "q1\t \n", "line 1: empty query"),
        (1, "q1 Q0 1#0\n", "line 1: not query id, Q0, document id and grade"),
        (1, "q1 Q0 1#0 yes\n", "line 1: not query id, Q0, document id and grade"),
        (1, "q1 Q0 1#0 1\nq1 Q0 1#0 0\n", "line 2: duplicate judgment of '1#0' for query 'q1'"),
        (1, "q9 Q0 1#0 1\n", "line 1: judgment of unknown query 'q9'"),
        (1, "\n", "holds no judgment"),
        (2, "q1\tasked in both\n", "duplicate query id 'q1'"),
    ],
)
def test_an_invalid_row_of_topics_or_judgments_is_named(
    paths: list[Path], file: int, content: str, message: str
) -> None:
    paths[file].write_text(content, encoding="utf-8")
    if file == 2:
        paths[3].write_text("q1 Q0 1#0 1\n", encoding="utf-8")
    assert message in rejection(paths)
    assert str(paths[file]) in rejection(paths)


def test_a_file_with_another_suffix_is_rejected(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"a\.txt is not \.parquet, \.jsonl or \.jsonl\.gz"):
        rows(tmp_path / "a.txt")
    with pytest.raises(DataError, match=r"a\.jsonl cannot be read: No such file"):
        next(rows(tmp_path / "a.jsonl"))


def real_files(language: str) -> list[Path]:
    if not (SHARED / "miracl").is_dir():
        pytest.skip("no real data: run with HARNESS_TEST_DATA=FOLDER, where FOLDER/miracl has them")
    rows = list(ir_datasets_files.states(f"miracl/{language}", "miracl", language, Lookup(SHARED, SHARED)))[:4]
    if any(row.state != "present" for row in rows):
        pytest.skip(f"MIRACL's topics and judgments are not in {SHARED}, or not with ir_datasets' md5")
    return [Path(row.location) for row in rows]


@pytest.mark.parametrize("language", COUNTS_OF_MIRACL)
def test_queries_judgments_and_positives_of_the_real_files_are_those_published(language: str) -> None:
    source = miracl.read([*real_files(language), Path("no corpus")])
    names = [f"{split}_{rows}" for split in ("train", "dev") for rows in ("queries", "judgments", "positives")]
    assert tuple(row_counts(source)[name] for name in names) == COUNTS_OF_MIRACL[language]
    assert len(source.dev) == COUNTS_OF_MIRACL[language][3]


def test_75_persian_dev_queries_judge_their_own_id_and_35_of_these_judgments_are_positive() -> None:
    source = miracl.read([*real_files("fa"), Path("no corpus")])
    grades_of_own_id = [grades[query] for query, grades in source.dev.items() if query in grades]
    assert (len(grades_of_own_id), sum(grades_of_own_id)) == (75, 35)


def test_eight_persian_training_queries_and_one_hindi_have_the_text_of_a_dev_query() -> None:
    leaked = {
        language: miracl.read([*real_files(language), Path("no corpus")]).report[
            "training queries with the text of a dev query"
        ]
        for language in COUNTS_OF_MIRACL
    }
    assert leaked == {"ko": 0, "hi": 1, "fa": 8}
