"""The command line as tests use it, and a small suite in its own folder."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.cli import main

REPOSITORY = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Result:
    """How a command ended."""

    status: int
    out: str
    err: str

    @property
    def line(self) -> str:
        """The only line on stderr besides the stages that a run names; fails where there are several, or none."""
        lines = [line for line in self.err.splitlines() if not line.endswith(" …")]
        assert len(lines) == 1, f"expected one line: {self.err!r}"
        assert self.err.endswith("\n")
        return lines[0]


REQUEST = (
    *("run", "--suite", "mini", "--langs", "ko", "--methods", "base,bm25,mnrl,infonce-random"),
    *("--seeds", "0,1", "--max-train", "40", "--set", "train.epochs=1", "--device", "cpu"),
)


def request(*options: str | Path) -> tuple[str | Path, ...]:
    """Return REQUEST with these options; one that it has as well takes the place of its own."""
    given = {option for option in options if str(option).startswith("--")}
    own = [(flag, value) for flag, value in zip(REQUEST[1::2], REQUEST[2::2], strict=True) if flag not in given]
    return (REQUEST[0], *(word for pair in own for word in pair), *options)


@dataclass(frozen=True)
class Run:
    """A run that tests share: do not change its folder."""

    arguments: tuple[str, ...]
    folder: Path
    cache: Path
    results: tuple[Result, ...]

    @property
    def records(self) -> Path:
        return self.folder / "records"


def invoke(*arguments: str | Path) -> Result:
    """Run `harness ARGUMENTS` in this process."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = main.main([str(argument) for argument in arguments])
    return Result(status, out.getvalue(), err.getvalue())


def spawn(*arguments: str | Path, cwd: Path, **environment: str) -> Result:
    """Run `python ARGUMENTS` in a new process."""
    completed = subprocess.run(
        [sys.executable, *(str(argument) for argument in arguments)],
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    return Result(completed.returncode, completed.stdout, completed.stderr)


def snapshot(folder: Path) -> dict[str, tuple[int, str]]:
    """Return file → modification time and sha256, for all files below a folder."""
    return {
        path.relative_to(folder).as_posix(): (path.stat().st_mtime_ns, hashlib.sha256(path.read_bytes()).hexdigest())
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def read_json(path: Path) -> Any:
    """Return the JSON value of a file."""
    return json.loads(path.read_text(encoding="utf-8"))


def write_plugin(folder: Path, name: str, code: str) -> None:
    """Write a plugin and an entry of the same name."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.py").write_text(code, encoding="utf-8")
    entry = f'[{name}]\ntitle = "{name}"\nabout = "a test\'s"\nmethod = "{name}"\n'
    (folder / f"{name}.toml").write_text(entry, encoding="utf-8")


DATA = {
    "corpus.jsonl": b'{"_id": "d1", "title": "Tea", "text": "Tea is made from leaves."}\n'
    b'{"_id": "d2", "title": "Coffee", "text": "Coffee is made from beans."}\n'
    b'{"_id": "d3", "title": "Rice", "text": "Rice is a grain."}\n',
    "queries.jsonl": b'{"_id": "q1", "text": "which drink is made from leaves"}\n'
    b'{"_id": "q2", "text": "which drink is made from beans"}\n'
    b'{"_id": "q3", "text": "which food is a grain"}\n',
    "train.tsv": b"query-id\tcorpus-id\tscore\nq1\td1\t1\nq2\td2\t1\n",
    "dev.tsv": b"query-id\tcorpus-id\tscore\nq3\td3\t1\n",
}

MANIFEST = """
name = "tiny"
title = "Three passages"
description = "Three passages"
licence = "CC0-1.0"
[text]
title_join = " "
query_max_length = 16
passage_max_length = 16
[base_model]
vocab_size = 64
hidden_size = 16
intermediate_size = 32
layers = 1
attention_heads = 2
initialisation_seed = 0
[evaluation]
measures = ["nDCG@10"]
primary = "nDCG@10"
depth = 10
encode_batch_size = 4
[mining]
depth = 1
[training.ranking]
epochs = 1
batch_size = 2
learning_rate = 1e-3
warmup = 0.0
[languages.en.counts]
passages = 3
train_queries = 2
dev_queries = 1
[languages.en.retrieval]
reader = "beir"
licence = "CC0-1.0"
citation = "none"
files = [
"""


def tiny_suite(folder: Path, changes: Mapping[str, bytes] | None = None) -> Path:
    """Write a suite of three passages with some files changed, its data beside it, and return its manifest."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for name, content in {**DATA, **(changes or {})}.items():
        (folder / name).write_bytes(content)
        sha256 = hashlib.sha256(content).hexdigest()
        rows.append(f'{{ path = "{name}", sha256 = "{sha256}", bytes = {len(content)} }},\n')
    manifest = folder / "tiny.toml"
    manifest.write_text(f"{MANIFEST}{''.join(rows)}]\n", encoding="utf-8")
    return manifest


def large_suite(folder: Path, passages: int) -> Path:
    """Write the suite of `tiny_suite` with further passages, so many that they are encoded in several blocks."""
    rows = (
        json.dumps({"_id": f"p{i:06}", "title": "", "text": f"Number {i} of {i % 97} leaves" + " and beans" * (i % 5)})
        for i in range(passages - 3)
    )
    corpus = DATA["corpus.jsonl"] + "".join(f"{row}\n" for row in rows).encode()
    manifest = tiny_suite(folder, {"corpus.jsonl": corpus})
    text = manifest.read_text(encoding="utf-8").replace("passages = 3", f"passages = {passages}")
    manifest.write_text(text.replace("encode_batch_size = 4", "encode_batch_size = 256"), encoding="utf-8")
    return manifest
