"""One story, told by the tests of this folder in the order of their files on one database.

A bad file and the preview; applied by a worker that is killed, reconciled, undone, and applied again; what stands in
the way of undoing. Code 97 was Tứ Liên's and is Hồng Hà's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ops.local.provision import Database
from ops.local.state import State
from tests.reform_kit import Story, told, uid
from tests.teams_kit import Teams


@pytest.fixture(scope="package")
def story(
    session_database: Callable[..., Database],
    rabbit: Any,
    stack_state: State,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Story]:
    db = session_database("teams")
    rabbit.purge()
    registry = Teams(stack_state, db, tmp_path_factory.mktemp("reform"), rabbit.uri("teams"))
    try:
        registry.start("api")
        registry.start("worker")
        yield told(Story(registry, uid()))
    finally:
        codes = registry.stop()
    assert set(codes) == {0}, registry.output()[-5000:]
