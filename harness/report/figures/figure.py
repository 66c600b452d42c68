"""The type of a figure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markupsafe import Markup


@dataclass(frozen=True)
class Figure:
    """A figure of the page: `caption` states its finding, `reading` explains how to read it."""

    id: str
    title: str
    caption: Markup
    reading: Markup
    svg: Markup
