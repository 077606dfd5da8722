"""Teams as their streams tell, up to a moment: the domain's own fold, many streams in one round trip."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from services.teams.domain.team.events import TeamEstablished
from services.teams.domain.team.life import team_stream
from services.teams.domain.team.replay import evolve
from services.teams.domain.team.state import Team
from services.teams.projections.registry import OF_TEAMS
from shared.codec import Codec, NothingChanged
from shared.log import Recorded


@dataclass(frozen=True, slots=True)
class Folded:
    """``version``: of the stream now, whatever was known when."""

    team: Team
    version: int


class Loads(Protocol):
    """A ``Log``, as far as it is needed here."""

    def load(self, after: Mapping[str, int]) -> dict[str, list[Recorded]]: ...


class Folds:
    def __init__(self, log: Loads) -> None:
        self._log = log
        self._codec = Codec(*OF_TEAMS)

    def teams(self, team_ids: Collection[str], known_at: datetime | None = None) -> dict[str, Folded]:
        """Those that had been recorded by then, by id."""
        streams = self._log.load({team_stream(team_id): 0 for team_id in team_ids})
        found = {}
        for team_id in team_ids:
            events = streams[team_stream(team_id)]
            team = self.fold(event for event in events if known_at is None or event.recorded_at <= known_at)
            if team is not None:
                found[team_id] = Folded(team, events[-1].version)
        return found

    def events(self, team_id: str) -> list[Recorded]:
        return self._log.load({team_stream(team_id): 0})[team_stream(team_id)]

    def fold(self, events: Iterable[Recorded]) -> Team | None:
        team: Team | None = None
        for stored in events:
            event = self._codec.decode(stored)
            if team is not None or isinstance(event, TeamEstablished):
                team = team if isinstance(event, NothingChanged) else evolve(team, event)
        return team
