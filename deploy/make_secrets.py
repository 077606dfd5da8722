"""Writes every secret that docker-compose.yml names: ``deploy/make-secrets.sh`` (or ``python -m deploy.make_secrets``).

What exists is kept, so it may be run again: passwords stay, tokens are renewed. The directory is 0700 and so closed to
other users of the host. The ``*.secret`` files in it are readable, because compose mounts them with the host's owner
and mode, and containers without root and capabilities could read them in no other way (docs/adr/0011-containers.md).
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from ops.local import provision, tokens
from ops.local.rabbitmq import ADMINISTRATOR
from ops.local.state import ROOT, State
from shared import topology

DATABASE_HOST, BROKER_HOST = "postgres:5432", "rabbitmq:5672"
SUPERUSER = "tungnha"
HOUR = 3600
DEFAULT = ROOT / ".local" / "compose"


def main(directory: Path = DEFAULT) -> None:
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    directory.chmod(0o700)
    state = State(directory)
    for name, content in contents(state):
        _write(directory / f"{name}.secret", content)
    print(f"secrets: {directory}  (administrator's token for 12 hours: {directory / 'admin-token.secret'})")


def contents(state: State) -> Iterator[tuple[str, str]]:
    """Name and content of every secret."""
    passwords = {user: state.secret(f"amqp-{user}") for user in (*topology.SERVICES, ADMINISTRATOR)}
    superuser = state.secret("postgres")
    admin_url = f"postgresql://{SUPERUSER}:{superuser}@{DATABASE_HOST}/postgres"
    yield "postgres-password", superuser
    yield "admin-database-url", admin_url
    yield "broker-definitions", json.dumps(topology.definitions(passwords, ADMINISTRATOR))
    yield "jwks", tokens.jwks(state).read_text()
    yield "admin-token", tokens.issue(state, "admin", tokens.ADMIN_SCOPE, [tokens.nation()], 12 * HOUR)
    roles: dict[str, str] = {}

    def password(role: str) -> str:
        return roles.setdefault(role, state.secret(role))

    for service in topology.SERVICES:
        database = provision.describe(admin_url, service, password)
        yield f"{service}-database-url", database.app_url
        yield f"{service}-vault-url", database.vault_url
        yield f"{service}-owner-url", database.owner_url
        yield f"{service}-amqp-uri", f"amqp://{service}:{passwords[service]}@{BROKER_HOST}/{topology.VHOST}"
        yield f"{service}-hash-key", state.secret(f"hash-key-{service}")
        sources = topology.SUBSCRIPTIONS.get(service, ())
        yield f"{service}-feed-token", tokens.feed_token(state, service, sources).read_text()
    yield "role-passwords", json.dumps(roles)


def _write(path: Path, content: str) -> None:
    """Whole or not at all, and readable inside its closed directory."""
    new = path.with_suffix(".new")
    new.write_text(content)
    new.chmod(0o444)
    os.replace(new, path)


if __name__ == "__main__":
    main(*(Path(argument) for argument in sys.argv[1:2]))
