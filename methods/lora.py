"""LoRA: low-rank matrices beside frozen weights are trained (Hu et al. 2021, arXiv 2106.09685), by the library peft.

    y = W x + (alpha / r) · B A x,   A: [r, in] drawn as in peft, B: [out, r] zero at first

The trained model is saved as W + (alpha / r) · B A: a folder without any trace of LoRA, which opens without peft.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

EQUATION = """\
y = W x + (alpha / r) · B A x
x, y   a token before and after a linear layer with the frozen weights W
A, B   matrices [r, in], random at first, and [out, r], zero at first; only these are trained, and dropout is before A
r      rank (16 unless set)
alpha  32 unless set, dropout 0 unless set"""
INSTALL = "peft is not installed; pip install 'harness-embeddings[lora]'"


@dataclass(frozen=True)
class LoRA:
    """`targets` are names of linear layers, such as query and value; empty: every linear layer of the network."""

    equation: ClassVar[str] = EQUATION
    r: int = 16
    alpha: int = 32
    dropout: float = 0.0
    targets: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if find_spec("peft") is None:
            raise ValueError(INSTALL)
        if self.r < 1:
            raise ValueError(f"r {self.r} must be at least 1")
        if self.alpha < 1:
            raise ValueError(f"alpha {self.alpha} must be at least 1")
        if not 0 <= self.dropout < 1:
            raise ValueError(f"dropout {self.dropout} must be at least 0 and below 1")

    def register(self) -> None:
        """Do nothing: the saved network has its own type."""

    def problem(self, model: SentenceTransformer) -> str:
        """Return why LoRA cannot be added to this model; "" if it can."""
        from torch import nn

        network = getattr(model[0], "auto_model", None)
        if network is None or not type(network).__module__.startswith("transformers."):
            return "it needs a network of transformers as it is, which no other adapter has rebuilt"
        if getattr(network, "_hf_peft_config_loaded", False):
            return "it has adapters of peft already; merge them into its weights first"
        linear = {name.rpartition(".")[2] for name, module in network.named_modules() if isinstance(module, nn.Linear)}
        missing = sorted(set(self.targets) - linear)
        return f"no linear layer is named '{missing[0]}'; there are: {', '.join(sorted(linear))}" if missing else ""

    def apply(self, model: SentenceTransformer) -> None:
        """Add the matrices and freeze everything else; raises ValueError where `problem` has a reason."""
        from methods._lora import add

        if reason := self.problem(model):
            raise ValueError(reason)
        transformer: Any = model[0]
        add(transformer.auto_model, self.r, self.alpha, self.dropout, list(self.targets) or "all-linear")

    def finish(self, model: SentenceTransformer) -> None:
        """Merge the trained matrices into the weights."""
        from methods._lora import merge

        transformer: Any = model[0]
        merge(transformer.auto_model)


PLUGIN = LoRA
