"""People with a seat, and who of them was trained: whoever has two seats, or two ids, counts once. Pure.

A person counts at the unit of the seat that was taken first among those held on that day (a seat keeps its id when it
is carried to another team). So numbers of people add up over units: that of a commune is who counts there, not who has
a seat there. From the first day of training on the person is trained, wherever it then serves.

Ids that the registry joined are one human being, whenever that became known: each of them tells its seats and its
attendances to one record (``human``), which counts in their place.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from services.reporting.domain.tally import AT, Known, Tally

_PEOPLE, _TRAINED = AT["people"], AT["serving_trained"]
CAME, GONE, HUMAN = "came", "gone", "human"
"""What a person is told beside stints in a team: an attendance that stands, one that does not, whom it is one with."""
JOINS = ("joins", "all")
"""The one record of which ids are one."""

# --- ids that are one --------------------------------------------------------------------------------------------


def joined(tally: Tally, data: Mapping[str, Any]) -> None:
    tally.tell(*JOINS, [data["duplicate_id"], data["person_id"]])


def separated(tally: Tally, data: Mapping[str, Any]) -> None:
    tally.tell(*JOINS, [data["duplicate_id"], None])


def learn_joins(tally: Tally, _: str, known: Known, told: Sequence[Any]) -> None:
    before = _humans(known)
    for duplicate, kept in told:
        if kept is None:
            known.pop(duplicate, None)
        else:
            known[duplicate] = kept
    after = _humans(known)
    for person in sorted(before.keys() | after.keys()):
        if before.get(person) != after.get(person):
            tally.tell("person", person, (HUMAN, after.get(person)))


def _humans(into: Mapping[str, str]) -> dict[str, str]:
    """Every id that is joined with another → the one that was kept in the end."""
    return {person: _kept_in_the_end(person, into) for person in {*into, *into.values()}}


def _kept_in_the_end(person: str, into: Mapping[str, str]) -> str:
    met = {person}
    while (following := into.get(person)) is not None and following not in met:
        met.add(following)
        person = following
    return person


def count_joins(tally: Tally, _: str, known: Known, sign: int) -> None:
    """Which ids are one is no number."""


# --- what is known of an id --------------------------------------------------------------------------------------


def learn(tally: Tally, person: str, known: Known, told: Sequence[Any]) -> None:
    """Told the stints in a team, which replace what was known of it, and what else there is to say of this id."""
    before = known.get(HUMAN)
    for what, value in told:
        if what in (CAME, GONE):
            others = [each for each in known.get(CAME, ()) if each != value]
            known[CAME] = sorted([*others, value]) if what == CAME else others
        elif value:
            known[what] = value
        else:
            known.pop(what, None)
    human = known.get(HUMAN)
    if before not in (None, human):
        tally.tell("human", before, (person, None))
    if human is not None:
        tally.tell("human", human, (person, {name: value for name, value in known.items() if name != HUMAN}))


def count(tally: Tally, person: str, known: Known, sign: int) -> None:
    if HUMAN not in known:
        _count(tally, (known,), sign)


# --- human beings with several ids -------------------------------------------------------------------------------


def learn_human(tally: Tally, human: str, known: Known, told: Sequence[Any]) -> None:
    for person, says in told:
        if says is None:
            known.pop(person, None)
        else:
            known[person] = says


def count_human(tally: Tally, human: str, known: Known, sign: int) -> None:
    _count(tally, known.values(), sign)


# --- counting ----------------------------------------------------------------------------------------------------


def _count(tally: Tally, ids: Iterable[Known], sign: int) -> None:
    stints, first = _life(ids)
    days = {day for _, _, begun, end in stints for day in (begun, end) if day is not None}
    where, trained = None, False
    for day in sorted(days | {first} if first and stints else days):
        now = next((unit for _, unit, begun, end in stints if begun <= day and (end is None or day < end)), None)
        came = first is not None and first <= day
        if (now, came) != (where, trained):
            for unit, has, n in ((where, trained, -sign), (now, came, sign)):
                if unit is not None:
                    row = tally.row(unit, day)
                    row[_PEOPLE] += n
                    row[_TRAINED] += n * has
        where, trained = now, came


def _life(ids: Iterable[Known]) -> tuple[list[Any], str | None]:
    """All stints, those in the seat that was taken first before others, and the first day of training."""
    stints: list[Any] = []
    came: list[str] = []
    for known in ids:
        stints += (stint for team, of_it in known.items() if team != CAME and team != HUMAN for stint in of_it)
        came += known.get(CAME, ())[:1]
    taken: dict[str, str] = {}
    for seat, _, begun, _ in stints:
        taken[seat] = min(begun, taken.get(seat, begun))
    stints.sort(key=lambda stint: (taken[stint[0]], stint[0], stint[2]))
    return stints, min(came)[:10] if came else None
