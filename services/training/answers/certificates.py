"""Certificates as the API shows them."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec

from services.training.domain.certificates import Certificate, Validity
from shared.decider import Rejected
from shared.problems import from_rejected


def certificate(found: Certificate, today: date) -> dict[str, Any]:
    shown: dict[str, Any] = msgspec.to_builtins(found.issued)
    return shown | {"validity": found.validity(today), "revoked": found.revoked}


def validity(number: str, found: object, today: date) -> dict[str, Any]:
    """What anybody may know of it."""
    if not isinstance(found, Certificate):
        return {"number": number, "validity": Validity.UNKNOWN}
    issued = found.issued
    return {"number": number, "validity": found.validity(today), "course": issued.title, "day": issued.day}


def refused(person_id: str, rejected: Rejected, locale: str) -> dict[str, Any]:
    return {"person_id": person_id, "certificate": None, "problem": from_rejected(rejected).document(locale)}
