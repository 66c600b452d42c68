"""Names in figures and captions."""

from __future__ import annotations

from harness.report.figures.labels import label, name_list, shorten_middle


def test_a_name_of_ten_thousand_characters_is_cut_to_forty() -> None:
    assert label("x" * 10_000) == "x" * 39 + "…"


def test_joiners_stay_and_characters_that_xml_does_not_allow_are_replaced() -> None:
    assert label("می‌شود") == "می‌شود"
    assert label("a\ufffeb\ud800") == "a�b�"


def test_the_name_of_a_swept_entry_is_cut_in_the_middle() -> None:
    assert shorten_middle("mnrl-moe[moe.experts=16]", 15) == "mnrl…xperts=16]"


def test_a_list_of_names_is_escaped_and_counts_the_names_beyond_its_limit() -> None:
    assert str(name_list(["<b>", "y", "z"], 1)) == "<bdi>&lt;b&gt;</bdi> and 2 more"
