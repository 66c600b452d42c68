"""The network of a model as ONNX, in the place where TEI on a CPU and sentence-transformers' backend look for it.

optimum, which the library's own export needs, does not take transformers 5. So torch exports the network; tokenizer and
pooling stay those of the folder, as with optimum's files.
"""

from __future__ import annotations

import importlib.util
import logging
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.vectors.encoder import open_model

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer
    from torch import Tensor, nn

FILE = "onnx/model.onnx"
BOUND = 1e-4  # of any component of a vector, against torch
OUTPUT = "last_hidden_state"
INPUTS = ("input_ids", "attention_mask", "token_type_ids")  # those that the tokenizer has
OPSET = 18  # what torch's exporter is made for, and older runtimes read
PACKAGES = ("onnx", "onnxruntime", "onnxscript")
LARGEST = 1 << 31  # bytes of one protobuf file; weights beyond it stand in a file of their own
BATCHES = (  # compared with torch: padded by little and by much, alone, empty, cut
    ("what is the capital of France?", "대한민국의 수도는?", "भारत की राजधानी क्या है?", "پایتخت ایران کجاست؟"),
    ("short", "a passage of many words " * 200, "🙂"),
    ("one text alone",),
    ("",),
)


def missing_packages() -> list[str]:
    """Return the packages of the extra `serve` that are not installed."""
    return [package for package in PACKAGES if importlib.util.find_spec(package) is None]


def write_onnx(folder: Path) -> float:
    """Write the ONNX network of a model into its folder.

    Returns its `difference` to torch over BATCHES, of unit vectors where the model compares by cosine.
    """
    import torch

    model = open_model(folder, "cpu").eval()
    path = folder / FILE
    path.parent.mkdir()
    with torch.inference_mode(False), _quiet():
        program = torch.onnx.export(
            _network(model).eval(),
            tuple(_inputs(model, BATCHES[0]).values()),
            dynamo=True,
            verbose=False,
            opset_version=OPSET,
            input_names=[*_inputs(model, BATCHES[0])],
            output_names=[OUTPUT],
            dynamic_shapes=_dynamic_shapes(model),
        )
    assert program is not None
    _forget_sources(program.model)
    size = sum(weights.numel() * weights.element_size() for weights in model.state_dict().values())
    program.save(str(path), external_data=size > LARGEST * 0.9)
    return difference(model, path)


def _network(model: SentenceTransformer) -> nn.Module:
    from torch import nn

    class Network(nn.Module):
        """Token ids to token vectors, by position: an exported function has no keywords."""

        def __init__(self, network: nn.Module) -> None:
            super().__init__()
            self.network = network

        def forward(self, input_ids: Tensor, attention_mask: Tensor, token_type_ids: Tensor | None = None) -> Tensor:
            types = {} if token_type_ids is None else {"token_type_ids": token_type_ids}
            states: Tensor = self.network(input_ids=input_ids, attention_mask=attention_mask, **types)[0]
            return states

    first: Any = model[0]
    return Network(first.model)


def _inputs(model: SentenceTransformer, texts: Sequence[str]) -> dict[str, Tensor]:
    """Return what the tokenizer makes of texts, without what no network reads."""
    features: dict[str, Any] = model.preprocess([*texts])
    return {name: features[name] for name in INPUTS if name in features}


def _dynamic_shapes(model: SentenceTransformer) -> tuple[dict[int, Any], ...]:
    from torch.export import Dim

    shape = {0: Dim("batch"), 1: Dim("sequence")}
    return tuple(shape for _ in _inputs(model, BATCHES[0]))


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep what the exporter says of its own insides from the terminal."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)


def _forget_sources(model: Any) -> None:
    """Delete which line of which file a node is from: paths of this machine."""
    for graph in (model.graph, *model.functions.values()):
        graph.metadata_props.clear()
        values = [*graph.inputs, *graph.initializers.values()] if graph is model.graph else [*graph.inputs]
        for node in graph.all_nodes():
            node.metadata_props.clear()
            node.doc_string = None
            values += node.outputs
        for value in values:
            value.metadata_props.clear()
    model.metadata_props.clear()


def difference(model: SentenceTransformer, path: Path, batches: Sequence[Sequence[str]] = BATCHES) -> float:
    """Return the largest difference between a component of a vector by onnxruntime and by torch."""
    import onnxruntime
    import torch

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    differences = []
    with torch.inference_mode():
        for texts in batches:
            inputs = _inputs(model, texts)
            (states,) = session.run([OUTPUT], {name: value.numpy() for name, value in inputs.items()})
            found = _pooled(model, {"token_embeddings": torch.from_numpy(states), **inputs})
            differences.append((found - _pooled(model, model[0](dict(inputs)))).abs().max().item())
    return float(max(differences))


def _pooled(model: SentenceTransformer, features: dict[str, Any]) -> Tensor:
    """Return the vectors of token vectors, by the modules after the network."""
    from torch.nn.functional import normalize

    for module in [*model][1:]:
        features = module(features)
    vectors: Tensor = features["sentence_embedding"]
    return normalize(vectors, p=2, dim=1) if model.similarity_fn_name == "cosine" else vectors
