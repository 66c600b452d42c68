"""Folders of made-up records with rankings, and their texts and judgments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from support.fake_records import UNTRAINED, board, draw, put

from harness.evidence.leaderboard import collate
from harness.evidence.texts import LanguageTexts
from harness.keys import derive
from harness.report.queries import query_pages
from harness.results import record
from harness.types import Data

DOCS = tuple(f"doc-{i:02}" for i in range(12))
WORDS = {
    "ko": ("질문 {}: 어느 산이 가장 높은가?", "{}번 글. 산과 강에 관한 짧은 글이다."),
    "fa": ("پرسش {}: بلندترین کوه کدام است؟", "متن شماره {} دربارهٔ کوه و رود است."),
}


def ranking(entry: str, seed: int, queries: Sequence[str]) -> dict[str, list[tuple[str, float]]]:
    """Return a random order of eight passages for every query; equal arguments give equal orders."""
    rankings = {}
    for query in queries:
        generator = np.random.Generator(np.random.PCG64(derive(seed, entry, query)))
        docs = generator.permutation(len(DOCS))[:8]
        rankings[query] = [(DOCS[doc], 1 - rank / 10) for rank, doc in enumerate(docs)]
    return rankings


def folder_of(
    folder: Path, entries: Sequence[str], languages: Mapping[str, int], seeds: Sequence[int] = (0, 1)
) -> Path:
    """Write a run whose records have rankings; `languages` maps a language to its number of queries."""
    board(folder, entries, languages, seeds)
    for entry in entries:
        for language, n in languages.items():
            for seed in seeds[:1] if entry in UNTRAINED else seeds:
                scores = draw(entry, language, seed, n)
                stored = put(folder, (entry, language, seed), scores)
                record.write(folder, stored, scores, ranking(entry, seed, list(scores["AP"])))
    return folder


def data_of(
    language: str, n: int, *, queries: Mapping[str, str] | None = None, passages: Mapping[str, str] | None = None
) -> Data:
    """Return the data of `folder_of` with some texts replaced; a query has one relevant and one irrelevant passage."""
    query_text, passage_text = WORDS[language]
    names = [f"{language}-q{i:04}" for i in range(n)]
    dev = {name: {DOCS[i % len(DOCS)]: 1, DOCS[(i + 1) % len(DOCS)]: 0} for i, name in enumerate(names)}
    all_passages = {doc: passage_text.format(i) for i, doc in enumerate(DOCS)} | dict(passages or {})
    all_queries = {name: query_text.format(i) for i, name in enumerate(names)} | dict(queries or {})
    return Data(language, all_passages, all_queries, {}, dev)


AnyTexts = LanguageTexts | Data | str


def write_pages(folder: Path, texts: Mapping[str, AnyTexts] | None, *, show_texts: bool = True) -> list[Path]:
    """Write the query pages of a folder and return their paths, sorted."""
    wrapped = {lang: LanguageTexts(of) if isinstance(of, Data) else of for lang, of in (texts or {}).items()}
    content = query_pages.files(folder, collate(folder), texts=wrapped or None, show_texts=show_texts)
    for name, text in content.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return [folder / name for name in sorted(content)]
