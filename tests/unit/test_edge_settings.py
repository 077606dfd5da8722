"""Settings: every error names its variable and shows no value."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.settings import Address, SettingError, Settings

URL = "postgresql://u:hunter2@127.0.0.1/x"


def test_values_and_their_types() -> None:
    settings = Settings.from_env(
        {
            "TUNGNHA_SERVICE_DATABASE_URL": URL,
            "TUNGNHA_HTTP_ADDRESS": "127.0.0.1:8601",
            "TUNGNHA_WORKER_ADDRESS": "[::1]:8611",
            "TUNGNHA_HASH_KEY": "00" * 32,
            "TUNGNHA_SOURCES": '{"teams":"http://127.0.0.1:8601/"}',
            "OTHER": "ignored",
        }
    )
    assert settings.service_database_url == URL
    assert settings.http_address == Address("127.0.0.1", 8601)
    assert (settings.worker_address.host, str(settings.worker_address)) == ("::1", "[::1]:8611")
    assert settings.hash_key == bytes(32)
    assert settings.sources == {"teams": "http://127.0.0.1:8601"}
    assert Settings.from_env({}).sources == {}


def test_a_secret_may_be_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "url"
    file.write_text(URL + "\n")
    assert Settings.from_env({"TUNGNHA_SERVICE_DATABASE_URL_FILE": str(file)}).service_database_url == URL
    both = {"TUNGNHA_FEED_TOKEN": "x", "TUNGNHA_FEED_TOKEN_FILE": str(file)}
    with pytest.raises(SettingError, match="TUNGNHA_FEED_TOKEN and TUNGNHA_FEED_TOKEN_FILE are both set"):
        Settings.from_env(both)
    with pytest.raises(SettingError, match="TUNGNHA_FEED_TOKEN_FILE: cannot read"):
        Settings.from_env({"TUNGNHA_FEED_TOKEN_FILE": str(tmp_path / "none")})


def test_what_is_missing_is_named_when_it_is_needed() -> None:
    settings = Settings.from_env({"TUNGNHA_JWKS": "keys.json", "TUNGNHA_ISSUER": ""})
    with pytest.raises(SettingError, match=r"TUNGNHA_VAULT_DATABASE_URL \(or TUNGNHA_VAULT_DATABASE_URL_FILE\)"):
        _ = settings.vault_database_url
    with pytest.raises(SettingError, match=r"TUNGNHA_ISSUER, TUNGNHA_HTTP_ADDRESS$"):
        settings.require("jwks", "issuer", "http_address")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TUNGNHA_HTTP_ADDRESS", "8601"),
        ("TUNGNHA_HTTP_ADDRESS", "localhost:http"),
        ("TUNGNHA_WORKER_ADDRESS", "127.0.0.1:70000"),
        ("TUNGNHA_HASH_KEY", "hunter2"),
        ("TUNGNHA_HASH_KEY", "00"),
        ("TUNGNHA_SOURCES", "[]"),
        ("TUNGNHA_SOURCES", '{"teams":1}'),
        ("TUNGNHA_SOURCES", "{"),
    ],
)
def test_a_wrong_format_is_refused_at_once(name: str, value: str) -> None:
    with pytest.raises(SettingError) as refused:
        Settings.from_env({name: value})
    assert name in str(refused.value)
    assert "hunter2" not in str(refused.value)


def test_secrets_do_not_show() -> None:
    shown = repr(Settings.from_env({"TUNGNHA_SERVICE_DATABASE_URL": URL, "TUNGNHA_ISSUER": "https://i"}))
    assert "hunter2" not in shown
    assert "service_database_url='…'" in shown
    assert "issuer='https://i'" in shown
