"""The command line where nothing runs: what it says, and with which exit code."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ops.local import install, process, provision, rabbitmq, tokens
from ops.local.process import StackError
from ops.local.state import ROOT, State
from shared.access import BadToken, Verifier


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout of its own, so that nobody's running stack is asked."""
    checkout = tmp_path_factory.mktemp("bản") / "sao"
    for name in ("ops", "shared", "services", "bench"):
        if (ROOT / name).exists():
            shutil.copytree(ROOT / name, checkout / name, ignore=shutil.ignore_patterns("*.pyc.*"))
    return checkout


def tungnha(copy: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    env = process.clean_environment() | {"PYTHONPATH": str(copy), "COLUMNS": "200"}
    command = [sys.executable, "-m", "ops", *arguments]
    return subprocess.run(command, cwd=copy, env=env, capture_output=True, text=True, timeout=60)


def test_status_of_nothing(copy):
    done = tungnha(copy, "status", "--json")
    assert json.loads(done.stdout) == {
        "ready": False,
        "services": {},
        "queues": {},
        "lag": {},
        "parked": {},
        "rss_mb": 0.0,
    }
    assert done.returncode == 1


@pytest.mark.parametrize(
    ("arguments", "said", "code"),
    [
        (["verify"], "the stack is not up", 1),
        (["env"], "the stack is not up", 1),
        (["rebuild", "--compare"], "the stack is not up", 1),
        (["rebuild", "--compare", "--back"], "give one of them", 1),
        (["restart", "visits-api"], "the stack is not up", 1),
        (["bench", "nonsense"], "there is no benchmark 'nonsense'", 1),
        (["logs", "nonsense"], "there is no log of 'nonsense'", 1),
        (["up", "--scale", "visits-api=0"], "expected one of", 1),
        (["up", "--scale", "nobody=2"], "expected one of", 1),
        (["dance"], "No such command 'dance'", 2),
        (["down"], "nothing was running", 0),
    ],
)
def test_what_cannot_be_done_is_said_in_words(copy, arguments, said, code):
    done = tungnha(copy, *arguments)
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert done.returncode == code


def test_a_token_opens_what_it_names_and_only_for_this_issuer(copy):
    done = tungnha(copy, "token", "--sub", "lan", "--scope", "visits:write", "--units", "a,b", "--ttl", "60")
    text = done.stdout.strip()
    keys = str(copy / ".local" / "jwks.json")
    actor = Verifier(keys, tokens.ISSUER).verify(text)
    assert (actor.sub, actor.scopes, actor.units) == ("lan", {"visits:write"}, {"a", "b"})
    later = json.loads(base64.urlsafe_b64decode(text.split(".")[1] + "=="))["exp"] + 60
    with pytest.raises(BadToken, match="expired"):
        Verifier(keys, tokens.ISSUER, clock=lambda: later).verify(text)
    with pytest.raises(BadToken, match="wrong issuer"):
        Verifier(keys, "somebody-else").verify(text)
    assert '"d"' not in (copy / ".local" / "jwks.json").read_text()


def test_addresses_keep_their_server_and_escape_their_secrets():
    url = provision.with_login("postgresql://root:x@db.example:6543/postgres?sslmode=require", "a_app", "p@/:", "own")
    assert url == "postgresql://a_app:p%40%2F%3A@db.example:6543/own?sslmode=require"


def test_without_rabbitmq_and_without_rights_the_commands_are_told(monkeypatch):
    monkeypatch.setattr(rabbitmq, "server_script", lambda: None)
    monkeypatch.setattr(install, "_elevation", lambda: None)
    with pytest.raises(StackError) as told:
        install.ensure_rabbitmq(lambda text: None)
    for words in ("apt-get install rabbitmq-server", "dnf install", "brew install", "docker run", "TUNGNHA_AMQP_URI"):
        assert words in str(told.value)


def test_installing_starts_no_system_broker_and_puts_everything_back(monkeypatch, tmp_path):
    policy = tmp_path / "policy-rc.d"
    policy.write_text("#!/bin/sh\nexit 0\n")
    policy.chmod(0o755)
    monkeypatch.setattr(install, "_POLICY", policy)
    seen: list[int] = []

    def interrupted(elevate: list[str]) -> None:
        seen.append(subprocess.run([str(policy)]).returncode)
        raise KeyboardInterrupt

    monkeypatch.setattr(install, "_install", interrupted)
    with pytest.raises(KeyboardInterrupt), install._no_service_starts([]):
        install._install([])
    assert seen == [101]
    assert subprocess.run([str(policy)]).returncode == 0
    assert [path.name for path in tmp_path.iterdir()] == ["policy-rc.d"]


def test_no_policy_before_is_no_policy_after(monkeypatch, tmp_path):
    monkeypatch.setattr(install, "_POLICY", tmp_path / "policy-rc.d")
    with install._no_service_starts([]):
        assert (tmp_path / "policy-rc.d").exists()
    assert list(tmp_path.iterdir()) == []


def test_server_files_stay_off_paths_that_erlang_stumbles_over(monkeypatch, tmp_path):
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    plain, awkward = State(tmp_path / "plain"), State(tmp_path / "Từng Nhà")
    assert plain.servers == plain.directory / "servers"
    assert awkward.key in str(awkward.servers) and str(awkward.servers).isascii()
    assert awkward.servers != State(tmp_path / "Nhà khác").servers
