"""A leaderboard with switches, and what is read off it in Chromium."""

from __future__ import annotations

import json
from pathlib import Path

from playwright.sync_api import Locator, Page
from support.fake_records import board, draw, provenance, put, put_failed

from harness.report.report_files import write_reports


def five_entries(folder: Path) -> Path:
    """Five entries and a failed one in two languages, one of them with two recipes; two seeds."""
    board(folder, ["base", "bm25", "clpl", "mnrl"], {"ko": 9, "fa": 7}, [0, 1])
    for language, n in (("ko", 9), ("fa", 7)):
        for seed, seconds in ((0, 600.0), (1, 600.0)):
            said = provenance("clpl@published", language, seed)
            said["entry"]["recipe"] = "published"
            cell = ("clpl@published", language, seed)
            put(folder, cell, draw(*cell, n), provenance=said, seconds=seconds, peak_memory_bytes=3 * 2**30)
            own = ("mnrl", language, seed)
            put(folder, own, draw(*own, n), seconds=540.0, peak_memory_bytes=600 * 2**20)
        put_failed(folder, ("soft-1", language, 0), "out of memory")
    write_reports(folder)
    return folder


def two_claims(folder: Path) -> Path:
    """Write a run that published numbers are about: MIRACL in Korean, base 0.25, infonce-ance@published 0.5."""
    for entry, value in (("base", 0.25), ("infonce-ance@published", 0.5), ("mnrl", 0.125)):
        put(folder, (entry, "ko", 0), {"nDCG@5": {"a": value, "b": value}}, suite="miracl")
    base = {"id": "BAAI/bge-m3", "revision": "5617a9f61b028005a4858fdac845db406aefb181"}
    suite = {"name": "miracl", "tier": "full", "text": {"title": False}, "base_model": base}
    run = {"suite": suite, "resolved": {"languages": ["ko"]}}
    (folder / "run.json").write_text(json.dumps(run), encoding="utf-8")
    write_reports(folder)
    return folder


def go(page: Page, folder: Path, fragment: str) -> None:
    """Open a view by its address, as a link from elsewhere does."""
    page.goto("about:blank")
    page.goto(f"{(folder / 'leaderboard.html').as_uri()}#{fragment}")


def switch(page: Page, name: str) -> Locator:
    return page.get_by_role("combobox", name=name, exact=True)


def choose(page: Page, name: str, value: str) -> None:
    switch(page, name).select_option(value)


def order(page: Page) -> list[str]:
    """Return the entries that are seen, from top to bottom."""
    return page.locator(".board:visible tbody tr:visible th .name").all_inner_texts()


def column(page: Page, name: str) -> list[str]:
    """Return the cells of a column that is seen, in the order of `order`; a failed row has none."""
    [i] = [i for i, head in enumerate(heads(page)) if head == name]
    rows = page.locator(".board:visible tbody tr:visible")
    return [" ".join(row.split("\t")[i].split()) for row in rows.all_inner_texts() if row.count("\t") > 1]


def heads(page: Page) -> list[str]:
    return page.locator(".board:visible thead .head:visible").all_inner_texts()


def fragment(page: Page) -> str:
    return str(page.evaluate("decodeURI(location.hash.slice(1))"))


def saved(page: Page, form: str) -> str:
    with page.expect_download() as waiting:
        page.get_by_role("button", name=form, exact=True).click()
    assert waiting.value.suggested_filename.endswith(f".{form.lower()}")
    return Path(waiting.value.path()).read_bytes().decode()
