"""The order of the tests that share the whole system."""

from __future__ import annotations

import pytest

COUNTING = "test_verify.py"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Each of these counts everything there is: they come before the floods and sieges that leave so much of it."""
    items.sort(key=lambda item: item.path.name != COUNTING)
