"""Sizes and colours of the figures.

Lengths are in points; a figure is WIDTH wide. INK, SOFT, LINE, ACCENT and BACK are placeholders: the SVG replaces them
by the CSS colours of the page, which differ between the light and the dark scheme. HUES are readable on both.
"""

from __future__ import annotations

WIDTH = 576.0
TEXT, SMALL = 11.5, 10.5  # font sizes
INK, SOFT, LINE, ACCENT, BACK = "#123451", "#123452", "#123453", "#123454", "#123455"
CSS_COLOURS = {
    INK: "currentColor",
    SOFT: "var(--soft)",
    LINE: "var(--line)",
    ACCENT: "var(--link)",
    BACK: "var(--back)",
}
HUES = ("#2f7fc1", "#c8641b", "#2e8f62", "#9b5fc4", "#cc4661", "#7d7a1e")  # contrast of at least 3:1 on both schemes
DASHES = ("-", (0, (5, 1.5)), (0, (1.5, 1.5)), (0, (6, 1.5, 1.5, 1.5)), (0, (3, 3)), (0, (9, 2)))
MAX_LANGUAGES = len(HUES)  # languages with a hue, a mark and a dash pattern of their own
