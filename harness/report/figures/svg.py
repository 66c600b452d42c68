"""Matplotlib figures rendered as SVG elements of the page.

Text stays text, in the font of the page. Equal calls give equal bytes.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from harness.report.figures.palette import INK, SMALL, SOFT, TEXT, WIDTH
from harness.report.figures.svg_element import page_element

if TYPE_CHECKING:
    from markupsafe import Markup


def render_svg(name: str, title: str, description: str, height: float, plot: Callable[[Any], None]) -> Markup:
    """Return what `plot` draws into a matplotlib figure as an SVG element.

    `name` makes the ids of the element unique on the page; `title` and `description` are for screen readers.
    """
    import matplotlib
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure as Canvas

    with matplotlib.rc_context(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")  # the page has its own fonts
        matplotlib.rcdefaults()  # ignore the user's matplotlibrc
        matplotlib.rcParams.update(_style())
        canvas = Canvas(figsize=(WIDTH / 72, height / 72), dpi=72)
        FigureCanvasSVG(canvas)
        plot(canvas)
        buffer = io.StringIO()
        canvas.savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
    return page_element(buffer.getvalue(), name, title, description)


def _style() -> dict[Any, Any]:
    ink = ("text.color", "axes.labelcolor", "legend.labelcolor")
    soft = ("axes.edgecolor", "xtick.color", "ytick.color")
    return {
        **dict.fromkeys(ink, INK),
        **dict.fromkeys(soft, SOFT),
        **dict.fromkeys(("xtick.labelcolor", "ytick.labelcolor"), INK),
        **dict.fromkeys(("font.size", "axes.labelsize", "axes.titlesize"), TEXT),
        **dict.fromkeys(("xtick.labelsize", "ytick.labelsize"), SMALL),
        "axes.spines.right": False,
        "axes.spines.top": False,
        "axes.titlelocation": "left",
        "axes.unicode_minus": True,  # as harness.report.numbers writes it
        "path.simplify": False,
        "svg.fonttype": "none",
        "svg.hashsalt": "harness",  # without a salt, ids are random
        "text.parse_math": False,  # a dollar sign in a name is no formula
    }
