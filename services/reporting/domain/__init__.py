"""What counts: public events of teams, visits and training → numbers per unit and day; one file per subject. Pure.

event ──count──▶ Tally ──settle (records)──▶ figures[unit, day], keyed[unit, figure, key, day],
                                             reached[unit, kind, day, previous day]
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from services.reporting.domain import (
    affairs,
    directory,
    households,
    learning,
    network,
    opinions,
    outreach,
    people,
    teams,
    visits,
)
from services.reporting.domain.names import (
    BANDS,
    COVERED,
    FIGURES,
    FIRST,
    FLOWS,
    GAINED,
    HOUSEHOLD,
    KEYED_FLOWS,
    KEYED_STOCKS,
    KINDS,
    LEVELS,
    PERSON,
    SKILLS,
    STOCKS,
    TEAM,
    covered,
)
from services.reporting.domain.tally import Tally, UnknownTeam
from services.reporting.domain.teams import teams_named

Counter = Callable[[Tally, Mapping[str, Any]], None]


def _both(first: Counter | None, second: Counter) -> Counter:
    def counter(tally: Tally, data: Mapping[str, Any]) -> None:
        if first is not None:
            first(tally, data)
        second(tally, data)

    return counter


COUNTERS: Mapping[str, Mapping[str, Counter]] = {
    "teams": {
        **{type_: _both(teams.COUNTERS.get(type_), network.told(type_)) for type_ in network.FACTS_OF_TEAMS},
        "TeamsRearranged": _both(teams.adjusted, network.rearranged),
        "TeamCorrected": _both(teams.adjusted, network.corrected),
        "PeopleJoined": people.joined,
        "PeopleSeparated": people.separated,
        "CompositionWarned": affairs.warned(True),
        "CompositionWarningCleared": affairs.warned(False),
        "RegulationIssued": affairs.fact("regulation", "regulation_id"),
        "RegulationReplaced": affairs.fact("regulation", "regulation_id"),
        "RegulationRepealed": affairs.fact("regulation", "regulation_id"),
        "PlanAdopted": affairs.fact("plan", "plan_id", "year"),
        "PlanWithdrawn": affairs.fact("plan", "plan_id"),
        "EntryVoided": affairs.voided,
        "UnitAbolished": households.unit_abolished,
        "UnitCorrected": households.unit_corrected,
    },
    "visits": {
        "VisitRecorded": visits.recorded,
        "VisitCorrected": visits.corrected,
        "VisitVoided": visits.voided,
        "FlagSettled": visits.flag_settled,
        **dict.fromkeys(visits.PLACE_EVENTS, visits.place_changed),
        "OutreachRecorded": outreach.recorded,
        "OutreachCorrected": outreach.corrected,
        "OutreachVoided": outreach.voided,
        **{type_: opinions.told(type_) for type_ in opinions.STEPS},
        "HouseholdsDeclared": households.declared,
        "HouseholdsWithdrawn": households.withdrawn,
        "CampaignScheduled": directory.campaign_planned,
        "CampaignChanged": directory.campaign_planned,
        "CampaignOpened": directory.campaign("opened"),
        "CampaignClosed": directory.campaign("closed"),
        "CampaignCancelled": directory.campaign("cancelled"),
        "CatalogueEntrySet": directory.entry_set,
        "CatalogueEntryEnded": directory.entry_ended,
    },
    "training": {
        "AttendanceRecorded": learning.attended,
        "AttendanceVoided": learning.changed,
        "AttendanceCorrected": learning.changed,
        "RecordsJoined": learning.changed,
        "RecordsSeparated": learning.changed,
        "SessionScheduled": learning.planned,
        "SessionChanged": learning.planned,
        "SessionHeld": learning.held,
        "SessionCancelled": learning.cancelled,
        "CertificateIssued": learning.issued,
        "CertificateRevoked": learning.revoked,
        "ReminderDue": learning.reminded,
    },
}
USES: Mapping[str, frozenset[str]] = {source: frozenset(counters) for source, counters in COUNTERS.items()}
"""Source → the events that count."""
_COUNTER: Mapping[str, Counter] = {type_: each for counters in COUNTERS.values() for type_, each in counters.items()}


def count(tally: Tally, type_: str, data: Mapping[str, Any]) -> None:
    """Add one public event to the tally; other types change nothing.

    Raises ``UnknownTeam``; ``KeyError`` or ``TypeError`` for data that breaks the contract: the tally is then spoilt.
    """
    counter = _COUNTER.get(type_)
    if counter is not None:
        counter(tally, data)


__all__ = [
    "BANDS",
    "COVERED",
    "FIGURES",
    "FIRST",
    "FLOWS",
    "GAINED",
    "HOUSEHOLD",
    "KEYED_FLOWS",
    "KEYED_STOCKS",
    "KINDS",
    "LEVELS",
    "PERSON",
    "SKILLS",
    "STOCKS",
    "TEAM",
    "USES",
    "Tally",
    "UnknownTeam",
    "count",
    "covered",
    "teams_named",
]
