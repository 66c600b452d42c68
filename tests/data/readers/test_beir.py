"""The reader of BEIR's folder layout."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from harness.data.raw_data import Passage
from harness.data.readers.beir import of_split, read
from harness.errors import DataError


def replace(files: list[Path], name: str, old: str, new: str) -> None:
    path = next(path for path in files if path.name == name)
    content = path.read_text(encoding="utf-8")
    assert old in content
    path.write_text(content.replace(old, new, 1), encoding="utf-8")


def rejection(files: list[Path]) -> str:
    with pytest.raises(DataError) as caught:
        read(files)
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_passages_queries_and_judgments_are_those_of_the_files(beir: list[Path]) -> None:
    source = read(beir)
    assert source.passages == {
        "d1": Passage("Tea", "Tea is a drink made from leaves."),
        "d2": Passage("", "Coffee is a drink made from beans."),
        "d3": Passage("Rice", "Rice is a grain."),
    }
    assert source.queries == {
        "q1": "which drink is made from leaves",
        "q2": "which drink is made from beans",
        "q3": "which food is a grain",
        "q4": "what grows in wet fields",
    }
    assert source.train == {"q1": {"d1": 1, "d2": 0}, "q2": {"d2": 1}}
    assert source.dev == {"q3": {"d3": 2}}
    assert source.extra == {"q4": {"d3": 1}}


def test_a_query_without_a_judgment_is_left_out_and_counted(beir: list[Path]) -> None:
    source = read(beir)
    assert "q5" not in source.queries
    assert source.report["queries without a judgment"] == 1


def test_extra_judgments_are_optional(beir: list[Path]) -> None:
    assert read([path for path in beir if path.name != "extra.tsv"]).extra == {}


def test_files_may_be_in_different_folders(beir: list[Path], tmp_path: Path) -> None:
    moved = tmp_path / "other" / "dev.tsv"
    moved.parent.mkdir()
    beir[3].rename(moved)
    assert read([*beir[:3], moved]).dev == {"q3": {"d3": 2}}


def test_a_passage_may_have_no_title_key(beir: list[Path]) -> None:
    replace(beir, "corpus.jsonl", '"title": "", ', "")
    assert read(beir).passages["d2"].title == ""


@pytest.mark.parametrize("text", ["", ', "text": null', ', "text": null, "metadata": {"year": 1}, "pages": 3'])
def test_a_passage_with_a_title_may_have_no_text_key(beir: list[Path], text: str) -> None:
    replace(beir, "corpus.jsonl", ', "text": "Rice is a grain."', text)
    assert read(beir).passages["d3"] == Passage("Rice", "")


def test_a_passage_without_text_and_title_keys_is_refused(beir: list[Path]) -> None:
    replace(beir, "corpus.jsonl", ', "title": "Rice", "text": "Rice is a grain."', "")
    assert 'document \'d3\': text is missing, and so is a title; add "text": "" for' in rejection(beir)


@pytest.mark.parametrize(("name", "line"), [("corpus.jsonl", 3), ("queries.jsonl", 1)])
@pytest.mark.parametrize(("value", "kind"), [("[1]", "a JSON list"), ("7", "a JSON number"), ("null", "null")])
def test_a_line_that_is_no_object_is_said_to_be_what_it_is(
    beir: list[Path], name: str, line: int, value: str, kind: str
) -> None:
    path = next(path for path in beir if path.name == name)
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([*lines[: line - 1], value, *lines[line:]]), encoding="utf-8")
    assert f"{name} line {line}: {kind}, not an object with _id, text; correct the row" in rejection(beir)


def test_a_training_query_without_a_relevant_passage_is_left_out_and_counted(beir: list[Path]) -> None:
    replace(beir, "train.tsv", "q2\td2\t1", "q2\td2\t0")
    source = read(beir)
    assert list(source.train) == ["q1"]
    assert source.report["training queries without a relevant passage"] == 1


def test_a_dev_query_without_a_relevant_passage_stays(beir: list[Path]) -> None:
    replace(beir, "dev.tsv", "q3\td3\t2", "q3\td3\t0")
    assert read(beir).dev == {"q3": {"d3": 0}}


def test_reading_prints_and_logs_nothing(
    beir: list[Path], capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("INFO"):
        read(beir)
    assert capfd.readouterr() == ("", "")
    assert caplog.records == []


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        ("corpus.jsonl", '{"_id": "d3"', '{"_id": "d1"', "corpus.jsonl line 3: duplicate document id 'd1'"),
        ("queries.jsonl", '{"_id": "q2"', '{"_id": "q1"', "queries.jsonl line 2: duplicate query id 'q1'"),
        ("queries.jsonl", "which food is a grain", " ", "queries.jsonl line 3, query 'q3': empty text"),
        (
            "corpus.jsonl",
            '"text": "Rice is',
            '"txt": "Rice is',
            "line 3, document 'd3': text is missing; the row has txt",
        ),
        ("corpus.jsonl", '"title": "Rice"', '"title": 7', "corpus.jsonl line 3, document 'd3': title is not a string"),
        ("corpus.jsonl", "grain.", "\\ud800", "corpus.jsonl line 3, document 'd3': text has a lone surrogate"),
        ("corpus.jsonl", '{"_id": "d3"', '{"_id": "d 3"', "corpus.jsonl line 3: _id is 'd 3'; use"),
        ("corpus.jsonl", '{"_id": "d3"', '{"_id": 3', "corpus.jsonl line 3: _id is not a string"),
        ("corpus.jsonl", 'a grain."}\n', "a gr", "corpus.jsonl line 3: truncated or broken JSON"),
        (
            "queries.jsonl",
            '{"_id": "q1", "text": "which drink is made from leaves"}',
            "[]",
            "line 1: a JSON list",
        ),
        (
            "corpus.jsonl",
            '{"_id": "d3"',
            '{"id": "d3"',
            "line 3: _id is missing (the row has id, title, text)",
        ),
        (
            "queries.jsonl",
            '"text": "which food',
            '"query": "which food',
            "line 3, query 'q3': text is missing (the row has _id, query)",
        ),
        ("train.tsv", "q2\td2", "q9\td2", "train.tsv line 4: judgment of unknown query 'q9'"),
        ("train.tsv", "q2\td2\t1", "q2\td2\t-1", "train.tsv line 4: negative relevance -1 of 'd2' for query 'q2'"),
        ("train.tsv", "q2\td2\t1", "q1\td1\t1", "train.tsv line 4: duplicate judgment of 'd1' for query 'q1'"),
        ("train.tsv", "q2\td2\t1", "q2\td2", "train.tsv line 4: 2 fields where the header has 3"),
        ("train.tsv", "q2\td2\t1", "q2\td2\t1.5", "train.tsv line 4: the score '1.5' is not an integer"),
        ("train.tsv", "query-id\tcorpus-id\tscore\n", "", "train.tsv line 1: the header is not query-id"),
        ("dev.tsv", "q3\td3\t2\n", "", "dev.tsv: holds no judgment"),
        ("dev.tsv", "q3\td3\t2\n", '"q3\td3', "dev.tsv line 2: truncated or broken row"),
    ],
)
def test_an_invalid_row_is_rejected_with_its_file_line_and_id(
    beir: list[Path], name: str, old: str, new: str, message: str
) -> None:
    replace(beir, name, old, new)
    assert message in rejection(beir)


@pytest.mark.parametrize(("name", "kind"), [("corpus.jsonl", "document"), ("queries.jsonl", "query")])
def test_an_empty_file_is_rejected(beir: list[Path], name: str, kind: str) -> None:
    next(path for path in beir if path.name == name).write_bytes(b"")
    assert f"{name}: holds no {kind}" in rejection(beir)


def test_bytes_that_are_not_utf8_are_rejected_with_line_and_byte(beir: list[Path]) -> None:
    content = beir[0].read_bytes()
    beir[0].write_bytes(content.replace(b"Rice is", b"Ri\xffce is"))
    position = beir[0].read_bytes().index(b"\xff")
    assert f"corpus.jsonl line 3: byte {position} is not UTF-8" in rejection(beir)


def test_missing_files_of_the_layout_are_named(beir: list[Path]) -> None:
    assert "needs queries.jsonl, dev.tsv or test.tsv" in rejection([beir[0], beir[2]])


def test_a_file_that_is_not_part_of_the_layout_is_rejected(beir: list[Path]) -> None:
    assert "does not take" in rejection([*beir, beir[0].with_name("qrels.tsv")])


@pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")
def test_what_is_read_is_what_beirs_own_loader_reads(beir: list[Path]) -> None:
    from beir.datasets.data_loader import GenericDataLoader

    files = {path.name: str(path) for path in beir}
    corpus, queries, qrels = GenericDataLoader(
        corpus_file=files["corpus.jsonl"], query_file=files["queries.jsonl"], qrels_file=files["train.tsv"]
    ).load_custom()
    source = read(beir)
    assert {doc: {"title": row.title, "text": row.text} for doc, row in dict(source.passages.items()).items()} == corpus
    assert {query: source.queries[query] for query in source.train} == queries
    assert source.train == qrels


def test_judgments_of_a_test_split_are_evaluated_where_there_is_no_other(beir: list[Path]) -> None:
    test = beir[3].rename(beir[3].with_name("test.tsv"))
    source = read([*beir[:2], test])
    assert (source.train, source.dev) == ({}, {"q3": {"d3": 2}})


def test_two_splits_to_evaluate_on_need_one_of_them_named(beir: list[Path]) -> None:
    test = beir[0].with_name("test.tsv")
    test.write_text("query-id\tcorpus-id\tscore\nq5\td1\t1\n", encoding="utf-8")
    files = [*beir, test]
    assert 'add split = "dev" or split = "test"' in rejection(files)
    assert read(of_split(files, "test")).dev == {"q5": {"d1": 1}}
    assert read(of_split(files, "dev")).dev == {"q3": {"d3": 2}}


def test_a_training_file_with_a_header_alone_has_no_training_queries(beir: list[Path]) -> None:
    beir[2].write_text("query-id\tcorpus-id\tscore\n", encoding="utf-8")
    assert read(beir).train == {}


@pytest.mark.parametrize("name", ["corpus.jsonl", "queries.jsonl", "train.tsv", "dev.tsv", "extra.tsv"])
def test_a_byte_order_mark_and_blank_last_lines_are_left_out_in_every_file(beir: list[Path], name: str) -> None:
    expected = read(beir)
    path = next(path for path in beir if path.name == name)
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes() + b"\n \r\n")
    assert read(beir) == expected


@pytest.mark.parametrize("suffix", ["", ".gz"])
@pytest.mark.parametrize("name", ["corpus.jsonl", "queries.jsonl", "train.tsv", "dev.tsv", "extra.tsv"])
def test_gzip_is_read_in_every_file_under_either_name(beir: list[Path], name: str, suffix: str) -> None:
    expected = read(beir)
    place = next(i for i, path in enumerate(beir) if path.name == name)
    content = beir[place].read_bytes()
    beir[place] = beir[place].with_name(name + suffix)
    beir[place].write_bytes(gzip.compress(content))
    assert read(beir) == expected


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"PK\x03\x04rest", "is a zip archive, not UTF-8 text; unpack it"),
        ("x".encode("utf-16"), "is UTF-16, not UTF-8 text; save it as UTF-8"),
        (b"PAR1rest", "is a parquet file"),
        (b"version https://git-lfs.github.com/spec/v1\n", "is a Git LFS pointer"),
        (gzip.compress(b"x" * 999, mtime=0)[:-9], "the gzip file is truncated or damaged"),
    ],
)
def test_another_format_is_named(beir: list[Path], content: bytes, said: str) -> None:
    beir[0].write_bytes(content)
    assert said in rejection(beir)
