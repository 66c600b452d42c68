"""Published encoders of a suite, its base and its experts, in the hub's cache at their pinned revisions."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from harness.data.file_status import FileStatus, State
from harness.data.hub_cache import hashes
from harness.errors import RequestError, one_line
from harness.request.manifest import PinnedBase
from harness.request.suite import Suite

UNUSED = ["onnx/*", "openvino/*", "*.onnx*", "*.h5", "*.msgpack", "*.ot", "*.gguf"]  # other runtimes' copies of weights
MODELS = "all"  # what stands in the language's column: a model is of no language


def pinned(suite: Suite) -> list[PinnedBase]:
    """Return the published encoders that a suite names, each once."""
    named = [suite.base_model, *(expert.encoder for expert in suite.experts)]
    return list(dict.fromkeys(model for model in named if isinstance(model, PinnedBase)))


def snapshot(model: PinnedBase) -> Path:
    """Return the folder of a model, downloaded where the network has what is missing.

    Raises RequestError, with the command that fetches it, where it is not to be had.
    """
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(model.id, revision=model.revision, ignore_patterns=UNUSED))
    except Exception as error:  # the hub's client raises errors of its transport, of the system and its own
        if (folder := cached(model)) is not None:  # without a network, the client may call what is whole incomplete
            return folder
        problem = one_line(error)[:160] or type(error).__name__
        raise RequestError(
            f"base model '{model.id}' at {model.revision} does not load: {problem}; run `harness data fetch SUITE` "
            "with a network, or name a folder after --base-model"
        ) from error


def cached(model: PinnedBase) -> Path | None:
    """Return the folder of a model in the hub's cache, None where there is none; uses no network."""
    from huggingface_hub import snapshot_download

    try:  # no pattern: the client would call a snapshot of some files of the model incomplete
        folder = snapshot_download(model.id, revision=model.revision, allow_patterns=[], local_files_only=True)
    except OSError:  # among them the client's LocalEntryNotFoundError
        return None
    return Path(folder)


def fetch(suite: Suite) -> None:
    """Download every published encoder of a suite; raises RequestError for the first that cannot be had."""
    for model in pinned(suite):
        snapshot(model)


def states(suite: Suite) -> Iterator[FileStatus]:
    """Yield the state of every file of the suite's published encoders; one that was never fetched is one line."""
    for model in pinned(suite):
        place = f"https://huggingface.co/{model.id}/tree/{model.revision}"
        folder = cached(model)
        files = sorted(path for path in folder.rglob("*") if path.is_file()) if folder else []
        if folder is None or not files:
            yield FileStatus(MODELS, model.id, "missing", None, "", place)
            continue
        for path in files:
            expected, found = hashes(path)
            name = f"{model.id}/{path.relative_to(folder).as_posix()}"
            state: State = "present" if expected in ("", found) else "damaged"
            yield FileStatus(MODELS, name, state, path.stat().st_size, expected, str(path), found)
