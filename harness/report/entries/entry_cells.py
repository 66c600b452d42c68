"""The cells of an entry as its page shows them: what all of them share, what those of a language do, and the rest."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from harness.evidence.leaderboard import Leaderboard
from harness.machine.store import StageRun
from harness.report import table_view
from harness.report.facts import of_tables
from harness.report.markup import definitions, rows
from harness.report.numbers import hundred, memory
from harness.results import rerun_commands
from harness.results.flatten import Facts, flatten, text
from harness.results.record import PER_QUERY, RUN, Record
from harness.results.signature import of_cells

if TYPE_CHECKING:
    from markupsafe import Markup

HERE = "."  # the commands that read a folder are typed in it
TRAINING = "training.settings."
LOG = "log"
_SHOWN = 40  # losses of a cell: every so manieth is shown, so that a page of 200 cells stays small
_LONGEST = 400  # characters of a value in a cell; the record has it whole


@dataclass(frozen=True)
class File:
    """A file beside a record; `href` is empty where it is not in the folder."""

    name: str
    href: str
    sha256: str


@dataclass(frozen=True)
class Losses:
    """A training's loss as it was logged."""

    count: int
    first: str
    last: str
    every: int
    shown: str


@dataclass(frozen=True)
class Shown:
    """One cell; `facts` are what it does not share with the cells beside it."""

    record: Record
    id: str
    scores: tuple[str, ...]  # one a measure
    said: str  # the same with their names
    signature: str
    check: str  # "" where the folder lacks what the command reads
    again: str
    files: tuple[File, ...]
    weights: tuple[tuple[str, str], ...]  # what, sha256
    losses: Losses | None
    energy: str
    facts: Markup
    stages: Markup

    @property
    def name(self) -> str:
        return f"{self.record.language}, seed {self.record.seed}"

    @property
    def cached(self) -> int:
        return sum(run.cached for run in self.record.stages)

    @property
    def seconds(self) -> str:
        return f"{self.record.seconds:.1f}" if self.record.seconds else ""

    @property
    def memory(self) -> str:
        return memory(self.record.peak_memory_bytes)


@dataclass(frozen=True)
class Group:
    """The cells of one language, and what they share beyond what all cells do.

    `queries` leads to where the entry beats the baseline, query by query; "" where there is no such page.
    """

    language: str
    queries: str
    facts: Facts
    cells: tuple[Shown, ...]


@dataclass(frozen=True)
class Cells:
    """All cells of an entry; `training` are the training settings in force, where they are the same in all cells."""

    groups: tuple[Group, ...]
    shared: Facts
    training: Facts
    signature: str  # of all that are done
    done: int
    count: int


def of_records(folder: Path, board: Leaderboard, records: Sequence[Record], others: Collection[str]) -> Cells:
    """Return the cells of one entry, languages in the leaderboard's order, done and failed ones by seed.

    `others` are the names of the report's pages that these may lead to.
    """
    done = [record for record in records if record.status == "done"]
    said = of_tables(done, [_table(record) for record in done])
    lines, line = of_cells(done)
    told = {id(record): (lines[i], said.own(i)) for i, record in enumerate(done)}
    groups = []
    for language in board.languages:
        own = sorted((one for one in records if one.language == language), key=lambda one: one.seed)
        if not own:
            continue
        common = said.by_language.get(language, [])
        alone = sum(one.status == "done" for one in own) == 1
        there = _names(folder, own[0])
        cells = []
        for one in own:
            signature, facts = told.get(id(one), ("", []))
            facts = sorted([*facts, *common]) if alone and signature else facts
            cells.append(_shown(board, one, there, (signature, facts)))
        queries = _queries(board, own, others)
        groups.append(Group(language, queries, [] if alone else common, tuple(cells)))
    training = [(name.removeprefix(TRAINING), value) for name, value in said.shared if name.startswith(TRAINING)]
    shared = [(name, value) for name, value in said.shared if not name.startswith((TRAINING, "entry."))]
    return Cells(tuple(groups), shared, training, line, len(done), len(records))


def _queries(board: Leaderboard, records: Sequence[Record], others: Collection[str]) -> str:
    entry, language = records[0].entry, records[0].language
    scored = {(entry, language), (board.baseline, language)} <= board.scored.keys()
    if not scored or entry == board.baseline or f"queries/{language}.html" not in others:
        return ""
    return f"../{table_view.compared(entry, language, board.baseline)}"


def _table(record: Record) -> Mapping[str, Any]:
    """Return a record's provenance without what its cell shows in places of its own."""
    table = {name: value for name, value in record.provenance.items() if name not in ("model", "energy")}
    for name, shown in (("training", "losses"), ("entry", "equations")):
        inner = table.get(name)
        if isinstance(inner, Mapping) and shown in inner:
            table[name] = {of: value for of, value in inner.items() if of != shown}
    return table


def _names(folder: Path, record: Record) -> frozenset[str]:
    """Return the names of the files beside the records of an entry and language."""
    try:
        return frozenset(path.name for path in (folder / "records" / record.entry / record.language).iterdir())
    except (OSError, ValueError):
        return frozenset()


def _shown(board: Leaderboard, record: Record, there: frozenset[str], told: tuple[str, Facts]) -> Shown:
    """Return a cell; `told` is its signature and what its provenance says beyond what others share."""
    signature, facts = told
    files = tuple(_files(record, there))
    whole = record.status == "done" and all(file.href for file in files) and bool(rerun_commands.request_of(board.run))
    data = rerun_commands.request_of(board.run).get("data_dir")
    further = ["--data-dir", str(data)] if data else []
    further += ["--out", f"runs/again-{record.entry}-{record.language}-{record.seed}"]
    scores = tuple(hundred(record.measures[name]) if name in record.measures else "" for name in board.measures)
    named = [f"{name} {score}" for name, score in zip(board.measures, scores, strict=True) if score]
    return Shown(
        record=record,
        id=table_view.source(record).href.partition("#")[2],
        scores=scores,
        said=f"{', '.join(named)}, over {record.n_queries} queries",
        signature=signature,
        check=rerun_commands.verify_command(HERE, record) if whole else "",
        again=rerun_commands.run_command(board.run, record, further),
        files=files,
        weights=tuple(_weights(record)),
        losses=_losses(record),
        energy=_energy(record),
        facts=definitions((name, _short(value)) for name, value in [*facts, *_measured(record)]),
        stages=rows([_stage(run) for run in record.stages]),
    )


def _files(record: Record, there: frozenset[str]) -> Iterator[File]:
    """Yield the record, its scores, its run and the log of a failure."""
    beside = quote(f"../records/{record.entry}/{record.language}/{record.seed}", safe="/@")
    yield File("record", f"{beside}.json", "")
    names = {PER_QUERY: "scores of every query", RUN: "run"}
    for suffix, sha256 in sorted(record.files.items()):
        href = f"{beside}.{quote(suffix)}" if f"{record.seed}.{suffix}" in there else ""
        yield File(names.get(suffix, suffix), href, sha256)
    if record.status == "failed" and f"{record.seed}.{LOG}" in there:
        yield File("traceback", f"{beside}.{LOG}", "")


def _weights(record: Record) -> Iterator[tuple[str, str]]:
    model = record.provenance.get("model")
    if isinstance(model, Mapping):
        yield from (
            ("model folder" if name == "sha256" else name.removeprefix("weights."), value)
            for name, value in flatten(model)
        )


def _losses(record: Record) -> Losses | None:
    training = record.provenance.get("training")
    found = training.get("losses") if isinstance(training, Mapping) else None
    if not isinstance(found, list | tuple):
        return None
    values = [value for value in found if isinstance(value, int | float)]
    if not values:
        return None
    every = -(-len(values) // _SHOWN)
    shown = " ".join(f"{value:.4g}" for value in values[::every])
    return Losses(len(values), f"{values[0]:.4g}", f"{values[-1]:.4g}", every, shown)


def _energy(record: Record) -> str:
    """Return the joules that were counted, "" where nothing counts them."""
    found = record.provenance.get("energy")
    if not isinstance(found, Mapping):
        return ""
    names = {"cpu_joules": "processor", "gpu_joules": "GPU"}
    counted = [
        f"{found[name]:,.1f} J {what}" for name, what in names.items() if isinstance(found.get(name), int | float)
    ]
    about = [text(found[name]) for name in ("kind", "scope") if found.get(name)]
    return "; ".join([", ".join(counted), *about]) if counted else ""


def _measured(record: Record) -> Facts:
    """Return what was measured beside the scores of the suite, to four digits."""
    folds = {name: value for name, value in record.cross_validation.items() if name != "queries"}
    found = [(f"geometry {when}", record.geometry[when]) for when in sorted(record.geometry, reverse=True)]
    found += [(f"cut to {cut} dimensions", scores) for cut, scores in record.by_dimension.items()]
    found += [("cross-validation", folds)]
    lines = [
        (name, ", ".join(f"{of} {_four(value)}" for of, value in flatten(table))) for name, table in found if table
    ]
    return lines + [(f"task {name}", text(task.get("value"))) for name, task in record.tasks.items()]


def _four(value: str) -> str:
    """Return a text, where it is that of a number to four digits."""
    try:
        return f"{float(value):.4g}"
    except ValueError:
        return value


def _stage(run: StageRun) -> tuple[str, ...]:
    return run.stage, f"{run.seconds:.3f}", "the cache" if run.cached else "computed", run.key[:12]


def _short(value: str) -> str:
    return value if len(value) <= _LONGEST else f"{value[:_LONGEST]}… (whole in the record)"
