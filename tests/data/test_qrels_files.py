"""Tables of judgments in the layouts that people have, and advice that leads to a file which is read."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest

from harness.data.qrels_files import judgments
from harness.errors import DataError

ROWS = [("q1", "d1", 2), ("q1", "d2", 0), ("q2", "d3", 1)]
BEIR = "query-id\tcorpus-id\tscore\n"
TRIPLES = "q1\td1\t2\nq1\td2\t0\nq2\td3\t1\n"
TREC = "q1 0 d1 2\nq1 0 d2 0\nq2 0 d3 1\n"


def read(folder: Path, content: str | bytes) -> list[tuple[str, str, int]]:
    path = folder / "dev.tsv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return [judgment for _, judgment in judgments(path)]


@pytest.mark.parametrize(
    "content",
    [
        BEIR + TRIPLES,
        (BEIR + TRIPLES).replace("\n", "\r\n"),
        BEIR + TRIPLES + "\n",
        BEIR + TRIPLES.replace("q2", "\nq2"),
        BEIR + TRIPLES.replace("\t2\n", "\t2.0\n"),
        BEIR.replace("query-id", '"query-id"') + TRIPLES,
        b"\xef\xbb\xbf" + (BEIR + TRIPLES).encode(),
        gzip.compress((BEIR + TRIPLES).encode(), mtime=0),
        TREC,
        TREC.replace(" ", "\t"),
        TREC.replace(" 0 ", "  Q0   "),
        BEIR + TREC.replace(" ", "\t"),
        b"\xef\xbb\xbf" + TREC.encode() + b"\n",
    ],
)
def test_every_layout_gives_the_same_judgments(tmp_path: Path, content: str | bytes) -> None:
    assert read(tmp_path, content) == ROWS


def no_header(content: str) -> str:
    return BEIR + content


def tabs(content: str) -> str:
    return re.sub(r"[ ,;]+", "\t", content)


def other_names(content: str) -> str:
    return BEIR + content.partition("\n")[2]


@pytest.mark.parametrize(
    ("content", "advice", "follow"),
    [
        (TRIPLES, "the header is not query-id, corpus-id, score, tab-separated; add it as the first line", no_header),
        ((BEIR + TRIPLES).replace("\t", " "), "write one tab between any two, in every line", tabs),
        ((BEIR + TRIPLES).replace("\t", ","), "write one tab between any two, in every line", tabs),
        ("qid\tdid\trel\n" + TRIPLES, "write query-id<TAB>corpus-id<TAB>score in its place", other_names),
        (BEIR + TRIPLES.replace("\t2", "\tyes"), "line 2: the score 'yes'", lambda text: text.replace("yes", "2")),
        (TREC + "q3 0 d4\n", "line 4: 'q3 0 d4' is not query id, 0,", lambda text: text.replace("q3 0 d4\n", "")),
    ],
)
def test_after_following_the_advice_the_file_is_read(tmp_path: Path, content: str, advice: str, follow: object) -> None:
    with pytest.raises(DataError) as caught:
        read(tmp_path, content)
    assert advice in str(caught.value)
    assert "\n" not in str(caught.value)
    assert callable(follow)
    assert read(tmp_path, follow(content)) == ROWS


def test_a_table_of_another_layout_is_told_both(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="neither query-id<TAB>corpus-id<TAB>score nor a TREC judgment"):
        read(tmp_path, "what is tea\n")


def test_a_time_in_place_of_a_grade_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "dev.tsv"
    path.write_text(BEIR + "q1\td1\t1700000000\n", encoding="utf-8")
    with pytest.raises(DataError, match="the score '1700000000' is not an integer of at most 1000"):
        list(judgments(path))
