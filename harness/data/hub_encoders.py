"""Published encoders of a suite, its base model and its experts, in the hub's cache at their pinned revisions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from glob import escape
from pathlib import Path, PurePosixPath

from harness.data.file_status import FileStatus
from harness.data.hub_problems import problem
from harness.data.hub_snapshots import cached_snapshot, fetched, limited_bar, snapshot_files, status
from harness.errors import RequestError
from harness.machine.limits import TooLarge
from harness.request.manifest import PinnedBase
from harness.request.suite import Suite

UNUSED = ["onnx/*", "openvino/*", "*.onnx*", "*.h5", "*.msgpack", "*.ot", "*.gguf"]  # weights for other runtimes
REMEDIES = {
    "base model": "run `harness data fetch SUITE` with a network, or pass a folder to --base-model",
    "expert": "run `harness data fetch SUITE` with a network, or leave out the entries that learn from experts",
    "writer's model": "run with a network, or pass a folder",
    "checkpoint": "run with a network, or pass a folder with --set checkpoint.LANGUAGE=FOLDER",
}
_downloads = ContextVar("downloads", default=True)
ALL_LANGUAGES = "all"  # shown in the language column: a model belongs to no language


def encoders(suite: Suite) -> list[PinnedBase]:
    """Return the published encoders of a suite, each once."""
    models = [suite.base_model, *(expert.encoder for expert in suite.experts)]
    return list(dict.fromkeys(model for model in models if isinstance(model, PinnedBase)))


def snapshot(model: PinnedBase, role: str = "base model") -> Path:
    """Return the folder of a model; missing files are downloaded if there is a network. Messages name its `role`.

    Raises RequestError, which names the command that fetches the model, if it cannot be had.
    """
    if not _downloads.get() and (folder := cached(model)) is not None:
        return folder
    try:
        return fetched(model.id, model.revision, "model", without=[*UNUSED, *_second_copies(model)])
    except TooLarge as error:
        raise _unavailable(model, role, error) from error
    except Exception as error:  # see short_reason
        if (folder := cached(model)) is not None:  # offline, the client may call a complete snapshot incomplete
            return folder
        raise _unavailable(model, role, error) from error


def _unavailable(model: PinnedBase, role: str, error: Exception) -> RequestError:
    reason = problem(error, model.id)
    return RequestError(f"{role} '{model.id}' at {model.revision} does not load: {reason}; {REMEDIES[role]}")


@contextmanager
def without_downloads() -> Iterator[None]:
    """Let `snapshot` return what is in the cache, without completing it from the hub."""
    token = _downloads.set(False)
    try:
        yield
    finally:
        _downloads.reset(token)


def check_available(model: PinnedBase, role: str = "base model") -> None:
    """Raise RequestError where `snapshot` would for a model that is not in the cache; downloads nothing."""
    if cached(model) is not None:
        return
    try:
        _files(model.id, model.revision)
    except Exception as error:
        raise _unavailable(model, role, error) from error


def _second_copies(model: PinnedBase) -> list[str]:
    """Return patterns of the weights that are never opened; none where the hub does not answer."""
    try:
        return second_copies(_files(model.id, model.revision))
    except Exception:  # the download says what is wrong
        return []


def second_copies(files: Sequence[str]) -> list[str]:
    """Return patterns of the `.bin` files of a repository in whose folder there are safetensors, which are opened.

    >>> second_copies(["model.safetensors", "pytorch_model.bin", "2_Dense/pytorch_model.bin"])
    ['pytorch_model.bin']
    """
    folders = {PurePosixPath(name).parent for name in files if name.endswith(".safetensors")}
    return [escape(name) for name in files if name.endswith(".bin") and PurePosixPath(name).parent in folders]


@lru_cache
def _files(repository: str, revision: str) -> tuple[str, ...]:
    """Return the files of a revision, which never change; an error is not cached."""
    import huggingface_hub

    return tuple(huggingface_hub.list_repo_files(repository, revision=revision))


def declaration_file(model: PinnedBase, name: str, role: str = "base model") -> Path | None:
    """Return one small file of a model, downloaded if it is not cached; None where the model does not have it.

    Raises RequestError, which names the command that fetches the model, if that cannot be found out.
    """
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import EntryNotFoundError, LocalEntryNotFoundError

    try:
        return Path(hf_hub_download(model.id, name, revision=model.revision, tqdm_class=limited_bar(model.id)))
    except TooLarge as error:
        raise _unavailable(model, role, error) from error
    except Exception as error:  # see short_reason
        absent = isinstance(error, EntryNotFoundError) and not isinstance(error, LocalEntryNotFoundError)
        if absent or cached(model) is not None:  # a whole snapshot without the file
            return None
        raise _unavailable(model, role, error) from error


def cached(model: PinnedBase) -> Path | None:
    """Return the folder of a model in the hub's cache, which may lack files.

    None if it is not there, or holds nothing besides a `declaration_file`.
    """
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
