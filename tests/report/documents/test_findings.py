"""The sentences that a report draws from its primary measure."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from support.fake_records import put

from harness.evidence.leaderboard import collate
from harness.report.documents.findings import findings

N = 40


def level(folder: Path, entry: str, seeds: Sequence[float], language: str = "ko", wave: float = 0.0) -> None:
    """Write an entry with a seed for each value, its 40 queries alternating around it by `wave`."""
    for seed, value in enumerate(seeds):
        scores = {f"q{i:02}": value + i / 1000 + (wave if i % 2 else -wave) for i in range(N)}
        put(folder, (entry, language, seed), {"AP": scores})


def said(folder: Path, baseline: str = "base") -> list[str]:
    return findings(collate(folder, baseline))


def test_who_is_better_and_who_is_worse_is_said_with_the_difference_and_its_interval(tmp_path: Path) -> None:
    for entry, value in (("base", 0.5), ("mnrl", 0.625), ("clpl", 0.25)):
        level(tmp_path, entry, [value, value])
    found = said(tmp_path)
    assert found[0] == "The highest AP is that of mnrl, 64.45 [64.08, 64.82]; every other entry is told apart from it."
    assert "Shown to be better than base (Holm's p ≤ .05): mnrl +12.50 [+12.50, +12.50]." in found
    assert "Shown to be worse than base (Holm's p ≤ .05): clpl -25.00 [-25.00, -25.00]." in found
    assert not [line for line in found if line.startswith("Not told apart")]


def test_who_is_not_told_apart_is_said_with_its_p_and_whether_it_is_within_the_margin(tmp_path: Path) -> None:
    level(tmp_path, "base", [0.5])
    level(tmp_path, "near", [0.5, 0.5], wave=0.001)
    level(tmp_path, "noisy", [0.5, 0.5], wave=0.2)
    found = said(tmp_path)
    (line,) = [line for line in found if line.startswith("Not told apart from base: ")]
    assert "near +0.00 [-0.03, +0.03], p 1.000" in line
    assert "noisy +0.00 [-6." in line
    assert "Shown to be within 1.00 of base (two one-sided tests): near (p < 0.001)." in found
    assert found[0].endswith("not told apart from it: near; noisy.")


def test_a_difference_of_these_seeds_alone_is_not_called_shown(tmp_path: Path) -> None:
    level(tmp_path, "base", [0.25])
    level(tmp_path, "mnrl", [0.26, 0.75])
    found = said(tmp_path)
    (line,) = [line for line in found if line.startswith("Apart from base for the seeds that were run")]
    assert "while the interval over queries and seeds holds 0: mnrl +25.50 [-" in line
    assert not [line for line in found if line.startswith("Shown to be better")]


def test_the_spread_over_seeds_and_what_could_be_found_are_said(tmp_path: Path) -> None:
    level(tmp_path, "base", [0.5])
    level(tmp_path, "mnrl", [0.5, 0.52, 0.54])
    level(tmp_path, "clpl", [0.6, 0.6, 0.61])
    found = said(tmp_path)
    assert "The largest standard deviation over seeds is 2.00 (mnrl in ko, over 3 seeds)." in found
    (line,) = [line for line in found if line.startswith("The smallest true difference to base")]
    assert line.endswith("(mnrl).")
    assert " (clpl) to " in line


def test_one_seed_of_what_is_trained_is_said_to_tell_nothing_of_the_spread(tmp_path: Path) -> None:
    level(tmp_path, "base", [0.5])
    level(tmp_path, "mnrl", [0.6])
    assert "Of one seed, so that how much another training would differ is unknown: mnrl." in said(tmp_path)


def test_a_language_that_does_not_show_what_the_average_shows_is_named(tmp_path: Path) -> None:
    for language, value in (("ko", 0.75), ("fa", 0.75), ("hi", 0.25)):
        level(tmp_path, "base", [0.5], language)
        level(tmp_path, "mnrl", [value, value], language)
    assert "Not what the average shows: mnrl (worse in hi)." in said(tmp_path)


def test_groups_below_the_highest_are_named(tmp_path: Path) -> None:
    level(tmp_path, "base", [0.25])
    level(tmp_path, "best", [0.75])
    level(tmp_path, "one", [0.5], wave=0.01)
    level(tmp_path, "two", [0.5], wave=-0.01)
    assert "Below it, not told apart from the highest of their group: one, two." in said(tmp_path)


def test_without_an_average_the_findings_are_those_of_each_language(tmp_path: Path) -> None:
    level(tmp_path, "base", [0.5], "ko")
    level(tmp_path, "mnrl", [0.75], "ko")
    level(tmp_path, "clpl", [0.75], "fa")
    found = said(tmp_path)
    assert "ko: Shown to be better than base (Holm's p ≤ .05): mnrl +25.00 [+25.00, +25.00]." in found
    assert "fa: base was not measured, so that no difference is given." in found
    assert "Without an average, for a language is missing: clpl (ko); base (fa); mnrl (fa)." in found


def test_another_baseline_is_the_one_that_is_named(tmp_path: Path) -> None:
    level(tmp_path, "base", [0.5])
    level(tmp_path, "mnrl", [0.75])
    assert "Shown to be worse than mnrl (Holm's p ≤ .05): base -25.00 [-25.00, -25.00]." in said(tmp_path, "mnrl")


def test_one_entry_of_one_query_is_said_without_an_interval(tmp_path: Path) -> None:
    put(tmp_path, ("base", "ko", 0), {"AP": {"a": 0.5}})
    assert said(tmp_path) == ["The highest AP is that of base, 50.00; it is the only entry."]


def test_of_many_names_the_first_are_listed(tmp_path: Path) -> None:
    level(tmp_path, "base", [0.25])
    for i in range(25):
        level(tmp_path, f"entry-{i:02}", [0.5 + i / 100])
    (line,) = [line for line in said(tmp_path) if line.startswith("Shown to be better")]
    assert line.count(";") == 20
    assert line.endswith("; and 5 more.")
