"""One HTTP/1.1 connection of the load generator, without blocking: as little work per request as can be."""

from __future__ import annotations

import selectors
import socket
from dataclasses import dataclass
from typing import Generic, TypeVar

J = TypeVar("J")
READ, WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes
    retry_after: float
    closing: bool


class Connection(Generic[J]):
    """Carries one request at a time, that of ``job`` (None between requests). ``broken``: throw it away."""

    def __init__(self, host: str, selector: selectors.BaseSelector) -> None:
        name, _, port = host.rpartition(":")
        self._selector = selector
        self._socket = socket.socket()
        self._socket.setblocking(False)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.connect_ex((name, int(port)))
        self._watched = 0
        self._out = memoryview(b"")
        self._in = bytearray()
        self.broken = False
        self.job: J | None = None

    def begin(self, job: J, request: bytes) -> None:
        self.job, self._out = job, memoryview(request)
        self._in.clear()
        if self._watched:
            self._write()
        self._watch(READ | WRITE if self._out else READ)

    def ready(self, events: int) -> Answer | None:
        """Go on; the answer once it is whole. Raises ``OSError`` if the connection is lost."""
        if events & WRITE:
            self._write()
        return self._read() if events & READ else None

    def close(self) -> None:
        self._watch(0)
        self._socket.close()

    def _write(self) -> None:
        try:
            self._out = self._out[self._socket.send(self._out) :]
        except BlockingIOError:
            return
        except (BrokenPipeError, ConnectionResetError):
            # Whoever refuses a body answers before it has been sent, and the answer may still be there to read.
            self._out = memoryview(b"")
        if not self._out:
            self._watch(READ)

    def _read(self) -> Answer | None:
        try:
            data = self._socket.recv(262_144)
        except BlockingIOError:
            return None
        if not data:
            self.broken = True
            return None
        self._in += data
        answer = parsed(self._in)
        if answer and self._out:
            self.broken = True  # answered before all was sent: what follows would be taken for the next request
        return answer

    def _watch(self, events: int) -> None:
        if events == self._watched:
            return
        if not self._watched:
            self._selector.register(self._socket, events, self)
        elif events:
            self._selector.modify(self._socket, events, self)
        else:
            self._selector.unregister(self._socket)
        self._watched = events


def parsed(data: bytearray) -> Answer | None:
    """The answer in ``data``, None while it is not whole. Every answer states its length."""
    end = data.find(b"\r\n\r\n")
    if end < 0:
        return None
    head = bytes(data[:end]).lower()
    length = int(_header(head, b"content-length") or 0)
    if len(data) < end + 4 + length:
        return None
    closing = _header(head, b"connection") == b"close"
    retry_after = float(_header(head, b"retry-after") or 0)
    return Answer(int(head[9:12]), bytes(data[end + 4 : end + 4 + length]), retry_after, closing)


def _header(head: bytes, name: bytes) -> bytes:
    _, found, rest = head.partition(b"\r\n" + name + b":")
    return rest.partition(b"\r\n")[0].strip() if found else b""
