"""The engine for questions: snapshots that nothing is written in, and statements that are planned once."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import InternalError

from shared.db import engine
from tests.conftest import Database

HOW_MANY = text("SELECT count(*) FROM bus.cursors WHERE subscription = :name")
ADD = text("INSERT INTO bus.cursors (subscription, source, partition) VALUES ('x', '', :n)")


@pytest.fixture
def engines(database: Callable[..., Database]) -> Iterator[tuple[Engine, Engine]]:
    url = database("reporting").app_url
    made = engine(url, name="test", pool_size=1), engine(url, name="test questions", pool_size=1, questions=True)
    yield made
    for each in made:
        each.dispose()


def test_a_transaction_is_one_snapshot(engines: tuple[Engine, Engine]) -> None:
    own, questions = engines
    with questions.begin() as asking:
        assert asking.execute(HOW_MANY, {"name": "x"}).scalar() == 0
        with own.begin() as tx:
            tx.execute(ADD, {"n": 0})
        assert asking.execute(HOW_MANY, {"name": "x"}).scalar() == 0
    with questions.begin() as asking:
        assert asking.execute(HOW_MANY, {"name": "x"}).scalar() == 1


def test_nothing_is_written(engines: tuple[Engine, Engine]) -> None:
    with pytest.raises(InternalError, match="read-only"), engines[1].begin() as asking:
        asking.execute(ADD, {"n": 1})


def test_a_statement_is_planned_once(engines: tuple[Engine, Engine]) -> None:
    plans = text("SELECT sum(generic_plans), sum(custom_plans) FROM pg_prepared_statements")
    for _ in range(3):
        with engines[1].begin() as asking:
            asking.execute(HOW_MANY, {"name": "x"})
    with engines[1].begin() as asking:
        generic, custom = asking.execute(plans).one()
        assert generic >= 3 and custom == 0
