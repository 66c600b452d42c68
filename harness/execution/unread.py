"""Settings and data that no requested entry reads: ignored without a word, they would look as if without effect."""

from __future__ import annotations

from collections.abc import Sequence

from harness.errors import RequestError
from harness.request.cell import Cell
from harness.request.overrides import parse
from harness.request.request import Request, options
from harness.stages.stage_settings import trains_on_queries
from harness.types import Need, Ranker
from harness.vectors.embedding import BLOCK

OF_ENCODERS = {
    "text": ("query_prompt", "passage_prompt", "query_max_length", "passage_max_length"),
    "evaluate": ("encode_batch_size", "encode_tokens", "precision", "query_precision", "dimensions", "pairs"),
}
OF_TRAINING = {"text": ("train_passage_max_length",)}


def check_settings(texts: Sequence[str], cells: Sequence[Cell]) -> None:
    """Raise RequestError for a --set of a suite's table that only encoders or trainings read, where there is none."""
    encodes = any(not isinstance(cell.plugin, Ranker) for cell in cells)
    trains = any(cell.method is not None for cell in cells)
    for text in texts:
        setting = parse(text)
        of_encoders = setting.field in OF_ENCODERS.get(setting.name, ())
        of_training = setting.field in OF_TRAINING.get(setting.name, ())
        if (of_encoders and not encodes) or (of_training and not trains):
            raise _unread(f"--set {text}", cells)


def check_sources(request: Request, cells: Sequence[Cell]) -> None:
    """Raise RequestError for a source of training data, where there is no entry that reads it."""
    queries = any(map(trains_on_queries, cells))
    reads = {
        "train_file": queries,
        "augment": queries,
        "negative_queries": any(Need.NEGATIVE_QUERIES in cell.row_needs for cell in cells),
    }
    for name, is_read in reads.items():
        if getattr(request, name) is not None and not is_read:
            raise _unread(options()[name].flag, cells)


def check_blocks_to_share(names: Sequence[str], cells: Sequence[Cell]) -> None:
    """Raise RequestError for devices that share the encoding of a corpus, where none is larger than a block."""
    counts = [cell.suite.languages[cell.language].counts.passages for cell in cells]
    encoding = [count for cell, count in zip(cells, counts, strict=True) if not isinstance(cell.plugin, Ranker)]
    if names and all(count is not None and count <= BLOCK for count in encoding):
        raise RequestError(
            f"--encode-devices {','.join(names)}: no cell encodes more than one block of {BLOCK:,} passages, which one "
            "device does; leave it out"
        )


def _unread(what: str, cells: Sequence[Cell]) -> RequestError:
    names = ", ".join(dict.fromkeys(cell.entry.name for cell in cells))
    return RequestError(f"{what}: no requested entry reads it ({names}); leave it out, or add an entry that does")
