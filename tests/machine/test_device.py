"""The device of a request."""

from __future__ import annotations

import shutil

import pytest

from harness.errors import RequestError
from harness.machine.device import resolve_device


@pytest.fixture
def _without_cuda(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)


def test_cpu_is_cpu() -> None:
    assert resolve_device("cpu") == "cpu"


@pytest.mark.usefixtures("_without_cuda")
@pytest.mark.parametrize("driver", [None, "/usr/bin/nvidia-smi"])
def test_auto_without_cuda_is_cpu(monkeypatch: pytest.MonkeyPatch, driver: str | None) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: driver)
    assert resolve_device("auto") == "cpu"


@pytest.mark.usefixtures("_without_cuda")
def test_cuda_without_cuda_is_rejected() -> None:
    with pytest.raises(RequestError, match=r"^--device cuda: CUDA is not available; use --device cpu$"):
        resolve_device("cuda")
