"""Batches: ``{"rows": [...]}``, a result per row, and good rows stored whatever the bad ones are.

    rows: list[Row] = call.body                                         # body=Rows(Schema) of the route
    good = [row for row in rows if row.problem is None]
    answers = self.handler.handle_many([call.envelope(row.loaded, row.loaded.visit_id) for row in good])
    return batch_reply(rows, dict(zip((row.index for row in good), answers)), call.locale, key="visit_id")

A row that fails later than at loading (its unit is not the caller's) is turned down with ``row.refuse(problem)``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import eventlet
from marshmallow import Schema, ValidationError

from shared.decider import Rejected
from shared.edge_body import parse_tolerant, refuse_forbidden
from shared.edge_reply import Reply
from shared.handler import Answer
from shared.log import Outcome
from shared.problems import Problem, from_rejected, from_validation

MAX_ROWS = 1_000
YIELD_EVERY = 50


@dataclass(slots=True)
class Row:
    """One row as sent and as loaded; ``problem`` says why it could not be. Pointers are those of the whole body."""

    index: int
    raw: Any
    loaded: Any = None
    problem: Problem | None = None

    def refuse(self, problem: Problem) -> None:
        """Turns the row down later than at loading (its unit is not the caller's, say); pointers as within the row."""
        self.problem = problem.under(f"/rows/{self.index}")


class Rows:
    """``body=Rows(Schema)``: at most ``limit`` rows, each loaded by itself into a ``Row``."""

    def __init__(self, schema: type[Schema] | Schema, limit: int = MAX_ROWS) -> None:
        self.schema = schema() if isinstance(schema, type) else schema
        self.limit = limit

    def load(self, raw: bytes) -> list[Row]:
        """Raises ``Problem`` only for what is wrong with the batch itself."""
        body, suspect = parse_tolerant(raw)
        rows = body.get("rows") if isinstance(body, dict) else None
        if not isinstance(body, dict):
            raise Problem("wrong-type", expected="object")
        if unknown := next((key for key in body if key != "rows"), None):
            raise from_validation(ValidationError({unknown.encode("utf-8", "replace").decode(): ["Unknown field."]}))
        if not isinstance(rows, list):
            raise Problem("wrong-type" if "rows" in body else "missing-field", "/rows", expected="list")
        if len(rows) > self.limit:
            raise Problem("too-many-rows", "/rows", limit=self.limit)
        return [self._load(i, row, suspect) for i, row in enumerate(rows)]

    def _load(self, index: int, raw: Any, suspect: bool) -> Row:
        if index and index % YIELD_EVERY == 0:
            eventlet.sleep(0)  # a thousand rows take 90 ms: others want their turn
        row = Row(index, raw)
        try:
            if suspect:
                refuse_forbidden(raw)
            row.loaded = self.schema.load(raw)
        except Problem as problem:
            row.refuse(problem)
        except ValidationError as error:
            row.refuse(from_validation(error))
        except Rejected as rejected:
            row.refuse(from_rejected(rejected))
        return row


def batch_reply(
    rows: list[Row],
    answers: Mapping[int, Answer | Rejected],
    locale: str,
    *,
    key: str | None = None,
    say: Callable[[Answer], Mapping[str, object]] = lambda answer: {},
) -> Reply:
    """200 with ``results`` in the order of the rows and ``counts`` of outcomes.

    ``answers`` is by row index, for the rows that were handled; ``key`` names the member of a row that is its id.
    ``say``: more members about an answer that was stored, or others for those there are.
    """
    results = [_result(row, answers.get(row.index), locale, key, say) for row in rows]
    return Reply(200, {"results": results, "counts": Counter(result["outcome"] for result in results)})


def _result(
    row: Row,
    answer: Answer | Rejected | None,
    locale: str,
    key: str | None,
    say: Callable[[Answer], Mapping[str, object]],
) -> dict[str, Any]:
    result: dict[str, Any] = {"row": row.index}
    identity = row.raw.get(key) if isinstance(row.raw, dict) else None
    if isinstance(identity, str) and len(identity) <= 100 and identity.isascii():
        result["id"] = identity
    if isinstance(answer, Rejected):
        row.refuse(from_rejected(answer))
    if isinstance(answer, Answer) and answer.outcome is Outcome.CONFLICT:
        problem = row.problem or Problem("conflict").under(f"/rows/{row.index}")
        return result | {"outcome": "conflict", **answer.place, "problem": problem.document(locale)}
    if row.problem is not None:
        return result | {"outcome": "rejected", "problem": row.problem.document(locale)}
    if not isinstance(answer, Answer):
        raise TypeError(f"row {row.index} has neither an answer nor a problem")
    more = say(answer) if answer.outcome is Outcome.STORED else {}
    return result | {"outcome": answer.outcome.value, **answer.place, **more}
