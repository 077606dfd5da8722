"""Request bodies: bounded, unpacked, parsed, and checked for what no part behind the edge can take.

PostgreSQL stores neither U+0000 nor lone surrogates, recursion has limits, and memory is shared by all callers: so
all of that ends here, with a problem that says where.
"""

from __future__ import annotations

import json
import zlib
from typing import Any, NoReturn

import orjson
from eventlet.wsgi import ChunkReadError, Input

from shared.problems import Problem, pointer

MAX_BYTES = 5_000_000
MAX_DEPTH = 64
PACKED = 6
"""How many times as large packed JSON is usually."""
UNKNOWN_LENGTH = 100_000
"""Taken for the length of a body that does not say it."""
_CHUNK = 65_536
_GZIP = 16 + zlib.MAX_WBITS

Environ = dict[str, Any]


def likely_size(environ: Environ, max_bytes: int) -> int:
    """About how many bytes a body will be when it is unpacked, by its headers alone."""
    length = int(environ.get("CONTENT_LENGTH") or UNKNOWN_LENGTH)
    packed = environ.get("HTTP_CONTENT_ENCODING", "identity").strip().lower() != "identity"
    return min(length * (PACKED if packed else 1), max_bytes)


def read(environ: Environ, max_bytes: int) -> bytes:
    """The whole body, unpacked. A declared length over the limit is refused before a byte is read."""
    encoding = environ.get("HTTP_CONTENT_ENCODING", "identity").strip().lower()
    if encoding not in {"identity", "gzip"}:
        raise Problem("unsupported-media-type", headers={"Accept-Encoding": "gzip"}, expected="gzip, identity")
    stream: Input = environ["wsgi.input"]
    try:
        body = _chunked(stream, max_bytes) if stream.chunked_input else _sized(stream, max_bytes)
    except (ChunkReadError, OSError):
        raise Problem("malformed-body", expected="HTTP") from None
    return _gunzip(body, max_bytes) if encoding == "gzip" else body


def _sized(stream: Input, max_bytes: int) -> bytes:
    length = stream.content_length or 0
    if length > max_bytes:
        raise Problem("body-too-large", limit=max_bytes)
    body: bytes = stream.read(length)
    if len(body) < length:
        raise Problem("malformed-body", expected="Content-Length")
    return body


def _chunked(stream: Input, max_bytes: int) -> bytes:
    parts, size = [], 0
    while part := stream.read(_CHUNK):
        parts.append(part)
        size += len(part)
        if size > max_bytes:
            raise Problem("body-too-large", limit=max_bytes)
    return b"".join(parts)


def _gunzip(packed: bytes, max_bytes: int) -> bytes:
    unpacker = zlib.decompressobj(_GZIP)
    try:
        body = unpacker.decompress(packed, max_bytes + 1)
    except zlib.error:
        raise Problem("malformed-body", expected="gzip") from None
    if len(body) > max_bytes:
        raise Problem("body-too-large", limit=max_bytes)
    if not unpacker.eof or unpacker.unused_data:
        raise Problem("malformed-body", expected="gzip")
    return body


def parse(raw: bytes) -> Any:
    """The JSON value; anything forbidden in it is a problem located by a JSON pointer."""
    value, suspect = parse_tolerant(raw)
    if suspect:
        refuse_forbidden(value)
    return value


def parse_tolerant(raw: bytes) -> tuple[Any, bool]:
    """The JSON value, and whether forbidden characters may be in it: a batch refuses them row by row."""
    try:
        value, suspect = orjson.loads(raw), b"\\u0000" in raw
    except orjson.JSONDecodeError as error:
        value, suspect = _second_look(raw, error), True
    if _too_deep(value):
        raise Problem("too-deep", limit=MAX_DEPTH)
    return value, suspect


def refuse_forbidden(value: Any) -> None:
    """Raises ``forbidden-character`` at the first text or key that holds U+0000 or a lone surrogate."""
    pending: list[tuple[str, Any]] = [("", value)]
    while pending:
        path, node = pending.pop()
        if isinstance(node, str) and _forbidden(node):
            raise Problem("forbidden-character", path)
        if isinstance(node, dict):
            if any(_forbidden(key) for key in node):
                raise Problem("forbidden-character", path)
            pending.extend((path + pointer(key), below) for key, below in reversed(node.items()))
        elif isinstance(node, list):
            pending.extend((f"{path}/{i}", node[i]) for i in range(len(node) - 1, -1, -1))


def _second_look(raw: bytes, error: orjson.JSONDecodeError) -> Any:
    """What orjson refuses may be JSON with lone surrogates, which the slow parser of Python reads; or too deep."""
    try:
        value = json.loads(raw.decode("utf-8", "surrogatepass"), parse_constant=_no_constant)
    except RecursionError:
        raise Problem("too-deep", limit=MAX_DEPTH) from None
    except ValueError:
        raise Problem("malformed-json", line=error.lineno, column=error.colno) from None
    return value


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _forbidden(text: str) -> bool:
    return "\0" in text or (not text.isascii() and any("\ud800" <= c <= "\udfff" for c in text))


def _too_deep(value: Any) -> bool:
    """Whether containers nest more than ``MAX_DEPTH`` deep: level by level, because recursion is what we guard."""
    level = [value] if type(value) in (dict, list) else []
    for _ in range(MAX_DEPTH):
        level = [
            child
            for node in level
            for child in (node.values() if type(node) is dict else node)
            if type(child) is dict or type(child) is list
        ]
        if not level:
            return False
    return True
