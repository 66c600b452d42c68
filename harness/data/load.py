"""One language of a suite, from its files to checked `Data`."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from harness.data import splits, validation
from harness.data.assembly import assemble
from harness.data.file_status import Lookup
from harness.data.judged_passages import checked
from harness.data.nli_selection import EVERY_ROW, Selection
from harness.data.passage_streams import check_number
from harness.data.raw_data import NliData, Passages, RetrievalData, SentencePairs, Stream, row_counts
from harness.data.readers.beir import of_split
from harness.data.readers.registry import nli_reader, pair_reader, quality_reader, source_reader
from harness.data.suite_files import lookup_of, paths
from harness.data.train_file_data import use_train_file
from harness.errors import DataError, unknown
from harness.request.data_sources import PairTask, Source
from harness.request.suite import Suite
from harness.types import Data

logger = logging.getLogger(__name__)


def load(suite: Suite, language: str, *, data_dir: Path | None = None, cache_dir: Path) -> Data:
    """Return one language of a suite, read and checked, with the suite's holdout and bound applied.

    `data_dir` is searched before the package and the cache. Raises RequestError for an unknown language or reader
    and DataError for any error in the files.
    """
    return load_reported(suite, language, data_dir=data_dir, cache_dir=cache_dir)[0]


def load_reported(
    suite: Suite, language: str, *, data_dir: Path | None = None, cache_dir: Path
) -> tuple[Data, dict[str, int]]:
    """Return what `load` returns, and a report: description of rows that were left out or accepted → their number.

    Of streamed passages the report says nothing before all of them have been read.
    """
    where = f"{suite.name}/{language}"
    report: dict[str, int] = {}
    raw, nli = _read(suite, language, report, data_dir=data_dir, cache_dir=cache_dir)
    validation.check_roles(raw.queries, raw.roles, where)
    if language not in suite.unverified:
        raw = _with_checked_counts(raw, nli, suite, language)
    if suite.evaluation.holdout:
        raw = splits.hold_out(raw, suite.evaluation.holdout)
        validation.check_not_empty(raw.dev, f"{where} with a holdout of {suite.evaluation.holdout}", "dev query")
        validation.check_not_empty(raw.train, f"{where} with a holdout of {suite.evaluation.holdout}", "training query")
    if suite.max_train is not None:
        raw = splits.bound_training(raw, suite.max_train, language)
    validation.check_roles(raw.queries, raw.roles, where)
    report.update({**raw.report, **nli.report})
    logger.info("%s: %s", where, ", ".join(f"{rows}: {number}" for rows, number in report.items()) or "all rows kept")
    data = assemble(raw, nli, language, suite.text)
    train_file = suite.train_files.get(language)
    return use_train_file(data, train_file, suite.max_train) if train_file else data, report


def _read(
    suite: Suite, language: str, report: dict[str, int], *, data_dir: Path | None, cache_dir: Path
) -> tuple[RetrievalData, NliData]:
    """Return what the readers return for a language, with its separate training source if it has one.

    Passages are held against the judgments; what is counted there is written to `report`.
    """
    if language not in suite.languages:
        raise unknown("language", language, suite.languages, f"suite {suite.name}")
    declared = suite.languages[language]
    where = f"suite {suite.name}, language {language}"
    lookup = lookup_of(suite, data_dir, cache_dir, language)

    def read(source: Source) -> RetrievalData:
        files = of_split(paths(source, language, lookup), source.split)
        raw = source_reader(source, where)(files)
        return checked(raw, source, suite.text, where, report)

    raw = read(declared.retrieval)
    if declared.training is not None:
        raw = splits.with_training_source(raw, read(declared.training), where)
    return raw, _read_nli(declared.nli, language, lookup)


def _read_nli(source: Source | None, language: str, lookup: Lookup, selection: Selection = EVERY_ROW) -> NliData:
    if source is None:
        return NliData(())
    reader = nli_reader(source.reader, f"suite {lookup.suite}, language {language}")
    return reader(paths(source, language, lookup), selection)


def searched_passages(suite: Suite, language: str, *, data_dir: Path | None, cache_dir: Path) -> Passages:
    """Return the passages that a language's queries are evaluated on, title and text apart; raises what `load` raises.

    They are neither counted nor compared with the manifest's numbers.
    """
    raw, _ = _read(without_nli(suite, language), language, {}, data_dir=data_dir, cache_dir=cache_dir)
    return (splits.hold_out(raw, suite.evaluation.holdout) if suite.evaluation.holdout else raw).passages


def load_nli(
    suite: Suite, language: str, minimum: float | None = None, *, data_dir: Path | None = None, cache_dir: Path
) -> NliData:
    """Return the NLI triples of a language alone, of the rows of at least a minimum quality; raises what `load` raises.

    The manifest's count is that of all rows as they are. Of a selection by quality, `selected` has the rows of the set
    and those that are kept.
    """
    declared = suite.languages[language]
    lookup = lookup_of(suite, data_dir, cache_dir, language)
    nli = _read_nli(declared.nli, language, lookup)
    if declared.counts.nli is not None and not lookup.unverified:
        validation.check_counts(
            {"nli": len(nli.triples)}, {"nli": declared.counts.nli}, f"{suite.name}/{language}", suite.given
        )
    if minimum is None and declared.nli_degraded is None:
        return nli
    scores = None
    if declared.nli_quality is not None:
        reader = quality_reader(declared.nli_quality.reader, f"suite {suite.name}, language {language}")
        scores = reader(paths(declared.nli_quality, language, lookup))
    selection = Selection(language, scores, declared.nli_degraded, minimum)
    selected = _read_nli(declared.nli, language, lookup, selection)
    return replace(selected, selected=selection.counts)


def load_pairs(suite: Suite, language: str, task: PairTask, *, data_dir: Path | None, cache_dir: Path) -> SentencePairs:
    """Return the pairs of a task of a language.

    Raises RequestError for a reader that its type does not have, and DataError for any error in the files.
    """
    where = f"suite {suite.name}, language {language}, task {task.name}"
    source = suite.languages[language].pairs_of(task)
    read = pair_reader(task.type, source.reader, where)
    return read(paths(source, language, lookup_of(suite, data_dir, cache_dir, language)))


def without_nli(suite: Suite, language: str) -> Suite:
    """Return the suite without the NLI set and the published rows of a language, whose files may then be missing."""
    declared = suite.languages[language]
    counts = declared.counts.model_copy(update={"nli": None})
    dropped = dict.fromkeys(("nli", "nli_quality", "nli_degraded", "published_rows"))
    without = declared.model_copy(update={**dropped, "counts": counts})
    return suite.model_copy(update={"languages": {**suite.languages, language: without}})


def counted(
    suite: Suite, language: str, *, data_dir: Path | None, cache_dir: Path
) -> tuple[dict[str, int], dict[str, int]]:
    """Return count → number of a language's files, and what was left out or accepted; reads the whole corpus."""
    report: dict[str, int] = {}
    raw, nli = _read(suite, language, report, data_dir=data_dir, cache_dir=cache_dir)
    passages = sum(1 for _ in raw.passages.items())
    numbers = {**row_counts(raw), "nli": len(nli.triples), "passages": passages}
    return numbers, {**report, **raw.report, **nli.report}


def counts_differ(suite: Suite, language: str, *, data_dir: Path | None, cache_dir: Path) -> bool:
    """Return whether the files hold other numbers of rows than the manifest states; reads the whole corpus."""
    raw, nli = _read(suite, language, {}, data_dir=data_dir, cache_dir=cache_dir)
    try:
        checked = _with_checked_counts(raw, nli, suite, language)
        for _ in checked.passages.items():
            pass
    except DataError:
        return True
    return False


def _with_checked_counts(raw: RetrievalData, nli: NliData, suite: Suite, language: str) -> RetrievalData:
    """Return the data; raises DataError if a number of rows is not the manifest's.

    Streamed passages are counted as they pass.
    """
    actual = {**row_counts(raw), "nli": len(nli.triples)}
    where, stated = f"{suite.name}/{language}", suite.languages[language].counts.model_dump(exclude_none=True)
    expected = {name: number for name, number in stated.items() if name in actual}
    validation.check_counts(actual, expected, where, suite.given)
    number, passages = stated.get("passages"), raw.passages
    if number is None or isinstance(passages, Mapping):
        return raw
    return replace(raw, passages=Stream(lambda: check_number(passages.items(), number, where, suite.given)))
