"""What a reader of a file format hands over: tables of cells, before anybody knows what they mean."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from shared.sheets.template import Cell


@dataclass(frozen=True)
class Limits:
    """``rows`` of all sheets and ``columns`` of each; ``unpacked_bytes`` of all parts of a workbook together.

    A row takes about 2 KB of memory while its job is under way.
    """

    rows: int = 100_000
    columns: int = 52
    unpacked_bytes: int = 150_000_000


LIMITS = Limits()


@dataclass
class Table:
    """``rows`` yields (number from 1, cells) of the rows that hold anything, once. ``broken`` are cells that hold an
    error of Excel (``#N/A``), as (row, column index). ``delimiter`` is that of the CSV file.
    """

    name: str
    rows: Iterator[tuple[int, list[Cell]]]
    hidden: bool = False
    broken: Collection[tuple[int, int]] = field(default_factory=frozenset)
    delimiter: str = ","


def empty(cell: Cell) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip())
