"""The names of all figures: columns of the read model, and figures counted per key of an open list. The interface of
whoever asks. Pure.

*Stocks* are asked as of a date (sum of all days up to it), *flows* for a period; both are additive over units and days.
"""

from __future__ import annotations

from collections.abc import Iterator

SKILLS = ("public_services", "online_shopping", "online_payment", "online_safety", "local_platforms")
ALL_SKILLS = "all"
"""Stands beside the skills in coverage: somebody in the place has each of the five."""
LEVELS = ("knows", "understands", "does")
"""Weakest first; who is at a level is at those before it, too."""
BANDS = ("under_16", "16_24", "25_39", "40_59", "60_plus")
HOUSEHOLD = "household"
KINDS = (HOUSEHOLD, "business_household", "enterprise", "workplace", "shop", "public_place")
"""Of places. Households, where nothing else is said, are of the first kind only."""
PERSON = "person"


def covered(skill: str, level: str, *, kind: str = HOUSEHOLD, band: str | None = None) -> str:
    """The stock of places of a kind in which somebody (of that age band) is at least at that level.

    ``skill`` may be ``all`` where no band is asked for; bands are counted in households only.
    """
    return "_".join(part for part in ("covered", "" if kind == HOUSEHOLD else kind, skill, level, band) if part)


def _all_covered() -> Iterator[str]:
    for kind in KINDS:
        yield from (covered(skill, level, kind=kind) for skill in (*SKILLS, ALL_SKILLS) for level in LEVELS)
    yield from (covered(skill, level, band=band) for skill in SKILLS for level in LEVELS for band in BANDS)


COVERED = tuple(_all_covered())
GAINED = {f"gained_{skill}": covered(skill, LEVELS[-1]) for skill in (*SKILLS, ALL_SKILLS)}
"""Households that came to do a skill in a period, less those that count no more: the changes of a stock within it."""
TEAM = "team"
FIRST = {kind: f"first_{kind}s" for kind in (*KINDS, PERSON, TEAM)}
"""Column of those met on a day and never before; the others are pairs of days (``Tally.reached``)."""

TEAM_KINDS = ("commune", "village")
STOCKS = (
    *(f"teams_{kind}" for kind in TEAM_KINDS),
    *(f"teams_{kind}_{state}" for kind in TEAM_KINDS for state in ("pilot", "suspended")),
    *("once_renamed", "once_reconstituted"),
    *("seats", "leaders", "deputies", "members", "people", "serving_trained"),
    *("warnings", "regulations", "plans"),
    *COVERED,
    *("households_total", "households_declared"),
    "opinions_open",
    "certificates_valid",
)
FLOWS = (
    *("teams_renamed", "teams_reconstituted"),
    *("visits", *(f"visits_{kind}" for kind in KINDS), "visits_late"),
    *("people_taught", *(f"taught_{band}" for band in BANDS)),
    *FIRST.values(),
    *("outreach_sessions", "outreach_heads", *(f"heads_{band}" for band in BANDS)),
    *("opinions_recorded", "opinions_answered", "answer_days", "opinions_closed", "opinions_withdrawn"),
    *("attendances", "sessions_held", "obligations_overdue"),
)
FIGURES = (*STOCKS, *FLOWS, "facts")
"""Columns of the read model; ``facts`` counts the events a row is made of."""

KEYED_STOCKS = ("seats_affiliation", "warnings_code", "plans_year")
KEYED_FLOWS = (
    *("platforms", "outcomes", "obstacles", "flags", "flags_open", "flags_confirmed"),
    *("outreach_occasion", "outreach_topic"),
    *("opinions_topic", "opinions_pillar"),
    *("attendances_mode", "attendances_organiser", "attendances_course"),
    *("sessions_mode", "sessions_organiser", "sessions_course"),
)
"""Figures per key of an open list (a code, an id), in rows of their own: (figure, key, day) → n."""
