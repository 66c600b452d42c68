"""What a device computes is made ahead in order, and never kept from ending."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator

import pytest
import torch

from harness.vectors.device_feed import TOKENIZER_THREADS, ahead, on_device, tokenizer_threads


def numbers(count: int, made: list[int], fails_at: int | None = None) -> Iterator[int]:
    for number in range(count):
        if number == fails_at:
            raise ValueError("damaged text")
        made.append(number)
        yield number


@pytest.mark.parametrize("device", ["cpu", "cuda"])
@pytest.mark.parametrize("count", [0, 1, 3, 20])
def test_items_come_in_order(device: str, count: int) -> None:
    assert list(ahead(numbers(count, []), device)) == list(range(count))


def test_items_are_made_while_one_is_used() -> None:
    made: list[int] = []
    fourth = threading.Event()

    def items() -> Iterator[int]:
        for number in range(10):
            made.append(number)
            if number == 3:
                fourth.set()
            yield number

    reader = ahead(items(), "cuda", 3)
    assert next(reader) == 0
    assert fourth.wait(60)  # made although only the first was asked for
    assert list(reader) == list(range(1, 10))


def test_on_cpu_nothing_is_made_ahead() -> None:
    made: list[int] = []
    reader = ahead(numbers(10, made), "cpu")
    next(reader)
    assert made == [0]


@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_an_error_comes_in_its_place(device: str) -> None:
    reader, got = ahead(numbers(10, [], fails_at=6), device), []
    with pytest.raises(ValueError, match="damaged text"):
        got.extend(reader)
    assert got == list(range(6))


@pytest.mark.parametrize(("device", "expected"), [("cpu", "false"), ("cuda", "true")])
def test_a_tokenizer_takes_all_cores_only_where_an_accelerator_waits_for_it(
    device: str, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(TOKENIZER_THREADS, "false")
    seen = []

    def tokenise() -> None:
        with tokenizer_threads(device):
            seen.append(os.environ[TOKENIZER_THREADS])
            raise ValueError("damaged text")

    with pytest.raises(ValueError, match="damaged text"):
        tokenise()
    assert seen == [expected]
    assert os.environ[TOKENIZER_THREADS] == "false"


def test_a_reader_that_stops_early_leaves_no_thread() -> None:
    before = threading.active_count()
    reader = ahead(numbers(10**6, []), "cuda")
    next(reader)
    reader.close()  # type: ignore[attr-defined]
    assert threading.active_count() == before


def test_batches_on_cpu_are_passed_on() -> None:
    batch = ([0], {"input_ids": torch.ones(1, 2), "modality": "text"})
    assert list(on_device(iter([batch]), torch.device("cpu"))) == [batch]
