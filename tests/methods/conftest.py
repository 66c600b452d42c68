"""Hand-written vectors, a small training set, and networks with a few thousand weights."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from harness.types import Data, NliTriple, TrainingData

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer
    from torch import Tensor

WORDS = [
    "tea",
    "leaf",
    "cup",
    "rice",
    "field",
    "grain",
    "stone",
    "wall",
    "roof",
    "river",
    "boat",
    "fish",
    "snow",
    "wool",
    "lamp",
    "oil",
]
TEXTS = ["tea leaf cup", "rice field grain rice", "stone wall", "roof river boat fish snow", "wool lamp oil tea rice"]


@pytest.fixture
def on_circle() -> Callable[..., Tensor]:
    """Return rows [B, 2] at angles in degrees, row i of length 1 + i: the cosine of two rows is that of their angle."""

    def make(*degrees: float) -> Tensor:
        import torch

        angles = torch.deg2rad(torch.tensor(degrees, dtype=torch.float64))
        lengths = 1 + torch.arange(len(degrees), dtype=torch.float64)
        rows = torch.stack([angles.cos(), angles.sin()], dim=1) * lengths[:, None]
        return rows.detach().requires_grad_()

    return make


@pytest.fixture
def batch_of_8(on_circle: Callable[..., Tensor]) -> list[Tensor]:
    """Return the columns anchor, positive, two negatives and their two queries, for a batch of 8."""
    return [
        on_circle(0, 40, 85, 130, 170, 215, 260, 310),
        on_circle(10, 25, 95, 150, 165, 200, 290, 300),
        on_circle(30, 60, 70, 110, 195, 230, 255, 340),
        on_circle(-20, 80, 100, 175, 140, 250, 240, 320),
        on_circle(33, 50, 75, 160, 185, 228, 270, 345),
        on_circle(-60, 85, 20, 170, 141, 255, 200, 305),
    ]


def training_data(seed: int = 0, *, reverse: bool = False) -> TrainingData:
    """Return four training queries with five mined negatives each; `q2` has two relevant passages."""
    order: Callable[[list[str]], Any] = reversed if reverse else iter
    passages = [f"d{i}" for i in range(10)]
    train = {"q0": ("d0",), "q1": ("d1",), "q2": ("d2", "d3"), "q3": ("d4",)}
    queries = {query: f"question {query}" for query in train}
    mined = {
        query: tuple(doc for doc in passages if doc not in docs)[number : number + 5]
        for number, (query, docs) in enumerate(train.items())
    }
    pairs = [(query, doc) for query in train for doc in (*train[query], *mined[query])]
    return TrainingData(
        data=Data(
            language="xx",
            passages={doc: f"passage {doc}" for doc in order(passages)},
            queries={query: queries[query] for query in order(list(train))},
            train={query: train[query] for query in order(list(train))},
            dev={},
            nli=(NliTriple("p1", "e1", "c1"), NliTriple("p2", "e2", "c2")),
        ),
        seed=seed,
        negatives={query: mined[query] for query in order(list(train))},
        negative_queries={doc: (f"first query of {doc}", f"second query of {doc}") for doc in order(passages)},
        expert_scores={(query, doc): (0.25, 0.5 if doc in train[query] else 0.0) for query, doc in pairs},
    )


@pytest.fixture(name="training_data")
def _training_data() -> Callable[..., TrainingData]:
    return training_data


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], SentenceTransformer]:
    """Return a function that loads a new 2-layer encoder with hidden size 32 of a model type."""
    folders: dict[str, Path] = {}

    def open_copy(model_type: str) -> SentenceTransformer:
        from sentence_transformers import SentenceTransformer

        if model_type not in folders:
            folders[model_type] = tmp_path_factory.mktemp(model_type)
            _build(model_type, folders[model_type])
        return SentenceTransformer(str(folders[model_type]), device="cpu")

    return open_copy


def _build(model_type: str, folder: Path) -> None:
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import AutoConfig, AutoModel, PreTrainedTokenizerFast

    vocabulary = {word: number for number, word in enumerate(["<s>", "<pad>", "</s>", "<unk>", *WORDS])}
    words: Any = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    make: Any = PreTrainedTokenizerFast
    from_config: Any = AutoModel.from_config
    tokenizer = make(tokenizer_object=words, pad_token="<pad>", unk_token="<unk>", model_max_length=16)
    shape = {"num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 48, "max_position_embeddings": 160}
    if model_type == "distilbert":
        shape = {"n_layers": 2, "n_heads": 2, "hidden_dim": 48, "max_position_embeddings": 160}
    width = {"dim": 32} if model_type == "distilbert" else {"hidden_size": 32}
    configuration = AutoConfig.for_model(model_type, vocab_size=len(vocabulary), pad_token_id=1, **width, **shape)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = from_config(configuration)
    network.save_pretrained(folder / "network")
    tokenizer.save_pretrained(folder / "network")
    modules = [Transformer(str(folder / "network"), max_seq_length=16), Pooling(32, pooling_mode="mean")]
    SentenceTransformer(modules=modules, device="cpu").save_pretrained(str(folder), create_model_card=False)


@pytest.fixture(scope="session")
def texts() -> list[str]:
    """Return five short texts from the vocabulary of the small encoders."""
    return TEXTS


@pytest.fixture(autouse=True, scope="session")
def _one_thread() -> Iterator[None]:
    """Set torch to one thread, as in a cell."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)
