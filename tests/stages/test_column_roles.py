"""Column roles: queries and passages get their own prompts and lengths whatever a method calls its columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.training_probes import log_of, weights

from harness.errors import CellError, RequestError
from harness.request import plugins
from harness.request.column_roles import LABELS, NAMES, role_of
from harness.request.manifest import Text
from harness.stages.lineage import train_key
from harness.stages.row_checks import check_rows
from harness.stages.text_columns import collator
from harness.types import Data, TrainingData
from tests.stages.conftest import Workbench

TEXT = Text(title_join=" ", query_prompt="? ", passage_prompt="- ", query_max_length=16, passage_max_length=32)
CROWD = {"doc": "passage", "ask": "query", "grade": "label", "score": "passage"}


def rows(**columns: list[Any]) -> Any:
    from datasets import Dataset

    return Dataset.from_dict(columns)


class Model:
    """Stands for a model of one module that is no network."""

    def __init__(self, preprocess: Any) -> None:
        self.preprocess = preprocess

    def __getitem__(self, index: int) -> object:
        return object()


def seen_by_the_loss(
    dataset: Any, declared: Mapping[str, Any] | None = None
) -> dict[str, tuple[str, int | None, str | None]]:
    """Return column → the text, the length and the kind that the model is given, and the labels as numbers."""

    def preprocess(texts: list[str], prompt: str | None, task: str | None, max_length: int | None) -> dict[str, Any]:
        return {"seen": ((prompt or "") + texts[0], max_length, task)}

    model: Any = Model(preprocess)
    batch = collator(model, {"mine": [dataset]}, TEXT, {"mine": declared or {}})([dataset[0]])
    seen = {name.removesuffix("_seen"): value for name, value in batch.items() if name.endswith("_seen")}
    return seen | ({"label": batch["label"].tolist()} if "label" in batch else {})


def test_the_label_names_are_those_of_the_librarys_collator() -> None:
    from sentence_transformers.sentence_transformer.data_collator import SentenceTransformerDataCollator

    assert list(LABELS) == SentenceTransformerDataCollator(preprocess_fn=len).valid_label_columns


@pytest.mark.parametrize(("role", "names"), NAMES.items())
def test_every_known_name_has_its_role_with_a_number_too(role: str, names: tuple[str, ...]) -> None:
    assert {role_of(name, {}) for name in names} == {role}
    numbered = [name for name in names if name not in (*LABELS, "sentence", "sentence1", "sentence2")]
    assert {role_of(f"{name}{end}", {}) for name in numbered for end in ("_1", "_12", "3")} <= {role}


def test_the_columns_of_the_bundled_methods_have_the_roles_that_they_had() -> None:
    known = ("anchor", "positive", "passage", "negative_1", "query_2", "negative_query_3", "label")
    roles = ("query", "passage", "passage", "passage", "query", "negative_query", "label")
    assert tuple(role_of(name, {}) for name in known) == roles


@pytest.mark.parametrize("name", ["sentence_1", "queries", "query_text", "text", "label_2", "positives", ""])
def test_a_name_that_may_mean_either_side_has_no_role(name: str) -> None:
    assert role_of(name, {}) is None


@pytest.mark.parametrize("first", NAMES["query"])
@pytest.mark.parametrize("second", ["sentence2", "answer_1"])
@pytest.mark.parametrize("label", LABELS)
def test_queries_and_passages_have_their_prompts_and_lengths_and_labels_are_numbers(
    first: str, second: str, label: str
) -> None:
    seen = seen_by_the_loss(rows(**{first: ["what"], second: ["that"], label: [0.5]}))
    assert seen == {first: ("? what", 16, "query"), second: ("- that", 32, "document"), "label": [0.5]}


def test_negative_queries_have_the_prompt_of_queries_and_the_length_of_passages() -> None:
    seen = seen_by_the_loss(rows(anchor=["what"], negative_query_1=["why"]))
    assert seen == {"anchor": ("? what", 16, "query"), "negative_query_1": ("? why", 32, "query")}


def test_a_declaration_gives_roles_and_takes_precedence_over_names() -> None:
    seen = seen_by_the_loss(rows(doc_1=["a"], doc_2=["b"], ask=["c"], grade=[2], score=["d"]), CROWD)
    assert seen["doc_1"] == ("- a", 32, "document")
    assert seen["doc_2"] == ("- b", 32, "document")
    assert seen["ask"] == ("? c", 16, "query")
    assert seen["score"] == ("- d", 32, "document")
    assert seen["label"] == [2]


def test_objectives_may_give_one_name_different_roles_but_not_as_label_and_text() -> None:
    model: Any = Model(lambda texts, prompt, task, max_length: {"seen": (prompt, task)})
    both = {"one": [rows(text=["a"])], "two": [rows(text=["b"])]}
    collate = collator(model, both, TEXT, {"one": {"text": "query"}, "two": {"text": "passage"}})
    tasks = [collate([{"text": "a", "dataset_name": name}])["text_seen"] for name in both]
    assert tasks == [("? ", "query"), ("- ", "document")]
    with pytest.raises(CellError, match="column 'text' holds labels in one objective and texts in another; rename one"):
        collator(model, both, TEXT, {"one": {"text": "query"}, "two": {"text": "label"}})


def training_data(*passages: str) -> TrainingData:
    texts = {f"d{number}": text for number, text in enumerate(passages)}
    return TrainingData(Data("en", texts, {}, {}, {}), seed=0)


@pytest.mark.parametrize(
    ("columns", "problem"),
    [
        (
            {"query": ["a"], "doc_text": ["b"]},
            "column 'doc_text' of the training rows: its role is unknown; declare it (",
        ),
        ({"query": ["a", ""], "passage": ["b", "c"]}, "column 'query' of the training rows is empty in row 1; give"),
        ({"query": ["a", "b"], "passage": [" \n", "c"]}, "column 'passage' of the training rows is empty in row 0"),
        ({"query": ["a", "b"], "passage": ["c", None]}, "column 'passage' of the training rows is None in row 1"),
        ({"query": [None], "passage": ["c"]}, "column 'query' of the training rows is None in row 0"),
        ({"query": [7], "passage": ["c"]}, "column 'query' of the training rows is int64, not text, in row 0"),
        ({"query": ["a"], "passage": [["c"]]}, "column 'passage' of the training rows is list<"),
        ({"query": ["a"], "label": [1], "score": [2]}, "columns 'label' and 'score' both hold labels"),
        ({"query": ["a"], "passage": ["b"], "label": ["yes"]}, "column 'label' of the training rows is text, which"),
        ({"query": ["a", "b"], "label": [1.0, None]}, "column 'label' of the training rows is None in row 1; give it"),
        ({"label": [1.0]}, "the training rows have no column of texts, only label; add one"),
    ],
)
def test_rows_that_cannot_be_trained_on_fail_in_one_line_with_column_and_row(columns: Any, problem: str) -> None:
    with pytest.raises(CellError) as error:
        check_rows("mine", rows(**columns), {}, training_data("text"))
    assert str(error.value).startswith(f"mine: {problem}")
    assert "\n" not in str(error.value)


def test_rows_are_counted_in_their_order_and_over_batches() -> None:
    texts = ["text"] * 9000 + [""]
    shuffled = rows(query=texts[::-1], passage=["b"] * 9001).select(range(9000, -1, -1))
    with pytest.raises(CellError, match="column 'query' of the training rows is empty in row 9000"):
        check_rows("mine", shuffled, {}, training_data("text"))


def test_an_empty_text_is_accepted_where_the_corpus_has_an_empty_passage() -> None:
    check_rows("mine", rows(query=["a"], negative=[""]), {}, training_data("text", ""))
    with pytest.raises(CellError, match="column 'negative' of the training rows is None in row 1"):
        check_rows("mine", rows(query=["a", "b"], negative=["", None]), {}, training_data("text", ""))


def test_the_refusal_of_an_unknown_column_lists_the_names_and_its_advice_works() -> None:
    with pytest.raises(CellError) as error:
        check_rows("mine", rows(query=["a"], doc_text=["b"]), {}, training_data("text"))
    for names in NAMES.values():
        assert ", ".join(names) in str(error.value)
    _, declaration = str(error.value).split("columns: ClassVar = ")
    declared = eval(declaration.partition("}")[0] + "}")
    check_rows("mine", rows(query=["a"], doc_text=["b"]), declared, training_data("text"))


PAIRS = """
from dataclasses import dataclass
from typing import ClassVar

@dataclass(frozen=True)
class PLUGIN:
    needs: ClassVar = frozenset()
    family: ClassVar = "ranking"
    columns: ClassVar = {"ask": "query"}
    first: str = "query"
    label: str = "label"

    def examples(self, data):
        from datasets import Dataset

        pairs = data.pairs()
        texts = {self.first: [data.queries[q] for q, _ in pairs], "passage": [data.passages[d] for _, d in pairs]}
        return Dataset.from_dict(texts | {self.label: [float(n % 2) for n in range(len(pairs))]})

    def loss(self, model):
        from sentence_transformers.sentence_transformer.losses import CoSENTLoss

        return CoSENTLoss(model)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Callable[..., Path]:
    """Write the method of labelled pairs with one thing replaced."""

    def write(old: str = "", new: str = "") -> Path:
        (tmp_path / "pairs.py").write_text(PAIRS.replace(old, new) if old else PAIRS, encoding="utf-8")
        entry = '[pairs]\ntitle = "p"\nabout = "p"\nmethod = "pairs"\n'
        (tmp_path / "pairs.toml").write_text(entry, encoding="utf-8")
        return tmp_path

    return write


def test_a_method_trains_to_the_same_bits_whatever_its_columns_are_called(
    bench: Workbench, folder: Callable[..., Path]
) -> None:
    text = bench.suite.text.model_copy(
        update={"query_prompt": "질문: ", "passage_prompt": "글: ", "query_max_length": 8}
    )
    store = bench.store()
    cell = bench.cell_of("pairs", store, 0, folder(), batch_size=16)
    trained = []
    for names in ({}, {"first": "question", "label": "score"}, {"first": "ask", "label": "labels"}):
        entry = cell.entry.model_copy(update={"settings": {"pairs": names}})
        named = replace(cell, suite=bench.suite.model_copy(update={"text": text}), entry=entry)
        trained.append(bench.train(named, store))
    assert log_of(trained[1])["columns"] == ["question", "passage", "score"]
    assert weights(trained[0]) == weights(trained[1]) == weights(trained[2])


def test_models_that_outside_methods_trained_under_earlier_roles_are_not_reused(
    bench: Workbench, folder: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    store = bench.store()
    outside, bundled = bench.cell_of("pairs", store, 0, folder()), bench.cell("mnrl", store)
    before = train_key(outside), train_key(bundled)
    monkeypatch.setattr("harness.stages.lineage.COLUMNS", 3)
    assert train_key(outside) != before[0]
    assert train_key(bundled) == before[1]


@pytest.mark.parametrize(
    ("columns", "problem"),
    [
        ('{"ask": "question"}', "'columns' gives 'ask' the role 'question', which is none of query, negative_query"),
        ('{"query": ["ask"]}', "'columns' gives 'query' the role"),
        ('("ask",)', "'columns' is ('ask',), not a mapping of column to role; write {"),
    ],
)
def test_a_declaration_that_is_none_is_refused_when_the_plugin_is_loaded(
    folder: Callable[..., Path], columns: str, problem: str
) -> None:
    place = folder('{"ask": "query"}', columns)
    with pytest.raises(RequestError) as error:
        plugins.load("pairs", {}, place)
    assert problem in str(error.value)
    assert "\n" not in str(error.value)
