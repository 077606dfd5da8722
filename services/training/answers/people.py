"""A person's record as the API shows it."""

from __future__ import annotations

from typing import Any


def person(person_id: str, rows: list[dict[str, Any]], as_of: str) -> dict[str, Any]:
    """Attendances, sessions and days apart: they are different figures."""
    return {
        "person_id": person_id,
        "attendances": rows,
        "sessions": len({row["session_id"] for row in rows}),
        "days": len({row["day"] for row in rows}),
        "as_of": as_of,
    }
