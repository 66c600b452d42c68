"""The user's training rows, in the published format."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from support.commands import invoke, read_json, tiny_suite

from harness.data import train_file
from harness.data.train_file import declare, read
from harness.data.train_file_data import content_id, use_train_file
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
    """Write rows, or verbatim lines, to a train file."""

    def make(*rows: Mapping[str, Any] | str, name: str = "rows.jsonl") -> Path:
        lines = [row if isinstance(row, str) else json.dumps(row, ensure_ascii=False) for row in rows]
        (tmp_path / name).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        return tmp_path / name

    return make


@pytest.fixture
def data() -> Data:
    """One language whose training rows are replaced."""
    return Data(
        language="en",
        passages={"d1": "Tea", "d2": "Coffee"},
        queries={"q1": "a training query of the suite", "q9": "a query  of dev"},
        train={"q1": ("d1",)},
        dev={"q9": {"d2": 1}},
        extra_queries={"d1": ("an extra query of the suite",)},
    )


def declared(path: Path) -> TrainFile:
    return declare(str(path), ["en"], ["en"])["en"]


def test_rows_replace_the_training_queries_and_leave_the_dev_queries(data: Data, write: Write) -> None:
    replaced = use_train_file(data, declared(write(*ROWS)))
    assert replaced.queries == {"q9": "a query  of dev", "row-0000001": "what is brewed", "row-0000002": "what swims"}
    assert (replaced.passages, replaced.dev) == (data.passages, data.dev)
    texts = {query: [replaced.pool[doc] for doc in docs] for query, docs in replaced.train.items()}  # type: ignore[index]
    assert texts == {"row-0000001": ["Tea is brewed."], "row-0000002": ["Fish swim.", "Otters swim."]}


def test_texts_are_the_pool_under_ids_derived_from_their_content(data: Data, write: Write) -> None:
    pool = use_train_file(data, declared(write(*ROWS))).training_passages
    texts = ["Tea is brewed.", "Rice is boiled.", "Stone is cut.", "Fish swim.", "Otters swim."]
    assert pool == {content_id(text): text for text in texts}
    assert list(pool) == sorted(pool)
    assert content_id("Stone is cut.") == "text-7300cf25238f941962ee1582"  # sha256sum


def test_negatives_keep_the_order_of_their_row(data: Data, write: Write) -> None:
    replaced = use_train_file(data, declared(write(*ROWS)))
    assert {query: [replaced.training_passages[doc] for doc in docs] for query, docs in replaced.mined.items()} == {
        "row-0000001": ["Rice is boiled.", "Stone is cut."],
        "row-0000002": ["Stone is cut."],
    }


def test_each_negative_has_its_queries_from_all_rows(data: Data, write: Write) -> None:
    replaced = use_train_file(data, declared(write(*ROWS)))
    assert replaced.extra_queries == {
        content_id("Rice is boiled."): ("what is boiled",),
        content_id("Stone is cut."): ("what is cut", "what is hard"),
    }


def test_a_bound_on_the_training_queries_draws_rows_and_keeps_the_pool(data: Data, write: Write) -> None:
    rows = [{"query": f"query {n}", "pos": [f"passage {n}"], "neg": ["other"]} for n in range(30)]
    drawn, redrawn = (use_train_file(data, declared(write(*rows)), most=7) for _ in (1, 2))
    assert len(drawn.train) == len(drawn.mined) == 7
    assert set(drawn.queries) == {"q9", *drawn.train}
    assert len(drawn.training_passages) == 31
    assert drawn == redrawn


def first_row(**changes: Any) -> dict[str, Any]:
    """Return the first row with some keys changed; None removes the key."""
    return {name: value for name, value in {**ROWS[0], **changes}.items() if value is not None}


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        (first_row(pos=None), "key 'pos' is missing; a row has query, pos and, if known, neg, neg_q, pos_scores"),
        (first_row(query=None), "key 'query' is missing; a row has query, pos and, if known, neg, neg_q, pos_scores"),
        (first_row(neg_q=None, neg_query=["a", "b"]), "unknown key 'neg_query'; did you mean 'neg_q'?"),
        (first_row(pos=None, positive=["a"]), "key 'positive' is of another format; write 'pos' as in"),
        (
            first_row(teacher=[1.0]),
            "unknown key 'teacher'; delete it; a row has query, pos and, if known, neg, neg_q",
        ),
        (first_row(neg_q=["one"]), "'neg' holds 2 and 'neg_q' 1; neg_q[j] is the query that neg[j] answers"),
        (first_row(neg_q=[]), "'neg_q' is an empty list"),
        (first_row(pos=[]), "'pos' is an empty list; give it a text or delete the row"),
        (
            first_row(neg_q=None, anchor="what", passage="that"),
            "key 'anchor' is of another format; write 'query' as in",
        ),
        (first_row(query=["Represent this:", "what"]), "'query' is a list, not a text; write the query alone"),
        (first_row(pos_scores=[1, 2]), "'pos_scores' holds 2, and 'pos' 1 text; give one number for each"),
        (first_row(neg_scores=0.5), "'neg_scores' is a JSON number, and 'neg' 2 texts; give one number for each"),
        (first_row(neg_scores=[0.5, None]), "neg_scores[1] is None, not a finite number; correct or delete"),
        (first_row(neg_scores=[True, 0.5]), "neg_scores[0] is True, not a finite number"),
        ('{"query": "a", "pos": ["b"], "pos_scores": [NaN]}', "pos_scores[0] is nan, not a finite number"),
        (first_row(prompt=7), "'prompt' is not a string; correct the row"),
        (first_row(pos="Tea is brewed."), "'pos' is a JSON string, not a list of texts"),
        (first_row(query=7), "'query' is not a string"),
        (first_row(query=" "), "empty 'query'"),
        (first_row(neg=["a", None]), "neg[1] is missing"),
        (first_row(neg_q=["a", " "]), "empty neg_q[1]"),
        (first_row(neg=["a", "Tea  is brewed."]), "neg[1] is also in 'pos'"),
        ('{"query": "what", "pos": ["Tea', "truncated or broken JSON"),
        ("query", "truncated or broken JSON"),
        ("[]", "a JSON list, not an object with query, pos; correct the row"),
        (first_row(neg_q=None), "has no 'neg_q' but line 1 has; give it in all rows or in none"),
    ],
)
def test_an_invalid_row_is_rejected_in_one_line_with_its_place(write: Write, row: Any, problem: str) -> None:
    path = write(ROWS[0], row, ROWS[1])
    with pytest.raises(DataError) as error:
        read(path)
    assert str(error.value).startswith(f"{path} line 2: {problem}")
    assert "\n" not in str(error.value)


def test_a_line_truncated_within_a_character_is_rejected_with_its_place(write: Write, data: Data) -> None:
    path = write(*ROWS)
    path.write_bytes(path.read_bytes() + '{"query": "왜'.encode()[:-1])
    with pytest.raises(DataError, match=r"line 3: byte \d+ is not UTF-8"):
        read(path)


def test_an_empty_file_is_rejected(write: Write) -> None:
    with pytest.raises(DataError, match=r"rows.jsonl: holds no training row"):
        read(write())


@pytest.mark.parametrize(
    ("row", "name"),
    [
        (first_row(query="a query of dev"), "query"),
        (first_row(neg_q=["what is boiled", "a query of  dev "]), r"neg_q\[1\]"),
    ],
)
def test_a_query_with_the_text_of_a_dev_query_is_rejected(data: Data, write: Write, row: Any, name: str) -> None:
    with pytest.raises(DataError, match=rf"line 2: {name} has the text of dev query 'q9'"):
        use_train_file(data, declared(write(ROWS[1], row)))


def test_a_file_that_changed_after_the_plan_is_rejected(data: Data, write: Write) -> None:
    file = declared(write(*ROWS))
    write(ROWS[0])
    with pytest.raises(DataError, match="was deleted or has changed since the run was planned"):
        use_train_file(data, file)


def test_the_option_names_one_file_or_one_per_language(write: Write) -> None:
    first, second = write(*ROWS), write(ROWS[0], name="second.jsonl")
    assert list(declare(str(first), ["ko"], ["ko", "hi"])) == ["ko"]
    files = declare(f"ko={first}, hi={second}", ["ko", "hi"], ["ko", "hi", "fa"])
    assert {language: file.path for language, file in files.items()} == {"ko": first, "hi": second}
    assert files["ko"].sha256 != files["hi"].sha256
    with_commas = write(*ROWS, name="a=b,c.jsonl")
    assert declare(str(with_commas), ["ko"], ["ko"])["ko"].path == with_commas


@pytest.mark.parametrize(
    ("option", "problem"),
    [
        ("rows.jsonl", "with several languages each needs its own file; pass ko=PATH,hi=PATH"),
        ("ko=rows.jsonl,fa=rows.jsonl", "unknown language 'fa' in --train-file"),
        ("ko=rows.jsonl,ko=more.jsonl", "ko is given twice"),
        ("ko=", "expected comma-separated LANGUAGE=PATH"),
    ],
)
def test_an_invalid_option_is_rejected(
    option: str, problem: str, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(write(*ROWS).parent)
    with pytest.raises(RequestError, match=problem):
        declare(option, ["ko", "hi"], ["ko", "hi", "fa"])


def test_negative_queries_are_available_if_the_rows_have_them(write: Write) -> None:
    mini = suites.load("mini")
    without_queries = [{name: value for name, value in row.items() if name != "neg_q"} for row in ROWS]
    for rows, offered in ((ROWS, True), (without_queries, False)):
        with_file = mini.model_copy(update={"train_files": {"ko": declared(write(*rows))}})
        assert (Need.NEGATIVE_QUERIES in with_file.offers("ko")) == offered
        assert Need.NEGATIVE_QUERIES in with_file.offers("hi")


def test_the_suites_digest_depends_on_the_files_content_and_not_on_its_path(write: Write) -> None:
    mini = suites.load("mini")
    original, copy, other = write(*ROWS), write(*ROWS, name="copy.jsonl"), write(ROWS[0], name="other.jsonl")
    digests = [
        mini.model_copy(update={"train_files": {"ko": declared(path)}}).digest for path in (original, copy, other)
    ]
    assert digests[0] == digests[1] != digests[2]
    assert mini.digest not in digests


def command(tmp_path: Path, rows: Path, *arguments: str) -> tuple[str, ...]:
    manifest = tiny_suite(tmp_path / "suite")
    return (
        *("run", "--suite", str(manifest), "--data-dir", str(tmp_path / "suite"), "--out", str(tmp_path / "out")),
        *("--seeds", "0", "--device", "cpu", "--jobs", "1", "--train-file", str(rows), *arguments),
    )


def test_clpl_trains_on_a_files_rows_on_a_suite_without_negative_queries(tmp_path: Path, write: Write) -> None:
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
        (first_row(neg=None, negs=["a"]), "unknown key 'negs'; did you mean 'neg'?"),
        (first_row(neg_q=["one"]), "'neg' holds 2 and 'neg_q' 1"),
        ('{"query": "wha', "truncated or broken JSON"),
    ],
)
def test_an_invalid_file_ends_the_command_with_one_line_and_status_2(
    tmp_path: Path, write: Write, row: Any, problem: str
) -> None:
    result = invoke(*command(tmp_path, write(ROWS[0], row), "--methods", "clpl"))
    assert result.status == 2
    assert f"line 2: {problem}" in result.line
    assert not (tmp_path / "out").exists()


def test_clpl_on_a_file_without_negative_queries_is_rejected_in_the_plan(tmp_path: Path, write: Write) -> None:
    without_queries = [{name: value for name, value in row.items() if name != "neg_q"} for row in ROWS]
    result = invoke(*command(tmp_path, write(*without_queries), "--methods", "clpl"))
    assert result.status == 2
    assert "clpl on suite tiny, en: no negative queries" in result.line


def test_a_missing_file_ends_the_command_with_one_line_and_status_2(tmp_path: Path) -> None:
    result = invoke(*command(tmp_path, tmp_path / "missing.jsonl", "--methods", "mnrl"))
    assert result.status == 2
    assert "missing.jsonl cannot be read: No such file or directory" in result.line


def test_the_module_names_the_option_that_the_command_line_has() -> None:
    assert train_file.OPTION in invoke("run", "--help").out
