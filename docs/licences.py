"""Write docs/licences.md, the licences of the packages of constraints.txt: part of `make docs-refresh`.

A licence is what the package's own metadata declare, in their words: the expression, otherwise the classifiers,
otherwise the field `License`, otherwise the first line of the licence file. Nobody has read the texts for this list.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs/licences.md"
CLASSIFIER = "License :: "
ENVIRONMENT = {**default_environment(), "python_version": "3.11", "python_full_version": "3.11.7"}
HEAD = """# Licences of dependencies

`harness-embeddings` is Apache-2.0, the bundled texts of `mini` are CC0 1.0. Wheel and sdist contain no other package.

These are the packages of constraints.txt, each with the licence that its metadata declare (not checked against the
licence texts; `/` is between several classifiers) and what needs it on Linux: `harness` itself, an extra, or the
development of it. `make docs-refresh` writes this page; `make sbom` writes the same packages as a CycloneDX document,
with their dependencies.

| package | version | licence | needed by |
|---|---|---|---|
"""


def pins() -> dict[str, str]:
    """Return package → version of constraints.txt, in its order."""
    text = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    return dict(re.findall(r"^([^#=\s]+)==(\S+)$", text, re.M))


def licence(package: Distribution) -> str:
    """Return the licence that a package declares; raises ValueError where it declares none."""
    metadata = package.metadata
    if expression := metadata.get("License-Expression"):
        return str(expression)
    classifiers = [str(text) for text in metadata.get_all("Classifier") or () if str(text).startswith(CLASSIFIER)]
    if named := [text.rpartition(" :: ")[2] for text in classifiers]:
        return " / ".join(dict.fromkeys(named))
    if field := str(metadata.get("License") or "").strip():
        return field.splitlines()[0]
    for name in metadata.get_all("License-File") or ():
        if text := package.read_text(f"licenses/{name}"):
            return text.strip().splitlines()[0].strip()
    raise ValueError(f"{metadata['Name']} declares no licence; add it to this list by hand")


def needed(requirements: Iterable[str]) -> set[str]:
    """Return the canonical names of packages and of what they need in turn, on Linux."""
    names: set[str] = set()
    waiting = [(Requirement(text), "") for text in requirements]
    done: set[tuple[str, str]] = set()
    while waiting:
        requirement, extra = waiting.pop()
        if requirement.marker and not requirement.marker.evaluate({**ENVIRONMENT, "extra": extra}):
            continue
        name = canonicalize_name(requirement.name)
        names.add(name)
        for wanted in {"", *requirement.extras}:
            if (name, wanted) not in done:
                done.add((name, wanted))
                waiting += [(Requirement(text), wanted) for text in distribution(name).requires or ()]
    return names


def users() -> dict[str, set[str]]:
    """Return who needs packages, in order of precedence → their canonical names."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras: Mapping[str, list[str]] = project["optional-dependencies"]
    of_extras = {f"`[{name}]`": extras[name] for name in sorted(extras) if name != "dev"}
    asked = {"harness": project["dependencies"], **of_extras}
    return {user: needed(requirements) for user, requirements in asked.items()}


def page() -> str:
    """Return the page: one row per pinned package."""
    by_user = users()
    rows = []
    for name, version in pins().items():
        found = [user for user, names in by_user.items() if canonicalize_name(name) in names]
        who = "harness" if "harness" in found else ", ".join(found) or "development"
        declared = re.sub(r"\s+", " ", licence(distribution(name))).replace("|", "\\|")
        rows.append(f"| {name} | {version} | {declared} | {who} |\n")
    return HEAD + "".join(rows)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
