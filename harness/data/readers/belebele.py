"""Belebele (Bandarkar et al. 2024, arXiv 2308.16884): one file of questions and the passages that they are about."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from harness.data import validation
from harness.data.raw_data import Passage, RetrievalData
from harness.data.row_streams import rows
from harness.data.text_files import member, only_path


def read(paths: Sequence[Path]) -> RetrievalData:
    """Return the passages and questions, all of them dev.

    As in mteb's BelebeleRetrieval: a passage is one `link`, with id `C<n>` in file order; a query is one distinct
    text, with id `Q<n>`.
    """
    path = only_path(paths, "belebele")
    corpus: dict[str, Passage] = {}
    passage_ids: dict[str, str] = {}  # by link
    query_ids: dict[str, str] = {}  # by text
    dev: dict[str, dict[str, int]] = {}
    for where, row in rows(path, "link", "flores_passage", "question"):
        link = member(row, "link", str, where)
        if link not in passage_ids:
            passage_ids[link] = f"C{len(passage_ids)}"
            text = validation.text(row.get("flores_passage"), where, "flores_passage")
            corpus[passage_ids[link]] = Passage("", text)
        question = validation.text(row.get("question"), where, "question")
        query = query_ids.setdefault(question, f"Q{len(query_ids)}")
        dev.setdefault(query, {})[passage_ids[link]] = 1
    validation.check_not_empty(dev, str(path), "question")
    return RetrievalData(corpus, {query: text for text, query in query_ids.items()}, train={}, dev=dev)
