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
from ops.client import Api, Receipts, Refused
from ops.demo import declared, sunday, tables
from ops.demo import national as nation
from ops.demo.asking import check
from ops.demo.story import Story, play
from ops.demo.world import World
from ops.local import lifecycle, stack, tokens
from ops.local.process import StackError
from ops.units import seed as units
from shared import topology

VISITS, SMALL_VISITS = 50_000, 5_000


def main(*, small: bool, seed: int, visits: int | None, national: bool = False) -> int:
    """Play the demo on the running stack; 0 if every total is right and ``verify`` finds nothing."""
    try:
        return _national(seed) if national else _main(small, seed, visits)
    except Refused as refusal:
        raise StackError(f"{refusal}\n{refusal.problem.get('row', '')}".strip()) from refusal


def _national(seed: int) -> int:
    of = stack.opened(lifecycle.local_state())
    receipts = Receipts(of.state.directory / "receipts" / f"national-{seed}.ndjson")
    try:
        return nation.play(World(seed, units.load()), _apis(of, receipts), Console(highlight=False))
    finally:
        receipts.close()


def _apis(of: stack.Stack, receipts: Receipts) -> dict[str, Api]:
    token = partial(tokens.issue, of.state, "demo", tokens.ADMIN_SCOPE, [tokens.nation()], 3600)
    return {service: Api(service, of.api_url(service), token, receipts) for service in topology.SERVICES}


def _main(small: bool, seed: int, visits: int | None) -> int:
    started = time.monotonic()
    out = Console(highlight=False)
    of = stack.opened(lifecycle.local_state())
    count = visits or (SMALL_VISITS if small else VISITS)
    receipts = Receipts(of.state.directory / "receipts" / f"demo-{seed}.ndjson")
    apis = _apis(of, receipts)
    story = Story(World(seed, units.load()), small=small)
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
    at_published_size = [story.chuong_my, story.ninh_binh, *([] if small else [story.thai_binh])]
    declared.play(out, story.units, apis["reporting"], at_published_size)
    seconds = time.monotonic() - started
    code = verify.main()
    out.print(f"{seconds:.0f} s without verify; the stack is still running: ./tungnha status · ./tungnha down")
    return code
