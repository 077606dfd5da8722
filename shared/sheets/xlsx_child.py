"""``python xlsx_child.py < book.xlsx``: its worksheets on standard output, a line of JSON each; for ``xlsx_in``.

A process of its own, because the parser is native code and the file is a stranger's: its memory and time are bounded,
and whatever happens to it happens to nobody else. It imports nothing of ours, to start quickly.
"""

from __future__ import annotations

import json
import resource
import sys
from datetime import date, datetime, time, timedelta
from typing import BinaryIO

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

MEMORY_BYTES = 1_500_000_000
CPU_SECONDS = 60
NOT_READABLE = 3
"""Exit code for a file that is no workbook."""


def main(source: BinaryIO, to: BinaryIO) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    book = CalamineWorkbook.from_filelike(source)
    for meta in book.sheets_metadata:
        if meta.typ is SheetTypeEnum.WorkSheet:
            hidden = meta.visible is not SheetVisibleEnum.Visible
            say((meta.name, hidden, rows(book.get_sheet_by_name(meta.name))), to)
    say(None, to)


def say(message: object, to: BinaryIO) -> None:
    to.write(json.dumps(message, default=tagged).encode() + b"\n")


def tagged(cell: object) -> dict[str, str | float]:
    """A day, an instant, a time of day or a duration, as ``xlsx_in.restored`` reads it."""
    match cell:
        case datetime():
            return {"datetime": cell.isoformat()}
        case date():
            return {"date": cell.isoformat()}
        case time():
            return {"time": cell.isoformat()}
        case timedelta():
            return {"seconds": cell.total_seconds()}
    raise TypeError(type(cell).__name__)


def rows(sheet: CalamineSheet) -> list[tuple[int, list[object]]]:
    """(number from 1, cells from column A) of the rows that hold anything."""
    if sheet.start is None:
        return []
    first, left = sheet.start
    before: list[object] = [None] * left
    return [
        (number, before + [None if cell == "" else cell for cell in cells])
        for number, cells in enumerate(sheet.iter_rows(), first + 1)
        if any(cell is not None and not (isinstance(cell, str) and not cell.strip()) for cell in cells)
    ]


if __name__ == "__main__":
    try:
        main(sys.stdin.buffer, sys.stdout.buffer)
    except CalamineError:
        sys.exit(NOT_READABLE)
