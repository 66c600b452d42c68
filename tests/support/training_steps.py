"""One training step on random tokens: InfoNCE over questions, passages and hard negatives, as the trainer makes it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from typing import Any

from support.rates import clock

FIRST_TOKEN = 5  # those below are special


def features(model: Any, rows: int, lengths: Sequence[int]) -> list[dict[str, Any]]:
    """Return a column of `rows` random texts of each length, full of tokens, on the model's device."""
    import torch

    generator = torch.Generator().manual_seed(1)
    vocabulary = model[0].auto_model.config.vocab_size
    drawn = [torch.randint(FIRST_TOKEN, vocabulary, (rows, length), generator=generator) for length in lengths]
    columns = [tokens.to(model.device) for tokens in drawn]
    return [{"input_ids": column, "attention_mask": torch.ones_like(column)} for column in columns]


def loss_of(model: Any, mini_batch: int = 0) -> Any:
    """Return MNRL's loss, with the negatives of all rows as candidates; in mini-batches where `mini_batch` is given."""
    from harness.stages.mini_batches import in_mini_batches
    from methods._loss import EmbeddingLoss
    from methods.infonce import infonce

    loss = EmbeddingLoss(model, lambda embeddings, mask: infonce(embeddings, 0.05, True, mask))
    return in_mini_batches(loss, model, mini_batch) if mini_batch else loss


class Step:
    """A step with its optimiser; `precision` is that of automatic mixed precision, float32 for none."""

    def __init__(self, model: Any, precision: str, mini_batch: int = 0) -> None:
        import torch

        self.model = model
        self.loss = loss_of(model, mini_batch)
        self.optimiser = torch.optim.AdamW(model.parameters(), lr=1e-5, fused=True)
        dtype = getattr(torch, precision)
        device = model.device.type
        self.context = nullcontext() if precision == "float32" else torch.autocast(device, dtype=dtype)

    def seconds(self, columns: Sequence[dict[str, Any]]) -> float:
        """Carry out a step and return its seconds."""
        import torch

        device = self.model.device.type
        started = clock(device)
        with self.context:
            loss = self.loss([dict(column) for column in columns])
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimiser.step()
        self.optimiser.zero_grad()
        return clock(device) - started
