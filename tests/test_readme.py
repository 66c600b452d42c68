"""What the README shows works as it is shown."""

from __future__ import annotations

import re
from pathlib import Path

from commands import REPOSITORY, invoke, read_json

README = (REPOSITORY / "README.md").read_text(encoding="utf-8")


def test_the_method_of_ones_own_in_the_readme_runs(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    blocks = re.findall(r"```(?:python|toml)\n# (mine/\S+)\n(.*?)```", README, flags=re.S)
    assert [name for name, _ in blocks] == ["mine/symmetric.py", "mine/symmetric.toml"]
    for name, code in blocks:
        (tmp_path / name).write_text(code, encoding="utf-8")
    arguments = ("--methods", "base,symmetric", "--langs", "ko", "--seeds", "0", "--max-train", "24", "--device", "cpu")
    result = invoke("run", *arguments, "--methods-path", folder, "--out", tmp_path / "out")
    assert result.status == 0, result.err
    record = read_json(tmp_path / "out/records/symmetric/ko/0.json")
    assert record["status"] == "done"
    assert record["trained"] is True


def test_the_readme_names_every_entry_and_every_option() -> None:
    listed = invoke("list", "methods").out
    for line in listed.splitlines():
        assert f"`{line.split()[0]}`" in README, line
    options = re.findall(r"--[a-z][a-z-]+", invoke("run", "--help").out)
    for option in set(options) - {"--help"}:
        assert option in README, option
