"""``./tungnha verify``: proves the guarantees from raw tables, feeds and receipts.

Nothing is taken from a service's word where its tables can be read, and no projection code is imported: what a report
should say is counted anew from the events (``figures``). A check names the first difference it finds.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from ops.local import lifecycle, stack, tokens
from ops.patience import Patience
from ops.verify import feeds, figures, logs, mirrors, receipts
from ops.verify.difference import Check, Difference
from ops.verify.source import Source
from shared import topology

SETTLE_SECONDS = 60.0
QUIET_SECONDS = 1.5
BEHIND_PAUSE = 0.2


def main(as_json: bool = False) -> int:
    """Check the running local stack; prints the verdict, returns the exit code."""
    out = Console(highlight=False)
    checks = []
    for check in run(stack.opened(lifecycle.local_state())):
        checks.append(check)
        if not as_json:
            mark = "[green]ok[/green]  " if check.ok else "[red]FAIL[/red]"
            out.print(f"{mark} {check.name:<28} {escape(check.detail)}", soft_wrap=True)
    ok = all(check.ok for check in checks)
    if as_json:
        print(json.dumps({"ok": ok, "checks": [check.as_dict() for check in checks]}, ensure_ascii=False))
    else:
        out.print("[bold green]verified[/bold green]" if ok else "[bold red]NOT verified[/bold red]")
    return 0 if ok else 1


def run(of: stack.Stack, receipt_files: list[Path] | None = None, patience: float = SETTLE_SECONDS) -> Iterator[Check]:
    """Every check in turn, once the mirrors have come up to the logs, or have not moved for ``patience`` seconds."""
    sources = {service: Source.of(of, service) for service in topology.SERVICES}
    try:
        settle(sources, patience)
        for service, source in sources.items():
            yield _checked(f"log {service}", partial(logs.check, source))
        for consumer, names in topology.SUBSCRIPTIONS.items():
            for name in names:
                yield _checked(f"mirror {consumer} of {name}", partial(mirrors.check, sources[consumer], sources[name]))
        token = tokens.issue(of.state, "verify", tokens.ADMIN_SCOPE, [tokens.nation()], 3600)
        for service in topology.SOURCES:
            consumers = [sources[consumer] for consumer, names in topology.SUBSCRIPTIONS.items() if service in names]
            yield _checked(
                f"feed {service}", partial(feeds.check, sources[service], consumers, of.api_url(service), token)
            )
        files = sorted((of.state.directory / "receipts").glob("*.ndjson")) if receipt_files is None else receipt_files
        yield _checked("receipts", partial(receipts.check, sources, files))
        yield _checked("figures", partial(figures.check, sources, of.api_url("reporting"), token))
    finally:
        for source in sources.values():
            source.close()


def settle(sources: dict[str, Source], patience: float) -> None:
    """Wait until every mirror has come up to its log and nothing more is appended; or nothing has moved for so long.

    What is appended of itself is a service's answer to its own events (a warning about a team, say), a moment later.
    """
    waiting = Patience(patience)
    quiet: dict[str, dict[int, int]] = {}
    while True:
        heads = {name: source.heads() for name, source in sources.items()}
        behind = sum(
            mirrors.behind(sources[consumer], sources[name])
            for consumer, names in topology.SUBSCRIPTIONS.items()
            for name in names
        )
        if (not behind and heads == quiet) or waiting.lost((heads, behind)):
            return
        quiet = {} if behind else heads
        time.sleep(BEHIND_PAUSE if behind else min(QUIET_SECONDS, patience))


def _checked(name: str, check: Callable[[], str]) -> Check:
    try:
        return Check(name, True, check())
    except Difference as difference:
        return Check(name, False, str(difference))
    except Exception as error:
        # What lies there does not even allow the question; the other checks may say more.
        return Check(name, False, f"could not be checked: {type(error).__name__}: {error}")
