"""The data of a suite: found and verified, read, checked."""

from harness.data.load import load, load_nli, load_reported, without_nli
from harness.data.unverified import accepted, check_unchanged

__all__ = ["accepted", "check_unchanged", "load", "load_nli", "load_reported", "without_nli"]
