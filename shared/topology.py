"""The bus as data: which exchanges, queues, bindings and broker users there are.

Used three ways: as a definitions file that a broker loads while it boots (so a wiped broker comes back complete
before its first client), declared over AMQP on a broker that is not ours, and by services re-declaring their own part.

A user may write only to its own exchange, to its own queue (needed to bind it) and to the dead letters; it may read
its own queue and the exchanges it subscribes to.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from typing import Any, Protocol

VHOST = "tungnha"
SERVICES = ("teams", "visits", "training", "reporting")

SUBSCRIPTIONS: Mapping[str, tuple[str, ...]] = {
    "visits": ("teams",),
    "training": ("teams",),
    "reporting": ("teams", "visits", "training"),
}
"""Consumer → sources (see "Who uses which public events" in docs/architecture.md)."""

SOURCES = tuple(service for service in SERVICES if any(service in sources for sources in SUBSCRIPTIONS.values()))
"""The services somebody subscribes to; only these have an exchange and run a relay."""

DEAD = "events.dead"
"""Exchange and queue of messages no consumer could take."""

QUEUE_ARGUMENTS: Mapping[str, Any] = {
    "x-queue-type": "quorum",
    "x-delivery-limit": 20,
    "x-dead-letter-exchange": DEAD,
    "x-dead-letter-strategy": "at-least-once",
    # At-least-once dead-lettering silently degrades to at-most-once under any other overflow behaviour.
    "x-overflow": "reject-publish",
}
DEAD_QUEUE_ARGUMENTS: Mapping[str, Any] = {"x-queue-type": "quorum"}


def exchange(service: str) -> str:
    return f"{service}.events"


def queue(consumer: str) -> str:
    return f"{consumer}.mirror"


def bindings() -> list[tuple[str, str]]:
    """Every (exchange, queue) bound with ``#``."""
    mirrors = [(exchange(source), queue(consumer)) for consumer, sources in SUBSCRIPTIONS.items() for source in sources]
    return [*mirrors, (DEAD, DEAD)]


def queues() -> dict[str, Mapping[str, Any]]:
    """Queue name → arguments."""
    return {queue(consumer): QUEUE_ARGUMENTS for consumer in SUBSCRIPTIONS} | {DEAD: DEAD_QUEUE_ARGUMENTS}


def exchanges() -> list[str]:
    """All topic, all durable."""
    return [*(exchange(source) for source in SOURCES), DEAD]


def permissions(service: str) -> dict[str, str]:
    """The regular expressions of what the broker user of this service may configure, write and read."""
    own = [exchange(service)] if service in SOURCES else []
    mirror = [queue(service), DEAD] if service in SUBSCRIPTIONS else []
    sources = [exchange(source) for source in SUBSCRIPTIONS.get(service, ())]
    return {
        "configure": _only([*own, *mirror[:1]]),
        "write": _only([*own, *mirror]),
        "read": _only([*mirror[:1], *sources]),
    }


def _only(names: list[str]) -> str:
    return "^({})$".format("|".join(name.replace(".", r"\.") for name in names)) if names else "^$"


# --- over AMQP -------------------------------------------------------------------------------------------------


class Channel(Protocol):
    """The part of ``amqp.Channel`` that declaring needs."""

    def exchange_declare(self, exchange: str, type: str, *, durable: bool, auto_delete: bool) -> Any: ...
    def queue_declare(self, queue: str, *, durable: bool, auto_delete: bool, arguments: dict[str, Any]) -> Any: ...
    def queue_bind(self, queue: str, exchange: str, routing_key: str) -> Any: ...


def declare(channel: Channel) -> None:
    """Declare the whole bus; repeatable. Needs a user with rights on all of it."""
    for name in exchanges():
        channel.exchange_declare(name, "topic", durable=True, auto_delete=False)
    for name, arguments in queues().items():
        channel.queue_declare(name, durable=True, auto_delete=False, arguments=dict(arguments))
    for source, target in bindings():
        channel.queue_bind(target, source, "#")


# --- as a definitions file -------------------------------------------------------------------------------------


def definitions(passwords: Mapping[str, str], administrator: str) -> dict[str, Any]:
    """What RabbitMQ's ``load_definitions`` reads. ``passwords`` maps each service and the administrator to one."""
    users = [*SERVICES, administrator]
    everything = {"configure": ".*", "write": ".*", "read": ".*"}
    return {
        "vhosts": [{"name": VHOST}],
        "users": [
            {
                "name": user,
                "password_hash": password_hash(user, passwords[user]),
                "hashing_algorithm": "rabbit_password_hashing_sha256",
                "tags": ["administrator"] if user == administrator else [],
            }
            for user in users
        ],
        "permissions": [
            {"user": user, "vhost": VHOST, **(everything if user == administrator else permissions(user))}
            for user in users
        ],
        "exchanges": [_durable(name, type="topic", internal=False, arguments={}) for name in exchanges()],
        "queues": [_durable(name, arguments=dict(arguments)) for name, arguments in queues().items()],
        "bindings": [
            {
                "source": source,
                "vhost": VHOST,
                "destination": target,
                "destination_type": "queue",
                "routing_key": "#",
                "arguments": {},
            }
            for source, target in bindings()
        ],
    }


def _durable(name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "vhost": VHOST, "durable": True, "auto_delete": False, **more}


def password_hash(user: str, password: str) -> str:
    """RabbitMQ's salted SHA-256 (base64 of salt and digest); the salt follows from the user, so files do not churn."""
    salt = hashlib.sha256(f"{user}:{password}".encode()).digest()[:4]
    return base64.b64encode(salt + hashlib.sha256(salt + password.encode()).digest()).decode()
