"""Published encoders of a suite, its base model and its experts, in the hub's cache at their pinned revisions."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from harness.data.file_status import FileStatus
from harness.data.hub_snapshots import cached_snapshot, snapshot_files, status
from harness.errors import RequestError, short_reason
from harness.request.manifest import PinnedBase
from harness.request.suite import Suite

UNUSED = ["onnx/*", "openvino/*", "*.onnx*", "*.h5", "*.msgpack", "*.ot", "*.gguf"]  # weights for other runtimes
REMEDIES = {
    "base model": "run `harness data fetch SUITE` with a network, or pass a folder to --base-model",
    "checkpoint": "run with a network, or pass a folder with --set checkpoint.LANGUAGE=FOLDER",
}
ALL_LANGUAGES = "all"  # shown in the language column: a model belongs to no language


def encoders(suite: Suite) -> list[PinnedBase]:
    """Return the published encoders of a suite, each once."""
    models = [suite.base_model, *(expert.encoder for expert in suite.experts)]
    return list(dict.fromkeys(model for model in models if isinstance(model, PinnedBase)))


def snapshot(model: PinnedBase, role: str = "base model") -> Path:
    """Return the folder of a model; missing files are downloaded if there is a network. Messages name its `role`.

    Raises RequestError, which names the command that fetches the model, if it cannot be had.
    """
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(model.id, revision=model.revision, ignore_patterns=UNUSED))
    except Exception as error:  # see short_reason
        if (folder := cached(model)) is not None:  # offline, the client may call a complete snapshot incomplete
            return folder
        raise RequestError(
            f"{role} '{model.id}' at {model.revision} does not load: {short_reason(error)}; {REMEDIES[role]}"
        ) from error


def declaration_file(model: PinnedBase, name: str) -> Path | None:
    """Return one small file of a model, downloaded if it is not cached; None where the model does not have it.

    Raises RequestError, which names the command that fetches the model, if that cannot be found out.
    """
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import EntryNotFoundError, LocalEntryNotFoundError

    try:
        return Path(hf_hub_download(model.id, name, revision=model.revision))
    except Exception as error:  # see short_reason
        absent = isinstance(error, EntryNotFoundError) and not isinstance(error, LocalEntryNotFoundError)
        if absent or cached(model) is not None:  # a whole snapshot without the file
            return None
        raise RequestError(
            f"base model '{model.id}' at {model.revision} cannot be read: {short_reason(error)}; "
            f"{REMEDIES['base model']}"
        ) from error


def cached(model: PinnedBase) -> Path | None:
    """Return the folder of a model's snapshot; None also where it holds nothing besides a `declaration_file`."""
    folder = cached_snapshot(model.id, model.revision, "model")
    whole = folder is not None and any(not name.endswith("_transformers.json") for name in snapshot_files(folder))
    return folder if whole else None


def fetch(suite: Suite) -> None:
    """Download every published encoder of a suite; raises RequestError for the first that cannot be had."""
    for model in encoders(suite):
        snapshot(model)


def states(suite: Suite) -> Iterator[FileStatus]:
    """Yield the state of every file of the suite's published encoders; a missing encoder is one row."""
    for model in encoders(suite):
        folder = cached(model)
        files = snapshot_files(folder) if folder else {}
        if not files:
            url = f"https://huggingface.co/{model.id}/tree/{model.revision}"
            yield FileStatus(ALL_LANGUAGES, model.id, "missing", None, "", url)
        for name, path in files.items():
            yield status(path, f"{model.id}/{name}", ALL_LANGUAGES)
