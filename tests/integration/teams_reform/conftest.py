"""One story, told by the tests of this folder in the order of their files on one database.

A bad file and the preview; applied by a worker that is killed, reconciled, undone, and applied again; what stands in
the way of undoing. Code 97 was Tứ Liên's and is Hồng Hà's.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from ops.local import provision
from ops.local.state import State
from shared.migrate import migrate
from tests.reform_kit import Story, told, uid
from tests.teams_kit import Teams


@pytest.fixture(scope="package")
def story(pg: Any, rabbit: Any, stack_state: State, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    db = provision.database(pg.admin_url, "teams", stack_state.secret, "test_teams_reform")
    migrate("teams", db.owner_url)
    rabbit.purge()
    registry = Teams(stack_state, db, tmp_path_factory.mktemp("reform"), rabbit.uri("teams"))
    try:
        registry.start("api")
        registry.start("worker")
        yield told(Story(registry, uid()))
    finally:
        codes = registry.stop()
    assert set(codes) == {0}, registry.output()[-5000:]
