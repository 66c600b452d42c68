"""Whatever a file of others holds, its reader ends with a value or with one line of the harness.

The profile `long` (HYPOTHESIS_PROFILE=long) tries a hundred times as many documents.
"""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.commands import DATA, REPOSITORY
from support.hostile_values import as_json, as_toml, changed

from harness.data import published_rows_file, train_file
from harness.data.model_declaration import card_name, declared_length, read_declaration
from harness.data.readers import beir, belebele, miracl, nli_files, squad
from harness.data.row_streams import rows
from harness.errors import HarnessError
from harness.evidence.claims import claims_file
from harness.evidence.contrasts import published
from harness.machine.bundled import manifests
from harness.report.current_report import current_table
from harness.report.report_settings import read_report_settings
from harness.request import entries, suite
from harness.request.manifest import LocalBase
from harness.results import record
from harness.results.per_query import Reader
from harness.results.run_file import read_run_file
from harness.vectors.model_kind import check_kind
from harness.writers import query_file
from harness.writers.endpoint_access import Access
from harness.writers.endpoint_client import Server

EXAMPLES = 2000 if os.environ.get("HYPOTHESIS_PROFILE") == "long" else 20
FUZZ = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=EXAMPLES == 20,
    database=None,
    suppress_health_check=list(HealthCheck),
)
MINI = REPOSITORY / "results" / "mini"
RECORD = next((MINI / "records").rglob("*.json"))
Read = Callable[[Path], object]


def ends_well(read: Read, path: Path) -> None:
    """Fail for any exception but one line of the harness."""
    message = ""
    try:
        read(path)
    except HarnessError as error:
        message = str(error)
    assert "\n" not in message


def loaded(path: Path) -> Any:
    return json.loads(path.read_bytes())


def report(path: Path) -> object:
    return current_table(path.parent, dict)


TRAIN_ROW = {
    "query": "q",
    "pos": ["a"],
    "neg": ["b"],
    "neg_q": ["c"],
    "pos_scores": [1.0],
    "neg_scores": [0],
    "id": "1",
}
ARTICLE = {
    "title": "Bread",
    "paragraphs": [
        {"context": "Tea.", "qas": [{"id": "1", "question": "q", "answers": [{"text": "Tea", "answer_start": 0}]}]}
    ],
}
KLUE = {"premise": "a", "hypothesis": "b", "gold_label": "entailment"}
ROUTER = {"structure": {"query": ["a"], "document": ["b"]}, "parameters": {"route_mappings": {"query": "query"}}}
NETWORK = {"architectures": ["BertModel"], "auto_map": {"AutoModel": "x.Y"}, "max_position_embeddings": 512}
MODULES = [{"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"}]
DECLARED = {"model_type": "SentenceTransformer", "prompts": {"query": "q: "}, "similarity_fn_name": "cosine"}

DOCUMENTS: dict[str, tuple[str, Any, Read]] = {
    "record": ("0.json", loaded(RECORD), record.read),
    "run.json": ("run.json", loaded(MINI / "run.json"), lambda path: read_run_file(path.parent)),
    "report.json": ("report.json", loaded(MINI / "report.json"), lambda path: read_report_settings(path.parent)),
    "leaderboard.json": ("leaderboard.json", {"complete": True}, report),
    "squad": ("squad.json", {"data": [ARTICLE]}, lambda path: squad.read([path])),
    "squad in sentences": ("squad.json", {"data": [ARTICLE]}, lambda path: squad.read_sentences([path])),
    "klue": ("klue.json", [KLUE], lambda path: nli_files.read_klue([path])),
    "modules": (
        "modules.json",
        MODULES,
        lambda path: (check_kind(path.parent, "m"), declared_length(path.parent, "query")),
    ),
    "network": ("config.json", NETWORK, lambda path: check_kind(path.parent, "m")),
    "router": ("router_config.json", ROUTER, lambda path: declared_length(path.parent, "query")),
    "length": ("sentence_bert_config.json", {"max_seq_length": 9}, lambda path: declared_length(path.parent, "query")),
    "declaration": (
        "config_sentence_transformers.json",
        DECLARED,
        lambda path: (read_declaration(path, "m"), check_kind(path.parent, "m")),
    ),
}

ROWS: dict[str, tuple[Any, Read]] = {
    "train file": (TRAIN_ROW, train_file.read),
    "published rows": (TRAIN_ROW, lambda path: published_rows_file.read(path, frozenset())),
    "written queries": ({"doc_id": "d", "queries": ["q"], "language": "ko"}, query_file.read),
    "nli": ({"premise": "a", "entailment": "b", "contradiction": "c"}, lambda path: nli_files.read_jsonl([path])),
    "corpus": ({"_id": "1", "title": "t", "text": "x"}, lambda path: beir.read([path, *beir_files(path.parent)])),
    "streamed corpus": ({"docid": "1", "title": "t", "text": "x"}, lambda path: list(rows(path, "docid", "text"))),
    "belebele": (
        {"link": "l", "question_number": 1, "flores_passage": "p", "question": "q"},
        lambda path: belebele.read([path]),
    ),
}

TABLES: dict[str, tuple[Path, Read]] = {
    "manifest": (manifests() / "wikiqa.toml", suite.parse),
    "claims": (REPOSITORY / "results" / "claims.toml", claims_file.load),
    "contrasts": (REPOSITORY / "results" / "contrasts.toml", lambda path: list(published._of_file(path, []))),
    "entries": (REPOSITORY / "methods" / "clpl.toml", lambda path: entries.declared(path.parent)),
}


def beir_files(folder: Path) -> Sequence[Path]:
    for name in ("queries.jsonl", "dev.tsv"):
        (folder / name).write_bytes(DATA[name])
    return [folder / "queries.jsonl", folder / "dev.tsv"]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("foreign")


@pytest.mark.parametrize("kind", DOCUMENTS)
@FUZZ
@given(data=st.data())
def test_a_json_document(place: Path, kind: str, data: st.DataObject) -> None:
    name, valid, read = DOCUMENTS[kind]
    path = place / kind / name
    path.parent.mkdir(exist_ok=True)
    if kind in ("declaration", "network"):
        (path.parent / "modules.json").write_bytes(as_json(MODULES))
    path.write_bytes(as_json(data.draw(changed(valid))))
    ends_well(read, path)


@pytest.mark.parametrize("kind", ROWS)
@FUZZ
@given(data=st.data())
def test_json_lines(place: Path, kind: str, data: st.DataObject) -> None:
    valid, read = ROWS[kind]
    path = place / "corpus.jsonl"
    path.write_bytes(as_json(valid) + b"\n" + as_json(data.draw(changed(valid))) + b"\n")
    ends_well(read, path)


@pytest.mark.parametrize("kind", TABLES)
@FUZZ
@given(data=st.data())
def test_toml(place: Path, kind: str, data: st.DataObject) -> None:
    source, read = TABLES[kind]
    path = place / f"own-{kind}" / "own.toml"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(as_toml(data.draw(changed(tomllib.loads(source.read_text(encoding="utf-8")), toml=True))))
    ends_well(read, path)


def damaged(content: bytes) -> st.SearchStrategy[bytes]:
    """Return a strategy of the content with some bytes replaced, or cut off."""
    edits = st.lists(st.tuples(st.integers(0, len(content) - 1), st.binary(min_size=1, max_size=4)), max_size=4)
    return st.builds(_damaged, st.just(content), edits, st.integers(0, len(content)))


def _damaged(content: bytes, edits: list[tuple[int, bytes]], end: int) -> bytes:
    edited = bytearray(content)
    for position, new in edits:
        edited[position : position + len(new)] = new
    return bytes(edited[:end]) if end % 4 == 0 else bytes(edited)


@pytest.mark.parametrize("suffix", [record.PER_QUERY, record.RUN])
@FUZZ
@given(data=st.data())
def test_a_damaged_file_beside_a_record(place: Path, suffix: str, data: st.DataObject) -> None:
    scores = {"AP": {f"q{i}": i / 9 for i in range(9)}}
    ranking = {query: [("d1", 2.0), ("d2", 1.0)] for query in scores["AP"]}
    content = record.per_query_bytes(scores) if suffix == record.PER_QUERY else record.run_bytes(ranking, "x")
    path = place / f"0.{suffix}"
    path.write_bytes(data.draw(damaged(content)))
    if suffix == record.RUN:
        ends_well(record.read_run, path)
    else:
        ends_well(lambda path: Reader(place)._parsed(path.read_bytes(), path), path)


@FUZZ
@given(data=st.data())
def test_a_damaged_file_of_miracl(place: Path, data: st.DataObject) -> None:
    contents = {
        "topics.tsv": b"1\tq\n2\tr\n",
        "qrels.tsv": b"1 Q0 d1 1\n2 Q0 d2 0\n",
        "docs.jsonl": b'{"docid": "d1", "text": "x"}\n',
    }
    for name, content in contents.items():
        (place / name).write_bytes(data.draw(damaged(content)))
    topics, qrels, docs = (place / name for name in contents)
    ends_well(lambda _: dict(miracl.read([topics, qrels, topics, qrels, docs]).passages.items()), topics)


@FUZZ
@given(content=st.binary(max_size=60))
def test_a_model_card(place: Path, content: bytes) -> None:
    (place / "README.md").write_bytes(b"---\nmodel_name: a\n" + content + b"\n---\n")
    ends_well(lambda path: card_name(LocalBase(path=path.parent, sha256="0" * 64)), place / "README.md")


@FUZZ
@given(answer=changed({"choices": [{"message": {"content": "1. a?"}, "finish_reason": "stop"}], "model": "m"}))
def test_an_answer_of_an_endpoint(answer: Any) -> None:
    from harness.request.manifest import Writer

    writer = Writer(kind="endpoint", model="m", prompt="{passage}")
    server = Server(Access("http://127.0.0.1:9/v1", "a key", 1, 1.0, 0), None, writer)  # type: ignore[arg-type]
    message = ""
    try:
        server._reply(as_json(answer))
    except ValueError as error:
        message = str(error)
    assert "\n" not in message
