"""The pictures of the leaderboard: what each shows, says and leaves out; safe, small and the same every time."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from support.commands import spawn
from support.fake_records import board, draw, provenance, put, put_failed

from harness.evidence.leaderboard import collate
from harness.machine.store import StageRun
from harness.report import figures
from harness.report.figures import Figure
from harness.report.figures.cost_figure import Point, best
from harness.report.figures.labels import label, listed, squeezed
from harness.report.figures.learning_figure import points
from harness.report.figures.placing import Box, along, beside
from harness.report.figures.svg import HUES, MARKERS, drawn
from harness.report.report_files import write_reports
from harness.report.table_view import tables

HOSTILE = (
    "<script>alert(1)<",
    "a$x$b",
    "back\\slash",
    "\"'><img src=x onerror=alert(1)>",
    "x" * 200,
    "a\u202eb\x1bc\nd",
)
UNIFORM = {"uniformity": -2.0, "alignment": 1.0, "anisotropy": 0.3}


def pictures(folder: Path, baseline: str = "base") -> dict[str, Figure]:
    found = collate(folder, baseline)
    return {one.id: one for one in figures.of_board(found, tables(found))}


def words(figure: Figure) -> str:
    """Return what is written in a picture, its description left out."""
    return " ".join(element.text or "" for element in ElementTree.fromstring(figure.svg).iter("text"))


def described(figure: Figure) -> str:
    return ElementTree.fromstring(figure.svg)[1].text or ""


def plain(text: str) -> str:
    return re.sub("<[^>]+>", "", text)


def even(folder: Path, scores: Mapping[str, float], languages: Iterable[str] = ("ko",), **fields: Any) -> None:
    """Write an entry a score, of one seed, in which every query scores that."""
    for entry, score in scores.items():
        for language in languages:
            put(folder, (entry, language, 0), {"AP": {"a": score, "b": score}}, **fields)


def trained(folder: Path, cell: tuple[str, str, int], losses: Any, **training: Any) -> None:
    said = {**provenance(*cell), "training": {"losses": losses, **training}}
    put(folder, cell, draw(*cell, 5, ["AP"]), provenance=said)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of as many cells as the bundled suite has, which tell all that is drawn."""
    folder = tmp_path_factory.mktemp("whole")
    for i, entry in enumerate(["base", *(f"entry-{i}" for i in range(12)), "bm25"]):
        for j, language in enumerate(("ko", "hi", "fa")):
            for seed in (0,) if entry in ("base", "bm25") else (0, 1, 2):
                said = provenance(entry, language, seed)
                said["training"] = {"losses": [4 / (step + 1) + seed for step in range(72)], "steps": 72}
                where = {"uniformity": -2.0 - i / 10, "alignment": 1.0 + j / 10, "anisotropy": 0.1}
                fields: dict[str, Any] = {"provenance": said, "seconds": 1.0 + i, "geometry": {"after": where}}
                fields["geometry"] |= {"before": UNIFORM}
                put(folder, (entry, language, seed), draw(entry, language, seed, 20, ["AP"]), **fields)
    return folder


@pytest.fixture(scope="module")
def shown(whole: Path) -> dict[str, Figure]:
    return pictures(whole)


def test_a_run_that_tells_everything_has_all_pictures(shown: dict[str, Figure]) -> None:
    assert list(shown) == ["forest", "seeds", "ranks", "cost", "learning", "geometry"]


def test_every_picture_is_one_described_element_of_the_page(shown: dict[str, Figure]) -> None:
    for one in shown.values():
        root = ElementTree.fromstring(one.svg)
        assert (root.tag, root.get("role")) == ("svg", "img")
        assert [part.tag for part in root[:2]] == ["title", "desc"]
        assert root[0].text == one.title
        assert root.get("aria-labelledby") == f"{root[0].get('id')} {root[1].get('id')}"
        assert len(described(one)) > 100
        assert len(plain(one.caption)) > 40
        for outside in ("http", "<metadata", "<style", "#12345", "font-family", "<!--", "clip-path"):
            assert outside not in one.svg


def test_every_id_is_its_own_and_every_reference_has_one(shown: dict[str, Figure]) -> None:
    text = "".join(one.svg for one in shown.values())
    ids = re.findall(r'\bid="([^"]+)"', text)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]+)"', text)) <= set(ids)


def test_the_pictures_use_the_inks_of_the_page(shown: dict[str, Figure]) -> None:
    for one in shown.values():
        inks = set(re.findall(r"(?:fill|stroke):([^;\"]+)", one.svg))
        page = {"none", "currentColor", "var(--soft)", "var(--line)", "var(--link)", "var(--back)"}
        assert inks <= page | set(HUES)


def luminance(hue: str) -> float:
    parts = [int(hue[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("ground", ["#fcfcfb", "#16191c"])
def test_every_hue_is_read_on_the_light_and_on_the_dark_ground(ground: str) -> None:
    for hue in HUES:
        dark, light = sorted((luminance(hue), luminance(ground)))
        assert (light + 0.05) / (dark + 0.05) >= 3


def test_no_two_languages_differ_by_hue_alone() -> None:
    assert len(set(MARKERS)) == len(HUES)


def test_the_pictures_of_a_full_run_take_less_than_450_kilobytes(shown: dict[str, Figure]) -> None:
    assert sum(len(one.svg.encode()) for one in shown.values()) < 450_000


def test_numbers_in_a_picture_have_two_decimals_at_most(shown: dict[str, Figure]) -> None:
    for one in shown.values():
        for path in re.findall(r' d="([^"]+)"', one.svg):
            assert not re.search(r"\.\d{3}", path)


def test_equal_records_give_equal_bytes_in_another_process_too(whole: Path, shown: dict[str, Figure]) -> None:
    code = (
        "import sys, hashlib; from pathlib import Path; from harness.evidence.leaderboard import collate;"
        "from harness.report import figures; from harness.report.table_view import tables;"
        f"board = collate(Path({str(whole)!r})); found = figures.of_board(board, tables(board));"
        "print(hashlib.sha256(repr(found).encode()).hexdigest())"
    )
    other = spawn("-c", code, cwd=whole, PYTHONHASHSEED="7")
    assert (other.out, other.err) == (sha256(repr([*shown.values()]).encode()).hexdigest() + "\n", "")


def test_the_users_own_style_changes_nothing(tmp_path: Path) -> None:
    import matplotlib

    even(tmp_path, {"base": 0.5, "mnrl": 0.75})
    before = pictures(tmp_path)
    with matplotlib.rc_context({"font.size": 30, "lines.linewidth": 9, "svg.fonttype": "path"}):
        assert pictures(tmp_path) == before
        assert matplotlib.rcParams["font.size"] == 30


def test_one_entry_alone_has_no_picture_and_needs_no_matplotlib(tmp_path: Path) -> None:
    even(tmp_path, {"mnrl": 0.5})
    assert pictures(tmp_path) == {}
    code = (
        "import sys; from pathlib import Path; from harness.report.report_files import write_reports;"
        f"write_reports(Path({str(tmp_path)!r})); print('matplotlib' in sys.modules)"
    )
    assert spawn("-c", code, cwd=tmp_path).out == "False\n"


def test_what_the_records_do_not_tell_is_not_drawn(tmp_path: Path) -> None:
    even(tmp_path, {"base": 0.5, "mnrl": 0.75})
    assert list(pictures(tmp_path)) == ["forest", "ranks"]


def test_without_the_baseline_no_difference_is_drawn(tmp_path: Path) -> None:
    even(tmp_path, {"clpl": 0.5, "mnrl": 0.75})
    assert list(pictures(tmp_path)) == ["ranks"]


def test_the_page_shows_every_picture_with_what_it_says(tmp_path: Path) -> None:
    board(tmp_path, ["base", "mnrl"], {"ko": 5}, [0, 1])
    page = write_reports(tmp_path).read_text(encoding="utf-8")
    found = pictures(tmp_path)
    assert list(found) == ["forest", "seeds", "ranks"]
    assert page.count('<svg class="drawn"') == 3
    for one in found.values():
        assert f'<figure id="figure-{one.id}"' in page
        assert {one.caption in page, one.reading in page, one.svg in page} == {True}
    assert page.index('id="figure-forest"') < page.index('id="figure-seeds"')


# differences


def test_the_differences_are_told_with_their_intervals_in_the_order_of_the_table(tmp_path: Path) -> None:
    even(tmp_path, {"base": 0.5, "mnrl": 0.75, "clpl": 0.25})
    forest = pictures(tmp_path)["forest"]
    assert described(forest) == "mnrl: +25.00 [25.00, 25.00]; base: baseline; clpl: -25.00 [-25.00, -25.00]"
    assert "mnrl base (baseline) clpl +25.00 [25.00, 25.00] -25.00 [-25.00, -25.00]" in words(forest)


def test_the_caption_counts_those_that_differ_and_names_the_best(tmp_path: Path) -> None:
    queries = [f"q{i}" for i in range(20)]
    for entry, score in (("base", 0.5), ("mnrl", 0.75), ("clpl", 0.25), ("same", 0.5)):
        put(tmp_path, (entry, "ko", 0), {"AP": dict.fromkeys(queries, score)})
    said = plain(pictures(tmp_path)["forest"].caption)
    assert said == (
        "1 of 3 entries score higher than base (p &lt; .05), 1 lower (clpl), 1 cannot be told from it (same); "
        "the best is mnrl, +25.00 [25.00, 25.00]."
    )


def test_the_band_is_the_margin_on_the_axis(tmp_path: Path) -> None:
    even(tmp_path, {"base": 0.5, "mnrl": 0.55})
    svg = pictures(tmp_path)["forest"].svg
    ticks = {
        float(text): float(x) for x, text in re.findall(r'text-anchor:middle[^>]* x="([\d.]+)"[^>]*>(-?\d+)<', svg)
    }
    (low, at), (high, to) = min(ticks.items()), max(ticks.items())
    band = next(path for path in re.findall(r'<path d="([^"]+)" style="([^"]+)"', svg) if "opacity" in path[1])
    xs = [float(x) for x in re.findall(r"[ML] ([\d.]+) ", band[0])]
    point = (to - at) / (high - low)
    zero = at - low * point
    assert [min(xs), max(xs)] == pytest.approx([zero - point, zero + point], abs=0.05)


def test_differences_are_to_the_baseline_that_was_chosen(tmp_path: Path) -> None:
    even(tmp_path, {"base": 0.5, "mnrl": 0.75})
    forest = pictures(tmp_path, "mnrl")["forest"]
    assert forest.title == "Difference to mnrl in AP, × 100"
    assert described(forest).startswith("mnrl: baseline; base: -25.00")


def test_an_entry_that_lacks_a_language_shows_those_that_it_has(tmp_path: Path) -> None:
    even(tmp_path, {"base": 0.5, "mnrl": 0.75}, ("ko", "fa"))
    even(tmp_path, {"clpl": 0.75}, ("fa",))
    forest = pictures(tmp_path)["forest"]
    assert "clpl: no average" in described(forest)
    assert "needs every language" in words(forest)
    assert "All" not in plain(forest.caption)


def test_an_entry_of_which_every_cell_failed_is_in_no_picture(tmp_path: Path) -> None:
    even(tmp_path, {"base": 0.5, "mnrl": 0.75})
    put_failed(tmp_path, ("clpl", "ko", 0), "out of memory")
    for one in pictures(tmp_path).values():
        assert "clpl" not in one.svg


def test_beyond_forty_entries_the_first_forty_are_drawn_and_it_is_said(tmp_path: Path) -> None:
    even(tmp_path, {"base": 0.0, **{f"e{i:02}": 0.99 - i / 100 for i in range(45)}})
    found = pictures(tmp_path)
    for name, count in (("forest", "46 rows"), ("ranks", "46 entries")):
        assert f"The first 40 of {count} are drawn." in found[name].reading
        assert "e39" in words(found[name])
        assert "e40" not in words(found[name])


def test_more_languages_than_hues_stand_unnamed_in_the_picture_of_differences(tmp_path: Path) -> None:
    even(tmp_path, {"base": 0.5, "mnrl": 0.75}, [f"l{i}" for i in range(8)])
    assert "each of 8 languages" in words(pictures(tmp_path)["forest"])


# seeds


def test_every_seed_is_a_dot_in_its_language(tmp_path: Path) -> None:
    seeds = pictures(board(tmp_path, ["base", "mnrl", "clpl"], {"ko": 5, "fa": 5}, [0, 1, 2]))["seeds"]
    dots = [style for style in re.findall(r'<use [^>]*style="([^"]*)"', seeds.svg) if "fill:var(--link)" in style]
    assert len(dots) == 2 * 2 * 3
    assert "base" not in words(seeds)
    assert "Of one seed, and left out: <bdi>base</bdi>." in seeds.reading
    value = 100 * sum(draw("clpl", "fa", 1, 5)["nDCG@10"].values()) / 5
    assert re.search(rf"clpl in fa: [\d.]+, {value:.2f}, [\d.]+ \(sd ", described(seeds))


def test_the_largest_spread_over_seeds_is_named(tmp_path: Path) -> None:
    for seed, (mnrl, clpl) in enumerate(((0.5, 0.2), (0.6, 0.8))):
        put(tmp_path, ("mnrl", "ko", seed), {"AP": {"a": mnrl, "b": mnrl}})
        put(tmp_path, ("clpl", "ko", seed), {"AP": {"a": clpl, "b": clpl}})
    said = plain(pictures(tmp_path)["seeds"].caption)
    assert "of 42.43 at most (clpl in ko)" in said
    assert "lie up to 5.00 apart" in said


# ranks


def test_ranks_are_told_with_interval_and_group(tmp_path: Path) -> None:
    queries = [f"q{i}" for i in range(20)]
    for entry, score in (("a", 0.9), ("b", 0.5), ("c", 0.1)):
        put(tmp_path, (entry, "ko", 0), {"AP": dict.fromkeys(queries, score)})
    ranks = pictures(tmp_path)["ranks"]
    assert described(ranks) == "a: rank 1, 1 to 1, group 1; b: rank 2, 2 to 2, group 2; c: rank 3, 3 to 3, group 3"
    assert plain(ranks.caption).startswith("a is told apart from all others as the best; 3 of 3 ranks are certain")


def test_those_not_told_apart_from_the_best_are_named(tmp_path: Path) -> None:
    even(tmp_path, {"a": 0.6, "b": 0.5})
    said = plain(pictures(tmp_path)["ranks"].caption)
    assert said.startswith("2 entries are not told apart from the best: a and b;")


# cost


def test_a_cell_from_the_cache_is_no_measure_of_its_time(tmp_path: Path) -> None:
    def stages(*, cached: bool) -> tuple[StageRun, ...]:
        return (StageRun(stage="train", key="k", seconds=1.0, cached=cached),)

    even(tmp_path, {"a": 0.5, "b": 0.6}, seconds=4.0, stages=stages(cached=False))
    even(tmp_path, {"c": 0.9}, seconds=0.01, stages=stages(cached=True))
    cost = pictures(tmp_path)["cost"]
    assert described(cost) == "b: 4.00 seconds, 60.00; a: 4.00 seconds, 50.00"
    assert "come from the cache: <bdi>c</bdi>." in cost.reading


def test_times_of_minutes_are_in_minutes_and_far_apart_on_a_logarithmic_axis(tmp_path: Path) -> None:
    even(tmp_path, {"a": 0.5}, seconds=60.0)
    even(tmp_path, {"b": 0.6}, seconds=6000.0)
    cost = pictures(tmp_path)["cost"]
    assert described(cost) == "b: 100.00 minutes, 60.00; a: 1.00 minutes, 50.00"
    assert "minutes a cell, logarithmic" in words(cost)
    assert plain(cost.caption) == "a and b are beaten by no other entry in both score and time."


def test_the_best_within_a_time_are_those_that_none_beats_in_both() -> None:
    a, b, c, d = Point("a", 1.0, 0.2), Point("b", 2.0, 0.1), Point("c", 3.0, 0.5), Point("d", 3.0, 0.4)
    assert best([d, c, b, a]) == [a, c]


def meet(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def test_names_stand_beside_their_points_and_over_nothing() -> None:
    points = [(100.0 + 3 * i, 100.0 + 2 * i) for i in range(12)]
    found = beside(points, [(60.0, 12.0)] * 12, (400.0, 300.0), along([]))
    boxes = [name.box for name in found if name]
    assert len(boxes) == 12
    for i, (left, bottom, right, top) in enumerate(boxes):
        assert left >= 0
        assert right <= 400
        assert not any(meet(boxes[i], other) for other in boxes[i + 1 :])
        assert not any(left < x < right and bottom < y < top for x, y in points)


def test_a_name_leaves_a_line_free_and_stands_nowhere_where_there_is_no_room() -> None:
    line = along([(0.0, 50.0), (400.0, 50.0)])
    (name,) = beside([(100.0, 50.0)], [(60.0, 12.0)], (400.0, 300.0), line)
    assert name is not None
    assert name.box[1] > 50 or name.box[3] < 50
    assert beside([(20.0, 20.0)], [(60.0, 12.0)], (40.0, 40.0), along([])) == [None]


# learning


def lines(figure: Figure) -> list[int]:
    """Return the number of points of each line that is drawn in a hue."""
    paths = re.findall(r'<path d="(M [^"]+)" style="fill:none;stroke:#[^"]+"', figure.svg)
    return [len(re.findall("[ML]", path)) for path in paths if path.count("L") > 1]


def test_a_long_training_is_drawn_by_the_means_of_steps(tmp_path: Path) -> None:
    trained(tmp_path, ("mnrl", "ko", 0), [float(i // 10 % 2) for i in range(1000)], steps=1000)
    learning = pictures(tmp_path)["learning"]
    assert lines(learning) == [100]
    assert described(learning) == "mnrl in ko: 0.5 to 0.5"
    assert "each of their points is the mean of up to 10 consecutive steps." in learning.reading


def test_many_lines_have_fewer_points_each() -> None:
    assert [points(lines) for lines in (1, 60, 100, 1000)] == [100, 100, 60, 50]


def test_a_line_is_the_mean_over_seeds_of_the_steps_that_all_have(tmp_path: Path) -> None:
    trained(tmp_path, ("mnrl", "ko", 0), [4.0, None, 2.0, 1.0])
    trained(tmp_path, ("mnrl", "ko", 1), [2.0, 1.0])
    learning = pictures(tmp_path)["learning"]
    assert described(learning) == "mnrl in ko: 3 to 1.5"
    assert plain(learning.caption).endswith("the loss fell in every language for 1 of 1 entry.")


def test_a_loss_that_did_not_fall_is_named(tmp_path: Path) -> None:
    trained(tmp_path, ("mnrl", "ko", 0), [2.0, 1.0])
    trained(tmp_path, ("clpl", "ko", 0), [1.0, 2.0])
    assert plain(pictures(tmp_path)["learning"].caption).endswith("for 1 of 2 entries; not for clpl.")


@pytest.mark.parametrize("losses", [None, [], [1.0], "losses", [None, None], {"clpl": [1.0, 2.0]}])
def test_without_losses_at_two_steps_there_is_no_panel(tmp_path: Path, losses: Any) -> None:
    trained(tmp_path, ("mnrl", "ko", 0), losses)
    assert "learning" not in pictures(tmp_path)


def test_beyond_24_entries_the_first_24_panels_are_drawn(tmp_path: Path) -> None:
    for i in range(26):
        trained(tmp_path, (f"e{i:02}", "ko", 0), [2.0, 1.0])
    learning = pictures(tmp_path)["learning"]
    assert len(re.findall(r"\be\d\d\b", words(learning))) == 24
    assert "The first 24 of 26 entries are drawn." in learning.reading


# geometry


def test_where_vectors_lie_is_held_against_the_score_within_a_language(tmp_path: Path) -> None:
    for i, entry in enumerate(("base", "a", "b", "c", "d")):
        after = {**UNIFORM, "uniformity": -1.0 - i}
        even(tmp_path, {entry: (i + 1) / 10}, ("ko",), geometry={"before": UNIFORM, "after": after})
    geometry = pictures(tmp_path)["geometry"]
    assert "uniformity -1.00 (ko); alignment not defined" in plain(geometry.caption)
    assert "d in ko: uniformity -5.00, alignment 1.00, score 50.00" in described(geometry)
    tips = [element.text for element in ElementTree.fromstring(geometry.svg).iter("title")]
    assert tips[1:] == ["d, ko", "c, ko", "b, ko", "a, ko", "base, ko"] * 2
    assert "not trained" in words(geometry)


def test_vectors_of_the_untuned_base_alone_are_no_picture(tmp_path: Path) -> None:
    even(tmp_path, {"base": 0.2, "bm25": 0.5}, geometry={"before": UNIFORM, "after": UNIFORM})
    assert "geometry" not in pictures(tmp_path)


# names


def test_hostile_names_are_text_shortened_and_turn_nothing(tmp_path: Path) -> None:
    for i, name in enumerate(HOSTILE):
        for seed in (0, 1):
            said = {**provenance(name, "ko", seed), "training": {"losses": [2.0, 1.0]}}
            fields: dict[str, Any] = {"seconds": 1.0 + i, "geometry": {"before": UNIFORM, "after": UNIFORM}}
            put(tmp_path, (name, "ko", seed), draw(name, "ko", seed, 5, ["AP"]), provenance=said, **fields)
    found = pictures(tmp_path, HOSTILE[0])
    assert len(found) == 6
    for one in found.values():
        whole = f"{one.title} {one.caption} {one.reading} {one.svg}"
        for raw in ("<script", "<img", "\u202e", "\x1b", "x" * 41):
            assert raw not in one.svg
            assert raw not in one.caption + one.reading
        assert len(whole) < 100_000
        ElementTree.fromstring(one.svg)
    said = words(found["ranks"])
    for shown in ("<script>alert(1)<", "a$x$b", "back\\slash", "x" * 39 + "…", "a�b�c�d"):
        assert shown in said


def test_a_name_of_ten_thousand_characters_stays_forty() -> None:
    assert label("x" * 10_000) == "x" * 39 + "…"
    assert label("می‌شود") == "می‌شود"
    assert label("a\ufffeb\ud800") == "a�b�"
    assert squeezed("mnrl-moe[moe.experts=16]", 15) == "mnrl…experts=16]"[:4] + "…" + "experts=16]"[-10:]
    assert str(listed(["<b>", "y", "z"], 1)) == "<bdi>&lt;b&gt;</bdi> and 2 more"


def test_a_glyph_that_no_font_has_is_drawn_without_a_warning() -> None:
    svg = drawn("x", ("한국어", "हिन्दी"), 50.0, lambda canvas: canvas.text(0.5, 0.5, "فارسی हिन्दी 한국어 \U0001f9ff"))
    assert "فارسی हिन्दी 한국어 \U0001f9ff" in "".join(ElementTree.fromstring(svg).itertext())
