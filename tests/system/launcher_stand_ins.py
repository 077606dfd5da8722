"""A supervisor over tiny programs: ``python -m tests.system.launcher_stand_ins STATE NAME…``.

``web`` answers its health paths · ``child`` does too and has a child process · ``deaf`` ignores SIGTERM ·
``crash`` ends at once.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

from ops.local import stack
from ops.local.process import Program, clean_environment
from ops.local.state import ROOT, State
from ops.local.supervisor import Managed, Supervisor


class _Always200(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


def serve(kind: str, port: int) -> None:
    if kind == "crash":
        sys.exit("no reason at all")
    if kind == "deaf":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if kind == "child":
        subprocess.Popen(["sleep", "600"])
    HTTPServer(("127.0.0.1", port), _Always200).serve_forever()


def program(state: State, name: str, port: int) -> Program:
    url = f"http://127.0.0.1:{port}"
    return Program(
        name=name,
        argv=(sys.executable, "-m", __spec__.name, "serve", name, str(port)),
        env=clean_environment() | {"PYTHONPATH": str(ROOT), stack.MARK: state.key},
        cwd=ROOT,
        log=state.logs / f"{name}.log",
        ready=lambda: stack.http_status(f"{url}/healthz") is not None,
        stop_timeout=1.0,
        start_timeout=10.0,
        url=url,
    )


def supervise(directory: str, names: list[str]) -> int:
    state = State(Path(directory))
    ports = state.ports(dict.fromkeys(names, 0))
    managed = [Managed(program(state, name, ports[name])) for name in names]
    return Supervisor(state, managed[:1], managed[1:], lambda: None, lambda text: print(text, flush=True)).run()


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve(sys.argv[2], int(sys.argv[3]))
    else:
        os.environ.pop(stack.MARK, None)
        sys.exit(supervise(sys.argv[1], sys.argv[2:]))
