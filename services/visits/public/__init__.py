"""The published contract of visits (version 1, docs/architecture.md): stored event → public form; one file per subject.

Stored data is mapped as it lies there, without rebuilding the domain's objects, because the relay does this for every
event. Nothing personal passes: no learners, notes, addresses or reasons.
"""

from __future__ import annotations

from services.visits.public.publisher import Publisher

__all__ = ["Publisher"]
