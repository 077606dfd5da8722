"""Uploads: files that pass through the api piece by piece and are parsed elsewhere, by a job in the worker.

    @route("POST", "/v1/imports", scope="…", body=Upload("csv", "xlsx"), query=…)
    def begin(self, call: Call) -> Reply:
        received = self.jobs.receive(call.body, call.body.media)        # reading it is what reads the request

``Content-Encoding: gzip`` is unpacked on the way, within the same limit. A client that is too slow is given up.
"""

from __future__ import annotations

import time
import zlib
from collections.abc import Iterator

import eventlet
from eventlet.wsgi import ChunkReadError, Input

from shared.edge_body import Environ
from shared.problems import Problem

MAX_BYTES = 50_000_000
PIECE = 262_144
SECONDS = 900.0
PIECE_SECONDS = 60.0
_GZIP = 16 + zlib.MAX_WBITS

MEDIA = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "ndjson": "application/x-ndjson",
}
_ALSO = {"application/csv": "csv", "application/ndjson": "ndjson", "application/jsonl": "ndjson"}


class Upload:
    """``body=Upload("csv", "xlsx")``: a file of one of these kinds, ``max_bytes`` at most when unpacked."""

    def __init__(self, *media: str, max_bytes: int = MAX_BYTES) -> None:
        self.max_bytes = max_bytes
        self._kinds = {MEDIA[name]: name for name in media} | {t: m for t, m in _ALSO.items() if m in media}

    def open(self, environ: Environ) -> Incoming:
        """Raises ``Problem`` for another content type, or a declared length beyond the limit."""
        content_type = (environ.get("CONTENT_TYPE") or "").partition(";")[0].strip().lower()
        if content_type not in self._kinds:
            raise Problem("unsupported-media-type", expected=", ".join(dict.fromkeys(self._kinds)))
        encoding = environ.get("HTTP_CONTENT_ENCODING", "identity").strip().lower()
        if encoding not in {"identity", "gzip"}:
            raise Problem("unsupported-media-type", headers={"Accept-Encoding": "gzip"}, expected="gzip, identity")
        stream: Input = environ["wsgi.input"]
        if not stream.chunked_input and (stream.content_length or 0) > self.max_bytes:
            raise Problem("body-too-large", limit=self.max_bytes)
        return Incoming(self._kinds[content_type], stream, encoding == "gzip", self.max_bytes)


class Incoming:
    """The file while it arrives: iterate once. Raises ``Problem`` where it breaks off or grows too large."""

    def __init__(self, media: str, stream: Input, packed: bool, max_bytes: int) -> None:
        self.media = media
        self._stream, self._packed, self._max_bytes = stream, packed, max_bytes

    def __iter__(self) -> Iterator[bytes]:
        size = 0
        for piece in self._unpacked() if self._packed else self._raw():
            size += len(piece)
            if size > self._max_bytes:
                raise Problem("body-too-large", limit=self._max_bytes)
            yield piece

    def _raw(self) -> Iterator[bytes]:
        length = None if self._stream.chunked_input else self._stream.content_length or 0
        taken, deadline = 0, time.monotonic() + SECONDS
        while length is None or taken < length:
            piece = self._read(PIECE if length is None else min(PIECE, length - taken))
            if not piece:
                break
            taken += len(piece)
            if time.monotonic() > deadline:
                raise Problem("timeout")
            yield piece
        if length is not None and taken < length:
            raise Problem("malformed-body", expected="Content-Length")

    def _read(self, size: int) -> bytes:
        try:
            with eventlet.Timeout(PIECE_SECONDS, Problem("timeout")):
                piece: bytes = self._stream.read(size)
        except (ChunkReadError, OSError):
            raise Problem("malformed-body", expected="HTTP") from None
        return piece

    def _unpacked(self) -> Iterator[bytes]:
        unpacker = zlib.decompressobj(_GZIP)
        try:
            for packed in self._raw():
                while packed:
                    yield unpacker.decompress(packed, PIECE)
                    packed = unpacker.unconsumed_tail
                if unpacker.unused_data:
                    raise Problem("malformed-body", expected="gzip")
        except zlib.error:
            raise Problem("malformed-body", expected="gzip") from None
        if not unpacker.eof:
            raise Problem("malformed-body", expected="gzip")
