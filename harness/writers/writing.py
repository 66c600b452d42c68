"""Running a writer: one call for all kinds.

    file       answers in a JSON Lines file, identified by its sha256
    endpoint   an OpenAI-compatible server; URL and key come from the environment
    model      a local model with greedy decoding

Each answer of an endpoint or a model is cached by its content (harness.writers.answers).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from harness.errors import DataError
from harness.keys import digest
from harness.machine.file_hashes import file_sha256
from harness.machine.store import Store
from harness.request.manifest import Writer
from harness.writers import answers, endpoint, local_model, query_file
from harness.writers.prompt import template_of
from harness.writers.question import VERSION, Question, Reply, computed_by, questions_about, settings_of


@dataclass(frozen=True)
class WrittenQueries:
    """Passage id → the queries written for it (at least one each), and their provenance."""

    queries: Mapping[str, tuple[str, ...]]
    provenance: Mapping[str, Any]


def identity(writer: Writer, language: str, device: str) -> dict[str, Any]:
    """Return what decides the queries of a language, for a stage's key: never a URL, a path or a secret."""
    if writer.kind == "file":
        return {"kind": "file", "sha256": writer.sha256}
    settings = {**settings_of(writer), **computed_by(writer, device)}
    return {**settings, "version": VERSION, "prompt": template_of(writer, language)}


def write_queries(
    writer: Writer, passages: Mapping[str, str], language: str, place: tuple[str, str], store: Store
) -> WrittenQueries:
    """Return queries for all passages; `place` is the device and the stage's name in the progress display.

    Raises CellError with the number of answered passages if a passage has no query; answers stay cached.
    """
    device, stage = place
    if writer.kind == "file":
        queries, requests, answered_by = _queries_of_file(writer, passages, language), 0, []
    else:
        ask = endpoint.ask if writer.kind == "endpoint" else local_model.asker(device)
        questions = questions_about(writer, passages, language, device)
        requests = answers.complete(writer, questions, ask, store, stage)
        cached = {question.doc_id: _cached(writer, question, store) for question in questions}
        queries = {doc: parsed for doc, (_, parsed) in cached.items()}
        answered_by = sorted({reply.by for reply, _ in cached.values()})
    provenance = {
        **identity(writer, language, device),
        "answered_by": answered_by,
        "passages": len(queries),
        "asked": requests,
        "cached": len(queries) - requests,
        "written": sum(len(texts) for texts in queries.values()),
        "queries_sha256": digest({doc: list(texts) for doc, texts in queries.items()}),
    }
    return WrittenQueries(queries, provenance)


def _queries_of_file(writer: Writer, passages: Mapping[str, str], language: str) -> dict[str, tuple[str, ...]]:
    assert writer.path is not None
    if file_sha256(writer.path) != writer.sha256:
        raise DataError(f"queries file {writer.path} has changed since the run started; rerun the command")
    return query_file.find(query_file.read(writer.path), passages, language, writer.path)


def _cached(writer: Writer, question: Question, store: Store) -> tuple[Reply, tuple[str, ...]]:
    answer = answers.read(store, question, writer.queries)
    assert answer is not None, question.key
    return answer
