"""The keys of a user's training rows that FlagEmbedding's files have, rows without negatives, and other layouts."""

from __future__ import annotations

import contextlib
import io
import json
import shlex
from pathlib import Path
from typing import Any

import pytest

from harness.data.train_file import read
from harness.data.train_file_data import content_id, row_scores, use_train_file
from harness.errors import DataError
from harness.types import Data
from tests.data.test_train_file import ROWS, Write, declared

SCORED: list[dict[str, Any]] = [
    {
        "id": 1,
        "query": "what is brewed",
        "pos": ["Tea is brewed."],
        "neg": ["Rice is boiled.", "Stone is cut.", "Rice is boiled."],
        "pos_scores": [9],
        "neg_scores": [-1.5, 0.25, 8.0],
        "prompt": "Answer: ",
        "type": "normal",
    },
    {"query": "what swims", "pos": ["Fish swim."], "neg": [], "pos_scores": [3.0], "neg_scores": [], "prompt": None},
]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write rows, or verbatim lines, to a train file."""

    def make(*rows: dict[str, Any] | str) -> Path:
        lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
        (tmp_path / "rows.jsonl").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        return tmp_path / "rows.jsonl"

    return make


def test_the_optional_keys_of_flagembedding_are_accepted_and_counted(write: Write) -> None:
    file = declared(write(*SCORED))
    assert file.counts == {
        **{"rows": 2, "without neg": 1, "pos_scores": 2, "neg_scores": 1, "prompt": 1, "type": 1, "id": 1}
    }
    assert file.prompts == {"Answer: ": 1}
    assert (file.scores, file.negatives, file.negative_queries) == (True, True, False)


def test_scores_belong_to_their_pair_of_query_and_passage(write: Write) -> None:
    assert row_scores(declared(write(*SCORED))) == {
        ("row-0000001", content_id("Tea is brewed.")): 9.0,
        ("row-0000001", content_id("Rice is boiled.")): -1.5,  # the first of two
        ("row-0000001", content_id("Stone is cut.")): 0.25,
        ("row-0000002", content_id("Fish swim.")): 3.0,
    }


@pytest.mark.parametrize("missing", [{"pos_scores": None}, {"neg_scores": None}])
def test_scores_serve_only_where_each_text_of_each_row_has_one(write: Write, missing: dict[str, None]) -> None:
    assert not declared(write({**SCORED[0], **missing}, SCORED[1])).scores


@pytest.mark.parametrize("negatives", [{}, {"neg": None}, {"neg": []}, {"neg": [], "neg_q": []}])
def test_rows_without_negatives_are_read(write: Write, negatives: dict[str, Any]) -> None:
    data = Data("en", passages={"d1": "Tea"}, queries={"q9": "dev"}, train={}, dev={"q9": {"d1": 1}})
    row = {"query": "what swims", "pos": ["Fish swim."], **negatives}
    file = declared(write(row))
    assert (file.negatives, file.counts) == (False, {"rows": 1, "without neg": 1})
    assert use_train_file(data, file).mined == {"row-0000001": ()}
    assert declared(write(ROWS[0], row, ROWS[1])).negative_queries


def test_new_facts_of_a_file_are_in_no_digest_where_they_are_as_before(write: Write) -> None:
    assert set(declared(write(*ROWS)).model_dump()) == {"sha256", "negative_queries"}


def test_a_json_array_is_said_to_be_one_and_converting_it_as_said_gives_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, indent in (("flat array.json", None), ("pretty.json", 2)):
        path = tmp_path / name
        path.write_text(json.dumps(ROWS, ensure_ascii=False, indent=indent), encoding="utf-8")
        with pytest.raises(DataError, match=r"is a JSON array, and one JSON object per line is read; convert") as error:
            read(path)
        command = str(error.value).partition("convert it: python ")[2]
        code, _, rest = command.removeprefix('-c "').partition('" ')
        monkeypatch.setattr("sys.argv", ["-c", str(path)])
        assert shlex.split(rest) == [str(path), ">", "rows.jsonl"]
        lines = io.StringIO()
        with contextlib.redirect_stdout(lines):
            exec(code, {})
        (tmp_path / "rows.jsonl").write_text(lines.getvalue(), encoding="utf-8")
        assert [row.query for row in read(tmp_path / "rows.jsonl")] == ["what is brewed", "what swims"]


@pytest.mark.parametrize("delimiter", [",", "\t"])
def test_a_table_is_said_to_be_one_and_how_to_write_its_rows(write: Write, delimiter: str) -> None:
    path = write(delimiter.join(("query", "pos", "neg")), delimiter.join(("what", "Tea", "Rice")))
    with pytest.raises(
        DataError, match=r"is a table \(query, pos, neg\), and one JSON object per line is read"
    ) as error:
        read(path)
    example = str(error.value).partition("write each row as ")[2].partition("}")[0] + "}"
    assert read(write(example))[0].positives == ("relevant text",)
