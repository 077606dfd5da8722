"""A person's record as the API shows it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

import msgspec

from services.training.answers.certificates import certificate
from services.training.domain.certificates import Certificate
from services.training.domain.trainee import Trainee

Seen = Callable[[str, date], bool]


def person(
    person_id: str, trainee: Trainee, certificates: Sequence[Certificate], today: date, seen: Seen
) -> dict[str, Any] | None:
    """Attendances, sessions and days apart: they are different figures. None if nothing may be seen."""
    attended = [each for each in trainee.attended.values() if seen(each.unit_id, each.day)]
    scores = [each for each in trainee.results.values() if seen(each.unit_id, each.day)]
    issued = [each for each in certificates if seen(each.issued.unit_id, each.issued.day)]
    if not (attended or scores or issued):
        return None
    refreshed = {each.issued.supersedes for each in certificates}
    return {
        "person_id": person_id,
        "kept_id": trainee.person_id,
        "attendances": msgspec.to_builtins(sorted(attended, key=lambda each: (each.day, each.session_id, each.part))),
        "sessions": len({each.session_id for each in attended}),
        "days": len({each.day for each in attended}),
        "assessments": msgspec.to_builtins(sorted(scores, key=lambda each: (each.day, each.attempt))),
        "certificates": [
            certificate(each, today) | {"superseded": each.issued.number in refreshed}
            for each in sorted(issued, key=lambda each: each.issued.day)
        ],
    }
