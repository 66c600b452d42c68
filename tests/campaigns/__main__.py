"""Campaigns: real runs disturbed at random moments, on full disks, on damaged files, by several users; hostile files.

PYTHONPATH=tests python -m campaigns [NAME …] [--only ROW] [--share 0.1] [--minutes 20] [--jobs 2] [--write] [--rest]

Without names: all. Prints one row per kind of attempt. Exit status 1 where something was not as wanted.

--write keeps each trial in tests/campaigns/results.json as it ends, and makes the table of all that is kept there,
tests/campaigns/results.md. --rest makes what is not kept yet, or was not as wanted. So the whole is made in pieces,
also by another Python or user:

    python -m campaigns --rest --write --minutes 20     again and again, until nothing is left
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from campaigns import results
from campaigns.results import Made, Name
from campaigns.trials import Trial, carry_out, chosen, remove

NAMES = ("two_users", "damage", "full_disk", "signals", "kills", "foreign", "fuzz")


def main() -> int:
    """Carry out the campaigns named and print their table."""
    options = _options()
    place = Path(tempfile.mkdtemp(prefix="campaign-"))
    place.chmod(0o755)  # for other users
    every = {name: list(import_module(f"campaigns.{name}").trials(place)) for name in NAMES}
    everything = [trial for trials in every.values() for trial in trials]
    until, names = time.monotonic() + 60 * options.minutes, options.names or NAMES
    kept = results.known()
    wanted: list[Trial] = []
    found: list[Made] = []
    for i, name in enumerate(names):  # one after the other: semaphores that a kill leaves are no fault of a signal
        trials = left(chosen(every[name], options.only, options.share), kept if options.rest else {})
        wanted += trials
        seconds = (until - time.monotonic()) / (len(names) - i)
        for ended in carry_out(trials, place, options.jobs, seconds):
            made = results.made(ended)
            found.append(made)
            print(f"{made.row}, {made.name}: {made.fault or made.skipped or 'as wanted'}", flush=True)
            if options.write:
                kept[made.row, made.name] = made
                results.keep(kept, everything)
    print(f"\n{results.table(wanted, found)}")
    if any(each.fault for each in found):
        print(f"the folders of what was not as wanted are in {place}")
        return 1
    remove(place)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(NAMES))
    parser.add_argument("--only", action="append", default=[], metavar="ROW", help="rows whose name holds this text")
    parser.add_argument("--share", type=float, default=1.0, help="of the trials of each row, at least one")
    parser.add_argument("--minutes", type=float, default=20.0, help="of all; what is not begun by then is not made")
    parser.add_argument("--jobs", type=int, default=2, help="trials side by side")
    parser.add_argument("--write", action="store_true", help="keep what is made")
    parser.add_argument("--rest", action="store_true", help="only what is not kept as wanted")
    options = parser.parse_args()
    if unknown := set(options.names) - set(NAMES):
        parser.error(f"unknown: {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}")
    return options


def left(trials: Sequence[Trial], kept: dict[Name, Made]) -> list[Trial]:
    """Return the trials that are not kept as wanted."""
    done = {name for name, made in kept.items() if made.is_as_wanted}
    return [trial for trial in trials if (trial.row, trial.name) not in done]


if __name__ == "__main__":
    sys.exit(main())
