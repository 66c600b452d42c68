"""Questions and paragraphs in the JSON of SQuAD (Rajpurkar et al. 2016, arXiv 1606.05250), split by article.

`squad`: a passage is a paragraph, its id "<article>-<paragraph>", both counted from 0 in file order. A question is
relevant to its paragraph.

`squad-sentences`, after ReQA (Ahmad et al. 2019, arXiv 1907.04780): a passage is a sentence of a paragraph
(harness.data.sentences), its id "<article>-<paragraph>-<sentence>". A question is relevant to the sentence in which its
answer starts; where it has several annotated answers, to the sentence of each. An answer that does not stand at its
offset is not used, and a question without a usable answer is left out and counted.

A question is also relevant to any other passage with the same text. A passage's title is the article's with underscores
as spaces. An article is dev if the first 8 bytes of sha256 of its title, exactly as in the file, big-endian, are
divisible by 3: all its questions are dev and none is trained on, while its passages stay in the corpus.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from harness.data import validation
from harness.data.raw_data import Passage, RetrievalData
from harness.data.sentences import sentence_starts
from harness.data.text_files import json_object, member, only_path, read_json

UNANSWERABLE = "unanswerable questions"
MISPLACED = "questions without an answer at its offset"


@dataclass
class _Articles:
    """The content of the articles that have been read, in sentences or in paragraphs."""

    sentences: bool
    passages: dict[str, Passage] = field(default_factory=dict)
    queries: dict[str, str] = field(default_factory=dict)
    answering: dict[str, list[str]] = field(default_factory=dict)  # query id → ids of passages with its answer
    dev: set[str] = field(default_factory=set)
    left_out: Counter[str] = field(default_factory=Counter)  # reason → questions


@dataclass(frozen=True)
class _Paragraph:
    """A paragraph: its text, the ids of its passages, and at which offset each begins."""

    text: str
    docs: Sequence[str]
    starts: Sequence[int]

    def parts(self) -> Iterator[tuple[str, str]]:
        """Yield id and text of each passage."""
        for doc, (start, end) in zip(self.docs, pairwise([*self.starts, len(self.text)]), strict=True):
            yield doc, self.text[start:end]

    def answering(self, question: Mapping[str, Any], where: str) -> list[str]:
        """Return the ids of the passages in which an annotated answer of a question starts."""
        answers = question.get("answers")
        listed = _objects({"answers": answers}, "answers", where) if answers is not None else ()
        starts = [self._start(answer, where) for answer in listed]
        return list(dict.fromkeys(self.docs[bisect_right(self.starts, at) - 1] for at in starts if at is not None))

    def _start(self, answer: Mapping[str, Any], where: str) -> int | None:
        """Return the offset of an answer's first character, None where its text is not at its offset."""
        text, at = validation.text(answer.get("text"), where, "answer"), member(answer, "answer_start", int, where)
        if at < 0 or not self.text.startswith(text, at):
            return None
        return at + len(text) - len(text.lstrip())


def read(paths: Sequence[Path]) -> RetrievalData:
    """Return the content of the file, in paragraphs.

    Questions marked `is_impossible` and training questions with the text of a dev question are left out and counted.
    Raises DataError for a repeated question id.
    """
    return _read(only_path(paths, "squad"), sentences=False)


def read_sentences(paths: Sequence[Path]) -> RetrievalData:
    """Return the content of the file, in sentences; see `read`."""
    return _read(only_path(paths, "squad-sentences"), sentences=True)


def _read(path: Path, *, sentences: bool) -> RetrievalData:
    content = _Articles(sentences)
    root = json_object(read_json(path), str(path), "data")
    for number, article in enumerate(_objects(root, "data", str(path))):
        _add_article(content, article, number, f"{path} article {number}")
    validation.check_not_empty(content.passages, str(path), "paragraph")

    leaked = _leaked(content)
    twins = _same_text(content.passages)
    judgments = {
        query: {twin: 1 for doc in docs for twin in twins[validation.normalized(content.passages[doc].text)]}
        for query, docs in content.answering.items()
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
        report=_report(content, len(leaked), len(content.passages) - len(twins)),
    )


def _report(content: _Articles, leaked: int, twins: int) -> dict[str, int]:
    passages = "sentences" if content.sentences else "paragraphs"
    report = {
        UNANSWERABLE: content.left_out[UNANSWERABLE],
        "training questions with the text of a dev question": leaked,
        f"{passages} with the text of an earlier one": twins,
    }
    if not content.sentences:
        return report
    several = sum(len(docs) > 1 for docs in content.answering.values())
    return {**report, MISPLACED: content.left_out[MISPLACED], "questions with answers in several sentences": several}


def _leaked(content: _Articles) -> set[str]:
    """Return the ids of the training questions with the text of a dev question."""
    dev_texts = {validation.normalized(content.queries[query]) for query in content.dev}
    training = {query: text for query, text in content.queries.items() if query not in content.dev}
    return {query for query, text in training.items() if validation.normalized(text) in dev_texts}


def is_dev(title: str) -> bool:
    """Return whether the article of that title, as the file spells it, is dev."""
    return int.from_bytes(hashlib.sha256(title.encode()).digest()[:8], "big") % 3 == 0


def _add_article(content: _Articles, article: dict[str, Any], number: int, where: str) -> None:
    """Add the passages and questions of one article."""
    title = validation.string(article.get("title"), where, "title")
    for index, value in enumerate(_objects(article, "paragraphs", where)):
        paragraph_where = f"{where} paragraph {index}"
        paragraph = _paragraph(content, value, f"{number:04d}-{index:03d}", paragraph_where)
        for doc, text in paragraph.parts():
            content.passages[doc] = Passage(title.replace("_", " ").strip(), text)
        for question in _objects(value, "qas", paragraph_where):
            if question.get("is_impossible"):
                content.left_out[UNANSWERABLE] += 1
            elif (query := _add_question(content, question, paragraph, paragraph_where)) and is_dev(title):
                content.dev.add(query)


def _paragraph(content: _Articles, value: Mapping[str, Any], name: str, where: str) -> _Paragraph:
    text = validation.text(value.get("context"), where, "context")
    if not content.sentences:
        return _Paragraph(text, [name], [0])
    starts = sentence_starts(text)
    return _Paragraph(text, [f"{name}-{number:03d}" for number in range(len(starts))], starts)


def _add_question(content: _Articles, question: Mapping[str, Any], paragraph: _Paragraph, where: str) -> str:
    """Add one question of a paragraph and return its id; "" where it is left out."""
    identifier = validation.identifier(question.get("id"), where)
    query = validation.check_new_id(identifier, content.queries, where, "question")
    question_where = f"{where}, id '{query}'"
    text = validation.text(question.get("question"), question_where, "question")
    answering = paragraph.answering(question, question_where) if content.sentences else list(paragraph.docs)
    if not answering:
        content.left_out[MISPLACED] += 1
        return ""
    content.queries[query], content.answering[query] = text, answering
    return query


def _objects(parent: Mapping[str, Any], name: str, where: str) -> Iterator[dict[str, Any]]:
    """Yield the objects of the list `parent[name]`."""
    for index, value in enumerate(member(parent, name, list, where)):
        yield json_object(value, f"{where}, {name}[{index}]")


def _same_text(passages: Mapping[str, Passage]) -> dict[str, list[str]]:
    """Return folded text → ids of the passages that have it."""
    ids: dict[str, list[str]] = {}
    for doc, passage in passages.items():
        ids.setdefault(validation.normalized(passage.text), []).append(doc)
    return ids
