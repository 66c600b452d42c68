"""The readers that a manifest may name for a source."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from harness.data.nli_selection import Selection
from harness.data.raw_data import NliData, RetrievalData, SentencePairs
from harness.data.readers import (
    beir,
    belebele,
    miracl,
    mteb_tables,
    nli_files,
    quality_files,
    sentence_pairs,
    squad,
    xor_retrieve,
)
from harness.errors import unknown
from harness.request.data_sources import Source

RETRIEVAL: dict[str, Callable[..., RetrievalData]] = {
    "beir": beir.read,
    "squad": squad.read,
    "squad-sentences": squad.read_sentences,
    "miracl": miracl.read,
    "miracl-train": miracl.read_train,
    "mteb": mteb_tables.read,
    "belebele": belebele.read,
    "xor-retrieve": xor_retrieve.read,
}

NLI: dict[str, Callable[[Sequence[Path], Selection], NliData]] = {
    "nli-jsonl": nli_files.read_jsonl,
    "hub-nli": nli_files.read_hub,
    "klue-nli": nli_files.read_klue,
    "farstail-nli": nli_files.read_farstail,
    "recast-nli": nli_files.read_recast,
}

PAIRS: Mapping[str, Mapping[str, Callable[[Sequence[Path]], SentencePairs]]] = {  # type of task → readers
    "PairClassification": {
        "pairs-jsonl": sentence_pairs.read_labelled,
        "nli-jsonl": sentence_pairs.read_triples,
        **{name: partial(sentence_pairs.read_nli, name) for name in sentence_pairs.NLI},
    },
    "STS": sentence_pairs.SCORED,
}

QUALITY: dict[str, Callable[[Sequence[Path]], list[float]]] = {
    "quality-lines": quality_files.read_lines,
    "quality-table": quality_files.read_table,
    "quality-comet": quality_files.read_comet,
}


def retrieval_reader(name: str, where: str) -> Callable[[Sequence[Path]], RetrievalData]:
    """Return the reader of passages, queries and judgments of that name; raises RequestError for an unknown name."""
    if name not in RETRIEVAL:
        raise unknown("reader", name, RETRIEVAL, where)
    return RETRIEVAL[name]


def source_reader(source: Source, where: str) -> Callable[[Sequence[Path]], RetrievalData]:
    """Return the reader of a source of passages, with what the source says of its files; raises as above."""
    if source.reader == "xor-retrieve":
        return partial(xor_retrieve.read, subset=source.subset or "")
    read = retrieval_reader(source.reader, where)
    return partial(mteb_tables.read, evaluated="train") if source.split == "train" else read


def lists_training(source: Source) -> bool:
    """Return whether a source may hold training queries, as far as its list of files says."""
    return source.reader != "beir" or not source.files or beir.lists_training([file.path for file in source.files])


def nli_reader(name: str, where: str) -> Callable[[Sequence[Path], Selection], NliData]:
    """Return the reader of inference triples of that name; raises RequestError for an unknown name."""
    if name not in NLI:
        raise unknown("reader", name, NLI, where)
    return NLI[name]


def pair_reader(kind: str, name: str, where: str) -> Callable[[Sequence[Path]], SentencePairs]:
    """Return the reader of that name for a type of pair tasks; raises RequestError for a name that it does not have."""
    if name not in PAIRS[kind]:
        raise unknown("reader", name, PAIRS[kind], where)
    return PAIRS[kind][name]


def quality_reader(name: str, where: str) -> Callable[[Sequence[Path]], list[float]]:
    """Return the reader of scores of inference rows of that name; raises RequestError for an unknown name."""
    if name not in QUALITY:
        raise unknown("reader", name, QUALITY, where)
    return QUALITY[name]
