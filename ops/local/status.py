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
    """``{"ready", "services", "queues", "lag", "parked", "rss_mb"}``.

    services: name → {pid, state, url, restarts, rss_mb, problems}, servers included · queues: name → ready messages ·
    lag, parked: worker → subscription → events, as its /readyz tells · rss_mb: all processes together, shared pages
    counted once. Nothing is running: not ready, everything else empty.
    """
    alive = supervisor.supervisor_of(state)
    if alive is None:
        return {"ready": False, "services": {}, "queues": {}, "lag": {}, "parked": {}, "rss_mb": 0.0}
    run = state.read("run.json")
    processes = run.get("processes", {})
    told = _told({name: entry["url"] for name, entry in processes.items() if entry["url"]})
    services = {name: _service(entry, told.get(name, {})) for name, entry in processes.items()}
    memory = sum(entry["rss_mb"] for entry in services.values()) + _memory([alive])
    return {
        "ready": bool(run.get("ready")),
        "services": services,
        "queues": _queues(stack.opened(state)),
        "lag": {name: answer["lag"] for name, answer in told.items() if "lag" in answer},
        "parked": {name: answer["parked"] for name, answer in told.items() if "parked" in answer},
        "rss_mb": round(memory, 1),
    }


def _service(entry: dict[str, Any], told: dict[str, Any]) -> dict[str, Any]:
    identity = Identity(entry["pid"], entry["started"]) if entry["pid"] else None
    process = identity.process() if identity else None
    family = [process, *process.children(recursive=True)] if process else []
    failed = [check for check in told.get("checks", []) if not check.get("ok")]
    return {
        "pid": entry["pid"],
        "state": entry["state"],
        "url": entry["url"],
        "restarts": entry["restarts"],
        "rss_mb": round(_memory(family), 1),
        "problems": [f"{check.get('name')}: {check.get('detail')}" for check in failed],
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


def _told(urls: dict[str, str]) -> dict[str, dict[str, Any]]:
    """What each process answers at /readyz; {} for one that does not answer."""
    with ThreadPoolExecutor(max_workers=8) as pool:
        bodies = pool.map(lambda url: stack.http_get(f"{url}/readyz")[1], urls.values())
        return {name: _parsed(body) for name, body in zip(urls, bodies, strict=True)}


def _parsed(body: bytes) -> dict[str, Any]:
    with contextlib.suppress(ValueError):
        document = json.loads(body)
        return document if isinstance(document, dict) else {}
    return {}
