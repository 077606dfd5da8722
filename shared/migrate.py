"""Alembic, started the same way for every service: ``python -m services.<name> migrate``.

A service's first migration calls ``install_kernel``; its ``migrations/env.py`` imports ``run`` from here and calls it.
"""

from __future__ import annotations

from pathlib import Path

from alembic import command, context, op
from alembic.config import Config
from sqlalchemy import create_engine, text

SQL = Path(__file__).parent / "sql"
KERNEL = ("log", "bus")


def migrate(service: str, url: str, to: str = "head") -> None:
    """Bring the service's database up to date, as its owner role. Safe to run twice and at once."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent.parent / "services" / service / "migrations"))
    config.set_main_option("path_separator", "os")
    config.attributes["url"] = url.replace("postgresql://", "postgresql+psycopg://", 1)
    command.upgrade(config, to)


def run() -> None:
    """The body of every ``env.py``: one transaction, one migration at a time per database."""
    engine = create_engine(context.config.attributes["url"])
    with engine.connect() as connection:
        context.configure(connection=connection, version_table="schema_version")
        with context.begin_transaction():
            connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('tungnha migrations'))"))
            context.run_migrations()
            for script in _lasting():
                connection.execute(text(script))
    engine.dispose()


def install_kernel(service: str, partitions: int) -> None:
    """Create the schemas ``log``, ``vault``, ``bus`` and ``read``, with their grants (in a migration)."""
    for statements in kernel_sql(service, partitions):
        op.execute(text(statements.replace(":", "\\:")))


def kernel_sql(service: str, partitions: int) -> list[str]:
    """The files of ``shared/sql`` in order, for the roles of this service, and the partitions of its log."""
    roles = _roles(service)
    return [
        *(script for folder in KERNEL for script in _scripts(folder, service)),
        f"INSERT INTO log.heads (partition) SELECT generate_series(0, {int(partitions) - 1})",
        f"""CREATE SCHEMA read;
            GRANT USAGE ON SCHEMA read TO {roles["app"]}, {roles["verify"]};
            ALTER DEFAULT PRIVILEGES IN SCHEMA read GRANT ALL ON TABLES TO {roles["app"]};
            ALTER DEFAULT PRIVILEGES IN SCHEMA read GRANT ALL ON SEQUENCES TO {roles["app"]};
            ALTER DEFAULT PRIVILEGES IN SCHEMA read GRANT SELECT ON TABLES TO {roles["verify"]}""",
    ]


def _lasting() -> list[str]:
    """What the kernel has got since databases were first installed: no service has to number a migration for it."""
    return [_append(), (SQL / "bus" / "3_types.sql").read_text()]


def renew_append() -> None:
    """Put today's ``log.append`` in the place of an older one (in a migration)."""
    op.execute(text(_append()))


def _append() -> str:
    return (SQL / "log" / "2_append.sql").read_text().replace(":", "\\:")


def install_jobs(service: str) -> None:
    """Create the schema ``jobs`` (see ``shared.jobs``); call after ``install_kernel``."""
    for statements in _scripts("jobs", service):
        op.execute(text(statements.replace(":", "\\:")))


def install_units() -> None:
    """Create ``read.unit_facts`` (see ``shared.unit_directory``); call after ``install_kernel``."""
    for file in sorted((SQL / "units").glob("*.sql")):
        op.execute(file.read_text())


def _scripts(folder: str, service: str) -> list[str]:
    files = sorted((SQL / folder).glob("*.sql"))
    return [f.read_text().format(**_roles(service)) if "grants" in f.name else f.read_text() for f in files]


def _roles(service: str) -> dict[str, str]:
    return {"app": f"{service}_app", "vault": f"{service}_vault", "verify": "tungnha_verify"}
