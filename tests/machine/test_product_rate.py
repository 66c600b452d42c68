"""The processor's product rates: measured with torch, once per processor and cache."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from harness.machine import product_rate
from harness.machine.product_rate import SHAPE, product_rates
from harness.machine.store import Store


def test_the_rates_are_operations_over_the_time_of_the_best_product(monkeypatch: pytest.MonkeyPatch) -> None:
    now = iter([0.0, 0.5, 1.0, 1.25, 2.0, 4.0] * 2)  # three products per precision, the best takes 0.25 s
    ends = iter([0.0, 0.01, 0.02, 9.0] * 2)
    monkeypatch.setattr(product_rate.time, "thread_time", lambda: next(now))
    monkeypatch.setattr(product_rate.time, "perf_counter", lambda: next(ends))
    operations = 2 * SHAPE[0] * SHAPE[1] * SHAPE[2]
    expected = float(f"{operations / 0.25 / 1e9:.2g}")
    assert product_rate.measured("bfloat16") == {"bfloat16": expected, "float32": expected}


@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
def test_this_processor_has_rates_and_keeps_its_threads(precision: str, tmp_path: Path) -> None:
    threads, state = torch.get_num_threads(), torch.get_rng_state()
    rates = product_rates(precision, Store(tmp_path))
    assert set(rates) == {precision, "float32"}
    assert 0.01 < rates[precision] < 100_000
    assert 0.5 < rates["float32"] < 10_000  # one thread of any processor
    assert torch.get_num_threads() == threads
    assert torch.equal(torch.get_rng_state(), state)


def test_rates_are_measured_once_per_cache_and_precision(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def measured(precision: str) -> dict[str, float]:
        asked.append(precision)
        return {precision: 0.2, "float32": 45.0}

    monkeypatch.setattr(product_rate, "measured", measured)
    first = product_rates("bfloat16", Store(tmp_path))
    assert product_rates("bfloat16", Store(tmp_path)) == first == {"bfloat16": 0.2, "float32": 45.0}
    product_rates("float16", Store(tmp_path))
    assert asked == ["bfloat16", "float16"]
