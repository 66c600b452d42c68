"""Nothing read from a file can run code: pickles are opened by torch alone, which is told to open weights only."""

from __future__ import annotations

import ast

import pytest

from harness.machine.bundled import manifests

ROOT = manifests().parent
SOURCES = sorted([*(ROOT / "harness").rglob("*.py"), *(ROOT / "methods").rglob("*.py")])
MODULES = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}
SAFE = {"torch.load": ("weights_only", True), "np.load": ("allow_pickle", False), "numpy.load": ("allow_pickle", False)}
REFUSED = {"pd.read_pickle", "pandas.read_pickle", "torch.jit.load", "torch.package.PackageImporter"}


def faults(source: str) -> list[str]:
    """Return the imports and calls of a source that could run what a file holds."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names if alias.name.partition(".")[0] in MODULES]
        elif isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] in MODULES:
            found.append(str(node.module))
        elif isinstance(node, ast.Call) and (name := ast.unparse(node.func)) in SAFE:
            option, value = SAFE[name]
            given = {keyword.arg: ast.unparse(keyword.value) for keyword in node.keywords}
            found += [name] if given.get(option) != str(value) else []
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in REFUSED:
            found.append(ast.unparse(node.func))
        for keyword in node.keywords if isinstance(node, ast.Call) else ():
            if keyword.arg in ("allow_pickle", "trust_remote_code") and ast.unparse(keyword.value) != "False":
                found.append(str(keyword.arg))
    return found


def test_no_source_opens_a_pickle() -> None:
    found = {path.relative_to(ROOT).as_posix(): faults(path.read_text(encoding="utf-8")) for path in SOURCES}
    assert {"harness/machine/torch_state.py", "methods/mnrl.py"} <= found.keys()
    assert {name: named for name, named in found.items() if named} == {}


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        ("import pickle", "pickle"),
        ("from joblib import load", "joblib"),
        ("torch.load(path)", "torch.load"),
        ("torch.load(path, weights_only=False)", "torch.load"),
        ("np.load(path)", "np.load"),
        ("np.save(path, x, allow_pickle=True)", "allow_pickle"),
        ("open_model(path, trust_remote_code=True)", "trust_remote_code"),
    ],
)
def test_a_planted_fault_is_found(source: str, fault: str) -> None:
    assert faults(source) == [fault]
    assert faults("torch.load(path, weights_only=True)\nnp.load(path, allow_pickle=False)") == []
