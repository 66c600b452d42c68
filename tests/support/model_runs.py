"""Two tiny encoders, and the request that compares two entries on both."""

from __future__ import annotations

from pathlib import Path

from harness.request.manifest import BuiltBase
from harness.stages.built_base import build

TEXTS = ("차는 잎으로 만든다", "커피는 콩으로 만든다", "쌀은 곡식이다", "tea is made from leaves", "rice is a grain")
REQUEST = (
    *("run", "--suite", "mini", "--langs", "ko", "--seeds", "0,1", "--max-train", "40", "--device", "cpu"),
    *("--set", "train.epochs=2", "--set", "text.query_max_length=32", "--set", "text.passage_max_length=32"),
)


def encoder(folder: Path, seed: int) -> Path:
    """Write an encoder of one small layer; seeds differ in their weights."""
    settings = BuiltBase(
        vocab_size=96,
        hidden_size=16,
        intermediate_size=32,
        layers=1,
        attention_heads=2,
        initialisation_seed=seed,
    )
    folder.mkdir(parents=True)
    build(TEXTS, settings, 40, folder)
    return folder
