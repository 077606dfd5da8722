"""Texts of this service's problems and warnings, Vietnamese and English."""

from __future__ import annotations

from collections.abc import Mapping

from services.reporting.messages.own import OWN
from services.reporting.messages.reports import REPORTS
from services.reporting.messages.warnings import WARNINGS, warning
from shared.problem_texts import Text

__all__ = ["MESSAGES", "WARNINGS", "warning"]

MESSAGES: Mapping[str, Text] = {**REPORTS, **OWN}
