"""Published contrasts: what the two bundled files say, and what a file of contrasts may not say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from harness.errors import DataError
from harness.evidence.claims.claims_file import load
from harness.evidence.contrasts.published import PublishedContrast, PublishedDifference, bare, published_contrasts
from harness.request import entries

CLP = "arXiv 2412.17364"
CONTRAST = """
[[contrasts]]
paper = "a paper"
source = "its abstract"
entry = "mnrl"
control = "base"
statement = "training helps"
"""


def bundled() -> list[PublishedContrast]:
    return published_contrasts(load())


def find(entry: str, control: str, paper: str = CLP) -> PublishedContrast:
    (contrast,) = [one for one in bundled() if (one.paper, one.entry, one.control) == (paper, entry, control)]
    return contrast


def points(differences: Sequence[PublishedDifference], measure: str) -> dict[str, float]:
    return {one.language: round(100 * one.value, 2) for one in differences if one.measure == measure}


def read(path: Path, text: str) -> list[PublishedContrast]:
    path.write_text(text, encoding="utf-8")
    return published_contrasts(load(), path)


def test_every_claim_with_a_control_is_in_one_contrast() -> None:
    claims = [claim for claim in load() if claim.entry and claim.control]
    assert len(claims) == 29
    counts = Counter((one.paper, one.entry, one.control) for one in bundled())
    assert {counts[claim.paper, bare(claim.entry), bare(claim.control)] for claim in claims} == {1}
    assert sum(len(one.differences) for one in bundled() if one.statement in {claim.row for claim in claims}) == 29


def test_no_contrast_of_the_bundled_files_is_there_twice_and_all_are_of_declared_entries() -> None:
    contrasts = bundled()
    assert len({(one.paper, one.entry, one.control) for one in contrasts}) == len(contrasts) == 9 + 10
    assert {name for one in contrasts for name in (one.entry, one.control)} <= entries.declared().keys()


@pytest.mark.parametrize(
    ("entry", "control", "expected"),
    [
        ("clpl", "infonce-ance", {"ko": 0.16, "hi": 0.22, "fa": 1.51, "average": 0.63}),
        ("clpl-intermediate", "clpl", {"ko": -0.13, "hi": 1.59, "fa": 2.71, "average": 1.39}),
        ("clpl-moe", "clpl-intermediate", {"ko": 0.82, "hi": 0.02, "fa": 0.46, "average": 0.44}),
        ("infonce-random", "base", {"ko": -4.75, "hi": -0.57, "fa": -3.75, "average": -3.03}),
        ("infonce-ance", "infonce-random", {"ko": 7.28, "hi": 2.75, "fa": 3.5, "average": 4.51}),
    ],
)
def test_differences_are_those_of_the_published_table(entry: str, control: str, expected: dict[str, float]) -> None:
    contrast = find(entry, control)
    assert points(contrast.differences, "nDCG@5") == expected
    assert contrast.main == contrast.in_language("average")
    assert contrast.in_language("ja") is None
    assert contrast.claimed == ("lower" if expected["average"] < 0 else "higher")
    assert (contrast.data, contrast.base_model) == ("miracl", "BAAI/bge-m3")


def test_a_claim_on_the_authors_code_is_of_the_published_recipe() -> None:
    assert find("clpl", "infonce-ance").recipe == "published"
    assert find("soft-1", "base", "arXiv 2408.11868").recipe == "corrected"
    assert find("infonce-ance", "infonce-random").recipe == "corrected"  # of contrasts.toml, which names no recipe


def test_without_an_average_the_first_difference_is_the_main_one() -> None:
    contrast = find("soft-1", "base", "arXiv 2408.11868")
    assert points(contrast.differences, "nDCG@10") == {"und": 0.96}
    assert points(contrast.differences, "AP@10") == {"und": 0.90}
    assert contrast.main == contrast.differences[0]


def test_a_contrast_without_rows_has_no_number() -> None:
    contrast = find("mnrl-matryoshka", "mnrl", "arXiv 2205.13147")
    assert (contrast.claimed, contrast.differences, contrast.main) == ("equal", (), None)


@pytest.mark.parametrize(
    ("value", "claimed"), [(0.5009, "equal"), (0.5011, "higher"), (0.4991, "equal"), (0.49, "lower")]
)
def test_a_published_difference_below_a_tenth_of_a_point_claims_no_difference(
    tmp_path: Path, value: float, claimed: str
) -> None:
    averages = {one.entry: one for one in load() if (one.paper, one.language) == (CLP, "average")}
    of = {"clpl@published": value, "infonce-ance@published": 0.5}
    claims = [averages[entry].model_copy(update={"value": number}) for entry, number in of.items()]
    (tmp_path / "own.toml").write_text(CONTRAST, encoding="utf-8")
    contrast, _ = published_contrasts(claims, tmp_path / "own.toml")
    assert (contrast.entry, contrast.claimed) == ("clpl", claimed)


def test_a_control_published_twice_gives_no_difference() -> None:
    claims = load()
    again = [one for one in claims if (one.paper, one.entry, one.language) == (CLP, "clpl@published", "ko")]
    (contrast,) = [one for one in published_contrasts([*claims, *again]) if one.entry == "clpl-intermediate"]
    assert set(points(contrast.differences, "nDCG@5")) == {"hi", "fa", "average"}


def test_a_file_of_its_own_takes_the_place_of_the_bundled_one(tmp_path: Path) -> None:
    contrasts = read(tmp_path / "own.toml", CONTRAST)
    assert len(contrasts) == 9 + 1
    assert (contrasts[-1].entry, contrasts[-1].control, contrasts[-1].claimed) == ("mnrl", "base", "higher")


ROWS = 'rows = { paper = "arXiv 2412.17364", row = "ANCE dataset", control_row = "random datset" }\n'
UNSHARED = """rows = { paper = "MTEB results", row = "BGE-M3, untuned, full corpus",
         control_row = "BGE-M3, untuned, hard negatives" }
""".replace("\n  ", " ")


HERE = "in contrast 'a paper, mnrl over base' in PATH"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            CONTRAST.replace('"mnrl"', '"mnlr"'),
            "unknown entry 'mnlr' in contrast 'a paper, mnlr over base' in PATH; did",
        ),
        (
            CONTRAST.replace('"base"', '"bsae"'),
            "unknown entry 'bsae' in contrast 'a paper, mnrl over bsae' in PATH; did",
        ),
        (CONTRAST.replace('"mnrl"', '"clpl@published"'), "unknown entry 'clpl@published'"),
        (CONTRAST + ROWS, f"unknown row of {CLP} 'random datset' {HERE}; did you mean 'random dataset'"),
        (CONTRAST + ROWS.replace(CLP, "nobody"), f"unknown row of nobody 'ANCE dataset' {HERE}. Available: none"),
        (CONTRAST + UNSHARED, "its two rows share no suite, language and measure"),
        (CONTRAST + CONTRAST, "contrast 'a paper, mnrl over base' in PATH is there twice"),
        (CONTRAST.replace("a paper", CLP).replace("mnrl", "infonce-ance"), "or a claim of claims.toml too; remove one"),
        (CONTRAST + 'colour = "red"\n', "contrasts file PATH: contrasts.0.colour: unknown key; fix it"),
        (
            CONTRAST + 'claimed = "more"\n',
            "contrasts.0.claimed: must be 'higher', 'lower' or 'equal', not 'more'",
        ),
        (CONTRAST.replace("statement", "about"), "contrasts.0.statement: missing (and 1 more); fix it"),
        ("", "contrasts file PATH: contrasts: missing; fix it"),
        ("[[contrasts]\n", "contrasts file PATH cannot be read: "),
    ],
)
def test_a_file_that_is_wrong_is_one_line_that_says_where(tmp_path: Path, text: str, problem: str) -> None:
    path = tmp_path / "own.toml"
    with pytest.raises(DataError) as raised:
        read(path, text)
    assert problem.replace("PATH", str(path)) in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_file_that_is_missing_or_not_text_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"^contrasts file .*none\.toml cannot be read: .*; fix it$"):
        published_contrasts([], tmp_path / "none.toml")
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DataError, match=r"^contrasts file .*bytes\.toml cannot be read: .*; fix it$"):
        published_contrasts([], tmp_path / "bytes.toml")
