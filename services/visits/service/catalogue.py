"""The catalogues: platforms, outcomes and topics, national or of one province."""

from __future__ import annotations

from typing import Any

from services.visits.areas import Areas
from services.visits.catalogue import Catalogue, Span
from services.visits.domain.catalogue import CatalogueCommand, CatalogueEvent, Facts
from services.visits.schemas.catalogue import (
    CatalogueQuery,
    EndEntrySchema,
    SetEntrySchema,
    end_entry,
    set_entry,
)
from services.visits.service.base import Pieces
from shared.edge import Call, Reply, Row, Rows, answered, route
from shared.edge_batch import batch_reply
from shared.handler import Handler
from shared.problems import Problem
from shared.vietnamese import hanoi_day

AREAS = ("nation", "province")
"""Levels of the units that have entries of their own."""


class CatalogueRoutes(Pieces):
    entries: Handler[CatalogueCommand, Facts, CatalogueEvent]
    catalogue: Catalogue

    @route("GET", "/v1/catalogue", scope="visits:read", query=CatalogueQuery)
    def show_catalogue(self, call: Call) -> Reply:
        """What may be named on a day: with ``unit``, there."""
        unit_id, day = call.query["unit"], call.query["as_of"] or hanoi_day(call.now)
        if unit_id is not None and unit_id not in self.units.tree():
            raise Problem("no-such-unit", "/unit", where="query", unit=unit_id)
        spans = self.catalogue.standing(unit_id, day, call.query["kind"])
        return Reply(200, {"as_of": day, "entries": [_shown(span) for span in spans]})

    @route("POST", "/v1/catalogue", scope="visits:admin", body=SetEntrySchema)
    def set_one(self, call: Call) -> Reply:
        """A new entry, or what a known one is from a day on."""
        self._require_area(Areas(self.units.tree(), call.actor), call.body)
        return answered(self.entries.handle(call.envelope(set_entry(call.body), call.body.id)))

    @route("POST", "/v1/catalogue/batch", scope="visits:admin", body=Rows(SetEntrySchema))
    def set_many(self, call: Call) -> Reply:
        rows: list[Row] = call.body
        areas = Areas(self.units.tree(), call.actor)
        good = []
        for row in rows:
            if row.problem is None:
                try:
                    self._require_area(areas, row.loaded)
                    good.append(row)
                except Problem as problem:
                    row.refuse(problem)
        answers = self.entries.handle_many([call.envelope(set_entry(row.loaded), row.loaded.id) for row in good])
        return batch_reply(rows, dict(zip((row.index for row in good), answers, strict=True)), call.locale, key="id")

    @route("POST", "/v1/catalogue/end", scope="visits:admin", body=EndEntrySchema)
    def end_one(self, call: Call) -> Reply:
        self._require_area(Areas(self.units.tree(), call.actor), call.body)
        return answered(self.entries.handle(call.envelope(end_entry(call.body), call.body.id)))

    def _require_area(self, areas: Areas, body: Any) -> None:
        areas.require(body.unit_id, body.effective)
        if self.units.tree().level(body.unit_id) not in AREAS:
            raise Problem("catalogue-area", "/unit_id")


def _shown(span: Span) -> dict[str, Any]:
    named = {"kind": span.kind, "code": span.code, "unit_id": span.unit_id}
    return named | span.words | {"since": span.since, "until": span.until}
