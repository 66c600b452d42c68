"""Learning curves: the loss over the steps of training, thinned to a number of points and aggregated over seeds."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness.results.record import Record

MAX_POINTS = 100  # of one curve; a panel is about as many points wide
MAX_POINTS_TOTAL = 6000  # of all curves together
MIN_POINTS = 50  # of one curve, however many curves there are
_END_SHARE = 0.1  # share of the steps that counts as the start, and as the end, of training


@dataclass(frozen=True)
class LearningCurve:
    """One entry in one language: the mean, lowest and highest loss over seeds at each of `steps`."""

    entry: str
    language: str
    steps: tuple[float, ...]
    means: tuple[float, ...]
    lowest: tuple[float, ...]
    highest: tuple[float, ...]
    steps_per_point: int  # consecutive steps whose mean is one point
    seeds: int

    @property
    def ends(self) -> tuple[float, float]:
        """The mean loss of the first and of the last tenth."""
        count = max(1, round(len(self.means) * _END_SHARE))
        return statistics.fmean(self.means[:count]), statistics.fmean(self.means[-count:])


def points_per_curve(curves: int) -> int:
    """Return how many points each of so many curves may have."""
    return max(MIN_POINTS, min(MAX_POINTS, MAX_POINTS_TOTAL // max(curves, 1)))


def learning_curve(records: Sequence[Record], max_points: int) -> LearningCurve | None:
    """Return the curve of one entry in one language over the steps that all its seeds have, None below two steps."""
    recorded = [(record, losses) for record in records if (losses := recorded_losses(record))]
    count = min((len(losses) for _, losses in recorded), default=0)
    if count < 2:
        return None
    width = -(-count // max_points)
    starts = range(0, count, width)
    thinned = [
        [statistics.fmean(losses[start : min(start + width, count)]) for start in starts] for _, losses in recorded
    ]
    points = list(zip(*thinned, strict=True))
    first_record = recorded[0][0]
    return LearningCurve(
        entry=records[0].entry,
        language=records[0].language,
        steps=tuple(
            (start + min(start + width, count) + 1) / 2 * _training_steps(first_record, count) / count
            for start in starts
        ),
        means=tuple(map(statistics.fmean, points)),
        lowest=tuple(map(min, points)),
        highest=tuple(map(max, points)),
        steps_per_point=width,
        seeds=len(recorded),
    )


def recorded_losses(record: Record) -> list[float]:
    """Return the finite losses of a record in the order of the steps."""
    training = record.provenance.get("training")
    losses = training.get("losses") if isinstance(training, Mapping) else None
    if not isinstance(losses, list | tuple):
        return []
    numbers = [loss for loss in losses if isinstance(loss, int | float) and not isinstance(loss, bool)]
    return [float(loss) for loss in numbers if math.isfinite(loss)]


def _training_steps(record: Record, logged: int) -> float:
    """Return the number of training steps, or of logged steps if the record does not have it."""
    steps = record.provenance["training"].get("steps")
    return float(steps) if isinstance(steps, int) and steps >= logged else float(logged)
