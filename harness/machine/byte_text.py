"""Numbers of bytes as messages show them."""

from __future__ import annotations


def byte_text(count: int) -> str:
    """Return a number of bytes with its unit.

    >>> byte_text(470_637_416), byte_text(12 * 1024**3), byte_text(9)
    ('448.8 MiB', '12.0 GiB', '9 B')
    """
    number, unit = float(count), "B"
    for unit in ("B", "KiB", "MiB", "GiB", "TiB"):
        if number < 1024 or unit == "TiB":
            break
        number /= 1024
    return f"{count} B" if unit == "B" else f"{number:.1f} {unit}"
