"""Passages held against the judgments: those that the corpus lacks, and those without a text.

A passage without title and text stays in the corpus, since leaving it out would change the benchmark; it is counted. A
judged passage that the corpus lacks is counted if it is not relevant. If it is relevant, it is an error unless the
manifest states how many there are (`missing_positives`): then it counts as not retrieved, and is not trained on.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace

from harness.data.assembly import join_title
from harness.data.passage_streams import Pair
from harness.data.raw_data import Judgments, RetrievalData, Stream, row_counts
from harness.errors import DataError
from harness.request.data_sources import Source
from harness.request.manifest import Text

WITHOUT_TEXT = "passages without a text"
ABSENT = "judgments of passages that the corpus lacks"
ABSENT_POSITIVES = "relevant passages that the corpus lacks"


class PassageCheck:
    """The check of one source. Numbers are written to `report` when all passages have been read."""

    def __init__(self, raw: RetrievalData, source: Source, text: Text, where: str, report: dict[str, int]) -> None:
        self._raw, self._source, self._text, self._where, self._report = raw, source, text, where, report
        self._relevant: dict[str, bool] = {}  # judged passage → whether any query finds it relevant
        for judgments in raw.roles.values():
            for grades in judgments.values():
                for doc, grade in grades.items():
                    self._relevant[doc] = grade > 0 or self._relevant.get(doc, False)
        self.absent: Collection[str] = ()  # judged passages that were not read

    def passing(self, passages: Iterable[Pair]) -> Iterator[Pair]:
        """Yield the passages; raises DataError for one that may not be empty, and at their end for absent ones."""
        absent, without_text = set(self._relevant), 0
        for doc, passage in passages:
            absent.discard(doc)
            if not join_title(passage, self._text):
                without_text += 1
                if self._relevant.get(doc) and not (passage.title + passage.text).strip():
                    raise DataError(
                        f"{self._where}: passage '{doc}' is empty and judged relevant; "
                        "give it a title or a text, or delete its judgments"
                    )
            yield doc, passage
        self.absent = absent
        self._count(WITHOUT_TEXT, without_text)
        self._check_absent()

    def _count(self, name: str, number: int) -> None:
        if number:
            self._report[name] = number

    def _check_absent(self) -> None:
        grades = [
            (query, doc, grade)
            for judgments in self._raw.roles.values()
            for query, row in judgments.items()
            for doc, grade in row.items()
            if doc in self.absent
        ]
        positives = sorted((query, doc) for query, doc, grade in grades if grade > 0)
        allowed = self._source.missing_positives
        if len(positives) > allowed:
            query, doc = positives[0]
            stated = f", not the {allowed} that the manifest states" if allowed else ""
            raise DataError(
                f"{self._where}: relevant passages that the corpus lacks: {len(positives)}{stated} (first: '{doc}', "
                f"judged for query '{query}'); add them, or state missing_positives = {len(positives)} beside the "
                "source's reader in the manifest, to count them as not retrieved"
            )
        if len(positives) < allowed:
            raise DataError(
                f"{self._where}: relevant passages that the corpus lacks: {len(positives)}, not {allowed}; "
                f"correct missing_positives in the manifest to {len(positives)}"
            )
        self._count(ABSENT, len(grades) - len(positives))
        self._count(ABSENT_POSITIVES, len(positives))


def checked(raw: RetrievalData, source: Source, text: Text, where: str, report: dict[str, int]) -> RetrievalData:
    """Return the data of a source with its passages checked against its judgments.

    Passages in memory are checked now, streamed ones as they pass, unless absent ones are to be left out of training.
    """
    check = PassageCheck(raw, source, text, where, report)
    if not isinstance(raw.passages, Mapping) and not source.missing_positives:
        return replace(raw, passages=Stream(lambda: check.passing(raw.passages.items())))
    for _ in check.passing(raw.passages.items()):
        pass
    return _without(raw, check.absent) if source.missing_positives else raw


def _without(raw: RetrievalData, absent: Collection[str]) -> RetrievalData:
    """Return the data without training and extra judgments of absent passages; queries left without one are counted."""
    train, extra = (_present(judgments, absent) for judgments in (raw.train, raw.extra))
    name = "training queries without a relevant passage"
    left_out = raw.report.get(name, 0) + len(raw.train) - len(train)
    return replace(raw, train=train, extra=extra, report={**raw.report, name: left_out}, counts=row_counts(raw))


def _present(judgments: Judgments, absent: Collection[str]) -> Judgments:
    kept = {q: {doc: grade for doc, grade in row.items() if doc not in absent} for q, row in judgments.items()}
    return {query: row for query, row in kept.items() if any(row.values())}
