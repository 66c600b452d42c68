"""Studies of one contrast, pooled: by language, each language of each folder a study, or by folder, its average.

The model is that of harness.stats.meta_analysis: random effects, in which the gain itself differs between studies. A
study is pooled where its difference has an error over queries and seeds: not with one seed of a trained side, nor over
one query.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from harness.evidence.contrasts.published import PublishedContrast
from harness.evidence.contrasts.transfer import Difference
from harness.evidence.synthesis.studies import ContrastName, ContrastRows, FolderContrasts
from harness.stats.effect import TIE
from harness.stats.entry_scores import AVERAGE
from harness.stats.meta_analysis import Synthesis, pooled

By = Literal["language", "folder"]
ONE_SEED = "one seed of a trained entry"


@dataclass(frozen=True)
class Study:
    """One difference of a contrast: of a folder, a base model, and a language or the average of all.

    `entry` and `control` are the rows that measured it. `reason` says why it is not pooled, "" where it is.
    """

    folder: str
    suite: str
    base: str
    language: str
    entry: str
    control: str
    recipe: str
    swept: bool
    value: float
    low: float
    high: float
    error: float
    reason: str


@dataclass(frozen=True)
class PooledStudies:
    """Studies of one kind with what they give together: `result` is None for fewer than two that can be pooled."""

    by: By
    studies: tuple[Study, ...]
    result: Synthesis | None

    @property
    def count(self) -> int:
        """The number of studies that can be pooled."""
        return sum(not study.reason for study in self.studies)

    @property
    def weights(self) -> tuple[float | None, ...]:
        """The share of each study in the pooled mean, None for one that is not pooled."""
        if self.result is None:
            return (None,) * len(self.studies)
        precisions = [None if study.reason else 1 / (study.error**2 + self.result.tau2) for study in self.studies]
        total = sum(precision or 0.0 for precision in precisions)
        return tuple(None if precision is None else precision / total for precision in precisions)


@dataclass(frozen=True)
class ContrastSynthesis:
    """One contrast over all folders: pooled as asked for, and beside it the other way, from two folders on."""

    contrast: ContrastName
    measure: str
    published: tuple[PublishedContrast, ...]
    pooled: PooledStudies
    beside: PooledStudies | None
    repeated_queries: tuple[str, ...]  # "LANGUAGE of FOLDER and FOLDER": the same queries
    absent: tuple[str, ...]  # folders that do not measure the contrast

    @property
    def name(self) -> str:
        """ENTRY over CONTROL."""
        return " over ".join(self.contrast)

    @property
    def both(self) -> tuple[PooledStudies, ...]:
        """The pooled studies as asked for, then those beside them."""
        return (self.pooled,) if self.beside is None else (self.pooled, self.beside)


def synthesis_of(
    contrast: ContrastName, folders: Sequence[FolderContrasts], measure: str, by: By = "language"
) -> ContrastSynthesis:
    """Return what folders that have the measure show together of a contrast."""
    measuring = [(folder, rows) for folder in folders for rows in folder.rows if rows.contrast == contrast]
    other: By = "folder" if by == "language" else "language"
    several = len({folder.name for folder, _ in measuring}) > 1
    named = [each for folder in folders for each in folder.published if (each.entry, each.control) == contrast]
    return ContrastSynthesis(
        contrast=contrast,
        measure=measure,
        published=tuple({each.paper: each for each in named}.values()),
        pooled=_pooled(measuring, measure, by),
        beside=_pooled(measuring, measure, other) if several else None,
        repeated_queries=tuple(_repeated_queries(measuring)),
        absent=tuple(folder.name for folder in folders if all(rows.contrast != contrast for rows in folder.rows)),
    )


def _pooled(measuring: Sequence[tuple[FolderContrasts, ContrastRows]], measure: str, by: By) -> PooledStudies:
    studies = tuple(study for folder, rows in measuring for study in _studies(folder, rows, measure, by))
    taken = [study for study in studies if not study.reason]
    result = pooled([study.value for study in taken], [study.error**2 for study in taken]) if len(taken) > 1 else None
    return PooledStudies(by, studies, result)


def _studies(folder: FolderContrasts, rows: ContrastRows, measure: str, by: By) -> Iterator[Study]:
    place = folder.measures.index(measure)
    for language, differences in rows.differences.items():
        if (language == AVERAGE) == (by == "folder"):
            difference = differences[place]
            yield Study(
                folder=folder.name,
                suite=folder.suite,
                base=rows.base,
                language=language,
                entry=rows.entry.name,
                control=rows.control.name,
                recipe=rows.entry.recipe,
                swept=bool(rows.entry.swept),
                value=difference.value,
                low=difference.low,
                high=difference.high,
                error=difference.error,
                reason=rows.reason or _unpooled(difference),
            )


def _unpooled(difference: Difference) -> str:
    """Return why a difference cannot be pooled, "" where it can."""
    if difference.blind:
        return ONE_SEED
    return "" if difference.error > TIE else "no error: one query, or equal scores"


def _repeated_queries(measuring: Sequence[tuple[FolderContrasts, ContrastRows]]) -> Iterator[str]:
    """Yield the languages whose queries several folders evaluate, of studies that are pooled."""
    folders: dict[tuple[str, str], dict[str, None]] = {}
    for folder, rows in measuring:
        for language, digest in () if rows.reason else rows.queries.items():
            folders.setdefault((language, digest), {})[folder.name] = None
    for (language, _), names in folders.items():
        if len(names) > 1:
            yield f"{language} of {' and '.join(names)}"
