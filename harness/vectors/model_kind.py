"""What kind of model a folder holds, read off its files alone, and what to do where it is not one vector per text.

The library opens some other kinds without a word, with a network that is cut off and a pooling that was never trained:
a reranker, a sparse model, a plain network. Those are rejected here, and so is everything that needs code from the
folder, which is never run.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from harness.data.model_declaration import module_folder
from harness.errors import RequestError
from harness.machine.json_toml import read_json
from harness.machine.limits import TooLarge

MODULES = "modules.json"
NETWORK = "config.json"
ADAPTER = "adapter_config.json"  # of peft
OWN_MODULES = "sentence_transformers."
WEIGHTS = ("*.safetensors", "*.bin")
POINTER = b"version https://git-lfs"
POINTER_BYTES = 1024  # a pointer has about 130
OTHER_KINDS = {  # as sentence-transformers names them → what they are
    "CrossEncoder": "a cross-encoder, which scores pairs of texts and has no vectors",
    "SparseEncoder": "a sparse model, which has a weight per word and no dense vector",
    "MultiVectorEncoder": "a multi-vector model, which has one vector per token",
}
INSTEAD = "use a model with one dense vector per text"


def check_kind(folder: Path, name: str) -> None:
    """Raise RequestError where the model in `folder`, called `name` in the message, is not one that can be opened."""
    check_pointers(folder, name)
    if is_adapter(folder):
        raise RequestError(f"{name} is LoRA weights on another model; download it, and give its folder to --base-model")
    if not (folder / MODULES).is_file():
        raise RequestError(f"{name} {_without_modules(folder)}")
    if other := OTHER_KINDS.get(str(_table(folder / "config_sentence_transformers.json").get("model_type", ""))):
        raise RequestError(f"{name} is {other}; {INSTEAD}")
    modules = [module for module in _list(folder / MODULES) if isinstance(module, dict)]
    for module in modules:
        _check_module(str(module.get("type", "")), name)
    for module in modules:
        if "Transformer" in str(module.get("type")):
            _check_network(module_folder(folder, module.get("path", ""), folder / MODULES), name)


def check_pointers(folder: Path, name: str) -> None:
    """Raise RequestError where a file of a model is a pointer of Git LFS, or a folder in it a link.

    Pointers are left by a clone without git-lfs. What lies behind a linked folder is in no digest of the model.
    """
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() and path.is_dir():
            raise RequestError(
                f"{name}: {path.relative_to(folder).as_posix()} is a link to a folder; copy the folder in its place"
            )
        if path.is_file() and path.stat().st_size < POINTER_BYTES and path.read_bytes().startswith(POINTER):
            file = path.relative_to(folder).as_posix()
            raise RequestError(
                f"{name}: {file} is a Git LFS pointer, not the file itself; run `git lfs pull` in {folder}"
            )


def is_adapter(folder: Path) -> bool:
    """Return whether a folder holds adapters of peft on another model."""
    return (folder / ADAPTER).is_file()


def _without_modules(folder: Path) -> str:
    """Return what a folder without modules.json is, and what to do."""
    table = _table(folder / NETWORK)
    if "SequenceClassification" in str(table.get("architectures")):
        return f"is {OTHER_KINDS['CrossEncoder']}; {INSTEAD}"
    if table:
        return (
            f"is a network without {MODULES}, so that its pooling is unknown; save it with the pooling that it was "
            "trained with, as docs/suites.md shows under 'Kinds of models'"
        )
    return f"is not a sentence-transformers folder: {MODULES} is missing"


def _check_module(kind: str, name: str) -> None:
    if kind.startswith("pylate."):
        raise RequestError(f"{name} is {OTHER_KINDS['MultiVectorEncoder']}; {INSTEAD}")
    for family, other in (("sparse_encoder.", "SparseEncoder"), ("multi_vector_encoder.", "MultiVectorEncoder")):
        if kind.startswith(OWN_MODULES + family):
            raise RequestError(f"{name} is {OTHER_KINDS[other]}; {INSTEAD}")
    if kind and not kind.startswith(OWN_MODULES):
        raise RequestError(f"{name} needs code that comes with it (module {kind}), which is never run; {CODE_FREE}")


CODE_FREE = "use a model whose code is part of transformers and sentence-transformers"


def _check_network(folder: Path, name: str) -> None:
    mapping = _table(folder / NETWORK).get("auto_map")
    for kind in ("AutoModel", "AutoConfig"):
        if isinstance(mapping, dict) and kind in mapping:
            raise RequestError(
                f"{name} needs code that comes with it (auto_map in {NETWORK}: {mapping[kind]}), which is never run; "
                f"{CODE_FREE}"
            )
    if (folder / NETWORK).is_file() and not any(next(folder.glob(pattern), None) for pattern in WEIGHTS):
        raise RequestError(f"{name} has no weights (*.safetensors or *.bin) in {folder}; copy or download them")


def _table(path: Path) -> dict[str, Any]:
    """Return the JSON object of a file; {} where there is none: an error in it is left to the library that opens it."""
    value = _json(path)
    return value if isinstance(value, dict) else {}


def _list(path: Path) -> list[Any]:
    value = _json(path)
    return value if isinstance(value, list) else []


def _json(path: Path) -> Any:
    try:
        return read_json(path)
    except (OSError, ValueError, TooLarge):
        return None
