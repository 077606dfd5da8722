"""What tests of several modules share: starting processes costs more than most of these tests do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ops.local.provision import Database
from ops.local.state import State
from tests.reporting_service import reporting
from tests.teams_kit import TOP, Teams, batch, running

__all__ = ["reporting", "service"]


@pytest.fixture(scope="session")
def service(
    session_database: Callable[..., Database],
    rabbit: Any,
    stack_state: State,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Teams]:
    """Teams as it runs, for tests that work in units of their own below the nation and its three provinces.

    Who asks for the whole nation, or rules it, starts a service of its own under this name.
    """
    with running(session_database("teams"), rabbit, stack_state, tmp_path_factory.mktemp("teams")) as teams:
        with teams.client() as client:
            assert batch(client, "/v1/units/batch", TOP)["counts"] == {"stored": len(TOP)}
        yield teams
