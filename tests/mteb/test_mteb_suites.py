"""Every MTEB task that a bundled manifest lists, held against the installed mteb, without a network."""

from __future__ import annotations

from collections import Counter

import pytest

from harness.mteb import mteb_tasks
from harness.request import suite
from harness.request.manifest import Task

pytestmark = pytest.mark.xdist_group("mteb")

LISTED = [
    pytest.param(language, task, id=f"{name}-{language}-{task.name}")
    for name in suite.names()
    for language, sources in suite.load(name).languages.items()
    for task in sources.tasks
]


@pytest.mark.parametrize(("language", "task"), LISTED)
def test_a_listed_task_is_mtebs_with_that_revision_subset_and_split_in_that_language(language: str, task: Task) -> None:
    found = mteb_tasks.find(task, language)
    assert found.metadata.name == task.name
    assert found.metadata.revision == task.revision
    assert (found.hf_subsets, list(found.eval_splits)) == ([task.subset], [task.split])
    assert found.metadata.superseded_by is None


@pytest.mark.parametrize("language", ["ko", "hi", "fa"])
def test_each_language_has_three_retrieval_tasks_an_sts_and_an_nli_pair_classification(language: str) -> None:
    chosen = suite.load(f"mteb-{language}")
    assert list(chosen.languages) == [language]
    tasks = chosen.languages[language].tasks
    kinds = Counter(mteb_tasks.find(task, language).metadata.type for task in tasks)
    assert kinds["Retrieval"] >= 3
    assert kinds["STS"] >= 1
    assert kinds["PairClassification"] >= 1
    assert not any(task.name.startswith("MIRACL") for task in tasks)
    assert len({task.name for task in tasks}) == len(tasks)


@pytest.mark.parametrize("language", ["ko", "hi", "fa"])
def test_what_is_trained_on_and_searched_is_that_of_the_hard_negatives_tier(language: str) -> None:
    chosen, model = suite.load(f"mteb-{language}"), suite.load("miracl-hn")
    ours, theirs = chosen.languages[language], model.languages[language]
    assert (ours.retrieval, ours.training, ours.nli) == (theirs.retrieval, theirs.training, theirs.nli)
    assert chosen.base_model == model.base_model
    assert (chosen.text, chosen.evaluation, chosen.training) == (model.text, model.evaluation, model.training)
