"""The words of training: choices with stable codes."""

from __future__ import annotations

from enum import StrEnum


class _Word(StrEnum):
    """Hashes as the text it equals; ``Enum``'s own hash is of the name, and ten times slower."""

    __hash__ = str.__hash__


class Topic(_Word):
    """What courses teach: the five basic skills, then what else team members are taught. The list is open."""

    PUBLIC_SERVICES = "public_services"
    ONLINE_SHOPPING = "online_shopping"
    ONLINE_PAYMENT = "online_payment"
    ONLINE_SAFETY = "online_safety"
    LOCAL_PLATFORMS = "local_platforms"
    INFORMATION_POVERTY = "information_poverty"
    POLICY = "policy"
    PROJECT_06 = "project_06"
    OTHER = "other"


class Mode(_Word):
    IN_PERSON = "in_person"
    ONLINE = "online"
    HYBRID = "hybrid"


class Organiser(_Word):
    MINISTRY = "ministry"
    DEPARTMENT = "department"
    YOUTH_UNION = "youth_union"
    FIRM = "firm"
    PEOPLE_COMMITTEE = "people_committee"
    OTHER = "other"


class Part(_Word):
    """What is attended at once: a whole day, or a part of it."""

    DAY = "day"
    MORNING = "morning"
    AFTERNOON = "afternoon"
    EVENING = "evening"


class CancelReason(_Word):
    """Chosen from a list, because free text would hold names."""

    TOO_FEW = "too_few"
    TRAINER = "trainer"
    PLACE = "place"
    WEATHER = "weather"
    MISTAKE = "mistake"
    OTHER = "other"


class Pillar(_Word):
    """The pillars of digital transformation by which catalogues are ordered."""

    GOVERNMENT = "digital_government"
    ECONOMY = "digital_economy"
    SOCIETY = "digital_society"


class Level(_Word):
    BASIC = "basic"
    ADVANCED = "advanced"
    TRAINER = "trainer"


class Audience(_Word):
    """For whom in a team a course is meant."""

    LEADER = "leader"
    DEPUTY = "deputy"
    MEMBER = "member"


class WithdrawReason(_Word):
    """Why somebody gives up a place in a session."""

    OWN_WISH = "own_wish"
    NOT_SERVING = "not_serving"
    MISTAKE = "mistake"
    OTHER = "other"


class CorrectionReason(_Word):
    """What was wrong with a recorded attendance or score."""

    TYPO = "typo"
    WRONG_PERSON = "wrong_person"
    WRONG_UNIT = "wrong_unit"
    WRONG_PART = "wrong_part"
    NOT_THERE = "not_there"
    OTHER = "other"


class RevocationReason(_Word):
    """Why a certificate is taken back."""

    ATTENDANCE_CORRECTED = "attendance_corrected"
    SCORE_CORRECTED = "score_corrected"
    MISTAKE = "mistake"
    OTHER = "other"
