"""`--base-model`: a suite on another base model than its own."""

from __future__ import annotations

import re
from pathlib import Path

from harness.errors import RequestError
from harness.keys import folder_sha256
from harness.request.manifest import LocalBase, PinnedBase
from harness.request.suite import Suite


def with_base_model(suite: Suite, id_or_path: str) -> Suite:
    """Return the suite on another base model: a folder, or `HUB_ID[@REVISION]`; a branch or tag is pinned."""
    folder = Path(id_or_path)
    if folder.is_dir():
        if not (folder / "modules.json").is_file():
            raise RequestError(f"base model {folder} is not a sentence-transformers folder: modules.json is missing")
        base: LocalBase | PinnedBase = LocalBase(path=folder.resolve(), sha256=folder_sha256(folder))
    else:
        name, _, revision = id_or_path.partition("@")
        is_commit = re.fullmatch("[0-9a-f]{40}", revision)
        base = PinnedBase(id=name, revision=revision if is_commit else _commit(name, revision or "main"))
    return suite.model_copy(update={"base_model": base})


def _commit(name: str, revision: str) -> str:
    """Return the 40-digit revision that the hub has for a branch or a tag."""
    import huggingface_hub

    try:
        commit = huggingface_hub.model_info(name, revision=revision).sha
    except Exception as error:
        problem = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise RequestError(
            f"base model '{name}' is neither a folder nor found on the hub at {revision} ({problem}); "
            "give a folder, or ID@REVISION (40 digits) of a model in the local hub cache"
        ) from error
    assert commit is not None
    return commit
