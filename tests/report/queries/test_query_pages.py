"""The pages of queries: kept queries, the comparison of a pair, texts, judgments and passage lists."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from html import unescape
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.commands import Run, invoke, read_json
from support.fake_queries import data_of, folder_of, write_pages
from support.fake_records import board, draw, put

from harness.evidence import texts
from harness.evidence.leaderboard import collate
from harness.machine.bundled import manifests
from harness.report.current_report import current_table
from harness.report.queries import query_data
from harness.report.queries.entry_pairs import balance, kept_queries
from harness.report.queries.query_texts import cut
from harness.report.queries.stored_runs import query_blocks, seed_pair, top_passages
from harness.report.rebuilt_files import prove_files
from harness.report.report_files import write_reports
from harness.results import ranking_file
from harness.results.folder import read_result_folder
from harness.results.record import run_bytes
from harness.types import Data

ENTRIES = ["base", "mnrl", "clpl"]


def read(page: Path) -> str:
    """Return the text of a page, without its data and script, as one line."""
    html = page.read_text(encoding="utf-8").partition('<script type="application/json"')[0]
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", html.partition("<main")[2])).split())


def data(page: Path) -> Any:
    """Return the data embedded in a page."""
    match = re.search(r'<script type="application/json" id="data">(.*?)</script>', page.read_text(encoding="utf-8"))
    assert match
    return json.loads(match[1])


def articles(page: Path) -> list[str]:
    """Return the ids of the queries written out as HTML, in order."""
    return re.findall(r"</span> <bdi>(.*?)</bdi></h3>", page.read_text(encoding="utf-8"))


def few(folder: Path, n: int = 40, entries: list[str] = ENTRIES) -> Path:
    """Return the Korean page of a synthetic run with texts."""
    [page] = write_pages(folder_of(folder, entries, {"ko": n}), {"ko": data_of("ko", n)})
    return page


SCORES = st.integers(1, 9).flatmap(
    lambda n: st.lists(
        st.lists(st.sampled_from([0, 2500, 5000, 10_000]), min_size=n, max_size=n), min_size=2, max_size=5
    )
)


@given(rows=SCORES, count=st.integers(1, 4))
def test_the_kept_queries_have_the_largest_differences_of_some_pair(rows: list[list[int]], count: int) -> None:
    expected = set()
    for first, second in combinations(rows, 2):
        differences = [(a - b, i) for i, (a, b) in enumerate(zip(first, second, strict=True))]
        won = sorted((-gain, i) for gain, i in differences if gain > 0)
        lost = sorted((gain, i) for gain, i in differences if gain < 0)
        expected |= {i for _, i in won[:count] + lost[:count]}
    pairs = list(combinations(range(len(rows)), 2))
    assert kept_queries(np.array(rows), pairs, count) == sorted(expected)


def test_a_balance_adds_up_to_the_mean_difference() -> None:
    differences = np.array([0.5] * 15 + [0.25] * 5 + [0.0] * 60 + [-1.0] * 20)
    parts = balance(differences)
    assert (parts.won, parts.tied, parts.lost) == (20, 60, 20)
    assert (parts.gained, parts.conceded) == pytest.approx((0.0875, -0.2))
    assert (parts.most_gained, parts.most_conceded) == pytest.approx((0.05, -0.1))
    assert parts.gained + parts.conceded == pytest.approx(differences.mean())


def test_a_rounding_error_is_a_tie() -> None:
    parts = balance(np.array([1e-12, -1e-12, 0.1]))
    assert (parts.won, parts.tied, parts.lost) == (1, 2, 0)


@pytest.mark.parametrize("rows", [0, 1, 4, 5, 12])
def test_the_top_passages_match_the_whole_run(tmp_path: Path, rows: int) -> None:
    ranking = {query: [(str(i), 1.0 - i / 50) for i in range(1, rows + 1)] for query in ("1", "a", "b")}
    (tmp_path / "run.gz").write_bytes(run_bytes(ranking, tag="1"))
    whole = ranking_file.read_run(tmp_path / "run.gz")
    lines = "".join(
        f"{query} Q0 {doc} {rank} {score!r} 1\n"
        for query, docs in ranking.items()
        for rank, (doc, score) in enumerate(docs, 1)
    )
    assert top_passages(query_blocks(lines.encode())) == {
        query: list(docs.items())[:5] for query, docs in whole.items()
    }


def test_equal_scores_keep_the_order_of_their_ranks() -> None:
    run = b"q Q0 b 1 0.5 x\nq Q0 a 2 0.5 x\nr Q0 a 1 0.5 x\n"
    assert top_passages(query_blocks(run)) == {"q": [("b", 0.5), ("a", 0.5)], "r": [("a", 0.5)]}


def test_a_run_that_is_not_ordered_by_rank_is_rejected() -> None:
    with pytest.raises(ValueError, match="rank 3 of q where 2 was expected"):
        top_passages(query_blocks(b"q Q0 a 1 0.5 x\nq Q0 c 3 0.3 x\n"))


def test_lists_are_from_the_lowest_common_seed() -> None:
    assert seed_pair([0, 1, 2], [1, 2]) == (1, 1)
    assert seed_pair([0], [1, 2]) == (0, 1)


def test_a_text_is_cut_after_a_word_and_a_long_word_is_cut_within() -> None:
    assert cut("a" * 600) == "a" * 600
    assert cut("word " * 200) == f"{'word ' * 119}word …"
    assert cut("a" * 10_000) == f"{'a' * 600}…"
    assert cut(f"a {'b' * 10_000}") == f"a {'b' * 598}…"


def test_without_a_contrast_the_best_trained_entry_is_compared_with_the_baseline_first(tmp_path: Path) -> None:
    levels = {"base": 0.3, "bm25": 0.9, "mine": 0.5, "clpl": 0.7}
    for entry, level in levels.items():
        scores = {"AP": {f"q{i}": level + (i - 15) / 100 * (entry == "clpl") for i in range(30)}}
        put(tmp_path, (entry, "ko", 0), scores)
    [page] = write_pages(tmp_path, None)
    assert "A is clpl (mean 69.50), B is base (mean 30.00): Δ +39.50." in read(page)
    assert "won by A 30 +39.50 +16.50 tied 0 lost by A 0 +0.00 +0.00 all 30 +39.50" in read(page)
    assert "If the 10 queries won by A most were ties, the difference would be +23.00." in read(page)


def test_the_largest_differences_are_written_out_largest_first(tmp_path: Path) -> None:
    page = few(tmp_path, 60)
    scores = collate(tmp_path).scored
    best = data(page)["entries"][data(page)["first"]]["name"]
    differences = (scores[best, "ko"].over_seeds - scores["base", "ko"].over_seeds)[:, 0]
    order = [f"ko-q{i:04}" for i in np.argsort(-differences)]
    assert articles(page) == order[:10] + order[:-11:-1]


def test_a_page_states_how_many_queries_it_has(tmp_path: Path) -> None:
    page = few(tmp_path, 200)
    kept = len(data(page)["queries"])
    assert kept < 60
    text = f"{kept} of 200 queries: the 10 won most and the 10 lost most of every two entries."
    assert text in read(page)
    assert "All 12 queries." in read(few(tmp_path / "all", 12))


def test_passages_are_marked_as_relevant_judged_or_unjudged(tmp_path: Path) -> None:
    page = few(tmp_path)
    first = articles(page)[0]
    block = page.read_text(encoding="utf-8").partition(f"<bdi>{first}</bdi>")[2].partition("</article>")[0]
    i = int(first.removeprefix("ko-q")) % 12
    marks = dict(re.findall(r'<span class="mark">. (.*?)</span> · <bdi>(.*?)</bdi>', block.partition("lists")[2]))
    marked = {doc: mark for mark, doc in marks.items()}
    assert marked.pop(f"doc-{i:02}", "relevant, grade 1") == "relevant, grade 1"
    assert marked.pop(f"doc-{(i + 1) % 12:02}", "judged not relevant") == "judged not relevant"
    assert set(marked.values()) <= {"not judged"}
    relevant = block.partition("<ul>")[2].partition("</ul>")[0]
    assert f"<bdi>doc-{i:02}</bdi>" in relevant
    assert f"{i}번 글." in relevant


def test_the_texts_of_ten_relevant_passages_are_shown_and_all_have_ranks_and_marks(tmp_path: Path) -> None:
    folder_of(tmp_path, ["base", "mnrl"], {"ko": 4})
    every = data_of("ko", 4)
    dev = {query: dict.fromkeys(every.passages, 2) for query in every.dev}
    [page] = write_pages(tmp_path, {"ko": replace(every, dev=dev)})
    query = data(page)["queries"][0]
    assert len(query["relevant"]) == 12
    html = page.read_text(encoding="utf-8")
    assert [block.count('class="ranks"') for block in re.findall("<ul>.*?</ul>", html, re.DOTALL)[:4]] == [12] * 4
    assert "not judged" not in read(page)


def test_texts_beyond_the_tenth_relevant_passage_are_shown_only_where_they_are_in_a_list(tmp_path: Path) -> None:
    folder_of(tmp_path, ["base", "mnrl"], {"ko": 4})
    for path in tmp_path.rglob("*.run.gz"):
        path.unlink()
    every = data_of("ko", 4)
    dev = {query: dict.fromkeys(every.passages, 2) for query in every.dev}
    [page] = write_pages(tmp_path, {"ko": replace(every, dev=dev)})
    passages = {doc: "".join(text) for doc, *text in data(page)["passages"]}
    assert len(passages) == 12
    assert sorted(doc for doc, text in passages.items() if not text) == ["doc-10", "doc-11"]


def test_relevant_passages_beyond_the_fiftieth_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(query_data, "RANKED", 9)
    folder_of(tmp_path, ["base", "mnrl"], {"ko": 4})
    every = data_of("ko", 4)
    dev = {query: dict.fromkeys(every.passages, 2) for query in every.dev}
    [page] = write_pages(tmp_path, {"ko": replace(every, dev=dev)})
    assert "and 3 more" in read(page)
    assert "not judged" not in read(page)


def test_persian_texts_are_right_to_left_and_have_their_language_tag(tmp_path: Path) -> None:
    folder_of(tmp_path, ["base", "mnrl"], {"fa": 4, "ko": 4})
    fa, ko = write_pages(tmp_path, {"fa": data_of("fa", 4), "ko": data_of("ko", 4)})
    assert set(re.findall(r'class="text"(.*?)>', fa.read_text(encoding="utf-8"))) == {' lang="fa" dir="rtl"'}
    assert set(re.findall(r'class="text"(.*?)>', ko.read_text(encoding="utf-8"))) == {' lang="ko" dir="auto"'}


def test_without_run_files_scores_and_relevant_passages_are_shown(tmp_path: Path) -> None:
    folder_of(tmp_path, ENTRIES, {"ko": 12})
    for path in tmp_path.rglob("*.run.gz"):
        path.unlink()
    [page] = write_pages(tmp_path, {"ko": data_of("ko", 12)})
    assert "No lists of passages: the run files are not in this folder." in read(page)
    assert "Relevant passages" in read(page)
    assert "<ol>" not in page.read_text(encoding="utf-8")


def test_a_run_file_that_does_not_match_its_record_is_not_shown(tmp_path: Path) -> None:
    folder_of(tmp_path, ["base", "mnrl"], {"ko": 12})
    (tmp_path / "records/base/ko/0.run.gz").write_bytes(run_bytes({"ko-q0000": [("doc-99", 1.0)]}, tag="base"))
    [page] = write_pages(tmp_path, {"ko": data_of("ko", 12)})
    assert "B: base No list: its run file is not at hand." in read(page)
    assert "A: mnrl , seed 0" in read(page)
    assert "doc-99" not in page.read_text(encoding="utf-8")


def test_without_texts_a_page_has_only_ids_and_scores_and_says_so(tmp_path: Path) -> None:
    folder_of(tmp_path, ENTRIES, {"ko": 12})
    [page] = write_pages(tmp_path, None)
    assert "Texts are not shown: this page was written without them. What follows are ids and scores alone." in read(
        page
    )
    assert "relevant," not in read(page)
    assert "judged" not in read(page)
    assert "doc-0" in read(page)
    assert {tuple(query) for query in data(page)["queries"]} == {("query_id", "scores")}


def test_a_single_entry_has_a_page_that_says_so(tmp_path: Path) -> None:
    put(tmp_path, ("base", "ko", 0), draw("base", "ko", 0, 5))
    [page] = write_pages(tmp_path, None)
    assert "Only base was measured in this language" in read(page)
    assert "<script" not in page.read_text(encoding="utf-8")


def test_more_than_twenty_entries_are_compared_with_the_baseline_only(tmp_path: Path) -> None:
    entries = ["base", *(f"entry-{i:02}" for i in range(22))]
    page = few(tmp_path, 30, entries)
    assert len(data(page)["balances"]) == 22
    assert sum(bool(entry["lists"]) for entry in data(page)["entries"]) == 20
    assert "Lists are here for 20 entries: base , then the best." in read(page)
    with_lists = {entry["name"] for entry in data(page)["entries"] if entry["lists"]}
    assert "base" in with_lists


def test_a_page_that_is_too_large_keeps_fewer_queries_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = len(json.dumps(data(few(tmp_path / "whole", 200)), ensure_ascii=False).encode())
    monkeypatch.setattr(query_data, "LIMIT", size // 2)
    page = few(tmp_path / "cut", 200)
    count = data(page)["count"]
    assert len(json.dumps(data(page), ensure_ascii=False).encode()) < size // 2 + 1000
    assert 1 < count < 10
    assert f"the {count} won most and the {count} lost most of every two entries (no more, so that" in read(page)
    assert len(articles(page)) == 2 * count


def test_a_page_that_remains_too_large_keeps_the_queries_of_the_first_pair(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(query_data, "LIMIT", 1)
    page = few(tmp_path, 200)
    assert len(data(page)["queries"]) == len(articles(page)) == 20
    names = [entry["name"] for entry in data(page)["entries"]]
    best = names[data(page)["first"]]
    assert f"the 10 won most and the 10 lost most of {best} and base (no more, so that" in read(page)


def test_equal_folders_give_equal_pages(tmp_path: Path) -> None:
    assert few(tmp_path / "a").read_bytes() == few(tmp_path / "b").read_bytes()


@pytest.fixture
def korean(finished: Run, tmp_path: Path) -> Path:
    """A copy of a real run of four entries."""
    return shutil.copytree(finished.folder, tmp_path / "out")


def test_a_finished_run_shows_the_texts_of_its_suite(finished: Run) -> None:
    page = finished.folder / "queries/ko.html"
    [text] = [query["text"] for query in data(page)["queries"] if query["query_id"] == articles(page)[0]]
    assert text in read(page)
    bundled = (manifests() / "mini/ko/corpus.jsonl").read_text(encoding="utf-8").splitlines()
    files = {row["_id"]: (row["text"], row["title"]) for row in map(json.loads, bundled)}
    passages = {doc: (text, title) for doc, *of_doc in data(page)["passages"] for text, title in [of_doc]}
    assert passages == {doc: files[doc] for doc in passages}
    assert {title for _, title in passages.values()} > {"보리차", "커피"}
    assert re.search(
        'class="text title" lang="ko" dir="auto"><bdi>[가-힣 ]+</bdi></p>', page.read_text(encoding="utf-8")
    )
    assert "✓ relevant, grade 1" in read(page)
    assert "seed 0" in read(page)


def test_no_texts_writes_pages_without_texts(korean: Path) -> None:
    page = korean / "queries/ko.html"
    before = page.read_bytes()
    assert invoke("report", korean, "--no-texts").status == 0
    assert not re.search("[가-힣]", page.read_text(encoding="utf-8"))
    assert re.search('class="ranks">[0-9]+ vs [0-9]+</span>', page.read_text(encoding="utf-8"))
    assert invoke("report", korean).status == 0
    assert page.read_bytes() == before


def test_pages_without_texts_are_proven_where_the_data_are_at_hand(korean: Path, tmp_path: Path) -> None:
    assert invoke("report", korean, "--no-texts").status == 0
    results, page = read_result_folder(korean), "queries/ko.html"
    proof = prove_files(results, texts.texts_of(results, tmp_path / "cache"))
    assert (proof.mismatches, proof.unproven) == ((), ())
    assert page in {finding.file for finding in proof.proven}
    absent = prove_files(results, {"ko": texts.ABSENT})
    assert (absent.mismatches, [finding.file for finding in absent.unproven]) == ((), [page])


def test_a_run_shows_the_texts_again_that_a_report_left_out(korean: Path, tmp_path: Path) -> None:
    results = read_result_folder(korean)

    def find() -> texts.Texts:
        return texts.texts_of(results, tmp_path / "cache")

    assert current_table(korean, find) is not None
    assert invoke("report", korean, "--no-texts").status == 0
    assert current_table(korean, find) is None


def korean_texts(folder: Path, cache: Path, **options: Any) -> Any:
    """Return the Korean texts of a folder, or why there are none."""
    return texts.texts_of(read_result_folder(folder), cache, **options)["ko"]


def korean_data(folder: Path, cache: Path, **options: Any) -> Data:
    """Return the Korean data of a folder."""
    data: Data = korean_texts(folder, cache, **options).data
    return data


def test_texts_are_read_without_a_cache(korean: Path, tmp_path: Path) -> None:
    assert len(korean_data(korean, tmp_path / "empty").passages) == 192


def test_data_that_differ_from_the_records_are_not_shown(korean: Path, tmp_path: Path) -> None:
    for path in (korean / "records").rglob("*.json"):
        changed = read_json(path)
        changed["provenance"]["data"]["digests"] |= {"corpus": "0" * 64, "dev": "1" * 64}
        path.write_text(json.dumps(changed), encoding="utf-8")
    reason = korean_texts(korean, tmp_path / "cache")
    assert reason == "the data at hand are not those of the records; other are: corpus, dev."
    [page] = write_pages(korean, {"ko": reason})
    assert f"Texts are not shown: {reason}" in read(page)
    assert not re.search("[가-힣]", page.read_text(encoding="utf-8"))


def test_records_without_data_digests_are_shown_without_texts(korean: Path, tmp_path: Path) -> None:
    path = korean / "records/base/ko/0.json"
    changed = read_json(path)
    del changed["provenance"]["data"]["digests"]["dev"]
    path.write_text(json.dumps(changed), encoding="utf-8")
    assert korean_texts(korean, tmp_path / "cache") == "the records do not say what data they are of."


def test_a_folder_without_a_suite_in_run_json_has_no_texts(tmp_path: Path) -> None:
    board(tmp_path, ["base"], {"ko": 5}, [0])
    assert korean_texts(tmp_path, tmp_path / "cache") == texts.UNKNOWN
    assert not (tmp_path / "cache").exists()


def changed_suite(folder: Path, **changes: Any) -> None:
    """Change the suite in run.json."""
    run = read_json(folder / "run.json")
    run["suite"] |= changes
    (folder / "run.json").write_text(json.dumps(run), encoding="utf-8")


def test_missing_files_leave_only_ids(korean: Path, tmp_path: Path) -> None:
    languages = read_json(korean / "run.json")["suite"]["languages"]
    for file in languages["ko"]["retrieval"]["files"]:
        file |= {"url": "https://example.org/none", "sha256": "0" * 64}
    changed_suite(korean, languages=languages)
    assert korean_texts(korean, tmp_path / "cache") == texts.ABSENT


def test_a_missing_train_file_leaves_only_ids(korean: Path, tmp_path: Path) -> None:
    run = read_json(korean / "run.json")
    run["request"]["train_file"] = str(tmp_path / "rows.jsonl")
    (korean / "run.json").write_text(json.dumps(run), encoding="utf-8")
    assert korean_texts(korean, tmp_path / "cache") == texts.ABSENT


def test_a_missing_base_model_folder_does_not_hide_texts(korean: Path, tmp_path: Path) -> None:
    changed_suite(korean, base_model={"sha256": "0" * 64})
    assert len(korean_data(korean, tmp_path / "cache").queries) > 0


def test_a_large_corpus_is_read_from_the_cache_or_on_request(
    korean: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(texts, "LARGE", 100)
    cache = tmp_path / "cache"
    assert "reading its 192 passages takes minutes" in korean_texts(korean, cache)
    assert len(korean_data(korean, cache, large=True).passages) == 192
    assert len(korean_data(korean, cache).passages) == 192  # it is prepared now


def test_titles_of_a_large_corpus_that_is_prepared_are_read_on_request(
    korean: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = tmp_path / "cache"
    assert korean_texts(korean, cache).titled is not None
    monkeypatch.setattr(texts, "LARGE", 100)
    assert korean_texts(korean, cache).titled is None
    assert korean_texts(korean, cache, large=True).titled is not None


def test_a_page_of_joined_titles_is_proven_and_written_again_once_they_are_at_hand(
    korean: Path, tmp_path: Path
) -> None:
    results, page = read_result_folder(korean), korean / "queries/ko.html"
    apart = texts.texts_of(results, tmp_path / "cache")
    joined = {"ko": texts.LanguageTexts(korean_data(korean, tmp_path / "cache"))}
    unproven = prove_files(results, joined)
    assert (unproven.mismatches, [finding.file for finding in unproven.unproven]) == ((), ["queries/ko.html"])
    write_reports(korean, texts=joined)
    assert 'class="text title"' not in page.read_text(encoding="utf-8")
    assert (prove_files(results, apart).mismatches, prove_files(results, apart).unproven) == ((), ())
    assert current_table(korean, lambda: joined) is not None
    assert current_table(korean, lambda: apart) is None
    write_reports(korean, texts=apart)
    assert 'class="text title"' in page.read_text(encoding="utf-8")
    assert current_table(korean, lambda: apart) is not None


def test_a_missing_data_folder_is_rejected(korean: Path) -> None:
    assert "is not a folder" in invoke("report", korean, "--data-dir", korean / "none").line
