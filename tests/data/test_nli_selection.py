"""Rows of NLI sets by their quality: which are read, how damaged ones read, and what a manifest declares."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from support.commands import tiny_suite

from harness.data.found_hashes import with_found_hashes
from harness.data.load import load, load_nli
from harness.data.nli_selection import Selection
from harness.data.readers.nli_files import read_farstail, read_jsonl
from harness.data.suite_files import status
from harness.errors import DataError
from harness.request import suite
from harness.request.data_sources import Degradation
from harness.request.suite import Suite
from harness.types import NliTriple

WORDS = [f"w{i}" for i in range(20)]
HALF = Degradation(share=0.5)
NLI = """
[training.nli]
epochs = 1
batch_size = 2
learning_rate = 1e-3
warmup = 0.0
[languages.en.nli]
reader = "nli-jsonl"
licence = "CC0-1.0"
citation = "none"
files = [{ path = "nli.jsonl" }]
"""
QUALITY = """
[languages.en.nli_quality]
reader = "quality-lines"
licence = "CC0-1.0"
citation = "none"
files = [{ path = "quality.txt" }]
"""


def changed(row: str, change: Any) -> str:
    return str(change(row))


def degraded(rows: list[str], minimum: float | None = None, **fields: Any) -> list[str]:
    return Selection("xx", None, Degradation(**{"share": 0.5, **fields}), minimum).of(rows, changed, Path("rows"))


def nli_suite(folder: Path, rows: int = 4, scores: str = "0.1\n0.5\n0.5\n0.9\n", declared: str = QUALITY) -> Suite:
    """Return the suite of three passages with NLI rows and their scores beside it."""
    manifest = tiny_suite(folder)
    triples = ({"premise": f"p{i}", "entailment": f"e{i}", "contradiction": f"c{i}"} for i in range(rows))
    (folder / "nli.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in triples), encoding="utf-8")
    (folder / "quality.txt").write_text(scores, encoding="utf-8")
    with manifest.open("a", encoding="utf-8") as file:
        file.write(NLI + declared)
    return with_found_hashes(suite.load(str(manifest)), data_dir=None, cache_dir=folder)


def test_rows_of_at_least_the_minimum_are_read_in_their_order(tmp_path: Path) -> None:
    declared = nli_suite(tmp_path)
    nli = load_nli(declared, "en", 0.5, cache_dir=tmp_path)
    assert [triple.premise for triple in nli.triples] == ["p1", "p2", "p3"]
    assert nli.selected == {"rows": 4, "kept": 3}


def test_rows_are_chosen_by_what_comet_score_wrote_of_their_translations(tmp_path: Path) -> None:
    declared = QUALITY.replace("quality-lines", "quality-comet").replace("quality.txt", "comet.json")
    segments = [
        {"src": f"source {i}", "mt": f"p{i} e{i} c{i}", "ref": f"reference {i}", "COMET": score}
        for i, score in enumerate((0.8731, 0.0412, -0.2, 0.05))
    ]
    content = json.dumps({"translations/ko.txt": segments}, ensure_ascii=False, indent=4)
    (tmp_path / "comet.json").write_text(content, encoding="utf-8")
    nli = load_nli(nli_suite(tmp_path, declared=declared), "en", 0.05, cache_dir=tmp_path)
    assert [triple.premise for triple in nli.triples] == ["p0", "p3"]
    assert nli.selected == {"rows": 4, "kept": 2}


def test_without_a_minimum_scores_are_not_read(tmp_path: Path) -> None:
    nli = load_nli(nli_suite(tmp_path, scores="not a number"), "en", cache_dir=tmp_path)
    assert (len(nli.triples), nli.selected) == (4, {})


def test_pairs_are_left_out_before_they_are_paired(tmp_path: Path) -> None:
    path = tmp_path / "pairs.csv"
    path.write_text("premise\thypothesis\tlabel\na\tbad\te\na\tgood\te\na\tno\tc\na\tn\tn\n", encoding="utf-8")
    nli = read_farstail([path], Selection("xx", [0.1, 0.9, 0.9, 0.9], None, 0.5))
    assert nli.triples == (NliTriple("a", "good", "no"),)
    assert nli.report["NLI hypotheses without a partner"] == 0


def test_another_number_of_scores_than_rows_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"nli\.jsonl has 4 rows and its nli_quality 3 scores; give one score per row"):
        load_nli(nli_suite(tmp_path, scores="0.1\n0.2\n0.3\n"), "en", 0.2, cache_dir=tmp_path)


def test_a_minimum_that_no_row_has_is_refused_with_the_highest(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no row has a quality of at least 0\.95 .* of 4 rows is 0\.9: use at most"):
        load_nli(nli_suite(tmp_path), "en", 0.95, cache_dir=tmp_path)


def test_kept_rows_without_a_triple_are_refused_with_the_minimum(tmp_path: Path) -> None:
    path = tmp_path / "pairs.csv"
    path.write_text("premise\thypothesis\tlabel\na\tyes\te\na\tno\tc\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"rows of a quality of at least 0\.5,: holds no premise"):
        read_farstail([path], Selection("xx", [0.9, 0.1], None, 0.5))


def test_the_file_of_scores_is_a_file_of_the_suite_and_a_later_change_is_noticed(tmp_path: Path) -> None:
    declared = nli_suite(tmp_path)
    states = {row.file: row.state for row in status(declared, cache_dir=tmp_path)}
    assert states["quality.txt"] == "present"
    (tmp_path / "quality.txt").write_text("1\n1\n1\n1\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"quality\.txt is damaged"):
        load_nli(declared, "en", 0.5, cache_dir=tmp_path)


def test_retrieval_data_are_the_same_with_and_without_scores(tmp_path: Path) -> None:
    with_scores = load(nli_suite(tmp_path / "a"), "en", cache_dir=tmp_path)
    without = load(nli_suite(tmp_path / "b", declared=""), "en", cache_dir=tmp_path)
    assert with_scores.digests == without.digests


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        (QUALITY + "[languages.en.nli_degraded]\nshare = 0.5\n", "nli_quality and nli_degraded both give the rows"),
        ("[languages.en.nli_degraded]\nshare = 0.0\n", r"nli_degraded\.share: must be greater than 0, not 0\.0"),
        (
            QUALITY.replace("quality-lines", "comet"),
            "unknown reader 'comet' in suite tiny.*quality-comet",
        ),
    ],
)
def test_a_wrong_declaration_is_refused(tmp_path: Path, declared: str, message: str) -> None:
    with pytest.raises(Exception, match=message):
        load_nli(nli_suite(tmp_path, declared=declared), "en", 0.5, cache_dir=tmp_path)


def test_scores_of_a_language_without_nli_rows_are_refused(tmp_path: Path) -> None:
    manifest = tiny_suite(tmp_path)
    with manifest.open("a", encoding="utf-8") as file:
        file.write("[languages.en.nli_degraded]\nshare = 0.5\n")
    with pytest.raises(DataError, match="nli_degraded is about the rows of nli, and there is none"):
        suite.load(str(manifest))


def test_about_the_share_of_the_rows_is_damaged_and_the_others_are_as_they_were() -> None:
    rows = [" ".join(WORDS)] * 2000
    damaged = sum(row != rows[0] for row in degraded(rows))
    assert damaged == pytest.approx(0.5 * 2000 * 0.975, abs=4 * (2000 * 0.25) ** 0.5)  # s below 1/40 changes no word


def test_a_row_of_a_higher_score_has_fewer_changed_words() -> None:
    rows = [" ".join(WORDS)] * 2000
    for minimum in (0.25, 0.5, 0.75):
        for row in degraded(rows, minimum, share=1):
            unchanged = sum(a == b for a, b in zip(row.split(), WORDS, strict=False))
            dropped = len(WORDS) - len(row.split())
            assert dropped <= round((1 - minimum) * len(WORDS))
            assert not Counter(row.split()) - Counter(WORDS)
            assert row.split()
            assert dropped or unchanged >= len(WORDS) - round((1 - minimum) * len(WORDS))


def test_the_kept_share_follows_from_the_minimum() -> None:
    rows = [" ".join(WORDS)] * 4000
    for minimum in (0.0, 0.5, 0.9):
        kept = len(degraded(rows, minimum))
        assert kept == pytest.approx(4000 * (1 - 0.5 * minimum), abs=4 * (4000 * 0.25) ** 0.5)


def test_a_threshold_changes_no_row_that_it_keeps() -> None:
    rows = [f"{i} {' '.join(WORDS)}" for i in range(50)]
    every = degraded(rows)
    kept = degraded(rows, 0.5)
    assert kept == [row for row in every if row in kept]
    assert 25 <= len(kept) < 50


def test_the_draws_are_those_of_seed_and_language() -> None:
    rows = [" ".join(WORDS)] * 20
    first = degraded(rows)
    assert first == degraded(rows)
    assert first != degraded(rows, seed=1)
    assert first != Selection("yy", None, HALF).of(rows, changed, Path("rows"))


def test_both_hypotheses_of_a_triple_are_damaged_and_the_premise_is_not(tmp_path: Path) -> None:
    text = " ".join(WORDS)
    path = tmp_path / "nli.jsonl"
    rows = [{"premise": f"{i} {text}", "entailment": text, "contradiction": text} for i in range(40)]
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    triples = read_jsonl([path], Selection("xx", None, Degradation(share=1))).triples
    assert [triple.premise for triple in triples] == [row["premise"] for row in rows]
    assert sum(triple.entailment != text for triple in triples) == pytest.approx(39, abs=3)
    assert sum(triple.contradiction != text for triple in triples) == pytest.approx(39, abs=3)


def test_one_word_and_no_word_stay() -> None:
    assert set(degraded(["word"] * 200, share=1)) == {"word"}
    assert set(degraded([""] * 20, share=1)) == {""}


@pytest.mark.parametrize("name", ["mini", "wikiqa"])
def test_the_bundled_variant_damages_half_of_the_rows_of_each_language(name: str) -> None:
    variant, whole = suite.load(f"{name}@degraded-nli"), suite.load(name)
    for language, declared in variant.languages.items():
        assert declared.nli_degraded == HALF
        assert declared.model_copy(update={"nli_degraded": None}) == whole.languages[language]
