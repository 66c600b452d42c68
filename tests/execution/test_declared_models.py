"""A run on a model with prompts, dot product and pooling of its own: what it prints, records, shows and exports."""

from __future__ import annotations

import gzip
import json
import shlex
from pathlib import Path

import numpy as np
import pytest
from support.commands import Run, invoke
from support.tiny_models import PROMPTS, declare, make_kinds

from harness.keys import folder_sha256
from harness.report.escaping import markdown
from harness.request.request import Request
from harness.results import record
from harness.results.plain import clean_line
from harness.results.record import Record
from harness.results.rerun_commands import run_command
from harness.results.run_file import read_run_file

PASSAGE = "word1, word2: "
NAME = "tiny *model*, weights <b>restored</b> | x \x1b[31m"  # in the model card, as YAML
REQUEST = (
    *("run", "--methods", "base,mnrl", "--langs", "ko", "--seeds", "0", "--max-train", "16", "--device", "cpu"),
    *("--set", "train.epochs=1", "--set", f"text.passage_prompt={PASSAGE}", "--set", "text.prompts=model"),
    *("--set", "text.query_max_length=40", "--jobs", "1"),
)
WARNINGS = [
    f'the base model declares the prompt "{PROMPTS["document"]}" for passages, and "{PASSAGE}" is used, as suite or '
    "--set states; for the model's, leave text.passage_prompt out and add --set text.prompts=model",
    "the base model declares 32 tokens (max_seq_length), and suite mini cuts queries at 40, as it is run; for the "
    "model's length, add --set text.query_max_length=32",
]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import torch
    from sentence_transformers import SentenceTransformer

    folder = make_kinds(tmp_path_factory.mktemp("kinds"))["prompt-left-out"]
    opened = SentenceTransformer(str(folder), device="cpu")
    embeddings = opened[0].model.embeddings
    config = opened[0].model.config
    positions = torch.nn.Embedding(600, config.hidden_size, padding_idx=1)  # more than it declares to read
    torch.nn.init.normal_(positions.weight, std=0.02, generator=torch.Generator().manual_seed(0))
    embeddings.position_embeddings, config.max_position_embeddings = positions, 600
    embeddings.register_buffer("position_ids", torch.arange(600).expand((1, -1)), persistent=False)
    opened.save_pretrained(str(folder), create_model_card=False)
    (folder / "README.md").write_text(f"---\nmodel_name: {json.dumps(NAME)}\n---\n", encoding="utf-8")
    return declare(folder, similarity_fn_name="dot", prompts=PROMPTS)


@pytest.fixture(scope="module")
def done(model: Path, tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Run:
    folder = tmp_path_factory.mktemp("declared") / "out"
    arguments = (*REQUEST, "--base-model", str(model), "--out", str(folder))
    result = invoke(*arguments)
    assert result.status == 0, result.err
    return Run(arguments, folder, cache, (result,))


@pytest.fixture(scope="module")
def records(done: Run) -> dict[str, Record]:
    return {stored.entry: stored for stored in record.read_all(done.folder)}


def test_every_warning_is_one_line_of_the_run(done: Run, records: dict[str, Record]) -> None:
    lines = [line for line in done.results[0].err.splitlines() if line.startswith("warning: ")]
    assert lines == [f"warning: {line}" for line in records["mnrl"].provenance["warnings"]]
    assert len(lines) == 5  # the prompt, two lengths, the losses, and the learning rate
    assert lines[-1].startswith(
        "warning: learning rate 0.001 of suite mini (ranking methods) was chosen for its own base"
    )


def test_records_have_the_warnings_the_prompts_and_what_the_model_computes_with(records: dict[str, Record]) -> None:
    for stored in records.values():
        assert set(WARNINGS) <= set(stored.provenance["warnings"])
        assert stored.provenance["text"]["prompts"] == "model"
        assert stored.provenance["text"]["passage_prompt"] == PASSAGE
        computation = stored.provenance["computation"]
        assert computation["prompts"] == {"query": PROMPTS["query"], "passage": PASSAGE}
        assert computation["pooling"] == ["mean without prompt"]
        assert (computation["similarity"], computation["normalized"]) == ("dot", False)
        assert computation["encode_dtype"] == "float32"
    noted = [any("dot product" in line for line in records[name].provenance["warnings"]) for name in ("base", "mnrl")]
    assert noted == [False, True]


def test_the_page_shows_the_warnings(done: Run) -> None:
    page = (done.folder / "leaderboard.html").read_text(encoding="utf-8")
    assert "cuts queries at 40" in page
    assert json.loads((done.folder / "run.json").read_text())["warnings"]


def test_the_name_in_the_models_card_is_shown_beside_its_digest_and_changes_no_key(
    done: Run, records: dict[str, Record], model: Path, tmp_path: Path
) -> None:
    sha256 = folder_sha256(model)
    shown = f"base model: {clean_line(NAME)} (sha256 {sha256[:12]}); "
    prompts = f'prompts: queries "{PROMPTS["query"]}", passages "{PASSAGE}" (the model\'s where none is stated)\n'
    assert f"{shown}float32; {prompts}" in done.results[0].err
    assert f"{shown}{prompts}" in invoke(*done.arguments, "--dry-run").out
    for stored in records.values():
        assert stored.provenance["base_model_name"] == NAME
        assert stored.provenance["base_model"] == {"sha256": sha256}
    run = read_run_file(done.folder)
    assert run.content["model_names"] == {sha256: NAME}
    assert run.resolved.base_model.sha256 == sha256
    assert NAME not in json.dumps({**run.content, "model_names": {}}, ensure_ascii=False)
    page = (done.folder / "leaderboard.html").read_text(encoding="utf-8")
    assert "base model <bdi>tiny *model*, weights &lt;b&gt;restored&lt;/b&gt; | x" in page
    assert "<b>restored" not in page
    text = (done.folder / "leaderboard.md").read_text(encoding="utf-8")
    assert f"- Base model: {markdown(f'{NAME} (sha256 {sha256[:12]})')}.\n" in text
    result = invoke("export", done.folder, "--to", "card", "--out", tmp_path / "card", "--cache-dir", done.cache)
    assert result.status == 0, result.err
    card = (tmp_path / "card/mnrl/ko/0/README.md").read_text(encoding="utf-8")
    assert f"- base model: {markdown(f'{NAME} (sha256 {sha256[:12]})')}\n" in card


def test_scores_of_a_run_are_the_librarys_dot_products(done: Run, model: Path) -> None:
    from sentence_transformers import SentenceTransformer

    from harness.execution import plan
    from harness.machine.store import Store
    from harness.stages.prepare import prepare

    (cell, *_) = plan.make(read_run_file(done.folder).request or Request(), done.cache).cells
    data = prepare(cell.suite, "ko", cell.place, Store(done.cache))
    with gzip.open(done.folder / "records/base/ko/0.run.gz", "rt", encoding="utf-8") as file:
        rows = [line.split() for line in file]
    reference = SentenceTransformer(str(model), device="cpu")
    query, ids = rows[0][0], [row[2] for row in rows if row[0] == rows[0][0]]
    reference.max_seq_length = 40
    left = reference.encode_query([data.queries[query]])
    reference.max_seq_length = cell.suite.text.passage_max_length
    right = reference.encode_document([data.passages[doc] for doc in ids], prompt=PASSAGE)
    expected = reference.similarity(left, right).numpy()[0]
    scores = np.array([float(row[4]) for row in rows if row[0] == query])
    assert np.abs(scores - expected).max() < 1e-5 * np.abs(expected).max()
    assert expected.max() > 1.5  # no cosine


def test_prompts_survive_into_run_json_and_the_commands_that_repeat_a_run(
    done: Run, records: dict[str, Record]
) -> None:
    run = read_run_file(done.folder)
    assert run.request is not None
    assert f"text.passage_prompt={PASSAGE}" in run.request.settings
    words = shlex.split(run_command(run, records["mnrl"]) or "")
    assert f"text.passage_prompt={PASSAGE}" in words
    shown = invoke(*done.arguments, "--dry-run").out
    assert "0 of 2 cells to run" in shown
    assert f'prompts: queries "{PROMPTS["query"]}", passages "{PASSAGE}" (the model\'s where none is stated)' in shown


def test_cards_state_prompts_similarity_and_dtype(done: Run, tmp_path: Path) -> None:
    result = invoke("export", done.folder, "--to", "card", "--out", tmp_path / "card", "--cache-dir", done.cache)
    assert result.status == 0, result.err
    card = (tmp_path / "card/mnrl/ko/0/README.md").read_text(encoding="utf-8")
    for line in (
        f'- prompts: queries `"{PROMPTS["query"]}"`, passages `"{PASSAGE}"` (the base model\'s own)\n',
        "- vectors are compared by their dot product, not normalised\n",
        "- encoded in float32; trained in float32\n",
        f'queries = model.encode_query(["…"], prompt="{PROMPTS["query"]}", normalize_embeddings=False)\n',
        f"'text.passage_prompt={PASSAGE}'",
    ):
        assert line in card, line
    assert "- warning: the base model declares" in card


def test_mteb_files_state_the_similarity(done: Run, tmp_path: Path) -> None:
    result = invoke("export", done.folder, "--to", "mteb", "--out", tmp_path / "mteb", "--cache-dir", done.cache)
    assert result.status == 0, result.err
    metas = [json.loads(path.read_text()) for path in (tmp_path / "mteb").rglob("model_meta.json")]
    assert {meta["similarity_fn_name"] for meta in metas} == {"dot"}
