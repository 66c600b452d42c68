"""Records → TREC: OUT/<entry>/<language>/<seed>.run, its ir_metadata beside it, and OUT/qrels/<language>.qrels.

The runs have the bytes that the records hold, uncompressed. The metadata follow ir_metadata v0.1
(https://www.ir-metadata.org; Breuer et al., SIGIR 2022): platform, research goal, implementation, method, actor, data.
What is not known is left out (who ran it, where the code lives). `resources` and the sha256 sums are additions.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Mapping
from typing import Any

from harness.export.exporting import Export, measures
from harness.results import record as records
from harness.results.record import Record
from harness.stages.prepare import DATA_FILE

START, END = "# ir_metadata.start\n", "# ir_metadata.end\n"  # the identifiers, as comments: the file is YAML
TREC_EVAL = {"nDCG": "ndcg_cut", "R": "recall", "P": "P"}  # measures with a cut-off that trec_eval names otherwise
TRAINED_ON = {"trained on": "training queries", "trained on (NLI)": "NLI"}
TIES = "passage id, descending; written scores are strictly decreasing in float32"


def write(chosen: Export) -> list[str]:
    """Write every run with its metadata, and the judgments of each language where they can still be had."""
    import yaml

    for record in chosen.records:
        source = records.beside(records.path_of(chosen.folder, record.entry, record.language, record.seed), records.RUN)
        chosen.path(record, ".run").write_bytes(gzip.decompress(source.read_bytes()))
        text = yaml.safe_dump(metadata(chosen, record), sort_keys=False, allow_unicode=True, width=120)
        chosen.path(record, ".ir-metadata.yaml").write_text(START + text + END, encoding="utf-8")
    return _write_qrels(chosen)


def metadata(chosen: Export, record: Record) -> dict[str, Any]:
    """Return the metadata of a record's run, in the order of the schema."""
    provenance = record.provenance
    entry = provenance.get("entry", {})
    found: dict[str, Any] = _without_blanks(
        {
            "schema-version": 0.1,
            "run-version": 1.0,
            "tag": record.entry,
            "platform": _platform(provenance.get("environment", {})),
            "research goal": {
                "publication": _publication(entry.get("paper") or ""),
                "evaluation": {
                    "reported measures": [trec_eval_name(name) for name in measures(record)],
                    "baseline": ["base"] if record.entry != "base" else [],
                },
            },
            "implementation": {
                "executable": {"cmd": chosen.command(record)},
                "source": {"lang": ["python"], "commit": provenance.get("code", {}).get("revision")},
            },
            "method": _method(record, entry),
            "actor": {"role": "reproducer" if entry.get("paper") else "experimenter"},
            "data": _data(chosen, record),
            "resources": {
                "runtime": {"wallclock": f"{record.seconds:.1f} s"},
                "ram": {"peak": f"{record.peak_memory_bytes / 1e9:.2f} GB"},
            },
        }
    )
    return found


def trec_eval_name(measure: str) -> str:
    """Return trec_eval's name of a measure where it has one, else ours.

    >>> trec_eval_name("nDCG@10"), trec_eval_name("AP"), trec_eval_name("RR@10")
    ('ndcg_cut_10', 'map', 'RR@10')
    """
    kind, _, cutoff = measure.partition("@")
    if measure == "AP":
        return "map"
    return f"{TREC_EVAL[kind]}_{cutoff}" if kind in TREC_EVAL and cutoff else measure


def _publication(paper: str) -> dict[str, str]:
    """Return the address of the (first) paper that an entry names."""
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


def _data(chosen: Export, record: Record) -> dict[str, Any]:
    retrieval = chosen.source(record.language).get("retrieval") or {}
    return {
        "test collection": {
            "name": f"{record.suite}-{record.language}",
            "source": retrieval.get("citation"),
            "qrels": f"qrels/{record.language}.qrels",
            "ir_datasets": retrieval.get("ir_datasets"),
            "sha256": record.provenance.get("data", {}).get("digests", {}).get("corpus"),
        },
        "training data": [
            {"name": f"{record.suite}-{record.language}, {TRAINED_ON[role]}", "source": one.get("citation")}
            for role, one in chosen.sources(record).items()
            if role in TRAINED_ON
        ],
    }


def _write_qrels(chosen: Export) -> list[str]:
    """Write query id, 0, passage id, grade of every dev judgment: ids and grades, no text."""
    left_out = []
    first = {record.language: record for record in reversed(chosen.records)}
    for language, record in sorted(first.items()):
        prepared = chosen.artifact(record, "prepare", first=True)
        if prepared is None:
            left_out.append(
                f"judgments of {language} are left out: the cache no longer has them; run the request again"
            )
            continue
        judged = json.loads((prepared / DATA_FILE).read_text(encoding="utf-8"))["rest"]["dev"]
        rows = [
            f"{query} 0 {doc} {grade}\n" for query in sorted(judged) for doc, grade in sorted(judged[query].items())
        ]
        path = chosen.out / "qrels" / f"{language}.qrels"
        path.parent.mkdir(exist_ok=True)
        path.write_text("".join(rows), encoding="utf-8")
    return left_out


def _without_blanks(value: Any) -> Any:
    """Return nested settings without what is None or empty."""
    if isinstance(value, Mapping):
        kept = {str(name): _without_blanks(item) for name, item in value.items()}
        return {name: item for name, item in kept.items() if item not in (None, "", [], {})}
    if isinstance(value, list | tuple):
        return [_without_blanks(item) for item in value]
    return value
