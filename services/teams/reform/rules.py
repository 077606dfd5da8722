"""What the rows of one old unit must not say together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from services.teams.reform.found import Flaw
from services.teams.reform.sheet import PART, UNKNOWN, WHOLE, Line
from services.teams.reform.targets import Target

Link = tuple[Line, Target]


def main_of(heirs: Sequence[Link]) -> Link | None:
    """The link to the main successor: the one that says so, or the only one that does not deny it."""
    said = [pair for pair in heirs if pair[0].main] or ([*heirs] if len(heirs) == 1 else [])
    return said[0] if said else None


def of_links(unit: str, lines: Sequence[Line], heirs: Sequence[Link], going_on: set[str], level: str) -> Iterator[Flaw]:
    yield from _successors(unit, lines, heirs, going_on, level)
    yield from _twice(lines, heirs)
    yield from _main(lines, heirs)
    yield from _shares(lines)
    if unit in going_on:
        yield from _goes_on(unit, lines, heirs)


def _successors(
    unit: str, lines: Sequence[Line], heirs: Sequence[Link], going_on: set[str], level: str
) -> Iterator[Flaw]:
    """Nothing succeeds a district: that level was abolished as a whole on 1/7/2025. All others go somewhere."""
    unknown = [line for line in lines if line.share == UNKNOWN]
    if unknown and heirs:
        yield Flaw(unknown[0].index, "share", "unit-successors-contradict")
    if not heirs and not unknown and level != "district":
        yield Flaw(lines[0].index, "new_code", "unit-successor-missing", {"level": level})
    if len(lines) > 1 and 0 < len(heirs) < len(lines):
        bare = next(line for line in lines if not line.names_new)
        yield Flaw(bare.index, "new_code", "unit-successors-contradict")


def _twice(lines: Sequence[Line], heirs: Sequence[Link]) -> Iterator[Flaw]:
    seen: dict[str, Line] = {}
    for line, target in heirs:
        if target.unit_id in seen:
            yield Flaw(line.index, "new_code", "reform-link-twice", {"other": seen[target.unit_id].index})
        seen.setdefault(target.unit_id, line)
    if not heirs and len(lines) > 1:
        yield Flaw(lines[1].index, "old_code", "reform-link-twice", {"other": lines[0].index})


def _main(lines: Sequence[Line], heirs: Sequence[Link]) -> Iterator[Flaw]:
    said = [line for line, _ in heirs if line.main]
    if len(said) > 1:
        yield Flaw(said[1].index, "main", "unit-main-successor")
    if len(heirs) > 1 and not said:
        yield Flaw(lines[0].index, "main", "unit-main-successor")
    if len(heirs) == 1 and heirs[0][0].main is False:
        yield Flaw(lines[0].index, "main", "unit-main-successor")


def _shares(lines: Sequence[Line]) -> Iterator[Flaw]:
    for line in lines:
        if line.share == WHOLE and len(lines) > 1:
            yield Flaw(line.index, "share", "reform-share-contradicts", {"links": len(lines)})
    if len(lines) == 1 and lines[0].share == PART:
        yield Flaw(lines[0].index, "share", "reform-rest-missing", warning=True)


def _goes_on(unit: str, lines: Sequence[Line], heirs: Sequence[Link]) -> Iterator[Flaw]:
    """A unit that goes on may give a part away; it cannot become another one as well."""
    own = [line for line, target in heirs if target.unit_id == unit]
    if not own:
        yield Flaw(lines[0].index, "new_code", "reform-heir-ends", {"unit": unit})
        return
    main = main_of(heirs)
    if main is not None and main[1].unit_id != unit:
        yield Flaw(own[0].index, "main", "unit-into-itself")
    for line, target in heirs:
        if target.unit_id != unit:
            yield Flaw(line.index, "share", "reform-part-unrecorded", warning=True)
