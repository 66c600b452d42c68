"""Precedence of settings. Every setting of a plugin and of the training comes from one of these layers, lowest first:

    default            of the plugin's or the training's field
    suite              the suite's [settings.PLUGIN] and [training.FAMILY]
    entry              the entry's settings and training
    published recipe   for NAME@published only: the entry's [published] table, then the suite's [published]
    --set              of the request

Layers are merged field by field: a field that a higher layer does not name keeps its value from below.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from harness.request.entry import Declaration, Entry, Practice
from harness.request.suite import Recipe, Settings, Suite
from harness.request.training import Training
from harness.types import Family

DEFAULT, PUBLISHED, SET = "default", "published recipe", "--set"  # names of layers, as `harness run --dry-run` shows
SUITE_ROWS = (  # departures of a published recipe on a suite without the authors' rows
    "the authors' training rows are not of this suite: its own queries, and negatives mined as for the other entries",
    "one row per (query, relevant passage), its negatives drawn once for all epochs; no row is dropped",
)
TRAIN = "train"  # the training's name in `sources` and in --set
ALTERNATIVES = {"warmup": "warmup_steps", "warmup_steps": "warmup"}  # a field that replaces another, in any layer


def declared_entry(name: str, declaration: Declaration, recipe: Recipe) -> Entry:
    """Return an entry with the layers that it declares: its own, and its `published` table under that recipe."""
    entry = Entry(
        name=name,
        title=declaration.title,
        about=declaration.about,
        paper=declaration.paper,
        recipe=recipe,
        method=declaration.method,
        adapters=declaration.adapters,
        negatives=declaration.negatives,
        same_rows_as=declaration.same_rows_as,
        settings={},
        training={},
        departures=declaration.departures,
        checkpoint=declaration.checkpoint,
        **{field: getattr(declaration, field) for field in Practice.model_fields},
    )
    entry = overlay(entry, f"entry {name.partition('@')[0]}", declaration.settings, declaration.training)
    published = declaration.published
    if recipe == "published" and published:
        entry = overlay(entry, PUBLISHED, published.settings, published.training)
        recipe_fields = ("rows", "departures", "row_departures")
        entry = entry.model_copy(update={field: getattr(published, field) for field in recipe_fields})
    return entry


def suite_layer(suite: Suite) -> str:
    """Return the name of the layer of a suite's own settings."""
    return f"suite {suite.name}"


def on_suite(entry: Entry, suite: Suite) -> Entry:
    """Return the entry with the suite's plugin settings below what it declares, and the suite's recipe above."""
    entry = _underlay(entry, suite_layer(suite), _used(suite.settings, entry))
    if entry.recipe == "published":
        entry = overlay(entry, PUBLISHED, _used(suite.published.settings, entry))
    return _with_rows(entry, suite) if entry.rows == "published" else entry


def _with_rows(entry: Entry, suite: Suite) -> Entry:
    """Return an entry that asks for published rows, with the departures that its rows on this suite come to."""
    declared = any(language.published_rows for language in suite.languages.values())
    rows, departures = ("published", entry.row_departures) if declared else ("suite", SUITE_ROWS)
    return entry.model_copy(update={"rows": rows, "departures": (*entry.departures, *departures)})


def overlay(entry: Entry, layer: str, settings: Settings, training: Mapping[str, Any] | None = None) -> Entry:
    """Return the entry with a layer above what it has."""
    merged = {name: dict(values) for name, values in entry.settings.items()}
    for name, values in settings.items():
        merged[name] = {**merged.get(name, {}), **values}
    sources = {**entry.sources, **_sources(layer, {**settings, TRAIN: training or {}})}
    return entry.model_copy(
        update={"settings": merged, "training": laid_over(entry.training, training or {}), "sources": sources}
    )


def _underlay(entry: Entry, layer: str, settings: Settings) -> Entry:
    """Return the entry with a layer below what it has."""
    merged = {name: dict(values) for name, values in entry.settings.items()}
    for name, values in settings.items():
        merged[name] = {**values, **merged.get(name, {})}
    return entry.model_copy(update={"settings": merged, "sources": {**_sources(layer, settings), **entry.sources}})


def _used(settings: Settings, entry: Entry) -> Settings:
    return {name: settings[name] for name in entry.plugins if name in settings}


def _sources(layer: str, tables: Settings) -> dict[str, str]:
    return {f"{name}.{field}": layer for name, values in tables.items() for field in values}


def set_training(suite: Suite, entries: Sequence[Entry], field: str, value: Any) -> tuple[Suite, list[Entry]]:
    """Return suite and entries with one training setting of --set: in every family of the suite, and nowhere else.

    It is part of the suite, and so of its digest. Raises pydantic's ValidationError for a value that is refused.
    """
    training = {
        family: Training.model_validate(laid_over(table.model_dump(exclude_unset=True), {field: value}))
        for family, table in suite.training.items()
    }
    recipe = {family: _without(table, field) for family, table in suite.published.training.items()}
    published = suite.published.model_copy(update={"training": recipe})
    changed = [
        entry.model_copy(
            update={
                "training": _without(entry.training, field),
                "sources": {**entry.sources, f"{TRAIN}.{field}": SET},
            }
        )
        for entry in entries
    ]
    return suite.model_copy(update={"training": training, "published": published}), changed


def _without(table: Mapping[str, Any], field: str) -> dict[str, Any]:
    return {name: value for name, value in table.items() if name not in (field, ALTERNATIVES.get(field))}


def laid_over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Return training settings with others above them; one that is set replaces its alternative below."""
    replaced = {ALTERNATIVES.get(field) for field in above}
    return {**{field: value for field, value in below.items() if field not in replaced}, **above}


def training(suite: Suite, entry: Entry, family: Family) -> Training:
    """Return the training settings of an entry on a suite; raises ValidationError for what is not a Training."""
    values: dict[str, Any] = {}
    for _, table in _training_layers(suite, entry, family):
        values = laid_over(values, table)
    return Training.model_validate(values)


def training_sources(suite: Suite, entry: Entry, family: Family) -> dict[str, str]:
    """Return the layer of every field of `training`."""
    sources = dict.fromkeys(Training.model_fields, DEFAULT)
    for layer, table in _training_layers(suite, entry, family):
        sources |= {field: layer or entry.sources.get(f"{TRAIN}.{field}", f"entry {entry.name}") for field in table}
    from_set = {field: SET for field in sources if entry.sources.get(f"{TRAIN}.{field}") == SET}
    return sources | from_set


def _training_layers(suite: Suite, entry: Entry, family: Family) -> list[tuple[str, Mapping[str, Any]]]:
    """Return (layer, its fields), lowest first; the entry's fields are of several layers, which its `sources` name."""
    published = suite.published.training.get(family, {}) if entry.recipe == "published" else {}
    swept = {field: entry.training[field] for field in entry.training if f"{TRAIN}.{field}" in entry.swept}
    return [
        (suite_layer(suite), suite.training[family].model_dump(exclude_unset=True)),
        ("", entry.training),
        (PUBLISHED, published),
        (SET, swept),
    ]
