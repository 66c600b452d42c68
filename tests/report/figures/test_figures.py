"""What all figures have in common: they are described, safe, small, and the same every time."""

from __future__ import annotations

import re
from hashlib import sha256
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from support.commands import spawn
from support.drawn_figures import UNIFORM, description, figures_of, put_constant, without_tags, words
from support.fake_records import board, draw, provenance, put, put_failed

from harness.report.figures.drawing_rules import RULES
from harness.report.figures.figure import Figure
from harness.report.figures.palette import HUES
from harness.report.figures.svg import render_svg
from harness.report.report_files import write_reports

HOSTILE = (
    "<script>alert(1)<",
    "a$x$b",
    "back\\slash",
    "\"'><img src=x onerror=alert(1)>",
    "x" * 200,
    "a\u202eb\x1bc\nd",
)


@pytest.fixture(scope="module")
def full_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of as many cells as the bundled suite has, with everything that figures show."""
    folder = tmp_path_factory.mktemp("full")
    for i, entry in enumerate(["base", *(f"entry-{i}" for i in range(12)), "bm25"]):
        for j, language in enumerate(("ko", "hi", "fa")):
            for seed in (0,) if entry in ("base", "bm25") else (0, 1, 2):
                made = provenance(entry, language, seed)
                made["training"] = {"losses": [4 / (step + 1) + seed for step in range(72)], "steps": 72}
                after = {"uniformity": -2.0 - i / 10, "alignment": 1.0 + j / 10, "anisotropy": 0.1}
                geometry = {"before": UNIFORM, "after": after}
                scores = draw(entry, language, seed, 20, ["AP"])
                put(folder, (entry, language, seed), scores, provenance=made, seconds=1.0 + i, geometry=geometry)
    return folder


@pytest.fixture(scope="module")
def figures(full_run: Path) -> dict[str, Figure]:
    return figures_of(full_run)


def test_a_run_with_everything_has_all_figures(figures: dict[str, Figure]) -> None:
    assert list(figures) == ["forest", "seeds", "ranks", "cost", "learning", "geometry"]


def test_every_figure_is_one_described_element_of_the_page(figures: dict[str, Figure]) -> None:
    for figure in figures.values():
        root = ElementTree.fromstring(figure.svg)
        assert (root.tag, root.get("role")) == ("svg", "img")
        assert [part.tag for part in root[:2]] == ["title", "desc"]
        assert root[0].text == figure.title
        assert root.get("aria-labelledby") == f"{root[0].get('id')} {root[1].get('id')}"
        assert len(description(figure)) > 100
        assert len(without_tags(figure.caption)) > 40
        for foreign in ("http", "<metadata", "<style", "#12345", "font-family", "<!--", "clip-path"):
            assert foreign not in figure.svg


def test_ids_are_unique_and_references_resolve(figures: dict[str, Figure]) -> None:
    text = "".join(figure.svg for figure in figures.values())
    ids = re.findall(r'\bid="([^"]+)"', text)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]+)"', text)) <= set(ids)


def test_figures_use_the_colours_of_the_page(figures: dict[str, Figure]) -> None:
    page = {"none", "currentColor", "var(--soft)", "var(--line)", "var(--link)", "var(--back)"}
    for figure in figures.values():
        colours = set(re.findall(r"(?:fill|stroke)(?::|=\")([^;\"]+)", figure.svg))
        assert colours <= page | set(HUES)


def luminance(hue: str) -> float:
    parts = [int(hue[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("background", ["#fcfcfb", "#16191c"])
def test_every_hue_is_readable_on_a_light_and_a_dark_background(background: str) -> None:
    for hue in HUES:
        dark, light = sorted((luminance(hue), luminance(background)))
        assert (light + 0.05) / (dark + 0.05) >= 3


def test_no_two_languages_differ_by_hue_alone() -> None:
    assert len(set(RULES["marks"])) == len(RULES["hues"]) == len(HUES)


def test_the_figures_of_a_full_run_take_less_than_450_kilobytes(figures: dict[str, Figure]) -> None:
    assert sum(len(figure.svg.encode()) for figure in figures.values()) < 450_000


def test_numbers_in_a_figure_have_at_most_two_decimals(figures: dict[str, Figure]) -> None:
    for figure in figures.values():
        for path in re.findall(r' d="([^"]+)"', figure.svg):
            assert not re.search(r"\.\d{3}", path)


def test_equal_records_give_equal_bytes_in_another_process_too(full_run: Path, figures: dict[str, Figure]) -> None:
    code = (
        "import hashlib; from pathlib import Path; from harness.evidence.leaderboard import collate;"
        "from harness.report.figures.leaderboard_figures import leaderboard_figures;"
        "from harness.report.script_data import script_data; from harness.report.table_view import tables;"
        f"board = collate(Path({str(full_run)!r})); rows = tables(board);"
        "figures = leaderboard_figures(board, rows, script_data(board, rows, ()));"
        "print(hashlib.sha256(repr(figures).encode()).hexdigest())"
    )
    other = spawn("-c", code, cwd=full_run, PYTHONHASHSEED="7")
    assert (other.out, other.err) == (sha256(repr([*figures.values()]).encode()).hexdigest() + "\n", "")


def test_the_users_matplotlib_style_is_ignored_and_kept(tmp_path: Path) -> None:
    import matplotlib

    put_constant(tmp_path, {"base": 0.5, "mnrl": 0.75})
    before = figures_of(tmp_path)
    with matplotlib.rc_context({"font.size": 30, "lines.linewidth": 9, "svg.fonttype": "path"}):
        assert figures_of(tmp_path) == before
        assert matplotlib.rcParams["font.size"] == 30


def test_a_single_entry_has_no_figure_and_does_not_import_matplotlib(tmp_path: Path) -> None:
    put_constant(tmp_path, {"mnrl": 0.5})
    assert figures_of(tmp_path) == {}
    code = (
        "import sys; from pathlib import Path; from harness.report.report_files import write_reports;"
        f"write_reports(Path({str(tmp_path)!r})); print('matplotlib' in sys.modules)"
    )
    assert spawn("-c", code, cwd=tmp_path).out == "False\n"


def test_figures_without_data_are_not_drawn(tmp_path: Path) -> None:
    put_constant(tmp_path, {"base": 0.5, "mnrl": 0.75})
    assert list(figures_of(tmp_path)) == ["forest", "ranks"]


def test_the_page_shows_every_figure_with_its_caption_and_reading(tmp_path: Path) -> None:
    board(tmp_path, ["base", "mnrl"], {"ko": 5}, [0, 1])
    page = write_reports(tmp_path).read_text(encoding="utf-8")
    figures = figures_of(tmp_path)
    assert list(figures) == ["forest", "seeds", "ranks"]
    assert page.count('<svg class="drawn"') == 3
    for figure in figures.values():
        assert f'<figure id="figure-{figure.id}"' in page
        assert {figure.caption in page, figure.reading in page, figure.svg in page} == {True}
    assert page.index('id="figure-forest"') < page.index('id="figure-seeds"')


def test_an_entry_whose_cells_all_failed_is_in_no_figure(tmp_path: Path) -> None:
    put_constant(tmp_path, {"base": 0.5, "mnrl": 0.75})
    put_failed(tmp_path, ("clpl", "ko", 0), "out of memory")
    for figure in figures_of(tmp_path).values():
        assert "clpl" not in figure.svg


def test_of_more_than_forty_entries_the_first_forty_are_drawn_and_the_figure_says_so(tmp_path: Path) -> None:
    put_constant(tmp_path, {"base": 0.0, **{f"e{i:02}": 0.99 - i / 100 for i in range(45)}})
    figures = figures_of(tmp_path)
    for name, count in (("forest", "46 rows"), ("ranks", "46 entries")):
        assert f"The first 40 of {count} are drawn." in figures[name].reading
        assert "e39" in words(figures[name])
        assert "e40" not in words(figures[name])


def test_hostile_names_are_drawn_as_shortened_text(tmp_path: Path) -> None:
    for i, name in enumerate(HOSTILE):
        for seed in (0, 1):
            made = {**provenance(name, "ko", seed), "training": {"losses": [2.0, 1.0]}}
            fields: dict[str, Any] = {"seconds": 1.0 + i, "geometry": {"before": UNIFORM, "after": UNIFORM}}
            put(tmp_path, (name, "ko", seed), draw(name, "ko", seed, 5, ["AP"]), provenance=made, **fields)
    figures = figures_of(tmp_path, HOSTILE[0])
    assert len(figures) == 6
    for figure in figures.values():
        for raw in ("<script", "<img", "\u202e", "\x1b", "x" * 41):
            assert raw not in figure.svg
            assert raw not in figure.caption + figure.reading
        assert len(f"{figure.title} {figure.caption} {figure.reading} {figure.svg}") < 100_000
        ElementTree.fromstring(figure.svg)
    drawn = words(figures["ranks"])
    for name in ("<script>alert(1)<", "a$x$b", "back\\slash", "x" * 39 + "…", "a�b�c�d"):
        assert name in drawn


def test_a_glyph_that_no_font_has_is_drawn_without_a_warning() -> None:
    text = "فارسی हिन्दी 한국어 \U0001f9ff"
    svg = render_svg("x", "한국어", "हिन्दी", 50.0, lambda canvas: canvas.text(0.5, 0.5, text))
    assert text in "".join(ElementTree.fromstring(svg).itertext())
