"""Reading and erasing a person: the only place where sealed fields are opened."""

from __future__ import annotations

from typing import Any

from services.teams.domain.people import PersonRegistered, SubjectErased, person_stream
from shared.codec import Codec
from shared.log import Log
from shared.problems import Problem
from shared.vault import Vault


class People:
    def __init__(self, log: Log, codec: Codec, vault: Vault) -> None:
        self._log, self._codec, self._vault = log, codec, vault

    def read(self, person_id: str) -> dict[str, Any]:
        """Name and phone number as registered; None both once erased. Raises 404."""
        stream = person_stream(person_id)
        found: dict[str, Any] = {}
        for stored in self._log.load({stream: 0})[stream]:
            match self._codec.decode(stored):
                case PersonRegistered() as person:
                    found = {
                        "person_id": person_id,
                        "name": person.name.text,
                        "phone": person.phone.text if person.phone else None,
                        "affiliation": person.affiliation,
                        "simulated": person.simulated,
                        "erased": person.name.text is None,
                    }
                case SubjectErased():
                    found |= {"name": None, "phone": None, "affiliation": None, "erased": True}
            found["version"] = stored.version
        if not found:
            raise Problem("not-found", where="path")
        return found

    def destroy_key(self, person_id: str) -> None:
        """What was sealed for the person can never be read again, in no copy of the log."""
        self._vault.destroy(person_id)
