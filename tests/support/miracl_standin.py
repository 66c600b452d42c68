"""Small files in MIRACL's format: a catalogue like ir_datasets', of files with made-up rows and their md5."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from harness.data import ir_datasets_files

TRAIN_TOPICS = "q1\twhich drink is made from leaves\nq2\twhich drink is made from beans\n7#0\twhich food is a grain\n"
TRAIN_QRELS = "q1 Q0 1#0 1\nq1 Q0 2#0 0\nq2\tQ0\t2#0\t1\n7#0\tQ0\t3#0\t1\n"
DEV_TOPICS = "4#0\twhat grows in wet fields\n5\twhich  food is a grain\n"  # 5 has the text of 7#0 in train
DEV_QRELS = "4#0\tQ0\t4#0\t1\n4#0\tQ0\t3#0\t0\n5\tQ0\t3#0\t1\n"  # query 4#0 judges the document 4#0
DOCS = [
    {"docid": "1#0", "title": "Tea", "text": "Tea is made from leaves."},
    {"docid": "2#0", "title": "Coffee", "text": "Coffee is made from beans."},
    {"docid": "3#0", "title": "Grain", "text": "Rice is a grain."},
    {"docid": "4#0", "title": "", "text": "Rice grows in wet fields."},
    {"docid": "9#0", "title": "Bread", "text": ""},
]
COUNTS = {
    "passages": 5,
    "train_queries": 3,
    "train_judgments": 4,
    "train_positives": 3,
    "dev_queries": 2,
    "dev_judgments": 3,
    "dev_positives": 2,
}


def zipped(docs: Sequence[Mapping[str, Any]]) -> bytes:
    return gzip.compress("".join(json.dumps(row) + "\n" for row in docs).encode(), mtime=0)


def contents() -> dict[str, bytes]:
    """Return name in the catalogue → content."""
    return {
        "v1.0/xx/train/topics": TRAIN_TOPICS.encode(),
        "v1.0/xx/train/qrels": TRAIN_QRELS.encode(),
        "v1.0/xx/dev/topics": DEV_TOPICS.encode(),
        "v1.0/xx/dev/qrels": DEV_QRELS.encode(),
        "v1.0/xx/corpus/0": zipped(DOCS[:3]),
        "v1.0/xx/corpus/1": zipped(DOCS[3:]),
    }


def location(home: Path, name: str) -> Path:
    """Return the path of the file with that name in the catalogue."""
    return home / "tiny" / _cached(name)


def _cached(name: str) -> str:
    return f"{name.replace('corpus/', 'docs/docs-')}.{'jsonl.gz' if 'corpus' in name else 'tsv'}"


def catalogue(url: str) -> dict[str, dict[str, Any]]:
    return {
        name: {
            "url": url or f"http://127.0.0.1:9/tiny-v1.0-xx/{Path(_cached(name)).name}",
            "expected_md5": hashlib.md5(content).hexdigest(),
            "size_hint": len(content),
            "cache_path": _cached(name),
        }
        for name, content in contents().items()
    }


def use(home: Path, patch: pytest.MonkeyPatch, url: str = "") -> Path:
    """Make `home` ir_datasets' home, and tiny/xx a collection of its catalogue; return `home`."""
    patch.setenv("IR_DATASETS_HOME", str(home))
    patch.setattr(ir_datasets_files, "_catalogue", lambda name: catalogue(url) if name == "tiny" else {})
    return home


def fill(home: Path) -> list[Path]:
    """Write the files into ir_datasets' home and return their paths, in the order that a reader expects."""
    paths = []
    for name, content in contents().items():
        path = location(home, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        paths.append(path)
    return paths
