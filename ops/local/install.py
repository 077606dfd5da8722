"""Getting ``rabbitmq-server``, and for the tests a browser, when the machine has none."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

from ops.local import rabbitmq
from ops.local.process import StackError, clean_environment

_POLICY = Path("/usr/sbin/policy-rc.d")
_ADVICE = """RabbitMQ is needed and was not found. Install it, then run this command again:
  Debian, Ubuntu   sudo apt-get install rabbitmq-server && sudo systemctl disable --now rabbitmq-server epmd.socket
  Fedora           sudo dnf install rabbitmq-server
  macOS            brew install rabbitmq
or use a broker that runs already, for example with Docker:
  docker run -d --name tungnha-rabbitmq -p 127.0.0.1:5672:5672 rabbitmq:3.13
  export TUNGNHA_AMQP_URI=amqp://guest:guest@127.0.0.1:5672/%2F"""


def ensure_rabbitmq(say: Callable[[str], None]) -> None:
    """Return once ``rabbitmq-server`` is there: installed with apt if we may, else ``StackError`` with the commands."""
    if rabbitmq.server_script():
        return
    elevate = _elevation()
    if elevate is None or not shutil.which("apt-get"):
        raise StackError(_ADVICE)
    say("installing rabbitmq-server with apt-get (about 35 MB; no system broker will be started)")
    with _no_service_starts(elevate):
        _install(elevate)
    if not rabbitmq.server_script():
        raise StackError(f"apt-get installed rabbitmq-server, but its start script was not found.\n{_ADVICE}")


_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_MAC = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")
_BROWSER_ADVICE = """no Chromium was found, so tests/browser cannot run. Install it with
  Debian           sudo apt-get install chromium
  Fedora           sudo dnf install chromium
  macOS            brew install --cask google-chrome
or name one that is there: export TUNGNHA_CHROMIUM=/path/to/chromium"""


def chromium() -> str | None:
    """The path of a browser for tests, if there is one."""
    named = os.environ.get("TUNGNHA_CHROMIUM")
    found = [named] if named else [shutil.which(name) for name in _BROWSERS]
    return next((path for path in found if path), str(_MAC) if _MAC.exists() else None)


def ensure_chromium(say: Callable[[str], None]) -> bool:
    """Whether there is a browser; installed with apt if we may (Debian's: Ubuntu's package only fetches a snap)."""
    elevate = _elevation() if _is_debian() and shutil.which("apt-get") else None
    if chromium() is None and elevate is not None:
        say("installing chromium with apt-get for tests/browser (about 100 MB)")
        try:
            _install(elevate, "chromium", _BROWSER_ADVICE)
        except StackError as error:
            say(str(error))
    if chromium() is None:
        say(_BROWSER_ADVICE)
    return chromium() is not None


def _is_debian() -> bool:
    with contextlib.suppress(OSError):
        return "ID=debian" in Path("/etc/os-release").read_text(encoding="utf-8").splitlines()
    return False


def _elevation() -> list[str] | None:
    """The words that make a command run as root: none needed, sudo without a password, or None (cannot)."""
    if os.geteuid() == 0:
        return []
    sudo = shutil.which("sudo")
    if sudo and subprocess.run([sudo, "-n", "true"], capture_output=True).returncode == 0:
        return [sudo, "-n"]
    return None


def _install(elevate: list[str], package: str = "rabbitmq-server", advice: str = _ADVICE) -> None:
    apt = [*elevate, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get"]
    install = [*apt, "install", "-y", "--no-install-recommends", package]
    # The lists of packages may be missing or old (fresh containers have none): try, refresh, try again.
    for command in (install, [*apt, "update"], install):
        done = subprocess.run(command, env=clean_environment(), capture_output=True, text=True)
        if command is install and done.returncode == 0:
            return
    output = "\n".join((done.stdout + done.stderr).splitlines()[-8:])
    raise StackError(f"apt-get could not install {package}:\n{output}\n\n{advice}".rstrip())


@contextlib.contextmanager
def _no_service_starts(elevate: list[str]) -> Iterator[None]:
    """Debian asks ``policy-rc.d`` whether a package may start its service; for the moment the answer is no.

    What was there before is put back, also after Ctrl-C.
    """
    saved = _POLICY.with_name("policy-rc.d.tungnha")
    had = _POLICY.exists()
    with contextlib.ExitStack() as undo:
        if had:
            _run(elevate, "cp", "-p", str(_POLICY), str(saved))
            undo.callback(_run, elevate, "mv", str(saved), str(_POLICY))
        else:
            undo.callback(_run, elevate, "rm", "-f", str(_POLICY))
        _run(elevate, "sh", "-c", f"printf '#!/bin/sh\\nexit 101\\n' > {_POLICY} && chmod 755 {_POLICY}")
        yield


def _run(elevate: list[str], *command: str) -> None:
    done = subprocess.run([*elevate, *command], capture_output=True, text=True)
    if done.returncode:
        raise StackError(f"{command[0]} failed: {done.stderr.strip()}")
