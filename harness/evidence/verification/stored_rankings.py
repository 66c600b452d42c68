"""Whether the scores of a folder are those of its rankings, and its data those of its suite, where data are at hand."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from harness.errors import CellError, DataError
from harness.evidence.texts import ABSENT, OTHER, LanguageTexts, Texts
from harness.evidence.verification.finding import Finding, Proof, file_of
from harness.evidence.verification.grade import Run
from harness.results import record as records
from harness.results.folder import ResultFolder
from harness.results.ranking_file import Rows, ranked_queries
from harness.results.record import Record
from harness.results.stored_files import is_left_out, unpublished
from harness.stages.score import score
from harness.types import Data, Ranking, Scores

AT_ONCE = 100_000  # rows that are scored together: some 40 MB, and 200 where each id is as long as it may be
LAST_BITS = 1e-9  # of a measure: far below one document's share of one query's value
SOME_CELLS = ("nli",)  # digests of data that only some cells read
NO_DATA = "its data are not on this machine; --data-dir names their folder"
OTHER_SCORES = "the stored scores are not those of the stored ranking"


def prove_rankings(results: ResultFolder, texts: Texts) -> Proof:
    """Return what the data at hand (harness.evidence.texts) show of the records' data, rankings and scores."""
    return Proof.joined(_language(results, language, texts.get(language, "")) for language in results.languages)


def rescored_file(path: Path, folder: Path, data: Data, measures: Sequence[str]) -> Scores:
    """Return the scores of a stored ranking, of which some queries are held at a time; raises what it cannot read."""
    values: dict[str, dict[str, float]] = {name: dict.fromkeys(sorted(data.dev), 0.0) for name in measures}
    queries = ((query, rows) for query, rows in ranked_queries(path, folder) if query in data.dev)
    for some in _blocks(queries):
        judged = {query: data.dev[query] for query in some}
        for name, scores in score(some, judged, measures).items():
            values[name].update(scores)
    return values


def _blocks(queries: Iterable[tuple[str, Rows]]) -> Iterator[Ranking]:
    """Yield some queries at a time, of AT_ONCE rows or a few more."""
    block: dict[str, list[tuple[str, float]]] = {}
    held = 0
    for query, rows in queries:
        block[query] = list(rows.items())
        held += len(rows)
        if held >= AT_ONCE:
            yield block
            block, held = {}, 0
    if block:
        yield block


def rescored(run: Run, data: Data, measures: Sequence[str]) -> Scores:
    """Return the scores of a ranking; raises CellError for a query without a number."""
    return score({query: list(rows.items()) for query, rows in run.items()}, data.dev, measures)


def equal_scores(first: Scores, second: Scores) -> bool:
    """Return whether two sets of scores are equal up to the last bits, which another processor may round otherwise."""
    if {name: values.keys() for name, values in first.items()} != {
        name: values.keys() for name, values in second.items()
    }:
        return False
    pairs = ((value, second[name][query]) for name, values in first.items() for query, value in values.items())
    return all(math.isclose(value, other, rel_tol=0, abs_tol=LAST_BITS) for value, other in pairs)


def _language(results: ResultFolder, language: str, texts: LanguageTexts | str) -> Proof:
    of_language = [record for record in results.records if record.language == language]
    if not isinstance(texts, str):
        return Proof.joined([_data(of_language, texts.data), _rankings(results, of_language, texts.data)])
    if texts.startswith(OTHER):
        return Proof(mismatches=(Finding(f"records of {language}", texts.removesuffix(".")),))
    reason = NO_DATA if texts == ABSENT else texts.removesuffix(".")
    return Proof(unproven=(Finding(f"rankings of {language}", f"not scored again: {reason}"),))


def _data(of_language: Iterable[Record], data: Data) -> Proof:
    """Compare the digests of the training data too: those of the evaluation have been compared to find the data."""
    current = data.digests
    mismatches = [
        Finding(file_of(record), f"data digest of {name} is not that of the suite's data")
        for record in of_language
        for name, sha256 in record.data_digests.items()
        if name not in SOME_CELLS and current.get(name, sha256) != sha256
    ]
    return Proof(mismatches=tuple(mismatches))


def _rankings(results: ResultFolder, of_language: Iterable[Record], data: Data) -> Proof:
    equal, left_out, missing, mismatches = 0, 0, 0, []
    for record in of_language:
        if is_left_out(results.path, record):
            left_out += 1
        elif unpublished(results.path, record) or records.RUN not in record.files:
            missing += 1
        elif problem := _problem(results, record, data):
            mismatches.append(Finding(file_of(record), problem))
        else:
            equal += 1
    language = data.language
    what = f"rankings of {language}"
    proven = Finding(what, f"scored with the suite's judgments, with the stored scores: {equal}")
    unproven = [
        Finding(what, f"{how}, so that their scores were not computed: {number}")
        for how, number in (("left out of this folder", left_out), ("missing", missing))
        if number
    ]
    return Proof((proven,) if equal else (), tuple(mismatches), tuple(unproven))


def _problem(results: ResultFolder, record: Record, data: Data) -> str:
    stored = results.scores[record.name].by_measure()
    try:
        path = records.beside(record.path(results.path), records.RUN)
        computed = rescored_file(path, results.path, data, tuple(stored))
    except (CellError, DataError, ValueError, KeyError) as error:
        return f"its ranking cannot be scored: {error}"
    return "" if equal_scores(computed, stored) else OTHER_SCORES
