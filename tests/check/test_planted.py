"""A method trained with a broken loss turns the gate red, and mending it turns it green again."""

from __future__ import annotations

from pathlib import Path

from commands import Result, invoke, write_plugin

HEALTHY = """
from dataclasses import dataclass

from methods.mnrl import MNRL

VERSION = 1


@dataclass(frozen=True)
class PLUGIN(MNRL):
    pass
"""

BROKEN = """
from dataclasses import dataclass

from methods.mnrl import MNRL

VERSION = 2


@dataclass(frozen=True)
class PLUGIN(MNRL):
    def loss(self, model):
        from torch import nn

        class Upside(nn.Module):
            def __init__(self, inner):
                super().__init__()
                self.inner = inner

            def forward(self, sentence_features, labels):
                return -self.inner(sentence_features, labels)  # the sign is lost: relevant passages are pushed away

        return Upside(super().loss(model))
"""


def run(methods: Path, out: Path, seeds: str = "0,1") -> Result:
    arguments = ("--suite", "mini", "--langs", "ko", "--methods", "base,planted", "--seeds", seeds, "--jobs", "2")
    made = ("--max-train", "40", "--set", "train.epochs=1", "--device", "cpu", "--methods-path", methods)
    return invoke("run", *arguments, *made, "--out", out)


def test_a_broken_loss_turns_the_gate_red_and_mending_it_green(tmp_path: Path) -> None:
    methods, baseline = tmp_path / "methods", tmp_path / "baseline"
    write_plugin(methods, "planted", HEALTHY)
    assert run(methods, baseline).status == 0

    write_plugin(methods, "planted", BROKEN)
    assert run(methods, tmp_path / "broken").status == 0  # it trains, and says nothing
    red = invoke("check", tmp_path / "broken", "--baseline", baseline)
    assert (red.status, red.out.splitlines()[-1]) == (1, "mini: FAILED: 1 regression, 1 same")
    (line,) = (line for line in red.out.splitlines() if line.startswith("regression: "))
    assert line.startswith("regression: planted/ko: nDCG@10 ")
    assert line.endswith("beyond the margin of 1.00; 2 seeds against 2, 256 queries")
    assert "planted: plugins.planted " in red.out  # what differs from the baseline is named beside it

    write_plugin(methods, "planted", HEALTHY)
    assert run(methods, tmp_path / "mended", seeds="2,3").status == 0  # other seeds: nothing comes from the cache
    green = invoke("check", tmp_path / "mended", "--baseline", baseline)
    assert (green.status, green.out.splitlines()[-1].split(": ")[:2]) == (0, ["mini", "passed"])
