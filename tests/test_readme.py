"""What the README shows works as it is shown."""

from __future__ import annotations

import re
from pathlib import Path

from support.commands import REPOSITORY, invoke, read_json

README = (REPOSITORY / "README.md").read_text(encoding="utf-8")


def block(name: str) -> str:
    """Return the code block that the README gives a file name."""
    [code] = re.findall(rf"```(?:python|toml)\n# {re.escape(name)}\n(.*?)```", README, flags=re.S)
    return str(code)


def test_the_method_of_ones_own_in_the_readme_runs(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    for name in ("mine/symmetric.py", "mine/symmetric.toml"):
        (tmp_path / name).write_text(block(name), encoding="utf-8")
    arguments = ("--methods", "base,symmetric", "--langs", "ko", "--seeds", "0", "--max-train", "24", "--device", "cpu")
    result = invoke("run", *arguments, "--methods-path", folder, "--out", tmp_path / "out")
    assert result.status == 0, result.err
    record = read_json(tmp_path / "out/records/symmetric/ko/0.json")
    assert record["status"] == "done"
    assert record["trained"] is True


def test_the_suite_of_ones_own_in_the_readme_runs(tmp_path: Path) -> None:
    manifest = tmp_path / "mine/faq.toml"
    manifest.parent.mkdir()
    manifest.write_text(block("mine/faq.toml"), encoding="utf-8")
    arguments = ("--methods", "base,mnrl", "--seeds", "0", "--max-train", "24", "--device", "cpu")
    result = invoke("run", "--suite", manifest, *arguments, "--out", tmp_path / "out")
    assert result.status == 0, result.err
    record = read_json(tmp_path / "out/records/mnrl/ko/0.json")
    assert (record["suite"], record["n_queries"]) == ("faq", 256)


def test_the_readme_names_every_entry_and_every_option() -> None:
    listed = invoke("list", "methods").out
    for line in listed.splitlines():
        assert f"`{line.split()[0]}`" in README, line
    options = re.findall(r"--[a-z][a-z-]+", invoke("run", "--help").out)
    for option in set(options) - {"--help"}:
        assert option in README, option
