"""What pdflatex says of a fragment, in a plain article that loads booktabs alone, and bibtex of a bibliography."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

DOCUMENT = r"""\documentclass[%s]{article}
\usepackage{booktabs}
\begin{document}
\input{fragment}
\end{document}
"""


BIBLIOGRAPHY = r"""\documentclass{article}
\begin{document}
\nocite{*}
\bibliographystyle{plain}
\bibliography{references}
\end{document}
"""


PDFLATEX = ("pdflatex", "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", "document.tex")


def log_of(fragment: str, folder: Path, options: str = "") -> str:
    """Return the log of a fragment that compiles, lines unwrapped; fails where it does not; skips without pdflatex."""
    if not shutil.which("pdflatex") or not shutil.which("kpsewhich"):
        pytest.skip("no pdflatex here; `apt-get install texlive-latex-base texlive-latex-recommended`")
    if subprocess.run(["kpsewhich", "booktabs.sty"], capture_output=True, check=False).returncode:
        pytest.skip("no booktabs here; `apt-get install texlive-latex-recommended`")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "fragment.tex").write_text(fragment, encoding="ascii")
    (folder / "document.tex").write_text(DOCUMENT % options, encoding="ascii")
    done = _run(*PDFLATEX, folder=folder)
    log = (folder / "document.log").read_text(encoding="latin-1")
    assert done.returncode == 0, log[-2000:]
    return log


def citations_of(bibliography: str, folder: Path) -> tuple[list[str], str]:
    """Return the keys of a bibliography as bibtex reads them, and the text that it writes.

    Skips without bibtex or pdflatex. Fails where bibtex warns, or where pdflatex does not set its output.
    """
    if not shutil.which("pdflatex") or not shutil.which("bibtex"):
        pytest.skip("no bibtex here; `apt-get install texlive-binaries texlive-latex-base`")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "references.bib").write_text(bibliography, encoding="utf-8")
    (folder / "document.tex").write_text(BIBLIOGRAPHY, encoding="ascii")
    _run(*PDFLATEX, folder=folder)
    done = _run("bibtex", "document", folder=folder)
    printed = done.stdout.decode()
    assert (done.returncode, "Warning" in printed, "error" in printed) == (0, False, False), printed
    set_again = _run(*PDFLATEX, folder=folder)
    assert set_again.returncode == 0, (folder / "document.log").read_text(encoding="latin-1")[-2000:]
    text = (folder / "document.bbl").read_text(encoding="utf-8")
    return re.findall(r"\\bibitem\{([^}]+)\}", text), text


def _run(*command: str, folder: Path) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(command, cwd=folder, capture_output=True, timeout=600, check=False)
