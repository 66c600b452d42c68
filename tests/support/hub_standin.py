"""A stand-in of the hub: its cache on disk, with made-up rows at the revisions that mteb names, and its server."""

from __future__ import annotations

import hashlib
import io
import json
import os
import random
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from harness.request.data_sources import Task

KLUE = "349481ec73fff722f88e0453ca05c77a447d967c"
XPQA = "fc4624be978945a0ceebbc4b85737258fe26330b"
STS = Task(name="KLUE-STS", revision=KLUE, split="validation")
NLI = Task(name="KLUE-NLI", revision=KLUE, split="validation")
RETRIEVAL = Task(name="XPQARetrieval", revision=XPQA, subset="kor-kor")
TASKS = (RETRIEVAL, STS, NLI)
WORDS = ["바다", "산", "강", "도시", "기차", "학교", "음악", "겨울", "빵", "나무", "하늘", "책"]


def use(home: Path, patch: pytest.MonkeyPatch) -> Path:
    """Make `home` the folder of the hub's cache and of `datasets`' cache in this process; return it."""
    import datasets.config
    import huggingface_hub.constants

    patch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(home / "hub"))
    patch.setattr(datasets.config, "HF_DATASETS_CACHE", home / "datasets")
    return home


def put(home: Path, repository: str, revision: str, files: Mapping[str, bytes]) -> Path:
    """Write a dataset as a download does: parquet blobs named by sha256, others by git's sha1; return its snapshot."""
    root = home / "hub" / f"datasets--{repository.replace('/', '--')}"
    for name, content in files.items():
        git = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
        blob = root / "blobs" / (hashlib.sha256(content).hexdigest() if name.endswith(".parquet") else git)
        blob.parent.mkdir(parents=True, exist_ok=True)
        blob.write_bytes(content)
        pointer = root / "snapshots" / revision / name
        pointer.parent.mkdir(parents=True, exist_ok=True)
        pointer.symlink_to(os.path.relpath(blob, pointer.parent))
    return root / "snapshots" / revision


def card(configurations: Mapping[str, str], split: str) -> bytes:
    """Return a dataset card whose header names one file pattern per configuration."""
    rows = [
        {"config_name": name, "data_files": [{"split": split, "path": pattern}]}
        for name, pattern in configurations.items()
    ]
    return f"---\nconfigs: {json.dumps(rows)}\n---\n# made up\n".encode()


def parquet(rows: Sequence[Mapping[str, Any]]) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(list(rows)), buffer)
    return buffer.getvalue()


def sentence(number: int) -> str:
    """Return four words, the same for the same number, drawn so that no encoder has an easy task."""
    return " ".join(random.Random(number).sample(WORDS, 4))


def klue() -> dict[str, bytes]:
    """Return rows of the two configurations of KLUE that the tasks read."""
    sts = [
        {"sentence1": sentence(i), "sentence2": sentence(i + 100), "labels": {"label": float(i % 6)}} for i in range(24)
    ]
    nli = [{"premise": sentence(i), "hypothesis": sentence(i + 100), "label": i % 3} for i in range(36)]
    return {
        "README.md": card({name: f"{name}/validation-*.parquet" for name in ("sts", "nli")}, "validation"),
        "sts/validation-00000-of-00001.parquet": parquet(sts),
        "nli/validation-00000-of-00001.parquet": parquet(nli),
    }


def xpqa() -> dict[str, bytes]:
    """Return forty passages and twenty queries of XPQA's Korean subset; the card also declares the Hindi one."""
    tables = {
        "corpus": [{"_id": f"d{i}", "title": WORDS[i % 12], "text": sentence(i)} for i in range(40)],
        "queries": [{"_id": f"q{i}", "text": sentence(100 + i)} for i in range(20)],
        "qrels": [{"query-id": f"q{i}", "corpus-id": f"d{2 * i}", "score": 1} for i in range(20)],
    }
    names = [f"{subset}-{table}" for subset in ("kor-kor", "hin-hin") for table in tables]
    return {
        "README.md": card({name: f"{name}/test-*.parquet" for name in names}, "test"),
        **{f"kor-kor-{name}/test-00000-of-00001.parquet": parquet(rows) for name, rows in tables.items()},
    }


def fill(home: Path) -> None:
    """Write the datasets of TASKS."""
    put(home, "klue/klue", KLUE, klue())
    put(home, "mteb/XPQARetrieval", XPQA, xpqa())


class HubServer(BaseHTTPRequestHandler):
    """The two routes of a hub that a snapshot at a revision needs; `sent` lists the files that were downloaded."""

    datasets: dict[str, dict[str, bytes]]
    sent: list[str]
    wait = 0.0  # seconds before a file is sent

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def _answer(self, *, body: bool) -> None:
        path = self.path.partition("?")[0]
        for repository, files in self.datasets.items():
            if path.startswith(f"/api/datasets/{repository}/tree/"):
                rows = [self._entry(name, content) for name, content in files.items()]
                return self._send(json.dumps(rows).encode(), {"Content-Type": "application/json"}, body)
            if path.startswith(f"/datasets/{repository}/resolve/"):
                revision, _, name = path.removeprefix(f"/datasets/{repository}/resolve/").partition("/")
                if name in files:
                    if body:
                        self.sent.append(name)
                        time.sleep(self.wait)
                    etag = self._entry(name, files[name])["oid"]
                    return self._send(files[name], {"ETag": f'"{etag}"', "X-Repo-Commit": revision}, body)
        self.send_response(404)
        self.send_header("Content-Length", "0")
        self.end_headers()
        return None

    def _send(self, content: bytes, headers: dict[str, str], body: bool) -> None:
        self.send_response(200)
        for name, value in {**headers, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        if body:
            self.wfile.write(content)

    @staticmethod
    def _entry(name: str, content: bytes) -> dict[str, object]:
        oid = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
        return {"type": "file", "oid": oid, "size": len(content), "path": name}

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing."""


@contextmanager
def serving() -> Iterator[str]:
    """Serve `HubServer.datasets` locally; yield the URL."""
    with ThreadingHTTPServer(("127.0.0.1", 0), HubServer) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()
