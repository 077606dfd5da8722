"""Databases, roles and the bus: made where missing, brought up to date where present, never removed.

Roles of a service's database (what each may do inside is granted by its migrations):
``<svc>_owner`` owns and migrates · ``<svc>_app`` is the running service · ``<svc>_vault`` reaches the keys of sealed
fields only · ``tungnha_verify`` reads for ``verify``. No role can connect to another service's database.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote, urlsplit, urlunsplit

import psycopg
from psycopg import sql

from ops.local import rabbitmq
from shared import topology

VERIFIER = "tungnha_verify"


@dataclass(frozen=True, slots=True)
class Database:
    """The addresses of one database, a role each (``postgresql://…``)."""

    service: str
    name: str
    owner_url: str
    app_url: str
    vault_url: str
    verify_url: str


def database(admin_url: str, service: str, secret: Callable[[str], str], name: str | None = None) -> Database:
    """Make the database and roles of a service. ``secret(name)`` gives the password of a role; repeatable."""
    described = describe(admin_url, service, secret, name)
    with psycopg.connect(admin_url, autocommit=True) as connection:
        # Two launchers (or test runs) may provision one server: creating roles is not atomic by itself.
        connection.execute("SELECT pg_advisory_lock(7466003)")
        for role in (*_roles(service), VERIFIER):
            _role(connection, role, secret(f"db-{role}"))
        # An idle transaction holds a lease or a lock that other workers wait for; the client is gone or stuck.
        app = sql.Identifier(f"{service}_app")
        connection.execute(sql.SQL("ALTER ROLE {} SET idle_in_transaction_session_timeout = '5s'").format(app))
        _database(connection, described.name, service)
    return described


def describe(admin_url: str, service: str, secret: Callable[[str], str], name: str | None = None) -> Database:
    """The addresses alone, nothing touched."""
    name = name or f"tungnha_{service}"
    owner, app, vault, verify = (
        with_login(admin_url, role, secret(f"db-{role}"), name) for role in (*_roles(service), VERIFIER)
    )
    return Database(service, name, owner, app, vault, verify)


def with_login(url: str, user: str, password: str, path: str) -> str:
    """The same server, as someone else and at another database or vhost."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(
        parts._replace(netloc=f"{quote(user, safe='')}:{quote(password, safe='')}@{host}", path=f"/{path}")
    )


def bus(admin_uri: str) -> None:
    """Declare exchanges, queues and bindings on a broker that is not ours."""
    with rabbitmq.connect(admin_uri) as connection:
        topology.declare(connection.channel())


def _roles(service: str) -> tuple[str, str, str]:
    return f"{service}_owner", f"{service}_app", f"{service}_vault"


def _role(connection: psycopg.Connection, role: str, password: str) -> None:
    exists = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone()
    statement = "ALTER ROLE {} LOGIN PASSWORD {}" if exists else "CREATE ROLE {} LOGIN PASSWORD {}"
    connection.execute(sql.SQL(statement).format(sql.Identifier(role), sql.Literal(password)))


def _database(connection: psycopg.Connection, name: str, service: str) -> None:
    roles = [sql.Identifier(role) for role in (*_roles(service), VERIFIER)]
    database, owner = sql.Identifier(name), roles[0]
    if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
        # An administrator who is no superuser may only give away what a role it belongs to will own.
        connection.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(owner))
        create = "CREATE DATABASE {} OWNER {} TEMPLATE template0 ENCODING 'UTF8'"
        connection.execute(sql.SQL(create).format(database, owner))
    connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(database))
    connection.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(database, sql.SQL(", ").join(roles)))
