"""Seeds of a trained entry that are one training: they give no evidence on the spread over seeds, and count as one.

Where all rows fit one batch, nothing is drawn at random and there is no dropout, a seed changes the training only in
the order of a sum. Compared is what the records hold, not what was asked for: two seeds are one training where every
query has the same score in every measure, and every step the same loss to rounding. Equal scores alone do not say it:
two different trainings can both answer a small set of easy queries without fault.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness.results.per_query import PerQuery
from harness.results.record import Record

ROUNDING = 1e-3  # relative, of a step's loss; what seeds change it by: tests/benchmarks/repeated_seeds.py
LISTED = 5  # rows of the leaderboard that a line names


@dataclass(frozen=True)
class Repeated:
    """Records of one entry and language that are one training, by seed; the first stands for all."""

    records: tuple[Record, ...]

    @property
    def seeds(self) -> str:
        return ", ".join(str(record.seed) for record in self.records)


def repeated(records: Sequence[Record], scores: Mapping[str, PerQuery]) -> list[Repeated]:
    """Return the groups of two and more records of one entry and language that are one training."""
    groups: list[list[Record]] = []
    for record in records:
        same = next((group for group in groups if _is_repeated(group[0], record, scores)), None)
        if same is None:
            groups.append([record])
        else:
            same.append(record)
    return [Repeated(tuple(group)) for group in groups if len(group) > 1]


def _is_repeated(first: Record, other: Record, scores: Mapping[str, PerQuery]) -> bool:
    if not (first.trained and other.trained):
        return False
    left, right = scores[first.name], scores[other.name]
    if (left.queries, left.measures) != (right.queries, right.measures) or (left.values != right.values).any():
        return False
    losses, others = _losses(first), _losses(other)
    return len(losses) == len(others) > 0 and all(  # unknown where a record does not hold them
        math.isclose(loss, again, rel_tol=ROUNDING, abs_tol=1e-9) for loss, again in zip(losses, others, strict=True)
    )


def _losses(record: Record) -> list[float]:
    """Return the loss of every step, [] where the record does not hold them as numbers."""
    losses = record.value("training", "losses")
    numbers = isinstance(losses, list | tuple) and all(isinstance(loss, int | float) for loss in losses)
    return list(losses) if numbers else []


def fits_one_batch(record: Record) -> bool:
    """Return whether every step of a training saw all of its rows."""
    rows, size = record.value("training", "rows"), record.value("training", "settings", "batch_size")
    return isinstance(rows, int) and isinstance(size, int) and rows <= size


def lines(groups: Sequence[Repeated]) -> list[str]:
    """Return one line for all groups with equal seeds and the same reason."""
    rows: dict[tuple[str, str], list[str]] = {}
    for group in groups:
        rows.setdefault((group.seeds, _reason(group.records)), []).append("/".join(group.records[0].pair))
    return [
        f"seeds {seeds} of {_listed(names)} are one training{reason}: they count as one seed"
        for (seeds, reason), names in rows.items()
    ]


def _reason(records: Sequence[Record]) -> str:
    if not all(map(fits_one_batch, records)):
        return ", with the same losses and scores"
    size = records[0].value("training", "settings", "batch_size")
    return f", as one batch of {size} holds all rows (more rows or a smaller train.batch_size make seeds differ)"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:LISTED]) + (f" and {len(names) - LISTED} more" if len(names) > LISTED else "")
