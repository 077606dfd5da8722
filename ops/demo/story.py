"""The chapters of the demo: dated, on real units, through the public API only, each with the totals it must come to.

Sources of the published figures: the ministry's guidance 793/BTTTT-THH (2022), Bắc Kạn's plan 265/KH-UBND (24/5/2022),
and what Chương Mỹ (10/2023, Q1/2024), Ninh Bình (30/10/2024) and Thái Bình (3/12/2024) reported.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any

from ops import catalogue
from ops.client import Api
from ops.demo import policies
from ops.demo.world import Row, Team, World, shared_out
from ops.simulator import Crew
from ops.units.seed import NATION_ID, REFORM

PILOT_PLAN_SIGNED, PILOT_FIRST, PILOT_OVER = date(2022, 5, 24), date(2022, 5, 1), date(2022, 8, 1)
CHUONG_MY_FORMED, VILLAGES_MERGED, RENAMED = date(2023, 10, 2), date(2024, 2, 1), date(2024, 3, 15)
NINH_BINH_COUNTED, THAI_BINH_COUNTED = date(2024, 10, 30), date(2024, 12, 3)
LAST_OLD_DAY = date(2025, 6, 30)
TRAINED = date(2026, 9, 12)
SUNDAY = date(2026, 11, 15)

CHUONG_MY_TEAMS, CHUONG_MY_SEATS = 208, 1_456
NINH_BINH_TEAMS, NINH_BINH_SEATS = 1_675, 8_412  # published: more than 8,400
THAI_BINH_TEAMS = 1_797  # published: nearly 12,000 members, about 10 per commune and 5 to 6 per village
PILOT = "bac-kan"
OLD, NEW = "công nghệ số", "chuyển đổi số"


@dataclass
class Total:
    """What a report must say: unit, the day it is asked for, and the figures (a bare number, or a range)."""

    unit_id: str
    day: date
    figures: Mapping[str, int | range]


@dataclass
class Chapter:
    title: str
    steps: list[tuple[str, str, list[Row], int]] = field(default_factory=list)
    totals: list[Total] = field(default_factory=list)

    def send(self, service: str, path: str, rows: list[Row], *, in_order: bool = False) -> None:
        self.steps.append((service, path, rows, 1 if in_order else 4))

    @property
    def size(self) -> int:
        return sum(len(rows) for _, _, rows, _ in self.steps)


class Story:
    """Writes the chapters one after the other; the world remembers what happened."""

    def __init__(self, world: World, *, small: bool = False) -> None:
        self.world, self.units, self.small = world, world.units, small
        self.bac_kan = self.units.by_code("06", PILOT_FIRST)
        self.chuong_my = self.units.by_code("277", CHUONG_MY_FORMED)
        self.ninh_binh = self.units.by_code("37", NINH_BINH_COUNTED)
        self.thai_binh = self.units.by_code("34", THAI_BINH_COUNTED)

    @cached_property
    def rows(self) -> list[Row]:
        """The real units: all of them, in the small demo those of the provinces it tells of and of their heirs."""
        if not self.small:
            return list(self.units.rows)
        tree = self.units.tree
        heirs = {
            p.unit_id for p in (tree.place(b, SUNDAY) for b in (self.bac_kan, self.ninh_binh, self.chuong_my)) if p
        }
        told = heirs | {u for heir in heirs for u in tree.predecessors(heir)} | {NATION_ID}
        return [row for row in self.units.rows if self._province(row["unit_id"]) in told]

    def _province(self, unit_id: str) -> str:
        """The province in which the unit began; the nation for itself."""
        began = self.units.tree.life(unit_id)[0] or SUNDAY
        lineage = self.units.tree.ancestors(unit_id, began)
        return lineage[-2] if len(lineage) > 1 else unit_id

    def chapters(self) -> Iterator[Chapter]:
        yield self.map_of_2022()
        yield self.what_is_taught()
        yield self.how_teams_should_be()
        yield self.pilot()
        yield self.chuong_my_forms()
        yield self.villages_merge()
        yield self.province("Ninh Bình 10/2024", self.ninh_binh, NINH_BINH_TEAMS, NINH_BINH_COUNTED)
        if not self.small:
            yield self.province("Thái Bình 12/2024", self.thai_binh, THAI_BINH_TEAMS, THAI_BINH_COUNTED)
        yield self.reform()
        yield self.training()

    # --- chapters --------------------------------------------------------------------------------------------------

    def map_of_2022(self) -> Chapter:
        chapter = Chapter("Bản đồ 2022 · the map of 2022")
        rows = [row for row in self.rows if row["effective"] <= CHUONG_MY_FORMED.isoformat()]
        for level in ("nation", "province", "district", "commune"):
            chapter.send(
                "teams", "/v1/units/batch", [r for r in rows if r["do"] == "establish" and r["level"] == level]
            )
        chapter.send("teams", "/v1/units/batch", [r for r in rows if r["do"] != "establish"], in_order=True)
        return chapter

    def what_is_taught(self) -> Chapter:
        """The national catalogues of platforms, outcomes and topics."""
        chapter = Chapter("Danh mục toàn quốc · the national catalogues")
        chapter.send("visits", "/v1/catalogue/batch", list(catalogue.rows()))
        return chapter

    def how_teams_should_be(self) -> Chapter:
        """What guidance and localities say about the composition of teams: it warns, and refuses nothing."""
        chapter = Chapter("Quy định về thành phần tổ · how teams should be made up")
        known = policies.rows(self.world, frozenset(row["unit_id"] for row in self.rows))
        chapter.send("teams", "/v1/affairs/batch", known, in_order=True)
        return chapter

    def pilot(self) -> Chapter:
        """Bắc Kạn: ran from 1/5/2022 under a plan signed on 24/5, and ended after 31/7."""
        chapter = Chapter("Thí điểm Bắc Kạn 5–7/2022 · the pilot of Bắc Kạn")
        communes = self.units.communes(self.bac_kan, PILOT_FIRST)
        plan = self.world.document(
            "plan",
            "UBND tỉnh Bắc Kạn",
            "265/KH-UBND",
            PILOT_PLAN_SIGNED,
            "Thí điểm Tổ công nghệ số cộng đồng",
            PILOT_FIRST,
        )
        villages = self.world.make_villages(communes, len(communes), PILOT_FIRST)
        chapter.send("teams", "/v1/units/batch", villages)
        chapter.send("teams", "/v1/documents/batch", [plan])
        sizes = shared_out(7 * len(communes) + 5 * len(communes), 2 * len(communes))
        teams = self._form(chapter, PILOT, communes, sizes, PILOT_FIRST, dict.fromkeys(communes, plan), OLD, pilot=True)
        seats = sum(len(team.seats) for team in teams)
        chapter.send(
            "teams",
            "/v1/teams/changes/batch",
            [self._change("end_pilot", team, PILOT_OVER, plan, converted=False) for team in teams],
        )
        running = {"teams": len(teams), "seats": seats}
        for day, figures in (
            (date(2022, 4, 30), {"teams": 0, "seats": 0}),
            (PILOT_FIRST, running),
            (date(2022, 7, 31), running),
            (PILOT_OVER, {"teams": 0, "seats": 0}),
        ):
            chapter.totals.append(Total(self.bac_kan, day, figures))
        return chapter

    def chuong_my_forms(self) -> Chapter:
        """32 communes, 208 teams, 1,456 seats (10/2023)."""
        chapter = Chapter("Chương Mỹ 10/2023 · 208 teams, 1,456 seats")
        communes = self.units.communes(self.chuong_my, CHUONG_MY_FORMED)
        decisions = self.world.decisions(communes, CHUONG_MY_FORMED, "Thành lập Tổ công nghệ số cộng đồng")
        villages = self.world.make_villages(communes, CHUONG_MY_TEAMS - len(communes), CHUONG_MY_FORMED)
        chapter.send("teams", "/v1/units/batch", villages)
        chapter.send("teams", "/v1/documents/batch", list(decisions.values()))
        sizes = shared_out(CHUONG_MY_SEATS, CHUONG_MY_TEAMS)
        self._form(chapter, "chuong-my", communes, sizes, CHUONG_MY_FORMED, decisions, OLD)
        chapter.totals.append(
            Total(
                self.chuong_my,
                date(2023, 10, 31),
                {"teams": CHUONG_MY_TEAMS, "teams_commune": len(communes), "seats": CHUONG_MY_SEATS},
            )
        )
        return chapter

    def villages_merge(self) -> Chapter:
        """Q1/2024: two villages become one, so do their teams; no seat is lost. All teams reconstituted and renamed."""
        chapter = Chapter("Chương Mỹ quý I/2024 · merged, reconstituted, renamed: 207 teams, 1,456 seats")
        teams = self.world.teams["chuong-my"]
        communes = self.units.communes(self.chuong_my, RENAMED)
        decisions = self.world.decisions(communes, RENAMED, "Kiện toàn, đổi tên Tổ chuyển đổi số cộng đồng")
        commune = next(c for c in communes if len(self.world.villages[c]) >= 2)
        merging = [team for team in teams if team.commune_id == commune and team.kind == "village"][:2]
        merger = self.world.decisions(communes, VILLAGES_MERGED, "Sáp nhập thôn")[commune]
        chapter.send("teams", "/v1/documents/batch", [merger, *decisions.values()])
        merged = self._merge_villages(chapter, commune, merging, merger)
        teams[:] = [team for team in teams if team not in merging] + [merged]
        renewed = [team for team in teams if team.kind == "commune"]
        people = [self._replace_last_seat(team) for team in renewed]
        chapter.send("teams", "/v1/people/batch", people)
        changes = [
            self._change("reconstitute", team, RENAMED, decisions[team.commune_id], seats=[dict(s) for s in team.seats])
            for team in renewed
        ]
        for team in teams:
            team.name = team.name.replace(OLD, NEW)
            changes.append(self._change("rename", team, RENAMED, decisions[team.commune_id], name=team.name))
        chapter.send("teams", "/v1/teams/changes/batch", changes, in_order=True)
        after = {"teams": CHUONG_MY_TEAMS - 1, "teams_commune": len(communes), "seats": CHUONG_MY_SEATS}
        chapter.totals += [
            Total(self.chuong_my, date(2023, 12, 31), {"teams": CHUONG_MY_TEAMS, "seats": CHUONG_MY_SEATS}),
            Total(self.chuong_my, date(2024, 3, 31), after),
        ]
        return chapter

    def province(self, title: str, province: str, count: int, day: date) -> Chapter:
        """A whole province: a team in every commune, the rest in its villages."""
        communes = self.units.communes(province, day)
        chapter = Chapter(f"{title} · {count:,} teams in {len(communes)} communes")
        decisions = self.world.decisions(communes, day, "Thành lập Tổ công nghệ số cộng đồng")
        chapter.send("teams", "/v1/units/batch", self.world.make_villages(communes, count - len(communes), day))
        chapter.send("teams", "/v1/documents/batch", list(decisions.values()))
        if province == self.ninh_binh:
            sizes = shared_out(NINH_BINH_SEATS, count)
            seats: range | int = NINH_BINH_SEATS
        else:
            sizes = iter([10] * len(communes) + [6] * (count - len(communes)))
            seats = range(11_500, 12_000)
        self._form(chapter, f"province {province}", communes, sizes, day, decisions, OLD)
        figures = {"teams": count, "teams_commune": len(communes), "seats": seats}
        chapter.totals.append(Total(province, day, figures))
        return chapter

    def reform(self) -> Chapter:
        """1/7/2025: 63 provinces become 34, districts end, 3,321 communes; every village goes on in its new commune."""
        chapter = Chapter("Cải cách 1/7/2025 · 34 provinces, 3,321 communes, no districts")
        resolution = self.world.document(
            "resolution", "Quốc hội", "202/2025/QH15", date(2025, 6, 12), "Sắp xếp đơn vị hành chính cấp tỉnh", REFORM
        )
        chapter.send("teams", "/v1/documents/batch", [resolution])
        rows = [row for row in self.rows if row["effective"] > CHUONG_MY_FORMED.isoformat()]
        provinces = {row["unit_id"] for row in rows if self.units.tree.level(row["unit_id"]) == "province"}
        cited = [r | {"document_id": resolution["document_id"]} if r["unit_id"] in provinces else r for r in rows]
        # Codes are handed on within a day, so the order of the rows matters.
        chapter.send("teams", "/v1/units/batch", cited, in_order=True)
        chapter.send("teams", "/v1/units/batch", list(self._villages_follow()), in_order=True)
        return chapter

    def training(self) -> Chapter:
        """Leaders and deputies of Ninh Bình are trained, some of them twice."""
        chapter = Chapter("Tập huấn 9/2026 · leaders of Ninh Bình trained")
        world, place = self.world, f"province {self.ninh_binh}"
        course, session = world.id("course"), world.id("session")
        self.course = {
            "course_id": course,
            "title": "Kỹ năng số cơ bản cho tổ trưởng",
            "topics": ["public_services", "online_payment", "online_safety"],
            "simulated": True,
        }
        days = [TRAINED, date(2026, 9, 13)]
        self.session = {
            "session_id": session,
            "course_id": course,
            "unit_id": self.units.tree.place(self.ninh_binh, TRAINED).unit_id,  # type: ignore[union-attr]  # it has one
            "organiser": "department",
            "parts": [{"day": day.isoformat()} for day in days],
            "simulated": True,
        }
        rows = []
        for index, team in enumerate(world.teams[place]):
            unit = self.units.tree.place(team.commune_id, TRAINED)
            for day in days[: 1 + index % 2]:
                person = team.seats[0]["person_id"]
                rows.append(
                    {
                        "attendance_id": world.id("attendance", person, day),
                        "person_id": person,
                        "session_id": session,
                        "unit_id": unit.unit_id if unit else self.ninh_binh,
                        "day": day.isoformat(),
                    }
                )
        chapter.send("training", "/v1/attendance/batch", rows)
        chapter.totals.append(
            Total(
                NATION_ID, TRAINED, {"people_trained": len(world.teams[place]), "attendances": len(world.teams[place])}
            )
        )
        return chapter

    # --- parts of chapters --------------------------------------------------------------------------------------------

    def crews(self) -> list[Crew]:
        """Who goes from door to door on the Sunday: the village teams of Chương Mỹ, Ninh Bình and Thái Bình."""
        chance = self.world.chance("households")
        return [
            Crew(
                team.team_id, team.unit_id, tuple(seat["person_id"] for seat in team.seats), 60 + chance.randrange(140)
            )
            for place, teams in sorted(self.world.teams.items())
            if place != PILOT
            for team in teams
            if team.kind == "village"
        ]

    def provinces_on(self, day: date) -> list[str]:
        """The provinces in which the crews are on that day."""
        tree = self.units.tree
        communes = {team.commune_id for place, teams in self.world.teams.items() if place != PILOT for team in teams}
        placed = [tree.place(commune, day) for commune in communes]
        return sorted({tree.ancestors(p.unit_id, day)[-2] for p in placed if p})

    def _form(
        self,
        chapter: Chapter,
        place: str,
        communes: Sequence[str],
        sizes: Iterator[int],
        day: date,
        documents: Mapping[str, Row],
        word: str,
        *,
        pilot: bool = False,
    ) -> list[Team]:
        """Commune teams first, then village teams, with people and seats."""
        units = [(c, c) for c in communes] + [(v, c) for c in communes for v in self.world.villages.get(c, ())]
        people: list[Row] = []
        rows: list[Row] = []
        for (unit, commune), size in zip(units, sizes, strict=True):
            team, members = self.world.make_team(place, unit, commune, size, word)
            people += members
            rows.append(self.world.established(team, day, documents[commune], pilot=pilot))
        chapter.send("teams", "/v1/people/batch", people)
        chapter.send("teams", "/v1/teams/batch", rows)
        return self.world.teams[place]

    def _merge_villages(self, chapter: Chapter, commune: str, merging: Sequence[Team], document: Row) -> Team:
        """Two villages into a new one, and their teams with every seat carried."""
        village = self.world.id("village", commune, "merged")
        day = VILLAGES_MERGED.isoformat()
        establish = {
            "id": self.world.id("establish", village),
            "do": "establish",
            "unit_id": village,
            "level": "village",
            "kind": "thôn",
            "name": "Thôn Hợp Nhất",
            "parent_id": commune,
            "code": None,
            "effective": day,
            "document_id": document["document_id"],
            "simulated": True,
        }
        heirs = [{"unit_id": village, "main": True}]
        closing = [
            {"id": self.world.id("abolish", t.unit_id), "do": "abolish", "unit_id": t.unit_id, "effective": day}
            | {"successors": heirs, "successor_unknown": False, "document_id": document["document_id"]}
            for t in merging
        ]
        chapter.send("teams", "/v1/units/batch", [establish, *closing], in_order=True)
        team_id = self.world.id("team", village)
        seats = [seat for team in merging for seat in team.seats]
        merge = {
            "id": self.world.id("merge", team_id),
            "do": "merge",
            "rearrangement_id": self.world.id("merge", team_id),
            "into_team_id": team_id,
            "from_team_ids": [team.team_id for team in merging],
            "seats": [{"seat_id": seat["seat_id"], "fate": "carried"} for seat in seats],
            "effective": day,
            "document_id": document["document_id"],
            "new": {"kind": "village", "unit_id": village, "name": merging[0].name, "simulated": True},
        }
        chapter.send("teams", "/v1/teams/changes/batch", [merge])
        self.world.villages[commune] = [
            v for v in self.world.villages[commune] if v not in {t.unit_id for t in merging}
        ] + [village]
        return Team(team_id, "village", village, commune, merging[0].name, seats)

    def _replace_last_seat(self, team: Team) -> Row:
        """Reconstituted: one member leaves, another comes. Returns the new person."""
        person = self.world.person(team.team_id, "reconstituted")
        index = len(team.seats) - 1
        team.seats[-1] = self.world.seat(person["person_id"], index, team.team_id, "reconstituted")
        return person

    def _change(self, do: str, team: Team, day: date, document: Row, **what: Any) -> Row:
        return {
            "id": self.world.id(do, team.team_id, day),
            "do": do,
            "team_id": team.team_id,
            "effective": day.isoformat(),
            "document_id": document["document_id"],
        } | what

    def _villages_follow(self) -> Iterator[Row]:
        """Each village into the commune that followed its own; the successors of a split one each get some."""
        tree = self.units.tree
        moves: list[Row] = []
        for commune, villages in self.world.villages.items():
            for index, village in enumerate(villages):
                parent = commune
                while (closed := tree.life(parent)[1]) is not None and (heirs := tree.successors(parent)):
                    parent = heirs[index % len(heirs)]
                    moves.append(
                        {
                            "id": self.world.id("reparent", village, closed),
                            "do": "reparent",
                            "unit_id": village,
                            "parent_id": parent,
                            "effective": closed.isoformat(),
                        }
                    )
        return iter(sorted(moves, key=lambda move: move["effective"]))


Apis = Mapping[str, Api]
Advance = Callable[[int], None]


def play(chapter: Chapter, apis: Apis, advance: Advance) -> None:
    """Send the chapter's steps one after the other."""
    for service, path, rows, parallel in chapter.steps:
        id_key = "attendance_id" if service == "training" else "id"
        apis[service].load(path, rows, advance, id_key=id_key, parallel=parallel)
