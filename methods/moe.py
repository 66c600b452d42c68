"""Mixture of experts in the intermediate layers (arXiv 2412.17364).

Each encoder layer's `intermediate.dense` becomes E deep copies of it and `gate = Linear(hidden, E, bias=False)`; a
token is the weighted sum of its top-k experts by the gate's logits. No load-balancing loss, as published.

    y = Σ_{e ∈ top-k of g} w_e f_e(x),  g = gate(x)

    router    weight w_e of expert e for a token                         at initialisation      gate's gradient, k = 1
    topk      softmax over the k kept logits (published)                  equals dense           exactly 0
    switch    p_e / stop_gradient(Σ p over the kept), p = softmax over E  equals dense           not 0

`topk` with k = 1 weighs its expert by a constant 1, so routing stays at its random draw. `switch` softmaxes before
top-k, as Switch Transformer (Fedus et al. 2021, arXiv 2101.03961), whose weight p_e alone would scale the layer's
output by p_e at initialisation; dividing by the kept mass, held constant, keeps the dense output bit for bit and lets
the gate learn.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

VERSION = 2
EQUATION = """\
y = Σ_{e ∈ top-k of g} w_e f_e(x),  g = gate(x)
x, y   a token before and after a layer's intermediate.dense
f_e    expert e of E (experts, 2 unless set), a copy of the dense layer at first; k is top_k (1 unless set)
w_e    by router (switch unless set):
       switch   p_e / stop_gradient(Σ p over the kept experts), p the softmax of g over all experts
       topk     softmax of g over the k kept experts"""


def register() -> None:
    """Make transformers know the mixture's model types; call it before opening a saved one elsewhere."""
    import methods._moe_model  # noqa: F401


@dataclass(frozen=True)
class MixtureOfExperts:
    """`experts` 2 and `top_k` 1 as published; `router` `topk` as published, `switch` as corrected."""

    equation: ClassVar[str] = EQUATION
    experts: int = 2
    top_k: int = 1
    router: Literal["topk", "switch"] = "switch"

    def __post_init__(self) -> None:
        if self.router not in ("topk", "switch"):
            raise ValueError(f"router '{self.router}' is neither topk nor switch")
        if not 1 <= self.top_k <= self.experts:
            raise ValueError(f"top_k {self.top_k} is not between 1 and experts {self.experts}")

    def register(self) -> None:
        """Make transformers know the mixture's model types."""
        register()

    def problem(self, model: SentenceTransformer) -> str:
        """Return why there is no mixture of this model; "" where there is one."""
        from methods._moe_model import problem

        transformer: Any = model[0]
        return problem(getattr(transformer, "model", None))

    def apply(self, model: SentenceTransformer) -> None:
        """Replace the network by its mixture: same function, own model type, gates drawn from torch's generator."""
        from methods._moe_model import mixture_of

        transformer: Any = model[0]
        transformer.model = mixture_of(transformer.model, self.experts, self.top_k, self.router)


PLUGIN = MixtureOfExperts
