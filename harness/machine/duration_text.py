"""A time in words."""

from __future__ import annotations


def duration_text(seconds: float) -> str:
    """Return a time in words.

    >>> duration_text(12.34), duration_text(754), duration_text(7500)
    ('12 s', '12 min 34 s', '2 h 5 min')
    """
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
