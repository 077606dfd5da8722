"""State directories of test runs: one each, gone with the run; what a killed run left is cleared by the next."""

from __future__ import annotations

import contextlib
import fcntl
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

from ops.local import process
from ops.local.state import ROOT, TESTS, State


@contextlib.contextmanager
def test_state() -> Iterator[State]:
    """A fresh state directory below ``.local/test``; ends what is still recorded as running in it."""
    home = ROOT / ".local" / TESTS
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    with contextlib.ExitStack() as held:
        # One run at a time sweeps and settles in, so that none takes another's fresh directory for a killed run's.
        with (home / "lock").open("w") as turn:
            fcntl.flock(turn, fcntl.LOCK_EX)
            _sweep(home)
            state = State(Path(tempfile.mkdtemp(dir=home, prefix="run-")))
            alive = held.enter_context((state.directory / "alive").open("w"))
            fcntl.flock(alive, fcntl.LOCK_EX)  # held until this process ends, however it ends
        try:
            yield state
        finally:
            _clear(state)


def _sweep(home: Path) -> None:
    for directory in home.glob("run-*"):
        with contextlib.suppress(OSError), (directory / "alive").open("r+") as alive:
            fcntl.flock(alive, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _clear(State(directory))


def _clear(state: State) -> None:
    process.end(process.remembered(state.directory / "processes.jsonl"), signal.SIGKILL)
    state.wipe()
