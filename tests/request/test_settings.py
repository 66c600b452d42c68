"""The layers of settings: each one beats those below it, for plugins and for the training."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.request.cell import Cell, Place
from harness.request.entry import Declaration, Entry
from harness.request.in_force import settings_in_force
from harness.request.overrides import override
from harness.request.settings import declared_entry, on_suite
from harness.request.suite import Published, Suite, load

# One layer per row, lowest first: its name in a dry run, and what it sets the three fields to.
LAYERS = ["default", "suite mini", "entry mine", "published recipe", "published recipe", "--set"]
VALUES = [0.05, 0.1, 0.2, 0.3, 0.4, 0.5]
WEIGHT_DECAY = [0.0, 0.1, 0.2, 0.3, 0.4, 0.5]
TOP = range(len(LAYERS))


def cell_up_to(top: int, recipe: str = "published", settings: tuple[str, ...] | None = None) -> Cell:
    """Return the cell of an entry where the layers up to the `top`-th each set mnrl.temperature and weight_decay."""

    def plugin(layer: int) -> dict[str, dict[str, float]]:
        return {"mnrl": {"temperature": VALUES[layer]}} if layer <= top else {}

    def training(layer: int) -> dict[str, float]:
        return {"weight_decay": WEIGHT_DECAY[layer]} if layer <= top else {}

    mini = load("mini")
    ranking = mini.training["ranking"].model_dump(exclude_unset=True)
    suite = Suite.model_validate(
        {
            **mini.model_dump(exclude={"settings", "training", "published"}),
            "settings": plugin(1),
            "training": {"ranking": {**ranking, **training(1)}},
            "published": Published(settings=plugin(4), training={"ranking": training(4)} if top >= 4 else {}),
        }
    )
    declaration = Declaration.model_validate(
        {
            **{"title": "Mine", "about": "mine", "method": "mnrl", "settings": plugin(2), "training": training(2)},
            "published": {"settings": plugin(3), "training": training(3)},
        }
    )
    entry = on_suite(declared_entry("mine@published" if recipe == "published" else "mine", declaration, recipe), suite)
    if settings is None:
        settings = ("mnrl.temperature=0.5", "train.weight_decay=0.5") if top >= 5 else ()
    suite, (entry, *_) = override(settings, suite, [entry])
    return Cell(suite, entry, "ko", 0, Place(Path("cache")))


def shown(cell: Cell) -> dict[str, tuple[Any, str]]:
    return {setting.name: (setting.value, setting.layer) for setting in settings_in_force(cell)}


@pytest.mark.parametrize("top", TOP)
def test_each_layer_beats_those_below_it_for_plugins_and_for_the_training(top: int) -> None:
    cell = cell_up_to(top)
    assert cell.plugin.temperature == VALUES[top]  # type: ignore[union-attr]
    assert cell.training.weight_decay == WEIGHT_DECAY[top]


@pytest.mark.parametrize("top", TOP)
def test_a_setting_in_force_names_the_layer_that_it_is_from(top: int) -> None:
    settings = shown(cell_up_to(top))
    assert settings["mnrl.temperature"] == (VALUES[top], LAYERS[top])
    assert settings["train.weight_decay"] == (WEIGHT_DECAY[top], LAYERS[top])
    assert settings["train.scheduler"] == ("linear", "default")


@pytest.mark.parametrize("top", [3, 4])
def test_the_published_layers_are_of_the_published_recipe_alone(top: int) -> None:
    settings = shown(cell_up_to(top, recipe="corrected"))
    assert settings["mnrl.temperature"] == (VALUES[2], "entry mine")
    assert settings["train.weight_decay"] == (WEIGHT_DECAY[2], "entry mine")


def test_a_swept_value_beats_every_layer_too() -> None:
    cell = cell_up_to(4, settings=("mnrl.temperature=0.6,0.7", "train.weight_decay=0.6,0.7"))
    settings = shown(cell)
    assert settings["mnrl.temperature"] == (0.6, "--set")
    assert settings["train.weight_decay"] == (0.6, "--set")


def test_a_layer_changes_the_fields_that_it_names_and_no_other() -> None:
    mini = load("mini")
    declaration = Declaration(title="Mine", about="mine", method="clpl", settings={"clpl": {"temperature": 0.7}})
    settings = shown(
        Cell(mini, on_suite(declared_entry("mine", declaration, "corrected"), mini), "ko", 0, Place(Path()))
    )
    assert settings["clpl.temperature"] == (0.7, "entry mine")
    assert settings["clpl.negatives"] == (1, "suite mini")
    assert settings["clpl.penalty_weight"] == (0.1, "default")


def test_the_layers_are_not_recorded() -> None:
    cell = cell_up_to(5)
    assert cell.entry.sources
    assert "sources" not in cell.described()
    assert Entry.model_validate(cell.entry.model_dump()) == cell.entry.model_copy(update={"sources": {}})


def test_a_practice_that_is_on_is_shown_with_its_origin() -> None:
    mini = load("mini")
    declaration = Declaration(title="Mine", about="mine", method="mnrl", folds=5)
    entry = on_suite(declared_entry("mine", declaration, "corrected"), mini)
    assert shown(Cell(mini, entry, "ko", 0, Place(Path())))["entry.folds"] == (5, "entry mine")
    _, (entry,) = override(["entry.folds=3"], mini, [entry])
    assert shown(Cell(mini, entry, "ko", 0, Place(Path())))["entry.folds"] == (3, "--set")
