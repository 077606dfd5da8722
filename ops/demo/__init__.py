"""``./tungnha demo``: from a pilot in 2022 to a Digital Sunday in 2026, on real units, through the public API only.

Every chapter ends with totals that the reports must tell as of its days; the end is a set of tables on two maps and the
verdict of ``verify``. Whatever a service confirmed is kept as a receipt.
"""

from __future__ import annotations

import time
from functools import partial

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from ops import verify
from ops.client import Api, Receipts
from ops.demo import sunday, tables
from ops.demo.story import Story, Total, play
from ops.demo.world import World
from ops.local import lifecycle, stack, tokens
from ops.local.process import StackError
from ops.units import seed as units
from shared import topology

VISITS, SMALL_VISITS = 50_000, 5_000
CATCH_UP_SECONDS = 120.0


def main(*, small: bool, seed: int, visits: int | None) -> int:
    """Play the demo on the running stack; 0 if every total is right and ``verify`` finds nothing."""
    started = time.monotonic()
    out = Console(highlight=False)
    of = stack.opened(lifecycle.local_state())
    count = visits or (SMALL_VISITS if small else VISITS)
    receipts = Receipts(of.state.directory / "receipts" / f"demo-{seed}.ndjson")
    token = partial(tokens.issue, of.state, "demo", tokens.ADMIN_SCOPE, [tokens.nation()], 3600)
    apis = {service: Api(service, of.api_url(service), token, receipts) for service in topology.SERVICES}
    story = Story(World(seed, units.load()))
    bars = (TextColumn("{task.description:<58}"), BarColumn(24), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*bars, console=out) as progress:
        for chapter in story.chapters():
            task = progress.add_task(chapter.title, total=chapter.size)
            if chapter.title.startswith("Tập huấn"):
                apis["training"].post("/v1/courses", story.course)
                apis["training"].post("/v1/sessions", story.session)
            play(chapter, apis, partial(progress.advance, task))
            told = [check(total, apis) for total in chapter.totals]
            for line in told:
                progress.console.print(f"   [green]✓[/green] {line}")
        rush = sunday.play(story, apis, count, progress)
    receipts.close()
    tables.show(out, story, apis, rush)
    seconds = time.monotonic() - started
    code = verify.main()
    out.print(f"{seconds:.0f} s without verify; the stack is still running: ./tungnha status · ./tungnha down")
    return code


def check(total: Total, apis: dict[str, Api]) -> str:
    """Ask the report as of the day, on the map of the day, once it has seen all we sent. Raises ``StackError``."""
    figures = report(apis, total.unit_id, to=total.day, map=total.day)["figures"]
    for name, expected in total.figures.items():
        right = figures[name] in expected if isinstance(expected, range) else figures[name] == expected
        if not right:
            raise StackError(f"{total.unit_id} as of {total.day}: {name} is {figures[name]}, expected {expected}")
    return f"{total.day:%d/%m/%Y}  " + ", ".join(f"{name} {figures[name]:,}" for name in total.figures)


def report(apis: dict[str, Api], unit_id: str, **query: object) -> dict[str, dict[str, int]]:
    """A report that includes everything this client has sent; waits for it."""
    after = ",".join(api.after for api in apis.values() if api.heads)
    deadline = time.monotonic() + CATCH_UP_SECONDS
    while True:
        answer: dict[str, dict[str, int]] = apis["reporting"].get(
            f"/v1/reports/{unit_id}", after=after or None, **query
        )
        if "figures" in answer:
            return answer
        if time.monotonic() > deadline:
            raise StackError(f"the reports have not caught up after {CATCH_UP_SECONDS:.0f} s: {answer}")
