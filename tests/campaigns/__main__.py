"""Campaigns: real runs disturbed at random moments, on full disks, on damaged files, by several users.

PYTHONPATH=tests python -m campaigns [NAME …] [--share 0.1] [--minutes 20] [--jobs 2] [--write]

Without names: all. Prints one row per kind of attempt; --write also puts the table into tests/campaigns/results.md.
Exit status 1 where something was not as wanted. `--share` makes that share of the attempts, at least one of a row.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from importlib import import_module
from pathlib import Path

from campaigns.trials import carry_out, conditions, remove, table

NAMES = ("kills",)
RESULTS = Path(__file__).with_name("results.md")


def main() -> int:
    """Carry out the campaigns named and print their table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(NAMES))
    parser.add_argument("--share", type=float, default=1.0)
    parser.add_argument("--minutes", type=float, default=20.0, help="no attempt begins later than that")
    parser.add_argument("--jobs", type=int, default=2, help="attempts side by side")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    if unknown := set(options.names) - set(NAMES):
        parser.error(f"unknown: {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}")
    place = Path(tempfile.mkdtemp(prefix="campaign-"))
    modules = [import_module(f"campaigns.{name}") for name in options.names or NAMES]
    trials = [
        trial for module in modules for trial in module.trials(place, max(1, round(options.share * module.COUNT)))
    ]
    ended = carry_out(trials, place, options.jobs, options.minutes * 60)
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
