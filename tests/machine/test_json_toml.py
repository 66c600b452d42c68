"""JSON and TOML within their limits: every error is one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import RequestError
from harness.machine.json_toml import check_numbers, parse_json, parse_row, parse_toml, read_json, read_toml
from harness.machine.limits import LIMITS, TooLarge, limit


def nested(depth: int) -> str:
    return "[" * depth + "]" * depth


def test_a_document_within_the_limits_is_read_as_python_reads_it() -> None:
    assert parse_json('{"a": [1, -2.5, true, null, "\\u00e9"]}') == {"a": [1, -2.5, True, None, "é"]}
    assert parse_json("1" * 40) == int("1" * 40)
    assert parse_json(nested(64)) is not None
    assert parse_toml("a = 1\n[b]\nc = [2.5]\n") == {"a": 1, "b": {"c": [2.5]}}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (nested(65), "more than 64 nested lists and tables; if that is right, set HARNESS_LIMIT_DEPTH"),
        (nested(100_000), "more than 64 nested"),
        ('{"a":' * 500 + "1" + "}" * 500, "more than 64 nested"),
        ("1" * 41, "more than 40 digits of an integer; if that is right, set HARNESS_LIMIT_DIGITS"),
        ("[" + "-" + "1" * 5000 + "]", "more than 40 digits"),
        ('{"a": NaN}', "NaN is not a finite number"),
        ("-Infinity", "-Infinity is not a finite number"),
        ("1e999", "1e999 is not a finite number"),
    ],
)
def test_a_document_beyond_a_limit_is_a_value_error(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        parse_json(text)


def test_a_row_may_hold_nan_but_no_depth_and_no_long_integer() -> None:
    assert str(parse_row(b'{"metadata": {"score": NaN}}')["metadata"]["score"]) == "nan"
    assert parse_row(b"[" + b'"[[[",' * 100 + b"1]")[-1] == 1
    for text in (nested(65), nested(100_000), "1" * 5000):
        with pytest.raises(ValueError, match="more than"):
            parse_row(text)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (nested(65), "more than 64 nested"),
        (nested(5000), "more than 64 nested"),
        ("1" * 41, "more than 40 digits"),
        ("1" * 5000, "digits"),
        ("nan", "nan is not a finite number"),
        ("1979-05-27", "is a date or a time; put it in quotes"),
    ],
)
def test_toml_beyond_a_limit_is_a_value_error(value: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        parse_toml(f"a = {value}")


def test_keys_of_toml_are_as_deep_as_its_values_may_be() -> None:
    with pytest.raises(ValueError, match="more than 64 nested"):
        parse_toml(f"[{'.'.join(['a'] * 100)}]\nb = 1")


def test_a_large_file_is_refused_before_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "large"
    with path.open("wb") as file:
        file.truncate(LIMITS["DOCUMENT_BYTES"].value + 1)
    for read in (read_json, read_toml):
        with pytest.raises(TooLarge, match=rf"{path} has more than .* bytes of one .*; if that is"):
            read(path)
    monkeypatch.setenv("HARNESS_LIMIT_TOML_BYTES", "5")
    with pytest.raises(ValueError, match="more than 5 bytes of one TOML file"):
        parse_toml("a = 10")


def test_a_limit_is_set_by_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HARNESS_LIMIT_DEPTH", "70")
    monkeypatch.setenv("HARNESS_LIMIT_DIGITS", "50")
    assert parse_json(nested(70)) is not None
    assert parse_json("1" * 50) == int("1" * 50)


@pytest.mark.parametrize("value", ["0", "-1", "1.5", "many", "²", "9" * 30])
def test_a_limit_that_is_not_a_positive_integer_is_refused(value: str) -> None:
    with pytest.raises(RequestError, match=r"HARNESS_LIMIT_DEPTH=.* is not a positive integer"):
        limit("DEPTH", {"HARNESS_LIMIT_DEPTH": value})


@pytest.mark.parametrize("number", [float("inf"), float("-inf"), float("nan"), 10**40, -(10**40)])
def test_a_number_that_is_refused_is_found_in_what_another_reader_has_parsed(number: float) -> None:
    with pytest.raises(ValueError, match=r"finite|digits"):
        check_numbers({"a": ["text", {"b": [1, number]}]})


def test_other_values_are_no_numbers_that_are_refused() -> None:
    check_numbers({"a": "1e999", "NaN": "Infinity", "b": ["1" * 64, 1e300, 10**40 - 1, True, None]})
