"""A corpus encoded on several devices: two copies of a model on the processor give the bytes of one."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from support.tiny_models import TEXTS, built, make_kinds

from harness.errors import RequestError
from harness.machine.device import check_encode_devices
from harness.request.suite import load
from harness.vectors.devices import encoded
from harness.vectors.encoder import Encoder, Prepared, open_model
from harness.vectors.token_batches import Budget

BUDGET = Budget(texts=3, tokens=40)
BLOCKS = [[f"{text} word{i}" for text in TEXTS[: 3 + i % 5]] for i in range(11)]


def encoder_of(folder: Path) -> Encoder:
    return Encoder(open_model(folder, "cpu"), load("mini").text)


def prepared(encoder: Encoder) -> Iterator[tuple[int, Prepared]]:
    for i, texts in enumerate(BLOCKS):
        yield i, encoder.prepared(texts, "passage", BUDGET)


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Encoder:
    return encoder_of(built(tmp_path_factory.mktemp("models") / "plain"))


def test_blocks_of_several_devices_are_those_of_one_in_order_and_in_bytes(encoder: Encoder) -> None:
    alone = list(encoded(prepared(encoder), encoder))
    assert [name for name, _ in alone] == list(range(11))
    for devices in (["cpu"], ["cpu", "cpu"], ["cpu", "cpu", "cpu"]):
        together = list(encoded(prepared(encoder), encoder, devices))
        assert [name for name, _ in together] == list(range(11))
        for (_, one), (_, several) in zip(alone, together, strict=True):
            assert one.tobytes() == several.tobytes()


def test_every_kind_of_model_encodes_to_the_same_bytes_on_two_devices(tmp_path: Path) -> None:
    for kind, folder in make_kinds(tmp_path).items():
        encoder = encoder_of(folder)
        alone, together = (list(encoded(prepared(encoder), encoder, devices)) for devices in ((), ("cpu", "cpu")))
        for (_, one), (_, several) in zip(alone, together, strict=True):
            assert one.tobytes() == several.tobytes(), kind


def test_two_devices_compute_at_the_same_time(encoder: Encoder, monkeypatch: pytest.MonkeyPatch) -> None:
    both = threading.Barrier(2, timeout=60)  # broken where one device has to end before the other begins
    models: set[int] = set()
    whole = Encoder.vectors

    def vectors(self: Encoder, block: Prepared) -> object:
        models.add(id(self.model))
        both.wait()
        return whole(self, block)

    monkeypatch.setattr(Encoder, "vectors", vectors)
    blocks = list(prepared(encoder))[:10]
    assert len(list(encoded(iter(blocks), encoder, ["cpu", "cpu"]))) == 10
    assert id(encoder.model) in models
    assert len(models) == 2


def test_torch_has_as_many_threads_beside_as_before(encoder: Encoder, monkeypatch: pytest.MonkeyPatch) -> None:
    before = torch.get_num_threads()
    seen: set[tuple[bool, int]] = set()
    whole = Encoder.vectors

    def vectors(self: Encoder, block: Prepared) -> object:
        seen.add((threading.current_thread() is threading.main_thread(), torch.get_num_threads()))
        return whole(self, block)

    monkeypatch.setattr(Encoder, "vectors", vectors)
    torch.set_num_threads(1)
    try:
        list(encoded(prepared(encoder), encoder, ["cpu", "cpu"]))
    finally:
        torch.set_num_threads(before)
    assert seen == {(False, 1)}


def test_an_error_on_one_device_ends_the_pass_in_the_place_of_its_block_and_leaves_no_thread(
    encoder: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Encoder.vectors

    def vectors(self: Encoder, block: Prepared) -> object:
        if self.model is not encoder.model:
            raise RuntimeError("device lost")
        return whole(self, block)

    monkeypatch.setattr(Encoder, "vectors", vectors)
    threads = threading.active_count()
    names: list[int] = []
    passing = encoded(prepared(encoder), encoder, ["cpu", "cpu"])
    with pytest.raises(RuntimeError, match="device lost"):
        names.extend(name for name, _ in passing)
    assert names == list(range(len(names)))
    assert len(names) < 11
    assert threading.active_count() == threads


def test_a_pass_that_is_left_takes_only_the_blocks_that_were_under_way(encoder: Encoder) -> None:
    taken: list[int] = []

    def counted() -> Iterator[tuple[int, Prepared]]:
        for name, block in prepared(encoder):
            taken.append(name)
            yield name, block

    threads = threading.active_count()
    passing = encoded(counted(), encoder, ["cpu", "cpu"])
    assert next(passing)[0] == 0
    passing.close()
    assert taken == [0, 1, 2, 3, 4]
    assert threading.active_count() == threads


def test_a_copy_is_not_the_model_and_has_its_precision(tmp_path: Path, encoder: Encoder) -> None:
    half = replace(encoder, model=open_model(built(tmp_path / "half"), "cpu", "bfloat16"))
    alone, together = (list(encoded(prepared(half), half, devices)) for devices in ((), ("cpu", "cpu")))
    assert all(np.array_equal(one, several) for (_, one), (_, several) in zip(alone, together, strict=True))


@pytest.mark.parametrize(
    ("names", "problem"),
    [
        (("cpu",), "one device encodes without this option; name several, such as cuda:0,cuda:1"),
        (("cpu", "cuda:0"), "the cells compute on cpu; name cpu once per worker, or add --device cuda"),
    ],
)
def test_devices_that_cannot_share_a_corpus_are_refused(names: tuple[str, ...], problem: str) -> None:
    with pytest.raises(RequestError) as error:
        check_encode_devices(names, "cpu")
    assert str(error.value) == f"--encode-devices {','.join(names)}: {problem}"


@pytest.mark.parametrize(
    ("names", "problem"),
    [
        (("cuda:0", "cuda:3"), "cuda:3 is not a GPU of this machine; available: cuda:0, cuda:1, cuda:2"),
        (("cuda:1", "cuda:1"), "a GPU is named twice; name each once"),
        (
            ("cuda:0", "cuda:2"),
            "GPUs of different models (A, B) give different bits; name those of the model of cuda:0",
        ),
        (("cuda:2", "cuda:2"), "a GPU is named twice; name each once"),
        (("cuda:0", "cuda:1"), None),
    ],
)
def test_gpus_are_of_this_machine_named_once_and_of_one_model(
    names: tuple[str, ...], problem: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 3)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda name: "B" if name == "cuda:2" else "A")
    if problem is None:
        check_encode_devices(names, "cuda")
        return
    with pytest.raises(RequestError) as error:
        check_encode_devices(names, "cuda")
    assert str(error.value) == f"--encode-devices {','.join(names)}: {problem}"
