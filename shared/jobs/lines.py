"""Files of one JSON object a line (NDJSON), read from a cursor on: the cursor of a job is the place in the file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, BinaryIO

import orjson

LONGEST_LINE = 1_000_000


@dataclass(frozen=True, slots=True)
class Line:
    """``number`` counts from 1 from the cursor on. ``value`` is what the line says, or ``broken``: no JSON object."""

    number: int
    value: Any
    broken: bool = False


def read_lines(file: BinaryIO, cursor: int, most: int) -> tuple[list[Line], int | None]:
    """The next lines that hold anything, and where the following begin; None at the end of the file.

    A line that is too long is broken as a whole; its rest is passed over without being kept.
    """
    file.seek(cursor)
    lines: list[Line] = []
    number = 0
    while len(lines) < most:
        raw = file.readline(LONGEST_LINE)
        if not raw:
            return lines, None
        number += 1
        whole = raw.endswith(b"\n") or len(raw) < LONGEST_LINE
        rest = raw
        while not rest.endswith(b"\n") and len(rest) == LONGEST_LINE:
            rest = file.readline(LONGEST_LINE)
        if raw.strip():
            lines.append(_line(number, raw) if whole else Line(number, None, broken=True))
    return lines, file.tell()


def _line(number: int, raw: bytes) -> Line:
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError:
        value = None
    return Line(number, value, broken=not isinstance(value, dict))
