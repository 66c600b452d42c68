"""Why the hub did not give something, in a few words: its client's messages have many lines and request ids."""

from __future__ import annotations

from typing import Literal

from harness.errors import short_reason

ADDRESS = "https://huggingface.co"


def problem(error: Exception, repository: str, kind: Literal["model", "dataset"] = "model") -> str:
    """Return what is wrong and, where the repository's owner must give access, what to do."""
    from huggingface_hub import errors

    if isinstance(error, errors.GatedRepoError):
        address = f"{ADDRESS}/{repository}" if kind == "model" else f"{ADDRESS}/datasets/{repository}"
        return f"it is gated: accept its terms at {address}, then set HF_TOKEN to a token of that account"
    if isinstance(error, errors.RevisionNotFoundError):
        return "the hub has no such revision of it"
    if isinstance(error, errors.RepositoryNotFoundError):
        return f"the hub has no such {kind}, or it is private and HF_TOKEN is not set to a token that may read it"
    if isinstance(error, errors.HFValidationError):
        return "it cannot be the ID of a repository"
    if isinstance(error, errors.OfflineModeIsEnabled):
        return "HF_HUB_OFFLINE is set"
    if isinstance(error, errors.LocalEntryNotFoundError):
        return "the hub cannot be reached, and the local cache does not hold it"
    return short_reason(error)
