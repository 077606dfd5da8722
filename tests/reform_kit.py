"""A small registry before a reform: two provinces, districts, twelve communes, villages, teams; and the file of it."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from tests.teams_kit import Teams
from tests.waiting import eventually

EVE, DAY = "2025-06-30", "2025-07-01"
CSV = {"Content-Type": "text/csv"}
HANOI, HA_NAM, NINH_BINH = "hanoi", "hanam", "ninhbinh"
COMMUNES = {
    "tulien": ("00097", "Tứ Liên", "tayho"),
    "phucxa": ("00100", "Phúc Xá", "tayho"),
    "yenphu": ("00103", "Yên Phụ", "tayho"),
    "nhattan": ("00106", "Nhật Tân", "tayho"),
    "quangan": ("00109", "Quảng An", "tayho"),
    "cukhe": ("10183", "Cự Khê", "thanhoai"),
    "cudong": ("10186", "Cự Đồng", "thanhoai"),
    "phuluong": ("13282", "Phủ Lý", "phuly"),
    "lienchinh": ("13285", "Liêm Chính", "phuly"),
    "dongthanh": ("14320", "Đông Thành", "hoalu"),
    "tanthanh": ("14323", "Tân Thành", "hoalu"),
    "ninhson": ("14326", "Ninh Sơn", "hoalu"),
}
DISTRICTS = {"tayho": ("003", HANOI), "thanhoai": ("278", HANOI), "phuly": ("347", HA_NAM), "hoalu": ("369", NINH_BINH)}
Row = dict[str, Any]


def uid() -> str:
    return str(uuid4())


def unit(unit_id: str, level: str, parent: str | None, **other: Any) -> Row:
    row = {"id": uid(), "do": "establish", "unit_id": unit_id, "level": level, "kind": "xã", "name": unit_id}
    return row | {"parent_id": parent, "effective": "2022-01-01", "simulated": True} | other


def units() -> list[Row]:
    rows = [unit("vn", "nation", None, kind="quốc gia", name="Việt Nam")]
    rows += [
        unit(HANOI, "province", "vn", kind="thành phố", code="01", name="Hà Nội"),
        unit(HA_NAM, "province", "vn", kind="tỉnh", code="35", name="Hà Nam"),
        unit(NINH_BINH, "province", "vn", kind="tỉnh", code="37", name="Ninh Bình"),
    ]
    rows += [unit(d, "district", p, kind="huyện", code=code) for d, (code, p) in DISTRICTS.items()]
    rows += [unit(c, "commune", d, code=code, name=name) for c, (code, name, d) in COMMUNES.items()]
    rows += [unit(f"ck{n}", "village", "cukhe", kind="thôn", name=f"Thôn {n}") for n in range(1, 5)]
    return rows + [unit(f"ns{n}", "village", "ninhson", kind="xóm", name=f"Xóm {n}") for n in range(1, 3)]


RESOLUTION = {
    "document_kind": "Nghị quyết",
    "issuer": "Uỷ ban Thường vụ Quốc hội",
    "number": "1656/NQ-UBTVQH15",
    "signed_on": "16/06/2025",
    "effective": "01/07/2025",
}


def row(
    level: str, old: str = "", new: str = "", name: str = "", kind: str = "", within: str = "", **other: str
) -> Row:
    named = {"old_code": old, "new_code": new, "new_name": name, "new_kind": kind, "new_parent": within}
    return RESOLUTION | {"level": level} | named | other


def reform_rows() -> list[Row]:
    """Hà Nam goes to Ninh Bình; 12 communes become 5; Cự Khê is split; two hamlets become one; districts end."""
    hong_ha = {"new": "00097", "name": "Hồng Hà", "kind": "phường", "within": "01"}
    tay_ho = {"new": "00103", "name": "Tây Hồ", "kind": "phường", "within": "01"}
    rows = [
        row("Tỉnh", "01", "01", "Hà Nội", "thành phố"),
        row("Tỉnh", "35", "37", "Ninh Bình", "tỉnh", main="Có"),
        row("Tỉnh", "37", "37"),
        *(row("Huyện", code) for code, _ in DISTRICTS.values()),
        row("Xã", "97", **hong_ha, old_name="Tu Lien"),
        row("Xã", "00100", **hong_ha),
        *(row("Xã", code, **tay_ho) for code in ("00103", "00106", "00109")),
        row("Xã", "10183", "10186", "Cự Đồng", "xã", "01", share="Một phần", main="Có"),
        row("Xã", "10183", "10183", "Bình Minh", "xã", "01", share="Một phần", main="Không"),
        row("Xã", "10186", "10186"),
        row("Xã", "13282", "13282", "Phủ Lý", "phường", "37"),
        row("Xã", "13285", "13282"),
        row("Xã", "14320", "14320", "Hoa Lư", "phường", "37"),
        row("Xã", "14323", "14320"),
        row("Xã", "14326", "14326", "Ninh Sơn", "xã", "37"),
        row("Thôn", old_name="Thôn 3", old_parent="10183", within="10183"),
        row("Thôn", old_id="ck4", within="10183"),
        *(row("Thôn", old_id=f"ns{n}", name="Xóm Đoài", kind="xóm", within="14326") for n in (1, 2)),
    ]
    return rows


COLUMNS = (
    *("level", "old_code", "old_name", "old_parent", "old_id", "new_code", "new_name", "new_kind", "new_parent"),
    *("new_level", "new_id", "share", "main", "effective", "document_kind", "issuer", "number", "year", "signed_on"),
    "teams",
)


def as_csv(rows: Sequence[Row]) -> bytes:
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, restval="")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode("utf-8-sig")


# --- the registry -------------------------------------------------------------------------------------------------


@dataclass
class Story:
    registry: Teams
    document: str
    teams: dict[str, str] = field(default_factory=dict)
    seats: int = 0
    reform: str = ""
    applied: dict[str, int] = field(default_factory=dict)

    def client(self, *held: str, **options: str) -> Any:
        return self.registry.client(*(held or ("vn",)), **options)

    def get(self, path: str, **query: Any) -> Any:
        with self.client() as client:
            answer = client.get(path, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def send(self, rows: Sequence[Row], *held: str, **query: Any) -> str:
        with self.client(*held) as client:
            answer = client.post("/v1/reforms", content=as_csv(rows), headers=CSV, params=query)
        assert answer.status_code == 202, answer.text
        assert answer.headers["Location"] == f"/v1/reforms/{answer.json()['reform_id']}"
        return str(answer.json()["reform_id"])

    def until(self, reform: str, *states: str) -> Any:
        """The reform once it is in one of these states."""
        return eventually(lambda: (found := self.get(f"/v1/reforms/{reform}"))["state"] in states and found)

    def order(self, reform: str, what: str, body: Row | None = None, version: int | None = None) -> Any:
        path = f"/v1/reforms/{reform}"
        with self.client() as client:
            tag = client.get(path).headers.get("ETag", "*") if version is None else f'"{version}"'
            return client.post(f"{path}/{what}", json=body, headers={"If-Match": tag})

    def commune_of(self, team: str, day: str) -> str:
        return str(self.get(f"/v1/teams/{self.teams[team]}", as_of=day)["unit_id"])


def told(story: Story) -> Story:
    """A team in every commune and village, three seats each; one person sits in both hamlets' teams."""
    places = [("commune", commune) for commune in COMMUNES]
    places += [("village", f"ck{n}") for n in range(1, 5)] + [("village", f"ns{n}") for n in (1, 2)]
    document = {"document_id": story.document, "kind": "decision", "issuer": "UBND", "number": "1/QĐ", "year": 2023}
    twice = uid()
    people, teams = [], []
    for kind, place in places:
        members = [uid() for _ in range(3)]
        if place.startswith("ns"):
            members[2] = twice
        people += [member for member in members if member not in people]
        story.teams[place] = uid()
        seats = [
            {"seat_id": uid(), "person_id": person, "role": "member" if n else "leader", "affiliation": "youth_union"}
            for n, person in enumerate(members)
        ]
        story.seats += len(seats)
        team = {"id": uid(), "team_id": story.teams[place], "kind": kind, "unit_id": place, "name": f"Tổ {place}"}
        teams.append(team | {"effective": "2023-06-01", "document_id": story.document, "seats": seats})
    with story.client() as client:
        for path, rows in (
            ("/v1/units/batch", units()),
            ("/v1/documents/batch", [{"id": uid(), **document, "signed_on": EVE, "effective_from": EVE}]),
            ("/v1/people/batch", [{"id": uid(), "person_id": p, "name": "Nguyễn Văn An"} for p in people]),
            ("/v1/teams/batch", teams),
        ):
            answer = client.post(path, json={"rows": rows})
            assert answer.json()["counts"] == {"stored": len(rows)}, answer.text
        # Recorded for a day after the reform, and for the unit of before: this team cannot be moved behind its back.
        later = {"name": "Tổ Đông Thành", "effective": "2025-08-01", "document_id": story.document}
        assert client.post(f"/v1/teams/{story.teams['dongthanh']}/rename", json=later).status_code == 201
    return story
