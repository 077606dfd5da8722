"""What ``./tungnha test`` runs: cheap checks first, then the tests on private servers of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Sequence

from ops.local.state import ROOT

_LINT_IMPORTS = "import sys; from importlinter.cli import lint_imports_command; sys.exit(lint_imports_command())"


def commands(pytest_arguments: Sequence[str]) -> list[tuple[str, list[str]]]:
    """Name and arguments (after the interpreter) of each check, in order."""
    return [
        ("format", ["-m", "ruff", "format", "--check", "."]),
        ("lint", ["-m", "ruff", "check", "."]),
        ("types", ["-m", "mypy", "--strict", "shared", "services", "ops", "bench", "deploy"]),
        ("imports", ["-c", _LINT_IMPORTS, "--no-cache"]),
        ("tests", ["-m", "pytest", *pytest_arguments]),
    ]


def run(pytest_arguments: Sequence[str], say: Callable[[str], None]) -> int:
    """Run every check, the later ones also after a failure; 0 only if all passed.

    No test collected (pytest's 5) is a failure like any other: a suite that runs nothing proves nothing.
    """
    # Settings of a running stack must not reach tests that start their own.
    private = ("TUNGNHA_DATABASE_URL", "TUNGNHA_AMQP_URI", "TUNGNHA_TOKEN")
    env = {key: value for key, value in os.environ.items() if key not in private}
    failed = []
    for name, arguments in commands(pytest_arguments):
        say(name)
        if subprocess.run([sys.executable, *arguments], cwd=ROOT, env=env).returncode:
            failed.append(name)
    say(f"failed: {', '.join(failed)}" if failed else "all checks passed")
    return 1 if failed else 0
