"""Campaigns: real runs disturbed at random moments, on full disks, on damaged files, by several users; hostile files.

PYTHONPATH=tests python -m campaigns [NAME …] [--share 0.1] [--minutes 20] [--jobs 2] [--write]

Without names: all. Prints one row per kind of attempt; --write also puts the table into tests/campaigns/results.md.
Exit status 1 where something was not as wanted. `--share` makes that share of the attempts, at least one of a row.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from importlib import import_module
from pathlib import Path

from campaigns.trials import Ended, Trial, carry_out, conditions, remove, table

NAMES = ("two_users", "damage", "full_disk", "signals", "kills", "foreign", "fuzz")
RESULTS = Path(__file__).with_name("results.md")


def main() -> int:
    """Carry out the campaigns named and print their table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(NAMES))
    parser.add_argument("--share", type=float, default=1.0)
    parser.add_argument("--minutes", type=float, default=20.0, help="of all; what is not begun by then is not made")
    parser.add_argument("--jobs", type=int, default=2, help="attempts side by side")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    if unknown := set(options.names) - set(NAMES):
        parser.error(f"unknown: {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}")
    place = Path(tempfile.mkdtemp(prefix="campaign-"))
    place.chmod(0o755)  # for other users
    until, names = time.monotonic() + 60 * options.minutes, options.names or NAMES
    trials: list[Trial] = []
    ended: list[Ended] = []
    for i, name in enumerate(names):  # one after the other: semaphores that a kill leaves are no fault of a signal
        module = import_module(f"campaigns.{name}")
        new = list(module.trials(place, max(1, round(options.share * module.COUNT))))
        share = (until - time.monotonic()) / (len(names) - i)
        trials += new
        ended += carry_out(new, place, options.jobs, share)
    shown = f"{conditions()}\n\n{table(trials, ended)}"
    print(f"\n{shown}")
    if options.write:
        RESULTS.write_text(f"# Campaigns, as measured\n\n`make campaign`: {shown}", encoding="utf-8")
    if any(each.fault for each in ended):
        print(f"the folders of what was not as wanted are in {place}")
        return 1
    remove(place)
    return 0


if __name__ == "__main__":
    sys.exit(main())
