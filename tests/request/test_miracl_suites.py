"""The suites of MIRACL and the small public one, checked against what installed libraries know of them."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest

from harness.data import ir_datasets_files
from harness.request import suite
from harness.request.entries import declared, resolve
from harness.request.manifest import PinnedBase
from harness.request.settings import on_suite

VARIANTS = ("untitled", "published", "e5", "bce", "four-experts", "kornli")
E5 = ("wikiqa", "wikiqa-hard", "miracl", "miracl-hn")  # suites with a variant on multilingual-e5-small
BELEBELE = {"ko": "kor_Hang-kor_Hang", "hi": "hin_Deva-hin_Deva", "fa": "pes_Arab-pes_Arab"}


def statistics(task: str) -> dict[str, Any]:
    """Return mteb's descriptive statistics of a retrieval task, by subset."""
    spec = importlib.util.find_spec("mteb")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    path = Path(spec.submodule_search_locations[0]) / "descriptive_stats" / "Retrieval" / f"{task}.json"
    (split,) = json.loads(path.read_text(encoding="utf-8")).values()
    subsets: dict[str, Any] = split["hf_subset_descriptive_stats"]
    return subsets


@pytest.mark.parametrize("language", ["ko", "hi", "fa"])
@pytest.mark.parametrize(
    ("name", "task"), [("miracl", "MIRACLRetrieval"), ("miracl-hn", "MIRACLRetrievalHardNegatives")]
)
def test_counts_are_those_of_mtebs_statistics(name: str, task: str, language: str) -> None:
    counts, published = suite.load(name).languages[language].counts, statistics(task)[language]
    assert counts.passages == published["num_documents"]
    assert counts.dev_queries == published["num_queries"]
    assert counts.dev_positives == published["relevant_docs_statistics"]["num_relevant_docs"]


@pytest.mark.parametrize("language", BELEBELE)
def test_counts_of_nano_are_those_of_mtebs_statistics(language: str) -> None:
    counts, published = (
        suite.load("nano").languages[language].counts,
        statistics("BelebeleRetrieval")[BELEBELE[language]],
    )
    assert counts.passages == published["documents_text_statistics"]["unique_texts"]
    assert counts.dev_queries == published["queries_text_statistics"]["unique_texts"]
    assert counts.dev_positives == published["relevant_docs_statistics"]["num_relevant_docs"]


@pytest.mark.xdist_group("mteb")
def test_revisions_are_those_that_mteb_names() -> None:
    import mteb

    named = {
        task.metadata.dataset["path"]: task.metadata.revision
        for task in map(mteb.get_task, ("MIRACLRetrievalHardNegatives", "BelebeleRetrieval", "KLUE-NLI", "KorNLI"))
    }
    hubs = {
        source.hub.id: source.hub.revision
        for name in ("miracl", "miracl@kornli", "miracl-hn", "nano")
        for language in suite.load(name).languages.values()
        for source in (language.retrieval, language.nli)
        if source is not None and source.hub is not None
    }
    assert hubs.pop("facebook/xnli") == "b8dd5d7af51114dbda02c0e3f6133f332186418e"  # no task of mteb's is on it
    assert hubs == named


@pytest.mark.xdist_group("mteb")
def test_base_and_experts_are_at_the_revisions_of_mtebs_model_list() -> None:
    import mteb

    miracl = suite.load("miracl")
    encoders = [miracl.base_model, *(expert.encoder for expert in miracl.experts)]
    encoders += [suite.load(f"{name}@e5").base_model for name in E5]
    assert len(miracl.experts) == 8
    for encoder in encoders:
        assert isinstance(encoder, PinnedBase)
        assert mteb.get_model_meta(encoder.id).revision == encoder.revision


def test_the_tiers_differ_in_the_searched_passages_alone() -> None:
    full, hard = suite.load("miracl"), suite.load("miracl-hn")
    assert (full.tier, hard.tier) == ("full", "hard-negatives")
    for name in ("text", "base_model", "evaluation", "mining", "training", "experts", "settings", "published"):
        assert getattr(full, name) == getattr(hard, name)
    for language in full.languages:
        training = hard.languages[language].training
        assert training is not None
        assert training.ir_datasets == full.languages[language].retrieval.ir_datasets
        assert ir_datasets_files.files(training.ir_datasets or "", training.reader)


def test_the_published_recipe_is_the_papers_command_line() -> None:
    miracl = suite.load("miracl")
    training = {**miracl.training["ranking"].model_dump(), **miracl.published.training["ranking"]}
    assert (training["batch_size"], training["gradient_accumulation"]) == (1, 4)
    assert (training["epochs"], training["learning_rate"], training["precision"]) == (2, 1e-5, "float16")
    (entry,) = resolve(["clpl-moe@published"], declared(), miracl.recipes)
    settings = on_suite(entry, miracl).settings
    assert settings["clpl"] == {
        "in_batch": False,
        "mask_relevant": False,
        "negative_query_length": "passage",
        "temperature": 0.02,
        "negatives": 4,
    }
    assert on_suite(entry, miracl).rows == "published"
    assert settings["moe"] == {"router": "topk"}


def test_corrected_and_published_have_equal_rows_per_step_and_learning_rates() -> None:
    miracl = suite.load("miracl")
    corrected = miracl.training["ranking"]
    published = corrected.model_copy(update=dict(miracl.published.training["ranking"]))
    same = ("epochs", "learning_rate", "warmup", "scheduler", "weight_decay", "max_grad_norm", "dropout")
    assert all(getattr(corrected, name) == getattr(published, name) for name in same)
    assert corrected.batch_size * corrected.gradient_accumulation == 4
    assert published.batch_size * published.gradient_accumulation == 4


def test_the_variants_change_what_their_names_say() -> None:
    assert tuple(suite.variants("miracl")) == VARIANTS
    miracl = suite.load("miracl")
    untitled, published, _, bce, four, kornli = (suite.load(f"miracl@{name}") for name in VARIANTS)
    assert (miracl.text.title, untitled.text.title, published.text.title) == (True, False, False)
    assert (published.text.passage_max_length, published.text.train_passage_max_length) == (8192, 512)
    assert (published.evaluation.depth, published.evaluation.primary) == (20, "nDCG@5")
    assert bce.base_model.model_dump()["id"] == "maidalun1020/bce-embedding-base_v1"
    assert four.experts == miracl.experts[:4]
    nli = kornli.languages["ko"].nli
    assert nli is not None
    assert nli.hub is not None
    assert nli.hub.id == "kakaobrain/kor_nli"
    assert kornli.languages["hi"] == miracl.languages["hi"]


@pytest.mark.parametrize("name", E5)
def test_e5_has_its_own_prompts_and_what_it_is_measured_on_is_the_suites(name: str) -> None:
    own, e5 = suite.load(name), suite.load(f"{name}@e5")
    assert (e5.text.query_prompt, e5.text.passage_prompt) == ("query: ", "passage: ")
    assert e5.base_model.model_dump()["id"] == "intfloat/multilingual-e5-small"
    for field in ("languages", "evaluation", "mining", "negative_queries", "experts", "tier"):
        assert getattr(e5, field) == getattr(own, field)
    assert {e5.settings[objective]["temperature"] for objective in ("mnrl", "infonce", "clpl", "nli_simcse")} == {0.02}
    assert e5.training["ranking"].learning_rate == 2e-5
    lengths = (e5.text.query_max_length, e5.text.passage_max_length)
    assert lengths == ((64, 128) if name.startswith("wikiqa") else (128, 512))


def test_miracl_and_its_hard_negatives_train_e5_alike() -> None:
    assert suite.load("miracl@e5").training == suite.load("miracl-hn@e5").training


@pytest.mark.parametrize("name", ["miracl", "miracl-hn", "mteb-ko", "mteb-hi", "mteb-fa"])
def test_experts_read_at_their_authors_lengths_and_simcse_trains_as_for_a_large_model(name: str) -> None:
    loaded = suite.load(name)
    own = {expert.name: (expert.max_length, expert.precision) for expert in loaded.experts}
    assert {expert: values for expert, values in own.items() if values != (None, None)} == {
        "paraphrase-mpnet": (128, None),
        "paraphrase-minilm": (128, None),
        "labse": (256, None),
        "qwen3-embedding-0.6b": (None, "bfloat16"),
    }
    nli = loaded.training["nli"]
    assert (nli.learning_rate, nli.max_length, nli.epochs, nli.batch_size) == (1e-5, 32, 3, 512)
    assert loaded.training["ranking"].max_length is None


def test_the_base_sized_model_of_the_soft_labels_trains_nli_at_the_rate_of_its_size() -> None:
    assert suite.load("miracl@bce").training["nli"].learning_rate == 5e-5


def test_a_revision_that_is_not_a_40_digit_hash_is_rejected(tmp_path: Path) -> None:
    from harness.errors import DataError
    from harness.machine.bundled import manifests

    path = tmp_path / "mine.toml"
    text = (manifests() / "miracl-hn.toml").read_text(encoding="utf-8")
    path.write_text(text.replace("d7d94fa4b946cec4a27c84653aa0cf6b33f74a3c", "main", 1), encoding="utf-8")
    with pytest.raises(DataError, match=r"ko\.retrieval\.hub\.revision: revision 'main' is not a 40-digit hash"):
        suite.load(str(path))


@pytest.mark.parametrize("name", ["miracl", "miracl-hn"])
def test_the_published_rows_are_those_of_the_pinned_commit(name: str) -> None:
    blobs = {
        "ko": "96f6e5a3e76d3d918a7801a168455431d34db8cc",
        "hi": "48263180bf7c7be879854f6c8536f9d48220b3ab",
        "fa": "143a7277584959d10b128cebe315168c05c07100",
    }
    for language, declared_language in suite.load(name).languages.items():
        rows = declared_language.published_rows
        assert rows is not None
        assert rows.git_blob == blobs[language]
        assert f"/99047143daef98f38935631605fb7fb4dc7c5b80/data/{language}_CLPL_train_data.jsonl" in rows.url


def test_the_published_entries_of_the_clp_paper_train_on_its_rows_and_no_other_entry_does() -> None:
    miracl = suite.load("miracl")
    rows = {entry.name: on_suite(entry, miracl).rows for entry in resolve(["all"], declared(), miracl.recipes)}
    paper = ("infonce-random", "infonce-ance", "clpl", "clpl-intermediate", "clpl-moe")
    assert {name for name, source in rows.items() if source == "published"} == {f"{name}@published" for name in paper}
