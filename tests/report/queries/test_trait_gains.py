"""The small multiples of a page of queries: numbers, axis, turned pairs, and what is said where there are none."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import numpy as np
import pytest
from support.fake_queries import data_of, write_pages
from support.fake_records import put

from harness.report.queries.query_traits import query_traits
from harness.report.queries.trait_gains import LIMITS, axis_limit, one_group, panels
from harness.types import Data

SHORT = {f"q{i:02}": "one" if i < 10 else "one two three" for i in range(20)}


def texts(queries: dict[str, str]) -> Data:
    return Data("ko", {"doc-1": "one"}, queries, {}, {query: {"doc-1": 1} for query in queries})


def page_of(folder: Path, data: Data | str) -> str:
    """Return the page of two entries: A is .3 better on ten short queries, and .1 or .2 worse on ten long ones."""
    scores = [0.8] * 10 + [0.4, 0.3] * 5
    put(folder, ("base", "ko", 0), {"AP": dict.fromkeys(SHORT, 0.5)})
    put(folder, ("mine", "ko", 0), {"AP": dict(zip(SHORT, scores, strict=True))})
    [page] = write_pages(folder, {"ko": data})
    html = page.read_text(encoding="utf-8").partition('id="traits"')[2].partition("</section>\n<p id=")[0]
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", html)).split())


def test_each_group_has_its_queries_its_difference_and_its_interval(tmp_path: Path) -> None:
    text = page_of(tmp_path, texts(SHORT))
    assert "Length of the query, words group queries Δ −50 0 +50 1 10 +30.00 [+30.00, +30.00] 3 10 −15.00" in text
    # differences −.1 and −.2, five times each: sd .05270, error .01667, t of 9 degrees of freedom 2.2622: ± 3.77
    assert "−15.00 [−18.77, −11.23]" in text


def test_a_trait_that_is_the_same_for_all_queries_is_no_comparison(tmp_path: Path) -> None:
    assert "Relevant passages All queries have 1." in page_of(tmp_path, texts(SHORT))
    same = texts(dict.fromkeys(SHORT, "one"))
    assert "No comparison: the queries are one group in each respect." in page_of(tmp_path, same)


def test_one_group_of_several_values_says_which() -> None:
    length, _, _ = query_traits(texts({f"q{i}": "one " * i for i in range(1, 6)}), [f"q{i}" for i in range(1, 6)])
    assert one_group(length) == "All queries are one group (1–5 words)."


def test_without_data_one_line_says_so(tmp_path: Path) -> None:
    text = page_of(tmp_path, "the data of this language are not on the machine that wrote this page.")
    assert text.endswith("Not computed: it needs the queries and judgments of this language.")


def test_the_turned_pair_has_the_opposite_numbers() -> None:
    traits = query_traits(texts(SHORT), sorted(SHORT))
    content = {"gains": {"0-1": [300, 50, -20, None, 0, 10, 5, 5]}, "entries": [{"mean": 0.4}, {"mean": 0.39}]}
    there, back = panels(content, traits, 0, 1), panels(content, traits, 1, 0)
    assert there
    assert back
    assert there.limit == pytest.approx(0.05)
    assert (there.overall, back.overall) == (60, 40)
    first, second = there.panels[0].groups
    assert (first.difference, first.interval) == ("+3.00", "[+2.50, +3.50]")
    assert (first.low, first.value, first.high) == (75, 80, 85)
    assert (second.difference, second.interval, second.low, second.high) == ("−0.20", "", 48, 48)
    turned = back.panels[0].groups[0]
    assert (turned.difference, turned.interval, turned.low, turned.high) == ("−3.00", "[−3.50, −2.50]", 15, 25)


def test_the_axis_holds_all_intervals_and_never_more_than_the_whole_scale() -> None:
    assert axis_limit([(60, 40), (-30, None)]) == 100
    assert axis_limit([(60, 41)]) == 200
    assert axis_limit([(0, 30_000)]) == LIMITS[-1] == 10_000


def test_a_pair_that_the_page_does_not_hold_has_no_panels() -> None:
    assert panels({"gains": {"0-1": []}, "entries": []}, (), 0, 2) is None


def test_the_page_of_a_language_has_one_row_per_group(tmp_path: Path) -> None:
    data = data_of("ko", 40, queries={f"ko-q{i:04}": "낱말 " * (1 + i % 4) for i in range(40)})
    scores = np.linspace(0, 1, 40)
    for entry in ("base", "mine"):
        put(tmp_path, (entry, "ko", 0), {"AP": dict(zip(data.queries, scores.tolist(), strict=True))})
    [page] = write_pages(tmp_path, {"ko": data})
    html = page.read_text(encoding="utf-8")
    rows = re.findall(r'<tr><th scope="row">(.*?)</th><td>(\d+)</td>', html.partition('id="panels"')[2])
    assert rows == [("1", "10"), ("2–3", "20"), ("4", "10")]
