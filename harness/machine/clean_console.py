"""The console of rich, on which no text of others acts: neither markup nor control characters."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Text

from harness.machine.printable import printable, printable_lines


class CleanConsole(Console):
    """A console that takes texts as they are, and writes each of their characters printable.

    Styles and the movements of progress bars are rich's own and stay.
    """

    def __init__(self, **settings: Any) -> None:
        super().__init__(markup=False, emoji=False, highlight=False, **settings)

    def print_line(self, text: object, *, head: tuple[str, str] | None = None, wrap: bool = False) -> None:
        """Print a text as one line, after a word with its style; wrapped between words only where that is asked for."""
        first = Text() if head is None else Text.assemble(head, " ")
        self.print(first + Text(printable(text)), soft_wrap=not wrap)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """Yield the parts of what is shown, those that are text made printable."""
        for segment in super().render(renderable, options):
            text = segment.text if segment.control else printable_lines(segment.text)
            yield segment if text == segment.text else Segment(text, segment.style, segment.control)
