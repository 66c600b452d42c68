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
    assert "d: uniformity −5.00, alignment 1.00, score 50.00" in description(geometry)
    titles = [element.text for element in ElementTree.fromstring(geometry.svg).iter("title")]
    assert titles[1:] == ["d", "c", "b", "a", "base"] * 2
    assert "not trained" in words(geometry)


def test_every_point_has_its_name_beside_it_in_both_panels(tmp_path: Path) -> None:
    names = [f"entry-{i:02}" for i in range(14)]
    for i, entry in enumerate(names):
        after = {**UNIFORM, "uniformity": -2.0 - i / 100}
        put_constant(tmp_path, {entry: 0.5 + i / 1000}, ("ko", "fa"), geometry={"before": UNIFORM, "after": after})
    drawn = words(figures_of(tmp_path)["geometry"]).split()
    assert [drawn.count(name) for name in names] == [2] * 14


def test_a_point_is_the_mean_over_the_languages(tmp_path: Path) -> None:
    for language, uniformity, score in (("ko", -1.0, 0.2), ("fa", -3.0, 0.4)):
        after = {**UNIFORM, "uniformity": uniformity}
        put_constant(tmp_path, {"a": score, "b": score}, (language,), geometry={"before": UNIFORM, "after": after})
    put_constant(tmp_path, {"partial": 0.9}, ("ko",), geometry={"before": UNIFORM, "after": UNIFORM})
    point = "uniformity −2.00, alignment 1.00, score 30.00"
    assert description(figures_of(tmp_path)["geometry"]) == f"a: {point}; b: {point}"


def test_untrained_entries_alone_have_no_figure(tmp_path: Path) -> None:
    put_constant(tmp_path, {"base": 0.2, "bm25": 0.5}, geometry={"before": UNIFORM, "after": UNIFORM})
    assert "geometry" not in figures_of(tmp_path)
