"""Rebuilding and going back in tests, and all that either must leave as it was or bring about."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import text

from ops.local.provision import Database
from services.reporting import rebuild as rebuilding
from services.reporting import replaying, store
from services.reporting.differing import Diff
from services.reporting.rebuild import Rebuilt, rebuild, take_back
from shared.db import engine
from shared.unit_directory import UnitDirectory
from tests.reporting_kit import Facts, MirrorWriter, country, some_facts, unit_rows
from tests.reporting_stack import TODAY, Stack, tree_of

Arriving = list[tuple[str, int, str, Any]]


def in_chunks(database: Callable[..., Database], monkeypatch: pytest.MonkeyPatch) -> Iterator[Stack]:
    """Few events are many: a replay takes several chunks."""
    monkeypatch.setattr(replaying, "CHUNK", 7)
    monkeypatch.setattr(rebuilding, "CLOSE", 3)
    own = engine(database("reporting").app_url, name="test", pool_size=8)
    yield Stack(own, MirrorWriter(own))
    own.dispose()


def anew(stack: Stack, *, compare_only: bool = False) -> Rebuilt:
    directory = UnitDirectory(stack.engine)
    return rebuild(stack.engine, directory, lambda: TODAY, lambda done, total: None, compare_only=compare_only)


def back(stack: Stack) -> Rebuilt:
    return take_back(stack.engine, UnitDirectory(stack.engine), lambda: TODAY, lambda done, total: None)


def compared(done: Rebuilt) -> Diff:
    assert done.diff is not None
    return done.diff


def arrive(stack: Stack, events: Arriving) -> None:
    stack.mirror.add(events)
    stack.units()
    stack.figures()
    stack.maps.settle()


def some_history(seed: int, visits: int = 60) -> tuple[Arriving, list[Any], Facts]:
    """Units and facts mixed, the reform in the middle of them."""
    rng = random.Random(seed)
    units = country(rng)
    facts = some_facts(rng, tree_of(units), visits)
    early, late = units[:-30], units[-30:]
    half = len(facts.events) // 2
    return [*unit_rows(early), *facts.events[:half], *unit_rows(late), *facts.events[half:]], units, facts


def state(stack: Stack) -> tuple[str, list[Any], list[Any], dict[str, list[Any]]]:
    """Which slot answers, how far it has come, what is parked, and all it holds."""
    with stack.engine.connect() as tx:
        slot = store.live(tx).name
        cursors = tx.execute(text("SELECT source, partition, position FROM bus.cursors ORDER BY 1, 2, 3")).all()
        parked = tx.execute(text("SELECT source, partition, position FROM bus.parked ORDER BY 1, 2, 3")).all()
    return slot, [tuple(row) for row in cursors], [tuple(row) for row in parked], stack.tables()


def planted(stack: Stack, statement: str) -> None:
    """Change one row behind everybody's back."""
    with stack.engine.begin() as tx:
        assert tx.exec_driver_sql(statement).rowcount == 1
