"""The manifest of a stored output with its own digest: a byte that changes in seconds, maker or findings is noticed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from harness.keys import digest

DIGEST = "digest"
FIELDS = frozenset({"stage", "seconds", "files", "made_by", "found"})


def sealed(manifest: Mapping[str, Any]) -> bytes:
    """Return a manifest as it is stored, with the digest of the rest."""
    content = json.loads(json.dumps(manifest))
    return json.dumps({**content, DIGEST: digest(content)}, sort_keys=True).encode()


def is_intact(manifest: Mapping[str, Any]) -> bool:
    """Return whether a manifest is as it was sealed; one without a digest, of an older version, has FIELDS alone."""
    content = {name: value for name, value in manifest.items() if name != DIGEST}
    return bool(manifest[DIGEST] == digest(content)) if DIGEST in manifest else FIELDS.issuperset(content)
