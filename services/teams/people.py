"""Reading and erasing people: the only place where sealed fields are opened to be shown."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from services.teams.authority import Authority
from services.teams.domain.duplicates import PeopleJoined, PeopleSeparated, PersonKept
from services.teams.domain.people import PersonChanged, PersonRegistered, SubjectErased, person_stream
from services.teams.queries.people import PeopleQueries
from shared.access import Actor
from shared.codec import Codec
from shared.log import Log, Recorded
from shared.problems import Problem
from shared.vault import Vault


@dataclass(slots=True)
class Known:
    """A person as of the events that were folded."""

    person_id: str
    name: str | None = None
    phone: str | None = None
    affiliation: str | None = None
    simulated: bool = False
    erased: bool = False
    into: str | None = None
    kept_for: set[str] = field(default_factory=set)
    """Who was ever joined into this one."""
    registered_by: str = ""
    version: int = 0

    def take(self, event: Any) -> None:
        match event:
            case PersonRegistered():
                self.name, self.phone = event.name.text, event.phone.text if event.phone else None
                self.affiliation, self.simulated = event.affiliation, event.simulated
                self.erased = event.name.text is None
            case PersonChanged():
                if event.name is not None:
                    self.name = event.name.text
                if "phone" in event.fields:
                    self.phone = event.phone.text if event.phone else None
                if "affiliation" in event.fields:
                    self.affiliation = event.affiliation
            case SubjectErased():
                self.name = self.phone = self.affiliation = None
                self.erased = True
            case PeopleJoined():
                self.into = event.person_id
            case PeopleSeparated():
                self.into = None
            case PersonKept():
                self.kept_for.add(event.duplicate_id)

    def shown(self) -> dict[str, Any]:
        names = ("person_id", "name", "phone", "affiliation", "simulated", "erased")
        return {name: getattr(self, name) for name in names}


class People:
    def __init__(self, log: Log, codec: Codec, vault: Vault, queries: PeopleQueries, authority: Authority) -> None:
        self._log, self._codec, self._vault = log, codec, vault
        self._queries, self._authority = queries, authority

    def read(self, people: Collection[str], known_at: datetime | None = None) -> dict[str, Known]:
        """Names and phone numbers, None once erased; those never registered (by then) are left out."""
        streams = {person_stream(person): person for person in people}
        loaded = self._log.load(dict.fromkeys(streams, 0)) if streams else {}
        told = {stream: [e for e in events if _by_then(e, known_at)] for stream, events in loaded.items()}
        self._codec.unlock(event for events in told.values() for event in events)
        return {streams[stream]: self._folded(streams[stream], events) for stream, events in told.items() if events}

    def _folded(self, person_id: str, events: Iterable[Recorded]) -> Known:
        known = Known(person_id)
        for stored in events:
            known.registered_by = known.registered_by or stored.metadata["actor"]
            known.version = stored.version
            known.take(self._codec.decode(stored))
        return known

    def one(self, person_id: str, known_at: datetime | None = None) -> Known:
        """Raises 404."""
        found = self.read([person_id], known_at).get(person_id)
        if found is None:
            raise Problem("not-found", where="path")
        return found

    def kept(self, known: Known, known_at: datetime | None = None) -> Known:
        """Whoever is kept for this person in the end: itself, unless it was joined into another."""
        while known.into is not None:
            known = self.one(known.into, known_at)
        return known

    def joined(self, kept: Known, known_at: datetime | None = None) -> dict[str, str]:
        """Everybody who is one with a kept person, directly or not: duplicate → the one it was joined into."""
        found, ever = dict[str, str](), kept.kept_for
        while ever:
            below = [known for known in self.read(ever, known_at).values() if known.into is not None]
            new = {known.person_id: known for known in below if known.person_id not in found}
            found |= {person: str(known.into) for person, known in new.items()}
            ever = {person for known in new.values() for person in known.kept_for}
        return self._of(kept.person_id, found)

    def _of(self, kept: str, joins: dict[str, str]) -> dict[str, str]:
        """Of some joins those whose chain ends at this person: one may have been joined into another since."""
        one, size = {kept}, 0
        while len(one) > size:
            size = len(one)
            one |= {duplicate for duplicate, into in joins.items() if into in one}
        return {duplicate: into for duplicate, into in sorted(joins.items()) if duplicate in one}

    def entitled(self, actor: Actor, people: Collection[str], day: date) -> set[str]:
        """Those of the people that the caller may see and change on that day.

        They have, or had, a seat in a team of the caller's units. Who never had a seat is for those who registered the
        person, and for those who hold the nation; a person never registered is for nobody to hide.
        """
        if self._authority.holds_all(actor):
            return set(people)
        units = self._queries.units_of(people)
        covered = {
            unit: bool(self._authority.covers(actor, unit, day))
            for unit in {u for found in units.values() for u in found}
        }
        unseated = self.read([person for person in people if person not in units])
        return {
            person
            for person in people
            if (any(covered[unit] for unit in units[person]) if person in units else _own(unseated.get(person), actor))
        }

    def erase(self, person_id: str) -> None:
        """What was sealed for the person can never be read again, in no copy of the log; nor be found."""
        self._vault.destroy(person_id)
        self._queries.forget(person_id)


def _by_then(event: Recorded, known_at: datetime | None) -> bool:
    return known_at is None or event.recorded_at <= known_at


def _own(known: Known | None, actor: Actor) -> bool:
    return known is None or known.registered_by == actor.sub
