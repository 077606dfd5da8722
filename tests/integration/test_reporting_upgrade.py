"""A database with figures of the first version comes over by itself, once the mirror holds all that is counted now."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import date

import pytest
from sqlalchemy import Engine, text

from ops.local.provision import Database
from services.reporting import store
from services.reporting.domain import USES
from services.reporting.indicators import CATALOGUE
from services.reporting.maps import Maps
from services.reporting.positions import progress
from services.reporting.projections import Figures
from services.reporting.queries.reports import Reports
from services.reporting.queries.standing import Area
from services.reporting.schemas.reports import Question
from services.reporting.upgrade import Upgrade
from shared.db import engine
from shared.memory import MemoryLog
from shared.migrate import migrate
from shared.problems import Problem
from shared.subscription import Halted, Subscription
from shared.unit_directory import UnitDirectory, Units
from shared.units import UnitTree
from tests.reporting_kit import NATION, Facts, MirrorWriter, attended, country, some_facts, team, unit_rows

TODAY = date(2026, 11, 21)
EVER = date(2022, 1, 1)
_OF_A_ROW = {"map", "unit", "kind", "day", "month", "previous_month"}
"""What a row is of, not what it counts."""


@pytest.fixture
def old(database: Callable[..., Database]) -> Iterator[tuple[Engine, Database]]:
    """A database of the release before, with 60 visits in its mirror that its figures have counted."""
    made = database("reporting", migrate=False)
    migrate("reporting", made.owner_url, to="0002")
    own = engine(made.app_url, name="test", pool_size=8)
    rng = random.Random(1)
    units = country(rng)
    mirror = MirrorWriter(own)
    mirror.add([*unit_rows(units), *some_facts(rng, tree_of(units), 60).events])
    with own.begin() as tx:
        for (source, partition), position in mirror.heads().items():
            tx.execute(
                text("INSERT INTO bus.cursors (subscription, source, partition, position) VALUES (:n, :s, :p, :at)"),
                {"n": "figures@1", "s": source, "p": partition, "at": position},
            )
    migrate("reporting", made.owner_url)
    yield own, made
    own.dispose()


def tree_of(events: list[tuple[str, dict[str, object]]]) -> UnitTree:
    tree = UnitTree()
    for event in events:
        tree.apply(*event)
    return tree


def test_it_waits_for_the_mirror_and_then_takes_over(old: tuple[Engine, Database]) -> None:
    own, _ = old
    units = Subscription(Units(), own, MemoryLog())
    while units.step():
        pass
    figures = Subscription(Figures(UnitDirectory(own)), own, MemoryLog())
    with pytest.raises(Halted):
        figures.step()
    reports = Reports(Area(own, UnitDirectory(own), lambda: TODAY, own), own)
    shown = reports.area.shown(NATION, None)
    asked = Question(CATALOGUE.chosen(("visits",)), map_day=None, first=EVER).settled(TODAY)
    with pytest.raises(Problem) as refused:
        reports.answer(shown, asked, "en")
    assert refused.value.code == "not-ready"
    assert Maps(own, UnitDirectory(own), lambda: TODAY).settle() == 0

    upgrade = Upgrade(own, UnitDirectory(own), lambda: TODAY, USES)
    assert upgrade.step() == 0, "nobody knows whether the mirror holds what is used now"
    with own.begin() as tx:
        for source, types in USES.items():
            key = {"source": source, "types": sorted(types)}
            tx.execute(text("UPDATE bus.sources SET types = :types WHERE source = :source"), key)
    assert upgrade.step() > 60
    assert upgrade.step() == 0

    assert reports.answer(shown, asked, "en")["figures"]["visits"] == 61
    assert figures.step() == 0, "it goes on where the first version was"
    with own.connect() as tx:
        assert (store.live(tx).name, store.counts(tx)) == ("2a", store.COUNTS)
        assert sum(progress(tx).lag().values()) == 0
        names = tx.execute(text("SELECT DISTINCT subscription FROM bus.cursors")).scalars()
        assert set(names) == {"figures@2", "units@1"}


def test_a_slot_that_counts_less_is_filled_anew(database: Callable[..., Database]) -> None:
    own = engine(database("reporting").app_url, name="test", pool_size=8)
    with own.begin() as tx:
        assert store.live(tx).name == "2a", "a new database has nothing to wait for"
        tx.execute(text("UPDATE read.figures_live SET counts = counts - 1"))
        for source, types in USES.items():
            key = {"source": source, "types": sorted(types)}
            tx.execute(text("INSERT INTO bus.sources (source, types) VALUES (:source, :types)"), key)
    Upgrade(own, UnitDirectory(own), lambda: TODAY, USES).step()
    with own.connect() as tx:
        assert (store.live(tx).name, store.counts(tx)) == ("2b", store.COUNTS)
    own.dispose()


def test_columns_that_came_later_are_filled_by_a_rebuild(database: Callable[..., Database]) -> None:
    """Figures counted by the code before: who serves was known, who of them was trained was not looked at."""
    made = database("reporting", migrate=False)
    migrate("reporting", made.owner_url, to="0012")
    own = engine(made.app_url, name="test", pool_size=8)
    mirror, facts = MirrorWriter(own), Facts()
    team(facts, "t", "commune", "p1-d1-c1", EVER, 3)
    attended(facts, "person-1", "p1-d1-c1", EVER, {})
    mirror.add([*unit_rows(country(random.Random(1))), *facts.events])
    with own.begin() as tx:
        for (source, partition), position in mirror.heads().items():
            tx.execute(
                text("INSERT INTO bus.cursors (subscription, source, partition, position) VALUES (:n, :s, :p, :at)"),
                {"n": "figures@2", "s": source, "p": partition, "at": position},
            )
        for source, types in USES.items():
            key = {"source": source, "types": sorted(types)}
            tx.execute(text("UPDATE bus.sources SET types = :types WHERE source = :source"), key)
    migrate("reporting", made.owner_url)
    units = Subscription(Units(), own, MemoryLog())
    while units.step():
        pass
    reports = Reports(Area(own, UnitDirectory(own), lambda: TODAY, own), own)
    asked = Question(CATALOGUE.chosen(("training_coverage",)), first=EVER).settled(TODAY)
    Maps(own, UnitDirectory(own), lambda: TODAY).settle()
    answer = reports.answer(reports.area.shown(NATION, None), asked, "en")
    assert "counted_anew" in [each["code"] for each in answer["warnings"]]
    Upgrade(own, UnitDirectory(own), lambda: TODAY, USES).step()
    answer = reports.answer(reports.area.shown(NATION, None), asked, "en")
    assert answer["figures"]["training_coverage"] == {"value": 33.33, "numerator": 1, "denominator": 3}
    assert "counted_anew" not in [each["code"] for each in answer["warnings"]]
    own.dispose()


def test_rows_of_open_lists_move_into_the_rows_of_their_days(database: Callable[..., Database]) -> None:
    made = database("reporting", migrate=False)
    migrate("reporting", made.owner_url, to="0011")
    own = engine(made.app_url, name="test", pool_size=2)
    with own.begin() as tx:
        tx.execute(text("INSERT INTO read.leaf_2a (unit, day, visits) VALUES ('v', '2026-01-01', 1)"))
        tx.execute(
            text(
                """INSERT INTO read.keyed_2a (unit, figure, key, day, n) VALUES
                   ('v', 'platforms', 'vneid', '2026-01-01', 2), ('v', 'outcomes', 'account', '2026-01-01', 1),
                   ('v', 'platforms', 'vssid', '2026-01-01', 0), ('w', 'plans_year', '2026', '2026-01-01', 1)"""
            )
        )
    migrate("reporting", made.owner_url)
    with own.connect() as tx:
        rows = tx.execute(text("SELECT unit, visits, keyed FROM read.leaf ORDER BY unit")).all()
    assert rows == [("v", 1, {"platforms:vneid": 2, "outcomes:account": 1}), ("w", None, {"plans_year:2026": 1})]
    own.dispose()


@pytest.mark.parametrize(("table", "number"), [("rollup_reach_months", 14), ("rollup_months", 17)])
def test_months_are_filled_from_the_days_that_are_there(
    database: Callable[..., Database], table: str, number: int
) -> None:
    made = database("reporting")
    own, owner = engine(made.app_url, name="test", pool_size=8), engine(made.owner_url, name="owner", pool_size=1)
    rng = random.Random(3)
    units = country(rng)
    MirrorWriter(own).add([*unit_rows(units), *some_facts(rng, tree_of(units), 200).events])
    for projection in (Units(), Figures(UnitDirectory(own))):
        subscription = Subscription(projection, own, MemoryLog())
        while subscription.step():
            pass
        Maps(own, UnitDirectory(own), lambda: TODAY).settle()

    def months() -> list[dict[str, object]]:
        """What is told of each, without zeros."""
        with own.connect() as tx:
            rows = [dict(row) for row in tx.execute(text(f"SELECT * FROM read.{table}")).mappings()]
        told = [
            {name: value for name, value in row.items() if value and name != "map"} | {"map": row["map"]}
            for row in rows
        ]
        return sorted((row for row in told if row.keys() - _OF_A_ROW), key=str)

    written = months()
    assert len({row["unit"] for row in written}) > 2
    with owner.begin() as tx:
        tx.execute(text(f"DROP VIEW read.{table}"))
        tx.execute(text(f"DROP TABLE read.{table}_2a, read.{table}_2b"))
        tx.execute(text("UPDATE schema_version SET version_num = :before"), {"before": f"{number - 1:04}"})
    migrate("reporting", made.owner_url, to=f"{number:04}")
    assert months() == written
    own.dispose()
    owner.dispose()


def test_what_is_uncertain_is_found_out_by_whoever_settles_the_maps_next(database: Callable[..., Database]) -> None:
    made = database("reporting")
    own, owner = engine(made.app_url, name="test", pool_size=8), engine(made.owner_url, name="owner", pool_size=1)
    rng = random.Random(1)
    units = country(rng)
    MirrorWriter(own).add([*unit_rows(units), *some_facts(rng, tree_of(units), 60).events])
    maps = Maps(own, UnitDirectory(own), lambda: TODAY, resting=0)
    for projection in (Units(), Figures(UnitDirectory(own))):
        subscription = Subscription(projection, own, MemoryLog())
        while subscription.step():
            pass
        maps.settle()

    def uncertain() -> list[list[object]]:
        statements = ["SELECT * FROM read.placement"]
        statements += [f"SELECT * FROM read.{name} WHERE uncertain <> 0" for name in ("rollup", "rollup_months")]
        with own.connect() as tx:
            return [sorted((dict(row) for row in tx.execute(text(each)).mappings()), key=str) for each in statements]

    written = uncertain()
    assert all(written)
    with owner.begin() as tx:
        for name in ("placement", "rollup", "rollup_months"):
            tx.execute(text(f"DROP VIEW read.{name}"))
            for slot in store.SLOTS:
                levels = ("home_", "commune_", "district_", "province_") if name == "placement" else ("",)
                dropped = ", ".join(f"DROP COLUMN {level}uncertain" for level in levels)
                tx.execute(text(f"ALTER TABLE read.{name}_{slot} {dropped}"))
        tx.execute(text("UPDATE schema_version SET version_num = '0017'"))
    migrate("reporting", made.owner_url)
    assert uncertain()[1:] == [[], []]
    with own.connect() as tx:
        assert progress(tx).map_position == 0, "answers say that the maps are being settled"
    assert maps.settle() > 0
    assert uncertain() == written
    assert maps.settle() == 0
    own.dispose()
    owner.dispose()
