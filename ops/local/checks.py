"""What ``./tungnha test`` runs: cheap checks first, then the tests on private servers of their own."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence

from ops.local.state import ROOT

_LINT_IMPORTS = "import sys; from importlinter.cli import lint_imports_command; sys.exit(lint_imports_command())"


CHECKS = (
    ("format", ["-m", "ruff", "format", "--check", "."]),
    ("lint", ["-m", "ruff", "check", "."]),
    ("types", ["-m", "mypy", "--strict", "shared", "services", "ops", "bench", "deploy"]),
    ("imports", ["-c", _LINT_IMPORTS, "--no-cache"]),
)
PYTEST = ["-m", "pytest"]
WAITING = ["tests/integration", "tests/system"]
"""They wait for servers most of their time; the others are one process that computes: they fit side by side."""


def run(pytest_arguments: Sequence[str], say: Callable[[str], None]) -> int:
    """Run every check, the later ones also after a failure; 0 only if all passed.

    No test collected (pytest's 5) is a failure like any other: a suite that runs nothing proves nothing.
    """
    # Settings of a running stack must not reach tests that start their own.
    private = ("TUNGNHA_DATABASE_URL", "TUNGNHA_AMQP_URI", "TUNGNHA_TOKEN")
    env = {key: value for key, value in os.environ.items() if key not in private}
    failed = []
    for name, arguments in CHECKS:
        say(name)
        if _run(arguments, env):
            failed.append(name)
    say("tests")
    failed += _selected(pytest_arguments, env) if pytest_arguments else _both_halves(env, say)
    say(f"failed: {', '.join(failed)}" if failed else "all checks passed")
    return 1 if failed else 0


def _run(arguments: Sequence[str], env: dict[str, str]) -> int:
    return subprocess.run([sys.executable, *arguments], cwd=ROOT, env=env).returncode


def _selected(pytest_arguments: Sequence[str], env: dict[str, str]) -> list[str]:
    return ["tests"] if _run([*PYTEST, *pytest_arguments], env) else []


def _both_halves(env: dict[str, str], say: Callable[[str], None]) -> list[str]:
    """The whole suite; what failed. The half that runs beside shows its output when it is done."""
    computing = sorted({f"tests/{path.parent.name}" for path in ROOT.glob("tests/*/test_*.py")} - set(WAITING))
    failed = []
    with tempfile.TemporaryFile() as output:
        beside = subprocess.Popen(
            [sys.executable, *PYTEST, *computing], cwd=ROOT, env=env, stdout=output, stderr=subprocess.STDOUT
        )
        try:
            if _run([*PYTEST, *WAITING], env):
                failed.append(" ".join(WAITING))
            say(f"and beside it {' '.join(computing)}")
            if beside.wait():
                failed.append(" ".join(computing))
        finally:
            beside.terminate()
            beside.wait()
        output.seek(0)
        sys.stdout.write(output.read().decode(errors="replace"))
        sys.stdout.flush()
    return failed
