"""Waiting by condition, addresses and clients for tests that start processes."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from typing import Any

import httpx


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def eventually(probe: Callable[[], Any], seconds: float = 60.0) -> Any:
    """The first true answer; a test failure if there is none in time."""
    deadline = time.monotonic() + seconds
    while not (found := probe()):
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.05)
    return found


def local(base: str, **options: Any) -> httpx.Client:
    """A client of a server on this machine, without the authorities of https: none of ours has any, and to read them
    takes 40 ms for every client."""
    return httpx.Client(base_url=base, verify=False, **options)


_ASKING = local("", limits=httpx.Limits(max_keepalive_connections=0))


def answers(url: str) -> bool:
    try:
        return _ASKING.get(url).status_code == 200
    except httpx.TransportError:
        return False
