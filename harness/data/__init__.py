"""The data of a suite: found and verified, read, checked."""

from harness.data.load import load, load_reported

__all__ = ["load", "load_reported"]
