"""How a score is printed: × 100, two decimals, never a negative zero."""

from __future__ import annotations


def hundred(value: float) -> str:
    """Return a score or a difference × 100.

    >>> hundred(0.54321), hundred(-0.000001)
    ('54.32', '0.00')
    """
    return f"{100 * value:z.2f}"


def signed(value: float) -> str:
    """Return a difference × 100 with its sign.

    >>> signed(0.01), signed(-0.01), signed(-0.000001)
    ('+1.00', '-1.00', '+0.00')
    """
    return f"{100 * value:+z.2f}"
