"""The benchmarks' own arithmetic: a wrong median or a flattering clock would make every figure worthless."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, HTTPServer
from itertools import islice
from pathlib import Path
from typing import ClassVar

import pytest

from bench.kit import account, country, history, load, measure, options, phases, prepared, wire
from bench.kit.load import Plan, Sent
from ops.simulator import Crew

VILLAGES = 143
"""One in each commune of Ninh Binh."""


def test_percentiles_are_values_that_were_measured() -> None:
    values = [float(n) for n in range(1, 101)]
    assert [measure.percentile(values, p) for p in (1, 50, 99, 100)] == [1, 50, 99, 100]
    assert measure.percentile([7.0], 99) == 7.0


def test_variants_take_turns_and_report_medians() -> None:
    order: list[str] = []
    figures = {"a": iter([1.0, 9.0, 5.0]), "b": iter([3.0, 2.0, 4.0])}

    def variant(name: str) -> float:
        order.append(name)
        return next(figures[name])

    assert measure.interleaved({n: lambda n=n: variant(n) for n in figures}) == {"a": 5.0, "b": 3.0}  # type: ignore[misc]  # mypy cannot infer a lambda with a default
    assert order == ["a", "b"] * 3


def test_the_last_line_is_one_object(capsys: pytest.CaptureFixture[str]) -> None:
    measure.report("append", 7, {"events_per_s": 5.0}, True)
    found = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert found["metrics"] == {"events_per_s": 5.0}
    assert (found["name"], found["seed"], set(found)) == ("append", 7, {"name", "machine", "seed", "metrics"})


def test_options_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUNGNHA_BENCH_SECONDS", "2.5")
    monkeypatch.setenv("TUNGNHA_BENCH_SCALE", "visits-api=2,reporting-worker=3")
    assert options.seconds("SECONDS", 60) == 2.5
    assert options.number("VILLAGES", 1_000) == 1_000
    assert options.scale() == {"visits-api": 2, "reporting-worker": 3}


# --- freshness ---------------------------------------------------------------------------------------------------


def sent(answered: float, positions: dict[int, int]) -> Sent:
    return Sent(0, answered - 0.1, answered - 0.1, answered, {"stored": 1}, positions, 0, 0)


def test_a_batch_is_fresh_when_a_report_includes_all_its_partitions() -> None:
    polls = [(1.0, {0: 5, 1: 0}), (2.0, {0: 10, 1: 3}), (3.0, {0: 10, 1: 9})]
    assert phases.included([sent(0.5, {0: 5}), sent(0.5, {0: 6, 1: 9})], polls) == [0.5, 2.5]


def test_a_report_may_include_a_batch_before_its_client_has_the_answer() -> None:
    assert phases.included([sent(1.5, {0: 5})], [(1.0, {0: 5})]) == [0.0]


def test_positions_to_wait_for_are_the_last_of_each_partition() -> None:
    batches = [sent(1, {2: 7, 0: 3}), sent(2, {0: 9})]
    assert phases.after(batches) == "visits:0:9,visits:2:7"


def test_cpu_time_is_per_visit_and_by_program() -> None:
    before = {("visits-api", 1): 2.0, ("postgres for x", 2): 1.0, ("gone", 3): 5.0}
    after = {("visits-api", 1): 3.0, ("postgres for x", 2): 1.5, ("postgres for x", 4): 0.25, ("idle", 5): 0.0}
    assert account.per_visit(before, after, 1_000) == {"visits-api": 1000.0, "postgres for x": 750.0}


def test_cpu_time_of_a_program_is_that_of_its_children_too() -> None:
    busy = "import time\nwhile time.process_time() < 0.2: pass\nprint(flush=True)\nimport sys; sys.stdin.read()"
    argv = [sys.executable, "-c", f"import subprocess, sys; subprocess.run([sys.executable, '-c', {busy!r}])"]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as program:
        assert program.stdout and program.stdin and program.stdout.readline()
        assert account.seconds_of([program.pid]) >= 0.2
        program.stdin.close()


# --- what is sent ------------------------------------------------------------------------------------------------


def test_the_country_is_whole() -> None:
    land = country.province(VILLAGES, 1)
    assert len(land.crews) == len(land.teams) == VILLAGES
    established = {row["unit_id"] for row in land.units if row["do"] == "establish"}
    assert established.issuperset(land.communes)
    assert all(row["parent_id"] in established for row in land.units if row.get("parent_id"))


def test_batches_are_full_differ_and_repeat_for_a_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(country, "VISITS_PER_SUNDAY", 500)
    crews = [Crew("t", "u", ("a", "b"), 300)]
    first = list(islice(country.batches(crews, 100, 5), 6))
    assert {len(batch) for batch in first} == {100}
    ids = [row["visit_id"] for batch in first for row in batch]
    assert len(set(ids)) == len(ids)
    assert first[5][0]["day"] > first[4][0]["day"], "a Sunday, then the next"
    assert next(country.batches(crews, 100, 5)) == first[0]


def test_history_carries_transitions_that_add_up() -> None:
    made = history.make(30, 2_000, 1)
    events = [(type_, json.loads(data)) for source, _, type_, _, data in made.events() if source == "visits"]
    assert len(events) == 2_000
    reached: Counter[str] = Counter()
    for _, data in events:
        reached[data["place_id"]] += sum(change["n"] for change in data["reach"] if change["previous_day"] is None)
    assert set(reached.values()) == {1}, "every household is met for the first time exactly once"
    days = [data["day"] for _, data in events]
    assert days == sorted(days)


def test_whoever_lives_there_is_as_old_at_every_visit() -> None:
    crews = [Crew("t", "u", ("a", "b"), 20)]
    ages: dict[tuple[str, str], set[str]] = {}
    for row in country.day(crews, 400, country.FIRST_SUNDAY, 5):
        for learner in row["learners"]:
            ages.setdefault((row["place_id"], learner["ref"]), set()).add(learner["age_band"])
    assert {len(each) for each in ages.values()} == {1}
    assert len({age for each in ages.values() for age in each}) >= 4


def test_differences_count_what_is_missing_and_what_is_too_much() -> None:
    assert prepared.differences(Counter("aab"), Counter("abcc")) == (1, 2)


# --- the generator -----------------------------------------------------------------------------------------------


def test_an_answer_is_whole_or_not_yet_there() -> None:
    text = b"HTTP/1.1 503 Busy\r\nretry-after: 7\r\nConnection: close\r\nContent-Length: 4\r\n\r\nbusy"
    assert [wire.parsed(bytearray(text[:n])) for n in (0, 40, len(text) - 1)] == [None] * 3
    assert wire.parsed(bytearray(text)) == wire.Answer(503, b"busy", 7.0, True)
    plain = wire.parsed(bytearray(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"))
    assert plain == wire.Answer(200, b"{}", 0.0, False)


class Api(BaseHTTPRequestHandler):
    """Answers as the visits API does; the second request fails once."""

    protocol_version = "HTTP/1.1"
    seen: ClassVar[Counter[bytes]] = Counter()
    requests = 0

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        type(self).requests += 1
        failing = type(self).requests == 2
        outcome = "repeated" if self.seen[body] else "stored"
        if not failing:
            self.seen[body] += 1
        answer = json.dumps({"results": [{"row": 0, "outcome": outcome, "position": "1:4"}]}).encode()
        self.send_response(503 if failing else 200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *arguments: object) -> None:
        pass


def test_the_generator_sends_every_body_until_it_is_answered_and_some_again(tmp_path: Path) -> None:
    server = HTTPServer(("127.0.0.1", 0), Api)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    bodies, results = tmp_path / "bodies", tmp_path / "results"
    bodies.write_text("".join(f'{{"rows": [{n}]}}\n' for n in range(60)))
    address = f"127.0.0.1:{server.server_address[1]}"
    plan = Plan(address, "/v1/visits/batch", "token", str(bodies), str(results), 30.0, 1, 500.0, 1)
    with bodies.open("rb") as file:
        found = load.Generator(plan, (line.rstrip(b"\n") for line in file)).run()
    server.shutdown()
    server.server_close()
    assert sorted(batch.line for batch in found) == list(range(60))
    assert all(batch.outcomes == {"stored": 1} and batch.positions == {1: 4} for batch in found)
    assert sum(batch.refused for batch in found) == 1
    assert all(batch.answered >= batch.due for batch in found)
    assert sorted(Api.seen.values()) == [1] * 59 + [2]
