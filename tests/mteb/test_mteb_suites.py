"""Every MTEB task that a bundled manifest lists, compared with the installed mteb, without a network."""

from __future__ import annotations

from collections import Counter

import pytest

from harness.mteb import task_lookup
from harness.request import suite
from harness.request.data_sources import Task

pytestmark = pytest.mark.xdist_group("mteb")

LISTED = [
    pytest.param(language, task, id=f"{name}-{language}-{task.name}")
    for name in suite.names()
    for language, sources in suite.load(name).languages.items()
    for task in sources.tasks
]


@pytest.mark.parametrize(("language", "task"), LISTED)
def test_mteb_has_every_listed_task_with_its_revision_subset_split_and_language(language: str, task: Task) -> None:
    mteb_task = task_lookup.find(task, language)
    assert mteb_task.metadata.name == task.name
    assert mteb_task.metadata.revision == task.revision
    assert (mteb_task.hf_subsets, list(mteb_task.eval_splits)) == ([task.subset], [task.split])
    assert mteb_task.metadata.superseded_by is None


@pytest.mark.parametrize("language", ["ko", "hi", "fa"])
def test_each_language_has_three_retrieval_tasks_an_sts_and_an_nli_pair_classification(language: str) -> None:
    manifest = suite.load(f"mteb-{language}")
    assert list(manifest.languages) == [language]
    tasks = manifest.languages[language].tasks
    kinds = Counter(task_lookup.find(task, language).metadata.type for task in tasks)
    assert kinds["Retrieval"] >= 3
    assert kinds["STS"] >= 1
    assert kinds["PairClassification"] >= 1
    assert not any(task.name.startswith("MIRACL") for task in tasks)
    assert len({task.name for task in tasks}) == len(tasks)


@pytest.mark.parametrize("language", ["ko", "hi", "fa"])
def test_training_data_and_corpus_are_those_of_the_hard_negatives_tier(language: str) -> None:
    with_tasks, tier = suite.load(f"mteb-{language}"), suite.load("miracl-hn")
    for name in ("retrieval", "training", "nli"):
        assert getattr(with_tasks.languages[language], name) == getattr(tier.languages[language], name)
    for name in ("base_model", "text", "evaluation", "training"):
        assert getattr(with_tasks, name) == getattr(tier, name)


def test_the_snapshots_of_mkqa_are_those_that_mteb_evaluates() -> None:
    import mteb

    metadata = mteb.get_task("MKQARetrieval").metadata
    assert metadata.eval_splits == ["train"]
    for language, declared in suite.load("mkqa").languages.items():
        hub = declared.retrieval.hub
        assert hub is not None
        assert (hub.id, hub.revision) == (metadata.dataset["path"], metadata.revision)
        assert hub.files == tuple(f"{language}-{table}/*" for table in ("corpus", "queries", "qrels"))
        assert language in metadata.hf_subsets_to_langscripts
