"""The formats that a manifest may name as a source's reader."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from harness.data.readers import beir, miracl, nli_pairs, parquet, squad
from harness.data.retrieval import Nli, Retrieval
from harness.errors import unknown

RETRIEVAL: dict[str, Callable[[Sequence[Path]], Retrieval]] = {
    "beir": beir.read,
    "squad": squad.read,
    "miracl": miracl.read,
    "miracl-train": miracl.read_train,
    "mteb": parquet.read_mteb,
    "belebele": parquet.read_belebele,
}

NLI: dict[str, Callable[[Sequence[Path]], Nli]] = {
    "nli-jsonl": nli_pairs.read_jsonl,
    "hub-nli": nli_pairs.read_hub,
    "klue-nli": nli_pairs.read_klue,
    "farstail-nli": nli_pairs.read_farstail,
    "recast-nli": nli_pairs.read_recast,
}


def retrieval_reader(name: str, where: str) -> Callable[[Sequence[Path]], Retrieval]:
    """Return the reader of passages, queries and judgments of that name; raises RequestError where there is none."""
    if name not in RETRIEVAL:
        raise unknown("reader", name, RETRIEVAL, where)
    return RETRIEVAL[name]


def nli_reader(name: str, where: str) -> Callable[[Sequence[Path]], Nli]:
    """Return the reader of inference triples of that name; raises RequestError where there is none."""
    if name not in NLI:
        raise unknown("reader", name, NLI, where)
    return NLI[name]


__all__ = ["NLI", "RETRIEVAL", "nli_reader", "retrieval_reader"]
