"""A process that imports this module ends with its parent (on Linux): the fork server imports it first.

While it loads libraries, for seconds, it does not look whether its parent is there. `HARNESS_PARENT` is the number of
the process that starts it: a parent that ended before this module was imported sends no signal any more.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1  # prctl(2): the signal that a process gets when its parent ends; a fork does not inherit it

if sys.platform == "linux":
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.environ.get("HARNESS_PARENT", "") not in ("", str(os.getppid())):
        os._exit(1)
