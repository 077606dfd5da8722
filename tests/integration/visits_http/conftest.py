"""One stack for all tests of this folder: each works with places, visits and campaigns of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ops.local.provision import Database
from ops.local.state import State
from tests.visits_http_kit import Visits, running, teams


@pytest.fixture(scope="package")
def visits(
    session_database: Callable[..., Database],
    rabbit: Any,
    stack_state: State,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Visits]:
    db = session_database("visits")
    rabbit.purge()
    with teams(rabbit.uri("teams")) as feed:
        yield from running(db, rabbit, stack_state, tmp_path_factory.mktemp("visits"), feed)
