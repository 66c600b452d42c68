"""The figure of the entries' ranks."""

from __future__ import annotations

from pathlib import Path

from support.drawn_figures import description, figures_of, put_constant, without_tags
from support.fake_records import put


def test_the_description_has_ranks_with_interval_and_letters(tmp_path: Path) -> None:
    queries = [f"q{i}" for i in range(20)]
    for entry, score in (("a", 0.9), ("b", 0.5), ("c", 0.1)):
        for seed in (0, 1):
            put(tmp_path, (entry, "ko", seed), {"AP": dict.fromkeys(queries, score)})
    ranks = figures_of(tmp_path)["ranks"]
    assert description(ranks) == "a: rank 1, 1 to 1, a; b: rank 2, 2 to 2, b; c: rank 3, 3 to 3, c"
    caption = without_tags(ranks.caption)
    assert caption.startswith("a is shown to be better than all others; 3 of 3 ranks are certain.")


def test_the_caption_names_the_entries_that_may_be_the_best(tmp_path: Path) -> None:
    put_constant(tmp_path, {"a": 0.6, "b": 0.5})
    caption = without_tags(figures_of(tmp_path)["ranks"].caption)
    assert caption.startswith("2 entries are not shown to differ from the best: a and b;")
