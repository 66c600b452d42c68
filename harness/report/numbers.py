"""Numbers as the report prints them: × 100 with two decimals, never a negative zero, with a true minus sign."""

from __future__ import annotations

import math
from decimal import Decimal

from harness.stats.rules import ALPHA

MINUS = "\N{MINUS SIGN}"
ALPHA_TEXT = f"{ALPHA:.2f}".lstrip("0")  # the level of every test, as APA style writes it


def hundred(value: float) -> str:
    """Return a score or a difference × 100.

    >>> hundred(0.54321), hundred(-0.000001)
    ('54.32', '0.00')
    """
    return f"{100 * value:z.2f}".replace("-", MINUS)


def points(value: float) -> str:
    """Return a round number × 100 without decimals that are 0.

    >>> points(0.05), points(0.025)
    ('5', '2.5')
    """
    return hundred(value).rstrip("0").rstrip(".")


def published(value: float) -> str:
    """Return a published value × 100 with all of its digits, two decimals at least.

    >>> published(0.39675), published(0.665)
    ('39.675', '66.50')
    """
    exact = Decimal(str(value)) * 100
    return f"{exact:.2f}" if exact == round(exact, 2) else f"{exact.normalize():f}"


def three_decimals(value: float | None) -> str:
    """Return a coefficient with three decimals, "" for None.

    >>> three_decimals(-0.12345), three_decimals(None)
    ('−0.123', '')
    """
    return "" if value is None else f"{value:z.3f}".replace("-", MINUS)


def coefficient(value: float) -> str:
    """Return a coefficient or a geometry with two decimals.

    >>> coefficient(-0.999), coefficient(0.5)
    ('−1.00', '0.50')
    """
    return f"{value:z.2f}".replace("-", MINUS)


def p_value(p: float | None) -> str:
    """Return a p-value with three decimals, never as 0, "" for None.

    >>> p_value(0.0), p_value(0.25)
    ('< 0.001', '0.250')
    """
    return "< 0.001" if p is not None and p < 0.001 else three_decimals(p)


def signed(value: float) -> str:
    """Return a difference × 100 with its sign.

    >>> signed(0.01), signed(-0.01), signed(-0.000001)
    ('+1.00', '−1.00', '+0.00')
    """
    return f"{100 * value:+z.2f}".replace("-", MINUS)


def signed_interval(low: float, high: float) -> str:
    """Return the interval of a difference × 100.

    >>> signed_interval(-0.01, 0.025)
    '[−1.00, +2.50]'
    """
    return f"[{signed(low)}, {signed(high)}]"


def minutes(value: float | None) -> str:
    """Return minutes with two decimals, from 100 on without; "< 0.01" for a positive time below, "" for None.

    >>> minutes(0.001), minutes(1.234), minutes(123.4), minutes(None)
    ('< 0.01', '1.23', '123', '')
    """
    if value is None:
        return ""
    if 0 < value < 0.005:
        return "< 0.01"
    return f"{value:.2f}" if value < 100 else f"{value:.0f}"


def memory(count: int) -> str:
    """Return bytes in MiB, from 1 GiB on in GiB; "" for 0, which means unknown.

    >>> memory(580403200), memory(3221225472), memory(0)
    ('554 MiB', '3.0 GiB', '')
    """
    if not count:
        return ""
    return f"{count / 2**20:.0f} MiB" if count < 2**30 else f"{count / 2**30:.1f} GiB"


def or_none(value: float | None) -> float | None:
    """Return a number, or None for NaN.

    >>> or_none(0.5), or_none(float("nan"))
    (0.5, None)
    """
    return None if value is None or math.isnan(value) else float(value)
