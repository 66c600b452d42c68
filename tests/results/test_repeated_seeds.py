"""Seeds of a trained entry that are one training count as one, in every table and test."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from support.commands import invoke, request
from support.fake_records import board, draw, provenance, put

from harness.evidence.comparison import compare
from harness.evidence.leaderboard import collate
from harness.results.folder import read_result_folder
from harness.stats.entry_scores import AVERAGE

LINE = (
    "seeds 0, 1 of mnrl/ko are one training, as one batch of 32 holds all rows "
    "(more rows or a smaller train.batch_size make seeds differ): they count as one seed"
)


def trained(seed: int, losses: Sequence[float] | None, **facts: Any) -> dict[str, Any]:
    known = provenance("mnrl", "ko", seed)
    return known if losses is None else {**known, "training": {"losses": list(losses), **facts}}


def folder_of(folder: Path, losses: Sequence[Sequence[float] | None], scores_of: Sequence[int], **facts: Any) -> Path:
    """Write base, and mnrl with one seed per item of `losses`, whose scores are drawn from the items of `scores_of`."""
    board(folder, ["base", "mnrl"], {"ko": 30}, range(len(losses)))
    for seed, (logged, drawn) in enumerate(zip(losses, scores_of, strict=True)):
        known = trained(seed, logged, **facts)
        put(folder, ("mnrl", "ko", seed), draw("mnrl", "ko", drawn, 30), provenance=known)
    return folder


@pytest.mark.parametrize(
    ("losses", "scores_of", "seeds"),
    [
        ([[2.0, 1.0]] * 3, [0, 0, 0], 1),
        ([[2.0, 1.0], [2.0000001, 1.0000002], [2.0, 1.0]], [0, 0, 0], 1),  # another order of a sum
        ([None, None], [0, 0], 2),  # not known
        ([[2.0, 1.0], [2.0, 1.0], [2.1, 1.1]], [0, 0, 2], 2),
        ([[2.0, 1.0], [2.01, 1.0]], [0, 0], 2),  # easy queries, trainings of their own
        ([[2.0, 1.0], [2.0, 1.0]], [0, 1], 2),
    ],
)
def test_seeds_count_as_one_where_losses_and_scores_are_equal(
    tmp_path: Path, losses: list[Sequence[float] | None], scores_of: list[int], seeds: int
) -> None:
    leaderboard = collate(folder_of(tmp_path, losses, scores_of))
    for language in ("ko", AVERAGE):
        (mnrl,) = (line for line in leaderboard.evidence if (line.entry, line.language) == ("mnrl", language))
        assert (mnrl.n_seeds, mnrl.one_seed, bool(mnrl.blind)) == (seeds, seeds == 1, seeds == 1)
    assert leaderboard.scored["base", "ko"].values.shape[0] == 1
    assert len(leaderboard.records) == 1 + len(losses)
    assert bool(leaderboard.results.warnings) == (seeds < len(losses))


def test_the_mean_is_over_trainings_and_not_over_seeds(tmp_path: Path) -> None:
    means = collate(folder_of(tmp_path / "a", [[2.0], [2.0], [3.0]], [0, 0, 1])).scored["mnrl", "ko"].means
    assert list(means) == [0, 2]


def test_a_comparison_of_folders_counts_them_as_one_too(tmp_path: Path) -> None:
    a, b = (folder_of(tmp_path / name, [[2.0], [2.0]], [0, 0]) for name in ("a", "b"))
    rows = {row.entry: row for row in compare(read_result_folder(a), read_result_folder(b)).rows}
    assert (rows["mnrl"].seeds, rows["mnrl"].blind) == ((1, 1), True)


def test_a_training_in_one_batch_is_the_same_for_every_seed(tmp_path: Path) -> None:
    options = ("--methods", "base,mnrl", "--max-train", "12", "--jobs", "1", "--out", tmp_path / "out")
    result = invoke(*request(*options))
    assert result.status == 0, result.err
    assert read_result_folder(tmp_path / "out").repeated_lines == [LINE]
    again = invoke(*request(*options))
    for shown in (result.out, again.out):
        assert LINE in " ".join(shown.split())
        assert "one seed: of a trained entry" in " ".join(shown.split())
    for name in ("leaderboard.html", "leaderboard.md"):
        assert "they count as one seed" in (tmp_path / "out" / name).read_text(encoding="utf-8")


def test_equal_weights_are_no_error_where_one_batch_holds_all_rows(tmp_path: Path) -> None:
    """Two seeds may come to one order of a few rows."""
    facts = {"rows": 2, "settings": {"batch_size": 32}}
    folder_of(tmp_path, [[2.0], [2.0]], [0, 0], **facts)
    for seed in (0, 1):
        known = {**trained(seed, [2.0], **facts), "model": {"sha256": "1" * 64}}
        put(tmp_path, ("mnrl", "ko", seed), draw("mnrl", "ko", 0, 30), provenance=known)
    assert read_result_folder(tmp_path).repeated_lines == [LINE]
