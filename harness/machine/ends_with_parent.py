"""A process that imports this module ends with its parent (on Linux): the fork server imports it first.

While it loads libraries, for seconds, it does not look whether its parent is there.
"""

import ctypes
import signal
import sys

PR_SET_PDEATHSIG = 1  # prctl(2): the signal that a process gets when its parent ends; a fork does not inherit it

if sys.platform == "linux":
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
