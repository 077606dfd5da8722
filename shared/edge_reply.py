"""Answers: from what a method returns, or a problem, to status, headers and bytes."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from http import HTTPStatus
from typing import Any

import orjson
from werkzeug.datastructures import Accept, LanguageAccept
from werkzeug.http import parse_accept_header

from shared.problems import Problem

REASONS = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}


class OpenEnd(Iterator[bytes]):
    """A body that goes on until somebody ends it: not counted as a request in flight (``shared.edge_stream``)."""

    @abstractmethod
    def end(self) -> None:
        """No more pieces."""

    @abstractmethod
    def close(self) -> None:
        """Nobody reads it any more."""


Rendered = tuple[str, list[tuple[str, str]], bytes | Iterator[bytes]]


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer. ``body`` is anything orjson writes, or bytes or an iterator of bytes with a ``Content-Type``.

    ``etag`` is a version. An iterator is asked for its first piece before anything is sent, so that what it cannot do
    is still a problem; if it fails later the connection breaks off.
    """

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    etag: int | str | None = None

    def rendered(self, if_none_match: str | None = None) -> Rendered:
        """Status line, headers and payload; 304 if the client has this version already."""
        headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
        status, payload = self.status, b""
        if isinstance(self.body, OpenEnd):
            return REASONS[status], list((headers | dict(self.headers)).items()), self.body
        if isinstance(self.body, Iterator):
            return REASONS[status], list((headers | dict(self.headers)).items()), _begun(self.body)
        if self.etag is not None:
            headers |= {"ETag": f'"{self.etag}"', "Cache-Control": "private, no-cache"}
            if if_none_match == headers["ETag"] and status == 200:
                status = 304
        if status not in (204, 304):
            payload = self.body if isinstance(self.body, bytes) else orjson.dumps(self.body)
            headers |= {"Content-Type": "application/json", "Content-Length": str(len(payload))}
        headers |= self.headers
        return REASONS[status], list(headers.items()), payload


def _begun(pieces: Iterator[bytes]) -> Iterator[bytes]:
    first = next(pieces, b"")

    def rest() -> Iterator[bytes]:
        yield first
        yield from pieces

    return rest()


def reply_of(result: Any) -> Reply:
    """What a method may return: a ``Reply``, JSON (200), or nothing (204)."""
    if isinstance(result, Reply):
        return result
    return Reply(204) if result is None else Reply(200, result)


def problem_reply(problem: Problem, locale: str) -> Reply:
    headers = {
        "Content-Type": "application/problem+json",
        "Content-Language": locale,
        "Vary": "Accept-Language",
        **problem.headers,
    }
    return Reply(problem.status, problem.document(locale), headers)


@lru_cache(maxsize=256)
def locale_of(accept_language: str) -> str:
    """``en`` if the client prefers it, in any regional form, else ``vi``."""
    asked = parse_accept_header(accept_language, LanguageAccept)
    return Accept([(tag.partition("-")[0], quality) for tag, quality in asked]).best_match(("vi", "en"), default="vi")
