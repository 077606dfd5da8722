"""The words of training: choices with stable codes."""

from __future__ import annotations

from enum import StrEnum


class Topic(StrEnum):
    """What a course teaches: the five basic skills, then what else team members are taught."""

    PUBLIC_SERVICES = "public_services"
    ONLINE_SHOPPING = "online_shopping"
    ONLINE_PAYMENT = "online_payment"
    ONLINE_SAFETY = "online_safety"
    LOCAL_PLATFORMS = "local_platforms"
    INFORMATION_POVERTY = "information_poverty"
    POLICY = "policy"
    PROJECT_06 = "project_06"
    OTHER = "other"


class Mode(StrEnum):
    IN_PERSON = "in_person"
    ONLINE = "online"
    HYBRID = "hybrid"


class Organiser(StrEnum):
    MINISTRY = "ministry"
    DEPARTMENT = "department"
    YOUTH_UNION = "youth_union"
    FIRM = "firm"
    OTHER = "other"


class Part(StrEnum):
    """What is attended at once: a whole day, or a part of it."""

    DAY = "day"
    MORNING = "morning"
    AFTERNOON = "afternoon"
    EVENING = "evening"


class CancelReason(StrEnum):
    """Chosen from a list, because free text would hold names."""

    TOO_FEW = "too_few"
    TRAINER = "trainer"
    PLACE = "place"
    WEATHER = "weather"
    MISTAKE = "mistake"
    OTHER = "other"
