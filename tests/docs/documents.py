"""The documents as tests read them: their code blocks, the commands that they show, their links."""

from __future__ import annotations

import importlib.util
import re
import shlex
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

REPOSITORY = Path(__file__).resolve().parents[2]
README = REPOSITORY / "README.md"
SITE = sorted((REPOSITORY / "docs").glob("*.md"))
PAGES = [README, REPOSITORY / "CONTRIBUTING.md", REPOSITORY / "CHANGELOG.md", REPOSITORY / "examples/README.md", *SITE]
FENCE = re.compile(r"^```(?P<language>[^\n]*)\n(?P<code>.*?)^```$", re.S | re.M)
LINK = re.compile(r"\]\((?P<target>[^)\s]+)\)")
ASSIGNMENT = re.compile(r"[A-Z_]+=\S*")


@dataclass(frozen=True)
class Block:
    """A fenced block of code."""

    language: str
    code: str


def name(path: Path) -> str:
    """Return a document's path from the repository's root."""
    return path.relative_to(REPOSITORY).as_posix()


def blocks(path: Path, language: str | None = None) -> list[Block]:
    """Return the fenced blocks of a document, of one language where it is given."""
    found = [Block(match["language"], match["code"]) for match in FENCE.finditer(path.read_text(encoding="utf-8"))]
    return [block for block in found if language is None or block.language == language]


def commands(path: Path) -> Iterator[list[str]]:
    """Yield the words of every `harness` command of a document's shell blocks, without `harness`."""
    for block in (*blocks(path, ""), *blocks(path, "sh")):
        for line in block.code.replace("\\\n", " ").splitlines():
            words = shlex.split(line, comments=True)
            while words and ASSIGNMENT.fullmatch(words[0]):
                words = words[1:]
            if words[:1] == ["harness"]:
                yield words[1:]


def linked_files(path: Path) -> set[str]:
    """Return the relative links of a document, without their anchors."""
    targets = {match["target"].partition("#")[0] for match in LINK.finditer(path.read_text(encoding="utf-8"))}
    return {target for target in targets if target and "://" not in target}


def imported(path: Path) -> ModuleType:
    """Return a module that is in no package, such as docs/refresh.py."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module  # dataclasses look up the module of a class that they annotate
    spec.loader.exec_module(module)
    return module
