"""The formats that a manifest may name as a source's reader."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from harness.data.readers import beir, hub, miracl, nli, squad
from harness.data.sources import Nli, Retrieval
from harness.errors import unknown

RETRIEVAL: dict[str, Callable[[Sequence[Path]], Retrieval]] = {
    "beir": beir.read,
    "squad": squad.read,
    "miracl": miracl.read,
    "miracl-train": miracl.read_train,
    "mteb": hub.read_mteb,
    "belebele": hub.read_belebele,
}

NLI: dict[str, Callable[[Sequence[Path]], Nli]] = {
    "nli-jsonl": nli.read_jsonl,
    "hub-nli": nli.read_hub,
    "klue-nli": nli.read_klue,
    "farstail-nli": nli.read_farstail,
    "recast-nli": nli.read_recast,
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
