"""What a folded team was on which days, as rows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from services.teams.domain.dated import on
from services.teams.domain.team.events import Role
from services.teams.domain.team.state import Team
from shared.vietnamese import fold

Row = dict[str, Any]


def spans(team: Team) -> list[Row]:
    """Rows of ``read.team_spans``: stretches of days on which nothing of it changed."""
    always = {
        "team_id": team.birth.team_id,
        "established": team.established,
        "ended": team.ended,
        "ending": team.ending,
        "into_team_id": team.into,
        "document_id": team.birth.document_id,
        "simulated": team.birth.simulated,
        "kind": team.birth.kind,
    }
    rows: list[Row] = []
    for since, until in _stretches(team):
        row = _on(team, since)
        last = rows[-1] if rows else None
        if last and last["until"] == since and all(last[name] == value for name, value in row.items()):
            last["until"] = until
        else:
            rows.append({**always, "since": since, "until": until, **row})
    return rows


def _on(team: Team, day: date) -> Row:
    name = on(team.names, day) or team.birth.name
    filled = team.filled_on(day)
    return {
        "unit_id": team.unit_on(day),
        "standing": team.standing_on(day),
        "name": name,
        "folded": fold(name),
        "seats": len(filled),
        "leaders": sum(seated.seat.role is Role.LEADER for seated in filled),
    }


def _stretches(team: Team) -> Iterator[tuple[date, date | None]]:
    """The days of its lives, cut wherever something may change."""
    cuts = {day for day, _ in (*team.names, *team.units)}
    cuts |= {day for span in team.suspensions for day in (span.since, span.until) if day is not None}
    seated = (*team.past, *team.seats.values())
    cuts |= {day for seat in seated for day in (seat.since, seat.until) if day is not None}
    if team.converted is not None:
        cuts.add(team.converted)
    for life in team.lives:
        inside = sorted(day for day in cuts if life.since < day and (life.until is None or day < life.until))
        if life.until is None or life.since < life.until:
            firsts = [life.since, *inside]
            yield from zip(firsts, [*firsts[1:], life.until], strict=True)


def seats(team: Team) -> Iterator[Row]:
    """Rows of ``read.seats``; a filling that lasted no day has none."""
    for seated in (*team.past, *team.seats.values()):
        if seated.until is None or seated.since < seated.until:
            seat = seated.seat
            yield {
                "team_id": team.birth.team_id,
                "seat_id": seat.seat_id,
                "since": seated.since,
                "until": seated.until,
                "person_id": seat.person_id,
                "role": seat.role,
                "affiliation": seat.affiliation,
            }
