"""Questions and paragraphs in the JSON of SQuAD (Rajpurkar et al. 2016, arXiv 1606.05250), split by article.

A passage is a paragraph: its id is "<article>-<paragraph>", both counted from 0 in file order, its title the
article's with underscores as spaces. An article is dev if the first 8 bytes of sha256 of its title, exactly as in the
file, big-endian, are divisible by 3: all its questions are dev and none is trained on, while its paragraphs stay in
the corpus. A question is relevant to its paragraph, and to any other with the same text.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.data import validation
from harness.data.raw_data import Passage, RetrievalData
from harness.data.text_files import member, only_path, read_json


@dataclass
class _Articles:
    """The content of the articles that have been read."""

    passages: dict[str, Passage] = field(default_factory=dict)
    queries: dict[str, str] = field(default_factory=dict)
    paragraphs: dict[str, str] = field(default_factory=dict)  # query id → id of its paragraph
    dev: set[str] = field(default_factory=set)
    unanswerable: int = 0


def read(paths: Sequence[Path]) -> RetrievalData:
    """Return the content of the file.

    Questions marked `is_impossible` and training questions with the text of a dev question are left out and counted.
    Raises DataError for a repeated question id.
    """
    path = only_path(paths, "squad")
    content = _Articles()
    root = member({"file": read_json(path)}, "file", dict, str(path))
    for number, article in enumerate(_objects(root, "data", str(path))):
        _add_article(content, article, number, f"{path} article {number}")
    validation.check_not_empty(content.passages, str(path), "paragraph")

    leaked = _leaked(content)
    twins = _same_text(content.passages)
    judgments = {
        query: dict.fromkeys(twins[validation.normalized(content.passages[doc].text)], 1)
        for query, doc in content.paragraphs.items()
        if query not in leaked
    }
    train = {query: grades for query, grades in judgments.items() if query not in content.dev}
    dev = {query: grades for query, grades in judgments.items() if query in content.dev}
    validation.check_not_empty(train, str(path), "training question (an article whose title's hash leaves 1 or 2)")
    validation.check_not_empty(dev, str(path), "dev question (an article whose title's hash leaves 0)")
    return RetrievalData(
        passages=content.passages,
        queries={query: content.queries[query] for query in judgments},
        train=train,
        dev=dev,
        report={
            "unanswerable questions": content.unanswerable,
            "training questions with the text of a dev question": len(leaked),
            "paragraphs with the text of an earlier one": len(content.passages) - len(twins),
        },
    )


def _leaked(content: _Articles) -> set[str]:
    """Return the ids of the training questions with the text of a dev question."""
    dev_texts = {validation.normalized(content.queries[query]) for query in content.dev}
    training = {query: text for query, text in content.queries.items() if query not in content.dev}
    return {query for query, text in training.items() if validation.normalized(text) in dev_texts}


def is_dev(title: str) -> bool:
    """Return whether the article of that title, as the file spells it, is dev."""
    return int.from_bytes(hashlib.sha256(title.encode()).digest()[:8], "big") % 3 == 0


def _add_article(content: _Articles, article: dict[str, Any], number: int, where: str) -> None:
    """Add the paragraphs and questions of one article."""
    title = validation.string(article.get("title"), where, "title")
    for index, paragraph in enumerate(_objects(article, "paragraphs", where)):
        doc = f"{number:04d}-{index:03d}"
        paragraph_where = f"{where} paragraph {index}"
        text = validation.text(paragraph.get("context"), paragraph_where, "context")
        content.passages[doc] = Passage(title.replace("_", " ").strip(), text)
        for question in _objects(paragraph, "qas", paragraph_where):
            if question.get("is_impossible"):
                content.unanswerable += 1
            else:
                query = _add_question(content, question, doc, paragraph_where)
                if is_dev(title):
                    content.dev.add(query)


def _add_question(content: _Articles, question: dict[str, Any], doc: str, where: str) -> str:
    """Add one question of the paragraph `doc`; return its id."""
    identifier = validation.identifier(question.get("id"), where)
    query = validation.check_new_id(identifier, content.queries, where, "question")
    content.queries[query] = validation.text(question.get("question"), f"{where}, id '{query}'", "question")
    content.paragraphs[query] = doc
    return query


def _objects(parent: dict[str, Any], name: str, where: str) -> Iterator[dict[str, Any]]:
    """Yield the objects of the list `parent[name]`."""
    for index, value in enumerate(member(parent, name, list, where)):
        yield member({name: value}, name, dict, f"{where}, {name}[{index}]")


def _same_text(passages: Mapping[str, Passage]) -> dict[str, list[str]]:
    """Return folded text → ids of the passages that have it."""
    ids: dict[str, list[str]] = {}
    for doc, passage in passages.items():
        ids.setdefault(validation.normalized(passage.text), []).append(doc)
    return ids
