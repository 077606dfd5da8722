"""Which unit, village or document a row names. What cannot be found is a finding at the cell that names it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from services.teams.domain.documents import RegisterDocument, key_stream
from services.teams.files.keys import Keys, bare
from services.teams.files.operations import DocumentRef
from shared.sheets import Book, Row
from shared.units import UnitTree
from shared.vietnamese import fold

IDENTIFIES = ("document_kind", "issuer", "number", "signed_on")


class References:
    def __init__(self, book: Book, keys: Keys, tree: UnitTree) -> None:
        self._book, self._keys, self._tree = book, keys, tree
        self._documents: dict[str, RegisterDocument] = {}
        self._villages: dict[tuple[str, date], Mapping[str, list[tuple[str, str]]]] = {}

    def unit(self, row: Row, level: str | None = None) -> str | None:
        """The unit of the row's ``unit`` cell on its effective day: a code, or an id."""
        named, day = row.values["unit"], row.values["effective"]
        if named is None or day is None:
            return None
        found = named if named in self._tree else self._tree.by_code(named, day)
        if found is None:
            self._book.add(row, "unit", "unknown-unit", day=day.isoformat())
        elif level is not None and self._tree.level(found) != level:
            at = self._tree.level(found)
            self._book.add(row, "unit", "unit-parent-level", parent_level=at, level="village")
            return None
        return found

    def village_named(self, commune_id: str, day: date, name: str, kind: str = "") -> list[str]:
        """Villages of the commune on that day by name, with or without its kind in front (given: of that kind)."""
        return [unit_id for of_kind, unit_id in self._of(commune_id, day).get(fold(name), ()) if kind in ("", of_kind)]

    def _of(self, commune_id: str, day: date) -> Mapping[str, list[tuple[str, str]]]:
        """Folded name, bare and in full → (kind, id) of the villages of a commune on a day."""
        key = (commune_id, day)
        known = self._villages.get(key)
        if known is None:
            found: dict[str, list[tuple[str, str]]] = {}
            for unit_id in self._tree.children(commune_id, day):
                kind, name = bare(self._tree.kind(unit_id, day) or "", self._tree.name(unit_id, day) or "")
                for spelled in (name, f"{kind} {name}"):
                    found.setdefault(spelled, []).append((kind, unit_id))
            known = self._villages[key] = found
        return known

    def document(self, row: Row, *, required: bool) -> DocumentRef | None:
        """The document that the row cites; None if it cites none, or not completely (a finding then)."""
        values = row.values
        if values["document_id"] is not None:
            return DocumentRef(values["document_id"])
        missing = [name for name in IDENTIFIES if values[name] is None]
        if missing:
            if (required or len(missing) < len(IDENTIFIES)) and row.good:
                self._book.add(row, missing[0], "row-document-missing")
            return None
        signed = values["signed_on"]
        command = RegisterDocument(
            "",
            values["document_kind"],
            values["issuer"],
            values["number"],
            values["year"] or signed.year,
            signed,
            signed,
        )
        key = key_stream(command)
        first = self._documents.get(key)
        if first is None:
            document_id = self._keys.document(key)
            first = self._documents[key] = RegisterDocument(
                document_id, command.kind, command.issuer, command.number, command.year, signed, signed
            )
        elif first.signed_on != signed:
            day = first.signed_on.strftime("%d/%m/%Y")
            self._book.add(row, "signed_on", "row-document-differs", number=first.number, day=day)
            return None
        return DocumentRef(first.document_id, first)
