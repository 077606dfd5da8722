"""A stack for each test."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from ops.local.provision import Database
from shared.db import engine
from tests.reporting_kit import MirrorWriter
from tests.reporting_stack import Stack


@pytest.fixture
def stack(database: Callable[..., Database]) -> Iterator[Stack]:
    own = engine(database("reporting").app_url, name="test", pool_size=8)
    yield Stack(own, MirrorWriter(own))
    own.dispose()
