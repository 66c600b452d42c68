"""The mixture of experts: what it computes, what it learns, and how it is saved."""

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
    found: NDArray[np.float32] = model.encode(texts, show_progress_bar=False)
    return found


def mixtures(model: SentenceTransformer) -> list[Any]:
    from methods._moe_model import Mixture

    return [module for module in model.modules() if isinstance(module, Mixture)]


def tell_experts_apart(model: nn.Module, seed: int = 0) -> None:
    """Add noise to experts and gates, as training would."""
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
        made = Mixture(torch.nn.Linear(6, 5), experts, top_k, router).double()
    tell_experts_apart(made)
    return made


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


def test_once_experts_differ_vectors_differ(tiny: Open, texts: list[str]) -> None:
    model = tiny("xlm-roberta")
    dense = vectors(model, texts)
    MixtureOfExperts().apply(model)
    tell_experts_apart(model)
    assert float(np.abs(vectors(model, texts) - dense).max()) > 1e-3


@pytest.mark.parametrize(("experts", "top_k"), [(2, 1), (2, 2), (4, 1), (4, 2), (4, 4)])
@pytest.mark.parametrize("router", ["topk", "switch"])
def test_a_token_is_the_weighted_sum_of_its_best_experts(experts: int, top_k: int, router: str) -> None:
    import torch

    layer, inputs = mixture(experts, top_k, router), hidden()
    wanted = torch.zeros(3, 4, 5, dtype=torch.float64)
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
                wanted[batch, token] += weight * layer.experts[expert](inputs[batch, token])
    torch.testing.assert_close(layer(inputs), wanted, atol=1e-12, rtol=0)


@pytest.mark.parametrize("router", ["topk", "switch"])
def test_with_every_expert_kept_the_weights_are_the_softmax_of_the_gate(router: str) -> None:
    import torch

    layer, inputs = mixture(4, 4, router), hidden()
    weights = layer.gate(inputs).softmax(dim=-1)
    wanted = sum(weights[..., [expert]] * layer.experts[expert](inputs) for expert in range(4))
    torch.testing.assert_close(layer(inputs), wanted, atol=1e-12, rtol=0)


def gate_gradient(layer: Any) -> float:
    """Return the largest entry of the gate's gradient; a gate outside the graph has none, which is 0."""
    layer(hidden()).square().sum().backward()
    gradient = layer.gate.weight.grad
    return 0.0 if gradient is None else float(gradient.abs().max())


def test_the_published_router_gives_the_gate_a_gradient_of_exactly_0_at_top_1() -> None:
    assert gate_gradient(mixture(2, 1, "topk")) == 0.0


@pytest.mark.parametrize(("top_k", "router"), [(2, "topk"), (1, "switch"), (2, "switch")])
def test_every_other_router_gives_the_gate_a_gradient(top_k: int, router: str) -> None:
    assert gate_gradient(mixture(4, top_k, router)) > 1e-3


@pytest.mark.parametrize(("router", "learns"), [("topk", False), ("switch", True)])
def test_at_initialisation_only_the_corrected_routers_gates_learn(
    tiny: Open, texts: list[str], router: Any, learns: bool
) -> None:
    model = tiny("xlm-roberta")
    MixtureOfExperts(router=router).apply(model)
    (model(model.preprocess(texts))["sentence_embedding"] ** 3).sum().backward()
    for layer in mixtures(model):
        gradient = layer.gate.weight.grad
        assert (gradient is not None and float(gradient.abs().max()) > 0) == learns
        assert all(expert.weight.grad is not None for expert in layer.experts)


def test_the_corrected_routers_gradient_is_that_of_the_share_over_the_kept_mass() -> None:
    import torch

    layer, inputs = mixture(4, 1, "switch"), hidden()
    shares = layer.gate(inputs).softmax(dim=-1)
    best, chosen = shares.max(dim=-1)
    outputs = torch.stack([expert(inputs) for expert in layer.experts])  # [E, B, tokens, out]
    rows, tokens = torch.meshgrid(torch.arange(3), torch.arange(4), indexing="ij")
    wanted = (best / best.detach())[..., None] * outputs[chosen, rows, tokens]
    (found,) = torch.autograd.grad(layer(inputs).square().sum(), layer.gate.weight)
    (reference,) = torch.autograd.grad(wanted.square().sum(), layer.gate.weight)
    torch.testing.assert_close(found, reference, atol=1e-12, rtol=0)


def test_gates_are_drawn_from_torchs_generator_with_the_networks_spread(tiny: Open) -> None:
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
        print("opened silently", flush=True)
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
    """Return vectors before saving, vectors in a fresh process, and what it said before `register`."""
    root = tmp_path_factory.mktemp("saved")
    (root / "texts.txt").write_text("\n".join(texts), encoding="utf-8")
    before = {}
    for architecture, router, top_k in zip(ARCHITECTURES, ["topk", "switch", "switch"], [2, 1, 2], strict=True):
        model = tiny(architecture)
        MixtureOfExperts(3, top_k, router).apply(model)  # type: ignore[arg-type]
        tell_experts_apart(model)
        before[architecture] = vectors(model, texts)
        model.save_pretrained(str(root / architecture), create_model_card=False)
    command = [sys.executable, "-c", RELOAD, str(root / "texts.txt"), *[str(root / name) for name in ARCHITECTURES]]
    checkout = Path(moe.__file__).parents[1]
    said = subprocess.run(command, cwd=checkout, capture_output=True, text=True, timeout=120)
    assert said.returncode == 0, said.stderr
    lines = dict(zip(ARCHITECTURES, said.stdout.splitlines(), strict=True))
    return {name: (before[name], np.load(root / name / "vectors.npy"), lines[name]) for name in ARCHITECTURES}


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_a_saved_mixture_reopened_in_a_fresh_process_has_the_same_bits(reloaded: Any, architecture: str) -> None:
    before, after, _ = reloaded[architecture]
    assert np.array_equal(after, before)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_a_saved_mixture_does_not_open_before_its_type_is_registered(reloaded: Any, architecture: str) -> None:
    said = reloaded[architecture][2]
    assert "opened silently" not in said
    assert f"{architecture}-moe" in said


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"top_k": 0}, "top_k 0 is not between 1 and experts 2"),
        ({"top_k": 3}, "top_k 3 is not between 1 and experts 2"),
        ({"experts": 4, "top_k": 5}, "top_k 5 is not between 1 and experts 4"),
        ({"experts": 0, "top_k": 0}, "top_k 0 is not between 1 and experts 0"),
        ({"router": "switsh"}, "router 'switsh' is neither topk nor switch"),
    ],
)
def test_impossible_settings_are_refused(settings: dict[str, Any], problem: str) -> None:
    with pytest.raises(RequestError, match=f"invalid settings of moe: {problem}"):
        plugins.load("moe", settings)


def test_an_architecture_without_a_mixture_is_refused_with_the_known_ones(tiny: Open) -> None:
    with pytest.raises(ValueError, match="no mixture for model type 'distilbert'; there is one for bert, roberta, xlm"):
        MixtureOfExperts().apply(tiny("distilbert"))


def test_a_mixture_of_a_mixture_is_refused(tiny: Open) -> None:
    model = tiny("bert")
    MixtureOfExperts().apply(model)
    with pytest.raises(ValueError, match="no mixture for model type 'bert-moe'"):
        MixtureOfExperts().apply(model)
