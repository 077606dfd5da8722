"""A private RabbitMQ node from the system's ``rabbitmq-server`` package.

    node = rabbitmq.Node(state, ports)           # ports: {"amqp", "dist", "epmd"}
    for program in node.programs(): process.run_program(program)     # epmd, then the broker
    node.uri("teams"), node.admin_uri()

The node loads users, permissions, exchanges, queues and bindings from a definitions file while it boots: a node whose
disk was wiped comes back complete before its first client can connect. epmd, which Erlang would start by itself
and leave behind, is a program of its own here, so that it ends with the rest.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import socket
from collections.abc import Mapping
from pathlib import Path

import amqp

from ops.local.process import Program, StackError, clean_environment
from ops.local.state import State, write_private
from shared import topology

ADMINISTRATOR = "tungnha"
_SERVERS = (
    "/usr/lib/rabbitmq/bin/rabbitmq-server",
    "/usr/local/sbin/rabbitmq-server",
    "/opt/homebrew/sbin/rabbitmq-server",
)

_CONFIGURATION = """\
listeners.tcp.1 = 127.0.0.1:{amqp}
loopback_users = none
load_definitions = {definitions}
log.file.level = info
log.console = false
log.connection.level = warning
disk_free_limit.absolute = 100MB
vm_memory_high_watermark.absolute = 600MB
raft.wal_max_size_bytes = 33554432
heartbeat = 20
"""


def server_script() -> Path | None:
    """The broker's start script: the real one, not the wrapper in /usr/sbin that insists on its own user."""
    found = (Path(path) for path in _SERVERS)
    wrapper = shutil.which("rabbitmq-server")
    return next((path for path in found if path.exists()), None) or (Path(wrapper) if wrapper else None)


class Node:
    """One broker. Nothing in it is shared with a broker of the system or of another checkout, ports included."""

    def __init__(self, state: State, ports: Mapping[str, int]) -> None:
        self.state = state
        self.ports = dict(ports)
        self.home = state.servers / "rabbitmq"
        self.name = f"tungnha-{state.key}@localhost"

    def uri(self, user: str) -> str:
        password = self.state.secret(f"amqp-{user}")
        return f"amqp://{user}:{password}@127.0.0.1:{self.ports['amqp']}/{topology.VHOST}"

    def admin_uri(self) -> str:
        return self.uri(ADMINISTRATOR)

    def programs(self) -> list[Program]:
        """epmd and the broker, to be started in this order and stopped in the other."""
        script, epmd = server_script(), _epmd()
        if script is None or epmd is None:
            raise StackError("rabbitmq-server is not installed")
        self.home.mkdir(parents=True, exist_ok=True, mode=0o700)
        common = {"env": self._environment(), "cwd": self.home}
        return [
            Program(
                name="epmd",
                argv=(epmd, "-port", str(self.ports["epmd"]), "-address", "127.0.0.1"),
                log=self.state.logs / "epmd.log",
                ready=lambda: listens(self.ports["epmd"]),
                start_timeout=10,
                **common,  # type: ignore[arg-type]  # a dict of two types
            ),
            Program(
                name="rabbitmq",
                argv=(str(script),),
                log=self.state.logs / "rabbitmq.log",
                before=self.configure,
                ready=lambda: answers(self.admin_uri()),
                stop_timeout=30,
                start_timeout=120,
                **common,  # type: ignore[arg-type]  # a dict of two types
            ),
        ]

    def configure(self) -> None:
        """Write the node's configuration; before every start, so that a wiped directory heals."""
        self.home.mkdir(parents=True, exist_ok=True, mode=0o700)
        passwords = {user: self.state.secret(f"amqp-{user}") for user in (*topology.SERVICES, ADMINISTRATOR)}
        definitions = self.home / "definitions.json"
        write_private(definitions, json.dumps(topology.definitions(passwords, ADMINISTRATOR), indent=1))
        write_private(self.home / "rabbitmq.conf", _CONFIGURATION.format(definitions=definitions, **self.ports))
        write_private(self.home / "enabled_plugins", "[].\n")
        write_private(self.home / "environment", "")
        cookie = self.home / ".erlang.cookie"
        cookie.unlink(missing_ok=True)
        write_private(cookie, self.state.secret("erlang-cookie"))
        cookie.chmod(0o400)

    def wipe(self) -> None:
        """Throw away everything the broker stored, as a lost disk would. The node must be stopped."""
        shutil.rmtree(self.home, ignore_errors=True)

    def _environment(self) -> dict[str, str]:
        home = self.home
        files = {
            "HOME": home,  # where Erlang looks for the cookie
            "RABBITMQ_CONF_ENV_FILE": home / "environment",
            "RABBITMQ_CONFIG_FILE": home / "rabbitmq.conf",
            "RABBITMQ_ADVANCED_CONFIG_FILE": home / "advanced.config",
            "RABBITMQ_ENABLED_PLUGINS_FILE": home / "enabled_plugins",
            "RABBITMQ_MNESIA_BASE": home / "data",
            "RABBITMQ_MNESIA_DIR": home / "data" / "node",
            "RABBITMQ_FEATURE_FLAGS_FILE": home / "data" / "feature_flags",
            "RABBITMQ_GENERATED_CONFIG_DIR": home / "generated",
            "RABBITMQ_PLUGINS_EXPAND_DIR": home / "plugins",
            "RABBITMQ_SCHEMA_DIR": home / "schema",
            "RABBITMQ_PID_FILE": home / "pid",
            "RABBITMQ_LOG_BASE": self.state.servers / "rabbitmq-log",
        }
        # Busy waiting and eight schedulers' worth of memory are for machines that do nothing else.
        erlang = "+S 2:2 +SDio 4 +A 8 -start_epmd false -kernel inet_dist_use_interface {127,0,0,1}"
        return (
            clean_environment()
            | {name: str(path) for name, path in files.items()}
            | {
                "RABBITMQ_NODENAME": self.name,
                "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
                "RABBITMQ_NODE_PORT": str(self.ports["amqp"]),
                "RABBITMQ_DIST_PORT": str(self.ports["dist"]),
                "ERL_EPMD_PORT": str(self.ports["epmd"]),
                "ERL_EPMD_ADDRESS": "127.0.0.1",
                "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": erlang,
                # Makes the script become the broker instead of watching it as a parent: one process, one pid.
                "RUNNING_UNDER_SYSTEMD": "true",
            }
        )


def _epmd() -> str | None:
    if found := shutil.which("epmd"):
        return found
    erlang = Path(shutil.which("erl") or "/usr/lib/erlang/bin/erl").resolve().parent.parent
    return next((str(path) for path in sorted(erlang.glob("**/bin/epmd"))), None)


def listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def connect(uri: str) -> amqp.Connection:
    """An open py-amqp connection; raises ``OSError`` or ``amqp.AMQPError``."""
    from kombu.utils.url import parse_url

    parts = parse_url(uri)
    connection = amqp.Connection(
        host=f"{parts['hostname']}:{parts['port'] or 5672}",
        userid=parts["userid"],
        password=parts["password"],
        virtual_host=parts["virtual_host"] or "/",
        connect_timeout=3,
        read_timeout=10,
    )
    connection.connect()
    return connection


def answers(uri: str) -> bool:
    """Whether a client can connect now."""
    with contextlib.suppress(OSError, amqp.AMQPError), connect(uri):
        return True
    return False


def depths(uri: str) -> dict[str, int]:
    """Ready messages per queue of the bus (-1: the queue does not exist)."""
    result: dict[str, int] = {}
    with connect(uri) as connection:
        for name in topology.queues():
            channel = connection.channel()
            try:
                result[name] = channel.queue_declare(name, passive=True).message_count
            except amqp.NotFound:
                result[name] = -1  # the broker closed this channel; the next queue gets a new one
    return result
