"""One api that most of these tests share; who stops it or changes its keys starts one of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.edge_kit import Api, a_key, start, write_keys
from tests.waiting import free_port


@pytest.fixture(scope="package")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    folder = tmp_path_factory.mktemp("edge")
    key = a_key()
    write_keys(folder / "jwks.json", key)
    api = start(folder, free_port(), key, folder / "jwks.json")
    yield api
    api.process.terminate()
    assert api.process.wait(12) == 0, api.output.read_text()


@pytest.fixture(scope="package")
def http(api: Api) -> Iterator[httpx.Client]:
    with api.client() as client:
        yield client


@pytest.fixture
def own(tmp_path: Path) -> Iterator[list[Api]]:
    started: list[Api] = []
    yield started
    for api in started:
        if api.process.poll() is None:
            api.process.kill()
            api.process.wait()
