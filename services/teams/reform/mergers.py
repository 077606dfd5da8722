"""Teams of units that become one: every seat is carried into one team; of a person with several, the best one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from uuid import uuid5

from services.teams.domain.proposals import fates
from services.teams.domain.team.events import Seat
from services.teams.domain.team.merge import MergeTeams
from services.teams.domain.team.rearrange import NewTeam
from services.teams.domain.team.replay import as_of
from services.teams.domain.team.state import Team
from services.teams.reform.moves import Merger
from services.teams.reform.orders import Order, Papers, Phase


def merger_orders(papers: Papers, mergers: Sequence[Merger], teams: Mapping[str, Team | None]) -> Iterator[Order]:
    """``teams``: states by id. A merger of teams that are not known is left out."""
    for merger in mergers:
        known = {team: state for team in (*merger.teams, merger.into) if team and (state := teams.get(team))}
        if len(known) < 2:
            continue
        yield _order(papers, merger, known)


def _order(papers: Papers, merger: Merger, known: Mapping[str, Team]) -> Order:
    seats = [seat for team in known.values() for seat in open_on_eve(team, merger)]
    name = f"{merger.unit_id}/{merger.kind}/{merger.day}"
    into, new = merger.into, None
    if into is None:
        largest = max(known.values(), key=lambda team: (len(open_on_eve(team, merger)), team.birth.team_id))
        into = str(uuid5(papers.reform, f"team/{name}"))
        simulated = all(team.birth.simulated for team in known.values())
        new = NewTeam(largest.birth.kind, merger.unit_id, largest.names[-1][1], simulated)
    command = MergeTeams(
        str(uuid5(papers.reform, f"merger/{name}")),
        into,
        tuple(team for team in merger.teams if team in known),
        tuple(fates(seats)),
        merger.day,
        papers.id_of(merger.paper),
        new,
    )
    return Order(Phase.MERGERS, uuid5(papers.reform, f"merge/{name}"), command, len(known))


def open_on_eve(team: Team, merger: Merger) -> tuple[Seat, ...]:
    then = as_of(team, merger.day)
    return then.open_seats if then else ()
