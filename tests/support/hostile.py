"""Text that breaks what does not escape it; names have no slash and no NUL, for they are folders."""

from __future__ import annotations

TEX = r"$\&%#_{}~^"
NAMES = (
    TEX,
    r"\input{secret}\end{document}",
    "[0.1]* ``quotes'' --- ,, ?` !`",
    '"><script>alert(1)<script>',
    "=HYPERLINK(1)",
    "한국어 हिन्दी فارسی",
    "\u202eclpl\u2066 <b>",
    "é ß λ × ± … 𝄞",
    "| a | *b* _c_ # d\n- e",
    "x" * 200,
)
REASON = (
    f"{TEX} </script><script>alert(1)</script> \u202e\x1b[31m\x00 C:\\temp\\new\nline two % comment " + "y" * 10_000
)
