"""The figure of every seed's score."""

from __future__ import annotations

import re
from pathlib import Path

from support.drawn_figures import description, figures_of, without_tags, words
from support.fake_records import board, draw, put


def test_every_seed_is_a_dot_in_the_panel_of_its_language(tmp_path: Path) -> None:
    seeds = figures_of(board(tmp_path, ["base", "mnrl", "clpl"], {"ko": 5, "fa": 5}, [0, 1, 2]))["seeds"]
    assert seeds.svg.count("<circle ") == 2 * 2 * 3
    assert "base" not in words(seeds)
    assert "Of one seed, and left out: <bdi>base</bdi>." in seeds.reading
    value = 100 * sum(draw("clpl", "fa", 1, 5)["nDCG@10"].values()) / 5
    assert re.search(rf"clpl in fa: [\d.]+, {value:.2f}, [\d.]+ \(sd ", description(seeds))


def test_all_panels_have_one_scale(tmp_path: Path) -> None:
    for language, level in (("ko", 0.2), ("fa", 0.7)):
        for seed in (0, 1):
            score = level + seed / 100
            put(tmp_path, ("mnrl", language, seed), {"AP": {"a": score, "b": score}})
    ticks = re.findall(r"<text [^>]*>(\d+)</text>", figures_of(tmp_path)["seeds"].svg)
    half = len(ticks) // 2
    assert ticks[:half] == ticks[half:] == ["20", "40", "60"]


def test_the_caption_names_the_largest_spread_over_seeds(tmp_path: Path) -> None:
    for seed, (mnrl, clpl) in enumerate(((0.5, 0.2), (0.6, 0.8))):
        put(tmp_path, ("mnrl", "ko", seed), {"AP": {"a": mnrl, "b": mnrl}})
        put(tmp_path, ("clpl", "ko", seed), {"AP": {"a": clpl, "b": clpl}})
    caption = without_tags(figures_of(tmp_path)["seeds"].caption)
    assert "of 42.43 at most (clpl in ko)" in caption
    assert "lie up to 5.00 apart" in caption
