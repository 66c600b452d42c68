"""`harness new method NAME`: a method that runs as it is written, its entry and its test, to be changed."""

from __future__ import annotations

import keyword
import re
from importlib.util import find_spec
from pathlib import Path

from harness.errors import RequestError
from harness.machine.skeletons import write_skeletons
from harness.request import plugins
from harness.request.entries import declared

RESERVED = {"conftest", "tests"}  # pytest imports modules of these names
NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")


def write(name: str, folder: Path) -> list[Path]:
    """Write FOLDER/NAME.py, FOLDER/NAME.toml and FOLDER/tests/test_NAME.py, and return their paths.

    Raises RequestError for a name that is not one of a Python module, or is taken, for the folder of an installed
    package's methods, which --methods-path cannot name, and where a file exists.
    """
    if folder.resolve() in [known.resolve() for known in plugins.folders()]:
        raise RequestError(
            f"{folder} is a folder of installed methods, and its names are taken; name another with --out, such as "
            "--out my_methods"
        )
    _check_name(name, folder if folder.is_dir() else None)
    files = {
        folder / f"{name}.py": "method.py",
        folder / f"{name}.toml": "method.toml",
        folder / "tests" / f"test_{name}.py": "test_method.py",
    }
    words = name.replace("_", " ").split()
    class_name = "".join(word.capitalize() for word in words)
    write_skeletons(files, {"name": name, "class_name": class_name, "title": " ".join(words).capitalize()})
    return [*files]


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
    if name in RESERVED or find_spec(name) is not None:
        raise RequestError(f"method '{name}': there is another module of that name; choose another name")
