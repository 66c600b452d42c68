"""What a run measured a number with: read off the records of the entry, and where they do not say, off run.json."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from harness.evidence.claims.claim import Claim
from harness.request.base_models import on_model_name
from harness.results.folder import ResultFolder
from harness.results.record import Record

FOLDER, BUILT = "a folder of the user", "built by the run"  # base models without a hub id


@dataclass(frozen=True)
class Setup:
    """One record and run.json's definition of its suite; `record` is None where the entry was not measured."""

    language: str
    record: Record | None
    suite: Mapping[str, Any]

    def value(self, *path: str) -> Any:
        """Return what the record holds at a path of names, or else the suite; None where neither says it."""
        value = None if self.record is None else self.record.value(*path)
        return _value(self.suite, *path) if value is None else value


def entry_of(claim: Claim, results: ResultFolder) -> str:
    """Return the entry that measures a claim: with named base models, its row on the claim's model.

    Where none of them is the claim's model, it is the row on the first one, which the comparison then says is another.
    """
    if not results.models or claim.kind == "ranker":
        return claim.entry
    ids = {name: results.run.base_model_on(name).id for name in results.models}
    published = claim.base_model.replace("{language}", claim.language)
    model = next((name for name, hub_id in ids.items() if hub_id and hub_id == published), results.models[0])
    return on_model_name(claim.entry, model)


def setups(claim: Claim, results: ResultFolder) -> list[Setup]:
    """Return the setups of the records that measure a claim, at least one per language."""
    entry = entry_of(claim, results)
    suite = results.run.suite_content_on(results.model_by_entry.get(entry, ""))
    records: dict[str, tuple[Record | None, ...]] = {}
    for language in claim.of or (claim.language,):
        records[language] = results.records_by_pair.get((entry, language), ()) or (None,)
    return [Setup(language, record, suite) for language, group in records.items() for record in group]


def as_run(condition: str, setup: Setup) -> Any:
    """Return the value of a condition as it was run, None where neither record nor run.json says it."""
    read = READERS.get(condition)
    return read(setup) if read else setup.value(*PATHS[condition])


def _value(table: Any, *path: str) -> Any:
    for name in path:
        table = table.get(name) if isinstance(table, Mapping) else None
    return table


def _base_model(setup: Setup) -> str | None:
    base = setup.value("base_model") or {}
    if not isinstance(base, Mapping) or not base:
        return None
    return str(base.get("id") or (FOLDER if base.get("sha256") else BUILT))


def _precision(setup: Setup) -> str | None:
    found = setup.value("computation", "encode_dtype")
    value = found if isinstance(found, str) else setup.value("evaluation", "precision")
    return None if value is None else str(value)


def _query_precision(setup: Setup) -> str | None:
    return setup.value("evaluation", "query_precision") or _precision(setup)


def _dataset(setup: Setup) -> str | None:
    """Return the revision of the hub dataset, the ir_datasets id, or the word for files that the manifest names."""
    source = _value(setup.suite, "languages", setup.language, "retrieval") or {}
    return _value(source, "hub", "revision") or source.get("ir_datasets") or ("files" if source.get("files") else None)


def _negatives(setup: Setup) -> str | None:
    entry = setup.value("entry") or {}
    return (entry["negatives"] or "none") if "negatives" in entry else None


def _analyzer(setup: Setup) -> str | None:
    analyzers = setup.value("entry", "analyzers") or {}
    return next(iter(analyzers.values()), None)


PATHS: Mapping[str, tuple[str, ...]] = {
    "model_revision": ("base_model", "revision"),
    "query_prompt": ("text", "query_prompt"),
    "passage_prompt": ("text", "passage_prompt"),
    "query_length": ("text", "query_max_length"),
    "passage_length": ("text", "passage_max_length"),
    "title": ("text", "title"),
    "title_join": ("text", "title_join"),
    "depth": ("evaluation", "depth"),
    "training_rows": ("data", "training_rows"),
    "negative_queries": ("data", "negative_queries"),
}
READERS: Mapping[str, Callable[[Setup], str | None]] = {
    "base_model": _base_model,
    "precision": _precision,
    "query_precision": _query_precision,
    "dataset_revision": _dataset,
    "negatives": _negatives,
    "analyzer": _analyzer,
}
