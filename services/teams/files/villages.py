"""Registering villages."""

from __future__ import annotations

from collections.abc import Sequence

from services.teams.domain.units import EstablishUnit
from services.teams.files.documents import Documents
from services.teams.files.doing import Doing
from services.teams.files.operations import Village
from shared.decider import Rejected
from shared.handler import Answer
from shared.log import Outcome

COLUMNS = {
    "/unit_id": "unit_id",
    "/parent_id": "unit",
    "/kind": "kind",
    "/name": "name",
    "/effective": "effective",
    "/document_id": "number",
    "/signed_on": "signed_on",
    "/number": "number",
}


def register(doing: Doing, documents: Documents, villages: Sequence[Village]) -> None:
    documents.register(village.document for village in villages)
    commands = {}
    for village in villages:
        if village.existing:
            doing.settle(village.row, "repeated")
        else:
            try:
                commands[village.row.index] = _command(documents, village)
            except Rejected as rejected:
                doing.refuse(village.row, rejected, COLUMNS)
    knowledge = doing.authority.knowledge(commands.values())
    open_ = [
        village
        for village in villages
        if village.row.index in commands and doing.covered(village.row, commands[village.row.index], knowledge, COLUMNS)
    ]
    answers = doing.send([(doing.keys.uuid("establish", v.unit_id), commands[v.row.index]) for v in open_])
    for village, answer in zip(open_, answers, strict=True):
        if isinstance(answer, Rejected):
            doing.refuse(village.row, answer, COLUMNS)
        elif _is_other(answer):
            doing.refuse(village.row, Rejected("unit-exists", "/name", unit=village.unit_id), COLUMNS, "conflict")
        else:
            doing.settle(village.row, doing.outcome(answer))


def _is_other(answer: Answer) -> bool:
    return answer.outcome not in (Outcome.STORED, Outcome.REPEATED)


def _command(documents: Documents, village: Village) -> EstablishUnit:
    values = village.row.values
    return EstablishUnit(
        village.unit_id,
        "village",
        values["kind"],
        values["name"],
        village.commune_id,
        None,
        values["effective"],
        documents.id_of(village.document) if village.document else None,
        bool(values["simulated"]),
    )
