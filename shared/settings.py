"""Settings of one process, read once from ``TUNGNHA_*`` (table in docs/architecture.md).

Only what a process asks for must be there: ``migrate`` needs the owner's address and nothing else. A format is checked
when the settings are read, a missing value when it is first asked for (or at once, with ``require``), and either error
names the variable and never shows a value.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

PREFIX = "TUNGNHA_"
FROM_FILE = {
    "SERVICE_DATABASE_URL",
    "VAULT_DATABASE_URL",
    "OWNER_DATABASE_URL",
    "SERVICE_AMQP_URI",
    "HASH_KEY",
    "FEED_TOKEN",
}
PLAIN = {"HTTP_ADDRESS", "WORKER_ADDRESS", "JWKS", "ISSUER", "SOURCES", "JOB_RETENTION_DAYS", "SECURE_COOKIES"}


class SettingError(Exception):
    """A setting is missing or unreadable; the message names the variable, never its value."""


class Address(NamedTuple):
    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True)
class Settings:
    """The settings of one process. Every property raises ``SettingError`` if its variable is not set."""

    _values: Mapping[str, str] = field(repr=False)

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> Settings:
        """Reads the environment, and the files that ``*_FILE`` variables name; checks every format."""
        read = {name: _value(env, name) for name in sorted(FROM_FILE | PLAIN)}
        settings = cls({name: value for name, value in read.items() if value is not None})
        for name, check in _CHECKS.items():
            if name in settings._values:
                check(name, settings._values[name])
        return settings

    def require(self, *names: str) -> Settings:
        """Fails now if a property named here (``"service_amqp_uri"``) has no value; returns itself."""
        missing = [name for name in names if name.upper() not in self._values]
        if missing:
            raise SettingError("not set: " + ", ".join(_title(name.upper()) for name in missing))
        return self

    def _get(self, name: str) -> str:
        self.require(name)
        return self._values[name.upper()]

    @property
    def service_database_url(self) -> str:
        return self._get("service_database_url")

    @property
    def vault_database_url(self) -> str:
        return self._get("vault_database_url")

    @property
    def owner_database_url(self) -> str:
        return self._get("owner_database_url")

    @property
    def service_amqp_uri(self) -> str:
        return self._get("service_amqp_uri")

    @property
    def http_address(self) -> Address:
        return _address("HTTP_ADDRESS", self._get("http_address"))

    @property
    def worker_address(self) -> Address:
        return _address("WORKER_ADDRESS", self._get("worker_address"))

    @property
    def hash_key(self) -> bytes:
        return _hex("HASH_KEY", self._get("hash_key"))

    @property
    def jwks(self) -> str:
        return self._get("jwks")

    @property
    def issuer(self) -> str:
        return self._get("issuer")

    @property
    def feed_token(self) -> str:
        return self._get("feed_token")

    @property
    def sources(self) -> dict[str, str]:
        """Feed addresses of the other services, without a trailing slash; empty if none are set."""
        return _sources("SOURCES", self._values.get("SOURCES", "{}"))

    @property
    def job_retention_days(self) -> float:
        """How long uploaded files and their results are kept after a job has ended; 7 days if not set."""
        return _days("JOB_RETENTION_DAYS", self._values.get("JOB_RETENTION_DAYS", "7"))

    @property
    def secure_cookies(self) -> bool:
        """Whether browsers may send the cookie of a session over https only; no if not set."""
        return _yes("SECURE_COOKIES", self._values.get("SECURE_COOKIES", "no"))

    def __repr__(self) -> str:
        shown = {name: value for name, value in sorted(self._values.items()) if name in PLAIN}
        hidden = {name: "…" for name in sorted(self._values) if name in FROM_FILE}
        return f"Settings({', '.join(f'{n.lower()}={v!r}' for n, v in (shown | hidden).items())})"


def _title(name: str) -> str:
    return f"{PREFIX}{name} (or {PREFIX}{name}_FILE)" if name in FROM_FILE else PREFIX + name


def _value(env: Mapping[str, str], name: str) -> str | None:
    direct, path = env.get(PREFIX + name), env.get(f"{PREFIX}{name}_FILE") if name in FROM_FILE else None
    if direct and path:
        raise SettingError(f"{PREFIX}{name} and {PREFIX}{name}_FILE are both set; keep one")
    if not path:
        return direct or None
    try:
        return Path(path).read_text(encoding="utf-8").strip() or None
    except (OSError, UnicodeDecodeError) as error:
        raise SettingError(f"{PREFIX}{name}_FILE: cannot read the file it names ({type(error).__name__})") from None


def _address(name: str, value: str) -> Address:
    host, _, port = value.rpartition(":")
    if not host or not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise SettingError(f"{PREFIX}{name}: expected host:port, such as 127.0.0.1:8601")
    return Address(host.strip("[]"), int(port))


def _hex(name: str, value: str) -> bytes:
    try:
        key = bytes.fromhex(value)
    except ValueError:
        raise SettingError(f"{PREFIX}{name}: expected hexadecimal digits") from None
    if len(key) < 16:
        raise SettingError(f"{PREFIX}{name}: expected at least 16 bytes")
    return key


def _sources(name: str, value: str) -> dict[str, str]:
    try:
        sources = json.loads(value)
    except ValueError:
        sources = None
    if not isinstance(sources, dict) or not all(isinstance(address, str) for address in sources.values()):
        raise SettingError(f'{PREFIX}{name}: expected JSON such as {{"teams":"http://127.0.0.1:8601"}}')
    return {source: address.rstrip("/") for source, address in sources.items()}


def _days(name: str, value: str) -> float:
    try:
        days = float(value)
    except ValueError:
        days = -1.0
    if not 0 < days <= 365:
        raise SettingError(f"{PREFIX}{name}: expected a number of days up to 365")
    return days


def _yes(name: str, value: str) -> bool:
    if value not in ("yes", "no"):
        raise SettingError(f"{PREFIX}{name}: expected yes or no")
    return value == "yes"


_CHECKS = {
    "HTTP_ADDRESS": _address,
    "WORKER_ADDRESS": _address,
    "HASH_KEY": _hex,
    "SOURCES": _sources,
    "JOB_RETENTION_DAYS": _days,
    "SECURE_COOKIES": _yes,
}
