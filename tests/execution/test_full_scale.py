"""The costs that are computed from measured rates, and the script that measures them, in a tiny configuration."""

from __future__ import annotations

import contextlib
import io
import re
import runpy
import sys

import numpy as np
import pytest
from support import bge_m3_model, random_texts
from support.commands import REPOSITORY
from support.rates import forward_operations
from support.scale_costs import Grid, Language, Rates, table

SCRIPT = REPOSITORY / "tests/benchmarks/full_scale.py"
TINY = (
    *("--layers", "1", "--texts", "8", "--vocabulary", "4500", "--passages", "2000", "--queries", "4"),
    *("--batch", "2", "--large-batch", "4", "--mini-batch", "2", "--minutes", "0.01", "--price", "2"),
)
SIZES = {"ko": (1_486_752, 213, 1_973), "hi": (506_264, 350, 2_469), "fa": (2_207_172, 632, 4_277)}  # MIRACL's
EPOCHS, CELLS = 2, 12 * 3  # of 14 entries, base and bm25 do not train


@pytest.fixture(scope="module")
def printed() -> str:
    """What the script prints; it runs in this process, where the libraries are loaded."""
    out = io.StringIO()
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(out):
        patch.setattr(sys, "argv", [str(SCRIPT), *TINY, "--shapes", "e5-small"])
        runpy.run_path(str(SCRIPT), run_name="__main__")
    return out.getvalue()


def cells_of(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]


def rows_of(text: str, start: str) -> dict[str, list[str]]:
    """Return first column → other columns of the table whose heading starts so."""
    lines = text.partition(f"| {start}")[2].splitlines()[2:]
    table_lines = lines[: next((i for i, line in enumerate(lines) if not line.startswith("|")), len(lines))]
    return {cells_of(line)[0]: cells_of(line)[1:] for line in table_lines}


def test_hours_and_costs_are_those_of_a_separate_computation() -> None:
    languages = [Language("ko", 3_600_000, 100, 72.0), Language("fa", 7_200_000, 50, 36.0)]
    lines = list(table(Rates(passages=1000.0, row=0.5, pair=1e-6), languages, Grid(cells=6, passes=7.0), 4.0))
    assert lines[0] == "| computed from these rates | GPU hours | hours on 8 GPUs | cost |"
    assert lines[2:4] == [
        "| encode ko: 3,600,000 passages | 1.000 | 1.000 | 4.00 |",
        "| encode fa: 7,200,000 passages | 2.000 | 2.000 | 8.00 |",
    ]
    # 36 s and 18 s of training, 360 s of search in either language: 3,996 s and 7,578 s
    assert lines[4:6] == [
        "| a trained cell, ko | 1.110 | 1.110 | 4.44 |",
        "| a trained cell, fa | 2.105 | 2.105 | 8.42 |",
    ]
    # 8 passes of 3,600 s and 7,200 s, 7 searches of 360 s twice, 6 trainings of 36 s and 18 s: 91,764 s
    assert lines[6] == "| the grid: 6 trained cells per language, and the base | 25.490 | 3.186 | 101.96 |"
    assert "cost" not in "\n".join(table(Rates(1.0, 1.0, 1.0), languages, Grid(6, 7.0), None))


def test_operations_are_those_of_the_products_of_a_layer() -> None:
    hidden, inner, length = 4, 16, 3
    projections = 4 * (2 * length * hidden * hidden)
    attention = 2 * (2 * length * length * hidden)
    feed_forward = 2 * (2 * length * hidden * inner)
    sizes = {"hidden_size": hidden, "intermediate_size": inner}
    assert forward_operations(sizes, 5, [length]) == 5 * (projections + attention + feed_forward)


def test_texts_have_the_drawn_numbers_of_tokens_with_at_most_a_word_less() -> None:
    tokenizer = bge_m3_model.tokenizer_of(random_texts.words(), 4500)
    wanted = random_texts.lengths(300, 110.0, 0.7)
    texts = random_texts.texts(tokenizer, wanted)
    found = np.array([len(row) for row in tokenizer(texts)["input_ids"]])
    longest_word = max(len(row) for row in tokenizer(random_texts.words(), add_special_tokens=False)["input_ids"])
    assert (found <= wanted).all()
    assert (wanted - found < longest_word).all()
    assert 8 <= wanted.min() < 60
    assert 300 < wanted.max() <= 512
    assert random_texts.texts(tokenizer, wanted) == texts


def test_the_script_measures_every_way_and_says_that_the_model_is_reduced(printed: str) -> None:
    assert "REDUCED" in printed
    encoding = rows_of(printed, "measured: encoding")
    assert [name.partition(",")[0] for name in encoding] == [
        *("harness", "harness", "sentence-transformers", "sentence-transformers"),
        *("tokenising alone", "tokenising alone"),
    ]
    for _, passages, tokens, _ in encoding.values():
        assert 8 < float(tokens.replace(",", "")) / float(passages.replace(",", "")) < 512
    steps = rows_of(printed, "measured: training step")
    assert {name: cells[0] for name, cells in steps.items()} == {"2 rows": "-", "4 rows": "2"}
    assert "search of 2,000 passages for 4 queries" in printed


def test_the_printed_table_follows_from_the_printed_rates_and_miracls_sizes(printed: str) -> None:
    encoding = rows_of(printed, "measured: encoding")
    rate = max(float(cells[1].replace(",", "")) for name, cells in encoding.items() if name.startswith("harness"))
    row = float(rows_of(printed, "measured: training step")["2 rows"][1]) / 2
    found = re.search(r"4 queries, depth 100: (\S+) s", printed)
    assert found is not None
    most = (float(found[1]) + 0.0005) / (2000 * 4)  # the search's time is printed to a millisecond
    passes = (
        1 + 10 * 3 + 2 * 3 * 16 / 12
    )  # the base once, ten entries, and two with experts: 4 h² + 3 h i of 4 h² + 2 h i
    computed = rows_of(printed, "computed from these rates")
    grid = [0.0, 0.0]
    for name, (passages, queries, pairs) in SIZES.items():
        encode, training = passages / rate, pairs * EPOCHS * row
        hours, together, cost = map(float, computed[f"encode {name}: {passages:,} passages"])
        assert hours == together == pytest.approx(encode / 3600, rel=0.01)
        assert cost == pytest.approx(2 * hours, rel=0.01)
        cell = float(computed[f"a trained cell, {name}"][0]) * 3600
        assert (encode + training) * 0.99 < cell < (encode + training + most * passages * queries) * 1.01
        for i, search in enumerate((0.0, most * passages * queries)):
            grid[i] += encode * passes + CELLS * training + (1 + CELLS) * search
    of_grid = computed[f"the grid: {CELLS} trained cells per language, and the base"]
    hours, together, cost = (float(text.replace(",", "")) for text in of_grid)
    assert grid[0] * 0.99 < hours * 3600 < grid[1] * 1.01
    assert together == pytest.approx(hours / 8, rel=0.01)
    assert cost == pytest.approx(2 * hours, rel=0.01)
