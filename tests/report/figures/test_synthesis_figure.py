"""The forest plot of a synthesis: studies by folder, pooled means, and the prediction interval."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from support.drawn_figures import description, without_tags, words
from support.hostile import NAMES
from support.study_folders import over_base, study_folder

from harness.evidence.synthesis.choice import read_folders, synthesize
from harness.report.figures.figure import Figure
from harness.report.figures.synthesis_figure import synthesis_figure
from harness.report.figures.synthesis_plot import interval_text

TWO = {"ko": 0.02, "fa": 0.06}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return Path()


def figure_of(*folders: Path, by: str = "language") -> Figure:
    [synthesis] = synthesize(read_folders(folders), by="folder" if by == "folder" else "language")
    return synthesis_figure(synthesis, "one")


def test_studies_stand_below_their_folder_and_the_means_below_all(here: Path) -> None:
    figure = figure_of(over_base(here / "a", TWO), over_base(here / "b", {"hi": 0.1}))
    names = [word for word in words(figure).split() if word in {"a", "b", "ko", "fa", "hi", "mean"}]
    assert names == ["a", "ko", "fa", "b", "hi", "mean", "mean"]
    assert "mean by language (k = 3) new dataset mean by folder (k = 2)" in words(figure)
    assert without_tags(figure.caption) == "3 studies of 2 folders, 3 pooled."


def test_the_description_has_every_study_mean_and_prediction(here: Path) -> None:
    folders = over_base(here / "a", TWO), over_base(here / "b", {"hi": 0.1})
    [synthesis] = synthesize(read_folders(folders))
    result = synthesis.pooled.result
    assert result is not None
    assert result.prediction_low is not None
    assert result.prediction_high is not None
    text = description(synthesis_figure(synthesis, "one"))
    assert text.startswith("a ko: +")
    assert f"mean by language: {interval_text(result.estimate, result.low, result.high)}; new dataset: " in text
    assert interval_text(None, result.prediction_low, result.prediction_high) in text


def test_a_study_that_is_not_pooled_is_hollow_and_dashed(here: Path) -> None:
    pooled = figure_of(over_base(here / "a", TWO))
    assert "stroke-dasharray" not in pooled.svg
    assert "Hollow" not in pooled.reading
    mixed = figure_of(here / "a", over_base(here / "b", TWO, seeds=(0,)))
    assert mixed.svg.count("stroke-dasharray") == 2
    assert "Hollow and dashed: not pooled." in mixed.reading
    assert "b ko: " in description(mixed)
    assert description(mixed).count(", not pooled") == 2


def test_one_study_has_no_mean(here: Path) -> None:
    figure = figure_of(over_base(here / "a", {"ko": 0.02}))
    assert "mean" not in words(figure)
    assert without_tags(figure.caption) == "1 study of 1 folder, 1 pooled."


def test_by_folder_each_folder_is_a_row(here: Path) -> None:
    figure = figure_of(over_base(here / "a", TWO), over_base(here / "b", TWO), by="folder")
    assert not {"ko", "fa"} & set(words(figure).split())
    assert {"a", "b"} < set(words(figure).split())


def test_a_mean_far_wider_than_the_studies_leaves_the_axis_to_the_studies(here: Path) -> None:
    figure = figure_of(over_base(here / "a", {"ko": 0.0}), over_base(here / "b", {"ko": 0.04}))  # t of 1 df: 12.7
    texts = re.findall(r"text-anchor:middle[^>]*>(−?\d+)<", figure.svg)
    ticks = [float(text.replace("−", "-")) for text in texts]
    assert -10 < min(ticks) < 0 < max(ticks) < 15
    [(low, high)] = re.findall(r"mean by language: \S+ \[(−[\d.]+), \+([\d.]+)\]", description(figure))
    assert float(low.replace("−", "-")) < -20 < 20 < float(high)


def test_two_base_models_of_a_folder_are_told_apart(here: Path) -> None:
    names = [f"{entry}@{model}" for entry in ("base", "mnrl") for model in ("e5", "bge")]
    said = {name: {"origin": name.partition("@")[0], "model": name.partition("@")[2]} for name in names}
    text = words(figure_of(study_folder(here / "a", dict.fromkeys(names, TWO), said=said)))
    assert "a mnrl@e5" in text
    assert "a mnrl@bge" in text


def test_the_first_studies_are_drawn_of_many(here: Path) -> None:
    figure = figure_of(over_base(here / "a", {f"l{i:02}": 0.02 for i in range(61)}, n=4, seeds=(0, 1)))
    assert "The first 60 of 61 studies are drawn." in figure.reading
    assert "l59" in words(figure)
    assert "l60" not in words(figure)


def test_hostile_names_are_text(here: Path) -> None:
    folders = [over_base(here / name[:60], TWO) for name in NAMES]
    figure = figure_of(*folders)
    assert "<script" not in figure.svg
    assert "\u202e" not in figure.svg
