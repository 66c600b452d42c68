"""`harness new method NAME`: a method that runs as it is written, its entry and its test, to be changed."""

from __future__ import annotations

import keyword
import re
from pathlib import Path

from harness.errors import RequestError
from harness.machine.skeletons import write_skeletons
from harness.request import plugins
from harness.request.entries import declared

NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")


def write(name: str, folder: Path) -> list[Path]:
    """Write FOLDER/NAME.py, FOLDER/NAME.toml and FOLDER/tests/test_NAME.py, and return their paths.

    Raises RequestError for a name that is not one of a Python module, or is taken, and where a file exists.
    """
    _check_name(name, methods_path(folder))
    files = {
        folder / f"{name}.py": "method.py",
        folder / f"{name}.toml": "method.toml",
        folder / "tests" / f"test_{name}.py": "test_method.py",
    }
    words = name.replace("_", " ").split()
    class_name = "".join(word.capitalize() for word in words)
    write_skeletons(files, {"name": name, "class_name": class_name, "title": " ".join(words).capitalize()})
    return [*files]


def methods_path(folder: Path) -> Path | None:
    """Return a folder as --methods-path names it; None where it does not exist, or its methods are found anyway."""
    bundled = [known.resolve() for known in plugins.folders()]
    return folder if folder.is_dir() and folder.resolve() not in bundled else None


def _check_name(name: str, path: Path | None) -> None:
    if not NAME.fullmatch(name) or keyword.iskeyword(name) or name == "all":
        raise RequestError(
            f"method '{name}': a name is that of a Python module: lower-case letters, digits and '_', a letter first, "
            "no keyword and not 'all'; choose another, such as my_loss"
        )
    if plugins.exists(name, path):
        raise RequestError(f"method '{name}': there is a plugin of that name; choose another name")
    if name in declared(path):
        raise RequestError(f"method '{name}': there is an entry of that name; choose another name")
