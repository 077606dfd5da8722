"""XLSX, in two steps: its parts are unpacked, counted and looked through here; calamine parses it in a process apart.

calamine gives every cell between the outermost ones a place in memory, so a tiny file with something in A1 and in
XFD1048576 would end the process that reads it. What is plainly too large is found here and named; whatever else happens
ends a child with bounded memory and time (``xlsx_child``). In passing this finds the cells that hold an error, which
calamine shows as empty.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from posixpath import join, normpath
from typing import IO, BinaryIO
from xml.etree import ElementTree

from shared.sheets.finding import Finding, SheetError, letters
from shared.sheets.tables import Limits, Table
from shared.sheets.template import Cell
from shared.sheets.xlsx_child import NOT_READABLE

CHILD = Path(__file__).with_name("xlsx_child.py")
MOST_PARTS = 2_000
SMALL_PART = 5_000_000
PIECE = 1 << 20
TAIL = 400
REFERENCE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")
MOST_ERRORS = 10_000
RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


def read_xlsx(file: BinaryIO, limits: Limits) -> list[Table]:
    """Its worksheets in their order; each table's rows are to be read before the next one's. Raises ``SheetError``.

    ``file`` is a file on disk: the child process opens it by its descriptor.
    """
    head = file.read(8)
    file.seek(0)
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        raise SheetError(Finding("file-old-excel"))  # BIFF, or encrypted with a password
    if not head.startswith(b"PK"):
        raise SheetError(Finding("file-not-xlsx"))
    broken = _inspected(file, limits)
    parsed = _parsed(file)
    return [
        Table(name, iter(rows), hidden=hidden, broken=broken.get(name, frozenset())) for name, hidden, rows in parsed
    ]


def _parsed(file: BinaryIO) -> list[tuple[str, bool, list[tuple[int, list[Cell]]]]]:
    """(name, hidden, rows) of every worksheet."""
    os.lseek(file.fileno(), 0, os.SEEK_SET)  # the descriptor is shared; Python's own seek may stay in its buffer
    command = [sys.executable, "-I", str(CHILD)]
    with subprocess.Popen(command, stdin=file, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as child:
        assert child.stdout is not None
        try:
            return list(_messages(child.stdout))
        except ValueError:
            raise SheetError(Finding("file-not-xlsx" if child.wait() == NOT_READABLE else "file-too-complex")) from None
        finally:
            child.kill()


def _messages(stream: IO[bytes]) -> Iterator[tuple[str, bool, list[tuple[int, list[Cell]]]]]:
    """What our own child says, to its end; ends with None, or it has died in between."""
    while (message := json.loads(stream.readline(), object_hook=restored)) is not None:
        name, hidden, rows = message
        yield name, hidden, rows


def restored(tagged: dict[str, str]) -> Cell:
    """What ``xlsx_child.tagged`` said of a cell. Raises ``ValueError``."""
    match tagged:
        case {"datetime": text}:
            return datetime.fromisoformat(text)
        case {"date": text}:
            return date.fromisoformat(text)
        case {"time": text}:
            return time.fromisoformat(text)
        case {"seconds": seconds}:
            return timedelta(seconds=float(seconds))
    raise ValueError("unknown kind of cell")


# --- before it is parsed ------------------------------------------------------------------------------------------


def _inspected(file: BinaryIO, limits: Limits) -> dict[str, frozenset[tuple[int, int]]]:
    """Sheet name → its cells with errors. Raises ``SheetError`` for what is too large or no workbook."""
    try:
        with zipfile.ZipFile(file) as archive:
            parts = archive.infolist()
            if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > limits.unpacked_bytes:
                raise SheetError(Finding("file-unpacked", params={"limit": limits.unpacked_bytes // 1_000_000}))
            names = _sheet_names(archive)
            found: dict[str, frozenset[tuple[int, int]]] = {}
            left = limits.unpacked_bytes
            for part in parts:
                scan = _Scan(names.get(part.filename), limits)
                # What the directory says of a part may be a lie: only what comes out counts.
                with archive.open(part) as stream:
                    while piece := stream.read(PIECE):
                        left -= len(piece)
                        if left < 0:
                            raise SheetError(Finding("file-unpacked", params={"limit": limits.unpacked_bytes // 10**6}))
                        scan.take(piece)
                if scan.name is not None:
                    found[scan.name] = frozenset(scan.errors)
            return found
    except (
        zipfile.BadZipFile,
        zlib.error,
        KeyError,
        ElementTree.ParseError,
        RuntimeError,
        EOFError,
        NotImplementedError,
    ):
        raise SheetError(Finding("file-not-xlsx")) from None


def _sheet_names(archive: zipfile.ZipFile) -> dict[str, str]:
    """Part → name of the worksheet in it."""
    workbook, relations = _xml(archive, "xl/workbook.xml"), _xml(archive, "xl/_rels/workbook.xml.rels")
    targets = {each.get("Id"): each.get("Target", "") for each in relations}
    names = {}
    for element in workbook.iter():
        if element.tag.endswith("}sheet"):
            target = targets.get(element.get(RELATION), "")
            part = target[1:] if target.startswith("/") else normpath(join("xl", target))
            names[part] = element.get("name", "")
    return names


def _xml(archive: zipfile.ZipFile, name: str) -> ElementTree.Element:
    if archive.getinfo(name).file_size > SMALL_PART:
        raise zipfile.BadZipFile
    with archive.open(name) as stream:
        content = stream.read(SMALL_PART)
    if b"<!DOCTYPE" in content:
        raise zipfile.BadZipFile
    return ElementTree.fromstring(content)


class _Scan:
    """Looks through the XML of one worksheet, piece by piece."""

    def __init__(self, name: str | None, limits: Limits) -> None:
        self.name, self._limits, self._rest = name, limits, b""
        self.errors: set[tuple[int, int]] = set()
        last = letters(limits.columns - 1)
        wide = "[A-Z]{3}|" + "|".join(
            [f"[{chr(ord(last[0]) + 1)}-Z][A-Z]"] * (last[0] < "Z")
            + ([f"{last[0]}[{chr(ord(last[1]) + 1)}-Z]"] if last[1] < "Z" else [])
        )
        # Only cells with something in them: whole formatted rows and columns are empty cells.
        self._wide = re.compile(rf'<(?:\w+:)?c\b[^>]*\br="(?P<at>(?:{wide})[0-9]+)"[^>]*(?<!/)>'.encode())
        self._deep = re.compile(rb'<(?:\w+:)?(?:c|row)\b[^>]*\br="(?P<at>[A-Z]*[0-9]{6,})"[^>]*(?<!/)>')
        self._error = re.compile(rb'<(?:\w+:)?c\b(?=[^>]*\bt="e")[^>]*\br="(?P<at>[A-Z]+[0-9]+)"')

    def take(self, piece: bytes) -> None:
        if self.name is None:
            return
        text = self._rest + piece
        self._rest = text[-TAIL:]
        if found := self._wide.search(text):
            raise SheetError(self._finding("file-columns", found["at"].decode(), self._limits.columns))
        for found in self._deep.finditer(text):
            if int(re.sub(rb"[A-Z]", b"", found["at"])) > self._limits.rows:
                raise SheetError(self._finding("file-rows", found["at"].decode(), self._limits.rows))
        for found in self._error.finditer(text):
            if len(self.errors) < MOST_ERRORS:
                self.errors.add(_position(found["at"].decode()))

    def _finding(self, code: str, at: str, limit: int) -> Finding:
        row, column = _position(at if at[0].isalpha() else f"A{at}")
        return Finding(code, self.name or "", row, letters(column), params={"limit": limit})


def _position(reference: str) -> tuple[int, int]:
    match = REFERENCE.fullmatch(reference)
    if match is None:
        return 0, 0
    column = 0
    for letter in match[1]:
        column = column * 26 + ord(letter) - 64
    return int(match[2]), column - 1
