"""The page's script draws each figure as Python does in the same state: elements, attributes and words."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Page
from support.board_page import five_entries, go
from support.fake_records import draw, provenance, put

from harness.evidence.leaderboard import collate
from harness.report.figures.leaderboard_figures import SWITCHED, first_view
from harness.report.figures.learning_figure import learning_caption, learning_description
from harness.report.figures.view import State, View
from harness.report.numbers import ALPHA_TEXT
from harness.report.report_files import write_reports
from harness.report.report_formats import Format
from harness.report.sections.pairs_section import pair_table
from harness.report.templating import render

RESULTS = Path(__file__).parents[2] / "results"
FOLDERS = ("mini", "wikiqa-penalty", "many", "five")
DATA = "() => JSON.parse(document.getElementById('data').textContent)"
HEIGHT = "id => document.querySelector(`#${id} svg`).viewBox.baseVal.height"
DIFFERENCES = """([id, svg, caption, reading]) => {
    const figure = document.getElementById(id);
    const parsed = (markup) => {
        const template = document.createElement('template');
        template.innerHTML = markup;
        template.content.normalize();
        return template.content;
    };
    const differences = [];
    const near = (a, b) => {
        const numbers = /-?\\d+(\\.\\d+)?/g;
        const [left, right] = [a, b].map((text) => text.match(numbers) ?? []);
        return a.replace(numbers, '#') === b.replace(numbers, '#')
            && left.every((number, i) => Math.abs(number - right[i]) < 0.0101);
    };
    const compare = (drawn, expected, path) => {
        if (drawn.nodeName !== expected.nodeName || drawn.childNodes.length !== expected.childNodes.length) {
            const shape = (node) => `${node.nodeName} of ${node.childNodes.length}`;
            differences.push(`${path}: ${shape(drawn)} for ${shape(expected)}`);
            return;
        }
        if (drawn.nodeType === Node.TEXT_NODE && drawn.data !== expected.data) {
            differences.push(`${path}: ${drawn.data} for ${expected.data}`);
        }
        const names = new Set([...drawn.attributes ?? [], ...expected.attributes ?? []].map((one) => one.name));
        for (const name of names) {
            const [own, other] = [drawn.getAttribute(name) ?? 'none', expected.getAttribute(name) ?? 'none'];
            if (own !== other && !near(own, other)) {
                differences.push(`${path} ${name}: ${own} for ${other}`);
            }
        }
        drawn.childNodes.forEach((child, i) => compare(child, expected.childNodes[i], `${path}/${i}`));
    };
    figure.normalize();
    const inner = (element) => parsed(element.innerHTML);
    if (svg) {
        compare(figure.querySelector('svg'), parsed(svg).firstChild, 'svg');
        compare(inner(figure.querySelector('p')), parsed(reading), 'reading');
    }
    compare(inner(figure.querySelector('.own')), parsed(caption), 'caption');
    return differences;
}"""


def many(folder: Path) -> Path:
    """Write seven languages, an anchor far beyond the others, an entry without an average, and one of one seed."""
    languages = [f"l{i}" for i in range(7)]
    for i, entry in enumerate(("base", "bm25", "a", "b", "c", "single", "partial")):
        for language in languages[:3] if entry == "partial" else languages:
            for seed in (0,) if entry in ("base", "bm25", "single") else (0, 1, 2):
                made = provenance(entry, language, seed)
                made["training"] = {"losses": [(i + 2) / (step + 1) for step in range(20)][:: -1 if i == 4 else 1]}
                made["entry"]["method"] = entry
                after = {"uniformity": -2.0 - i / 5, "alignment": 1.0 + i * i / 20, "anisotropy": 0.1}
                scores = draw(entry, language, seed, 30, ["AP", "R@10"])
                level = 0.0 if entry == "bm25" else 0.8
                close = {name: {q: level + v / 50 for q, v in values.items()} for name, values in scores.items()}
                fields: dict[str, Any] = {"geometry": {"before": after, "after": after}, "seconds": 3.0**i}
                put(
                    folder,
                    (entry, language, seed),
                    close,
                    provenance=made,
                    trained=entry not in ("base", "bm25"),
                    **fields,
                )
    return folder


def _made(name: str, folder: Path) -> Path:
    if name == "many":
        return many(folder)
    if name == "five":
        return five_entries(folder)
    return Path(shutil.copytree(RESULTS / name, folder / name, ignore=shutil.ignore_patterns("*.html")))


@pytest.fixture(scope="module", params=FOLDERS)
def reported(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = _made(request.param, tmp_path_factory.mktemp(request.param))
    write_reports(folder, collate(folder), formats=[Format.html], show_texts=False)
    return folder


def states(data: dict[str, Any]) -> Iterator[State]:
    """Yield the first state, and states that differ in each switch and in several."""
    first = first_view(data).state
    names = [entry["name"] for entry in data["entries"]]
    baselines = [names[one["entry"]] for one in data["baselines"]]
    measure, language, baseline = data["measures"][-1], data["languages"][0], baselines[-1] if baselines else ""
    yield first
    yield State(measure, first.baseline)
    yield State(first.measure, first.baseline, language)
    yield State(first.measure, baseline or first.baseline)
    yield State(first.measure, first.baseline, hide=frozenset(names[:1]))
    yield State(measure, first.baseline, data["languages"][-2], hide=frozenset(names[1::2]))
    yield State(measure, baseline or first.baseline, recipe="corrected")
    yield State(first.measure, first.baseline, hide=frozenset(names[:-1]))
    yield State(first.measure, first.baseline, hide=frozenset(names))


def fragment(state: State) -> str:
    parts = {"measure": state.measure, "baseline": state.baseline, "language": state.language, "recipe": state.recipe}
    hidden = ",".join(quote(name, safe="") for name in sorted(state.hide))
    return "&".join([*(f"{name}={quote(value, safe='')}" for name, value in parts.items() if value), f"hide={hidden}"])


def differences(page: Page, view: View) -> list[str]:
    """Return how each figure of the open page differs from that of Python."""
    found = []
    for kind in SWITCHED:
        name = f"figure-{kind.id}"
        if page.locator(f"#{name}").count():
            figure = kind.of(view, page.evaluate(HEIGHT, name))
            assert page.locator(f"#{name} figcaption .what").inner_text() == figure.title
            assert page.locator(f"#{name} [role=region]").get_attribute("aria-label") == figure.title
            found += [
                f"{name} {each}"
                for each in page.evaluate(DIFFERENCES, [name, *map(str, (figure.svg, figure.caption, figure.reading))])
            ]
    if page.locator("#figure-learning").count():
        assert page.locator("#figure-learning desc").text_content() == learning_description(view)
        found += page.evaluate(DIFFERENCES, ["figure-learning", "", str(learning_caption(view)), ""])
    return found


CELLS = """table => [...table.rows].map((row) => [...row.cells].map((cell) => cell.outerHTML))"""
RENDERED = """markup => {
    const template = document.createElement('template');
    template.innerHTML = markup;
    const details = template.content.querySelector('details');
    const cells = [...details.querySelector('table').rows].map((row) => [...row.cells].map((cell) => cell.outerHTML));
    return [details.querySelector('.what').textContent, details.querySelector('.own').textContent, cells];
}"""


def pairs(page: Page) -> list[Any]:
    """Return the words and the cells of the table of every two entries."""
    details = page.locator("#pairwise")
    words = [details.locator(part).text_content() for part in (".what", ".own")]
    assert details.locator("[role=region]").get_attribute("aria-label") == words[0]
    return [*words, details.locator("table").evaluate(CELLS)]


def test_the_table_of_every_two_entries_is_the_same_whoever_fills_it_in_every_state(page: Page, reported: Path) -> None:
    page.goto((reported / "leaderboard.html").as_uri())
    data = page.evaluate(DATA)
    for state in states(data):
        go(page, reported, fragment(state))
        table = pair_table(View(data, state))
        expected = page.evaluate(RENDERED, render("pairs.html.j2", pairs=table, alpha=ALPHA_TEXT))
        assert pairs(page) == expected, fragment(state)
        shown = sum(data["entries"][entry]["name"] not in state.hide for entry in range(len(data["entries"])))
        assert len(table.rows) <= shown
    go(page, reported, "")
    assert len(pairs(page)[2]) > 3


def test_a_figure_is_the_same_whoever_draws_it_in_every_state(page: Page, reported: Path) -> None:
    page.goto((reported / "leaderboard.html").as_uri())
    data = page.evaluate(DATA)
    assert page.locator("#pictures figure").count() >= 2
    for state in states(data):
        go(page, reported, fragment(state))
        assert differences(page, View(data, state)) == [], fragment(state)


def test_the_page_without_its_script_has_the_figures_of_the_first_state(
    page: Page, unscripted: Page, reported: Path
) -> None:
    for each in (page, unscripted):
        each.goto((reported / "leaderboard.html").as_uri())
    figures = page.locator("#pictures figure")
    assert unscripted.locator("#pictures figure").count() == figures.count()
    for i in range(figures.count()):
        for part in ("svg", "figcaption .what", "figcaption .own", "p"):
            static, drawn = (
                each.locator("#pictures figure").nth(i).locator(part).inner_html() for each in (unscripted, page)
            )
            assert static == drawn, part


def test_a_changed_rule_of_one_drawer_is_noticed(page: Page, folder: Path) -> None:
    page.goto((folder / "leaderboard.html").as_uri())
    data = page.evaluate(DATA)
    assert differences(page, first_view(data)) == []
    page.evaluate("() => { RULES.ranks.letters += 1; showFigures(DATA, firstState(DATA)); }")
    assert any("figure-ranks" in each for each in differences(page, first_view(data)))
