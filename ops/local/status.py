"""What ``./tungnha status`` knows: asked of the processes themselves, never of their databases."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import amqp
import psutil

from ops.local import rabbitmq, stack, supervisor
from ops.local.process import Identity
from ops.local.stack import Stack
from ops.local.state import State


def collect(state: State) -> dict[str, Any]:
    """``{"ready", "services", "queues", "lag", "rss_mb"}``.

    services: name → {pid, state, url, restarts, rss_mb}, servers included · queues: name → ready messages ·
    lag: worker → what its /readyz reports · rss_mb: all processes together, shared pages counted once.
    """
    alive = supervisor.supervisor_of(state)
    if alive is None:
        return {"ready": False, "services": {}, "queues": {}, "lag": {}, "rss_mb": 0.0}
    run = state.read("run.json")
    services = {name: _service(entry) for name, entry in run.get("processes", {}).items()}
    memory = sum(entry["rss_mb"] for entry in services.values()) + _memory([alive])
    return {
        "ready": bool(run.get("ready")),
        "services": services,
        "queues": _queues(stack.opened(state)),
        "lag": _lag({name: entry["url"] for name, entry in services.items() if "-worker" in name}),
        "rss_mb": round(memory, 1),
    }


def _service(entry: dict[str, Any]) -> dict[str, Any]:
    identity = Identity(entry["pid"], entry["started"]) if entry["pid"] else None
    process = identity.process() if identity else None
    family = [process, *process.children(recursive=True)] if process else []
    return {
        "pid": entry["pid"],
        "state": entry["state"],
        "url": entry["url"],
        "restarts": entry["restarts"],
        "rss_mb": round(_memory(family), 1),
    }


def _memory(processes: Iterable[psutil.Process]) -> float:
    """Megabytes; proportional set size where the system tells it, so that shared pages are not counted twice."""
    total = 0.0
    for process in processes:
        with contextlib.suppress(psutil.Error):
            total += _proportional(process.pid) or process.memory_info().rss
    return total / 1_000_000


def _proportional(pid: int) -> float | None:
    with contextlib.suppress(OSError, ValueError, IndexError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return float(line.split()[1]) * 1024
    return None


def _queues(of: Stack) -> dict[str, int]:
    with contextlib.suppress(OSError, amqp.AMQPError):
        return rabbitmq.depths(of.admin_amqp_uri)
    return {}


def _lag(urls: dict[str, str]) -> dict[str, Any]:
    with ThreadPoolExecutor(max_workers=8) as pool:
        bodies = pool.map(lambda url: stack.http_get(f"{url}/readyz")[1], urls.values())
        return {name: _parsed(body) for name, body in zip(urls, bodies, strict=True)}


def _parsed(body: bytes) -> Any:
    with contextlib.suppress(ValueError):
        document = json.loads(body)
        return document.get("lag", document) if isinstance(document, dict) else document
    return None
