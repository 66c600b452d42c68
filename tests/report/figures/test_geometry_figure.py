"""The figure of the embedding geometry against the score."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

from support.drawn_figures import UNIFORM, description, figures_of, put_constant, without_tags, words


def test_geometry_is_correlated_with_the_score_within_a_language(tmp_path: Path) -> None:
    for i, entry in enumerate(("base", "a", "b", "c", "d")):
        after = {**UNIFORM, "uniformity": -1.0 - i}
        put_constant(tmp_path, {entry: (i + 1) / 10}, ("ko",), geometry={"before": UNIFORM, "after": after})
    geometry = figures_of(tmp_path)["geometry"]
    assert "uniformity −1.00 (ko); alignment not defined" in without_tags(geometry.caption)
    assert "d in ko: uniformity −5.00, alignment 1.00, score 50.00" in description(geometry)
    titles = [element.text for element in ElementTree.fromstring(geometry.svg).iter("title")]
    assert titles[1:] == ["d, ko", "c, ko", "b, ko", "a, ko", "base, ko"] * 2
    assert "not trained" in words(geometry)


def test_untrained_entries_alone_have_no_figure(tmp_path: Path) -> None:
    put_constant(tmp_path, {"base": 0.2, "bm25": 0.5}, geometry={"before": UNIFORM, "after": UNIFORM})
    assert "geometry" not in figures_of(tmp_path)
