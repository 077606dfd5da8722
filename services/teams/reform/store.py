"""The tables of the kit (``migrations/versions/0008``): what was read, planned, ordered, and found."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Connection, Engine, RowMapping, text

PAGE = 200
"""Items of a stored page."""
LINES, ERRORS, ORDERS, UNDO = "lines", "errors", "orders", "undo"

Item = Mapping[str, Any]

_PUT = text(
    """INSERT INTO reforms.reforms (reform_id, repeats, sub, units, options, layout, position, digest, counts)
       VALUES (:reform_id, :repeats, :sub, :units, cast(:options AS jsonb), cast(:layout AS jsonb), :position, :digest,
               cast(:counts AS jsonb))
       ON CONFLICT (reform_id) DO UPDATE SET layout = excluded.layout, position = excluded.position,
               digest = excluded.digest, counts = excluded.counts"""
)
_COLUMNS = """reform_id, repeats, sub, units, options, layout, position, digest, counts, reconciled, apply_job,
              undo_job, made_at"""
_GET = text(f"SELECT {_COLUMNS} FROM reforms.reforms WHERE reform_id = :reform_id")
_LATEST = text(f"SELECT {_COLUMNS} FROM reforms.reforms ORDER BY made_at DESC, reform_id LIMIT :limit")
_WORKBOOK = text("SELECT workbook FROM reforms.reforms WHERE reform_id = :reform_id")
_PUT_WORKBOOK = text("UPDATE reforms.reforms SET workbook = :workbook WHERE reform_id = :reform_id")
_CLEAR = text("DELETE FROM reforms.pages WHERE reform_id = :reform_id AND part = ANY(:parts)")
# One JSON text: escaping an array of them took half of the time of a preview.
_WRITE = text(
    """INSERT INTO reforms.pages (reform_id, part, n, items)
       SELECT :reform_id, :part, x.n - 1, x.items
         FROM jsonb_array_elements(cast(:pages AS jsonb)) WITH ORDINALITY AS x (items, n)"""
)
_READ = text(
    """SELECT n, items FROM reforms.pages WHERE reform_id = :reform_id AND part = :part AND n >= :n
        ORDER BY n LIMIT :limit"""
)
_COUNT = text("SELECT coalesce(max(n) + 1, 0) FROM reforms.pages WHERE reform_id = :reform_id AND part = :part")
_NOTE = text(
    """UPDATE reforms.reforms SET apply_job = coalesce(:apply_job, apply_job), undo_job = coalesce(:undo_job, undo_job),
              reconciled = coalesce(cast(:reconciled AS jsonb), reconciled) WHERE reform_id = :reform_id"""
)


@dataclass(frozen=True, slots=True)
class Kept:
    """What the kit knows of a reform beside the log. ``position`` of the log and ``digest`` are those of the plan."""

    reform_id: UUID
    repeats: UUID | None
    sub: str
    units: tuple[str, ...]
    options: Mapping[str, Any]
    layout: Mapping[str, Any]
    position: int
    digest: bytes
    counts: Mapping[str, Any]
    reconciled: Mapping[str, Any] | None = None
    apply_job: UUID | None = None
    undo_job: UUID | None = None
    made_at: datetime | None = None


class Store:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def put(self, kept: Kept, parts: Mapping[str, Iterable[Item]]) -> None:
        """Everything that was found out about a file, replacing what an earlier look at it found."""
        with self._engine.begin() as tx:
            tx.execute(
                _PUT,
                {
                    "reform_id": kept.reform_id,
                    "repeats": kept.repeats,
                    "sub": kept.sub,
                    "units": sorted(kept.units),
                    "options": _json(kept.options),
                    "layout": _json(kept.layout),
                    "position": kept.position,
                    "digest": kept.digest,
                    "counts": _json(kept.counts),
                },
            )
            tx.execute(_CLEAR, {"reform_id": kept.reform_id, "parts": sorted(parts)})
            for part, items in parts.items():
                _write(tx, kept.reform_id, part, list(in_pages(items, PAGE)))

    def write(self, reform_id: UUID, part: str, items: Iterable[Item], size: int = PAGE) -> int:
        """Replace one part; returns the number of its pages."""
        pages = list(in_pages(items, size))
        with self._engine.begin() as tx:
            tx.execute(_CLEAR, {"reform_id": reform_id, "parts": [part]})
            _write(tx, reform_id, part, pages)
        return len(pages)

    def get(self, reform_id: UUID) -> Kept | None:
        with self._engine.begin() as tx:
            row = tx.execute(_GET, {"reform_id": reform_id}).mappings().one_or_none()
        return _kept(row) if row else None

    def latest(self, limit: int) -> list[Kept]:
        with self._engine.begin() as tx:
            return [_kept(row) for row in tx.execute(_LATEST, {"limit": limit}).mappings()]

    def note(
        self,
        reform_id: UUID,
        *,
        apply_job: UUID | None = None,
        undo_job: UUID | None = None,
        reconciled: Mapping[str, Any] | None = None,
    ) -> None:
        report = None if reconciled is None else _json(reconciled)
        parameters = {"apply_job": apply_job, "undo_job": undo_job, "reconciled": report}
        with self._engine.begin() as tx:
            tx.execute(_NOTE, {"reform_id": reform_id, **parameters})

    def workbook(self, reform_id: UUID) -> bytes | None:
        """The preview as XLSX, once it is written."""
        with self._engine.begin() as tx:
            found = tx.execute(_WORKBOOK, {"reform_id": reform_id}).scalar()
        return None if found is None else bytes(found)

    def put_workbook(self, reform_id: UUID, workbook: bytes) -> None:
        with self._engine.begin() as tx:
            tx.execute(_PUT_WORKBOOK, {"reform_id": reform_id, "workbook": workbook})

    # --- parts ----------------------------------------------------------------------------------------------------

    def pages(self, reform_id: UUID, part: str) -> int:
        with self._engine.begin() as tx:
            return int(tx.execute(_COUNT, {"reform_id": reform_id, "part": part}).scalar_one())

    def page(self, reform_id: UUID, part: str, n: int) -> list[dict[str, Any]]:
        """One stored page, empty beyond the last."""
        with self._engine.begin() as tx:
            row = tx.execute(_READ, {"reform_id": reform_id, "part": part, "n": n, "limit": 1}).first()
        return row.items if row and row.n == n else []

    def items(self, reform_id: UUID, part: str) -> Iterator[dict[str, Any]]:
        n = 0
        while page := self.page(reform_id, part, n):
            yield from page
            n += 1

    def slice(self, reform_id: UUID, part: str, after: int, limit: int) -> tuple[list[dict[str, Any]], int | None]:
        """Items from the ``after``-th on, and where the next slice begins; None after the last."""
        first, skip = divmod(after, PAGE)
        wanted = (skip + limit) // PAGE + 1
        with self._engine.begin() as tx:
            values = {"reform_id": reform_id, "part": part, "n": first, "limit": wanted}
            found = [item for row in tx.execute(_READ, values) for item in row.items]
        following = after + limit if len(found) > skip + limit else None
        return found[skip : skip + limit], following


def in_pages(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    page: list[Item] = []
    for item in items:
        page.append(item)
        if len(page) == size:
            yield page
            page = []
    if page:
        yield page


def _write(tx: Connection, reform_id: UUID, part: str, pages: Sequence[Sequence[Item]]) -> None:
    if pages:
        tx.execute(_WRITE, {"reform_id": reform_id, "part": part, "pages": _json(pages)})


def _kept(row: RowMapping) -> Kept:
    return Kept(
        row["reform_id"],
        row["repeats"],
        row["sub"],
        tuple(row["units"]),
        row["options"],
        row["layout"],
        row["position"],
        bytes(row["digest"] or b""),
        row["counts"],
        row["reconciled"],
        row["apply_job"],
        row["undo_job"],
        row["made_at"],
    )


def _json(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_SERIALIZE_DATACLASS).decode()
