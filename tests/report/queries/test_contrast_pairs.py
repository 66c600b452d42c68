"""Which pairs a page of queries offers first, and which it shows first."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape
from pathlib import Path

from support.fake_queries import folder_of, write_pages

from harness.evidence.leaderboard import collate
from harness.report.queries.contrast_pairs import CLAIMED, TRAINED, UNTRAINED, contrast_pairs

ENTRIES = ["base", "mnrl", "infonce-ance", "clpl"]


def options(page: Path) -> list[tuple[str, list[str]]]:
    """Return kind → texts of the pairs offered, in order."""
    select = page.read_text(encoding="utf-8").partition('<select id="pair-of">')[2].partition("</select>")[0]
    groups = re.findall(r'<optgroup label="(.*?)">(.*?)</optgroup>', select, re.DOTALL)
    return [
        (kind, [unescape(text) for text in re.findall("<option.*?>(.*?)</option>", group)]) for kind, group in groups
    ]


def test_contrasts_over_a_trained_control_come_first_and_every_other_pair_last(tmp_path: Path) -> None:
    [page] = write_pages(folder_of(tmp_path, ENTRIES, {"ko": 12}), None)
    assert options(page) == [
        (TRAINED, ["clpl over infonce-ance (arXiv 2412.17364)"]),
        (UNTRAINED, ["infonce-ance over base (arXiv 2412.17364)", "mnrl over base (arXiv 1705.00652)"]),
        ("Any other pair", ["as chosen in A and B"]),
    ]


def test_the_first_contrast_is_shown_first(tmp_path: Path) -> None:
    [page] = write_pages(folder_of(tmp_path, ENTRIES, {"ko": 12}), None)
    assert '<h2 id="compared"><bdi>clpl</bdi> against <bdi>infonce-ance</bdi></h2>' in page.read_text(encoding="utf-8")


def test_a_claim_that_is_comparable_with_the_run_comes_before_other_contrasts(tmp_path: Path) -> None:
    board = collate(folder_of(tmp_path, ENTRIES, {"ko": 12}))
    line = next(line for line in board.lines if line.claim.language == "ko")
    contrasts = [
        replace(contrast, direct=(line,)) if contrast.entry.name == "mnrl" else contrast
        for contrast in board.measured_contrasts
    ]
    board.__dict__["measured_contrasts"] = (*contrasts, replace(contrasts[0], published=contrasts[-1].published))
    pairs = contrast_pairs(board, "ko", ENTRIES)
    assert [(pair.kind, ENTRIES[pair.entry], ENTRIES[pair.control]) for pair in pairs] == [
        (CLAIMED, "mnrl", "base"),
        (TRAINED, "clpl", "infonce-ance"),
        (UNTRAINED, "infonce-ance", "base"),
    ]
    assert pairs[2].papers == ("arXiv 2412.17364", "arXiv 1705.00652")  # one pair, two papers


def test_a_pair_that_was_not_measured_in_a_language_is_not_offered(tmp_path: Path) -> None:
    folder_of(tmp_path, ENTRIES, {"ko": 12})
    folder_of(tmp_path, ["base", "clpl"], {"fa": 12})
    fa, ko = write_pages(tmp_path, None)
    assert fa.name == "fa.html"
    assert options(fa) == []
    assert len(options(ko)) == 3


def test_the_queries_of_contrasts_are_kept_where_pairs_are_too_many(tmp_path: Path) -> None:
    entries = [*ENTRIES, *(f"entry-{i:02}" for i in range(20))]
    [page] = write_pages(folder_of(tmp_path, entries, {"ko": 12}, [0]), None)
    html = page.read_text(encoding="utf-8")
    assert html.count('"balances":{') == 1
    balances = re.findall(r'"(\d+-\d+)":\[', html.partition('"balances":{')[2].partition("}")[0])
    assert len(balances) == 23 + 1  # all with the baseline, and clpl over infonce-ance
    assert "Lists are here for 20 entries: <bdi>base</bdi>, those of contrasts, then the best." in html
