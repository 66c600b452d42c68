"""What pdflatex says of a fragment, in a plain article that loads booktabs alone."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

DOCUMENT = r"""\documentclass{article}
\usepackage{booktabs}
\begin{document}
\input{fragment}
\end{document}
"""


def log_of(fragment: str, folder: Path) -> str:
    """Return the log of a fragment that compiles, lines unwrapped; fails where it does not; skips without pdflatex."""
    if not shutil.which("pdflatex") or not shutil.which("kpsewhich"):
        pytest.skip("no pdflatex here; `apt-get install texlive-latex-base texlive-latex-recommended`")
    if subprocess.run(["kpsewhich", "booktabs.sty"], capture_output=True, check=False).returncode:
        pytest.skip("no booktabs here; `apt-get install texlive-latex-recommended`")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "fragment.tex").write_text(fragment, encoding="ascii")
    (folder / "document.tex").write_text(DOCUMENT, encoding="ascii")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", "document.tex"]
    done = subprocess.run(command, cwd=folder, capture_output=True, timeout=600, check=False)
    log = (folder / "document.log").read_text(encoding="latin-1")
    assert done.returncode == 0, log[-2000:]
    return log
