"""Who writes queries for passages: negative queries (CLPL), and further training queries (augmentation).

A writer is data (harness.request.manifest.Writer); `written` carries it out. Kinds:

    file       answers that lie in JSON lines; their sha256 is their identity
    endpoint   an OpenAI-compatible server; address and key from the environment
    model      a local model, greedy

Answers of endpoint and model are kept one by one by their content (harness.writers.answers).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from harness.errors import DataError
from harness.keys import digest, file_sha256
from harness.machine.store import Store
from harness.request.manifest import Writer
from harness.writers import answers, endpoint, local_model, query_file
from harness.writers.prompt import parse, template_of

__all__ = ["Written", "identity", "parse", "written"]


@dataclass(frozen=True)
class Written:
    """Passage id → the queries written for it (each has one at least), and where they come from."""

    queries: Mapping[str, tuple[str, ...]]
    provenance: Mapping[str, Any]


def identity(writer: Writer, language: str) -> dict[str, Any]:
    """Return what decides the queries of a language, for a stage's key: never an address, a path or a secret."""
    if writer.kind == "file":
        return {"kind": "file", "sha256": writer.sha256}
    return {**answers.settings_of(writer), "version": answers.VERSION, "prompt": template_of(writer, language)}


def written(
    writer: Writer, passages: Mapping[str, str], language: str, place: tuple[str, str], store: Store
) -> Written:
    """Return the queries for all passages; `place` is the device and the stage's name for the progress display.

    Raises CellError where some passage has none, with what is done; what was answered is kept.
    """
    device, stage = place
    if writer.kind == "file":
        queries, asked, by = _from_file(writer, passages, language), 0, []
    else:
        ask = endpoint.ask if writer.kind == "endpoint" else local_model.asking(device)
        questions = answers.questions(writer, passages, language)
        asked = answers.complete(writer, questions, ask, store, stage)
        kept = {question.doc_id: _kept(writer, question, store) for question in questions}
        queries = {doc: queries for doc, (_, queries) in kept.items()}
        by = sorted({reply.by for reply, _ in kept.values()})
    provenance = {
        **identity(writer, language),
        "answered_by": by,
        "passages": len(queries),
        "asked": asked,
        "cached": len(queries) - asked,
        "written": sum(len(texts) for texts in queries.values()),
        "queries_sha256": digest({doc: list(texts) for doc, texts in queries.items()}),
    }
    return Written(queries, provenance)


def _from_file(writer: Writer, passages: Mapping[str, str], language: str) -> dict[str, tuple[str, ...]]:
    assert writer.path is not None
    if file_sha256(writer.path) != writer.sha256:
        raise DataError(f"queries file {writer.path} has changed since the request; give the request again")
    return query_file.find(query_file.read(writer.path), passages, language, writer.path)


def _kept(writer: Writer, question: answers.Question, store: Store) -> tuple[answers.Reply, tuple[str, ...]]:
    found = answers.read(store, question, writer.queries)
    assert found is not None, question.key
    return found
