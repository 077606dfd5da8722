"""Log lines as JSON on standard output: what happened, never about whom.

Exceptions are logged as type and places in our code. Their messages stay out: a database quotes the row it refuses.
"""

from __future__ import annotations

import logging
import sys
import traceback
from typing import Any

import orjson
import structlog
from structlog.typing import EventDict

_QUIET = {
    # nameko logs every raised problem with its message; the edge answers and logs those itself.
    "nameko.containers": logging.CRITICAL,
    "nameko": logging.WARNING,
    "amqp": logging.WARNING,
    "kombu": logging.WARNING,
    "sqlalchemy": logging.WARNING,
}


def configure(service: str, process: str) -> None:
    """Sends structlog and the standard library's logging to standard output, one JSON object per line."""
    shared: list[Any] = [
        lambda _logger, _method, event: {"service": service, "process": process, **event},
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _without_messages,
    ]
    structlog.configure(
        processors=[*shared, structlog.processors.JSONRenderer(serializer=_dumps)],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.BytesLoggerFactory(sys.stdout.buffer),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    to_text = structlog.processors.JSONRenderer(serializer=lambda *a, **k: _dumps(*a, **k).decode())
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(processors=[*shared, _renamed, to_text]))
    logging.basicConfig(handlers=[handler], level=logging.INFO, force=True)
    for name, level in _QUIET.items():
        logging.getLogger(name).setLevel(level)


def places(error: BaseException) -> dict[str, Any]:
    """An exception that is safe to log: its types down the chain, SQLSTATE if there is one, and where it passed."""
    chain: list[str] = []
    at: list[str] = []
    cause: BaseException | None = error
    while cause is not None and len(chain) < 5:
        chain.append(type(cause).__name__)
        at += [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(cause.__traceback__)]
        sqlstate = getattr(cause, "sqlstate", None)
        if sqlstate:
            chain[-1] += f"[{sqlstate}]"
        cause = cause.__cause__ or cause.__context__
    return {"error": chain, "at": at[-40:]}


def _without_messages(_logger: Any, _method: str, event: EventDict) -> EventDict:
    info = event.pop("exc_info", None)
    if info is True:
        info = sys.exc_info()
    error = info[1] if isinstance(info, tuple) else info
    if isinstance(error, BaseException):
        event.update(places(error))
    return event


def _renamed(_logger: Any, _method: str, event: EventDict) -> EventDict:
    record = event.pop("_record")
    event.pop("_from_structlog", None)
    event.update(logger=record.name, level=record.levelname.lower())
    return event


def _dumps(value: Any, **_ignored: Any) -> bytes:
    return orjson.dumps(value, default=str)
