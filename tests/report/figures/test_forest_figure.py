"""The forest plot: differences to the baseline with their intervals."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from support.drawn_figures import description, figures_of, put_constant, without_tags, words
from support.fake_records import put


def test_the_description_has_the_differences_with_their_intervals_in_the_order_of_the_table(tmp_path: Path) -> None:
    put_constant(tmp_path, {"base": 0.5, "mnrl": 0.75, "clpl": 0.25})
    forest = figures_of(tmp_path)["forest"]
    assert description(forest) == "mnrl: +25.00 [+25.00, +25.00]*; base: baseline; clpl: −25.00 [−25.00, −25.00]*"
    assert "mnrl +25.00 [+25.00, +25.00]* base baseline clpl −25.00 [−25.00, −25.00]*" in words(forest)
    assert "Dashed, with *: one seed of a trained entry" in without_tags(forest.reading)


def test_a_difference_of_several_seeds_is_filled_and_solid_and_one_of_a_single_seed_hollow_and_dashed(
    tmp_path: Path,
) -> None:
    put_constant(tmp_path / "one", {"base": 0.5, "mnrl": 0.75})
    for seed in (0, 1):
        put(tmp_path / "two", ("mnrl", "ko", seed), {"AP": {"a": 0.75, "b": 0.75}})
    put_constant(tmp_path / "two", {"base": 0.5})
    one, two = (figures_of(tmp_path / name)["forest"] for name in ("one", "two"))
    assert "stroke-dasharray" in one.svg
    assert "stroke-dasharray" not in two.svg
    assert "Dashed" not in without_tags(two.reading)


def test_the_caption_counts_shown_differences_and_names_the_highest_entry(tmp_path: Path) -> None:
    queries = [f"q{i}" for i in range(20)]
    for entry, score in (("base", 0.5), ("mnrl", 0.75), ("clpl", 0.25), ("same", 0.5)):
        for seed in (0, 1):
            put(tmp_path, (entry, "ko", seed), {"AP": dict.fromkeys(queries, score)})
    put(tmp_path, ("single", "ko", 0), {"AP": dict.fromkeys(queries, 0.625)})
    caption = without_tags(figures_of(tmp_path)["forest"].caption)
    assert caption == (
        "1 of 4 entries scored higher than base (p ≤ .05), 1 lower (clpl), 1 not shown to differ (same), "
        "1 with an unknown spread over seeds (single); the highest is mnrl, +25.00 [+25.00, +25.00]."
    )


def test_the_band_has_the_width_of_the_margin(tmp_path: Path) -> None:
    put_constant(tmp_path, {"base": 0.5, "mnrl": 0.55})
    svg = figures_of(tmp_path)["forest"].svg
    texts = re.findall(r'<text x="([\d.]+)"[^>]*>(−?\d+)<', svg)
    ticks = {float(text.replace("−", "-")): float(x) for x, text in texts}
    (low, low_x), (high, high_x) = min(ticks.items()), max(ticks.items())
    [(x, width)] = re.findall(r'<rect x="([\d.]+)" y="[\d.]+" width="([\d.]+)"', svg)
    xs = [float(x), float(x) + float(width)]
    point = (high_x - low_x) / (high - low)
    zero = low_x - low * point
    assert xs == pytest.approx([zero - point, zero + point], abs=0.05)


def test_differences_are_to_the_selected_baseline(tmp_path: Path) -> None:
    put_constant(tmp_path, {"base": 0.5, "mnrl": 0.75})
    forest = figures_of(tmp_path, "mnrl")["forest"]
    assert forest.title == "Difference to mnrl in AP, × 100"
    assert description(forest).startswith("mnrl: baseline; base: −25.00")


def test_without_the_baseline_there_is_no_forest_plot(tmp_path: Path) -> None:
    put_constant(tmp_path, {"clpl": 0.5, "mnrl": 0.75})
    assert list(figures_of(tmp_path)) == ["ranks"]


def test_an_entry_that_lacks_a_language_has_no_average_but_its_languages(tmp_path: Path) -> None:
    put_constant(tmp_path, {"base": 0.5, "mnrl": 0.75}, ("ko", "fa"))
    put_constant(tmp_path, {"clpl": 0.75}, ("fa",))
    forest = figures_of(tmp_path)["forest"]
    assert "clpl: no average" in description(forest)
    assert "needs every language" in words(forest)
    assert "All" not in without_tags(forest.caption)


def test_more_languages_than_hues_are_drawn_without_names(tmp_path: Path) -> None:
    put_constant(tmp_path, {"base": 0.5, "mnrl": 0.75}, [f"l{i}" for i in range(8)])
    assert "each of 8 languages" in words(figures_of(tmp_path)["forest"])
