"""The lengths, colours and limits of the switched figures, in one place for both who draw them.

The page holds RULES as JSON. Python draws the figures of the page as it opens, its script those of every other view;
both read each number here. Lengths are in points, a box is (left, top, width, height) from the upper left corner.
"""

from __future__ import annotations

from typing import Any

from harness.report.figures.labels import MAX_NAMES
from harness.report.figures.palette import HUES, MAX_LANGUAGES, SMALL, TEXT, WIDTH
from harness.report.numbers import ALPHA_TEXT
from harness.stats.agreement import MIN_POINTS
from harness.stats.rules import ALPHA, MARGIN

MAX_ENTRIES = 40
LETTER = 0.56  # width of a small letter, in font sizes
_SIN_30, _COS_30 = 0.5, 0.8660254037844386

RULES: dict[str, Any] = {
    "width": WIDTH,
    "text": TEXT,
    "small": SMALL,
    "letter": LETTER,
    "name": 36 * LETTER,  # width of the space for names beside an axis, in font sizes, at most
    "entries": MAX_ENTRIES,
    "languages": MAX_LANGUAGES,
    "names": MAX_NAMES,  # in one sentence
    "hues": HUES,
    "alpha": ALPHA,
    "alpha_text": ALPHA_TEXT,
    "margin": 100 * MARGIN,
    "correlated": MIN_POINTS,
    "marks": [  # one per hue, with a radius of 1
        "M-1 0A1 1 0 1 0 1 0A1 1 0 1 0 -1 0z",
        "M-1 -1H1V1H-1z",
        "M0 -1.4L1.4 0L0 1.4L-1.4 0z",
        "M0 -1.2L1.2 1.2H-1.2z",
        "M0 1.2L1.2 -1.2H-1.2z",
        "M-.45 -1.35H.45V-.45H1.35V.45H.45V1.35H-.45V.45H-1.35V-.45H-.45z",
    ],
    "legend": {"row": 18, "mark": 9, "text": 24, "between": 40, "last": 16},
    "labels": {  # beside points
        "height": 12.5,
        "near": 10,  # at this distance a label needs no leader line
        "far": 160,
        "ring": 6,  # distance between the rings of candidate positions
        "clearance": 5,  # around a point
        "line": 4,  # between the boxes along a line
        "directions": [  # (right, up): 0, 30, -30, 60, -60, 90, -90, 180, 150, -150, 120, -120 degrees
            *([1, 0], [_COS_30, _SIN_30], [_COS_30, -_SIN_30], [_SIN_30, _COS_30], [_SIN_30, -_COS_30], [0, 1]),
            *([0, -1], [-1, 0], [-_COS_30, _SIN_30], [-_COS_30, -_SIN_30], [-_SIN_30, _COS_30], [-_SIN_30, -_COS_30]),
        ],
    },
    "forest": {
        "row": 20,  # of one language; of several, `rows` and `language` for each, or `unnamed` for many
        "rows": 15,
        "language": 5,
        "unnamed": 26,
        "average": 10,  # below the upper edge of a row of several languages; the languages from `first` on
        "first": 19,
        "numbers": 128,  # width of the column of numbers
        "above": 14,
        "around": 6,  # above the first row and below the last together
        "below": 42,
        "room": 0.05,
        "ticks": 7,  # on the axis, at most about
    },
    "squeeze": 1.5,  # times the length that the other entries need: an anchor does not lengthen the axis beyond it
    "seeds": {
        "row": 17,
        "columns": 3,
        "gap": 14,
        "above": 20,
        "below": 24,
        "around": 8,
        "room": 0.06,
        "ticks": 4,
        "ticks_alone": 8,
    },
    "ranks": {
        "row": 18,
        "letters": 52,
        "above": 24,
        "below": 42,
        "every": 20,  # the last rank up to which the axis names every rank, and up to which every fifth
        "fifth": 60,
        "tens": 200,  # then every tenth, and ten more for each so many
    },
    "cost": {
        "left": 50,
        "right": 70,  # space for labels beside the panel
        "above": 10,
        "below": 50,
        "panel": 300,
        "entry": 5,
        "room": 0.06,
        "minutes": 120,  # seconds of the slowest entry from which times are in minutes
        "logarithmic": 10,  # times the shortest time, from which the axis is logarithmic
        "beside": 1.3,
        "edge": 0.02,  # of the axis, between its end and an arrow that leads beyond it
        "ticks": 7,
        "ticks_left": 8,
    },
    "geometry": {
        "left": 48,
        "right": 16,
        "above": 12,
        "below": 44,
        "panel": 280,
        "room": 0.08,
        "ticks": 5,
        "ticks_left": 8,
    },
}
