"""The ranks of relevant passages, read from run files, and how a page writes two of them."""

from __future__ import annotations

import gzip
import json
import re
from html import unescape
from pathlib import Path

import pytest
from support.fake_queries import data_of, folder_of, ranking, write_pages

from harness.report.queries.query_view import rank_texts
from harness.report.queries.stored_runs import query_blocks, relevant_ranks
from harness.results.record import run_bytes


def ranks(run: dict[str, list[tuple[str, float]]], relevant: dict[str, list[str]], tag: str = "x") -> object:
    return relevant_ranks(query_blocks(gzip.decompress(run_bytes(run, tag=tag))), relevant)


def test_a_rank_is_the_place_in_the_list_of_its_own_query() -> None:
    run = {"q": [("a", 3.0), ("b", 2.0), ("c", 1.0)], "r": [("c", 3.0), ("a", 2.0)]}
    assert ranks(run, {"q": ["c", "a"], "r": ["a"]}) == {"q": {"c": 3, "a": 1}, "r": {"a": 2}}


def test_a_passage_beyond_the_list_has_the_length_of_the_list_and_a_query_without_list_has_none() -> None:
    run = {"q": [("a", 3.0), ("b", 2.0)], "r": [("b", 1.0)]}
    assert ranks(run, {"q": ["c"], "r": ["a"], "s": ["a"]}) == {"q": {"c": -2}, "r": {"a": -1}, "s": {"a": 0}}


def test_ids_are_compared_whole_and_a_tag_is_no_line() -> None:
    run = {"1": [("11", 3.0), ("1", 2.0)], "11": [("1", 3.0), ("1.", 2.0)]}
    expected = {"1": {"1": 2, "11": 1}, "11": {"1": 1, "11": -2, ".": -2}}
    assert ranks(run, {"1": ["1", "11"], "11": ["1", "11", "."]}, tag="11 Q0 11 1 0.5 x") == expected


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ([1], [43], ["1 vs 43"]),
        ([-100], [7], ["> 100 vs 7"]),
        ([0], [-3], ["not found vs > 3"]),
        ([5], None, ["5 vs ?"]),
        (None, None, [""]),
    ],
)
def test_two_ranks_as_text(a: list[int] | None, b: list[int] | None, expected: list[str]) -> None:
    assert rank_texts(a, b, 1) == expected


def shown(page: Path) -> dict[str, tuple[str, str]]:
    """Return query → (passage, ranks) of the first relevant passage of each query that is written out."""
    html = page.read_text(encoding="utf-8")
    found = {}
    for article in re.findall('<article class="query">.*?</article>', html, re.DOTALL):
        query = re.findall(r"</span> <bdi>(.*?)</bdi></h3>", article)[0]
        doc, text = re.findall(r'<bdi>(doc-\d+)</bdi> · rank <span class="ranks">(.*?)</span>', article)[0]
        assert f" · rank {text}</span>" in article.partition("</summary>")[0]
        found[query] = doc, unescape(text)
    return found


@pytest.mark.parametrize("show_texts", [True, False])
def test_every_relevant_passage_has_its_ranks_with_and_without_texts(tmp_path: Path, show_texts: bool) -> None:
    folder_of(tmp_path, ["base", "mnrl"], {"ko": 12})
    [page] = write_pages(tmp_path, {"ko": data_of("ko", 12)}, show_texts=show_texts)
    orders = [ranking(entry, 0, [f"ko-q{i:04}" for i in range(12)]) for entry in ("mnrl", "base")]
    for query, (doc, text) in shown(page).items():
        places = [[name for name, _ in order[query]] for order in orders]
        sides = [str(names.index(doc) + 1) if doc in names else "> 8" for names in places]
        assert (doc, text) == (f"doc-{int(query[-4:]):02}", " vs ".join(sides))
    assert len(shown(page)) == 12


def test_texts_that_are_not_shown_leave_ids_ranks_and_what_is_computed_from_them(tmp_path: Path) -> None:
    folder_of(tmp_path, ["base", "mnrl"], {"ko": 40})
    queries = {f"ko-q{i:04}": " ".join(["낱말"] * (1 + i % 2)) for i in range(40)}
    [page] = write_pages(tmp_path, {"ko": data_of("ko", 40, queries=queries)}, show_texts=False)
    html = page.read_text(encoding="utf-8")
    assert not re.search("[가-힣]", html)
    assert "What follows are ids, ranks and scores alone." in html
    assert "✓ relevant, grade 1" in html
    content = json.loads(re.findall(r'id="data">(.*?)</script>', html)[0])
    assert {len(passage) for passage in content["passages"]} == {1}
    assert not any("text" in query for query in content["queries"])
    assert [len(numbers) for numbers in content["gains"].values()] == [4]  # two groups of lengths, two numbers each
    assert '<tr><th scope="row">2</th><td>20</td>' in html
