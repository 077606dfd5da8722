"""What all entrypoints of training share: the provided pieces, and the identity of what is made."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid5

from uuid_utils.compat import uuid7

from services.training.queries.identities import Identities
from services.training.queries.people import PeopleQueries
from services.training.queries.sessions import SessionQueries
from services.training.schemas.attendance import ATTENDANCE
from shared.edge import Call
from shared.handler import Handler
from shared.unit_directory import UnitDirectory


class Pieces:
    """Provided by ``wiring.py``; the mixins of the service use them."""

    handler: Handler[Any, Any, Any]
    units: UnitDirectory
    sessions: SessionQueries
    people: PeopleQueries
    identities: Identities


def identity(call: Call, kind: str, given: str | None) -> tuple[UUID, str]:
    """Command id and aggregate id. A client that names the aggregate may repeat itself without an Idempotency-Key."""
    if given:
        return call.idempotency_key or uuid5(ATTENDANCE, f"{kind}:{given}"), given
    command_id = call.idempotency_key or uuid7()
    return command_id, str(command_id)
