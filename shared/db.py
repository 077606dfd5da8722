"""PostgreSQL engines: one place for JSON, timeouts and names.

Under eventlet the variable ``PSYCOPG_WAIT_FUNC=wait_selector`` must be set before psycopg is first imported
(``shared.edge_server.prepare`` does), else its C loop blocks every greenthread.
"""

from __future__ import annotations

import time
from typing import Any

import orjson
import psycopg
from psycopg.types.json import set_json_dumps, set_json_loads
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, InterfaceError, InvalidatePoolError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection

set_json_loads(orjson.loads)
set_json_dumps(lambda value: orjson.dumps(value))

IDLE_IN_TRANSACTION_MS = 5_000
STATEMENT_MS = 120_000
REST_SECONDS = 1.0
"""A connection unused for so long is asked whether it lives before it is used again."""


def engine(url: str, *, name: str, pool_size: int = 5, autocommit: bool = False, questions: bool = False) -> Engine:
    """An engine on ``postgresql://…`` (psycopg 3).

    Transactions left idle for five seconds are ended by the server, so that a stopped client frees its leases.
    ``autocommit`` gives connections outside any transaction, for the log: ``log.append`` accepts no other.
    ``questions``: each transaction is one snapshot that nothing is written in, for long statements that are asked in
    the same words again and again. They are planned once a connection; PostgreSQL would plan each of them ten times
    before it finds that its plans become no better, and that takes longer than answering.
    """
    options = f"-c idle_in_transaction_session_timeout={IDLE_IN_TRANSACTION_MS} -c statement_timeout={STATEMENT_MS}"
    if autocommit:
        # All it does is look-ups by key. A plan made and kept while the table is small would scan it when it is large.
        options += " -c enable_seqscan=off"
    if questions:
        options += " -c default_transaction_read_only=on -c plan_cache_mode=force_generic_plan"
    arguments: dict[str, Any] = {
        "application_name": name,
        "options": options,
        "connect_timeout": 5,
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 3,
    } | ({"prepare_threshold": 0} if questions else {})
    made = create_engine(
        url.replace("postgresql://", "postgresql+psycopg://", 1),
        connect_args=arguments,
        pool_size=pool_size,
        max_overflow=0,
        pool_use_lifo=True,  # the one used last has its plans and its memory warm
        hide_parameters=True,  # an error message must not quote anybody's data
        isolation_level="AUTOCOMMIT" if autocommit else "REPEATABLE READ" if questions else "READ COMMITTED",
    )
    _ping_after_a_rest(made)
    return made


def unreachable(error: Exception) -> bool:
    """Whether the database itself is the trouble (gone, starting, out of connections), not what was asked of it."""
    if not isinstance(error, DBAPIError):
        return isinstance(error, NoConnection)
    state = (getattr(error.orig, "sqlstate", None) or "")[:2]
    lost = not state and isinstance(error, OperationalError | InterfaceError)
    return error.connection_invalidated or lost or state in ("08", "53", "57")


def _ping_after_a_rest(made: Engine) -> None:
    """The server may have restarted while a connection rested.

    ``pool_pre_ping`` would ask at every use, a tenth of what a worker does; a connection that was in use a moment ago
    may break at any moment anyhow, and whoever uses it is prepared for that.
    """

    @event.listens_for(made, "checkin")
    def rests(connection: Any, record: Any) -> None:
        record.info["rests_since"] = time.monotonic()

    @event.listens_for(made, "checkout")
    def ping(connection: Any, record: Any, proxy: Any) -> None:
        if time.monotonic() - record.info.get("rests_since", time.monotonic()) < REST_SECONDS:
            return
        try:
            made.dialect.do_ping(connection)
        except psycopg.Error as error:
            if connection.closed:
                raise InvalidatePoolError from error
            raise
