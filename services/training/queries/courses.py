"""The catalogue of courses."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine, text

from services.training.projections.register import Register
from services.training.queries.base import as_of

_LIST = text(
    """SELECT course_id::text AS course_id, version, withdrawn, said FROM read.courses
        WHERE (cast(:after AS uuid) IS NULL OR course_id > :after)
          AND (cast(:topic AS text) IS NULL OR said -> 'topics' ? :topic)
          AND (cast(:pillar AS text) IS NULL OR said ->> 'pillar' = :pillar)
          AND (cast(:level AS text) IS NULL OR coalesce(said ->> 'level', 'basic') = :level)
          AND (cast(:withdrawn AS boolean) IS NULL OR withdrawn = :withdrawn)
        ORDER BY course_id LIMIT :limit"""
)


class CourseQueries:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def page(self, asked: dict[str, Any]) -> tuple[list[dict[str, Any]], str]:
        """One more than ``limit`` if there is more; and ``as_of``."""
        with self._engine.begin() as tx:
            position = as_of(tx, Register.name)
            rows = tx.execute(_LIST, asked | {"limit": asked["limit"] + 1}).mappings()
            found = [row["said"] | {"version": row["version"], "withdrawn": row["withdrawn"]} for row in rows]
        return found, position
