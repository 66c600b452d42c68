"""Questions to a writer and their replies."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.keys import digest
from harness.machine.determinism import thread_settings
from harness.machine.hardware import installed_version
from harness.request.manifest import Writer
from harness.writers.prompt import template_of

LIBRARIES = ("tokenizers", "torch", "transformers")  # that a local model generates with
VERSION = 1  # of the key; a better parser of the same answers does not change it


@dataclass(frozen=True)
class Question:
    """A passage and a prompt template in which only `{passage}` is left to fill in."""

    key: str
    doc_id: str
    template: str
    passage: str

    @property
    def prompt(self) -> str:
        return self.template.replace("{passage}", self.passage)


@dataclass(frozen=True)
class Reply:
    """An answer as received; `by` is the model's name as reported, and where it runs."""

    text: str
    by: str


class Unanswered(Exception):  # noqa: N818 - an outcome: some questions have no answer
    """Raised by an `Ask` after its last answer; the text is the reason and contains no secret."""


Ask = Callable[[Writer, Sequence[Question]], Iterator[tuple[Question, Reply]]]


def settings_of(writer: Writer) -> dict[str, Any]:
    """Return the model and the settings that decide an answer besides its prompt."""
    return {
        "kind": writer.kind,
        "model": writer.model,
        "revision": writer.revision,
        "sha256": writer.sha256,
        "temperature": writer.temperature,
        "max_tokens": writer.max_tokens,
        "queries": writer.queries,
    }


def computed_by(writer: Writer, device: str) -> dict[str, Any]:
    """Return what a local model's answers are computed by: device, threads and libraries; {} for other writers."""
    if writer.kind != "model":
        return {}
    return {"device": device, **thread_settings(), "libraries": {name: installed_version(name) for name in LIBRARIES}}


def questions_about(writer: Writer, passages: Mapping[str, str], language: str, device: str) -> list[Question]:
    """Return one question per passage, in the order of their ids; equal passages share a key."""
    template = template_of(writer, language)
    settings = settings_of(writer) | computed_by(writer, device)
    return [
        Question(digest(["answer", VERSION, settings, template, passages[doc]]), doc, template, passages[doc])
        for doc in sorted(passages)
    ]


def name_of(writer: Writer) -> str:
    """Return the name of a writer in messages."""
    return f"{writer.kind} '{writer.model or (writer.path.name if writer.path else writer.sha256)}'"
