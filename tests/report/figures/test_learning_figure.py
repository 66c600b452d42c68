"""The figure of the loss over training."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from support.drawn_figures import description, figures_of, put_training, without_tags, words
from support.fake_records import draw, provenance, put

from harness.evidence.leaderboard import collate
from harness.report.figures.figure import Figure
from harness.report.figures.learning_curve import LearningCurve, points_per_curve
from harness.report.table_view import tables


def lines(figure: Figure) -> list[int]:
    """Return the number of points of each curve that is drawn in a hue, the loss itself and its mean."""
    paths = re.findall(r'<path d="(M [^"]+)" style="fill:none;stroke:#[^"]+"', figure.svg)
    return [len(re.findall("[ML]", path)) for path in paths if path.count("L") > 1]


def marks(figure: Figure, attribute: str) -> list[ElementTree.Element]:
    return [element for element in ElementTree.fromstring(figure.svg).iter() if attribute in element.attrib]


def test_a_long_training_is_drawn_as_means_of_consecutive_steps(tmp_path: Path) -> None:
    put_training(tmp_path, ("mnrl", "ko", 0), [float(i // 10 % 2) for i in range(800)], steps=800)
    learning = figures_of(tmp_path)["learning"]
    assert lines(learning) == [80, 80]
    assert description(learning) == "mnrl: 0.5 to 0.5"


def test_the_more_curves_the_fewer_points_each() -> None:
    assert [points_per_curve(curves) for curves in (1, 30, 50, 1000)] == [80, 80, 60, 30]


def test_a_line_is_the_mean_over_seeds_of_their_shares_of_the_steps(tmp_path: Path) -> None:
    put_training(tmp_path, ("mnrl", "ko", 0), [4.0, None, 2.0, 1.0])
    put_training(tmp_path, ("mnrl", "ko", 1), [2.0, 1.0])
    learning = figures_of(tmp_path)["learning"]
    assert description(learning) == "mnrl: 3 to 1.25"
    assert without_tags(learning.caption).endswith("the loss fell in every language for 1 of 1 entry.")


def test_the_smoothed_loss_is_the_mean_over_a_tenth_of_the_steps_and_over_three_points_at_least() -> None:
    assert LearningCurve("mnrl", (1.0, 4.0, 1.0, 4.0)).smoothed == [2.5, 2.0, 3.0, 2.5]
    peak = LearningCurve("mnrl", tuple(7.0 if i == 30 else 0.0 for i in range(60)))
    assert [round(loss, 9) for loss in peak.smoothed] == [1.0 if 27 <= i <= 33 else 0.0 for i in range(60)]


def test_every_line_has_its_entrys_name_at_its_end_and_no_two_names_overlap(tmp_path: Path) -> None:
    for entry in ("a", "b", "c"):
        put_training(tmp_path, (entry, "ko", 0), [2.0, 1.0, 0.5])
    texts = list(ElementTree.fromstring(figures_of(tmp_path)["learning"].svg).iter("text"))
    heights = {text.text: float(text.attrib["y"]) for text in texts if text.text in ("a", "b", "c")}
    assert len(heights) == 3
    first, second, third = sorted(heights.values())
    assert second - first > 12
    assert third - second > 12


def test_entries_with_one_objective_share_a_panel_and_differ_in_dashes(tmp_path: Path) -> None:
    for entry, method in (("clpl", "clpl"), ("clpl-moe", "clpl"), ("mnrl", "mnrl")):
        made = provenance(entry, "ko", 0)
        made["entry"]["method"] = method
        made["training"] = {"losses": [2.0, 1.0]}
        put(tmp_path, (entry, "ko", 0), draw(entry, "ko", 0, 5, ["AP"]), provenance=made)
    learning = figures_of(tmp_path)["learning"]
    assert words(learning).count("% of the steps") == 2
    assert len(re.findall("stroke-dasharray", learning.svg)) == 1  # the second line of the panel of two


def test_the_mean_of_the_languages_is_shown_and_every_language_is_there_for_the_switch(tmp_path: Path) -> None:
    for language in ("ko", "fa"):
        put_training(tmp_path, ("mnrl", language, 0), [2.0, 1.0])
    layers = marks(figures_of(tmp_path)["learning"], "data-language")
    shown = [(layer.get("data-language"), "hidden" in layer.attrib) for layer in layers]
    assert shown == [("2", False), ("0", True), ("1", True)]


def test_lines_and_names_are_marked_with_the_place_of_their_entry(tmp_path: Path) -> None:
    put(tmp_path, ("base", "ko", 0), draw("base", "ko", 0, 5, ["AP"]))
    for entry in ("a", "b"):
        put_training(tmp_path, (entry, "ko", 0), [2.0, 1.0])
    rows = [row.entry for row in tables(collate(tmp_path, "base"))[0].rows]
    places = [mark.get("data-entry") for mark in marks(figures_of(tmp_path)["learning"], "data-entry")]
    expected = [str(rows.index(entry)) for entry in ("a", "b")]
    assert sorted(places) == sorted(4 * expected)  # loss, mean, leader, name


def test_the_caption_names_entries_whose_loss_did_not_fall(tmp_path: Path) -> None:
    put_training(tmp_path, ("mnrl", "ko", 0), [2.0, 1.0])
    put_training(tmp_path, ("clpl", "ko", 0), [1.0, 2.0])
    assert without_tags(figures_of(tmp_path)["learning"].caption).endswith("for 1 of 2 entries; not for clpl.")


@pytest.mark.parametrize("losses", [None, [], [1.0], "losses", [None, None], {"clpl": [1.0, 2.0]}])
def test_without_losses_at_two_steps_there_is_no_figure(tmp_path: Path, losses: Any) -> None:
    put_training(tmp_path, ("mnrl", "ko", 0), losses)
    assert "learning" not in figures_of(tmp_path)


def test_of_more_than_24_entries_the_first_24_lines_are_drawn(tmp_path: Path) -> None:
    for i in range(26):
        put_training(tmp_path, (f"e{i:02}", "ko", 0), [2.0, 1.0])
    learning = figures_of(tmp_path)["learning"]
    assert len(re.findall(r"\be\d\d\b", words(learning))) == 24
    assert "The first 24 of 26 entries are drawn." in learning.reading
