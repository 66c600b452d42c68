"""What a sentence-transformers model declares of itself besides its weights: prompts, similarity, maximum length, name.

The rules of the library's `encode_query` and `encode_document` (6.0 to 6.2): a query has the prompt named `query`, a
passage the one named `document`, and a model that does not declare them has none. `default_prompt_name` is used by
`encode` alone, and a prompt of another name (`passage`) by neither.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from harness.data.hub_encoders import cached, declaration_file
from harness.errors import RequestError, one_line
from harness.machine.json_toml import read_json
from harness.machine.names import path_name
from harness.request.manifest import BuiltBase, LocalBase, PinnedBase

DECLARATION, TOKENIZER, LENGTH = (
    "config_sentence_transformers.json",
    "tokenizer_config.json",
    "sentence_bert_config.json",
)
MODULES, ROUTER = "modules.json", "router_config.json"
CARD = "README.md"
COSINE, DOT = "cosine", "dot"
PROMPTS = {"query": "query", "passage": "document"}  # role → the library's name of its prompt, and of its task
NO_LIMIT = 10**9  # a tokenizer without a maximum has 10^30


@dataclass(frozen=True)
class Declaration:
    """A model's declaration; a model without the file declares no prompts, and cosine."""

    prompts: Mapping[str, str] = field(default_factory=dict)
    similarity: str = COSINE

    def prompt(self, role: str) -> str:
        """Return the declared prompt of "query" or "passage", "" where there is none."""
        return self.prompts.get(PROMPTS[role], "")


def declaration_of(base: BuiltBase | PinnedBase | LocalBase, role: str = "base model") -> Declaration:
    """Return what a base model, or an expert (`role` names it), declares.

    Of a hub model, one small file is downloaded where it is missing. Raises RequestError where it cannot be had or
    read, and for a similarity that is neither cosine nor dot product.
    """
    if isinstance(base, BuiltBase):
        return Declaration()
    own = _own(base)
    if isinstance(own, PinnedBase):
        return read_declaration(declaration_file(own, DECLARATION, role), own.id)
    return read_declaration(own.path / DECLARATION, str(own.path))


def declaring_folder(base: BuiltBase | PinnedBase | LocalBase) -> Path | None:
    """Return the folder with a base model's declaration; None for one that is built, or is not on this machine."""
    if isinstance(base, BuiltBase):
        return None
    own = _own(base)
    return cached(own) if isinstance(own, PinnedBase) else own.path


def _own(base: PinnedBase | LocalBase) -> PinnedBase | LocalBase:
    """Return the model whose declaration counts: of LoRA weights that are saved alone, the one that they adapt."""
    if isinstance(base, LocalBase) and base.adapts is not None and not (base.path / MODULES).is_file():
        return _own(base.adapts)
    return base


def read_declaration(path: Path | None, model: str) -> Declaration:
    """Return the declaration in a file, that of a model without one where the file is missing."""
    table = _table(path) if path is not None else {}
    declared = {name: prompt for name, prompt in _member(table, "prompts").items() if isinstance(prompt, str)}
    similarity = table.get("similarity_fn_name") or COSINE
    check_similarity(similarity, f"model {model}")
    return Declaration(declared, similarity)


def check_similarity(similarity: str, model: str) -> None:
    """Raise RequestError for a similarity that search does not compute."""
    if similarity not in (COSINE, DOT):
        raise RequestError(
            f"{model} compares vectors by '{similarity}', and the harness by {COSINE} or {DOT}; use another model, "
            f'or one whose {DECLARATION} has "similarity_fn_name": "{COSINE}"'
        )


def route_of(task: str, routes: Collection[str], mappings: Mapping[Any, str]) -> str | None:
    """Return the route on which a `Router` of sentence-transformers reads texts for a task; None where it has none.

    `mappings` are its (task, modality) → route, also with keys as its file has them: written as strings.
    """
    mapped = {str(key): route for key, route in mappings.items()}
    keys = [str(key) for key in ((task, "text"), (task, None), (None, "text"), (None, None))]
    found = [str(mapped[key]) for key in keys if key in mapped] + [name for name in (task, "text") if name in routes]
    return found[0] if found else None


def declared_length(folder: Path, role: str) -> int | None:
    """Return the number of tokens at which a model in a folder cuts "query" or "passage"; None where it has no limit.

    Of a `Router`, it is that of the route of the role.
    """
    modules = _json(folder / MODULES) if (folder / MODULES).is_file() else []
    module = modules[0] if isinstance(modules, list) and modules else {}
    first = module_folder(folder, module.get("path", ""), folder / MODULES) if isinstance(module, Mapping) else folder
    if (first / ROUTER).is_file():
        router = _table(first / ROUTER)
        routes = _member(router, "structure")
        route = route_of(PROMPTS[role], routes, _member(_member(router, "parameters"), "route_mappings"))
        if route is None:
            return None
        modules_of_route = routes.get(route)
        if not isinstance(modules_of_route, list) or not modules_of_route:
            raise RequestError(f"{first / ROUTER} has no modules on the route '{route}'; copy the model again")
        first = module_folder(first, modules_of_route[0], first / ROUTER)
    for name, key in ((LENGTH, "max_seq_length"), (TOKENIZER, "model_max_length")):
        length = _table(first / name).get(key)
        if isinstance(length, int) and length < NO_LIMIT:
            return length
    return None


def module_folder(folder: Path, name: object, where: Path) -> Path:
    """Return the folder of a module below that of its model; raises RequestError for a name that leads elsewhere."""
    parts = PurePosixPath(str(name)).parts  # none for "", which is the model's own folder
    try:
        return folder.joinpath(*map(path_name, parts))
    except ValueError as error:
        raise RequestError(f"{where}, folder of a module: {error}; copy or download the model again") from error


def card_name(base: BuiltBase | PinnedBase | LocalBase) -> str:
    """Return what the model card in a base model's folder calls it (`model_name`), "" where it does not, and of others.

    The card is one of the files that the base's sha256 identifies, so the name is in no key of its own.
    """
    if not isinstance(base, LocalBase) or not (base.path / CARD).is_file():
        return ""
    from huggingface_hub import metadata_load
    from yaml import YAMLError

    try:
        card = metadata_load(base.path / CARD) or {}
    except (OSError, ValueError, RecursionError, YAMLError):  # a card that cannot be read names nothing
        return ""
    name = card.get("model_name")
    return one_line(name) if isinstance(name, str) else ""


def folder_name(base: BuiltBase | PinnedBase | LocalBase) -> str:
    """Return what a base model in a folder is called: as its card has it, else the folder's name; "" for others."""
    return card_name(base) or (one_line(base.path.name) if isinstance(base, LocalBase) else "")


def _table(path: Path) -> Mapping[str, Any]:
    """Return the JSON object of a file, {} where there is no file; raises RequestError for another value."""
    value = _json(path) if path.is_file() else {}
    if not isinstance(value, Mapping):
        raise RequestError(f"{path} does not hold a JSON object; copy or download the model again")
    return value


def _member(table: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return a table in a table, {} where there is none."""
    value = table.get(name)
    return value if isinstance(value, Mapping) else {}


def _json(path: Path) -> Any:
    try:
        return read_json(path)
    except (OSError, ValueError) as error:
        raise RequestError(f"{path} cannot be read as JSON ({error}); copy or download the model again") from error
