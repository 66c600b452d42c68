"""A base model made of LoRA weights and the model that they adapt: merged, so that it is an encoder like any other.

The result is the adapted network itself (Hu et al. 2021, arXiv 2106.09685: W + BA, in float32). Training starts from it
and changes all its weights; nothing of it depends on peft.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import RequestError
from harness.machine.json_toml import read_json
from harness.vectors.encoder import open_model
from harness.vectors.model_kind import ADAPTER, MODULES

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer


def adapted_name(folder: Path) -> tuple[str, str]:
    """Return the model that the LoRA weights in a folder adapt, by path or hub id, and its revision if they name one.

    Raises RequestError for adapters of another kind, and where peft, which reads them, is not installed.
    """
    from importlib.util import find_spec

    path = folder / ADAPTER
    try:
        table = read_json(path)
        kind, name = str(table["peft_type"]), str(table["base_model_name_or_path"] or "")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RequestError(f"base model {folder}: {ADAPTER} is not peft's; save the adapters again") from error
    if kind != "LORA":
        raise RequestError(f"base model {folder} holds adapters of kind {kind}, which are not merged here; use LoRA")
    if not name:
        raise RequestError(f"base model {folder}: {ADAPTER} does not name its model; add base_model_name_or_path")
    if find_spec("peft") is None:
        raise RequestError(
            f"base model {folder} is LoRA weights, and peft is not installed; pip install 'harness-embeddings[lora]'"
        )
    return name, str(table.get("revision") or "")


def merge(adapters: Path, base: Path, folder: Path) -> None:
    """Write the model in `base` with the LoRA weights in `adapters` merged; modules are those saved with the weights.

    Where the weights were saved alone, the modules are those of `base`.
    """
    from peft import PeftModel

    with tempfile.TemporaryDirectory() as scratch:
        model = _unadapted(adapters, base, Path(scratch))
        model.float()
        first: Any = model[0]
        field = next((name for name in ("model", "auto_model") if name in first._modules), None)
        if field is None:
            raise RequestError(
                f"base model {adapters}: its LoRA weights adapt no transformer network; use another base"
            )
        try:
            merged = PeftModel.from_pretrained(getattr(first, field), str(adapters)).merge_and_unload()
        except (ValueError, RuntimeError, OSError) as error:
            raise RequestError(f"base model {adapters}: its LoRA weights do not fit {base}: {error}") from error
        setattr(first, field, merged)
        model.save_pretrained(str(folder), create_model_card=False)


def _unadapted(adapters: Path, base: Path, scratch: Path) -> SentenceTransformer:
    """Return the model as it was before its network was adapted."""
    if not (adapters / MODULES).is_file():
        return open_model(base, "cpu")
    modules = scratch / "modules"
    shutil.copytree(adapters, modules, ignore=shutil.ignore_patterns("adapter_*", ".*"))
    for path in _network(base).iterdir():
        if path.suffix in (".safetensors", ".bin", ".json") and not (modules / path.name).exists():
            shutil.copy(path, modules / path.name)
    return open_model(modules, "cpu")


def _network(base: Path) -> Path:
    """Return the folder of the network in a model folder: the first module's, or the folder itself."""
    path = base / MODULES
    if not path.is_file():
        return base
    return base / str(read_json(path)[0]["path"])
