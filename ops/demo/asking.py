"""Asking the reports: only what includes everything this client has sent counts as an answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ops.client import Api
from ops.demo.story import Total
from ops.local.process import StackError
from ops.patience import Patience

STILL_SECONDS = 180.0
"""How long the figures may stand still before we call them stuck. The map of a day is drawn in one step."""

Answer = dict[str, Any]
Watch = Callable[[Answer], None]


def unwatched(_answer: Answer) -> None:
    """Nobody looks on."""


def check(total: Total, apis: Mapping[str, Api], watch: Watch = unwatched) -> str:
    """Ask the report as of the day, on the map of the day, once it has seen all we sent. Raises ``StackError``."""
    figures = report(apis, total.unit_id, {"to": total.day, "map": total.day}, watch)["figures"]
    for name, expected in total.figures.items():
        right = figures[name] in expected if isinstance(expected, range) else figures[name] == expected
        if not right:
            raise StackError(f"{total.unit_id} as of {total.day}: {name} is {figures[name]}, expected {expected}")
    return f"{total.day:%d/%m/%Y}  " + ", ".join(f"{name} {figures[name]:,}" for name in total.figures)


def report(apis: Mapping[str, Api], unit_id: str, query: Mapping[str, object], watch: Watch = unwatched) -> Answer:
    """A report that includes everything this client has sent; waits for it as long as the figures move.

    ``watch`` is told each answer that does not include it yet.
    """
    after = ",".join(api.after for api in apis.values() if api.heads)
    patience = Patience(STILL_SECONDS)
    while True:
        answer: Answer = apis["reporting"].get(f"/v1/reports/{unit_id}", after=after or None, **query)
        if "figures" in answer:
            return answer
        watch(answer)
        if patience.lost((answer["positions"], answer["freshness"]["units"])):
            raise StackError(f"the reports have stood still for {STILL_SECONDS:.0f} s: {answer}")
