"""Every number of a manifest and of an entry: negative ones are refused, and zero where it is no size."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args, get_origin

import pytest
from pydantic import BaseModel, ValidationError, create_model
from support.commands import MANIFEST, invoke, tiny_suite

from harness.errors import DataError
from harness.request import suite
from harness.request.entry import Declaration, Entry
from harness.request.suite import Suite
from harness.request.training import Training

ZERO = {
    *("Counts.train_queries", "Counts.train_judgments", "Counts.train_positives"),  # a suite for evaluation alone
    *("Counts.nli", "Source.missing_positives", "BuiltBase.initialisation_seed", "Writer.temperature"),
    *("Training.warmup", "Training.weight_decay", "Training.dropout", "Training.best_holdout", "Evaluation.holdout"),
    *("Degradation.seed", "Declaration.minimum_quality", "Entry.minimum_quality"),
}
NEGATIVE = {"Declaration.minimum_quality", "Entry.minimum_quality"}  # some versions of COMET score below 0
FOUND = {"TrainFile.counts", "TrainFile.prompts"}  # what the harness counts; no manifest has them


def parts(annotation: Any) -> Iterator[Any]:
    """Yield a type and all types in it."""
    yield annotation
    for inner in get_args(annotation):
        yield from parts(inner)


def models(model: type[BaseModel], known: set[type[BaseModel]]) -> set[type[BaseModel]]:
    """Return a model and all models in its fields."""
    if model not in known:
        known.add(model)
        for field in model.model_fields.values():
            for part in parts(field.annotation):
                if isinstance(part, type) and issubclass(part, BaseModel):
                    models(part, known)
    return known


ALL = models(Suite, set()) | models(Declaration, set()) | models(Entry, set())
NUMBERS = sorted(
    f"{model.__name__}.{name}"
    for model in ALL
    for name, field in model.model_fields.items()
    if {int, float} & {part for part in parts(field.annotation) if isinstance(part, type)}
)


def refuses(name: str, value: int) -> bool:
    """Return whether a field refuses a number, or a list or table of it."""
    model = next(model for model in ALL if model.__name__ == name.partition(".")[0])
    field = model.model_fields[name.partition(".")[2]]
    kinds = {get_origin(part) for part in parts(field.annotation)}
    given: Any = {"a": value} if Mapping in kinds else (value,) if tuple in kinds else value
    alone: Any = create_model("Alone", value=(field.annotation, field))
    try:
        alone(value=given)
    except ValidationError:
        return True
    return False


def test_the_numbers_are_found() -> None:
    assert {"Training.batch_size", "Evaluation.dimensions", "File.bytes", "Training.scheduler_settings"} <= set(NUMBERS)
    assert set(NUMBERS) >= ZERO | FOUND


@pytest.mark.parametrize("name", sorted(set(NUMBERS) - FOUND))
def test_a_negative_number_is_refused_and_zero_where_it_is_no_size(name: str) -> None:
    assert refuses(name, -1) == (name not in NEGATIVE)
    assert refuses(name, 0) == (name not in ZERO)


def test_a_schedule_may_end_at_zero() -> None:
    settings = {"epochs": 1, "batch_size": 2, "learning_rate": 1e-3, "warmup": 0.0}
    ended = Training.model_validate({**settings, "scheduler": "polynomial", "scheduler_settings": {"lr_end": 0.0}})
    assert ended.scheduler_settings == {"lr_end": 0.0}
    with pytest.raises(ValidationError, match="power = 0 must be greater than 0"):
        Training.model_validate({**settings, "scheduler": "polynomial", "scheduler_settings": {"power": 0.0}})


@pytest.mark.parametrize(
    "tag", ["../x", "ko kr", "", ".", "ko/kr", "ko\\nkr", "average", "k" * 65, "-ko", "ko--kr", "한"]
)
def test_a_language_of_a_manifest_is_a_tag(tmp_path: Path, tag: str) -> None:
    manifest = tiny_suite(tmp_path)
    text = manifest.read_text(encoding="utf-8").replace("[languages.en.", f'[languages."{tag}".')
    manifest.write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match="is not a language tag; use letters and digits") as error:
        suite.load(str(manifest))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("tag", ["../x", "ko kr", ".", "average"])
def test_a_language_of_a_request_is_one_of_the_suite(tmp_path: Path, tag: str) -> None:
    result = invoke(
        "run", "--suite", tiny_suite(tmp_path), "--langs", tag, "--methods", "bm25", "--out", tmp_path / "o"
    )
    assert (result.status, result.line.startswith(f"harness: unknown language '{tag}'")) == (2, True)
    assert not (tmp_path / "o").exists()


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("depth = 10", "depth = 0", "evaluation.depth"),
        ("batch_size = 2", "batch_size = -2", "training.ranking.batch_size"),
        ("dev_queries = 1", "dev_queries = 0", "languages.en.counts.dev_queries"),
        ("layers = 1", "layers = 0", "base_model.layers"),
    ],
)
def test_a_size_of_a_manifest_that_is_none_is_one_line(tmp_path: Path, old: str, new: str, field: str) -> None:
    assert old in MANIFEST
    manifest = tiny_suite(tmp_path)
    manifest.write_text(manifest.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    result = invoke("run", "--suite", manifest, "--methods", "bm25", "--out", tmp_path / "out")
    assert result.status == 2
    assert result.line.startswith(f"harness: manifest {manifest}: {field}: must be greater than 0, not ")
