"""Options that are given without a value, or with a folder that is not there, are refused and not ignored."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.commands import invoke


@pytest.mark.parametrize(
    "command",
    [
        ("run", "--langs", ""),
        ("run", "--methods", ","),
        ("run", "--seeds", ""),
        ("run", "--measures", " "),
        ("check", "out", "--baseline", "base", "--methods", ""),
        ("check", "out", "--baseline", "base", "--langs", ""),
        ("check", "out", "--baseline", "base", "--measure", ""),
        ("check", "out", "--baseline", "base", "--allow", ""),
        ("data", "status", "mini", "--langs", ""),
        ("data", "fetch", "mini", "--langs", ""),
        ("export", "out", "--to", "trec", "--methods", ""),
        ("export", "out", "--to", "trec", "--langs", ""),
        ("export", "out", "--to", "trec", "--seeds", ""),
        ("report", "out", "--format", ""),
        ("rescore", "out", "--measures", ""),
        ("verify", "out", "--cells", ""),
    ],
)
def test_an_empty_list_is_refused_and_does_not_mean_all(command: tuple[str, ...]) -> None:
    result = invoke(*command)
    assert result.status == 2
    assert f"{command[-2]}" in result.line
    assert "the list is empty; leave the option out, or name something" in result.line


@pytest.mark.parametrize(
    "command",
    [
        *(("rescore", "out"), ("verify", "out"), ("report", "out")),
        *(("data", "status", "mini"), ("data", "fetch", "mini"), ("data", "pin", "own.toml"), ("run",)),
    ],
)
def test_a_data_folder_that_is_not_there_is_refused(command: tuple[str, ...], tmp_path: Path) -> None:
    result = invoke(*command, "--data-dir", tmp_path / "gone")
    assert (result.status, "gone is not a folder" in result.line) == (2, True)


def test_a_suite_with_an_empty_variant_is_refused() -> None:
    line = invoke("run", "--suite", "mini@", "--dry-run").line
    assert line == "harness: suite 'mini@' names no variant after '@'; add its name, or leave '@' out"
