"""PostgreSQL engines: one place for JSON, timeouts and names.

Under eventlet the variable ``PSYCOPG_WAIT_FUNC=wait_selector`` must be set before psycopg is first imported
(``shared.edge_server.prepare`` does), else its C loop blocks every greenthread.
"""

from __future__ import annotations

from typing import Any

import orjson
from psycopg.types.json import set_json_dumps, set_json_loads
from sqlalchemy import Engine, create_engine
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection

set_json_loads(orjson.loads)
set_json_dumps(lambda value: orjson.dumps(value))

IDLE_IN_TRANSACTION_MS = 5_000
STATEMENT_MS = 120_000


def engine(url: str, *, name: str, pool_size: int = 5, autocommit: bool = False) -> Engine:
    """An engine on ``postgresql://…`` (psycopg 3).

    Transactions left idle for five seconds are ended by the server, so that a stopped client frees its leases.
    ``autocommit`` gives connections outside any transaction: ``log.append`` accepts no other.
    """
    options = f"-c idle_in_transaction_session_timeout={IDLE_IN_TRANSACTION_MS} -c statement_timeout={STATEMENT_MS}"
    arguments: dict[str, Any] = {
        "application_name": name,
        "options": options,
        "connect_timeout": 5,
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 3,
    }
    return create_engine(
        url.replace("postgresql://", "postgresql+psycopg://", 1),
        connect_args=arguments,
        pool_size=pool_size,
        max_overflow=0,
        pool_pre_ping=True,
        hide_parameters=True,  # an error message must not quote anybody's data
        isolation_level="AUTOCOMMIT" if autocommit else "READ COMMITTED",
    )


def unreachable(error: Exception) -> bool:
    """Whether the database itself is the trouble (gone, starting, out of connections), not what was asked of it."""
    if not isinstance(error, DBAPIError):
        return isinstance(error, NoConnection)
    state = (getattr(error.orig, "sqlstate", None) or "")[:2]
    lost = not state and isinstance(error, OperationalError | InterfaceError)
    return error.connection_invalidated or lost or state in ("08", "53", "57")
