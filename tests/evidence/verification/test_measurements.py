"""Whatever a cell measured besides its ranking is graded like it, and named where it differs."""

from __future__ import annotations

from typing import Any

import pytest
from support.measured_tables import AGREEMENT, FOLDS, GEOMETRY, TASK

from harness.evidence.verification.grade import BOUND, Grade
from harness.evidence.verification.measurements import departures, graded
from harness.results.record import Record

SAME = Grade("bitwise", "weights and ranking are equal", weights_equal=True, run_equal=True)
CLOSE = Grade("numerical", "scores differ by little")
FIELDS: dict[str, Any] = {
    "tasks": {"STS": TASK},
    "geometry": GEOMETRY,
    "by_dimension": {"16": {"nDCG@10": 0.5}},
    "cross_validation": FOLDS,
    "agreement": AGREEMENT,
}
TRAINING: dict[str, Any] = {
    "losses": [3.0, 2.0, 1.0],
    "steps": 3,
    "rows_seen": {"mnrl": 96},
    "best": {"curve": [[1, 0.25], [2, 0.5]], "step": 2},
}
PROVENANCE: dict[str, Any] = {
    "training": TRAINING,
    "text": {"query_prompt": ""},
    "evaluation": {"depth": 100, "encode_batch_size": 64},
    "base_model": {"id": "some/model"},
    "base_model_sha256": "aa",
    "computation": {"encode_dtype": "float32", "encode_batch_size": 64},
    "ties": 0,
    "entry": {"mining_rounds": 1, "title": "One", "plugins": {"mnrl": 1}},
}


def record(fields: dict[str, Any] | None = None, provenance: dict[str, Any] | None = None) -> Record:
    """Return a record with some of its fields, or values of its provenance, replaced."""
    named = {
        "suite": "s",
        "entry": "e",
        "language": "ko",
        "seed": 0,
        "trained": True,
        "status": "done",
        "cell_key": "k",
    }
    return Record(**named, **{**FIELDS, **(fields or {})}, provenance={**PROVENANCE, **(provenance or {})})


def words(
    basis: Grade, fields: dict[str, Any] | None = None, provenance: dict[str, Any] | None = None
) -> dict[str, str]:
    """Return name → grade of everything in which a record departs from the rerun."""
    return {item.name: item.word for item in departures(record(fields, provenance), record(), basis, 0.01)}


def test_an_equal_rerun_has_no_departure() -> None:
    assert words(SAME) == {}


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("tasks.STS.value", {"tasks": {"STS": {**TASK, "value": 0.51}}}),
        (
            "geometry.after.uniformity",
            {"geometry": {**GEOMETRY, "after": {**GEOMETRY["after"], "uniformity": -2.0001}}},
        ),
        ("by_dimension.16.nDCG@10", {"by_dimension": {"16": {"nDCG@10": 0.500001}}}),
        ("agreement.tau.a.b", {"agreement": {**AGREEMENT, "tau": {"a": {"b": 0.26}}}}),
        ("agreement.pairs", {"agreement": {**AGREEMENT, "pairs": 11}}),
        (
            "cross_validation.measures.AP.per_fold",
            {"cross_validation": {**FOLDS, "measures": {"AP": {"mean": 0.5, "per_fold": [0.5, 0.5]}}}},
        ),
    ],
)
def test_with_equal_weights_and_ranking_every_number_must_be_equal(name: str, fields: dict[str, Any]) -> None:
    assert words(SAME, fields) == {name: "failed"}


def test_what_the_rerun_has_not_is_invented() -> None:
    invented = words(SAME, {"tasks": {"STS": TASK, "Invented": {**TASK, "value": 0.9}}})
    assert invented["tasks.Invented.value"] == "failed"
    assert {name.split(".")[1] for name in invented} == {"Invented"}


@pytest.mark.parametrize(
    ("name", "log"),
    [
        ("training.losses", {"losses": [3.0, 2.5, 0.5]}),
        ("training.steps", {"steps": 4}),
        ("training.rows_seen.mnrl", {"rows_seen": {"mnrl": 97}}),
        ("training.best.step", {"best": {"step": 1}}),
        ("training.best.curve.1", {"best": {"curve": [[1, 0.25], [2, 0.75]]}}),
    ],
)
def test_the_training_log_is_compared(name: str, log: dict[str, Any]) -> None:
    assert words(SAME, provenance={"training": log}) == {name: "failed"}


@pytest.mark.parametrize(("shift", "word"), [(BOUND / 2, "numerical"), (0.005, "statistical"), (0.02, "failed")])
def test_another_processor_may_move_a_number_as_far_as_its_grade_says(shift: float, word: str) -> None:
    assert words(CLOSE, {"by_dimension": {"16": {"nDCG@10": 0.5 + shift}}}) == {"by_dimension.16.nDCG@10": word}


def test_losses_are_compared_by_their_mean_where_the_arithmetic_was_another() -> None:
    assert words(CLOSE, provenance={"training": {"losses": [3.1, 1.9, 1.0001]}}) == {"training.losses": "numerical"}
    assert words(CLOSE, provenance={"training": {"losses": [3.0, 2.0]}}) == {"training.losses": "failed"}


def test_the_best_step_is_a_close_call_on_another_processor() -> None:
    assert words(CLOSE, provenance={"training": {"best": {"step": 1}}}) == {}


def test_times_versions_and_folder_hashes_are_not_graded() -> None:
    task = {**TASK, "seconds": 9.0, "mteb": "3"}
    assert words(SAME, {"tasks": {"STS": task}, "cross_validation": {**FOLDS, "models": ["c"]}}) == {}


@pytest.mark.parametrize(
    ("name", "provenance"),
    [
        ("text.query_prompt", {"text": {"query_prompt": "query: "}}),
        ("evaluation.depth", {"evaluation": {"depth": 50}}),
        ("entry.mining_rounds", {"entry": {"mining_rounds": 2}}),
        ("computation.encode_dtype", {"computation": {"encode_dtype": "bfloat16"}}),
        ("base_model_sha256", {"base_model_sha256": "bb"}),
    ],
)
def test_what_a_record_states_of_its_cell_must_be_true_on_any_processor(name: str, provenance: dict[str, Any]) -> None:
    assert words(SAME, provenance=provenance) == {name: "failed"}
    assert words(CLOSE, provenance=provenance) == {name: "failed"}


def test_other_weights_under_an_equal_ranking_have_failed_unless_other_libraries_wrote_them() -> None:
    same_ranking = Grade("numerical", "scores are equal", run_equal=True)
    stored, rerun = (record(provenance={"model": {"weights": {"model.safetensors": sha}}}) for sha in ("a", "b"))
    other = record(provenance={**rerun.provenance, "environment": {"packages": {"safetensors": "9"}}})
    expected = [("model.weights.model.safetensors", "a", "b")]
    for again, basis, word in (
        (rerun, same_ranking, "failed"),
        (other, same_ranking, "numerical"),
        (rerun, CLOSE, "numerical"),
    ):
        found = departures(stored, again, basis, 0.01)
        assert [(item.name, item.stored, item.rerun) for item in found] == expected
        assert {item.word for item in found} == {word}


def test_prose_and_plugin_versions_are_not_graded() -> None:
    assert words(SAME, provenance={"entry": {"mining_rounds": 1, "title": "Two", "plugins": {"mnrl": 2}}}) == {}


def test_ties_depend_on_the_arithmetic() -> None:
    assert words(SAME, provenance={"ties": 1}) == {"ties": "failed"}
    assert words(CLOSE, provenance={"ties": 1}) == {}


def test_the_files_of_a_base_that_was_built_may_differ_with_the_weights() -> None:
    stored, rerun = (record(provenance={"base_model": {"layers": 2}, "base_model_sha256": sha}) for sha in ("a", "b"))
    assert departures(stored, rerun, CLOSE, 0.01) == []
    assert [item.word for item in departures(stored, rerun, SAME, 0.01)] == ["failed"]


def test_a_setting_that_the_rerun_changed_is_not_a_departure() -> None:
    evaluation = {"depth": 100, "encode_batch_size": 7}
    rerun = record(provenance={"evaluation": evaluation})
    assert departures(record(), rerun, CLOSE, 0.01, ["evaluation.encode_batch_size"]) == []


def test_the_grade_of_a_cell_is_its_worst_and_names_the_value() -> None:
    found = departures(
        record({"geometry": {**GEOMETRY, "after": {**GEOMETRY["after"], "uniformity": -3.0}}}), record(), SAME, 0.01
    )
    result = graded(SAME, found)
    assert (result.word, result.weights_equal, result.run_equal) == ("failed", True, True)
    assert result.why.endswith("; geometry.after.uniformity is -3.0 in the record, -2.0 in the rerun")
    assert graded(CLOSE, departures(record(), record(), CLOSE, 0.01)) == CLOSE
