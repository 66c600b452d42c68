"""Mixture of experts in the intermediate layers (arXiv 2412.17364).

Each encoder layer's `intermediate.dense` is replaced by E copies of it and `gate = Linear(hidden, E, bias=False)`. The
output for a token is the weighted sum of its top-k experts by the gate's logits. As published, there is no
load-balancing loss.

    y = Σ_{e ∈ top-k of g} w_e f_e(x),  g = gate(x)

    router    weight w_e of expert e for a token                         at initialisation      gate's gradient, k = 1
    topk      softmax over the k kept logits (published)                  equals dense           exactly 0
    switch    p_e / stop_gradient(Σ p over the kept), p = softmax over E  equals dense           not 0

`topk` with k = 1 gives its expert the constant weight 1, so the routing stays at its random initialisation. `switch`
takes the softmax before top-k, like Switch Transformer (Fedus et al. 2021, arXiv 2101.03961). There the weight is p_e
alone, which would scale the layer's output by p_e at initialisation; here it is divided by the kept mass, held
constant, which keeps the dense output bit for bit and lets the gate learn.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal, cast

if TYPE_CHECKING:
    from pathlib import Path

    from sentence_transformers import SentenceTransformer

EQUATION = """\
y = Σ_{e ∈ top-k of g} w_e f_e(x),  g = gate(x)
x, y   a token before and after a layer's intermediate.dense
f_e    expert e of E (experts, 2 unless set), a copy of the dense layer at first; k is top_k (1 unless set)
w_e    by router (switch unless set):
       switch   p_e / stop_gradient(Σ p over the kept experts), p the softmax of g over all experts
       topk     softmax of g over the k kept experts"""


def register() -> None:
    """Register the mixture's model types in transformers; call it before loading a saved mixture."""
    import methods._moe_model  # noqa: F401


@dataclass(frozen=True)
class MixtureOfExperts:
    """`experts` 2 and `top_k` 1 are the published values; `router` is `topk` (published) or `switch` (corrected)."""

    equation: ClassVar[str] = EQUATION
    experts: int = 2
    top_k: int = 1
    router: Literal["topk", "switch"] = "switch"

    def __post_init__(self) -> None:
        if self.router not in ("topk", "switch"):
            raise ValueError(f"router '{self.router}' must be topk or switch")
        if not 1 <= self.top_k <= self.experts:
            raise ValueError(f"top_k {self.top_k} is not between 1 and experts {self.experts}")

    def register(self) -> None:
        """Register the mixture's model types in transformers."""
        register()

    def problem(self, model: SentenceTransformer) -> str:
        """Return why this model cannot become a mixture; "" if it can."""
        from methods._moe_model import problem

        transformer: Any = model[0]
        return problem(getattr(transformer, "model", None))

    def apply(self, model: SentenceTransformer) -> None:
        """Replace the network by a mixture: same outputs, another model type, gates drawn from torch's generator."""
        from methods._moe_model import mixture_of

        transformer: Any = model[0]
        transformer.model = mixture_of(transformer.model, self.experts, self.top_k, self.router)

    def load(self, model: SentenceTransformer, checkpoint: Path) -> None:
        """Put the mixture of a checkpoint of the published code in the place of the network.

        Tokenizer, pooling and normalisation stay the model's. Raises ValueError for a checkpoint without a mixture, one
        that differs from this adapter's settings or the model's vocabulary, and a model that does not pool by CLS.
        """
        from methods._moe_checkpoint import published_mixture

        mixture = published_mixture(checkpoint, self.router)
        found = (mixture.config.moe_experts, mixture.config.moe_top_k)
        if found != (self.experts, self.top_k):
            raise ValueError(
                f"it has {found[0]} experts, {found[1]} per token; add --set moe.experts={found[0]} and "
                f"--set moe.top_k={found[1]}"
            )
        transformer, pooling = cast(Any, model[0]), cast(Any, model[1])
        if getattr(pooling, "pooling_mode", None) != "cls":
            raise ValueError("its dense head is the CLS token's vector, and the base model pools otherwise")
        sizes = (mixture.config.vocab_size, transformer.model.config.vocab_size)
        if sizes[0] != sizes[1]:
            raise ValueError(f"its vocabulary has {sizes[0]} tokens, that of the base model {sizes[1]}")
        transformer.model = mixture.to(model.device)


PLUGIN = MixtureOfExperts
