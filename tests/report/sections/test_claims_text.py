"""The paragraph about a paper: which of its numbers are about the suite, their verdicts, what the others need."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from support.fake_records import miracl_board, put

from harness.evidence.claims.judging import Gain, Level
from harness.evidence.claims.verdicts import Line
from harness.evidence.leaderboard import collate
from harness.report.sections import claims_section
from harness.report.sections.claims_text import paragraphs


def paragraphs_of(folder: Path) -> dict[str, str]:
    """Return the paragraphs of a run by their papers."""
    return {text.partition(": ")[0]: text for text in paragraphs(claims_section.compare_claims(collate(folder)))}


@pytest.fixture
def miracl(tmp_path: Path) -> Path:
    """A run of MIRACL in Korean without titles, one seed: base 0.25, clpl@published 0.75, its control 0.5."""
    return miracl_board(tmp_path)


def test_a_run_of_another_suite_shows_nothing_and_the_paragraph_names_the_required_run(tmp_path: Path) -> None:
    put(tmp_path, ("base", "ko", 0), {"AP": {"a": 0.5}}, suite="mini")
    texts = paragraphs_of(tmp_path)
    assert texts["arXiv 2412.17364"] == (
        "arXiv 2412.17364: 28 published numbers, nDCG@5 of 7 rows in ko, fa, hi and their average. None of them is "
        "about mini: this run shows nothing for or against them. To be checked they need a run of miracl (full tier) "
        "from BAAI/bge-m3, passages without their title."
    )
    assert texts["pyserini 2CR"].endswith("from the base models of their rows, passages with their title.")
    assert "a run of miracl (full tier) or miracl-hn (hard-negatives tier) from" in texts["MTEB results"]


def test_numbers_on_private_data_cannot_be_checked_and_need_no_run(tmp_path: Path) -> None:
    put(tmp_path, ("base", "ko", 0), {"AP": {"a": 0.5}}, suite="mini")
    assert paragraphs_of(tmp_path)["arXiv 2308.03103"] == (
        "arXiv 2308.03103: 2 published numbers, R@100 of 2 rows in pl. Not independently verifiable: private data."
    )
    assert "in a language that is not stated" in paragraphs_of(tmp_path)["arXiv 2408.11868"]


def test_claims_about_the_suite_are_counted_by_verdict_with_entries_and_languages(miracl: Path) -> None:
    text = paragraphs_of(miracl)["arXiv 2412.17364"]
    assert "All of them are about miracl, the suite of this run." in text
    assert "Not reproduced: 1 (base in ko)." in text
    inconclusive = (
        "Inconclusive, for this run is too small to tell: 2 (infonce-ance@published in ko; clpl@published in ko)"
    )
    assert inconclusive in text
    assert "Not comparable: 7, for these reasons: average of ko, fa, hi, this run has ko (7)." in text
    assert "Not measured in this run: 18 (base in fa, hi; infonce-random@published in ko, fa, hi;" in text
    assert "To be checked" not in text


def test_reasons_are_counted_without_the_details_of_a_row(miracl: Path) -> None:
    reasons = (
        "Not comparable: 27, for these reasons: title (24); measure not among the run's (24); base model (18); "
        "no entry here fuses two rankings (3)."
    )
    assert reasons in paragraphs_of(miracl)["pyserini 2CR"]


def test_what_a_comparison_rests_on_is_counted(miracl: Path) -> None:
    text = paragraphs_of(miracl)["arXiv 2412.17364"]
    assert (
        "Comparable as far as stated: 3; unknown: query prompt of this run (3), passage prompt of this run (3), "
        in text
    )
    assert ", query length (3), " in text
    assert ", training rows of this run (2), " in text
    assert "; assumed: model revision (3)." in text


def test_the_published_gains_of_tunings_are_listed_with_how_many_are_losses(miracl: Path) -> None:
    text = paragraphs_of(miracl)["MTEB results"]
    assert "Published gains of tuning over the starting checkpoint, 3 of 7 a loss: " in text
    assert "KURE-v1 (CachedGISTEmbed on BGE-M3), nDCG@10 −1.74 (ko); " in text
    assert "BGE-M3, untuned, hard negatives, nDCG@10 +15.99 (ko), +14.33 (hi), +17.93 (fa); " in text


def test_the_paragraph_of_a_paper_about_two_suites_names_the_run_for_the_other_suite(miracl: Path) -> None:
    text = paragraphs_of(miracl)["MTEB results"]
    assert "29 of them are about miracl, the suite of this run." in text
    assert text.endswith(
        "The other 24 need a run of miracl-hn (hard-negatives tier) from the base models of their rows, passages with "
        "their title."
    )


def test_every_verdict_has_a_sentence_and_inconclusive_ones_state_the_detectable_gain(miracl: Path) -> None:
    lines = [line for line in collate(miracl).lines if line.claim.entry == "clpl@published"][:4]
    assert len(lines) == 4
    verdicts = ("reproduced", "direction only", "inconclusive (underpowered)", "inconclusive (underpowered)")
    sizes = (0.01, 0.02, 0.03, 0.125)
    judged = tuple(
        Line(line.claim, verdict, level=Level(0.5, 0.5, 0.0), gain=Gain(0.1, 0.1, 0.0, 0.2, size, 0.0))  # type: ignore[arg-type]
        for line, verdict, size in zip(lines, verdicts, sizes, strict=True)
    )
    compared = replace(claims_section.compare_claims(collate(miracl)), lines=judged, suite_lines=judged)
    [text] = paragraphs(compared)
    assert "4 published numbers, nDCG@5 of one row in" in text
    assert "Reproduced: 1 (clpl@published in ko). Direction only: 1 (clpl@published in fa)." in text
    assert "the minimum detectable effect (80 % power, α .05) is 3.00 to 12.50 points." in text


def test_a_single_number_is_described_in_the_singular(miracl: Path) -> None:
    line = next(line for line in collate(miracl).lines if line.claim.suite == "miracl-hn")
    compared = replace(claims_section.compare_claims(collate(miracl)), lines=(line,), suite_lines=())
    [text] = paragraphs(compared)
    assert "one published number, " in text
    assert "It is not about miracl: this run shows nothing for or against it. To be checked it needs a run of" in text
