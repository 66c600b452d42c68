"""A simulation of cells on many devices, from the stage times of committed records.

A cell is a list of steps. A step of its own takes its seconds; one with an output that others need too takes them for
the first cell that comes to it, and the others wait until it has ended, as `harness.machine.store` does it. Cells start
in their order as devices become free, as executors start them.
"""

from __future__ import annotations

import heapq
import random
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.execution.order import Texts, longest_first, texts_of
from harness.request.cell import Cell, Place
from harness.request.entries import declared, resolve
from harness.request.suite import load
from harness.results import record
from harness.results.record import Record

NESTED = ("base", "encode")  # made inside the stage that follows them, whose seconds contain theirs
OF_PASSAGES = ("encode", "mine", "retrieve", "geometry")
BEFORE = ("prepare", "inference")  # made before the first cell starts
Output = tuple[object, ...]


@dataclass(frozen=True)
class Step:
    """One stage of a cell; `output` names what several cells need, None what is the cell's own."""

    seconds: float
    output: Output | None = None


@dataclass(frozen=True)
class Job:
    """One simulated cell: its name, its steps, and about how many texts it reads (harness.execution.order)."""

    entry: str
    language: int
    seed: int
    steps: Sequence[Step]
    texts: float

    @property
    def outputs(self) -> list[Output]:
        """What it shares with others."""
        return [step.output for step in self.steps if step.output is not None]

    @property
    def seconds(self) -> float:
        """What it takes where it makes all that it needs."""
        return sum(step.seconds for step in self.steps)


@dataclass(frozen=True)
class Scale:
    """What a language's measured times are multiplied with: all of them, and those of the stages OF_PASSAGES too."""

    language: float
    corpus: float


@dataclass(frozen=True)
class Measured:
    """The stage times of a folder of records, and which of its stages several cells use."""

    records: Sequence[Record]
    made: Mapping[str, float]  # key → seconds without nested stages; of a stage made twice the shorter
    users: Mapping[str, Sequence[Record]]
    texts: Mapping[tuple[str, str], Texts]  # by entry and language


def measured(folder: Path, suite: str, max_train: int | None = None) -> Measured:
    """Return the stage times of the records of a folder, whose cells are of this suite."""
    records = list(record.read_all(folder))
    made: dict[str, float] = {}
    users: dict[str, list[Record]] = defaultdict(list)
    for stored in records:
        for _, key, seconds in _stages(stored):
            users[key].append(stored)
            if seconds is not None:
                made[key] = min(seconds, made.get(key, seconds))
    on_suite = load(suite).model_copy(update={"max_train": max_train})
    entries = resolve(sorted({stored.entry for stored in records}), declared())
    texts = {
        (entry.name, language): texts_of(Cell(on_suite, entry, language, 0, Place(Path("cache"))))
        for entry in entries
        for language in sorted({stored.language for stored in records})
    }
    return Measured(records, made, users, texts)


def _stages(stored: Record) -> Iterator[tuple[str, str, float | None]]:
    """Yield stage, key and own seconds of what a cell computes; None for what it read from the cache."""
    nested = 0.0
    for run in stored.stages:
        if run.stage in BEFORE:
            continue
        if run.stage in NESTED:
            nested += 0.0 if run.cached else run.seconds
            yield run.stage, run.key, None if run.cached else run.seconds
        else:
            yield run.stage, run.key, None if run.cached else max(0.0, run.seconds - nested)
            nested = 0.0


def grid(times: Measured, count: int, languages: int, corpus: float, seed: int) -> list[Job]:
    """Return `count` cells of as many entries as were measured, `languages` languages and further seeds.

    A simulated language has the times of a measured one (they take turns) times a factor of 1/4 to 4, drawn with
    `seed`, as corpora differ in size; a simulated seed has those of a measured one. `corpus` multiplies the times of
    the stages that read the passages, as on larger corpora with as many training queries.
    """
    drawn = random.Random(seed)
    scales = [Scale(4 ** drawn.uniform(-1, 1), corpus) for _ in range(languages)]
    cells = {(each.entry, each.language, each.seed): each for each in times.records}
    entries, names = sorted({entry for entry, _, _ in cells}), sorted({language for _, language, _ in cells})
    seeds = sorted({number for _, _, number in cells})
    trained = [entry for entry in entries if (entry, names[0], seeds[1]) in cells]
    rounds = -(-(count - (len(entries) - len(trained)) * languages) // (len(trained) * languages))
    jobs = [
        _job(times, cells[entry, names[language % len(names)], seeds[number % len(seeds)]], (language, number), scale)
        for language, scale in enumerate(scales)
        for entry in entries
        for number in range(rounds if entry in trained else 1)
    ]
    return jobs[:count]


def _job(times: Measured, stored: Record, name: tuple[int, int], scale: Scale) -> Job:
    language, number = name
    steps = []
    for stage, key, seconds in _stages(stored):
        factor = scale.language * (scale.corpus if stage in OF_PASSAGES else 1.0)
        if len(times.users[key]) > 1:
            of_one_seed = len({each.seed for each in times.users[key]}) == 1
            of_one_language = len({each.language for each in times.users[key]}) == 1
            output = (stage, key, number if of_one_seed else None, language if of_one_language else None)
            steps.append(Step(factor * times.made.get(key, 0.0), output))
        else:
            steps.append(Step(factor * (seconds or 0.0)))
    texts = times.texts[stored.entry, stored.language]
    return Job(stored.entry, language, number, steps, scale.language * (scale.corpus * texts.searched + texts.trained))


def in_turns(jobs: Sequence[Job]) -> list[Job]:
    """Return the jobs entry by entry, one language after the other before the next seed."""
    return sorted(jobs, key=lambda job: (job.entry, job.seed, job.language))


def longest(jobs: Sequence[Job], known: bool) -> list[Job]:
    """Return the jobs as `harness.execution.order` puts them: of `known` kinds, or of kinds that were never run.

    What is known of a kind is the largest seconds of its cells.
    """
    largest: dict[tuple[str, int], float] = defaultdict(float)
    for job in jobs:
        kind = job.entry, job.language
        largest[kind] = max(largest[kind], job.seconds)
    turns = in_turns(jobs)
    seconds = {i: largest[job.entry, job.language] if known else job.texts for i, job in enumerate(turns)}
    missing: dict[int, Collection[object]] = {i: _waited_for(job) for i, job in enumerate(turns)}
    return [turns[i] for i in longest_first(seconds, missing)]


def _waited_for(job: Job) -> list[Output]:
    """Return the outputs that the order looks at: all but a base that is built."""
    return [output for output in job.outputs if output[0] != "base"]


def makespan(jobs: Sequence[Job], devices: int) -> float:
    """Return when the last job has ended."""
    ready: dict[Output, float] = {}
    waiting = list(reversed(jobs))
    events = [(0.0, i, waiting.pop(), 0) for i in range(min(devices, len(waiting)))]
    heapq.heapify(events)
    number, end = len(events), 0.0
    while events:
        now, _, job, done = heapq.heappop(events)
        if done < len(job.steps):
            step = job.steps[done]
            if step.output is None:
                now += step.seconds
            else:
                now = max(now, ready.setdefault(step.output, now + step.seconds))
            heapq.heappush(events, (now, number, job, done + 1))
        else:
            end = max(end, now)
            if waiting:
                heapq.heappush(events, (now, number, waiting.pop(), 0))
        number += 1
    return end


def lower_bound(jobs: Sequence[Job], devices: int) -> float:
    """Return what no order can beat: all work, shared outputs once, over the devices, or the longest chain of steps."""
    own = sum(step.seconds for job in jobs for step in job.steps if step.output is None)
    outputs = {step.output: step.seconds for job in jobs for step in job.steps if step.output is not None}
    return max((own + sum(outputs.values())) / devices, longest_chain(jobs))


def longest_chain(jobs: Sequence[Job]) -> float:
    """Return when the last job would end with a device for each: a shared output is there as early as it can be."""
    return makespan(jobs, len(jobs))
