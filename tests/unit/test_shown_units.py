"""What is shown of a unit is kept until any unit changes, and only for days between which nothing did."""

from __future__ import annotations

from datetime import date

from services.teams import shown_units
from shared.units import UnitTree
from tests.unit.test_units import established, reparented, tree

DAY, LATER = date(2024, 5, 1), date(2025, 7, 1)


def a_country() -> UnitTree:
    return tree(
        established("vn", "nation", None), established("p1", "province", "vn"), established("c1", "commune", "p1")
    )


def test_a_change_shows_although_the_unit_was_shown_before() -> None:
    country = a_country()
    before = shown_units.unit(country, "c1", DAY)
    country.apply(*established("p2", "province", "vn"))
    country.apply(*reparented("c1", "p2"))
    assert shown_units.unit(country, "c1", DAY) == before
    assert shown_units.unit(country, "c1", LATER)["ancestors"] == ("p2", "vn")
    country.apply("UnitRenamed", {"unit_id": "p1", "name": "Khác", "effective": "2023-01-01"})
    country.apply("UnitRenamed", {"unit_id": "c1", "name": "Hồng Hà", "effective": "2024-01-01"})
    assert shown_units.unit(country, "c1", DAY)["name"] == "Hồng Hà"


def test_each_answer_says_its_own_day() -> None:
    country = a_country()
    days = [DAY, date(2024, 5, 2)]
    assert [shown_units.unit(country, "c1", day)["as_of"] for day in days] == days


def test_no_more_is_kept_than_a_few_pages(monkeypatch) -> None:
    monkeypatch.setattr(shown_units, "KEPT", 2)
    country = a_country()
    assert [shown_units.unit(country, unit, DAY)["unit_id"] for unit in ("vn", "p1", "c1")] == ["vn", "p1", "c1"]
    assert len(country.told(DAY)) == 1
