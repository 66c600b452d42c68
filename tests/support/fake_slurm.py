"""Commands with the names of Slurm's, which run jobs on this machine: sbatch, srun, sacct, scancel, scontrol.

They read the options that submitit writes and passes, and keep their state in the folder FAKE_SLURM:

    JOB.sh, JOB.log           the submitted file, and what went wrong in running it
    JOB_TASK.state            as sacct names it
    JOB_TASK.pid              the process group of a task's step, which gets the signals; its batch shell does not
    JOB_TASK.requeue, JOB_TASK.cancel   what was asked of it

A shell command in FAKE_SLURM_PROLOG runs before each task, as a prolog of Slurm does on the node.
"""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

COMMANDS = ("sbatch", "srun", "sacct", "scancel", "scontrol")
KILL_WAIT = 30.0  # seconds between SIGTERM and SIGKILL, Slurm's default


def install(folder: Path) -> dict[str, str]:
    """Write the commands into a folder, and return the environment in which they are found."""
    commands, state = folder / "bin", folder / "state"
    commands.mkdir(parents=True)
    state.mkdir()
    for name in COMMANDS:
        path = commands / name
        path.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} {shlex.quote(__file__)} {name} "$@"\n')
        path.chmod(0o755)
    return {"PATH": f"{commands}{os.pathsep}{os.environ['PATH']}", "FAKE_SLURM": str(state)}


def options_of(script: str) -> dict[str, str]:
    """Return option → value of the lines `#SBATCH --option=value`; "" for an option without value."""
    words = [
        shlex.split(line.removeprefix("#SBATCH "))[0] for line in script.splitlines() if line.startswith("#SBATCH")
    ]
    return {name.removeprefix("--"): value for name, _, value in (word.partition("=") for word in words)}


def state_folder() -> Path:
    return Path(os.environ["FAKE_SLURM"])


def tasks(job: str) -> list[str]:
    """Return the names of a job's tasks, as sacct has them."""
    given = options_of((state_folder() / f"{job}.sh").read_text()).get("array")
    if given is None:
        return [job]
    first, last = re.fullmatch(r"(\d+)-(\d+)%\d+", given).groups()  # type: ignore[union-attr]
    return [f"{job}_{task}" for task in range(int(first), int(last) + 1)]


def named(identifier: str) -> list[str]:
    """Return the tasks that a job or a task names."""
    return [identifier] if "_" in identifier else tasks(identifier)


def set_state(task: str, state: str) -> None:
    path = state_folder() / f"{task}.state"
    path.with_suffix(".new").write_text(state)
    path.with_suffix(".new").replace(path)


def sbatch(script: str) -> None:
    """Take a job, and run its tasks in a process of their own."""
    job = str(100 + len(list(state_folder().glob("*.sh"))))
    (state_folder() / f"{job}.sh").write_text(Path(script).read_text())
    for task in tasks(job):
        set_state(task, "PENDING")
    with (state_folder() / f"{job}.log").open("wb") as log:
        subprocess.Popen(
            [sys.executable, __file__, "run-tasks", job],
            start_new_session=True,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    print(f"Submitted batch job {job}")


def run_tasks(job: str) -> None:
    """Run the tasks of a job, as many side by side as its array says; requeued ones run again."""
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    given = options_of((state_folder() / f"{job}.sh").read_text())
    side_by_side = int(given.get("array", "0-0%1").partition("%")[2])
    waiting, running = tasks(job), dict[str, tuple[subprocess.Popen[bytes], float]]()
    while waiting or running:
        for task in [task for task in waiting if flagged(task, "cancel")]:
            waiting.remove(task)
            set_state(task, "CANCELLED by 0")
        while waiting and len(running) < side_by_side:
            task = waiting.pop(0)
            running[task] = (start(job, task, given), 0.0)
        for task, (process, killed) in list(running.items()):
            if process.poll() is None:
                running[task] = (process, cancelled(task, process, killed))
                continue
            del running[task]
            if flagged(task, "requeue") and not killed:
                (state_folder() / f"{task}.requeue").unlink()
                set_state(task, "PENDING")
                waiting.append(task)
            else:
                set_state(task, "CANCELLED by 0" if killed else "COMPLETED" if process.returncode == 0 else "FAILED")
        time.sleep(0.1)


def start(job: str, task: str, given: dict[str, str]) -> subprocess.Popen[bytes]:
    """Start a task, with the variables that Slurm sets, in a process group of its own."""
    number = {"SLURM_ARRAY_JOB_ID": job, "SLURM_ARRAY_TASK_ID": task.partition("_")[2]} if "_" in task else {}
    variables = {"SLURM_JOB_ID": task.replace("_", ""), **number, "SLURM_NTASKS": "1", "SLURM_JOB_NUM_NODES": "1"}
    prolog = os.environ.get("FAKE_SLURM_PROLOG", ":")
    output = given["output"].replace("%A", job).replace("%a", task.partition("_")[2]).replace("%j", job)
    with Path(output).open("ab") as log:
        process = subprocess.Popen(
            ["bash", "-c", f"{prolog}\nexec bash {shlex.quote(str(state_folder() / f'{job}.sh'))}"],
            env={**os.environ, **variables},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    set_state(task, "RUNNING")
    return process


def cancelled(task: str, process: subprocess.Popen[bytes], since: float) -> float:
    """Send the signals of a cancellation; return when it began, 0 without one."""
    if since and time.monotonic() - since > KILL_WAIT:
        send(task, signal.SIGKILL)
        process.kill()
    if since or not flagged(task, "cancel"):
        return since
    send(task, signal.SIGTERM)
    return time.monotonic()


def send(task: str, number: int) -> None:
    """Send a signal to every process of a task's step, if it is there."""
    with contextlib.suppress(OSError):
        os.killpg(int((state_folder() / f"{task}.pid").read_text()), number)


def flagged(task: str, flag: str) -> bool:
    return (state_folder() / f"{task}.{flag}").exists()


def srun(*words: str) -> None:
    """Run a command in this process, its output where `--output` says."""
    given, variables = list(words), os.environ
    array = variables.get("SLURM_ARRAY_JOB_ID")
    task = variables["SLURM_JOB_ID"] if array is None else f"{array}_{variables['SLURM_ARRAY_TASK_ID']}"
    while given[0].startswith("--"):
        option = given.pop(0)
        if option == "--output":
            place = given.pop(0).replace("%A_%a", task).replace("%j", task).replace("%t", "0")
            descriptor = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
            os.dup2(descriptor, 1)
            os.dup2(descriptor, 2)
    os.setpgid(0, 0)
    (state_folder() / f"{task}.pid").write_text(str(os.getpid()))
    os.execvp(given[0], given)


def sacct(*words: str) -> None:
    """Print the states of the jobs after `-j`."""
    jobs = [job for option, job in pairwise(words) if option == "-j"]
    if jobs:
        print("JobID|State|NodeList")
    for task in [task for job in jobs for task in tasks(job)]:
        print(f"{task}|{(state_folder() / f'{task}.state').read_text()}|node7")


def scancel(*words: str) -> None:
    """Cancel tasks, or send them a signal."""
    if "--signal" in words:
        number = signal.Signals[f"SIG{words[words.index('--signal') + 1].removeprefix('SIG')}"]
        for task in named(words[0]):
            send(task, number)
        return
    for task in named(words[0]):
        (state_folder() / f"{task}.cancel").touch()


def scontrol(verb: str, task: str) -> None:
    """Requeue a task: it is ended, and runs again."""
    assert verb == "requeue"
    (state_folder() / f"{task}.requeue").touch()


if __name__ == "__main__":
    name, *given = sys.argv[1:]
    {
        **{"sbatch": sbatch, "srun": srun, "sacct": sacct, "scancel": scancel, "scontrol": scontrol},
        "run-tasks": run_tasks,
    }[name](*given)
