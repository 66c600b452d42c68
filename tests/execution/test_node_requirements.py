"""What a machine of a cluster must have before it runs a cell: each thing that it lacks is named, with a remedy."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from harness.execution import plan
from harness.execution.node_requirements import expected, lacks, tokens
from harness.request.request import Request


def test_a_machine_that_has_everything_lacks_nothing_and_each_missing_thing_is_named(tmp_path: Path) -> None:
    data, out, cache = tmp_path / "data", tmp_path / "out", tmp_path / "cache"
    cells = plan.make(Request(methods=("mnrl",), languages=("ko",), seeds=(0,)), cache).cells
    for folder in (data, out, cache):
        folder.mkdir()
    with tokens([out, cache / "not yet there"]) as files:
        wanted = replace(expected(cells, files), read=(data,))
        assert lacks(wanted) == ""
        assert lacks(replace(wanted, code="0" * 64)).startswith("has other sources of harness than this command; ")
        torch = wanted.libraries | {"torch": "1.0"}
        assert "has torch " in lacks(replace(wanted, libraries=torch))
        assert ", this command 1.0; install the same on every node" in lacks(replace(wanted, libraries=torch))
        for plugins in ({"mnrl": "0" * 64}, {"absent": "0" * 64}):
            assert lacks(replace(wanted, plugins=plugins)).startswith(f"has another plugin {next(iter(plugins))} in ")
        data.rmdir()
        assert lacks(wanted).startswith(f"does not have {data}; mount the shared file system there")
        data.mkdir()
        first, second = files
        second.write_text("of another command", encoding="utf-8")
        assert lacks(wanted).startswith(f"has another {cache} than this command; ")
        first.unlink()
        assert lacks(wanted).startswith(f"does not see the files of this command in {out}; ")
    assert [*out.iterdir(), *cache.glob(".harness-nodes-*")] == []
