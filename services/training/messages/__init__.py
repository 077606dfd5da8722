"""Texts of training's rejections, Vietnamese and English, with their HTTP status; one file per subject."""

from __future__ import annotations

from services.training.messages.attendance import ATTENDANCE
from services.training.messages.certificates import CERTIFICATES
from services.training.messages.courses import COURSES
from services.training.messages.obligations import OBLIGATIONS
from services.training.messages.plans import PLANS
from services.training.messages.sessions import SESSIONS
from shared.problem_texts import Text

MESSAGES: dict[str, Text] = COURSES | SESSIONS | ATTENDANCE | CERTIFICATES | OBLIGATIONS | PLANS
