"""`python -m harness`, and the `harness` command."""

import signal
import sys
import traceback

from harness.errors import INTERNAL


def entry_point() -> None:
    """Run the command line; an interrupt while its modules are loaded ends the process without a traceback."""
    handler = signal.getsignal(signal.SIGINT)
    if handler is signal.default_int_handler:  # otherwise interrupts are ignored, as in the background of a script
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        from harness.cli import main
    except Exception:  # a dependency is missing or broken
        traceback.print_exc()
        sys.exit(INTERNAL)
    signal.signal(signal.SIGINT, handler)
    main.entry_point()


if __name__ == "__main__":
    entry_point()
