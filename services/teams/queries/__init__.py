"""Reads from the read tables; single units, teams and documents are answered from the tree and the log."""

from __future__ import annotations

from services.teams.queries.teams import Queries

__all__ = ["Queries"]
