"""A model's folder as a model of mteb.

mteb leaves two things to its caller that are explicit here: the identity of the model (docs/traps.md, T1: mteb's result
cache knows a model by name and revision alone), and the maximum length of queries and passages (docs/traps.md, T12).
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

from mteb.models import ModelMeta
from mteb.models.sentence_transformer_wrapper import SentenceTransformerEncoderWrapper
from mteb.types import PromptType

from harness.keys import digest
from harness.machine.file_hashes import file_sha256
from harness.request.manifest import Precision, Text
from harness.vectors.encoder import Encoder, Role, open_model
from harness.vectors.token_batches import ON_CPU, Budget

ROLES: dict[PromptType, Role] = {PromptType.query: "query", PromptType.document: "passage"}
ALONE = Budget(texts=32, tokens=ON_CPU)  # without a suite: as many texts as sentence-transformers' own default
NOT_THE_MODEL = {"training.json", "README.md"}  # logs and cards: they change no vector


class LengthAwareEncoder(SentenceTransformerEncoderWrapper):
    """mteb's wrapper of a sentence-transformers model, read as the stages read it (harness.vectors.encoder).

    If mteb names no role (as for both sentences of an STS or pair classification task), texts are truncated at the
    longer of the two lengths, and no prompt is added unless prompts are the model's and it has a default one.
    """

    def __init__(self, folder: str, device: str, text: Text, precision: Precision, batch: Budget) -> None:
        model = open_model(Path(folder), device, precision)
        self._budget = batch
        self._encoder = Encoder(model, text)
        with warnings.catch_warnings():  # mteb asks for the dimension by a name that sentence-transformers has renamed
            warnings.simplefilter("ignore", FutureWarning)
            warnings.simplefilter("ignore", UserWarning)  # of prompts by other names, which are not used
            super().__init__(model)

    def encode(self, inputs: Any, *, prompt_type: PromptType | None = None, **settings: Any) -> Any:
        """Return the float32 vectors of the texts in mteb's batches."""
        texts = [text for batch in inputs for text in batch["text"]]
        role = None if prompt_type is None else ROLES[prompt_type]
        return self._encoder.encode(texts, role, self._budget)


def model_meta(
    folder: Path,
    name: str,
    text: Text,
    device: str = "cpu",
    precision: Precision = "float32",
    batch: Budget = ALONE,
) -> ModelMeta:
    """Return the metadata by which mteb identifies and opens the model in `folder`.

    The revision is the sha256 of the model's files, of the text settings and of the precision, so that no two models
    share a cached score. A model with an adapter needs that adapter's `register()` before it is evaluated.
    """
    files = sorted(path for path in folder.rglob("*") if path.is_file() and not _ignored(path.relative_to(folder)))
    content = {path.relative_to(folder).as_posix(): file_sha256(path) for path in files}
    return ModelMeta.create_empty(
        overwrites={
            "name": f"harness/{name}",
            "revision": digest([content, text.model_dump(), precision]),
            "loader": _load,
            "loader_kwargs": {
                "folder": str(folder),
                "on": device,
                "text": text,
                "precision": precision,
                "batch": batch,
            },
            "framework": ["Sentence Transformers"],
        }
    )


def _load(name: str, revision: str | None = None, *, folder: str, on: str, **settings: Any) -> LengthAwareEncoder:
    """Return the encoder; mteb calls this with the metadata's name, revision and `loader_kwargs`."""
    return LengthAwareEncoder(folder, on, settings["text"], settings["precision"], settings["batch"])


def _ignored(path: Path) -> bool:
    return path.name in NOT_THE_MODEL or path.name.startswith(".")
