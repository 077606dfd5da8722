"""How many units of a map have a team, counted unit by unit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date

from shared.units import UnitTree

COUNTED = (
    *("provinces_with_team", "provinces_complete"),
    *("communes", "communes_with_team", "communes_without_team", "communes_awaiting"),
    *("villages", "villages_with_team", "villages_without_team", "teams_awaiting"),
)


def add(tree: UnitTree, leaves: Mapping[str, Counter[str]], counted: Mapping[str, Counter[str]], map_day: date) -> None:
    """To the figures of each unit: of which units above and below it, itself included, something can be said.

    ``leaves``: the figures by the unit of the fact, before they were put on the map.
    """
    found: dict[str, Counter[str]] = {}
    for unit, n in _awaiting(tree, leaves, map_day):
        for above in tree.ancestors(unit, map_day):
            found.setdefault(above, Counter())["teams_awaiting"] += n
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


def _awaiting(tree: UnitTree, leaves: Mapping[str, Counter[str]], map_day: date) -> Iterator[tuple[str, int]]:
    """Unit of the map → teams there that wait for a decision: their own unit is gone, or others of their kind are there
    as well."""
    together: dict[tuple[str, str], list[str]] = {}
    for leaf, figures in leaves.items():
        if (placed := tree.place(leaf, map_day)) is not None:
            for kind in ("teams_commune", "teams_village"):
                together.setdefault((placed.unit_id, kind), []).extend([leaf] * figures[kind])
    for (unit, _), served in together.items():
        yield unit, len(served) if len(served) > 1 else sum(leaf != unit for leaf in served)
