"""The figure of the loss over training."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from support.drawn_figures import description, figures_of, put_training, without_tags, words

from harness.report.figures.figure import Figure
from harness.report.figures.learning_curve import points_per_curve


def line_lengths(figure: Figure) -> list[int]:
    """Return the number of points of each line that is drawn in a hue."""
    paths = re.findall(r'<path d="(M [^"]+)" style="fill:none;stroke:#[^"]+"', figure.svg)
    return [len(re.findall("[ML]", path)) for path in paths if path.count("L") > 1]


def test_a_long_training_is_drawn_as_means_of_consecutive_steps(tmp_path: Path) -> None:
    put_training(tmp_path, ("mnrl", "ko", 0), [float(i // 10 % 2) for i in range(1000)], steps=1000)
    learning = figures_of(tmp_path)["learning"]
    assert line_lengths(learning) == [100]
    assert description(learning) == "mnrl in ko: 0.5 to 0.5"
    assert "each of their points is the mean of up to 10 consecutive steps." in learning.reading


def test_the_more_curves_the_fewer_points_each() -> None:
    assert [points_per_curve(curves) for curves in (1, 60, 100, 1000)] == [100, 100, 60, 50]


def test_a_line_is_the_mean_over_seeds_of_the_steps_that_all_seeds_have(tmp_path: Path) -> None:
    put_training(tmp_path, ("mnrl", "ko", 0), [4.0, None, 2.0, 1.0])
    put_training(tmp_path, ("mnrl", "ko", 1), [2.0, 1.0])
    learning = figures_of(tmp_path)["learning"]
    assert description(learning) == "mnrl in ko: 3 to 1.5"
    assert without_tags(learning.caption).endswith("the loss fell in every language for 1 of 1 entry.")


def test_the_caption_names_entries_whose_loss_did_not_fall(tmp_path: Path) -> None:
    put_training(tmp_path, ("mnrl", "ko", 0), [2.0, 1.0])
    put_training(tmp_path, ("clpl", "ko", 0), [1.0, 2.0])
    assert without_tags(figures_of(tmp_path)["learning"].caption).endswith("for 1 of 2 entries; not for clpl.")


@pytest.mark.parametrize("losses", [None, [], [1.0], "losses", [None, None], {"clpl": [1.0, 2.0]}])
def test_without_losses_at_two_steps_there_is_no_figure(tmp_path: Path, losses: Any) -> None:
    put_training(tmp_path, ("mnrl", "ko", 0), losses)
    assert "learning" not in figures_of(tmp_path)


def test_of_more_than_24_entries_the_first_24_panels_are_drawn(tmp_path: Path) -> None:
    for i in range(26):
        put_training(tmp_path, (f"e{i:02}", "ko", 0), [2.0, 1.0])
    learning = figures_of(tmp_path)["learning"]
    assert len(re.findall(r"\be\d\d\b", words(learning))) == 24
    assert "The first 24 of 26 entries are drawn." in learning.reading
