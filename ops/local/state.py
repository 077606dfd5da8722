"""Where a stack keeps what it must remember: ports, processes, secrets, server files.

A ``State`` is a directory (``.local/`` of a checkout; a temporary one per test run). Directories are 0700 and files
with secrets 0600. The two servers may need their files elsewhere; ``servers`` says where, and ``wipe`` removes both.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import re
import secrets
import shutil
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
"""The checkout."""

TESTS = "test"
"""Directory of the states of test runs."""
_PLAIN = re.compile(r"[A-Za-z0-9_./+-]{1,120}")


class State:
    def __init__(self, directory: Path) -> None:
        self.directory = directory
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)

    @property
    def key(self) -> str:
        """Names this stack among all stacks of the machine: a short hash of the path of its directory."""
        return hashlib.sha256(os.fsencode(self.directory.resolve())).hexdigest()[:10]

    @property
    def logs(self) -> Path:
        return _private(self.directory / "logs")

    @property
    def servers(self) -> Path:
        """Where PostgreSQL and RabbitMQ keep their files.

        In the state directory, unless they could not work there: PostgreSQL refuses root, so as root it runs as
        another user, who can reach /var/lib but perhaps not this checkout (and we never open up directories of
        others); Erlang wants a short path of plain characters.
        """
        if os.geteuid() == 0:
            return Path("/var/lib/tungnha") / self.key
        inside = self.directory / "servers"
        if _PLAIN.fullmatch(str(inside)):
            return inside
        home = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "tungnha" / self.key
        return home if _PLAIN.fullmatch(str(home)) else Path(f"/var/tmp/tungnha-{os.geteuid()}") / self.key

    # --- secrets -----------------------------------------------------------------------------------------------

    def secret(self, name: str) -> str:
        """The generated secret of this name: 64 hex digits, made on first use, the same ever after."""
        path = self.secret_path(name)
        if not path.exists():
            write_private(path, secrets.token_hex(32))
        return path.read_text()

    def secret_path(self, name: str) -> Path:
        return _private(self.directory / "secrets") / name

    # --- what is running ---------------------------------------------------------------------------------------

    def read(self, name: str) -> dict[str, Any]:
        """A JSON file of the state directory; empty if it is missing or was cut short."""
        with contextlib.suppress(FileNotFoundError, json.JSONDecodeError):
            content = json.loads((self.directory / name).read_text())
            return content if isinstance(content, dict) else {}
        return {}

    def write(self, name: str, content: dict[str, Any]) -> None:
        write_private(self.directory / name, json.dumps(content, indent=1, sort_keys=True))

    @contextlib.contextmanager
    def lock(self, name: str) -> Iterator[None]:
        """Hold a lock between processes; the system frees it when its holder dies."""
        with (self.directory / f"{name}.lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    # --- ports -------------------------------------------------------------------------------------------------

    def ports(self, wanted: dict[str, int]) -> dict[str, int]:
        """A port per name, kept over restarts: the recorded one, else the wanted one if it is free, else a free one.

        A wanted port of 0 asks for any. Call while nothing of this stack runs.
        """
        with self.lock("ports"):
            recorded: dict[str, int] = self.read("ports.json")
            taken: set[int] = set()
            chosen: dict[str, int] = {}
            for name, port in wanted.items():
                candidates = [recorded.get(name, 0), port]
                fitting = (p for p in candidates if p and p not in taken and port_is_free(p))
                chosen[name] = next(fitting, 0) or _free_port(taken)
                taken.add(chosen[name])
            self.write("ports.json", recorded | chosen)
            return chosen

    def wipe(self, *, keep_secrets: bool = False) -> None:
        """Remove everything, server files included. Nothing of this stack may run.

        ``keep_secrets`` where the data live on: without the keys they were written with they prove nothing any more.
        """
        servers = self.servers
        gone = servers.with_name(f"{servers.name}.gone")
        shutil.rmtree(gone, ignore_errors=True)
        with contextlib.suppress(FileNotFoundError):
            servers.rename(gone)  # whoever starts after an interrupted wipe finds nothing, not half a cluster
        shutil.rmtree(gone, ignore_errors=True)
        if servers.parent != self.directory:
            with contextlib.suppress(OSError):  # another stack's files are in it
                servers.parent.rmdir()
        # Test runs have their own states in here, and end them themselves.
        kept = {"test", "secrets"} if keep_secrets else {"test"}
        for path in self.directory.iterdir():
            if path.is_symlink() or path.is_file():
                path.unlink()
            elif path.name not in kept:
                shutil.rmtree(path, ignore_errors=True)
        with contextlib.suppress(OSError):  # something was kept
            self.directory.rmdir()


def _private(directory: Path) -> Path:
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    return directory


def write_private(path: Path, text: str) -> None:
    """Write a file only its owner can read, whole or not at all."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w") as file:
            file.write(text)
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
        raise


def port_is_free(port: int) -> bool:
    """Whether nothing listens on this port of 127.0.0.1 (nor on all addresses)."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def reserved(port: int) -> socket.socket:
    """A socket that keeps this port of 127.0.0.1 for listeners with SO_REUSEPORT, until it is closed.

    Such listeners would silently share a port with those of another stack that chose it in the same moment. It takes
    no connections itself. Raises ``OSError`` if somebody else has the port.
    """
    holder = socket.socket()
    try:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        holder.bind(("127.0.0.1", port))
    except OSError:
        holder.close()
        raise
    return holder


def _free_port(taken: set[int]) -> int:
    # Below the range from which the system takes ports of outgoing connections (32768 and up on Linux): a port kept
    # over restarts must not be lost to a passing client in between.
    while True:
        port = 18_000 + secrets.randbelow(14_000)
        if port not in taken and port_is_free(port):
            return port
