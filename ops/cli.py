"""The commands of ``./tungnha``."""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import re
import shlex
import subprocess
import sys
import time
import webbrowser
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ops.local import lifecycle, stack, status, supervisor, tokens
from ops.local.process import StackError, tail
from ops.local.state import ROOT
from shared import topology

app = typer.Typer(
    help="Từng Nhà: community digital technology teams, from the visit at the door to the national report.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
out, err = Console(highlight=False), Console(stderr=True, highlight=False)

Scale = Annotated[list[str] | None, typer.Option(help="Run a process several times, e.g. --scale visits-api=2")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")]


def run() -> int:
    """Run a command; errors of the stack are told in words, Ctrl-C is 130."""
    try:
        app(prog_name="./tungnha")
    except StackError as error:
        err.print(f"[red]error[/red] {escape(str(error))}")
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # `./tungnha status | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return 0


def say(text: str) -> None:
    err.print(f"[dim]{time.strftime('%H:%M:%S')}[/dim] {escape(text)}", soft_wrap=True)


# --- life ------------------------------------------------------------------------------------------------------


@app.command()
def up(
    detach: Annotated[bool, typer.Option("--detach", "-d", help="Leave it running in the background.")] = False,
    scale: Scale = None,
) -> None:
    """Start the stack (private PostgreSQL and RabbitMQ, four services) and wait until everything is ready."""
    state, counts = lifecycle.local_state(), _scale(scale)
    if lifecycle.is_up(state):
        say("the stack is up already")
    else:
        lifecycle.ensure_requirements(say)
        if not detach:
            say("Ctrl-C ends it; ./tungnha status in another terminal shows it")
            raise typer.Exit(lifecycle.supervise(state, counts, say))
    lifecycle.start_detached(state, counts, say)
    _print_addresses(stack.opened(state))


@app.command(hidden=True)
def supervise(scale: Scale = None) -> None:
    """The background half of ``up --detach``."""
    raise typer.Exit(lifecycle.supervise(lifecycle.local_state(), _scale(scale), say))


@app.command()
def down(
    wipe: Annotated[bool, typer.Option(help="Also delete all data, keys and logs of this checkout.")] = False,
) -> None:
    """Stop everything that was started from this checkout. Servers given by TUNGNHA_* are left alone."""
    state = lifecycle.local_state()
    ended = lifecycle.stop(state, say)
    say("stopped" if ended else "nothing was running")
    if wipe:
        external = stack.opened(state).external_database is not None
        state.wipe(keep_secrets=external)
        say(
            "deleted; the data on your own server are left alone, and the keys they need"
            if external
            else "data deleted"
        )


@app.command()
def restart(name: Annotated[str, typer.Argument(help="A process, e.g. visits-worker, postgres, rabbitmq.")]) -> None:
    """End one process; return once its successor is ready."""
    lifecycle.restart(lifecycle.local_state(), name)
    say(f"{name} is ready")


# --- looking ---------------------------------------------------------------------------------------------------


@app.command(name="status")
def show_status(as_json: AsJson = False) -> None:
    """Processes, addresses, queue depths, lag, memory. Exit code 0 if everything is ready, else 1."""
    found = status.collect(lifecycle.local_state())
    if as_json:
        print(json.dumps(found, ensure_ascii=False))
    else:
        _print_status(found)
    raise typer.Exit(0 if found["ready"] else 1)


@app.command()
def logs(
    name: Annotated[str | None, typer.Argument(help="A process; without one, all of them are listed.")] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on as lines are written.")] = False,
    lines: Annotated[int, typer.Option("--lines", "-n", min=1)] = 40,
) -> None:
    """The end of a process's log."""
    directory = lifecycle.local_state().logs
    known = sorted(path.stem for path in directory.glob("*.log"))
    if name is None:
        out.print("\n".join(known) or "no logs yet")
        return
    if name not in known:
        raise StackError(f"there is no log of {name!r}; there are: {', '.join(known) or 'none yet'}")
    path = directory / f"{name}.log"
    print(re.sub(r"^    ", "", tail(path, lines), flags=re.MULTILINE))
    if follow:
        _follow(path)


@app.command()
def env() -> None:
    """Shell exports of addresses and an admin token: eval "$(./tungnha env)"."""
    of = _up_or_error()
    values = {f"TUNGNHA_{service.upper()}_URL": of.api_url(service) for service in topology.SERVICES}
    values["TUNGNHA_TOKEN"] = tokens.issue(of.state, "local-admin", tokens.ADMIN_SCOPE, [tokens.nation()], 12 * 3600)
    for name, value in values.items():
        print(f"export {name}={shlex.quote(value)}")


@app.command()
def token(
    sub: Annotated[str, typer.Option(help="Who the token speaks for.")] = "local-admin",
    scope: Annotated[str, typer.Option(help="Scopes, space separated.")] = tokens.ADMIN_SCOPE,
    units: Annotated[str | None, typer.Option(help="Unit ids, comma separated; default: the nation.")] = None,
    ttl: Annotated[int, typer.Option(min=1, max=366 * 24 * 3600, help="Seconds it is valid.")] = 3600,
) -> None:
    """A bearer token of the local issuer."""
    roots = [tokens.nation()] if units is None else [unit.strip() for unit in units.split(",") if unit.strip()]
    print(tokens.issue(lifecycle.local_state(), sub, scope, roots, ttl))


@app.command()
def dashboard(
    units: Annotated[str | None, typer.Option(help="Unit ids, comma separated; default: the nation.")] = None,
    lang: Annotated[str, typer.Option(help="vi or en.")] = "vi",
) -> None:
    """A link that opens the dashboard, signed in for 12 hours; opened at once where there is a desktop."""
    of = _up_or_error()
    roots = [tokens.nation()] if units is None else [unit.strip() for unit in units.split(",") if unit.strip()]
    token = tokens.issue(of.state, "local-visitor", "reporting:read", roots, 12 * 3600)
    # Behind the "#": a browser never sends that part, so the token is in no log.
    link = f"{of.api_url('reporting')}/session?lang={lang}#token={token}"
    print(link)
    if sys.stdout.isatty() and (
        sys.platform == "darwin" or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    ):
        webbrowser.open(link)


# --- proving ---------------------------------------------------------------------------------------------------


@app.command()
def demo(
    small: Annotated[bool, typer.Option(help="Fewer provinces, a tenth of the visits.")] = False,
    seed: Annotated[int, typer.Option(help="Same seed, same villages, people and visits.")] = 2026,
    visits: Annotated[int | None, typer.Option(min=1, help="Visits of the Digital Sunday.")] = None,
    national: Annotated[bool, typer.Option(help="74,500 teams of 63 provinces, and the reform of 1/7/2025.")] = False,
) -> None:
    """Start the stack, play the pilot, the mergers, the reform and a Digital Sunday, and verify. Leaves it running.

    --national builds the network at its published size instead, on an empty stack.
    """
    state = lifecycle.local_state()
    if not lifecycle.is_up(state):
        lifecycle.ensure_requirements(say)
    lifecycle.start_detached(state, {}, say)
    raise typer.Exit(_load("ops.demo").main(small=small, seed=seed, visits=visits, national=national))


@app.command()
def verify(as_json: AsJson = False) -> None:
    """Prove from raw tables and feeds that nothing is lost, doubled or changed. Exit code 1 at the first difference."""
    _up_or_error()
    raise typer.Exit(_load("ops.verify").main(as_json=as_json))


@app.command()
def rebuild(
    compare: Annotated[bool, typer.Option(help="Fill and compare only: the live figures go on.")] = False,
    back: Annotated[bool, typer.Option(help="Answer again with the figures before the last switch.")] = False,
) -> None:
    """Count all figures of the reports anew from reporting's mirror, beside the live ones, compare, and switch to them.

    What differs is told figure by figure. --compare does not switch; exit code 0 if nothing differs, else 1.
    --back counts with the former figures what has happened since, and switches to them; exit code 1 if there are none.
    """
    if compare and back:
        raise StackError("--compare switches nothing, and --back switches back: give one of them")
    _up_or_error()
    of = stack.opened(lifecycle.local_state())
    chosen = ["--compare"] if compare else ["--back"] if back else []
    argv = [sys.executable, "-m", "services.reporting", "rebuild", *chosen]
    raise typer.Exit(subprocess.run(argv, env=of.environment("reporting"), cwd=ROOT, check=False).returncode)


@app.command()
def bench(
    name: Annotated[str, typer.Argument(help="append, pipeline, rebuild, …: a module of bench/.")],
    as_json: AsJson = False,
) -> None:
    """Run a benchmark; with --json its figures are one object on the last line."""
    known = sorted(path.stem for path in (ROOT / "bench").glob("[a-z]*.py"))
    if name not in known:
        raise StackError(f"there is no benchmark {name!r}; there are: {', '.join(known) or 'none'}")
    raise typer.Exit(_load(f"bench.{name}").main(as_json=as_json))


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def test(context: typer.Context) -> None:
    """The whole suite: format, lint, types, import rules, tests on private servers. Arguments go to pytest."""
    from ops.local import checks, install

    lifecycle.ensure_requirements(say)
    raise typer.Exit(checks.run(context.args, say, browser=install.ensure_chromium(say)))


# --- helpers ---------------------------------------------------------------------------------------------------


def _load(module: str) -> Any:
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name != module:
            raise
        raise StackError(f"this release has no {module.rpartition('.')[2]}") from None


def _scale(given: list[str] | None) -> dict[str, int]:
    names = {f"{service}-{kind}" for service in topology.SERVICES for kind in stack.KINDS}
    counts: dict[str, int] = {}
    for each in given or []:
        name, _, count = each.partition("=")
        if name not in names or not count.isdigit() or not 1 <= int(count) <= 16:
            raise StackError(f"--scale {each}: expected one of {', '.join(sorted(names))}, as NAME=1..16")
        counts[name] = int(count)
    return counts


def _up_or_error() -> stack.Stack:
    state = lifecycle.local_state()
    if supervisor.supervisor_of(state) is None:
        raise StackError("the stack is not up; start it with ./tungnha up --detach")
    return stack.opened(state)


def _print_addresses(of: stack.Stack) -> None:
    for service in topology.SERVICES:
        out.print(f"  {service:<10} {of.api_url(service)}")
    out.print('ready. Addresses and a token for your shell:  eval "$(./tungnha env)"')


def _print_status(found: dict[str, Any]) -> None:
    if not found["services"]:
        out.print("not running; start it with ./tungnha up --detach")
        return
    table = Table("process", "state", "pid", "address", "restarts", "MB", box=None, pad_edge=False)
    for name, entry in found["services"].items():
        colour = {"ready": "green", "failed": "red"}.get(entry["state"], "yellow")
        pid, restarts, memory = str(entry["pid"] or ""), str(entry["restarts"] or ""), f"{entry['rss_mb']:.0f}"
        table.add_row(name, f"[{colour}]{entry['state']}[/{colour}]", pid, entry["url"], restarts, memory)
    out.print(table)
    out.print("\nqueues  " + "  ".join(f"{name}={depth}" for name, depth in found["queues"].items()))
    for title in ("lag", "parked"):
        for name, counts in found[title].items():
            told = "  ".join(f"{key}={value}" for key, value in counts.items() if value or title == "lag")
            if told:
                out.print(f"{title:<7} {name}: {escape(told)}", soft_wrap=True)
    for name, entry in found["services"].items():
        for problem in entry["problems"]:
            out.print(f"[yellow]problem[/yellow] {name}: {escape(problem)}", soft_wrap=True)
    out.print(f"memory  {found['rss_mb']:.0f} MB" + ("" if found["ready"] else "   [yellow]not ready[/yellow]"))


def _follow(path: Path) -> None:
    with path.open(errors="replace") as file, contextlib.suppress(KeyboardInterrupt):
        file.seek(0, os.SEEK_END)
        while True:
            if line := file.readline():
                print(line, end="", flush=True)
            else:
                time.sleep(0.2)
