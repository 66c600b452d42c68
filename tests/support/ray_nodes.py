"""A Ray cluster of several nodes on this machine, and runs on it that wait where a test needs them to."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from support.commands import REPOSITORY

STORE = 80_000_000  # bytes of a node's object store, about Ray's least
PLUGIN = """
import os, time
from dataclasses import dataclass
from pathlib import Path
from methods.mnrl import MNRL

@dataclass(frozen=True)
class PLUGIN(MNRL):
    def loss(self, model):
        loss = super().loss(model)
        forward, steps = loss.forward, []
        def slow(*inputs):
            steps.append(1)
            if len(steps) == 2 and Path({wait!r}).exists():
                node = os.environ.get("RAY_NODE_ID")
                if node is None:
                    import ray
                    node = ray.get_runtime_context().get_node_id()
                Path({reached!r}, node).write_text(str(os.getpid()))
                while Path({wait!r}).exists():
                    time.sleep(0.05)
            return forward(*inputs)
        loss.forward = slow
        return loss
"""


class Nodes:
    """A head that runs no cells, and worker nodes of one CPU each: one has a GPU for Ray that is none for torch."""

    def __init__(self) -> None:
        from ray.cluster_utils import Cluster

        self._ray: Any = import_module("ray")
        before = signal.getsignal(signal.SIGTERM)
        head = {"num_cpus": 0, "node_name": "head", "object_store_memory": STORE, "include_dashboard": False}
        self._cluster: Any = Cluster(initialize_head=True, head_node_args=head)
        self._workers = [self._add("gpu", num_gpus=1), self._add("plain")]
        self.address: str = self._cluster.address
        self._ray.init(address=self.address, log_to_driver=False)
        signal.signal(signal.SIGTERM, before)  # Ray has its own

    def _add(self, name: str, **resources: int) -> Any:
        return self._cluster.add_node(num_cpus=1, node_name=name, object_store_memory=STORE, **resources)

    def kill(self, identity: str) -> None:
        """Kill a node with what runs on it, as a machine that loses its power."""
        (worker,) = [each for each in self._workers if each.node_id == identity]
        self._cluster.remove_node(worker, allow_graceful=False)

    @contextmanager
    def blind(self, name: str, folder: Path) -> Iterator[None]:
        """Add a node that sees an empty disk where the others see `folder`."""
        arguments = ["--address", self.address, "--num-cpus", "1", "--object-store-memory", str(STORE)]
        start = [sys.executable, "-m", "ray.scripts.scripts", "start", *arguments, "--node-name", name, "--block"]
        process = subprocess.Popen(
            [*NAMESPACE, "sh", "-c", 'mount -t tmpfs none "$0" && exec "$@"', folder, *start],
            start_new_session=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            wait_until(lambda: name in self.names() or process.poll() is not None, f"node {name}")
            yield
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(timeout=60)
            wait_until(lambda: name not in self.names(), f"the end of node {name}")
            self._forget()

    def _forget(self) -> None:
        """Remove the file by which `ray start` makes this cluster the default one of the machine."""
        default = Path(os.environ.get("RAY_TMPDIR", "/tmp"), "ray", "ray_current_cluster")
        if default.is_file() and default.read_text(encoding="utf-8").strip() == self.address:
            default.unlink()

    def names(self) -> list[str]:
        """Return the names of the nodes that are alive."""
        return [node["NodeName"] for node in self._ray.nodes() if node["Alive"]]

    def shutdown(self) -> None:
        """End all nodes."""
        self._ray.shutdown()
        self._cluster.shutdown()


NAMESPACE = ["unshare", "--user", "--map-root-user", "--mount"]


def can_hide_folders() -> bool:
    """Return whether a process of this user may have mounts of its own."""
    if shutil.which("unshare") is None:
        return False
    probe = [*NAMESPACE, "sh", "-c", "mount -t tmpfs none /mnt"]
    return subprocess.run(probe, capture_output=True, check=False).returncode == 0


def wait_until(happened: Callable[[], object], what: str) -> None:
    """Return when something has happened; fails after ten minutes."""
    until = time.monotonic() + 600
    while not happened():
        assert time.monotonic() < until, f"not within 10 minutes: {what}"
        time.sleep(0.1)


def start(*arguments: str | Path, err: Path, **environment: str) -> subprocess.Popen[str]:
    """Start `harness ARGUMENTS`; its standard error goes to a file that can be read meanwhile."""
    with err.open("w", encoding="utf-8") as stream:
        return subprocess.Popen(
            [sys.executable, "-m", "harness", *map(str, arguments)],
            cwd=REPOSITORY,
            stdout=subprocess.DEVNULL,
            stderr=stream,
            text=True,
            env={**os.environ, **environment},
            start_new_session=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
