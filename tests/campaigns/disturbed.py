"""A run that is disturbed at some moments of it, resumed each time, and at last compared with the undisturbed one."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from campaigns.runs import Place, Ran, Running, begin, command, otherwise, resumed, suite, undisturbed
from campaigns.semaphores import left_in, own_shm


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


@dataclass(frozen=True)
class Disturbance:
    """What is done to runs: `act` returns False where a run ended before.

    `wrong` returns what is wrong with an end, given the semaphores that it left; `options` are those of the run.
    """

    act: Callable[[Running], bool]
    wrong: Callable[[Running, Ran, list[str]], list[str]]
    options: tuple[str, ...] = ()


def disturbed(shared: Path, folder: Path, shares: Sequence[float], by: Disturbance) -> str:
    """Disturb a run and those that resume it, each at a share of the undisturbed duration; return what is wrong.

    Where one ended before that: if it resumed an earlier one, its bytes are compared and a fresh folder is next; a
    fresh one that was quicker than the undisturbed one is disturbed earlier.
    """
    seconds = undisturbed(shared, by.options)
    place, fresh, faults = _fresh(folder, 0), True, []
    with own_shm(folder / "shm") as prefix:
        for number, share in enumerate(shares):
            while True:
                running = begin(command(suite(shared), place, *by.options), place, prefix)
                running.wait_until(share * seconds)
                reached = by.act(running)
                done = running.ended()
                if reached:
                    break
                faults += [] if fresh else [otherwise(shared, place)] if done.status == 0 else [done.err[-1500:]]
                share, place, fresh = share / 2 if fresh else share, _fresh(folder, number + 1), True
            faults += running.left()  # first: semaphores are removed, or warned about, when the last process has ended
            faults += by.wrong(running, running.ended(), left_in(folder / "shm"))
            fresh = False
    faults.append(otherwise(shared, place) if done.status == 0 else resumed(shared, place, *by.options))
    return "; ".join(filter(None, faults))


def _fresh(folder: Path, number: int) -> Place:
    below = next(path for i in range(1000) if not (path := folder / f"{number}-{i}").exists())
    below.mkdir()
    return Place.below(below)
