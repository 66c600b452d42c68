"""What a report on a run says around its scores: set-up, deviations, environment, and how to repeat it.

Everything comes from run.json and from the records' provenance, whose keys are all optional: what they do not hold is
left out.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from harness.evidence.leaderboard import Leaderboard
from harness.report import table_view
from harness.report.documents import findings
from harness.report.facts import Provenance
from harness.report.numbers import or_none
from harness.report.sections import claims_text
from harness.request.request import Request
from harness.results.flatten import Facts, text
from harness.results.record import Record

PACKAGE = "environment.packages."
MACHINE = (
    *("python", "os", "cpu", "instruction_set", "gpu", "cuda", "device", "threads", "torch_threads", "deterministic"),
    *("revision", "dirty", "diff_sha256", "sources_sha256"),
)
TRAINER = ("epochs", "batch_size", "learning_rate", "warmup", "scheduler", "weight_decay", "dropout", "precision")


@dataclass(frozen=True)
class Corpus:
    """The data of one language; 0 stands for unknown."""

    language: str
    passages: int
    train_queries: int
    judged: int
    sources: str


@dataclass(frozen=True)
class Publication:
    """Sentences under a title, tables and commands, in the order in which they are read."""

    summary: str
    setup: tuple[tuple[str, str], ...]
    corpora: tuple[Corpus, ...]
    deviations: tuple[str, ...]
    environment: Facts
    commands: tuple[tuple[str, str], ...]  # what it does, and how it is typed; DIR is the report's folder


@dataclass(frozen=True)
class Counted:
    """What stands behind one entry's score."""

    seeds: int
    queries: int
    seed_sd: float | None


def of_context(board: Leaderboard, context: Mapping[str, Any]) -> dict[str, Any]:
    """Return what leaderboard.md shows beside what all forms of the report show."""
    entries = [row.entry for row in context["tables"][0].rows]
    tables = context["evidence"]
    return {
        "report": of_board(board, entries, context["provenance"]),
        "findings": findings.of_board(board),
        "paragraphs": claims_text.paragraphs(context["claims"]),
        "counted": counted(board, tables[0].language) if tables else {},
    }


def counted(board: Leaderboard, language: str) -> dict[str, Counted]:
    """Return entry → what its score on the primary measure in a language, or on the average, comes from."""
    return {
        one.entry: Counted(one.n_seeds, one.n_queries, or_none(one.seed_sd[0]))
        for one in board.evidence
        if one.language == language
    }


def of_board(board: Leaderboard, entries: list[str], provenance: Provenance) -> Publication:
    """Return what the report says; `entries` are in the page's order, `provenance` is that of all records."""
    suite = _table(board.run.get("suite"))
    return Publication(
        summary=_summary(board, entries),
        setup=tuple(_setup(board, entries, suite)),
        corpora=tuple(_corpus(board, language, suite) for language in board.languages),
        deviations=tuple(_deviations(board, entries, suite)),
        environment=list(_environment(provenance)),
        commands=tuple(_commands(board, provenance)),
    )


def _summary(board: Leaderboard, entries: list[str]) -> str:
    queries = table_view.queries(board)
    asked = sum(queries.values())
    what = f"{_many(len(entries), 'entry', 'entries')} in {', '.join(board.languages)}, {asked} judged queries"
    cells = f"{len(board.records)} of {len(board.records) + len(board.failures)} cells are done"
    missing = table_view.absent(board)
    rest = f", and {len(missing)} that were asked for have no record" if missing else ""
    return f"{what}. {cells}{rest}."


def _setup(board: Leaderboard, entries: list[str], suite: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    said = [str(suite[name]).rstrip(".") for name in ("title", "description") if suite.get(name)]
    licence = [f"Licence: {suite['licence']}"] if suite.get("licence") else []
    yield "Suite", "".join(f"{part}. " for part in [board.suite, *said, *licence]).rstrip()
    base = _base(_table(suite.get("base_model")) or _first(board, "base_model"))
    if base:
        yield "Base model", base
    trained = {record.entry for record in (*board.records, *board.failures) if record.trained}
    untrained = [entry for entry in entries if entry not in trained]
    seeds = sorted({record.seed for record in (*board.records, *board.failures) if record.trained})
    shown = f" without training: {', '.join(untrained)}." if untrained else ""
    yield "Entries", f"{len(entries) - len(untrained)} trained{'; ' if shown else '.'}{shown.strip()}"
    if seeds:
        yield "Seeds", f"{', '.join(map(str, seeds))}. Every draw of a cell is derived from its seed."
    training = list(_training(board, _table(suite.get("training"))))
    if training:
        yield "Training", " ".join([*training, "An entry's own settings stand with it, below."])
    evaluation = _table(suite.get("evaluation")) or _first(board, "evaluation")
    yield "Measures", f"{', '.join(board.measures)}; {board.primary} is the primary one.{_depth(evaluation)}"
    read = _text(_table(suite.get("text")) or _first(board, "text"))
    if read:
        yield "Text", read


def _base(base: Mapping[str, Any]) -> str:
    if "id" in base:
        return f"{base['id']} at revision {base.get('revision', 'unknown')}."
    if "sha256" in base:
        return f"A folder with sha256 {base['sha256']}."
    built = ", ".join(f"{name.replace('_', ' ')} {text(base[name])}" for name in sorted(base))
    return f"Built from the suite's own passages: {built}." if built else ""


def _text(said: Mapping[str, Any]) -> str:
    """Return what the encoder reads of queries and passages."""
    told = []
    for role, name in (("query", "queries"), ("passage", "passages")):
        if length := said.get(f"{role}_max_length"):
            told.append(f"{name} are cut at {length} tokens")
        if prompt := said.get(f"{role}_prompt"):
            told.append(f'{name} begin with "{prompt}"')
    if "title" in said:
        told.append("passages have their title" if said["title"] else "passages are without their title")
    whole = "; ".join(told)
    return f"{whole[0].upper()}{whole[1:]}." if whole else ""


def _training(board: Leaderboard, settings: Mapping[str, Any]) -> Iterator[str]:
    """Yield a sentence a family of methods, of those that the records trained with."""
    used = {family for record in board.records for family in _said(record, "training").get("families") or ()}
    for family in sorted(settings):
        own = _table(settings[family])
        if family in used or not used:
            said = [f"{name.replace('_', ' ')} {_number(own[name])}" for name in TRAINER if own.get(name) is not None]
            yield f"{family}: {', '.join(said)}."


def _depth(evaluation: Mapping[str, Any]) -> str:
    depth = evaluation.get("depth")
    return f" {depth} passages a query are retrieved; a judged query without an answer counts as 0." if depth else ""


def _corpus(board: Leaderboard, language: str, suite: Mapping[str, Any]) -> Corpus:
    data = [_said(record, "data") for record in board.records if record.language == language]
    sources = _table(_table(suite.get("languages")).get(language))
    cited = []
    for role in ("retrieval", "training", "nli"):
        own = _table(sources.get(role))
        if own.get("citation"):
            cited.append(f"{own['citation']} ({own.get('licence', 'licence unknown')})")
    return Corpus(
        language=language,
        passages=_count(data, "passages"),
        train_queries=_count(data, "train_queries"),
        judged=table_view.queries(board).get(language, 0),
        sources="; ".join(dict.fromkeys(cited)),
    )


def _deviations(board: Leaderboard, entries: list[str], suite: Mapping[str, Any]) -> Iterator[str]:
    """Yield where the run departs from its suite, and its entries from their papers."""
    if found := table_view.unverified(board):
        yield f"The data differ from the manifest's in {', '.join(found)}: these numbers are not the suite's."
    for name, value in Request.from_json(_table(board.run.get("request"))).changes().items():
        yield f"Asked for otherwise than the suite has it: {name.replace('_', ' ')} {text(value)}."
    if (_table(suite.get("evaluation"))).get("holdout"):
        yield "Held-out training queries were evaluated in place of dev."
    if any(_said(record, "environment").get("deterministic") is False for record in board.records):
        yield "Some cells computed with operations that are not deterministic; their records say which."
    if board.failures:
        cells = len(board.failures) + len(board.records)
        yield f"{len(board.failures)} of {cells} cells failed; their reasons are below."
    if missing := table_view.absent(board):
        yield f"{len(missing)} of what was asked for has no record and is listed below."
    said = {record.entry: _said(record, "entry") for record in (*board.failures, *board.records)}
    for entry in entries:
        own = said.get(entry, {})
        departures = own.get("departures")
        if isinstance(departures, list | tuple) and departures:
            paper = f" from {own['paper']}" if own.get("paper") else ""
            yield f"{entry} departs{paper}: {'; '.join(map(str, departures))}."


def _environment(provenance: Provenance) -> Iterator[tuple[str, str]]:
    """Yield what the records say of machine and code: where all agree, and by name where they differ."""
    shared = dict(provenance.shared)
    parted = [facts for groups in (provenance.by_language, provenance.by_entry) for facts in groups.values()]
    differing = {*provenance.varying, *(name for facts in parted for name, _ in facts)}
    for name in MACHINE:
        for whole in (f"environment.{name}", f"code.{name}"):
            if whole in shared:
                yield name.replace("_", " "), shared[whole]
            elif whole in differing:
                yield name.replace("_", " "), "different between records, and told there"
    packages = [f"{name.removeprefix(PACKAGE)} {value}" for name, value in shared.items() if name.startswith(PACKAGE)]
    packages += [f"{name.removeprefix(PACKAGE)} (different)" for name in sorted(differing) if name.startswith(PACKAGE)]
    if packages:
        yield "packages", ", ".join(packages)


def _commands(board: Leaderboard, provenance: Provenance) -> Iterator[tuple[str, str]]:
    shared = dict(provenance.shared)
    if revision := shared.get("code.revision"):
        dirty = shared.get("code.dirty") == "true"
        yield f"the code{' (with changes that are not in it)' if dirty else ''}", f"git checkout {revision}"
    command = board.run.get("command")
    if isinstance(command, list | tuple) and command:
        suite = str(_table(board.run.get("request")).get("suite") or board.suite)
        yield "the data", shlex.join(["harness", "data", "fetch", suite])
        yield "the run, as it was typed", shlex.join(map(str, command))
    yield "every cell again, each graded by how well it comes out", "harness verify DIR"
    yield "a new run held against this one", "harness check NEW --baseline DIR"
    yield "this report", "harness report DIR"


def _first(board: Leaderboard, name: str) -> Mapping[str, Any]:
    """Return a table of the first record that has it."""
    return next((table for record in board.records if (table := _said(record, name))), {})


def _said(record: Record, name: str) -> Mapping[str, Any]:
    return _table(record.provenance.get(name))


def _count(tables: Iterable[Mapping[str, Any]], name: str) -> int:
    """Return the first number of that name, 0 where there is none."""
    return next((table[name] for table in tables if isinstance(table.get(name), int)), 0)


def _number(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else text(value)


def _table(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _many(count: int, one: str, several: str) -> str:
    return f"{count} {one if count == 1 else several}"
