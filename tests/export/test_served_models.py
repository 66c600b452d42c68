"""`harness export --to tei`: folders that plain sentence-transformers opens, with ONNX networks of the same vectors."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.commands import Result, invoke

from harness.export import onnx_network, tei_folder
from harness.machine.store import Store
from tests.export.conftest import Finished

pytestmark = pytest.mark.xdist_group("mteb")

TEXTS = ["바다와 하늘", "한국의 수도는 서울이다", "a", "긴 글 " * 60, ""]


def exported(run: Finished, out: Path, *options: str) -> Result:
    return invoke("export", run.folder, "--to", "tei", "--out", out, "--cache-dir", run.cache, *options)


def tuned(run: Finished) -> Path:
    """Return the folder of mnrl/ko/0 in the cache."""
    stages = {stage.stage: stage.key for stage in run.records["mnrl", 0].stages}
    folder = Store(run.cache).find("train", stages["train"])
    assert folder is not None
    return folder


@pytest.fixture(scope="module")
def out(finished_with_tasks: Finished, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("served") / "tei"
    result = exported(finished_with_tasks, out)
    assert result.status == 0, result.err
    moe = "its network 'xlm-roberta-moe' is a type of this package, which TEI does not have; serve it with "
    assert result.err.splitlines() == [
        "harness: 1 of 6 cells failed and are left out",
        "harness: bm25/ko/0 is not served: it has no model; TEI serves encoders",
        f"harness: mnrl-moe/ko/0 is not served: {moe}sentence-transformers where harness-embeddings is installed, with "
        "the lines of its card (--to card)",
    ]
    assert sorted(path.parent.relative_to(out).as_posix() for path in out.rglob("SERVING.md")) == [
        *("base/ko/0", "mnrl/ko/0", "mnrl/ko/1")
    ]
    return out


def test_plain_sentence_transformers_has_the_vectors_of_the_scored_model(
    out: Path, finished_with_tasks: Finished
) -> None:
    from sentence_transformers import SentenceTransformer

    served = SentenceTransformer(str(out / "mnrl/ko/0"), device="cpu")
    scored = SentenceTransformer(str(tuned(finished_with_tasks)), device="cpu")
    scored.max_seq_length = 128  # of the suite's passages
    assert served.max_seq_length == 128
    for encode in ("encode_query", "encode_document"):
        vectors = [getattr(model, encode)(TEXTS, normalize_embeddings=True) for model in (served, scored)]
        np.testing.assert_array_equal(*vectors)


def test_the_onnx_network_has_the_vectors_of_torch_as_tei_pools_them(out: Path) -> None:
    """TEI's pooling is written out here: the mean over the attention mask, then unit length."""
    import onnxruntime
    from sentence_transformers import SentenceTransformer
    from transformers import AutoTokenizer

    folder = out / "mnrl/ko/1"
    tokens = AutoTokenizer.from_pretrained(folder)(
        TEXTS, padding=True, truncation=True, max_length=128, return_tensors="np"
    )
    session = onnxruntime.InferenceSession(str(folder / "onnx/model.onnx"), providers=["CPUExecutionProvider"])
    names = [given.name for given in session.get_inputs()]
    assert names == ["input_ids", "attention_mask"]
    assert [result.name for result in session.get_outputs()] == ["last_hidden_state"]
    (states,) = session.run(None, {name: tokens[name].astype(np.int64) for name in names})
    mask = tokens["attention_mask"][..., None]
    means = (states * mask).sum(axis=1) / mask.sum(axis=1)
    vectors = means / np.linalg.norm(means, axis=1, keepdims=True)
    expected = SentenceTransformer(str(folder), device="cpu").encode(TEXTS, normalize_embeddings=True)
    assert np.abs(vectors - expected).max() <= 1e-4


def test_the_onnx_file_names_no_path_of_this_machine_and_has_the_same_bytes_again(out: Path, tmp_path: Path) -> None:
    content = (out / "mnrl/ko/0/onnx/model.onnx").read_bytes()
    assert b"site-packages" not in content
    assert b".py" not in content
    shutil.copytree(out / "mnrl/ko/0", tmp_path / "again", ignore=shutil.ignore_patterns("onnx"))
    assert onnx_network.write_onnx(tmp_path / "again") <= 1e-6
    assert (tmp_path / "again/onnx/model.onnx").read_bytes() == content


def test_tei_reads_pooling_length_and_prompts_from_the_folder(out: Path) -> None:
    folder = out / "mnrl/ko/0"

    def read(name: str) -> Any:
        return json.loads((folder / name).read_text(encoding="utf-8"))

    assert read("1_Pooling/config.json") == {
        "word_embedding_dimension": 64,
        "pooling_mode_cls_token": False,
        "pooling_mode_mean_tokens": True,
        "pooling_mode_lasttoken": False,
    }
    assert read("sentence_bert_config.json")["max_seq_length"] == 128
    assert read("config_sentence_transformers.json")["prompts"] == {"query": "", "document": ""}
    assert read("config.json")["model_type"] == "xlm-roberta"
    assert (folder / "model.safetensors").is_file()
    assert (folder / "tokenizer.json").is_file()


def test_the_note_has_the_commands_the_length_and_the_identity(out: Path) -> None:
    text = (out / "mnrl/ko/0/SERVING.md").read_text(encoding="utf-8")
    identity = hashlib.sha256((out / "mnrl/ko/0/IDENTITY.sha256").read_bytes()).hexdigest()
    served_as = f"mnrl-ko-0-{identity[:12]}"
    for line in (
        f"Identity: `{identity}`",
        f'docker run -p 8080:80 -v "$PWD:/{served_as}:ro" ghcr.io/huggingface/text-embeddings-inference:cpu-1.9.4 '
        f"--model-id /{served_as} --dtype float32 --auto-truncate\n",
        f'docker run --gpus all -p 8080:80 -v "$PWD:/{served_as}:ro" '
        "ghcr.io/huggingface/text-embeddings-inference:cuda-1.9.4 ",
        "- pooling: mean\n",
        "- maximum length: 128 tokens,",
        "Queries were scored cut at 32 tokens and passages at 128.",
        "TEI itself was not run.",
        "--methods mnrl --langs ko --seeds 0 ",
    ):
        assert line in text, line
    assert "prompt_name" not in text
    assert "\n\n\n" not in text


def test_the_python_of_the_note_runs(out: Path) -> None:
    folder = out / "mnrl/ko/0"
    (code,) = re.findall(r"```python\n(.*?)```", (folder / "SERVING.md").read_text(encoding="utf-8"), re.S)
    exec(code.replace('"FOLDER"', f'"{folder}", device="cpu"'), space := {})
    assert (space["queries"] @ space["passages"].T).shape == (1, 1)


def test_the_identity_is_what_sha256sum_checks(out: Path) -> None:
    folder = out / "mnrl/ko/0"
    (command,) = re.findall(r"```sh\n(sha256sum.*?)\n```", (folder / "SERVING.md").read_text(encoding="utf-8"))
    printed = subprocess.run(command, shell=True, cwd=folder, capture_output=True, text=True, check=True).stdout
    assert f"Identity: `{printed.split()[0]}`" in (folder / "SERVING.md").read_text(encoding="utf-8")
    listed = [line.split("  ")[1] for line in (folder / "IDENTITY.sha256").read_text(encoding="utf-8").splitlines()]
    assert {"model.safetensors", "tokenizer.json", "1_Pooling/config.json"} <= {*listed}
    assert not [name for name in listed if name.startswith("onnx/") or name.endswith(".md")]


@pytest.mark.parametrize("name", ["model.safetensors", "tokenizer.json", "sentence_bert_config.json"])
def test_the_identity_changes_with_one_byte_of_weights_tokenizer_or_settings(
    out: Path, tmp_path: Path, name: str
) -> None:
    leave = shutil.ignore_patterns("onnx", "*.md", "IDENTITY.sha256")
    identities = []
    for folder, change in (("same", b""), ("changed", b" ")):
        shutil.copytree(out / "mnrl/ko/0", tmp_path / folder, ignore=leave)
        (tmp_path / folder / name).write_bytes((tmp_path / folder / name).read_bytes() + change)
        identities.append(tei_folder.write_identity(tmp_path / folder))
    assert identities[0] == hashlib.sha256((out / "mnrl/ko/0/IDENTITY.sha256").read_bytes()).hexdigest()
    assert identities[0] != identities[1]


def test_two_seeds_have_two_identities(out: Path) -> None:
    assert (out / "mnrl/ko/0/IDENTITY.sha256").read_bytes() != (out / "mnrl/ko/1/IDENTITY.sha256").read_bytes()


def test_only_the_chosen_cells_are_exported(finished_with_tasks: Finished, tmp_path: Path) -> None:
    result = exported(finished_with_tasks, tmp_path / "out", "--methods", "mnrl", "--langs", "ko", "--seeds", "1")
    assert (result.status, result.err) == (0, "")
    assert [path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("SERVING.md")] == [
        "mnrl/ko/1/SERVING.md"
    ]


@pytest.mark.parametrize(
    ("options", "line"),
    [
        (("--methods", "mnrl-moe"), "no model for TEI: mnrl-moe/ko/0 is not served: its network 'xlm-roberta-moe' is "),
        (("--methods", "bm25"), "no model for TEI: bm25/ko/0 is not served: it has no model; TEI serves encoders"),
        (("--methods", "mnlr"), "unknown entry 'mnlr' in "),
        (("--seeds", "7"), "unknown seed '7' in "),
        (("--seeds", "x"), "--seeds x: seeds are comma-separated integers"),
    ],
)
def test_what_cannot_be_served_is_one_line(
    finished_with_tasks: Finished, tmp_path: Path, options: tuple[str, str], line: str
) -> None:
    result = exported(finished_with_tasks, tmp_path / "out", *options)
    assert result.status == 2
    assert line in result.err.splitlines()[-1]


def test_a_model_that_the_cache_no_longer_has_is_named_with_the_command_that_makes_it(
    finished_with_tasks: Finished, tmp_path: Path
) -> None:
    options = ("--to", "tei", "--methods", "mnrl", "--cache-dir", tmp_path / "empty", "--out", tmp_path / "out")
    result = invoke("export", finished_with_tasks.folder, *options)
    assert result.status == 2
    assert "mnrl/ko/0 is not served: the cache no longer has it; run `harness run " in result.line
    assert "with --keep-models all into a new folder, and export that (and 1 more)" in result.line


def test_without_the_extra_the_folder_is_written_without_onnx_and_says_so(
    finished_with_tasks: Finished, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(onnx_network, "PACKAGES", ("onnx", "a_package_that_is_not_there"))
    result = exported(finished_with_tasks, tmp_path / "out", "--methods", "mnrl", "--seeds", "0")
    assert result.status == 0
    assert result.line == (
        "harness: the ONNX network of mnrl/ko/0 is left out: a_package_that_is_not_there not installed; run "
        "pip install 'harness-embeddings[serve]', and export again"
    )
    folder = tmp_path / "out/mnrl/ko/0"
    assert not (folder / "onnx").exists()
    assert "There is no ONNX network in this folder" in (folder / "SERVING.md").read_text(encoding="utf-8")


def test_a_network_whose_vectors_differ_is_left_out(
    finished_with_tasks: Finished, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from harness.export import served_models

    monkeypatch.setattr(served_models, "BOUND", 0.0)
    result = exported(finished_with_tasks, tmp_path / "out", "--methods", "mnrl", "--seeds", "0")
    assert re.search(r"left out: its vectors differ from torch's by \d\.\de-0\d, more than 0e\+00; serve", result.line)
    assert not (tmp_path / "out/mnrl/ko/0/onnx").exists()
