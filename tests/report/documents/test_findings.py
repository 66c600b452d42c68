"""The findings of a leaderboard on its primary measure."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from support.commands import read_json
from support.fake_records import board, put

from harness.evidence.leaderboard import collate
from harness.report.documents.findings import findings
from harness.report.report_files import write_reports
from harness.report.terminal import terminal_table

N = 40


def level(folder: Path, entry: str, seeds: Sequence[float], language: str = "ko", wave: float = 0.0) -> None:
    """Write an entry with one seed per value; its 40 queries alternate around the value by `wave`."""
    for seed, value in enumerate(seeds):
        scores = {f"q{i:02}": value + i / 1000 + (wave if i % 2 else -wave) for i in range(N)}
        put(folder, (entry, language, seed), {"AP": scores})


def sentences_of(folder: Path, baseline: str = "base") -> list[str]:
    return findings(collate(folder, baseline))


def test_better_and_worse_entries_have_their_difference_and_its_interval(tmp_path: Path) -> None:
    for entry, value in (("base", 0.5), ("mnrl", 0.625), ("clpl", 0.25)):
        level(tmp_path, entry, [value, value])
    sentences = sentences_of(tmp_path)
    assert sentences[:2] == [
        "Of 1 published contrast measured here: 1 same direction.",
        "The highest AP is that of mnrl, 64.45 [64.08, 64.82]; every other entry is shown to be worse.",
    ]
    assert "Shown to be better than base (Holm's p ≤ .05): mnrl +12.50 [+12.50, +12.50]." in sentences
    assert "Shown to be worse than base (Holm's p ≤ .05): clpl −25.00 [−25.00, −25.00]." in sentences
    assert not [line for line in sentences if line.startswith("Not shown to differ")]


def test_undecided_entries_have_their_p_and_equivalent_ones_are_listed(tmp_path: Path) -> None:
    level(tmp_path, "base", [0.5])
    level(tmp_path, "near", [0.5, 0.5], wave=0.001)
    level(tmp_path, "noisy", [0.5, 0.5], wave=0.2)
    sentences = sentences_of(tmp_path)
    (line,) = [line for line in sentences if line.startswith("Not shown to differ from base: ")]
    assert "near +0.00 [−0.03, +0.03], p 1.000" in line
    assert "noisy +0.00 [−6." in line
    assert (
        "Shown to be within 1.00 of base (two one-sided tests, p ≤ .05; with the 90 % interval): "
        "near [−0.03, +0.03], p < 0.001."
    ) in sentences
    assert sentences[0].endswith("not shown to differ from it: near; noisy.")


def test_a_difference_that_another_seed_could_undo_is_not_shown(tmp_path: Path) -> None:
    level(tmp_path, "base", [0.25])
    level(tmp_path, "mnrl", [0.26, 0.75])
    (line,) = [line for line in sentences_of(tmp_path) if line.startswith("Not shown to differ from base: ")]
    assert "mnrl +25.50 [−" in line


def test_of_one_seed_of_a_trained_entry_nothing_is_shown(tmp_path: Path) -> None:
    level(tmp_path, "base", [0.25])
    level(tmp_path, "mnrl", [0.75])
    sentences = sentences_of(tmp_path)
    assert sentences[0] == "Of 1 published contrast measured here: 1 undecided."
    assert sentences[1].endswith("(of one seed: nothing is shown of it); not shown to differ from it: base.")
    assert sentences[2] == (
        "With an unknown spread over seeds, so that no difference to base can be shown (the interval is without this "
        "spread): mnrl +50.00 [+50.00, +50.00]."
    )
    assert not [line for line in sentences if line.startswith(("Shown", "Not shown", "Minimum detectable"))]


def test_entries_with_equal_scores_are_called_identical(tmp_path: Path) -> None:
    level(tmp_path, "base", [0.25])
    level(tmp_path, "mnrl", [0.25, 0.25])
    assert "Identical in every score of every query and seed: base and mnrl." in sentences_of(tmp_path)


def test_the_spread_over_seeds_and_the_detectable_difference_are_stated(tmp_path: Path) -> None:
    level(tmp_path, "base", [0.5])
    level(tmp_path, "mnrl", [0.5, 0.52, 0.54])
    level(tmp_path, "clpl", [0.6, 0.6, 0.61])
    sentences = sentences_of(tmp_path)
    assert "The largest standard deviation over seeds is 2.00 (mnrl in ko, over 3 seeds)." in sentences
    (line,) = [line for line in sentences if line.startswith("Minimum detectable effect against base")]
    assert line.endswith("(mnrl).")
    assert " (clpl) to " in line


def test_a_trained_entry_with_one_seed_has_an_unknown_spread(tmp_path: Path) -> None:
    level(tmp_path, "base", [0.5])
    level(tmp_path, "mnrl", [0.6])
    assert "Of one seed, so that how much another training would differ is unknown: mnrl." in sentences_of(tmp_path)


def test_a_language_with_another_outcome_than_the_average_is_named(tmp_path: Path) -> None:
    for language, value in (("ko", 0.75), ("fa", 0.75), ("hi", 0.25)):
        level(tmp_path, "base", [0.5], language)
        level(tmp_path, "mnrl", [value, value], language)
    assert "Not what the average shows: mnrl (worse in hi)." in sentences_of(tmp_path)


def test_letters_are_given_where_any_difference_is_shown(tmp_path: Path) -> None:
    level(tmp_path, "base", [0.25])
    level(tmp_path, "best", [0.75, 0.75])
    level(tmp_path, "one", [0.5, 0.5], wave=0.01)
    level(tmp_path, "two", [0.5, 0.5], wave=-0.01)
    start = "Two entries share a letter exactly where they are not shown to differ: "
    assert f"{start}best a; one b; two b; base c." in sentences_of(tmp_path)


def test_without_an_average_the_findings_are_those_of_each_language(tmp_path: Path) -> None:
    level(tmp_path, "base", [0.5], "ko")
    level(tmp_path, "mnrl", [0.75, 0.75], "ko")
    level(tmp_path, "clpl", [0.75, 0.75], "fa")
    sentences = sentences_of(tmp_path)
    assert "ko: Shown to be better than base (Holm's p ≤ .05): mnrl +25.00 [+25.00, +25.00]." in sentences
    assert "fa: base was not measured, so that no difference is given." in sentences
    assert "Without an average, for a language is missing: clpl (ko); base (fa); mnrl (fa)." in sentences


def test_another_baseline_is_named(tmp_path: Path) -> None:
    level(tmp_path, "base", [0.5])
    level(tmp_path, "mnrl", [0.75, 0.75])
    assert "Shown to be worse than mnrl (Holm's p ≤ .05): base −25.00 [−25.00, −25.00]." in sentences_of(
        tmp_path, "mnrl"
    )


def test_a_single_query_gives_no_interval(tmp_path: Path) -> None:
    put(tmp_path, ("base", "ko", 0), {"AP": {"a": 0.5}})
    assert sentences_of(tmp_path) == ["The highest AP is that of base, 50.00; it is the only entry."]


def test_a_long_list_of_names_is_cut(tmp_path: Path) -> None:
    level(tmp_path, "base", [0.25])
    for i in range(25):
        level(tmp_path, f"entry-{i:02}", [0.5 + i / 100] * 2)
    (line,) = [line for line in sentences_of(tmp_path) if line.startswith("Shown to be better")]
    assert line.count(";") == 20
    assert line.endswith("; and 5 more.")


def test_page_markdown_json_and_terminal_state_the_same_finding(tmp_path: Path) -> None:
    folder = board(tmp_path, ["base", "mnrl"], {"ko": 30, "fa": 30}, [0, 1])
    page = write_reports(folder).read_text(encoding="utf-8")
    first = findings(collate(folder))[0]
    assert first.startswith("Of 1 published contrast measured here: ")
    assert f'data-language="average">{first}</p>' in page
    assert f"- {first}\n" in (folder / "leaderboard.md").read_text(encoding="utf-8")
    assert read_json(folder / "leaderboard.json")["findings"][0] == first
    assert first in str(terminal_table(collate(folder)).caption)
