"""Rows of files as commands: whatever they say, a dry run, an import, one taken over and one sent again agree."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from datetime import UTC, date, datetime
from typing import Any, cast
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.teams.domain import DECIDER, EVENTS
from services.teams.domain.people import ErasePerson
from services.teams.domain.team.events import Role, TeamKind
from services.teams.domain.units import EstablishUnit
from services.teams.files.keys import Keys, bare, national
from services.teams.files.templates import TEMPLATES
from services.teams.files.work import ImportTask
from services.teams.messages import MESSAGES
from services.teams.messages.files import FILES
from shared.access import Actor
from shared.codec import Codec
from shared.decider import Rejected
from shared.handler import Envelope, Handler
from shared.jobs import Job, RowResult, State
from shared.memory import MemoryLog
from shared.problems import CATALOGUE, register
from shared.rehearsal import Rehearsal
from shared.sheets import Book, Layout, Row
from shared.unit_directory import UnitDirectory
from shared.units import UnitTree
from shared.vault import MemoryKeys, Vault
from shared.writer import GroupWriter

register(MESSAGES)

DAY, LATER = date(2023, 10, 1), date(2024, 2, 1)
KEY = b"k" * 32
Values = dict[str, Any]
SIGNED = {"document_kind": "decision", "issuer": "UBND xã", "number": "12/QĐ", "signed_on": DAY}


class Directory:
    """The tree as the log has it at this moment."""

    def __init__(self, log: MemoryLog) -> None:
        self._log, self._tree, self._position = log, UnitTree(), 0

    def tree(self, known_at: object = None) -> UnitTree:
        for event in self._log.read(0, self._position, 1_000_000):
            self._tree.apply(event.type, event.data)
            self._position = event.position
        return self._tree

    refresh = tree


class Registry:
    """The registry in memory: its log, its handler, and the task that takes files in."""

    def __init__(self, writer: Callable[[MemoryLog], GroupWriter]) -> None:
        self.log = MemoryLog()
        codec = Codec(*EVENTS, vault=Vault(MemoryKeys()))
        self.handler: Handler[Any, Any, Any] = Handler(self.log, writer(self.log), DECIDER, codec, hash_key=KEY)
        self.task = ImportTask(self.handler, cast(UnitDirectory, Directory(self.log)), KEY)
        for unit_id, level, parent, code in (
            ("vn", "nation", None, None),
            ("hn", "province", "vn", "01"),
            ("c1", "commune", "hn", "00001"),
            ("c2", "commune", "hn", "00002"),
        ):
            self.do(EstablishUnit(unit_id, level, "xã", unit_id, parent, code, date(2020, 1, 1)))

    def do(self, command: Any) -> None:
        answer = self.handler.handle(Envelope(uuid4(), command, "a", datetime.now(UTC)))
        assert answer.outcome == "stored"

    @property
    def head(self) -> int:
        return self.log.heads()[0]

    def events(self) -> list[tuple[str, str, str]]:
        """What is stored, but for when and in which order."""
        return sorted((e.stream_id, e.type, _plain(e.data)) for e in self.log.read(0, 0, 1_000_000))

    def send(self, book: Book, *, dry_run: bool = False, units: Iterable[str] = ("vn",), stop: int = -1) -> Values:
        """Row index → (outcome, codes). ``stop``: the worker dies in that step after storing, before its commit."""
        job = a_job(self.head, dry_run, units)
        work, results, cursor, step = self.task.begin(job, deepcopy(book), []), list[RowResult](), 0, 0
        while cursor is not None:
            done = work.step(cursor)
            if step == stop:
                work = self.task.begin(job, deepcopy(book), results)
                stop = -1
                continue
            results += done.results
            cursor, step = done.cursor, step + 1
        assert sorted(result.index for result in results) == list(range(len(book.rows)))
        return {r.index: (r.outcome, [f.code for f in r.findings]) for r in results}


def _plain(data: Mapping[str, Any]) -> str:
    return repr(
        {name: None if isinstance(value, dict) and "sealed" in value else value for name, value in data.items()}
    )


def a_job(head: int, dry_run: bool, units: Iterable[str]) -> Job:
    actor, now = Actor("clerk", frozenset({"teams:write"}), frozenset(units)), datetime.now(UTC)
    params = {"template": "registry", "dry_run": dry_run}
    return Job(
        *(uuid4(), "import", params, actor, "vi", "xlsx", 1, b"", State.APPLYING, 0, None, {}, {}, None, {0: head}),
        *(now, now, None, None),
    )


@contextmanager
def registry() -> Iterator[Registry]:
    writers: list[GroupWriter] = []

    def writer(log: MemoryLog) -> GroupWriter:
        writers.append(GroupWriter(log))
        return writers[0]

    try:
        yield Registry(writer)
    finally:
        for each in writers:
            each.stop()


def book_of(villages: Iterable[Values] = (), teams: Iterable[Values] = (), people: Iterable[Values] = ()) -> Book:
    """A book as if it had been read; rows number from 2."""
    template = TEMPLATES["registry"]
    book = Book(template, "xlsx", {}, [])
    for sheet, rows in zip(template.sheets, (villages, teams, people), strict=True):
        columns = {column.key: (n, column.vi) for n, column in enumerate(sheet.columns)}
        book.layouts[sheet.key] = Layout(sheet, sheet.vi, 1, columns, tuple(c.vi for c in sheet.columns))
        for number, values in enumerate(rows, 2):
            full = dict.fromkeys(sheet.by_key) | values
            row = Row(len(book.rows), sheet.key, number, full, [])
            for column in sheet.columns:
                if column.required and full[column.key] is None:
                    book.add(row, column.key, "cell-missing")
            book.rows.append(row)
    return book


def village(key: str | None, name: str, unit: str = "00001", **other: Any) -> Values:
    return {"key": key, "unit": unit, "kind": "thôn", "name": name, "effective": date(2021, 1, 1)} | other


def team(key: str | None, where: str | None, **other: Any) -> Values:
    kind = TeamKind.VILLAGE if where else TeamKind.COMMUNE
    values = {"key": key, "kind": kind, "unit": "00001", "village": where, "name": f"Tổ {key}", "effective": DAY}
    return values | SIGNED | other


def person(team_key: str, name: str, role: Role = Role.MEMBER, **other: Any) -> Values:
    return {"team": team_key, "name": name, "role": role} | other


# --- single rules ------------------------------------------------------------------------------------------------


def test_one_person_on_two_teams_is_one_person_with_two_seats() -> None:
    people = [person("A", "Vũ Thị Hoà", phone="0912345678"), person("B", "vũ thị HÒA", phone="+84912345678")]
    people += [person("A", "Vũ Văn An"), person("B", "Vũ Văn An")]
    book = book_of([village("T", "Thôn 1")], [team("A", None), team("B", "T")], people)
    with registry() as teams:
        found = teams.send(book)
        assert set(outcome for outcome, _ in found.values()) == {"stored"}
        assert sum(kind == "PersonRegistered" for _, kind, _ in teams.events()) == 3, "without a phone: two people"


def test_who_was_erased_is_not_brought_back_by_an_old_file() -> None:
    book = book_of(teams=[team("A", None)], people=[person("A", "Vũ Thị Hoà", phone="0912345678"), person("A", "Ba")])
    with registry() as teams:
        teams.send(book)
        teams.do(ErasePerson(Keys(KEY).person("Vũ Thị Hoà", "0912345678", "")))
        late = [person("A", "Vũ Thị Hoà", phone="0912345678"), person("A", "Ba"), person("A", "Tư")]
        found = teams.send(book_of(teams=[team("A", None)], people=late))
        erased = ("rejected", ["person-erased"])
        assert found == {0: ("repeated", []), 1: erased, 2: ("repeated", []), 3: ("stored", [])}
        other = book_of([village("T", "Thôn 1")], [team("B", "T")], [person("B", "Vũ Thị Hoà", phone="0912345678")])
        assert teams.send(other)[2] == ("rejected", ["person-erased"])


def test_nobody_is_registered_for_a_team_or_seat_that_is_refused() -> None:
    with registry() as teams:
        teams.send(book_of(teams=[team("A", None)], people=[person("A", "Hai", Role.LEADER)]))
        before = teams.events()
        again = book_of(
            teams=[team("A", None, effective=LATER), team("B", None, unit="00002")],
            people=[person("A", "Ba", phone="0912345678"), person("B", "Tư")],
        )
        assert teams.send(again, units=["c1"]) == {
            0: ("rejected", ["team-place-taken"]),
            1: ("rejected", ["forbidden-unit"]),
            2: ("rejected", ["row-depends"]),
            3: ("rejected", ["row-depends"]),
        }
        team_id = Keys(KEY).team("c1", "commune", DAY)
        second = person(team_id, "Năm", Role.LEADER, effective=LATER, phone="0912345670") | SIGNED
        assert teams.send(book_of(people=[second])) == {0: ("rejected", ["leader-exists"])}
        assert [event for event in teams.events() if event not in before and event[1] != "NothingChanged"] == []


def test_people_of_a_known_team_are_for_its_own_units_only() -> None:
    with registry() as teams:
        teams.send(book_of(teams=[team("A", None)]))
        team_id = Keys(KEY).team("c1", "commune", DAY)
        new = person(team_id, "Hai", effective=LATER) | SIGNED
        unknown = person(str(uuid4()), "Ba", effective=LATER) | SIGNED
        early = person(team_id, "Tư", effective=date(2022, 1, 1)) | SIGNED
        undated = person(team_id, "Năm") | SIGNED
        assert teams.send(book_of(people=[new]), units=["c2"]) == {0: ("rejected", ["forbidden-unit"])}
        assert teams.send(book_of(people=[new, unknown, early, undated])) == {
            0: ("stored", []),
            1: ("rejected", ["team-unknown"]),
            2: ("rejected", ["team-not-yet"]),
            3: ("rejected", ["cell-missing"]),
        }


def test_a_key_that_is_given_twice_means_neither() -> None:
    book = book_of(
        [village("T", "Thôn 1"), village("T", "Thôn 2"), village("U", "Thôn 3")],
        [team("A", "T"), team("B", "U"), team("B", None)],
        [person("B", "Hai")],
    )
    with registry() as teams:
        assert teams.send(book) == {
            0: ("stored", []),
            1: ("rejected", ["row-key-twice"]),
            2: ("stored", []),
            3: ("rejected", ["row-depends"]),
            4: ("stored", []),
            5: ("rejected", ["row-key-twice"]),
            6: ("rejected", ["row-depends"]),
        }


def test_villages_are_known_by_their_name_within_the_commune() -> None:
    with registry() as teams:
        teams.do(EstablishUnit("v1", "village", "thôn", "Thôn Đoài", "c1", None, date(2020, 1, 1)))
        book = book_of(
            [village("T", "Đoài"), village("U", "thôn đoài", "00002"), village("W", "THÔN ĐOÀI")],
            [team("A", "T"), team("B", "Thôn Đoài", unit="00002"), team("C", "đông")],
        )
        assert teams.send(book) == {
            0: ("repeated", []),
            1: ("stored", []),
            2: ("rejected", ["row-twice"]),
            3: ("stored", []),
            4: ("stored", []),
            5: ("rejected", ["village-name-unknown"]),
        }
        established = {data for stream, kind, data in teams.events() if kind == "TeamEstablished"}
        assert any("'unit_id': 'v1'" in data for data in established)


def test_what_is_stored_already_with_other_content_is_not_changed_by_a_file() -> None:
    with registry() as teams:
        first = book_of([village("T", "Thôn 1")], [team("A", "T")], [person("A", "Hai", Role.LEADER)])
        teams.send(first)
        changed = book_of(
            teams=[team("A", "Thôn 1", name="Khác")],
            people=[person("A", "Hai", Role.LEADER), person("A", "Ba", effective=DAY)],
        )
        assert teams.send(changed) == {0: ("conflict", ["row-differs"]), 1: ("repeated", []), 2: ("stored", [])}
        before = teams.events()
        other_role = book_of(teams=[team("A", "Thôn 1")], people=[person("A", "Ba", Role.DEPUTY)])
        assert teams.send(other_role)[1] == ("conflict", ["row-differs"])
        moved = book_of([village("T", "Thôn 1", effective=date(2022, 1, 1))], [team("A", "T")])
        assert teams.send(moved) == {0: ("conflict", ["unit-exists"]), 1: ("rejected", ["row-depends"])}
        other_day = book_of([village("T", "Thôn 2")], [team("B", "T", signed_on=date(2023, 9, 1))])
        assert teams.send(other_day)[1] == ("rejected", ["row-document-differs"])
        kept = [e for e in teams.events() if e not in before]
        assert {kind for _, kind, _ in kept} <= {"UnitEstablished", "NothingChanged"}


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (("thôn", "Thôn 3"), ("THÔN", "3"), True),
        (("thôn", "Hoà Bình"), ("thôn", "thon hoa binh"), True),
        (("tổ dân phố", "Số 3"), ("thôn", "Số 3"), False),
        (("thôn", "Thôn"), ("thôn", "thôn"), True),
    ],
)
def test_names_of_villages_are_compared_without_their_kind(
    one: tuple[str, str], other: tuple[str, str], same: bool
) -> None:
    assert (bare(*one) == bare(*other)) is same


def test_phone_numbers_are_compared_as_national_ones() -> None:
    assert national("+84 912-345-678") == national("84912345678") == "0912345678"
    assert national("0241234567") == "0241234567"


def test_ids_say_nothing_without_the_key() -> None:
    one, other = Keys(b"a" * 32), Keys(b"b" * 32)
    assert one.person("An", "0912345678", "") != other.person("An", "0912345678", "")
    assert one.person("An", "0912345678", "t1") == one.person("AN", "+84912345678", "t2")


def test_every_code_has_its_texts() -> None:
    assert FILES.keys() <= CATALOGUE.keys()


# --- whatever is in the file ---------------------------------------------------------------------------------------

names = st.sampled_from(["An", "Bình", "Chi", "Dung"])
keys = st.sampled_from(["T1", "T2", "T3", None])
team_keys = st.sampled_from(["A", "B", "C", None])
villages = st.builds(
    village, keys, st.sampled_from(["Thôn 1", "Thôn 2", "2", "Thôn 3"]), st.sampled_from(["00001", "2"])
)
teams_ = st.builds(
    team,
    team_keys,
    st.sampled_from(["T1", "T2", "T3", "Thôn 1", "Thôn 9", None]),
    unit=st.sampled_from(["00001", "00002", "c1", "nowhere"]),
    effective=st.sampled_from([DAY, LATER]),
    number=st.sampled_from(["1/QĐ", "2/QĐ", None]),
    signed_on=st.sampled_from([DAY, LATER]),
)
people_ = st.builds(
    person,
    st.sampled_from(["A", "B", "C", "D"]),
    names,
    st.sampled_from(list(Role)),
    phone=st.sampled_from([None, "0912345678", "0912345679"]),
    effective=st.sampled_from([None, DAY, LATER, date(2022, 1, 1)]),
)
books = st.builds(
    book_of,
    st.lists(villages, max_size=4),
    st.lists(teams_, max_size=4),
    st.lists(people_, min_size=1, max_size=8),
)


@settings(max_examples=30, deadline=None)
@given(books, st.sampled_from([("vn",), ("c1",)]))
def test_a_dry_run_says_what_will_happen_and_a_second_time_changes_nothing(book: Book, units: tuple[str, ...]) -> None:
    with registry() as teams:
        before = teams.events()
        rehearsed = teams.send(book, dry_run=True, units=units)
        assert teams.events() == before
        assert teams.send(book, units=units) == rehearsed
        after = teams.events()
        again = teams.send(book, units=units)
        assert teams.send(book, dry_run=True, units=units) == again
        for row, (outcome, codes) in rehearsed.items():
            assert again[row] == (("repeated", []) if outcome in ("stored", "repeated") else (outcome, codes))
        assert [e for e in teams.events() if e not in after and e[1] != "NothingChanged"] == []


@settings(max_examples=30, deadline=None)
@given(books, st.integers(0, 8), st.sampled_from([1, 3, 500]))
def test_stopped_anywhere_and_taken_over_it_ends_the_same(book: Book, stop: int, chunk: int) -> None:
    """In chunks of whatever size."""
    with registry() as one, registry() as other, pytest.MonkeyPatch.context() as patch:
        whole = one.send(book)
        patch.setattr("services.teams.files.work.CHUNK_ROWS", chunk)
        assert other.send(book, stop=stop) == whole
        assert one.events() == other.events()


@settings(max_examples=15, deadline=None)
@given(books)
def test_a_rehearsal_decides_as_the_handler_does(book: Book) -> None:
    """Command by command, over several calls, forked or not."""
    with registry() as teams, registry() as real:
        sent: list[Envelope] = []

        class Spy(Rehearsal[Any, Any, Any]):
            def handle_many(self, envelopes: Any) -> Any:
                sent.extend(envelopes)
                return super().handle_many(envelopes)

        rehearsal: Rehearsal[Any, Any, Any] = Rehearsal(teams.handler)
        spy = Spy(teams.handler)
        teams.task._handler = spy  # type: ignore[assignment]  # what a job sends is what we want to see
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("services.teams.files.work.Rehearsal", lambda handler: spy)
            teams.send(book, dry_run=True)
        half = len(sent) // 2
        rehearsed = [*rehearsal.handle_many(sent[:half]), *rehearsal.fork().handle_many(sent[half:])]
        done = [*real.handler.handle_many(sent[:half]), *real.handler.handle_many(sent[half:])]
        for was, now in zip(rehearsed, done, strict=True):
            if isinstance(was, Rejected):
                assert isinstance(now, Rejected)
                assert (was.code, was.pointer) == (now.code, now.pointer)
            else:
                assert not isinstance(now, Rejected)
                assert (was.outcome, was.stream_id) == (now.outcome, now.stream_id)
