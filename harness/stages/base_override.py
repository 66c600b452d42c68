"""`--base-model`: a suite on another base model than its own."""

from __future__ import annotations

import re
from pathlib import Path

from harness.data.hub_problems import problem
from harness.errors import RequestError
from harness.machine.file_hashes import folder_sha256
from harness.request.manifest import LocalBase, PinnedBase
from harness.request.suite import Suite
from harness.stages.merged_base import adapted_name
from harness.vectors.model_kind import MODULES, check_kind, check_pointers, is_adapter

HUB_ID = r"[A-Za-z0-9][\w.-]*(/[\w.-]+)?"
COMMIT = "[0-9a-f]{40}"


def with_base_model(suite: Suite, id_or_path: str) -> Suite:
    """Return the suite on another base model: a folder, or `HUB_ID[@REVISION]`; a branch or tag is pinned."""
    folder = Path(id_or_path)
    base = _local(folder) if id_or_path and folder.is_dir() else _published(id_or_path)
    return suite.on_base(base)


def _local(folder: Path) -> LocalBase:
    """Return the base in a folder: an encoder, or LoRA weights and the model that they adapt."""
    name = f"base model {folder}"
    if not is_adapter(folder):
        check_kind(folder, name)
        return LocalBase(path=folder.resolve(), sha256=folder_sha256(folder))
    check_pointers(folder, name)
    adapted, revision = adapted_name(folder)
    candidates = [Path(adapted), folder / adapted]
    inner = next((path for path in candidates if path.is_dir()), None)
    try:
        base = _adapted(inner, folder) if inner else _published(f"{adapted}@{revision}" if revision else adapted)
    except RequestError as error:
        raise RequestError(f"{name} is LoRA weights on another model: {error}") from error
    return LocalBase(path=folder.resolve(), sha256=folder_sha256(folder), adapts=base)


def _adapted(base: Path, adapters: Path) -> LocalBase:
    """Return the model that LoRA weights adapt; a plain network will do where the weights come with their modules."""
    if not (adapters / MODULES).is_file():
        check_kind(base, f"base model {base}")
    check_pointers(base, f"base model {base}")
    return LocalBase(path=base.resolve(), sha256=folder_sha256(base))


def _published(id_and_revision: str) -> PinnedBase:
    """Return the model of the hub; raises RequestError for what cannot be one, and what the hub does not have."""
    name, _, revision = id_and_revision.partition("@")
    if not re.fullmatch(HUB_ID, name):
        raise RequestError(
            f"base model '{id_and_revision}' is neither a folder nor the ID of a hub model; "
            "give an existing folder, or ID@REVISION"
        )
    return PinnedBase(
        id=name, revision=revision if re.fullmatch(COMMIT, revision) else _commit(name, revision or "main")
    )


def _commit(name: str, revision: str) -> str:
    """Return the 40-digit revision that the hub has for a branch or a tag."""
    import huggingface_hub

    try:
        commit = huggingface_hub.model_info(name, revision=revision).sha
    except Exception as error:
        raise RequestError(
            f"base model '{name}' is neither a folder nor found on the hub at {revision} ({problem(error, name)}); "
            "give a folder, or ID@REVISION (40 digits) of a model in the local hub cache"
        ) from error
    assert commit is not None
    return commit
