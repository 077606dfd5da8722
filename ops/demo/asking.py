"""Asking the reports: only what includes everything this client has sent counts as an answer."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from ops.client import Api
from ops.demo.story import Total
from ops.local.process import StackError

CATCH_UP_SECONDS = 120.0


def check(total: Total, apis: Mapping[str, Api]) -> str:
    """Ask the report as of the day, on the map of the day, once it has seen all we sent. Raises ``StackError``."""
    figures = report(apis, total.unit_id, to=total.day, map=total.day)["figures"]
    for name, expected in total.figures.items():
        right = figures[name] in expected if isinstance(expected, range) else figures[name] == expected
        if not right:
            raise StackError(f"{total.unit_id} as of {total.day}: {name} is {figures[name]}, expected {expected}")
    return f"{total.day:%d/%m/%Y}  " + ", ".join(f"{name} {figures[name]:,}" for name in total.figures)


def report(apis: Mapping[str, Api], unit_id: str, **query: object) -> dict[str, Any]:
    """A report that includes everything this client has sent; waits for it."""
    after = ",".join(api.after for api in apis.values() if api.heads)
    deadline = time.monotonic() + CATCH_UP_SECONDS
    while True:
        answer: dict[str, Any] = apis["reporting"].get(f"/v1/reports/{unit_id}", after=after or None, **query)
        if "figures" in answer:
            return answer
        if time.monotonic() > deadline:
            raise StackError(f"the reports have not caught up after {CATCH_UP_SECONDS:.0f} s: {answer}")
