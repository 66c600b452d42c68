"""Checks of data."""

from __future__ import annotations

import pytest

from harness.data import validation
from harness.errors import DataError

QUERIES = {
    "q1": "what is tea",
    "q2": "what is  tea ",
    "q3": "was ist ein Br\u00f6tchen",
    "q4": "was ist ein Bro\u0308tchen",
}


def rejection(roles: dict[str, list[str]]) -> str:
    with pytest.raises(DataError) as caught:
        validation.check_roles(QUERIES, roles, "tiny/ko")
    return str(caught.value)


def test_texts_that_differ_in_white_space_or_unicode_composition_are_equal() -> None:
    assert validation.normalized(" what  is\ttea\n") == validation.normalized("what is tea")
    assert validation.normalized("Bro\u0308tchen") == validation.normalized("Br\u00f6tchen")
    assert validation.normalized("Tea") != validation.normalized("tea")


def test_a_dev_query_id_that_is_trained_on_is_rejected() -> None:
    assert "tiny/ko: query 'q1' is both training and dev" in rejection({"training": ["q1"], "dev": ["q1"]})


@pytest.mark.parametrize(("training", "dev"), [("q1", "q2"), ("q3", "q4")])
def test_a_dev_query_text_that_is_trained_on_is_rejected(training: str, dev: str) -> None:
    message = f"tiny/ko: training query '{training}' has the text of dev query '{dev}'"
    assert message in rejection({"training": [training], "dev": [dev]})


def test_an_extra_query_with_the_text_of_a_dev_query_is_rejected() -> None:
    message = "tiny/ko: extra query 'q2' has the text of dev query 'q1'"
    assert message in rejection({"training": ["q3"], "dev": ["q1"], "extra": ["q2"]})


def test_an_extra_query_that_is_trained_on_is_rejected() -> None:
    assert "query 'q1' is both training and extra" in rejection({"training": ["q1"], "dev": ["q3"], "extra": ["q1"]})


def test_two_dev_queries_or_two_training_queries_may_have_one_text() -> None:
    roles = {"training": ["q1", "q2"], "dev": ["q3", "q4"]}
    folded = [validation.normalized(QUERIES[name]) for name in ("q1", "q2", "q3", "q4")]
    assert (folded[0], folded[2]) == (folded[1], folded[3])
    validation.check_roles(QUERIES, roles, "tiny/ko")  # raises nothing


def test_a_count_that_is_not_the_manifests_is_named_with_both_numbers() -> None:
    with pytest.raises(DataError) as own:
        validation.check_counts({"passages": 3, "nli": 0}, {"passages": 4, "nli": 0}, "tiny/ko", "my own/t.toml")
    assert str(own.value) == (
        "tiny/ko: counts differ from those in my own/t.toml: passages = 4 stated, 3 found; restore the files, or write "
        "those found with `harness data pin 'my own/t.toml'`"
    )
    with pytest.raises(DataError) as bundled:
        validation.check_counts({"passages": 3}, {"passages": 4}, "mini/ko", "mini")
    assert str(bundled.value).endswith("3 found; restore the files, or accept them with --unverified-data")
