"""The first difference of two files is found, and numbers are compared one by one."""

from __future__ import annotations

import tracemalloc

from harness.report.file_differences import different_number, first_difference

OLD = "entry,language,mean,verdict\na,ko,0.25,\nb,ko,0.5,reproduced\n"


def test_equal_contents_have_no_difference() -> None:
    assert first_difference("a.csv", OLD, OLD) == ""


def test_a_cell_of_csv_is_named_by_the_words_of_its_row() -> None:
    new = OLD.replace("0.5", "0.75")
    assert first_difference("a.csv", OLD, new) == "row b/ko, mean is '0.5', from the records '0.75'"


def test_seeds_belong_to_the_name_of_a_row_and_a_row_of_words_is_named_by_all_but_its_last() -> None:
    old, new = "entry,seed,before\na,0,0.5\na,1,0.5\n", "entry,seed,before\na,0,0.5\na,1,0.75\n"
    assert first_difference("a.csv", old, new).startswith("row a/1, before is")
    assert first_difference("a.csv", "entry,signature\na,x\n", "entry,signature\na,y\n").startswith("row a, signature")


def test_a_value_of_json_is_named_by_its_place() -> None:
    expected = "rows[1 of 2].mean is '0.5', from the records '0.25'"
    assert first_difference("a.json", '{"rows": [{}, {"mean": 0.5}]}', '{"rows": [{}, {"mean": 0.25}]}') == expected


def test_a_text_is_named_by_line_and_whole_number() -> None:
    expected = "line 2 has '34.21 points', from the records '34.27 points'"
    assert first_difference("a.md", "a\nb 34.21 points", "a\nb 34.27 points") == expected


def test_a_table_that_cannot_be_read_is_compared_as_text() -> None:
    assert first_difference("a.json", "{1", '{"a": 1}') == "line 1 has '1', from the records '\"a\": 1}'"


def test_numbers_are_equal_up_to_their_last_bits_and_words_are_not_compared() -> None:
    assert different_number("a.csv", OLD, OLD.replace("0.5,reproduced", "0.5000000000000001,shown")) == ""
    assert "mean is '0.5'" in different_number("a.csv", OLD, OLD.replace("0.5", "0.50001"))


def test_a_number_in_the_place_of_a_word_differs() -> None:
    assert "verdict is ''" in different_number("a.csv", OLD, OLD.replace("0.25,", "0.25,0.1"))


def test_rows_that_one_side_lacks_are_skipped() -> None:
    assert different_number("a.csv", OLD, OLD.replace("b,ko", "c,ko")) == ""


def test_lists_of_other_lengths_are_skipped() -> None:
    assert different_number("a.json", "[1, 2]", "[0, 1, 2]") == ""


def test_the_word_absent_in_the_place_of_a_number_differs() -> None:
    assert "mean is 'absent'" in different_number("a.json", '{"mean": "absent"}', '{"mean": 0.5}')


def test_what_one_side_lacks_is_absent() -> None:
    assert first_difference("a.csv", OLD[:-20], OLD).endswith("is 'absent', from the records 'b'")
    assert first_difference("a.csv", OLD, OLD[:-20]).endswith("is 'b', from the records 'absent'")


def test_a_strangers_table_takes_no_more_memory_than_its_bytes_allow() -> None:
    """The name of a row holds its cells, and the place of a cell the name of its row."""
    columns = [f"column {i}" for i in range(20_000)]
    wide = "\n".join(",".join(cells) for cells in (columns, columns, []))
    long = f'{{"{"k" * 1_000_000}": [{", ".join(["0"] * 20_000)}]}}'
    tracemalloc.start()
    try:
        for name, text in (("a.csv", wide), ("a.json", long)):
            assert different_number(name, text, OLD if name == "a.csv" else "{}") == ""
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()


def test_a_page_has_no_numbers_to_compare() -> None:
    assert different_number("a.html", "1", "2") == ""
