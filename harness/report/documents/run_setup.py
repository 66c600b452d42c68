"""The set-up of a run for its report: suite, base model, entries, training, measures, and the data of each language."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from harness.evidence.leaderboard import Leaderboard
from harness.report import coverage
from harness.report.documents.nested import first_table, mapping
from harness.request.data_sources import SOURCE_ROLES
from harness.results.flatten import text
from harness.results.model_names import base_text, folder_text, model_names

TRAINER = (
    *("epochs", "batch_size", "mini_batch_size", "learning_rate", "warmup", "warmup_steps", "scheduler"),
    *("weight_decay", "dropout", "precision"),
)


@dataclass(frozen=True)
class Corpus:
    """The data of one language; 0 for an unknown number."""

    language: str
    passages: int
    train_queries: int
    judged: int
    sources: str


def run_setup(board: Leaderboard, entries: list[str]) -> Iterator[tuple[str, str]]:
    """Yield (title, sentences); `entries` are in the page's order."""
    suite = board.run.suite_content
    description = [str(suite[name]).rstrip(".") for name in ("title", "description") if suite.get(name)]
    licence = [f"Licence: {suite['licence']}"] if suite.get("licence") else []
    yield "Suite", "".join(f"{part}. " for part in [board.suite, *description, *licence]).rstrip()
    if base := _base_models(board):
        yield "Base model", base
    yield from _entries(board, entries)
    training = list(_training(board, mapping(suite.get("training"))))
    if training:
        yield "Training", " ".join([*training, "An entry's own settings stand with it, below."])
    evaluation = mapping(suite.get("evaluation")) or first_table(board, "evaluation")
    yield "Measures", f"{', '.join(board.measures)}; {board.primary} is the primary one.{_depth(evaluation)}"
    if warnings := board.run.content.get("warnings"):
        yield "Warnings", " ".join(f"{str(line)[:1].upper()}{str(line)[1:]}." for line in warnings)
    encoder_input = _encoder_input(mapping(suite.get("text")) or first_table(board, "text"))
    if encoder_input:
        yield "Text", encoder_input


def corpus(board: Leaderboard, language: str) -> Corpus:
    """Return the numbers and sources of a language's data."""
    tables = [record.table("data") for record in board.records if record.language == language]
    sources = mapping(mapping(board.run.suite_content.get("languages")).get(language))
    citations = []
    for role in SOURCE_ROLES:
        source = mapping(sources.get(role))
        if source.get("citation"):
            citations.append(f"{source['citation']} ({source.get('licence', 'licence unknown')})")
    return Corpus(
        language=language,
        passages=_first_number(tables, "passages"),
        train_queries=_first_number(tables, "train_queries"),
        judged=coverage.queries(board).get(language, 0),
        sources="; ".join(dict.fromkeys(citations)),
    )


def given_bases(board: Leaderboard) -> str:
    """Return the pretrained base models in short; "" where the base is built from the suite's passages."""
    names = model_names(board.records)
    given = [base for base in _base_tables(board).values() if "id" in base or "sha256" in base]
    return ", ".join(base_text(base, names) for base in given)


def short_bases(board: Leaderboard) -> str:
    """Return the base models in short, those built from the suite's passages too; "" where the records name none."""
    names = model_names(board.records)
    return ", ".join(_short_base(base, names) for base in _base_tables(board).values() if base)


def _short_base(base: Mapping[str, Any], names: Mapping[str, str]) -> str:
    if "id" in base or "sha256" in base:
        return base_text(base, names)
    size = [
        f"{base[name]} {unit}" for name, unit in (("layers", "layers"), ("hidden_size", "dimensions")) if name in base
    ]
    return ", ".join(["built from the suite's passages", *size, "not pretrained"])


def _base_tables(board: Leaderboard) -> dict[str, Mapping[str, Any]]:
    """Return name → base model as run.json or a record has it; a single one has the name ""."""
    if not board.models:
        return {"": mapping(board.run.suite_content.get("base_model")) or first_table(board, "base_model")}
    return {name: mapping(board.run.suite_content_on(name).get("base_model")) for name in board.models}


def _base_models(board: Leaderboard) -> str:
    """Return the base model in a sentence, or the named ones in several."""
    names = model_names(board.records)
    sentences = ((name, _base_model(base, names)) for name, base in _base_tables(board).items())
    return " ".join(f"{name}: {sentence}" if name else sentence for name, sentence in sentences)


def _base_model(base: Mapping[str, Any], names: Mapping[str, str]) -> str:
    if "id" in base:
        return f"{base['id']} at revision {base.get('revision', 'unknown')}."
    if "sha256" in base:
        sentence = folder_text(base, names)
        return f"{sentence[0].upper()}{sentence[1:]}." if sentence.startswith("a folder") else f"{sentence}."
    settings = ", ".join(f"{name.replace('_', ' ')} {text(base[name])}" for name in sorted(base))
    return f"Built from the suite's own passages: {settings}." if settings else ""


def _entries(board: Leaderboard, entries: list[str]) -> Iterator[tuple[str, str]]:
    trained = {record.entry for record in (*board.records, *board.failures) if record.trained}
    untrained = [entry for entry in entries if entry not in trained]
    seeds = sorted({record.seed for record in (*board.records, *board.failures) if record.trained})
    count = f"{len(entries) - len(untrained)} trained"
    yield "Entries", f"{count}; without training: {', '.join(untrained)}." if untrained else f"{count}."
    if seeds:
        yield "Seeds", f"{', '.join(map(str, seeds))}. Every draw of a cell is derived from its seed."


def _training(board: Leaderboard, settings: Mapping[str, Any]) -> Iterator[str]:
    """Yield one sentence per family of methods that the records trained with."""
    used = {family for record in board.records for family in record.table("training").get("families") or ()}
    for family in sorted(settings):
        values = mapping(settings[family])
        if family in used or not used:
            named = [
                f"{name.replace('_', ' ')} {_number(values[name])}" for name in TRAINER if values.get(name) is not None
            ]
            yield f"{family}: {', '.join(named)}."


def _depth(evaluation: Mapping[str, Any]) -> str:
    depth = evaluation.get("depth")
    return f" {depth} passages per query are retrieved; a judged query without an answer counts as 0." if depth else ""


def _encoder_input(settings: Mapping[str, Any]) -> str:
    """Return the part of queries and passages that the encoder reads, in a sentence."""
    clauses = []
    for role, name in (("query", "queries"), ("passage", "passages")):
        if length := settings.get(f"{role}_max_length"):
            clauses.append(f"{name} are cut at {length} tokens")
        if prompt := settings.get(f"{role}_prompt"):
            clauses.append(f'{name} begin with "{prompt}"')
    if settings.get("prompts") == "model":
        clauses.append("prompts that the suite does not state are the base model's own")
    if "title" in settings:
        clauses.append("passages have their title" if settings["title"] else "passages are without their title")
    sentence = "; ".join(clauses)
    return f"{sentence[0].upper()}{sentence[1:]}." if sentence else ""


def _first_number(tables: Iterable[Mapping[str, Any]], name: str) -> int:
    """Return the first integer with that name, 0 where there is none."""
    return next((table[name] for table in tables if isinstance(table.get(name), int)), 0)


def _number(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else text(value)
