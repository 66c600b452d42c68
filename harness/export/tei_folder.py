"""A copy of a model in the layout that TEI and plain sentence-transformers read alike, with what it was scored with.

TEI takes prompts and the maximum length from the folder, and older releases of it know the pooling only by
sentence-transformers' former keys, which the library still reads.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness.export.tei import POOLING, POOLING_FOLDER, pooling_mode
from harness.machine.file_hashes import hashes_below
from harness.machine.json_toml import read_json
from harness.machine.store import MANIFEST
from harness.stages.train import LOG

IDENTITY = "IDENTITY.sha256"
LEFT = (MANIFEST, LOG, "onnx", "openvino")  # of a hub's folder: networks of the model before it was trained


def write_copy(model: Path, folder: Path, prompts: Mapping[str, str], max_length: int) -> None:
    """Copy a model that TEI serves, with its prompts by the library's name, and the tokens at which texts are cut."""
    shutil.copytree(model, folder, ignore=shutil.ignore_patterns(*LEFT))
    _put(folder / POOLING_FOLDER / "config.json", _pooling(folder))
    _change(folder / "sentence_bert_config.json", max_seq_length=max_length)
    settings = folder / "config_sentence_transformers.json"
    _change(settings, prompts={**_read(settings).get("prompts", {}), **prompts})


def write_identity(folder: Path) -> str:
    """Write the sha256 of every file of a served model as `sha256sum` prints them, and return the sha256 of that list.

    Weights, tokenizer and settings are in it: what a vector depends on. Call it before anything else is written.
    """
    hashes = hashes_below(folder, leaving_out=IDENTITY)
    content = "".join(f"{sha256}  {name}\n" for name, sha256 in sorted(hashes.items()) if not name.endswith(".md"))
    (folder / IDENTITY).write_text(content, encoding="utf-8")
    return hashlib.sha256(content.encode()).hexdigest()


def _pooling(folder: Path) -> dict[str, Any]:
    config = _read(folder / POOLING_FOLDER / "config.json")
    size = config.get("embedding_dimension", config.get("word_embedding_dimension"))
    mode = pooling_mode(folder)
    return {"word_embedding_dimension": size, **{key: name == mode for name, key in POOLING.items()}}


def _change(path: Path, **values: Any) -> None:
    _put(path, {**(_read(path) if path.is_file() else {}), **values})


def _read(path: Path) -> dict[str, Any]:
    value: dict[str, Any] = read_json(path)
    return value


def _put(path: Path, value: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
