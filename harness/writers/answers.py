"""Answers, kept one by one by what was asked, so that a run that died asks only for what is missing.

ROOT/answers/ab/<key>.json    the answer as it came, beside the model, the prompt and the settings that it is of

One process at a time asks a writer, so that the bound on concurrent requests holds for all of a run's cells, and no
passage is asked for twice.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock

from harness.errors import CellError
from harness.keys import digest
from harness.machine.atomic import write_atomically
from harness.machine.store import Store
from harness.request.manifest import Writer
from harness.writers.prompt import parse, template_of

VERSION = 1  # of the key; a parser that reads the same answers better needs no other


@dataclass(frozen=True)
class Question:
    """One thing to ask: a passage under a template in which only `{passage}` is left to fill in."""

    key: str
    doc_id: str
    template: str
    passage: str

    @property
    def prompt(self) -> str:
        return self.template.replace("{passage}", self.passage)


@dataclass(frozen=True)
class Reply:
    """An answer as it came; `by` is who the other side says it is, and where."""

    text: str
    by: str


class Stopped(Exception):  # noqa: N818 - not every question was answered, and why
    """Raised by an `Ask` at its end; its text is the reason, without a secret."""


Ask = Callable[[Writer, Sequence[Question]], Iterator[tuple[Question, Reply]]]


def settings_of(writer: Writer) -> dict[str, Any]:
    """Return who is asked, and how: what an answer depends on beside its prompt."""
    return {
        "kind": writer.kind,
        "model": writer.model,
        "revision": writer.revision,
        "sha256": writer.sha256,
        "temperature": writer.temperature,
        "max_tokens": writer.max_tokens,
        "queries": writer.queries,
    }


def questions(writer: Writer, passages: Mapping[str, str], language: str) -> list[Question]:
    """Return what is asked about the passages, in the order of their ids; equal passages share a key."""
    template = template_of(writer, language)
    settings = settings_of(writer)
    return [
        Question(digest(["answer", VERSION, settings, template, passages[doc]]), doc, template, passages[doc])
        for doc in sorted(passages)
    ]


def path_of(store: Store, key: str) -> Path:
    """Return where an answer lies, if it is there."""
    return store.root / "answers" / key[:2] / f"{key}.json"


def read(store: Store, question: Question, most: int) -> tuple[Reply, tuple[str, ...]] | None:
    """Return an answer that is there, with its queries; None where there is none that is whole and of use."""
    try:
        value = json.loads(path_of(store, question.key).read_bytes())
        reply = Reply(**value["reply"])
        queries = parse(reply.text, most)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return (reply, queries) if queries and value.get("prompt") == question.prompt else None


def missing(writer: Writer, asked: Sequence[Question], store: Store) -> list[Question]:
    """Return the questions without an answer, of those that share a key the first."""
    first = {question.key: question for question in reversed(asked)}
    return [
        question
        for question in asked
        if first[question.key] is question and read(store, question, writer.queries) is None
    ]


def complete(writer: Writer, asked: Sequence[Question], ask: Ask, store: Store, stage: str) -> int:
    """Ask for what is missing and keep every answer as it comes; return how many questions were put.

    Raises CellError where some stay open, with what is done; what was answered is kept.
    """
    if not missing(writer, asked, store):
        return 0
    with FileLock(store.root / ".locks" / f"answers-{digest(settings_of(writer))[:32]}"):
        wanted = missing(writer, asked, store)  # another process may have asked while this one waited
        done = len(asked) - len(wanted)
        store.progress(stage, done, len(asked))
        try:
            for question, reply in ask(writer, wanted):
                keep(writer, question, reply, store)
                done += 1
                store.progress(stage, done, len(asked))
        except Stopped as error:
            raise CellError(
                f"{name_of(writer)} has answered for {done} of {len(asked)} passages, then: {error}; "
                "the answers are kept, and the same command goes on from there"
            ) from None
    return len(wanted)


def keep(writer: Writer, question: Question, reply: Reply, store: Store) -> None:
    """Write one answer, whole or not at all."""
    path = path_of(store, question.key)
    path.parent.mkdir(parents=True, exist_ok=True)
    value = {**settings_of(writer), "prompt": question.prompt, "reply": asdict(reply)}
    write_atomically(path, json.dumps(value, ensure_ascii=False, sort_keys=True).encode())


def name_of(writer: Writer) -> str:
    """Return how messages call a writer."""
    return f"{writer.kind} '{writer.model or (writer.path.name if writer.path else writer.sha256)}'"
