"""Whether a region scrolls. Playwright's own waiting evaluates strings in the page, which its policy forbids."""

from __future__ import annotations

from playwright.sync_api import Locator

SCROLLED = """region => new Promise(done => {
  let frames = 300;
  const look = () => {
    if (region.scrollLeft > 0 || frames-- === 0) done(region.scrollLeft > 0);
    else requestAnimationFrame(look);
  };
  look();
})"""


def scrolled(region: Locator) -> bool:
    """Return whether a region moves sideways within 300 frames."""
    return bool(region.evaluate(SCROLLED))
