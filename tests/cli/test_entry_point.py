"""Signals to the `harness` command before its work and after it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from support.commands import REPOSITORY, spawn

IMPORTED = """
import time
from pathlib import Path
Path(__file__).with_name("reached").touch()
time.sleep(600)
"""
AT_EXIT = """
import atexit, os, signal, sys
for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
    atexit.register(os.kill, os.getpid(), number)
from harness.__main__ import entry_point
sys.argv = ["harness", "list", "suites"]
entry_point()
"""


def test_an_interrupt_while_modules_are_loaded_ends_without_a_traceback(tmp_path: Path) -> None:
    (tmp_path / "typer.py").write_text(IMPORTED, encoding="utf-8")  # the first that the command line imports
    process = subprocess.Popen(
        [sys.executable, "-m", "harness", "list", "suites"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), str(REPOSITORY)])},
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # whatever started the tests
    )
    until = time.monotonic() + 600
    while not (tmp_path / "reached").exists():
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < until, "the module is not imported within 10 minutes"
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=600)
    assert (process.returncode, err) == (-signal.SIGINT, "")


def test_signals_while_the_process_ends_change_neither_its_status_nor_what_it_said(tmp_path: Path) -> None:
    done = spawn("-c", AT_EXIT, cwd=tmp_path, PYTHONPATH=str(REPOSITORY))
    assert (done.status, done.err) == (0, "")
    assert "mini" in done.out
