"""What a node of a Ray cluster must have before it runs cells, and which one lacks it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from harness.errors import RequestError, one_line, quantity
from harness.execution.node_requirements import INSTALL, Expected, lacks
from harness.machine.byte_text import byte_text

ANSWER = 300.0  # seconds for a node to start a worker, which reads the package from a shared disk


def fitting(ray: Any, options: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the nodes on which at least one cell with these options of a Ray task fits; raises RequestError if none.

    Ray itself would wait for such a node without end.
    """
    asked = {"CPU": options["num_cpus"], "GPU": options["num_gpus"], "memory": options.get("memory", 0)}
    nodes = [node for node in ray.nodes() if node["Alive"]]
    fit = [node for node in nodes if places(node, options)]
    if not fit:
        has = {name: max((node["Resources"].get(name, 0) for node in nodes), default=0) for name in asked}
        names = [
            f"{_amount(name, asked[name], unit=f' {name}')} (the most is {_amount(name, has[name])})"
            for name in asked
            if asked[name] > has[name]
        ]
        wanted = ", ".join(names) or f"{asked['CPU']:g} CPU together with {asked['GPU']:g} GPU"
        raise RequestError(f"no node of the Ray cluster has {wanted} for a cell; start one, or ask for less per cell")
    return fit


def _amount(name: str, number: float, unit: str = "") -> str:
    return f"{byte_text(int(number))}{' of memory' if unit else ''}" if name == "memory" else f"{number:g}{unit}"


def places(node: Mapping[str, Any], options: Mapping[str, Any]) -> int:
    """Return how many cells fit on an idle node."""
    asked = {"CPU": options["num_cpus"], "GPU": options["num_gpus"], "memory": options.get("memory", 0)}
    return min(int(node["Resources"].get(name, 0) / number + 1e-9) for name, number in asked.items() if number)


def name_of(node: Mapping[str, Any]) -> str:
    """Return the name of a node: its address, unless it was started with another one, and the start of its id."""
    return f"{node['NodeName']} ({node['NodeID'][:8]})"


def check_nodes(ray: Any, nodes: Sequence[Mapping[str, Any]], wanted: Expected) -> None:
    """Raise RequestError that names the nodes with the first problem found, and counts those with another one."""
    answers = _ask(ray, nodes, wanted)
    found = [(name_of(node), problem) for node, problem in zip(nodes, answers, strict=True) if problem]
    if not found:
        return
    problem = found[0][1]
    alike = [name for name, other in found if other == problem]
    others = len(found) - len(alike)
    more = f"; {quantity(others, 'other node')} of the cluster lacks something else" if others else ""
    raise RequestError(f"Ray node {', '.join(alike)} {problem}{more}")


def _ask(ray: Any, nodes: Sequence[Mapping[str, Any]], wanted: Expected) -> list[str]:
    """Return what each node says that it lacks; one that cannot answer lacks the package, or is out of reach."""
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    task = ray.remote(num_cpus=0, max_retries=0)(lacks)
    on = [NodeAffinitySchedulingStrategy(node["NodeID"], soft=False) for node in nodes]
    asked = [task.options(scheduling_strategy=strategy).remote(wanted) for strategy in on]
    _, late = ray.wait(asked, num_returns=len(asked), timeout=ANSWER)
    answers = []
    for reference in asked:
        try:
            answers.append("" if reference in late else ray.get(reference))
        except ray.exceptions.RayError as error:
            cause = one_line(getattr(error, "cause", None) or error)[:200]
            answers.append(f"cannot run harness ({cause}); {INSTALL}")
        if reference in late:
            answers[-1] = f"has not answered for {ANSWER:.0f} s; take it out of the cluster"
    return answers
