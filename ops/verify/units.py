"""How many units of a map have a team, counted unit by unit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date

from shared.units import UnitTree

COUNTED = (
    *("provinces_with_team", "provinces_complete"),
    *("communes", "communes_with_team", "communes_without_team", "communes_awaiting"),
    *("villages", "villages_with_team", "villages_without_team"),
)


def add(tree: UnitTree, counted: Mapping[str, Counter[str]], map_day: date) -> None:
    """To the figures of each unit: of which units above and below it, itself included, something can be said."""
    found: dict[str, Counter[str]] = {}
    nothing: Counter[str] = Counter()
    for unit in tree.existing(map_day):
        teams = counted.get(unit, nothing)
        match tree.level(unit):
            case "commune":
                n = teams["teams_commune"]
                said = ["communes", "communes_with_team" if n > 0 else "communes_without_team"]
                said += ["communes_awaiting"] if n > 1 else []
            case "village":
                said = ["villages", f"villages_with{'' if teams['teams_village'] > 0 else 'out'}_team"]
            case "province":
                said = ["provinces_with_team"] if teams["teams_commune"] + teams["teams_village"] > 0 else []
            case _:
                continue
        for above in tree.ancestors(unit, map_day):
            found.setdefault(above, Counter()).update(said)
    for province in tree.existing(map_day, "province"):
        of = found.get(province, nothing)
        if of["communes"] and not of["communes_without_team"]:
            for above in tree.ancestors(province, map_day):
                found.setdefault(above, Counter())["provinces_complete"] += 1
    for unit, figures in found.items():
        if unit in counted:
            counted[unit].update(figures)
