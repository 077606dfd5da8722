"""Few classes of about as many units each, for colours on a map. Pure."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

MOST = 5
_SHADES = {1: (3,), 2: (2, 4), 3: (1, 3, 5), 4: (1, 2, 4, 5), 5: (1, 2, 3, 4, 5)}
"""Number of classes → which of the five shades they have, the palest first."""
NOTHING, UNKNOWN = "q0", "qx"


@dataclass(frozen=True, slots=True)
class Classes:
    """``spans``: lowest and highest value of each class, in order; zero and what is not known are classes apart."""

    spans: Sequence[tuple[float, float]]
    zero: bool
    unknown: bool

    def shade(self, value: float | None) -> str:
        if value is None:
            return UNKNOWN
        if value == 0:
            return NOTHING
        at = bisect_left([high for _, high in self.spans], value)
        return f"q{_SHADES[len(self.spans)][at]}"


def classes(values: Iterable[float | None]) -> Classes:
    known = list(values)
    worth = sorted(value for value in known if value)
    spans: list[tuple[float, float]] = []
    for n in range(MOST):
        part = worth[len(worth) * n // MOST : len(worth) * (n + 1) // MOST]
        if spans:  # equal values have one colour
            part = [value for value in part if value > spans[-1][1]]
        if part:
            spans.append((part[0], part[-1]))
    return Classes(spans, 0 in known, None in known)
