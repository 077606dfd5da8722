"""Which teams of a page await a decision: their unit is no more, or others of their kind stand there too."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any

import orjson
from sqlalchemy import Connection, text

from services.teams.queries.order import Path, Place
from shared.units import UnitTree

Shown = dict[str, Any]
Standing = tuple[Place, Shown]
"""A team as a list shows it, and its place in the list."""

HOLDS = "s.since <= :day AND (s.until IS NULL OR s.until > :day)"
_SHARING = text(
    f"""SELECT w.stop, s.kind, count(*) AS n
         FROM json_to_recordset(cast(:sources AS json)) AS w (unit_id text, stop int),
              LATERAL (SELECT s.kind FROM read.team_spans s WHERE s.unit_id = w.unit_id COLLATE "C" AND {HOLDS}) s
        GROUP BY 1, 2"""
)


def json(texts: Sequence[Any]) -> str:
    return orjson.dumps(texts).decode()


def mark(tx: Connection, tree: UnitTree, page: list[Standing], day: date, unsure: Collection[Path]) -> None:
    """``unsure``: paths of which the page may show some teams only; there they are counted."""
    paths = sorted(unsure)
    sources = [
        {"unit_id": unit, "stop": n} for n, path in enumerate(paths) for unit in (path[-1], *tree.held(path[-1], day))
    ]
    sharing = _sharing(page)
    for row in tx.execute(_SHARING, {"sources": json(sources), "day": day}) if sources else ():
        sharing[paths[row.stop], row.kind] = row.n
    _mark(page, sharing)


def mark_all(page: list[Standing]) -> None:
    """The same where all that stand at a path are among them."""
    _mark(page, _sharing(page))


def _sharing(page: list[Standing]) -> Counter[tuple[Path, str]]:
    return Counter((place.path, shown["kind"]) for place, shown in page)


def _mark(page: list[Standing], sharing: Mapping[tuple[Path, str], int]) -> None:
    for place, shown in page:
        here = place.path[-1]
        shown["stands_in"] = here if here != place.source else None
        shown["awaiting_decision"] = here != place.source or sharing[place.path, shown["kind"]] > 1
