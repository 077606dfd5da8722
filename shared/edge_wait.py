"""How psycopg waits for the database in a process of greenthreads: in eventlet's hub, like everything else there.

psycopg's own ``wait_selector`` works under eventlet, but makes a selector, patched into a greenthread's, for every
answer: more than a quarter of what an api process did for a report.
"""

from __future__ import annotations

import select

from eventlet.hubs import trampoline
from psycopg import waiting
from psycopg.abc import RV, PQGen


def cooperate() -> None:
    """From now on. After ``eventlet.monkey_patch()``."""
    waiting.wait = _wait


def _wait(gen: PQGen[RV], fileno: int, interval: float = 0.0, timeout: float | None = None) -> RV:
    """As ``psycopg.waiting.wait``. A lost connection becomes readable, so nobody has to look whether it is alive."""
    if timeout is not None:
        return waiting.wait_selector(gen, fileno, interval, timeout)
    try:
        wanted = next(gen)
        while True:
            wanted = gen.send(_ready(fileno, wanted))
    except StopIteration as ended:
        answer: RV = ended.value
        return answer


def _ready(fileno: int, wanted: waiting.Wait) -> waiting.Ready:
    if wanted == waiting.Wait.R:
        trampoline(fileno, read=True)
        return waiting.Ready.R
    if wanted == waiting.Wait.W:
        trampoline(fileno, write=True)
        return waiting.Ready.W
    readable, writable, _ = select.select([fileno], [fileno], [])  # eventlet's: a trampoline waits for one only
    return waiting.Ready(bool(readable) * waiting.Ready.R + bool(writable) * waiting.Ready.W)
