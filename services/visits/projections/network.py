"""What teams says of its network: which teams and people were ever heard of, where teams stand, which are suspended.

Teams' events tell what changes from a day on, so where they stand only adds up, and late facts and corrections need no
order; for suspensions see ``suspensions``.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, text

from services.visits.projections import suspensions
from shared.log import Recorded

Data = Mapping[str, Any]
Stand = tuple[str, str, str, int]
"""Team, unit, day, and by how much its presence there changes from that day on."""

_TEAMS = text("INSERT INTO read.known_teams SELECT unnest(cast(:ids AS text[])) ON CONFLICT DO NOTHING")
_PEOPLE = text("INSERT INTO read.known_people SELECT unnest(cast(:ids AS text[])) ON CONFLICT DO NOTHING")
_STANDS = text(
    """INSERT INTO read.team_units AS t (team_id, unit_id, day, n)
       SELECT * FROM unnest(cast(:teams AS text[]), cast(:units AS text[]), cast(:days AS date[]), cast(:ns AS int[]))
       ON CONFLICT (team_id, unit_id, day) DO UPDATE SET n = t.n + excluded.n"""
)


class Network:
    """Projection ``network@2`` of teams' log."""

    name = "network@2"
    sources: Mapping[str, Collection[int]] = {"teams": (0,)}

    def apply(self, tx: Connection, batch: Sequence[tuple[str, Recorded]]) -> None:
        events = [(event.type, event.data) for _, event in batch if event.type in NETWORK_EVENTS]
        teams = sorted({data["team_id"] for type_, data in events if type_ == "TeamEstablished"})
        people = sorted({person for type_, data in events for person in _people(type_, data)})
        stands: dict[tuple[str, str, str], int] = {}
        for type_, data in events:
            for team, unit, day, n in _stands(type_, data):
                stands[team, unit, day] = stands.get((team, unit, day), 0) + n
        if teams:
            tx.execute(_TEAMS, {"ids": teams})
        if people:
            tx.execute(_PEOPLE, {"ids": people})
        if keys := sorted(key for key, n in stands.items() if n):
            of_teams, units, days = zip(*keys, strict=True)
            ns = [stands[key] for key in keys]
            tx.execute(_STANDS, {"teams": list(of_teams), "units": list(units), "days": list(days), "ns": ns})
        suspensions.store(tx, events)


def _people(type_: str, data: Data) -> Iterator[str]:
    match type_:
        case "PeopleJoined":
            yield from (data["person_id"], data["duplicate_id"])
        case "TeamsRearranged":
            for seats in ("carried", "joined", "released", "restored"):
                yield from (each["seat"]["person_id"] for each in data.get(seats, ()))
        case "TeamCorrected":
            for fact in data["facts"]:
                for member in ("established", "reconstituted", "appointed"):
                    yield from _seated(fact.get(member) or {})
        case "TeamEstablished" | "TeamReconstituted" | "SeatAppointed":
            yield from _seated(data)
        case _:  # a team that ends or moves says how many seats it has, not whose; others sat there before
            return


def _seated(data: Data) -> Iterator[str]:
    seats: Iterable[Data] = (
        [*data.get("seats", ()), *data.get("appointed", ())] if "seat" not in data else [data["seat"]]
    )
    yield from (seat["person_id"] for seat in seats)


def _established(data: Data) -> Iterator[Stand]:
    yield data["team_id"], data["unit_id"], data["effective"], 1


def _ended(data: Data) -> Iterator[Stand]:
    if not data.get("converted"):
        yield data["team_id"], data["unit_id"], data["effective"], -1


def _reassigned(data: Data) -> Iterator[Stand]:
    yield data["team_id"], data["from_unit_id"], data["effective"], -1
    yield data["team_id"], data["unit_id"], data["effective"], 1


def _rearranged(data: Data) -> Iterator[Stand]:
    for team in data["teams"]:
        yield team["team_id"], team["unit_id"], data["effective"], team["exists"] - team["existed"]


def _corrected(data: Data) -> Iterator[Stand]:
    """``counts`` are of this team alone."""
    for change in data["counts"]:
        yield data["team_id"], change["unit_id"], change["day"], change["teams"]


_STANDING: Mapping[str, Callable[[Data], Iterator[Stand]]] = {
    "TeamEstablished": _established,
    "TeamDissolved": _ended,
    "PilotEnded": _ended,
    "TeamReassigned": _reassigned,
    "TeamsRearranged": _rearranged,
    "TeamCorrected": _corrected,
}
NETWORK_EVENTS = suspensions.FACTS | {"PeopleJoined"}


def _stands(type_: str, data: Data) -> Iterator[Stand]:
    return _STANDING[type_](data) if type_ in _STANDING else iter(())
