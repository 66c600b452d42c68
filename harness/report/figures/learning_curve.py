"""Learning curves: the loss over the share of training, averaged over records and smoothed."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness.results.record import Record

MAX_POINTS = 80  # of one curve; a panel is about twice as many points wide
MAX_POINTS_TOTAL = 3000  # of all curves together
MIN_POINTS = 30  # of one curve, however many curves there are
SMOOTHED_SHARE = 0.1  # of the steps, whose mean is a point of the smoothed curve
_END_SHARE = 0.1  # share of the steps that counts as the start, and as the end, of training


@dataclass(frozen=True)
class LearningCurve:
    """The mean loss of some trainings of one entry at equal shares of their steps."""

    entry: str
    losses: tuple[float, ...]

    @property
    def shares(self) -> list[float]:
        """The middle of each point's steps, in per cent of all steps."""
        return [100 * (i + 0.5) / len(self.losses) for i in range(len(self.losses))]

    @property
    def smoothed(self) -> list[float]:
        """The centred moving average over SMOOTHED_SHARE of the steps, at least three points; shorter at the ends."""
        radius = max(1, round(len(self.losses) * SMOOTHED_SHARE / 2))
        windows = (self.losses[max(0, i - radius) : i + radius + 1] for i in range(len(self.losses)))
        return [statistics.fmean(window) for window in windows]

    @property
    def ends(self) -> tuple[float, float]:
        """The mean loss of the first and of the last tenth."""
        count = max(1, round(len(self.losses) * _END_SHARE))
        return statistics.fmean(self.losses[:count]), statistics.fmean(self.losses[-count:])


def points_per_curve(curves: int) -> int:
    """Return how many points each of so many curves may have."""
    return max(MIN_POINTS, min(MAX_POINTS, MAX_POINTS_TOTAL // max(curves, 1)))


def learning_curve(records: Sequence[Record], max_points: int) -> LearningCurve | None:
    """Return the mean curve of records of one entry, None where none has a loss at two steps.

    A curve has as many points as the shortest of its trainings has losses, at most `max_points`; a point is the mean of
    a training's losses in its share of the steps, and of the trainings.
    """
    trainings = [losses for record in records if len(losses := recorded_losses(record)) > 1]
    if not trainings:
        return None
    count = min(max_points, *map(len, trainings))
    binned = [
        [statistics.fmean(losses[i * len(losses) // count : (i + 1) * len(losses) // count]) for i in range(count)]
        for losses in trainings
    ]
    return LearningCurve(records[0].entry, tuple(map(statistics.fmean, zip(*binned, strict=True))))


def recorded_losses(record: Record) -> list[float]:
    """Return the finite losses of a record in the order of the steps."""
    training = record.provenance.get("training")
    losses = training.get("losses") if isinstance(training, Mapping) else None
    if not isinstance(losses, list | tuple):
        return []
    numbers = [loss for loss in losses if isinstance(loss, int | float) and not isinstance(loss, bool)]
    return [float(loss) for loss in numbers if math.isfinite(loss)]
