"""The cache of answers, one file per question, so that an interrupted run asks only the missing questions.

ROOT/answers/ab/<key>.json    the answer as received, with its model, prompt and settings

Only one process at a time asks a writer: the limit on concurrent requests then holds across all cells of a run, and
no question is asked twice.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from harness.errors import CellError, DataError
from harness.keys import digest
from harness.machine import bounded, json_toml
from harness.machine.atomic import write_atomically
from harness.machine.store import Store
from harness.request.manifest import Writer
from harness.writers.prompt import parse
from harness.writers.question import Ask, Question, Reply, Unanswered, name_of, settings_of


def path_of(store: Store, key: str) -> Path:
    """Return the path of an answer, which may not exist yet."""
    return store.root / "answers" / key[:2] / f"{key}.json"


def read(store: Store, question: Question, limit: int) -> tuple[Reply, tuple[str, ...]] | None:
    """Return a cached answer with at most `limit` queries; None if it is missing, damaged or holds no query."""
    try:
        value = json_toml.parse_data(bounded.read(path_of(store, question.key), "DOCUMENT_BYTES").decode())
        reply = Reply(**value["reply"])
        queries = parse(reply.text, limit)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, DataError):
        return None
    return (reply, queries) if queries and value.get("prompt") == question.prompt else None


def missing(writer: Writer, questions: Sequence[Question], store: Store) -> list[Question]:
    """Return the questions without a cached answer; of questions that share a key, the first."""
    first = {question.key: question for question in reversed(questions)}
    return [
        question
        for question in questions
        if first[question.key] is question and read(store, question, writer.queries) is None
    ]


def complete(writer: Writer, questions: Sequence[Question], ask: Ask, store: Store, stage: str) -> int:
    """Ask the missing questions and cache every answer as it arrives; return the number of questions asked.

    Raises CellError with the number of answered passages if some stay unanswered; the answers stay cached.
    """
    if not missing(writer, questions, store):
        return 0
    with store.locked(f"answers-{digest(settings_of(writer))[:32]}", f"answers of {name_of(writer)}"):
        unanswered = missing(writer, questions, store)  # again: another process may have asked while this one waited
        done = len(questions) - len(unanswered)
        store.progress(stage, done, len(questions))
        try:
            for question, reply in ask(writer, unanswered):
                save(writer, question, reply, store)
                done += 1
                store.progress(stage, done, len(questions))
        except Unanswered as error:
            raise CellError(
                f"{name_of(writer)} answered {done} of {len(questions)} passages, then failed: {error}; "
                "the answers are cached: rerun the command to continue"
            ) from None
    return len(unanswered)


def save(writer: Writer, question: Question, reply: Reply, store: Store) -> None:
    """Write one answer atomically."""
    path = path_of(store, question.key)
    path.parent.mkdir(parents=True, exist_ok=True)
    value = {**settings_of(writer), "prompt": question.prompt, "reply": asdict(reply)}
    write_atomically(path, json.dumps(value, ensure_ascii=False, sort_keys=True).encode())
