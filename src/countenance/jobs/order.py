"""In which order a job's tasks are done, as far as their needs leave a choice."""

from __future__ import annotations

from collections.abc import Mapping

from countenance.errors import InputError
from countenance.jobs.enter import Node


def ranks(nodes: Mapping[str, Node]) -> dict[str, float]:
    """The place of each task: variant by variant as they were submitted, inside one the longest way first.

    Finishing one variant before beginning the next lets people look at the first while the others are made, and keeps
    little half-made work on the disks. A task of no variant stands where it was submitted. Inside a variant the task
    with the most work still behind it goes first (the upward rank of HEFT, Topcuoglu et al. 2002).
    InputError when tasks need each other in a circle.
    """
    ahead = _work_ahead(nodes)
    groups: dict[str, int] = {}
    places = {
        key: groups.setdefault(node.variant, index) if node.variant else index
        for index, (key, node) in enumerate(nodes.items())
    }
    order = sorted(nodes, key=lambda key: (places[key], -ahead[key]))  # stable: else as submitted
    return {key: float(place) for place, key in enumerate(order)}


def _work_ahead(nodes: Mapping[str, Node]) -> dict[str, float]:
    """The cost of each task and of the longest way from it to the end, in seconds."""
    dependants = dict.fromkeys(nodes, 0)
    for node in nodes.values():
        for need in node.needs:
            if need in dependants:
                dependants[need] += 1
    ahead = {key: node.cost_s for key, node in nodes.items()}
    last = [key for key, count in dependants.items() if count == 0]
    seen = 0
    while last:
        key = last.pop()
        seen += 1
        for need in nodes[key].needs:
            if need in dependants:
                ahead[need] = max(ahead[need], nodes[need].cost_s + ahead[key])
                dependants[need] -= 1
                if dependants[need] == 0:
                    last.append(need)
    if seen < len(nodes):
        circle = next(key for key, count in dependants.items() if count > 0)
        raise InputError(f"the tasks around {circle} need each other in a circle; no order can do them.")
    return ahead
