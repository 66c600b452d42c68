"""A run that is disturbed at some moments of it, resumed each time, and at last compared with the undisturbed one."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from campaigns.runs import Place, Ran, Running, begin, command, otherwise, reference, resumed, suite


def moments(row: str, count: int) -> list[float]:
    """Return moments of a run as shares of its duration, the same in every campaign."""
    return [random.Random(f"{row}/{i}").random() for i in range(count)]


def in_a_row(shares: Sequence[float], most: int) -> Iterator[Sequence[float]]:
    """Yield the moments, several at a time: those are of one folder."""
    for start in range(0, len(shares), most):
        yield shares[start : start + most]


def at(shares: Sequence[float]) -> str:
    """Return the name of a trial at these moments."""
    return f"at {', '.join(f'{share:.3f}' for share in shares)}"


def disturbed(
    shared: Path,
    folder: Path,
    shares: Sequence[float],
    disturb: Callable[[Running], bool],
    wrong: Callable[[Running, Ran], list[str]],
    options: Sequence[str] = (),
) -> str:
    """Disturb a run and those that resume it, each at a share of the undisturbed duration; return what is wrong.

    `disturb` returns False where the run ended before: if that resumed an earlier one, its bytes are compared and a
    fresh folder is next; a fresh run that was quicker than the undisturbed one is disturbed earlier.
    """
    seconds = reference(shared).seconds
    place, fresh, faults = _fresh(folder, 0), True, []
    for number, share in enumerate(shares):
        while True:
            running = begin(command(suite(shared), place, *options), place)
            running.wait_until(share * seconds)
            reached = disturb(running)
            ran = running.ended()
            if reached:
                break
            faults += [] if fresh else [otherwise(shared, place)] if ran.status == 0 else [ran.err[-1500:]]
            share, place, fresh = share / 2 if fresh else share, _fresh(folder, number + 1), True
        faults += wrong(running, ran)
        fresh = False
    faults.append(otherwise(shared, place) if ran.status == 0 else resumed(shared, place, *options))
    return "; ".join(filter(None, faults))


def _fresh(folder: Path, number: int) -> Place:
    below = next(path for i in range(1000) if not (path := folder / f"{number}-{i}").exists())
    below.mkdir()
    return Place.below(below)
