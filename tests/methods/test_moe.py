"""The mixture of experts: its outputs, its gradients, and saving and loading."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from numpy.typing import NDArray

from harness.errors import RequestError
from harness.request import plugins
from methods import moe
from methods.moe import MixtureOfExperts

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer
    from torch import Tensor, nn

ARCHITECTURES = ["bert", "roberta", "xlm-roberta"]
Open = Callable[[str], "SentenceTransformer"]


def vectors(model: SentenceTransformer, texts: list[str]) -> NDArray[np.float32]:
    matrix: NDArray[np.float32] = model.encode(texts, show_progress_bar=False)
    return matrix


def mixtures(model: SentenceTransformer) -> list[Any]:
    from methods._moe_model import Mixture

    return [module for module in model.modules() if isinstance(module, Mixture)]


def perturb_experts(model: nn.Module, seed: int = 0) -> None:
    """Add noise to experts and gates, so that they differ as after training."""
    import torch

    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if ".experts." in name or name.startswith("experts.") or "gate" in name:
                parameter.add_(torch.randn(parameter.shape, generator=generator, dtype=parameter.dtype) * 0.3)


def mixture(experts: int, top_k: int, router: str) -> Any:
    """Return a mixture in float64, 6 → 5, whose experts differ."""
    import torch

    from methods._moe_model import Mixture

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        layer = Mixture(torch.nn.Linear(6, 5), experts, top_k, router).double()
    perturb_experts(layer)
    return layer


def hidden() -> Tensor:
    import torch

    return torch.randn(3, 4, 6, generator=torch.Generator().manual_seed(2), dtype=torch.float64)  # [B, tokens, in]


@pytest.mark.parametrize("experts", [2, 4])
@pytest.mark.parametrize("top_k", [1, 2])
@pytest.mark.parametrize("router", ["topk", "switch"])
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_at_initialisation_vectors_equal_the_dense_models_bit_for_bit(
    tiny: Open, texts: list[str], architecture: str, router: Any, top_k: int, experts: int
) -> None:
    model = tiny(architecture)
    dense = vectors(model, texts)
    MixtureOfExperts(experts, top_k, router).apply(model)
    assert [len(layer.experts) for layer in mixtures(model)] == [experts, experts]
    assert np.array_equal(vectors(model, texts), dense)


def test_different_experts_change_the_vectors(tiny: Open, texts: list[str]) -> None:
    model = tiny("xlm-roberta")
    dense = vectors(model, texts)
    MixtureOfExperts().apply(model)
    perturb_experts(model)
    assert float(np.abs(vectors(model, texts) - dense).max()) > 1e-3


@pytest.mark.parametrize(("experts", "top_k"), [(2, 1), (2, 2), (4, 1), (4, 2), (4, 4)])
@pytest.mark.parametrize("router", ["topk", "switch"])
def test_a_token_is_the_weighted_sum_of_its_best_experts(experts: int, top_k: int, router: str) -> None:
    import torch

    layer, inputs = mixture(experts, top_k, router), hidden()
    expected = torch.zeros(3, 4, 5, dtype=torch.float64)
    for batch in range(3):
        for token in range(4):
            logits = layer.gate(inputs[batch, token])
            kept = sorted(range(experts), key=lambda expert: -logits[expert].item())[:top_k]
            if router == "topk":
                mass = {expert: logits[expert].exp() / sum(logits[other].exp() for other in kept) for expert in kept}
            else:
                shares = logits.exp() / logits.exp().sum()
                mass = {expert: shares[expert] / sum(shares[other] for other in kept) for expert in kept}
            for expert, weight in mass.items():
                expected[batch, token] += weight * layer.experts[expert](inputs[batch, token])
    torch.testing.assert_close(layer(inputs), expected, atol=1e-12, rtol=0)


@pytest.mark.parametrize("router", ["topk", "switch"])
def test_with_every_expert_kept_the_weights_are_the_softmax_of_the_gate(router: str) -> None:
    import torch

    layer, inputs = mixture(4, 4, router), hidden()
    weights = layer.gate(inputs).softmax(dim=-1)
    expected = sum(weights[..., [expert]] * layer.experts[expert](inputs) for expert in range(4))
    torch.testing.assert_close(layer(inputs), expected, atol=1e-12, rtol=0)


def gate_gradient(layer: Any) -> float:
    """Return the largest entry of the gate's gradient; 0 for a gate outside the graph."""
    layer(hidden()).square().sum().backward()
    gradient = layer.gate.weight.grad
    return 0.0 if gradient is None else float(gradient.abs().max())


def test_the_published_router_gives_the_gate_a_gradient_of_exactly_0_at_top_1() -> None:
    assert gate_gradient(mixture(2, 1, "topk")) == 0.0


@pytest.mark.parametrize(("top_k", "router"), [(2, "topk"), (1, "switch"), (2, "switch")])
def test_every_other_router_gives_the_gate_a_gradient(top_k: int, router: str) -> None:
    assert gate_gradient(mixture(4, top_k, router)) > 1e-3


@pytest.mark.parametrize(("router", "learns"), [("topk", False), ("switch", True)])
def test_at_initialisation_only_the_corrected_router_trains_the_gates(
    tiny: Open, texts: list[str], router: Any, learns: bool
) -> None:
    model = tiny("xlm-roberta")
    MixtureOfExperts(router=router).apply(model)
    (model(model.preprocess(texts))["sentence_embedding"] ** 3).sum().backward()
    for layer in mixtures(model):
        gradient = layer.gate.weight.grad
        assert (gradient is not None and float(gradient.abs().max()) > 0) == learns
        assert all(expert.weight.grad is not None for expert in layer.experts)


def test_the_corrected_routers_gradient_is_that_of_the_weight_over_the_kept_mass() -> None:
    import torch

    layer, inputs = mixture(4, 1, "switch"), hidden()
    shares = layer.gate(inputs).softmax(dim=-1)
    best, best_expert = shares.max(dim=-1)
    outputs = torch.stack([expert(inputs) for expert in layer.experts])  # [E, B, tokens, out]
    rows, tokens = torch.meshgrid(torch.arange(3), torch.arange(4), indexing="ij")
    output = (best / best.detach())[..., None] * outputs[best_expert, rows, tokens]
    (gradient,) = torch.autograd.grad(layer(inputs).square().sum(), layer.gate.weight)
    (expected,) = torch.autograd.grad(output.square().sum(), layer.gate.weight)
    torch.testing.assert_close(gradient, expected, atol=1e-12, rtol=0)


def test_gates_are_drawn_from_torchs_generator_with_the_initializer_range(tiny: Open) -> None:
    import torch

    gates = []
    for seed in (0, 0, 1):
        model = tiny("xlm-roberta")
        torch.manual_seed(seed)
        MixtureOfExperts(experts=4).apply(model)
        gates.append(torch.cat([layer.gate.weight.detach() for layer in mixtures(model)]))
    assert torch.equal(gates[0], gates[1])
    assert not torch.equal(gates[0], gates[2])
    assert 0.015 < float(gates[0].std()) < 0.025  # initializer_range 0.02, 256 draws


def test_experts_are_copies_that_share_no_memory(tiny: Open) -> None:
    import torch

    model = tiny("bert")
    dense: Any = model[0]
    weight = dense.auto_model.encoder.layer[0].intermediate.dense.weight.detach().clone()
    MixtureOfExperts(experts=2).apply(model)
    first, second = mixtures(model)[0].experts
    assert torch.equal(first.weight, weight)
    assert torch.equal(second.weight, weight)
    assert first.weight.data_ptr() != second.weight.data_ptr()


RELOAD = """
import sys
from pathlib import Path
import numpy as np
import torch
from sentence_transformers import SentenceTransformer

torch.set_num_threads(1)
texts = Path(sys.argv[1]).read_text(encoding="utf-8").splitlines()
for folder in sys.argv[2:]:
    try:
        SentenceTransformer(folder, device="cpu")
        print("loaded without an error", flush=True)
    except Exception as error:
        print(" ".join(str(error).split()), flush=True)
from methods import moe
moe.register()
for folder in sys.argv[2:]:
    model = SentenceTransformer(folder, device="cpu")
    np.save(Path(folder) / "vectors.npy", model.encode(texts, show_progress_bar=False))
"""


@pytest.fixture(scope="module")
def reloaded(
    tiny: Open, texts: list[str], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, tuple[NDArray[np.float32], NDArray[np.float32], str]]:
    """Return vectors before saving, vectors in a new process, and that process' error before `register`."""
    root = tmp_path_factory.mktemp("saved")
    (root / "texts.txt").write_text("\n".join(texts), encoding="utf-8")
    before = {}
    for architecture, router, top_k in zip(ARCHITECTURES, ["topk", "switch", "switch"], [2, 1, 2], strict=True):
        model = tiny(architecture)
        MixtureOfExperts(3, top_k, router).apply(model)  # type: ignore[arg-type]
        perturb_experts(model)
        before[architecture] = vectors(model, texts)
        model.save_pretrained(str(root / architecture), create_model_card=False)
    command = [sys.executable, "-c", RELOAD, str(root / "texts.txt"), *[str(root / name) for name in ARCHITECTURES]]
    checkout = Path(moe.__file__).parents[1]
    process = subprocess.run(command, cwd=checkout, capture_output=True, text=True, timeout=600)
    assert process.returncode == 0, process.stderr
    lines = dict(zip(ARCHITECTURES, process.stdout.splitlines(), strict=True))
    return {name: (before[name], np.load(root / name / "vectors.npy"), lines[name]) for name in ARCHITECTURES}


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_a_saved_mixture_loaded_in_a_new_process_has_the_same_bits(reloaded: Any, architecture: str) -> None:
    before, after, _ = reloaded[architecture]
    assert np.array_equal(after, before)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_a_saved_mixture_does_not_load_before_its_type_is_registered(reloaded: Any, architecture: str) -> None:
    message = reloaded[architecture][2]
    assert "loaded without an error" not in message
    assert f"{architecture}-moe" in message


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"top_k": 0}, "top_k 0 is not between 1 and experts 2"),
        ({"top_k": 3}, "top_k 3 is not between 1 and experts 2"),
        ({"experts": 4, "top_k": 5}, "top_k 5 is not between 1 and experts 4"),
        ({"experts": 0, "top_k": 0}, "top_k 0 is not between 1 and experts 0"),
        ({"router": "switsh"}, "router 'switsh' must be topk or switch"),
    ],
)
def test_invalid_settings_are_rejected(settings: dict[str, Any], problem: str) -> None:
    with pytest.raises(RequestError, match=f"invalid settings of moe: {problem}"):
        plugins.load("moe", settings)


def test_an_unsupported_architecture_is_rejected_with_the_supported_ones(tiny: Open) -> None:
    with pytest.raises(ValueError, match="no mixture for model type 'distilbert'; supported: bert, roberta, xlm-rob"):
        MixtureOfExperts().apply(tiny("distilbert"))


def test_a_mixture_of_a_mixture_is_rejected(tiny: Open) -> None:
    model = tiny("bert")
    MixtureOfExperts().apply(model)
    with pytest.raises(ValueError, match="no mixture for model type 'bert-moe'"):
        MixtureOfExperts().apply(model)
