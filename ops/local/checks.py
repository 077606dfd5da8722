"""What ``./tungnha test`` runs: cheap checks, then types and tests side by side, each lane on private servers."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from typing import IO

from ops.local.state import ROOT

_LINT_IMPORTS = "import sys; from importlinter.cli import lint_imports_command; sys.exit(lint_imports_command())"


CHEAP = {"format": ["-m", "ruff", "format", "--check", "."], "lint": ["-m", "ruff", "check", "."]}
BESIDE = {
    "types": ["-m", "mypy", "--strict", "shared", "services", "ops", "bench", "deploy"],
    "imports": ["-c", _LINT_IMPORTS, "--no-cache"],
}
PYTEST = ["-m", "pytest"]
BROWSER = "tests/browser"
LANES = (["tests/system", BROWSER],)
"""A lane waits for processes now and then; another one has the rest, and with a third some promises of seconds would be
measured on a machine that is busier than any operator's. The first is seen at work. A lane has servers of its own, and
within it the browser comes last (``tests/browser/conftest.py``), so it takes nobody's messages in either."""


def run(pytest_arguments: Sequence[str], say: Callable[[str], None], *, browser: bool = True) -> int:
    """Run every check, the later ones also after a failure; 0 only if all passed. ``browser``: whether there is one.

    No test collected (pytest's 5) is a failure like any other: a suite that runs nothing proves nothing.
    """
    # Settings of a running stack must not reach tests that start their own; bytecode is kept for what they start.
    private = ("TUNGNHA_DATABASE_URL", "TUNGNHA_AMQP_URI", "TUNGNHA_TOKEN", "PYTHONDONTWRITEBYTECODE")
    env = {key: value for key, value in os.environ.items() if key not in private}
    failed = []
    for name, arguments in CHEAP.items():
        say(name)
        if _run(arguments, env):
            failed.append(name)
    tests = {"tests": list(pytest_arguments)} if pytest_arguments else lanes(browser=browser)
    failed += side_by_side({name: [*PYTEST, *of] for name, of in tests.items()} | BESIDE, env, say)
    if not (browser or pytest_arguments):
        say(f"{BROWSER} did not run: there is no Chromium")
    say(f"failed: {', '.join(failed)}" if failed else "all checks passed" if browser else "all other checks passed")
    return 1 if failed else 0


def lanes(*, browser: bool = True) -> dict[str, list[str]]:
    found = {f"tests/{path.parent.name}" for path in ROOT.glob("tests/*/test_*.py")}
    rest = sorted(found.difference(*LANES))
    wanted = ([folder for folder in lane if browser or folder != BROWSER] for lane in (*LANES, rest))
    return {" ".join(lane): lane for lane in wanted}


def _run(arguments: Sequence[str], env: dict[str, str]) -> int:
    return subprocess.run([sys.executable, *arguments], cwd=ROOT, env=env).returncode


def side_by_side(commands: Mapping[str, Sequence[str]], env: dict[str, str], say: Callable[[str], None]) -> list[str]:
    """Which of these failed. The first one's output is seen as it comes, that of the others when they are done."""
    with contextlib.ExitStack() as ended:
        running: dict[str, tuple[subprocess.Popen[bytes], IO[bytes] | None]] = {}
        for name, arguments in commands.items():
            output: IO[bytes] | None = ended.enter_context(tempfile.TemporaryFile()) if running else None
            process = subprocess.Popen(
                [sys.executable, *arguments], cwd=ROOT, env=env, stdout=output, stderr=output and subprocess.STDOUT
            )
            ended.callback(process.wait)
            ended.callback(process.terminate)
            running[name] = process, output
        say(f"side by side: {', '.join(running)}")
        failed = []
        for name, (process, output) in running.items():
            if process.wait():
                failed.append(name)
            if output:
                _show(name, output, say)
        return failed


def _show(name: str, output: IO[bytes], say: Callable[[str], None]) -> None:
    say(name)
    output.seek(0)
    sys.stdout.write(output.read().decode(errors="replace"))
    sys.stdout.flush()
