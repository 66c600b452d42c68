"""ir_metadata v0.1 of a run (https://www.ir-metadata.org; Breuer et al., SIGIR 2022).

Platform, research goal, implementation, method, actor, data. Unknown fields are left out (who ran it, the URL of the
code). `resources` and the sha256 sums are additions.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from harness.export.run_export import RunExport, ordered_measures
from harness.results.cell_cost import cell_cost
from harness.results.record import Record
from harness.stats.entry_scores import BASE

TREC_EVAL = {"nDCG": "ndcg_cut", "R": "recall", "P": "P"}  # measures with a cut-off and another name in trec_eval
TRAINED_ON = {"trained on": "training queries", "trained on (NLI)": "NLI"}
TIES = "passage id, descending; written scores are strictly decreasing in float32"


def ir_metadata(run: RunExport, record: Record) -> dict[str, Any]:
    """Return the metadata of a record's run, in the order of the schema."""
    provenance = record.provenance
    entry = provenance.get("entry", {})
    baseline = run.results.baseline_of(record.entry, BASE)
    metadata: dict[str, Any] = _without_blanks(
        {
            "schema-version": 0.1,
            "run-version": 1.0,
            "tag": record.entry,
            "platform": _platform(provenance.get("environment", {})),
            "research goal": {
                "publication": _publication(entry.get("paper") or ""),
                "evaluation": {
                    "reported measures": [trec_eval_name(name) for name in ordered_measures(record)],
                    "baseline": [baseline] if record.entry != baseline else [],
                },
            },
            "implementation": {
                "executable": {"cmd": run.command(record)},
                "source": {"lang": ["python"], "commit": provenance.get("code", {}).get("revision")},
            },
            "method": _method(record, entry),
            "actor": {"role": "reproducer" if entry.get("paper") else "experimenter"},
            "data": _data(run, record),
            **_resources(record),
        }
    )
    return metadata


def trec_eval_name(measure: str) -> str:
    """Return trec_eval's name of a measure, ours if trec_eval has none.

    >>> trec_eval_name("nDCG@10"), trec_eval_name("AP"), trec_eval_name("RR@10")
    ('ndcg_cut_10', 'map', 'RR@10')
    """
    kind, _, cutoff = measure.partition("@")
    if measure == "AP":
        return "map"
    return f"{TREC_EVAL[kind]}_{cutoff}" if kind in TREC_EVAL and cutoff else measure


def _resources(record: Record) -> dict[str, Any]:
    """Return what computing the cell took, {} where its record does not say."""
    cost = cell_cost(record)
    if cost is None:
        return {}
    runtime, peak = {"wallclock": f"{cost.seconds:.1f} s"}, {"peak": f"{cost.peak_bytes / 1e9:.2f} GB"}
    return {"resources": {"runtime": runtime, "ram": peak}}


def _publication(paper: str) -> dict[str, str]:
    """Return the URL of the (first) paper that an entry names, its text if that has no arXiv number."""
    if number := re.search(r"\b\d{4}\.\d{4,5}\b", paper):
        return {"arxiv": f"https://arxiv.org/abs/{number[0]}"}
    return {"url": paper}


def _platform(environment: Mapping[str, Any]) -> dict[str, Any]:
    packages = environment.get("packages", {})
    return {
        "hardware": {"cpu": {"model": environment.get("cpu")}, "gpu": {"architecture": environment.get("gpu")}},
        "operating system": {"kernel": environment.get("os")},
        "software": {
            "libraries": {"python": [f"{name}=={version}" for name, version in packages.items()]},
            "retrieval toolkit": [f"{name}=={packages[name]}" for name in ("harness-embeddings",) if name in packages],
        },
    }


def _method(record: Record, entry: Mapping[str, Any]) -> dict[str, Any]:
    model = record.weights_sha256
    stage: dict[str, Any] = {"name": record.entry, "method": "exact search by cosine of one vector a text"}
    if not model:
        stage["method"] = entry.get("method")
    stage |= {"objective": entry.get("method") if model else None, "adapters": entry.get("adapters")}
    stage |= {"params": entry.get("settings"), "model sha256": model or None}
    stage |= {"seed": record.seed, "text": record.provenance.get("text")}
    return {"automatic": True, "score ties": TIES, "retrieval": [stage]}


def _data(run: RunExport, record: Record) -> dict[str, Any]:
    retrieval = run.source(record.language).get("retrieval") or {}
    return {
        "test collection": {
            "name": f"{record.suite}-{record.language}",
            "source": retrieval.get("citation"),
            "qrels": f"qrels/{record.language}.qrels",
            "ir_datasets": retrieval.get("ir_datasets"),
            "sha256": record.provenance.get("data", {}).get("digests", {}).get("corpus"),
        },
        "training data": [
            {"name": f"{record.suite}-{record.language}, {TRAINED_ON[role]}", "source": source.get("citation")}
            for role, source in run.sources(record).items()
            if role in TRAINED_ON
        ],
    }


def _without_blanks(value: Any) -> Any:
    """Return nested settings without values that are None or empty."""
    if isinstance(value, Mapping):
        kept = {str(name): _without_blanks(item) for name, item in value.items()}
        return {name: item for name, item in kept.items() if item not in (None, "", [], {})}
    if isinstance(value, list | tuple):
        return [_without_blanks(item) for item in value]
    return value
