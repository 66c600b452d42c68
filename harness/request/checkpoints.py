"""`--set checkpoint.LANGUAGE=SOURCE`: the published weights that an entry opens in place of a training.

SOURCE is a folder, or HUB_ID@REVISION with the 40 digits of a commit. A branch is not taken: what it names can move.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from harness.errors import RequestError, unknown
from harness.machine.file_hashes import folder_sha256
from harness.request.entry import Entry
from harness.request.manifest import LocalBase, PinnedBase
from harness.request.suite import Suite
from harness.request.sweep import Setting

CHECKPOINT = "checkpoint"


def with_checkpoint(setting: Setting, entries: Sequence[Entry], suite: Suite) -> list[Entry]:
    """Return the entries, those that open published weights with the source of one language.

    Raises RequestError for an unknown language, a source that is neither a folder nor pinned, and where no entry opens
    any.
    """
    if setting.field not in suite.languages:
        raise unknown("language", setting.field, suite.languages, where=f"--set {CHECKPOINT}")
    if not any(entry.checkpoint for entry in entries):
        raise RequestError(f"--set {setting.text}: no requested entry opens published weights; leave it out")
    source = _source(setting)
    return [
        entry.model_copy(update={"checkpoints": {**entry.checkpoints, setting.field: source}})
        if entry.checkpoint
        else entry
        for entry in entries
    ]


def _source(setting: Setting) -> PinnedBase | LocalBase:
    text = setting.raw[0]
    folder = Path(text)
    if folder.is_dir():
        return LocalBase(path=folder.resolve(), sha256=folder_sha256(folder))
    name, _, revision = text.partition("@")
    if not re.fullmatch("[0-9a-f]{40}", revision):
        raise RequestError(
            f"--set {setting.text}: neither a folder nor HUB_ID@REVISION with the 40 digits of a commit; correct it"
        )
    return PinnedBase(id=name, revision=revision)
