"""`harness export --to card`: models with cards that Hugging Face's own code reads."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.commands import invoke

from tests.export.conftest import Finished

pytestmark = pytest.mark.xdist_group("mteb")


@pytest.fixture(scope="module")
def out(finished_with_tasks: Finished, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("exported") / "card"
    cache = finished_with_tasks.cache
    result = invoke("export", finished_with_tasks.folder, "--to", "card", "--out", out, "--cache-dir", cache)
    assert result.status == 0
    assert result.err.splitlines() == [
        "harness: 1 of 6 cells failed and are left out",
        "harness: bm25/ko/0 has no model and gets no card",
    ]
    return out


def test_the_scores_are_read_from_the_card_as_evaluation_results(out: Path, finished_with_tasks: Finished) -> None:
    from huggingface_hub import ModelCard

    card = ModelCard.load(out / "mnrl/ko/1/README.md")
    record = finished_with_tasks.records["mnrl", 1]
    results = card.data.eval_results
    assert results is not None
    values = {(result.dataset_type, result.metric_type): result.metric_value for result in results}
    assert values["mini-ko", "nDCG@10"] == record.measures["nDCG@10"]
    assert values["klue/klue", "max_ap"] == record.tasks["KLUE-NLI"]["value"]
    assert values["mteb/XPQARetrieval", "ndcg_at_10"] == record.tasks["XPQARetrieval"]["value"]
    assert len(values) == len(record.measures) + 3
    assert (card.data.license, card.data.library_name, card.data.language) == (
        *("unknown", "sentence-transformers", "ko"),
    )


def test_the_card_states_method_settings_data_and_command(out: Path, finished_with_tasks: Finished) -> None:
    text = (out / "mnrl/ko/1/README.md").read_text(encoding="utf-8")
    record = finished_with_tasks.records["mnrl", 1]
    for line in (
        "# mnrl: mini, ko, seed 1",
        "- method: mnrl\n",
        "- settings.epochs: 1",
        "- rows: 40\n",
        "- trained on: Original Korean text, written for this project (licence: CC0-1.0)\n",
        "- seed: 1, from which every draw is derived",
        "- base model: built from the suite's own passages, ",
        "Unknown: nobody has licensed these weights.",
        "--methods mnrl --langs ko --seeds 1 --max-train 40 --set train.epochs=1 --device cpu\n",
        f"- sha256 of the model's folder: {record.provenance['model']['sha256']}\n",
        f"- harness: {record.provenance['environment']['packages']['harness-embeddings']}",
    ):
        assert line in text, line
    assert "does not lie beside" not in text
    assert "NLI)" not in text  # mnrl does not train on NLI
    assert "\n\n\n" not in text.partition("## Scores")[2]


def test_the_model_beside_the_card_is_the_one_that_was_scored(out: Path, finished_with_tasks: Finished) -> None:
    from sentence_transformers import SentenceTransformer

    from harness.keys import file_sha256

    folder = out / "mnrl/ko/1"
    recorded = finished_with_tasks.records["mnrl", 1].provenance["model"]["weights"]
    assert {path.name: file_sha256(path) for path in folder.rglob("*.safetensors")} == recorded
    assert SentenceTransformer(str(folder), device="cpu").encode("바다").shape == (64,)
    assert not list(folder.rglob(".artifact.json"))


def test_the_card_of_a_custom_model_type_has_code_that_opens_it(out: Path) -> None:
    text = (out / "mnrl-moe/ko/0/README.md").read_text(encoding="utf-8")
    code = text.partition("```python\n")[2].partition("```")[0]
    folder = out / "mnrl-moe/ko/0"
    assert "The network is of the type xlm-roberta-moe, which is part of harness-embeddings " in text
    assert "harness-embeddings and of no release" not in (out / "mnrl/ko/0/README.md").read_text(encoding="utf-8")
    exec(code.replace('"FOLDER"', f'"{folder}", device="cpu"'), space := {})
    assert space["model"].encode("바다").shape == (64,)


def test_the_card_of_a_base_says_that_it_was_not_tuned(out: Path) -> None:
    text = (out / "base/ko/0/README.md").read_text(encoding="utf-8")
    assert "it was not tuned" in text
    assert "- method:" not in text
    assert list((out / "base/ko/0").glob("*.safetensors"))


def test_the_card_of_a_model_that_the_cache_no_longer_has_says_so(
    finished_with_tasks: Finished, tmp_path: Path
) -> None:
    arguments = ("--to", "card", "--out", tmp_path / "out", "--cache-dir", tmp_path / "empty")
    result = invoke("export", finished_with_tasks.folder, *arguments)
    assert result.status == 0
    assert "the model of mnrl/ko/0 is left out (the cache no longer has it; run the command below with " in result.err
    assert not (tmp_path / "empty").exists()
    folder = tmp_path / "out/mnrl/ko/0"
    assert [path.name for path in folder.iterdir()] == ["README.md"]
    assert (
        "**The model does not lie beside this card:** the cache no longer has it" in (folder / "README.md").read_text()
    )
