"""Two tiny encoders and a request on them, and made-up folders of several base models."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from support.fake_records import UNTRAINED, draw, provenance, put

from harness.keys import digest
from harness.request.manifest import BuiltBase
from harness.results.checksums import seal
from harness.stages.built_base import build

TEXTS = ("차는 잎으로 만든다", "커피는 콩으로 만든다", "쌀은 곡식이다", "tea is made from leaves", "rice is a grain")
REQUEST = (
    *("run", "--suite", "mini", "--langs", "ko", "--seeds", "0,1", "--max-train", "40", "--device", "cpu"),
    *("--set", "train.epochs=2", "--set", "text.query_max_length=32", "--set", "text.passage_max_length=32"),
)


def encoder(folder: Path, seed: int) -> Path:
    """Write an encoder of one small layer; seeds differ in their weights."""
    settings = BuiltBase(
        vocab_size=96,
        hidden_size=16,
        intermediate_size=32,
        layers=1,
        attention_heads=2,
        initialisation_seed=seed,
    )
    folder.mkdir(parents=True)
    build(TEXTS, settings, 40, folder)
    return folder


SUITE: Mapping[str, Any] = {"name": "fake", "title": "Fake", "base_model": {"layers": 2}, "text": {"title": True}}
MEASURES = ("nDCG@10", "AP")


def base_of(model: str) -> dict[str, Any]:
    """Return the base model of a name, as a manifest holds one of the hub."""
    return {"id": f"org/{model}", "revision": digest(model)[:40]}


def folder_of(
    folder: Path,
    models: Sequence[str] = ("A", "B"),
    entries: Sequence[str] = ("base", "mnrl"),
    seeds: Sequence[int] = (0, 1),
    languages: Sequence[str] = ("ko",),
    **request: Any,
) -> Path:
    """Write a sealed run of entries on named base models (of one unnamed model where `models` is empty).

    The scores of an entry on a model do not depend on what else is in the folder, or on whether the model is named.
    """
    rows = {}
    for model in models or [""]:
        for entry in entries:
            name = f"{entry}@{model}" if model and entry != "bm25" else entry
            rows[name] = (entry, model if entry != "bm25" else "")
    digests = {model: digest({**SUITE, "base_model": base_of(model)}) for model in models}
    for name, (entry, model) in rows.items():
        for language in languages:
            for seed in [0] if entry in UNTRAINED else seeds:
                known = provenance(f"{entry} on {model or 'A'}", language, None if entry in UNTRAINED else seed)
                known["entry"] |= {"name": name, "method": entry, **({"model": model} if model else {})}
                known["suite_digest"] = digests.get(model, digest(SUITE))
                known["base_model"] = base_of(model) if model else SUITE["base_model"]
                scores = draw(f"{entry} on {model or 'A'}", language, seed, 40, MEASURES)
                fields = {"trained": entry not in UNTRAINED, "provenance": known}
                put(folder, (name, language, seed), scores, **fields)
    resolved: dict[str, Any] = {
        **{"suite": "fake", "suite_digest": digest(SUITE), "base_model": SUITE["base_model"], "primary": "nDCG@10"},
        **{"entries": {name: {"method": rows[name][0]} for name in rows}, "seeds": list(seeds)},
        **{"languages": list(languages), "device": "cpu"},
    }
    if models:
        named = {model: {"suite_digest": digests[model], "changes": {"base_model": base_of(model)}} for model in models}
        resolved["models"] = named
    asked = {
        **{"suite": "fake", "methods": list(entries), "languages": list(languages), "seeds": list(seeds)},
        "base_model": ",".join(f"{model}=org/{model}" for model in models) or None,
    }
    run = {
        **{"request": {**asked, **request}, "resolved": resolved, "suite": SUITE, "suite_digest": digest(SUITE)},
        **{"command": ["harness", "run", "--out", folder.name], "environment": {"python": "3.12.1"}},
    }
    (folder / "run.json").write_text(json.dumps(run), encoding="utf-8")
    seal(folder)
    return folder
