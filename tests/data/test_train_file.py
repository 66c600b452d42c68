"""Training rows of the user's own, in the published format."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from support.commands import invoke, read_json, tiny_suite

from harness.data import train_file
from harness.data.train_file import apply, content_id, declare, read
from harness.errors import DataError, RequestError
from harness.request import suite as suites
from harness.request.manifest import TrainFile
from harness.types import Data, Need

ROWS: list[dict[str, Any]] = [
    {
        "query": "what is brewed",
        "pos": ["Tea is brewed."],
        "neg": ["Rice is boiled.", "Stone is cut."],
        "neg_q": ["what is boiled", "what is cut"],
    },
    {
        "query": "what swims ",
        "pos": ["Fish swim.", "Otters swim."],
        "neg": ["Stone is cut."],
        "neg_q": ["what is hard"],
    },
]
Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write rows, or lines as they are, to a train file."""

    def make(*rows: Mapping[str, Any] | str, name: str = "rows.jsonl") -> Path:
        lines = [row if isinstance(row, str) else json.dumps(row, ensure_ascii=False) for row in rows]
        (tmp_path / name).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        return tmp_path / name

    return make


@pytest.fixture
def data() -> Data:
    """One language whose own training rows are to be replaced."""
    return Data(
        language="en",
        passages={"d1": "Tea", "d2": "Coffee"},
        queries={"q1": "own training query", "q9": "asked  in dev"},
        train={"q1": ("d1",)},
        dev={"q9": {"d2": 1}},
        extra_queries={"d1": ("own extra query",)},
    )


def declared(path: Path) -> TrainFile:
    return declare(str(path), ["en"], ["en"])["en"]


def test_rows_take_the_place_of_the_training_queries_and_leave_what_is_evaluated(data: Data, write: Write) -> None:
    found = apply(data, declared(write(*ROWS)))
    assert found.queries == {"q9": "asked  in dev", "row-0000001": "what is brewed", "row-0000002": "what swims"}
    assert (found.passages, found.dev) == (data.passages, data.dev)
    texts = {query: [found.pool[doc] for doc in docs] for query, docs in found.train.items()}  # type: ignore[index]
    assert texts == {"row-0000001": ["Tea is brewed."], "row-0000002": ["Fish swim.", "Otters swim."]}


def test_texts_are_the_pool_under_ids_of_their_content(data: Data, write: Write) -> None:
    pool = apply(data, declared(write(*ROWS))).training_passages
    texts = ["Tea is brewed.", "Rice is boiled.", "Stone is cut.", "Fish swim.", "Otters swim."]
    assert pool == {content_id(text): text for text in texts}
    assert list(pool) == sorted(pool)
    assert content_id("Stone is cut.") == "text-7300cf25238f941962ee1582"  # sha256sum


def test_negatives_keep_the_order_of_their_row(data: Data, write: Write) -> None:
    found = apply(data, declared(write(*ROWS)))
    assert {query: [found.training_passages[doc] for doc in docs] for query, docs in found.mined.items()} == {
        "row-0000001": ["Rice is boiled.", "Stone is cut."],
        "row-0000002": ["Stone is cut."],
    }


def test_each_negative_has_the_queries_that_any_row_gives_it(data: Data, write: Write) -> None:
    found = apply(data, declared(write(*ROWS)))
    assert found.extra_queries == {
        content_id("Rice is boiled."): ("what is boiled",),
        content_id("Stone is cut."): ("what is cut", "what is hard"),
    }


def test_a_bound_on_the_training_queries_draws_rows_and_keeps_the_pool(data: Data, write: Write) -> None:
    rows = [{"query": f"query {n}", "pos": [f"passage {n}"], "neg": ["other"]} for n in range(30)]
    drawn, again = (apply(data, declared(write(*rows)), most=7) for _ in (1, 2))
    assert len(drawn.train) == len(drawn.mined) == 7
    assert set(drawn.queries) == {"q9", *drawn.train}
    assert len(drawn.training_passages) == 31
    assert drawn == again


def changed(**changes: Any) -> dict[str, Any]:
    """Return the first row with some keys changed; None leaves the key out."""
    return {name: value for name, value in {**ROWS[0], **changes}.items() if value is not None}


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        (changed(pos=None), "key 'pos' is missing; a row has query, pos, neg"),
        (changed(query=None), "key 'query' is missing; a row has query, pos, neg"),
        (changed(neg_q=None, neg_query=["a", "b"]), "unknown key 'neg_query'; did you mean 'neg_q'?"),
        (changed(pos=None, positive=["a"]), "unknown key 'positive'; did you mean 'pos'?"),
        (changed(teacher=[1.0]), "unknown key 'teacher'; delete it; a row has query, pos, neg, neg_q"),
        (changed(neg_q=["one"]), "'neg' holds 2 and 'neg_q' 1; neg_q[j] is the query that neg[j] answers"),
        (changed(neg_q=[]), "'neg_q' is an empty list"),
        (changed(pos=[]), "'pos' is an empty list; give it a text or delete the row"),
        (changed(neg=[], neg_q=None), "'neg' is an empty list"),
        (changed(pos="Tea is brewed."), "'pos' is str, not a list of texts"),
        (changed(query=7), "'query' is not a string"),
        (changed(query=" "), "empty 'query'"),
        (changed(neg=["a", None]), "neg[1] is missing"),
        (changed(neg_q=["a", " "]), "empty neg_q[1]"),
        (changed(neg=["a", "Tea  is brewed."]), "neg[1] is also in 'pos'"),
        ('{"query": "what", "pos": ["Tea', "truncated or broken JSON"),
        ("query", "truncated or broken JSON"),
        ("", "truncated or broken JSON"),
        ("[]", "'line' is list, not dict"),
        (changed(neg_q=None), "no 'neg_q', and line 1 has one; give it to all rows or to none"),
    ],
)
def test_a_wrong_row_is_refused_in_one_line_with_its_place(write: Write, row: Any, problem: str) -> None:
    path = write(ROWS[0], row, ROWS[1])
    with pytest.raises(DataError) as error:
        read(path)
    assert str(error.value).startswith(f"{path} line 2: {problem}")
    assert "\n" not in str(error.value)


def test_a_line_cut_in_a_character_is_refused_with_its_place(write: Write, data: Data) -> None:
    path = write(*ROWS)
    path.write_bytes(path.read_bytes() + '{"query": "왜'.encode()[:-1])
    with pytest.raises(DataError, match=r"line 3: byte \d+ is not UTF-8"):
        read(path)


def test_an_empty_file_is_refused(write: Write) -> None:
    with pytest.raises(DataError, match=r"rows.jsonl: holds no training row"):
        read(write())


@pytest.mark.parametrize(
    ("row", "name"),
    [
        (changed(query="asked in dev"), "query"),
        (changed(neg_q=["what is boiled", "asked in  dev "]), r"neg_q\[1\]"),
    ],
)
def test_a_query_that_is_asked_in_dev_is_refused(data: Data, write: Write, row: Any, name: str) -> None:
    with pytest.raises(DataError, match=rf"line 2: {name} has the text of dev query 'q9'"):
        apply(data, declared(write(ROWS[1], row)))


def test_a_file_that_changed_after_the_plan_is_refused(data: Data, write: Write) -> None:
    given = declared(write(*ROWS))
    write(ROWS[0])
    with pytest.raises(DataError, match="is gone or has changed since the run was planned"):
        apply(data, given)


def test_files_are_given_to_the_one_language_or_to_each_by_its_name(write: Write) -> None:
    one, two = write(*ROWS), write(ROWS[0], name="two.jsonl")
    assert list(declare(str(one), ["ko"], ["ko", "hi"])) == ["ko"]
    found = declare(f"ko={one}, hi={two}", ["ko", "hi"], ["ko", "hi", "fa"])
    assert {language: file.path for language, file in found.items()} == {"ko": one, "hi": two}
    assert found["ko"].sha256 != found["hi"].sha256
    odd = write(*ROWS, name="a=b,c.jsonl")
    assert declare(str(odd), ["ko"], ["ko"])["ko"].path == odd


@pytest.mark.parametrize(
    ("option", "problem"),
    [
        ("rows.jsonl", "of several languages each has a file of its own; give ko=PATH,hi=PATH"),
        ("ko=rows.jsonl,fa=rows.jsonl", "unknown language 'fa' in --train-file"),
        ("ko=rows.jsonl,ko=more.jsonl", "ko is given twice"),
        ("ko=", "want LANGUAGE=PATH"),
    ],
)
def test_a_wrong_option_is_refused(option: str, problem: str, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(write(*ROWS).parent)
    with pytest.raises(RequestError, match=problem):
        declare(option, ["ko", "hi"], ["ko", "hi", "fa"])


def test_negative_queries_are_offered_where_the_rows_have_them(write: Write) -> None:
    mini = suites.load("mini")
    bare = [{name: value for name, value in row.items() if name != "neg_q"} for row in ROWS]
    for rows, offered in ((ROWS, True), (bare, False)):
        given = mini.model_copy(update={"train_files": {"ko": declared(write(*rows))}})
        assert (Need.NEGATIVE_QUERIES in given.offers("ko")) == offered
        assert Need.NEGATIVE_QUERIES in given.offers("hi")


def test_the_files_content_and_not_its_place_is_part_of_the_suite(write: Write) -> None:
    mini = suites.load("mini")
    one, same, other = write(*ROWS), write(*ROWS, name="same.jsonl"), write(ROWS[0], name="other.jsonl")
    digests = [mini.model_copy(update={"train_files": {"ko": declared(path)}}).digest for path in (one, same, other)]
    assert digests[0] == digests[1] != digests[2]
    assert mini.digest not in digests


def command(tmp_path: Path, rows: Path, *more: str) -> tuple[str, ...]:
    manifest = tiny_suite(tmp_path / "suite")
    return (
        *("run", "--suite", str(manifest), "--data-dir", str(tmp_path / "suite"), "--out", str(tmp_path / "out")),
        *("--seeds", "0", "--device", "cpu", "--jobs", "1", "--train-file", str(rows), *more),
    )


def test_clpl_trains_on_the_rows_of_a_file_on_a_suite_without_negative_queries(tmp_path: Path, write: Write) -> None:
    settings = ("--set", "clpl.negatives=2", "--set", "infonce.negatives=2")
    result = invoke(*command(tmp_path, write(*ROWS), "--methods", "clpl,infonce-ance,infonce-random", *settings))
    assert result.status == 0, result.err
    for entry in ("clpl", "infonce-ance"):
        training = read_json(tmp_path / f"out/records/{entry}/en/0.json")["provenance"]["training"]
        assert (training["rows"], training["pairs"], training["pairs_without_negatives"]) == (3, 3, 0)
    run = read_json(tmp_path / "out/run.json")
    assert run["request"]["train_file"] == str(write(*ROWS))
    assert str(tmp_path) not in json.dumps(run["resolved"])


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        (changed(neg=None, negs=["a"]), "unknown key 'negs'; did you mean 'neg'?"),
        (changed(neg_q=["one"]), "'neg' holds 2 and 'neg_q' 1"),
        ('{"query": "wha', "truncated or broken JSON"),
    ],
)
def test_a_wrong_file_ends_the_command_with_one_line_and_status_2(
    tmp_path: Path, write: Write, row: Any, problem: str
) -> None:
    result = invoke(*command(tmp_path, write(ROWS[0], row), "--methods", "clpl"))
    assert result.status == 2
    assert f"line 2: {problem}" in result.line
    assert not (tmp_path / "out").exists()


def test_clpl_on_a_file_without_negative_queries_is_refused_in_the_plan(tmp_path: Path, write: Write) -> None:
    bare = [{name: value for name, value in row.items() if name != "neg_q"} for row in ROWS]
    result = invoke(*command(tmp_path, write(*bare), "--methods", "clpl"))
    assert result.status == 2
    assert "clpl on suite tiny, en: no negative queries" in result.line


def test_a_missing_file_ends_the_command_with_one_line_and_status_2(tmp_path: Path) -> None:
    result = invoke(*command(tmp_path, tmp_path / "nowhere.jsonl", "--methods", "mnrl"))
    assert result.status == 2
    assert "nowhere.jsonl cannot be read: No such file or directory" in result.line


def test_the_module_names_the_option_that_the_command_line_has() -> None:
    assert train_file.OPTION in invoke("run", "--help").out
