"""`harness suite init` writes a manifest that runs at once."""

from __future__ import annotations

import gzip
import json
import shlex
import tomllib
from pathlib import Path
from typing import Any

import pytest
from support.commands import DATA, invoke, read_json
from support.model_runs import encoder

from harness.data.beir_folder import language_of, tokens_of
from harness.request.suite import load


def folder_of(path: Path, **changes: bytes | None) -> Path:
    """Write a folder in BEIR's layout; a change is named by the stem of its file, None leaves it out."""
    (path / "qrels").mkdir(parents=True)
    for name, content in DATA.items():
        stem = name.partition(".")[0]
        if (new := changes.get(stem, content)) is not None:
            (path / ("qrels" if name.endswith(".tsv") else ".") / name).write_bytes(new)
    return path


def drafted(folder: Path, *arguments: str | Path) -> dict[str, Any]:
    result = invoke("suite", "init", folder, *arguments)
    assert result.status == 0, result.err
    path = Path(result.out.splitlines()[0].removeprefix("wrote "))
    return tomllib.loads(path.read_text(encoding="utf-8"))


def test_the_next_command_that_is_shown_runs(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "My Data")
    result = invoke("suite", "init", folder)
    shown = shlex.split(result.out.splitlines()[-1].removeprefix("next: harness "))
    assert shown == ["run", "--suite", str(folder / "my-data.toml")]
    run = invoke(*shown, "--methods", "base,bm25", "--device", "cpu", "--out", tmp_path / "out")
    assert run.status == 0, run.err
    every = invoke(*shown, "--device", "cpu", "--dry-run")
    assert (every.status, "has no nli: nli-simcse" in every.err) == (0, True)


def test_the_manifest_has_the_counts_and_says_what_was_guessed(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "own")
    out = invoke("suite", "init", folder).out
    table = tomllib.loads((folder / "own.toml").read_text(encoding="utf-8"))
    assert table["languages"]["en"]["counts"] == {"passages": 3, "train_queries": 2, "dev_queries": 1}
    for guess in (
        "language en",
        "text lengths 32 and 32 tokens",
        "training settings",
        'licence and citation "not stated"',
    ):
        assert f"guessed: {guess}" in out
    assert (folder / "own.toml").read_text(encoding="utf-8").count("guessed") >= 5
    assert "exists; delete it, or name another file with --out" in invoke("suite", "init", folder).line


def test_the_test_split_is_evaluated_unless_dev_is_asked_for(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "own")
    (folder / "qrels/test.tsv").write_bytes(DATA["dev.tsv"] + b"q2\td2\t1\n")
    table = drafted(folder)
    assert table["languages"]["en"]["retrieval"]["split"] == "test"
    assert table["languages"]["en"]["counts"] == {"passages": 3, "train_queries": 2, "dev_queries": 2}
    other = drafted(folder, "--split", "dev", "--out", folder / "dev.toml")
    assert other["languages"]["en"]["counts"]["dev_queries"] == 1


def test_a_folder_of_test_data_alone_runs_what_trains_on_nothing(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "own", train=None, dev=None)
    (folder / "qrels/test.tsv").write_bytes(b"q3 0 d3 1\n")
    out = invoke("suite", "init", folder).out
    assert "found: no training queries" in out
    run = ("run", "--suite", folder / "own.toml", "--device", "cpu", "--seeds", "0", "--out", tmp_path / "out")
    shown = invoke(*run, "--dry-run")
    assert (shown.status, "2 of 2 cells to run" in shown.out) == (0, True)
    assert "left out of 'all', as the suite has no training queries: " in shown.err
    named = invoke(*run, "--methods", "base,mnrl")
    assert (named.status, "mnrl on suite own, en: no training queries; leave the method out" in named.line) == (2, True)


def test_compressed_files_and_missing_positives_are_stated(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "own", corpus=None, dev=DATA["dev.tsv"] + b"q3\tgone-1\t1\nq3\tgone-2\t1\n")
    (folder / "corpus.jsonl.gz").write_bytes(gzip.compress(DATA["corpus.jsonl"]))
    said = [line for line in invoke("suite", "init", folder).out.splitlines() if "corpus lacks" in line]
    assert len(said) == 1
    assert said[0].startswith(
        "found: 2 relevant judgments of passages that the corpus lacks (first: 'gone-1', judged for query 'q3'), "
        "counted as not retrieved by missing_positives = 2 in the manifest"
    )
    text = (folder / "own.toml").read_text(encoding="utf-8")
    assert "lacks (first: 'gone-1'), counted" in text
    source = tomllib.loads(text)["languages"]["en"]["retrieval"]
    assert source["missing_positives"] == 2
    assert source["files"][0] == {"path": "corpus.jsonl.gz"}
    run = ("run", "--suite", folder / "own.toml", "--methods", "bm25", "--device", "cpu", "--out", tmp_path / "out")
    assert invoke(*run).status == 0


def test_a_manifest_elsewhere_needs_the_data_folder_and_says_so(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "own")
    (tmp_path / "suites").mkdir()
    result = invoke("suite", "init", folder, "--out", tmp_path / "suites/x.toml")
    shown = shlex.split(result.out.splitlines()[-1].removeprefix("next: harness "))
    assert shown[-2:] == ["--data-dir", str(folder)]
    assert invoke(*shown, "--methods", "bm25", "--device", "cpu", "--out", tmp_path / "out").status == 0
    above = drafted(folder, "--out", tmp_path / "above.toml")
    assert above["languages"]["en"]["retrieval"]["files"][0] == {"path": "own/corpus.jsonl"}


def test_another_base_model_is_pinned_and_has_settings_for_a_pretrained_encoder(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "own")
    model = tmp_path / "model"
    model.mkdir()
    (model / "modules.json").write_text("[]", encoding="utf-8")
    table = drafted(folder, "--base-model", model)
    assert table["base_model"]["path"] == str(model.resolve())
    assert len(table["base_model"]["sha256"]) == 64
    assert (table["training"]["ranking"]["learning_rate"], table["training"]["ranking"]["epochs"]) == (2e-5, 1)
    assert table["training"]["regression"]["learning_rate"] == 2e-5
    assert "dropout" not in table["training"]["ranking"]
    assert table["settings"] == {name: {"temperature": 0.02} for name in ("mnrl", "infonce", "clpl")}
    load(str(folder / "own.toml"))


def test_a_built_base_has_the_settings_of_the_bundled_suite(tmp_path: Path) -> None:
    table, bundled = drafted(folder_of(tmp_path / "own")), load("mini")
    for family in ("ranking", "regression"):
        training = table["training"][family]
        settings = ("learning_rate", "warmup", "dropout")
        assert [training[name] for name in settings] == [getattr(bundled.training[family], name) for name in settings]
    assert table["settings"] == bundled.settings


def test_the_prompts_of_a_base_model_are_used(tmp_path: Path) -> None:
    model = encoder(tmp_path / "model", seed=0)
    declared = {"query": "ask: ", "document": "answer: "}
    (model / "config_sentence_transformers.json").write_text(json.dumps({"prompts": declared}), encoding="utf-8")
    folder = folder_of(tmp_path / "own")
    table = drafted(folder, "--base-model", model)
    assert table["text"]["prompts"] == "model"
    assert not {"query_prompt", "passage_prompt"} & set(table["text"])
    run = ("run", "--suite", folder / "own.toml", "--methods", "base", "--device", "cpu", "--out", tmp_path / "out")
    assert invoke(*run).status == 0
    texts = read_json(tmp_path / "out/records/base/en/0.json")["provenance"]["text"]
    assert (texts["query_prompt"], texts["passage_prompt"]) == ("ask: ", "answer: ")


@pytest.mark.parametrize("arguments", [(), ("--base-model",)])
def test_comments_of_a_block_are_below_each_other(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    folder = folder_of(tmp_path / "A folder # with a long name", dev=DATA["dev.tsv"] + b"q3\tgone\t1\n")
    (folder / "qrels/test.tsv").write_bytes(DATA["dev.tsv"])
    model = [encoder(tmp_path / "model", seed=0)] if arguments else []
    invoke("suite", "init", folder, *arguments, *model, "--split", "dev")
    (manifest,) = folder.glob("*.toml")
    text = manifest.read_text(encoding="utf-8")
    assert "\t" not in text
    blocks = [block for block in text.split("\n\n") if " # " in block]
    assert len(blocks) >= 8
    for block in blocks:
        lines = [line for line in block.splitlines() if not line.startswith(("#", "description"))]
        assert len({line.index(" # ") for line in lines if " # " in line}) == 1, block


@pytest.mark.parametrize(
    ("changes", "arguments", "said"),
    [
        ({"corpus": None}, [], "has no corpus.jsonl (or corpus.jsonl.gz)"),
        ({"dev": None}, [], "has no qrels/test.tsv and no qrels/dev.tsv"),
        ({}, ["--split", "test"], "has judgments of dev; name one of them"),
        ({}, ["--language", "en/us"], "language 'en/us' is not a language tag"),
        ({}, ["--language", "deutsch"], "--language: 'deutsch' is not a language code of ISO 639; use one of two or"),
        ({}, ["--language", "jp"], "--language: 'jp' is not a language code of ISO 639"),
        ({}, ["--language", "EN"], "--language: 'EN' is not a language code of ISO 639"),
        ({"corpus": b"{"}, [], "truncated or broken JSON"),
    ],
)
def test_what_cannot_be_a_suite_is_refused_and_nothing_is_written(
    tmp_path: Path, changes: dict[str, Any], arguments: list[str], said: str
) -> None:
    folder = folder_of(tmp_path / "own", **changes)
    result = invoke("suite", "init", folder, *arguments)
    assert (result.status, said in result.line) == (2, True), result.err
    assert not (folder / "own.toml").exists()


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("how to stop the kettle", "en"),
        ("주전자가 시끄러워요", "ko"),
        ("やかんの音がうるさい", "ja"),
        ("水壶发出噪音", "zh"),
        ("केतली में शोर", "hi"),
        ("چگونه کتری را", "fa"),
        ("كيف أوقف الغلاية", "ar"),
        ("กาต้มน้ำเสียงดัง", "th"),
        ("1234", "und"),
    ],
)
def test_a_language_is_guessed_from_the_script(text: str, language: str) -> None:
    assert language_of([text]) == language


def test_lengths_are_rounded_up_and_bounded() -> None:
    assert tokens_of(["a b c"], 1.0) == 32
    assert tokens_of(["word " * 100], 1.0) == 192
    assert tokens_of(["水" * 50], 1.0) == tokens_of(["ခ" * 50], 1.0) == 64
    assert tokens_of(["word " * 9000], 1.0) == 512


@pytest.mark.parametrize(
    ("judgments", "problem"),
    [
        (b"query-id\tcorpus-id\tscore\nq1\td1\t0\n", "has a grade above 0"),
        (b"query-id\tcorpus-id\tscore\nq1\tnone\t1\n", "names a passage of the corpus"),
    ],
)
def test_judgments_that_no_ranking_can_satisfy_are_refused(tmp_path: Path, judgments: bytes, problem: str) -> None:
    folder = tmp_path / "own"
    (folder / "qrels").mkdir(parents=True)
    (folder / "corpus.jsonl").write_text('{"_id": "d1", "title": "", "text": "tea"}\n', encoding="utf-8")
    (folder / "queries.jsonl").write_text('{"_id": "q1", "text": "tea"}\n', encoding="utf-8")
    (folder / "qrels/test.tsv").write_bytes(judgments)
    assert problem in invoke("suite", "init", folder).line


def test_of_two_files_of_one_name_none_is_taken(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "own")
    (folder / "corpus.jsonl.gz").write_bytes(gzip.compress(DATA["corpus.jsonl"]))
    assert "has corpus.jsonl and corpus.jsonl.gz; keep one of them" in invoke("suite", "init", folder).line
