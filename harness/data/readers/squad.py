"""Questions and paragraphs in the JSON of SQuAD (Rajpurkar et al. 2016, arXiv 1606.05250), split by article.

A passage is a paragraph: its id is "<article>-<paragraph>", both counted from 0 in file order, its title the
article's with underscores as spaces. An article is dev where the first 8 bytes of sha256 of its title, exactly as
in the file, big-endian, leave 0 when divided by 3: all its questions are dev and none is trained on, while its
paragraphs stay in the corpus. A question is relevant to its paragraph, and to any other with the same text.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.data import validation
from harness.data.retrieval import Passage, Retrieval
from harness.data.text_files import member, read_json
from harness.errors import DataError


@dataclass
class _Reading:
    """What has been read so far."""

    passages: dict[str, Passage] = field(default_factory=dict)
    queries: dict[str, str] = field(default_factory=dict)
    asked_of: dict[str, str] = field(default_factory=dict)  # query id → id of its paragraph
    dev: set[str] = field(default_factory=set)
    unanswerable: int = 0


def read(paths: Sequence[Path]) -> Retrieval:
    """Return what the file holds.

    Left out and counted: questions marked `is_impossible`, and training questions with the text of a dev question.
    Raises DataError for a question id that occurs twice.
    """
    if len(paths) != 1:
        raise DataError(f"reader 'squad' takes one file, not {len(paths)}; correct the manifest's list of files")
    path = paths[0]
    reading = _Reading()
    articles = member({"file": read_json(path)}, "file", dict, str(path))
    for number, article in enumerate(objects(articles, "data", str(path))):
        read_article(reading, article, number, f"{path} article {number}")
    validation.some(reading.passages, str(path), "paragraph")

    evaluated = {validation.fold(reading.queries[query]) for query in reading.dev}
    leaked = {
        query
        for query, text in reading.queries.items()
        if query not in reading.dev and validation.fold(text) in evaluated
    }
    twins = same_text(reading.passages)
    judged = {
        query: dict.fromkeys(twins[validation.fold(reading.passages[doc].text)], 1)
        for query, doc in reading.asked_of.items()
        if query not in leaked
    }
    train = {query: docs for query, docs in judged.items() if query not in reading.dev}
    dev = {query: docs for query, docs in judged.items() if query in reading.dev}
    validation.some(train, str(path), "training question (an article whose title's hash leaves 1 or 2)")
    validation.some(dev, str(path), "dev question (an article whose title's hash leaves 0)")
    return Retrieval(
        passages=reading.passages,
        queries={query: reading.queries[query] for query in judged},
        train=train,
        dev=dev,
        report={
            "unanswerable questions": reading.unanswerable,
            "training questions with the text of a dev question": len(leaked),
            "paragraphs with the text of an earlier one": len(reading.passages) - len(twins),
        },
    )


def is_dev(title: str) -> bool:
    """Return whether the article of that title, as the file spells it, is dev."""
    return int.from_bytes(hashlib.sha256(title.encode()).digest()[:8], "big") % 3 == 0


def read_article(reading: _Reading, article: dict[str, Any], number: int, where: str) -> None:
    """Add the paragraphs of one article, and its questions, to what has been read."""
    title = validation.string(article.get("title"), where, "title")
    for index, paragraph in enumerate(objects(article, "paragraphs", where)):
        doc = f"{number:04d}-{index:03d}"
        at = f"{where} paragraph {index}"
        text = validation.text(paragraph.get("context"), at, "context")
        reading.passages[doc] = Passage(title.replace("_", " ").strip(), text)
        for question in objects(paragraph, "qas", at):
            if question.get("is_impossible"):
                reading.unanswerable += 1
            else:
                query = read_question(reading, question, doc, at)
                if is_dev(title):
                    reading.dev.add(query)


def read_question(reading: _Reading, question: dict[str, Any], doc: str, where: str) -> str:
    """Add one question of the paragraph `doc`; return its id."""
    query = validation.new(validation.identifier(question.get("id"), where), reading.queries, where, "question")
    reading.queries[query] = validation.text(question.get("question"), f"{where}, id '{query}'", "question")
    reading.asked_of[query] = doc
    return query


def objects(parent: dict[str, Any], name: str, where: str) -> Iterator[dict[str, Any]]:
    """Yield the objects of the list `parent[name]`."""
    for index, value in enumerate(member(parent, name, list, where)):
        yield member({name: value}, name, dict, f"{where}, {name}[{index}]")


def same_text(passages: dict[str, Passage]) -> dict[str, list[str]]:
    """Return folded text → ids of the passages that have it."""
    twins: dict[str, list[str]] = {}
    for doc, passage in passages.items():
        twins.setdefault(validation.fold(passage.text), []).append(doc)
    return twins
