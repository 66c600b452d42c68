"""Every reader of files of others, with a valid file of each and a fuzzer: what comes out is a value or one line.

python fuzzed_readers.py READER COUNT FOLDER [FIRST] — prints how many inputs were read, and what came out besides.
"""

from __future__ import annotations

import gzip
import io
import json
import random
import sys
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from support.commands import DATA, REPOSITORY
from support.hostile_values import as_json, as_toml
from support.mutations import damaged, json_mutant, row_mutant, toml_mutant

from harness.data import published_rows_file, qrels_files, train_file
from harness.data.model_declaration import card_name, declared_length, read_declaration
from harness.data.readers import (
    beir,
    belebele,
    miracl,
    mteb_tables,
    nli_files,
    quality_files,
    sentence_pairs,
    squad,
    xor_retrieve,
)
from harness.data.row_streams import rows
from harness.errors import HarnessError
from harness.evidence.claims import claims_file
from harness.evidence.contrasts import published
from harness.export import trec_files
from harness.machine import in_use, locks
from harness.machine.bundled import manifests
from harness.machine.locks import this_process
from harness.report.current_report import current_table
from harness.report.file_differences import different_number, first_difference
from harness.report.queries import stored_runs
from harness.report.report_settings import read_report_settings
from harness.request import entries, overrides, suite
from harness.request.manifest import LocalBase, Writer
from harness.results import checksums, ranking_file, record
from harness.results.per_query import Reader
from harness.results.run_file import read_run_file
from harness.stages import merged_base, model_size
from harness.vectors.model_kind import check_kind
from harness.writers import query_file
from harness.writers.endpoint_access import Access
from harness.writers.endpoint_client import Server

MINI = REPOSITORY / "results" / "mini"


@dataclass(frozen=True)
class Fuzz:
    """A valid content, and draws of it."""

    valid: bytes
    mutant: Callable[[random.Random], bytes]


@dataclass(frozen=True)
class Target:
    """A reader: the module that reads, the file that it is given, valid files beside it, and draws of that file."""

    module: str
    name: str
    fuzz: Fuzz
    read: Callable[[Path], object]
    beside: Mapping[str, bytes] = field(default_factory=dict)
    own: tuple[type[Exception], ...] = ()  # errors that its only caller turns into a line


def inputs(name: str, count: int, first: int = 0) -> Iterator[bytes]:
    """Yield inputs of a reader, from the one of that number on, the same in each process."""
    for i in range(first, first + count):
        yield TARGETS[name].fuzz.mutant(random.Random(f"{name}/{i}"))


def placed(name: str, folder: Path) -> Path:
    """Write the valid files of a reader and return the path of the one that is fuzzed."""
    target = TARGETS[name]
    for file, content in {**target.beside, target.name: target.fuzz.valid}.items():
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_bytes(content)
    return folder / target.name


def faults(name: str, count: int, folder: Path, first: int = 0) -> Iterator[str]:
    """Read inputs of a reader, from that number on, and yield what came out besides values and errors of one line."""
    target, path = TARGETS[name], placed(name, folder)
    for i, content in enumerate(inputs(name, count, first), first):
        path.write_bytes(content)
        try:
            target.read(path)
        except (HarnessError, *target.own) as error:
            if "\n" in str(error):
                yield f"input {i}: several lines: {str(error)[:200]!r}"
        except BaseException as error:
            yield f"input {i}: {type(error).__name__}: {str(error)[:200]!r}"


def of_json(document: Any) -> Fuzz:
    return Fuzz(as_json(document), lambda draw: json_mutant(draw, document))


def of_rows(row: Any) -> Fuzz:
    return Fuzz(as_json(row) + b"\n", lambda draw: row_mutant(draw, row))


def packed(content: bytes) -> bytes:
    return gzip.compress(content, mtime=0)


def of_json_lines(first: Any, second: Any) -> Fuzz:
    """Return draws of a file of two lines, the second as it is."""
    last = as_json(second) + b"\n"
    return Fuzz(as_json(first) + b"\n" + last, lambda draw: row_mutant(draw, first).rstrip(b"\n") + b"\n" + last)


def of_toml(path: Path, prefix: str = "") -> Fuzz:
    """Return draws of a document, with a prefix before the names of its tables."""
    tables = tomllib.loads(path.read_text(encoding="utf-8"))
    document = {f"{prefix}{name}": table for name, table in tables.items()}
    return Fuzz(as_toml(document), lambda draw: toml_mutant(draw, document))


def of_bytes(content: bytes, pack: Callable[[bytes], bytes] | None = None) -> Fuzz:
    """Return draws of damaged content; where it is packed, of damaged content that is packed, and of a damaged pack."""

    def mutant(draw: random.Random) -> bytes:
        if pack is None:
            return damaged(draw, content)
        return pack(damaged(draw, content)) if draw.random() < 0.7 else damaged(draw, pack(content))

    return Fuzz(content if pack is None else pack(content), mutant)


def of_text(text: str) -> Fuzz:
    return of_bytes(text.encode())


def loaded(path: Path) -> Any:
    return json.loads(path.read_bytes())


def parquet(**columns: list[Any]) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(pa.table(columns), buffer)
    return buffer.getvalue()


SCORES = {"AP": {f"q{i}": i / 9 for i in range(9)}, "nDCG@10": {f"q{i}": i / 10 for i in range(9)}}
RANKING = {query: [("d1", 2.0), ("d2", 1.0), ("d3", 0.5)] for query in SCORES["AP"]}
RUN = gzip.decompress(record.run_bytes(RANKING, "x"))
RECORD = loaded(next((MINI / "records").rglob("*.json")))
TRAIN_ROW = {
    **{"query": "q", "pos": ["a"], "neg": ["b"], "neg_q": ["c"]},
    **{"pos_scores": [1.0], "neg_scores": [0], "id": "1"},
}
ANSWER = {"text": "Tea", "answer_start": 0}
TITLES = ("Bread", "Tea", "Rice", "Milk", "Salt")  # some of them are for training, others for evaluation
ARTICLES = [
    {
        "title": title,
        "paragraphs": [{"context": "Tea.", "qas": [{"id": title, "question": f"q {title}", "answers": [ANSWER]}]}],
    }
    for title in TITLES
]
KLUE = [{"premise": "a", "hypothesis": label, "gold_label": label} for label in ("entailment", "contradiction")]
ROUTER = {"structure": {"query": ["a"], "document": ["b"]}, "parameters": {"route_mappings": {"query": "query"}}}
NETWORK: dict[str, Any] = {"architectures": ["BertModel"], "max_position_embeddings": 512}
NETWORK |= {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
MODULES = [{"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"}]
MODULES_FILE = {"modules.json": json.dumps(MODULES).encode()}
DECLARED = {"model_type": "SentenceTransformer", "prompts": {"query": "q: "}, "similarity_fn_name": "cosine"}
TENSORS = {"__metadata__": {"format": "pt"}, "w": {"dtype": "F32", "shape": [4, 4], "data_offsets": [0, 64]}}
ADAPTER = {"base_model_name_or_path": "BAAI/bge-m3", "revision": "5" * 40, "peft_type": "LORA"}
PAIR = {"sentence1": "a", "sentence2": "b"}
KLUE_STS = [{**PAIR, "labels": {"label": score}} for score in (0.0, 3.5)]
QUESTION = {"id": "q", "question": "what", "lang": "ko", "answers": ["tea", "yes"]}
PSGS = b'id\ttext\ttitle\n1\t"the ""tea"" of"\ttea\n2\trice\trice\n'
HEAD = b"query-id\tcorpus-id\tscore\n"
QUERIES, CORPUS, DEV = (DATA[name] for name in ("queries.jsonl", "corpus.jsonl", "dev.tsv"))
CARD = b"---\nmodel_name: a\nlicense: mit\ntags: [x, y]\nmodel-index:\n- name: b\n  results: []\n---\n# A\n"
TOPICS, QRELS = b"1\tq\n2\tr\n", b"1 Q0 d1 1\n2 Q0 d2 0\n"
DOCS = b'{"docid": "d1", "title": "t", "text": "x"}\n{"docid": "d2", "title": "t", "text": "y"}\n'
CSV = "suite,entry,language,measure,mean\nfake,base,ko,nDCG@10,0.5\nfake,mnrl,ko,nDCG@10,0.25\n"


def tensors(header: bytes) -> bytes:
    return len(header).to_bytes(8, "little") + header + bytes(64)


def of_tensors() -> Fuzz:
    valid = tensors(as_json(TENSORS))

    def mutant(draw: random.Random) -> bytes:
        return tensors(json_mutant(draw, TENSORS)) if draw.random() < 0.7 else damaged(draw, valid)

    return Fuzz(valid, mutant)


def record_named(path: Path, suffix: str) -> record.Record:
    """Return a record whose file beside it is at `path`, with its sha256."""
    fields = {"suite": "s", "entry": "e", "language": "ko", "seed": 0, "trained": True, "status": "done"}
    return record.Record(**fields, cell_key="0", files={suffix: checksums.plain_files.sha256(path.parent, path.name)})


BELOW = "records/e/ko/0"


def top_of(path: Path) -> Path:
    return path.parents[3]


def stored_run(path: Path) -> object:
    named = record_named(path, record.RUN)
    return stored_runs._read_run(top_of(path), named, {"q1": {"d1": 1}})


def exported(path: Path) -> object:
    @dataclass
    class Results:
        path: Path

    @dataclass
    class Run:
        results: Results

    return trec_files._ranking(Run(Results(top_of(path))), record_named(path, record.RUN))  # type: ignore[arg-type]


def differing(path: Path) -> object:
    text = path.read_bytes().decode(errors="backslashreplace")
    valid = CSV if path.suffix == ".csv" else '{"rows": [{"mean": 0.5}]}'
    return first_difference(path.name, text, valid), different_number(path.name, text, valid)


def replied(path: Path) -> object:
    access = Access("http://127.0.0.1:9/v1", "a key", 1, 1.0, 0)
    server = Server(access, None, Writer(kind="endpoint", model="m", prompt="{passage}"))  # type: ignore[arg-type]
    return server._reply(path.read_bytes())


def beir_read(path: Path) -> object:
    names = ("corpus.jsonl", "queries.jsonl", "dev.tsv")
    return beir.read([path.parent / name for name in names])


def xor_read(path: Path) -> object:
    raw = xor_retrieve.read([path.parent / name for name in ("q.jsonl", "psgs.tsv")], "ko")
    return dict(raw.passages.items())


def miracl_read(path: Path) -> object:
    files = [path.parent / name for name in ("train.tsv", "train-qrels.tsv", *MIRACL)]
    return dict(miracl.read(files).passages.items())


def tables_read(path: Path) -> object:
    parts = ("corpus", "queries", "qrels")
    data = mteb_tables.read([path.parents[1] / part / "a.parquet" for part in parts])
    return dict(data.passages.items())


MTEB = {
    "corpus/a.parquet": parquet(_id=["d1", "d2"], title=["t", "u"], text=["x", "y"]),
    "queries/a.parquet": parquet(_id=["q1"], text=["q"]),
    "qrels/a.parquet": parquet(**{"query-id": ["q1"], "corpus-id": ["d1"], "score": [1]}),
}
BEIR = {"corpus.jsonl": CORPUS, "queries.jsonl": QUERIES, "dev.tsv": DEV}
MIRACL_TRAIN = {"train.tsv": b"3\tq\n", "train-qrels.tsv": b"3 Q0 d1 1\n3 Q0 d2 0\n"}
MIRACL = {"topics.tsv": TOPICS, "qrels.tsv": QRELS, "docs.jsonl": DOCS}


def beir_rows(name: str) -> Fuzz:
    return of_rows({"_id": "1", "title": "t", "text": "x"} if name == "corpus.jsonl" else {"_id": "q3", "text": "x"})


RESULTS: Mapping[str, Target] = {
    "record": Target("results.record", "0.json", of_json(RECORD), record.read),
    "ranking": Target("results.ranking_file", "0.run.gz", of_bytes(RUN, gzip.compress), ranking_file.read_run),
    "scores": Target(
        "results.per_query",
        "0.per_query.parquet",
        of_bytes(record.per_query_bytes(SCORES)),
        lambda path: Reader(path.parent)._parsed(path.read_bytes(), path),
    ),
    "run.json": Target(
        "results.run_file", "run.json", of_json(loaded(MINI / "run.json")), lambda path: read_run_file(path.parent)
    ),
    "SHA256SUMS": Target(
        "results.checksums",
        "SHA256SUMS",
        of_bytes((MINI / "SHA256SUMS").read_bytes()[:4000]),
        lambda path: (checksums.differences(path.parent), checksums.lists(path.parent, "run.json")),
    ),
    "report.json": Target(
        "report.report_settings",
        "report.json",
        of_json(loaded(MINI / "report.json")),
        lambda path: read_report_settings(path.parent),
    ),
    "leaderboard.json": Target(
        "report.current_report",
        "leaderboard.json",
        of_json({"complete": True, "rows": [{"entry": "a", "mean": 0.5}]}),
        lambda path: current_table(path.parent, dict),
    ),
    "ranking of a page": Target(
        "report.queries.stored_runs", f"{BELOW}.run.gz", of_bytes(RUN, gzip.compress), stored_run
    ),
    "ranking exported": Target("export.trec_files", f"{BELOW}.run.gz", of_bytes(RUN, gzip.compress), exported),
    "table of another report": Target("report.file_differences", "leaderboard.csv", of_text(CSV), differing),
    "document of another report": Target(
        "report.file_differences", "leaderboard.json", of_json({"rows": [{"mean": 0.5}]}), differing
    ),
}

MODELS: Mapping[str, Target] = {
    "modules": Target(
        "vectors.model_kind",
        "modules.json",
        of_json(MODULES),
        lambda path: (check_kind(path.parent, "m"), declared_length(path.parent, "query")),
    ),
    "network": Target(
        "vectors.model_kind",
        "config.json",
        of_json(NETWORK),
        lambda path: check_kind(path.parent, "m"),
        {**MODULES_FILE, "model.safetensors": tensors(json.dumps(TENSORS).encode())},
    ),
    "router": Target(
        "data.model_declaration",
        "router_config.json",
        of_json(ROUTER),
        lambda path: declared_length(path.parent, "query"),
    ),
    "length": Target(
        "data.model_declaration",
        "sentence_bert_config.json",
        of_json({"max_seq_length": 9}),
        lambda path: declared_length(path.parent, "query"),
    ),
    "declaration": Target(
        "data.model_declaration",
        "config_sentence_transformers.json",
        of_json(DECLARED),
        lambda path: (read_declaration(path, "m"), check_kind(path.parent, "m")),
        MODULES_FILE,
    ),
    "card": Target(
        "data.model_declaration",
        "README.md",
        of_bytes(CARD),
        lambda path: card_name(LocalBase(path=path.parent, sha256="0" * 64)),
    ),
    "size of tensors": Target(
        "stages.model_size",
        "model.safetensors",
        of_tensors(),
        lambda path: model_size._of_folder(path.parent),
        {"config.json": json.dumps(NETWORK).encode(), **MODULES_FILE},
    ),
    "size of a network": Target(
        "stages.model_size",
        "config.json",
        of_json(NETWORK),
        lambda path: model_size._of_folder(path.parent),
        {"model.safetensors": tensors(json.dumps(TENSORS).encode()), **MODULES_FILE},
    ),
    "adapter": Target(
        "stages.merged_base",
        "adapter_config.json",
        of_json(ADAPTER),
        lambda path: merged_base.adapted_name(path.parent),
    ),
    "answer of an endpoint": Target(
        "writers.endpoint_client",
        "answer",
        of_json({"choices": [{"message": {"content": "1. a?"}, "finish_reason": "stop"}], "model": "m"}),
        replied,
        own=(ValueError,),
    ),
}

DATA_FILES: Mapping[str, Target] = {
    "train file": Target("data.train_file", "t.jsonl", of_rows(TRAIN_ROW), train_file.read),
    "published rows": Target(
        "data.published_rows_file",
        "t.jsonl",
        of_rows(TRAIN_ROW),
        lambda path: published_rows_file.read(path, frozenset()),
    ),
    "written queries": Target(
        "writers.query_file",
        "q.jsonl",
        of_rows({"doc_id": "d", "queries": ["q"], "language": "ko"}),
        query_file.read,
    ),
    "squad": Target("data.readers.squad", "s.json", of_json({"data": ARTICLES}), lambda path: squad.read([path])),
    "squad in sentences": Target(
        "data.readers.squad", "s.json", of_json({"data": ARTICLES}), lambda path: squad.read_sentences([path])
    ),
    "klue": Target(
        "data.readers.nli_files",
        "k.json",
        of_json(KLUE),
        lambda path: nli_files.read_klue([path]),
    ),
    "klue sts": Target(
        "data.readers.sentence_pairs",
        "k.json",
        of_json(KLUE_STS),
        lambda path: sentence_pairs.read_klue_sts([path]),
    ),
    "scored pairs": Target(
        "data.readers.sentence_pairs",
        "p.jsonl",
        of_json_lines({**PAIR, "score": 1.5}, {**PAIR, "score": 0}),
        lambda path: sentence_pairs.read_scored([path]),
    ),
    "labelled pairs": Target(
        "data.readers.sentence_pairs",
        "p.jsonl",
        of_json_lines({**PAIR, "label": 1}, {**PAIR, "label": 0}),
        lambda path: sentence_pairs.read_labelled([path]),
    ),
    "xor questions": Target("data.readers.xor_retrieve", "q.jsonl", of_rows(QUESTION), xor_read, {"psgs.tsv": PSGS}),
    **{
        f"dpr passages{suffix}": Target(
            "data.readers.xor_retrieve", "psgs.tsv", fuzz, xor_read, {"q.jsonl": as_json(QUESTION)}
        )
        for suffix, fuzz in (("", of_bytes(PSGS)), (" packed", of_bytes(PSGS, packed)))
    },
    "nli": Target(
        "data.text_files",
        "n.jsonl",
        of_rows({"premise": "a", "entailment": "b", "contradiction": "c"}),
        lambda path: nli_files.read_jsonl([path]),
    ),
    "farstail": Target(
        "data.text_files",
        "f.csv",
        of_text("premise\thypothesis\tlabel\na\tb\te\na\tc\tc\na\td\tn\n"),
        lambda path: nli_files.read_farstail([path]),
    ),
    "scores of comet": Target(
        "data.readers.quality_files",
        "c.json",
        of_json({"mt.txt": [{"src": "a", "mt": "b", "COMET": 0.5}, {"src": "c", "mt": "d", "COMET": -0.1}]}),
        lambda path: quality_files.read_comet([path]),
    ),
    "scores in a table": Target(
        "data.readers.quality_files",
        "c.tsv",
        of_text("id\tscore\na\t0.5\nb\t1e-3\n"),
        lambda path: quality_files.read_table([path]),
    ),
    "scores in lines": Target(
        "data.readers.quality_files", "c.txt", of_text("0.5\n-1\n"), lambda path: quality_files.read_lines([path])
    ),
    "hub table": Target(
        "data.row_streams",
        "h.parquet",
        of_bytes(parquet(premise=["a", "a"], hypothesis=["b", "c"], label=[0, 2])),
        lambda path: nli_files.read_hub([path]),
    ),
    "belebele": Target(
        "data.readers.belebele",
        "b.jsonl",
        of_rows({"link": "l", "question_number": 1, "flores_passage": "p", "question": "q"}),
        lambda path: belebele.read([path]),
    ),
    **{f"beir {name}": Target("data.readers.beir", name, beir_rows(name), beir_read, BEIR) for name in list(BEIR)[:2]},
    "beir dev.tsv": Target("data.text_files", "dev.tsv", of_bytes(DEV + b"q3\td1\t0\n"), beir_read, BEIR),
    **{
        f"miracl {name}": Target(
            "data.readers.miracl", name, of_bytes(content), miracl_read, {**MIRACL, **MIRACL_TRAIN}
        )
        for name, content in MIRACL.items()
    },
    **{
        f"mteb {name.partition('/')[0]}": Target("data.readers.mteb_tables", name, of_bytes(content), tables_read, MTEB)
        for name, content in MTEB.items()
    },
    "rows": Target(
        "data.row_streams",
        "r.jsonl",
        of_rows({"docid": "1", "title": "t", "text": "x"}),
        lambda path: list(rows(path, "docid", "text")),
    ),
    "rows of parquet": Target(
        "data.row_streams",
        "r.parquet",
        of_bytes(parquet(docid=["1", "2"], text=["x", "y"], more=[[1], [2, 3]])),
        lambda path: list(rows(path, "docid", "text")),
    ),
    "judgments in TREC's form": Target(
        "data.qrels_files", "q.qrels", of_bytes(QRELS), lambda path: list(qrels_files.judgments(path))
    ),
    "judgments in BEIR's form": Target(
        "data.qrels_files",
        "q.tsv",
        of_bytes(HEAD + b"q1\td1\t1\nq2\td2\t0\n"),
        lambda path: list(qrels_files.judgments(path)),
    ),
}

TABLES: Mapping[str, Target] = {
    "manifest": Target("request.suite", "own.toml", of_toml(manifests() / "wikiqa.toml"), suite.parse),
    "claims": Target(
        "evidence.claims.claims_file", "c.toml", of_toml(REPOSITORY / "results" / "claims.toml"), claims_file.load
    ),
    "contrasts": Target(
        "evidence.contrasts.published",
        "c.toml",
        of_toml(REPOSITORY / "results" / "contrasts.toml"),
        lambda path: list(published._of_file(path, claims_file.load())),
    ),
    "entries": Target(
        "request.entries",
        "own/own.toml",
        of_toml(REPOSITORY / "methods" / "clpl.toml", "own-"),
        lambda path: entries.declared(path.parent),
    ),
    "value of --set": Target(
        "request.overrides",
        "value",
        of_text("clpl.penalty_weight=0.5,1e-3"),
        lambda path: overrides.parse(path.read_bytes().decode(errors="surrogateescape")),
    ),
}

OF_CACHES: Mapping[str, Target] = {
    "holder of a lock": Target(
        "machine.locks",
        "key.holder",
        of_json({**this_process(), "making": "train key"}),
        lambda path: locks._waiting(path.parent, "key", "train key"),
    ),
    "user of an output": Target(
        "machine.in_use", "key.used-0f", of_json(this_process()), lambda path: in_use._mark_files(path.parent, "key")
    ),
}
TARGETS: Mapping[str, Target] = {**RESULTS, **MODELS, **DATA_FILES, **TABLES, **OF_CACHES}


if __name__ == "__main__":
    reader, number, place, start = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]), int((*sys.argv, "0")[4])
    for line in faults(reader, number, place, start):
        print(line, flush=True)
    print(f"{number} inputs")
