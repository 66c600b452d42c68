"""A process that ends with its parent, also with one that ended before the process asked for that."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from support.commands import REPOSITORY

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="parents send signals on Linux alone")

CHILD = "import harness.machine.ends_with_parent; print('on')"
ORPHAN = f"""
import os, subprocess, sys
read, write = os.pipe()
child = "import os; os.read(" + str(read) + ", 1); " + {CHILD!r}
parent = {{"HARNESS_PARENT": str(os.getpid())}}
subprocess.Popen([sys.executable, "-c", child], pass_fds=[read], env=os.environ | parent)
"""


@pytest.mark.parametrize(("parent", "printed"), [("none", "on\n"), ("this", "on\n"), ("another", "")])
def test_a_process_of_another_parent_than_the_one_that_started_it_ends(parent: str, printed: str) -> None:
    number = {"none": "", "this": str(os.getpid()), "another": str(os.getppid())}[parent]
    environment = os.environ | {"HARNESS_PARENT": number, "PYTHONPATH": str(REPOSITORY)}
    child = subprocess.run(
        [sys.executable, "-c", CHILD], env=environment, capture_output=True, text=True, check=False, cwd=REPOSITORY
    )
    assert (child.stdout, child.returncode) == (printed, 0 if printed else 1)


def test_a_process_whose_parent_ended_while_it_started_ends() -> None:
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY)}
    output = subprocess.run(
        [sys.executable, "-c", ORPHAN], env=environment, capture_output=True, text=True, check=True, cwd=REPOSITORY
    )  # it returns when the orphan has closed its output
    assert (output.stdout, output.stderr) == ("", "")
