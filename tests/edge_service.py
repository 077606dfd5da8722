"""A tiny service on the real edge, run as a process by edge_kit.py."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Collection, Iterator
from datetime import date
from typing import ClassVar

from shared.edge_server import prepare, run_api

prepare()

import eventlet  # noqa: E402  # everything below must see the patched library
from marshmallow import Schema, ValidationError, fields, post_load, validate  # noqa: E402
from uuid_utils.compat import uuid7  # noqa: E402

from shared import edge_stream  # noqa: E402
from shared.bus import Public  # noqa: E402
from shared.decider import Rejected  # noqa: E402
from shared.edge import PUBLIC, Call, Raw, Reply, Row, Rows, Upload, require_unit, route  # noqa: E402
from shared.edge_batch import batch_reply  # noqa: E402
from shared.edge_feed import Feed  # noqa: E402
from shared.edge_health import Health  # noqa: E402
from shared.edge_stream import Hub, Told  # noqa: E402
from shared.handler import Answer, Busy  # noqa: E402
from shared.log import Append, LogUnavailable, NewEvent, Outcome, Recorded, canonical  # noqa: E402
from shared.memory import MemoryLog  # noqa: E402
from shared.problems import Problem, Text, register  # noqa: E402
from shared.settings import Settings  # noqa: E402

register(
    {
        "too-young": Text(409, "Quá mới", "Hộ {place} vừa được thăm.", "Too recent", "Place {place} was just visited."),
        "bad-skill": Text(422, "Kỹ năng lạ", "Không có kỹ năng này.", "Odd skill", "There is no such skill."),
    }
)


class VisitSchema(Schema):
    visit_id = fields.UUID(required=True)
    day = fields.Date(required=True)
    minutes = fields.Integer(strict=True, validate=validate.Range(min=1, max=600))
    note = fields.String(validate=validate.Length(max=20))
    skills = fields.List(fields.String(validate=lambda skill: _known(skill)))

    @post_load
    def made(self, data: dict[str, object], **_: object) -> dict[str, object]:
        return dict(data)


def _known(value: str) -> None:
    if value != "online_payment":
        raise ValidationError("bad-skill")


class WindowSchema(Schema):
    size = fields.Integer(load_default=10, validate=validate.Range(min=1, max=100))
    unit = fields.List(fields.String())


class Tree:
    above: ClassVar = {"xa-1": {"xa-1", "tinh-1", "vn"}, "tinh-1": {"tinh-1", "vn"}}

    def covers(self, roots: Collection[str], unit_id: str, day: date) -> bool:
        return not self.above.get(unit_id, set()).isdisjoint(roots)

    def exists(self, unit_id: str, day: date) -> bool:
        return unit_id in self.above


FOLLOWED = {"a": 0, "b": 0}
ASKED = {"a": 0, "b": 0}
edge_stream.HEARTBEAT_SECONDS = 0.2


def told(key: str) -> Told:
    if FOLLOWED.get(key, -1) < 0:
        raise Problem("not-found", where="path")
    ASKED[key] += 1
    if FOLLOWED[key] == 13:
        raise KeyError("Nguyễn Văn A")
    return Told(str(FOLLOWED[key]), str(FOLLOWED[key]).encode())


class Tiny(Health, Feed):
    name = "tiny"
    hub = Hub("value", lambda: tuple(FOLLOWED.values()), told, most=20)

    @route("GET", "/v1/follow/<key>", scope="tiny:read")
    def follow(self, call: Call) -> Reply:
        return self.hub.follow(call.path["key"], call.last_event_id)

    @route("PUT", "/v1/follow/<key>/<int(signed=True):value>", scope="tiny:write")
    def change(self, call: Call) -> None:
        FOLLOWED[call.path["key"]] = call.path["value"]

    @route("GET", "/v1/asked", scope="tiny:read")
    def asked(self, call: Call) -> dict[str, int]:
        return ASKED

    @route("GET", "/v1/things/<thing>", scope="{service}:read")
    def thing(self, call: Call) -> Reply:
        return Reply(200, {"thing": call.path["thing"], "sub": call.actor.sub}, etag=7)

    @route("GET", "/v1/things", scope="tiny:read", query=WindowSchema)
    def things(self, call: Call) -> dict[str, object]:
        return dict(call.query)

    @route("POST", "/v1/visits", scope="tiny:write", body=VisitSchema)
    def visit(self, call: Call) -> Reply:
        return Reply(201, {"loaded": call.body, "key": call.idempotency_key, "if_match": call.if_match})

    @route("POST", "/v1/visits/batch", scope="tiny:write", body=Rows(VisitSchema))
    def visits(self, call: Call) -> Reply:
        rows: list[Row] = call.body
        answers = {row.index: Answer(Outcome.STORED, "s", 1, 0, row.index + 1) for row in rows if not row.problem}
        return batch_reply(rows, answers, call.locale, key="visit_id")

    @route("POST", "/v1/raw", scope="tiny:write", body=Raw, max_bytes=100_000)
    def raw(self, call: Call) -> dict[str, object]:
        return {"got": call.body}

    @route("POST", "/v1/files", scope="tiny:write", body=Upload("csv", "ndjson", max_bytes=3_000_000))
    def file(self, call: Call) -> dict[str, object]:
        digest, pieces, most = hashlib.sha256(), 0, 0
        for piece in call.body:
            digest.update(piece)
            pieces, most = pieces + 1, max(most, len(piece))
        return {"media": call.body.media, "digest": digest.hexdigest(), "pieces": pieces, "most": most}

    @route("GET", "/v1/stream/<how>", scope="tiny:read")
    def stream(self, call: Call) -> Reply:
        def pieces() -> Iterator[bytes]:
            if call.path["how"] == "refused":
                raise Problem("stale")
            for _ in range(5):
                yield b"x" * 100_000
            if call.path["how"] == "broken":
                raise KeyError("Nguyễn Văn A")

        return Reply(200, pieces(), {"Content-Type": "text/plain"})

    @route("GET", "/v1/units/<unit>", scope="tiny:read")
    def unit(self, call: Call) -> None:
        require_unit(call.actor, Tree(), call.path["unit"], call.now.date())

    @route("GET", "/v1/fail/<how>", scope="tiny:read")
    def fail(self, call: Call) -> object:
        errors = {
            "rejected": Rejected("too-young", "/place_id", place="p1"),
            "unknown": Rejected("never-heard-of"),
            "version": Rejected("version-changed", version=9),
            "busy": Busy(),
            "log": LogUnavailable(),
            "crash": KeyError("Nguyễn Văn A"),
            "problem": Problem("stale"),
        }
        if call.path["how"] == "unwritable":
            return {"x": object()}
        raise errors[call.path["how"]]

    @route("GET", "/v1/slow", scope="tiny:read")
    def slow(self, call: Call) -> dict[str, object]:
        eventlet.sleep(1)
        return {"done": True}

    @route("GET", "/v1/open", scope=PUBLIC)
    def open(self, call: Call) -> dict[str, object]:
        return {"open": True}


def a_log() -> MemoryLog:
    """Positions 1–6 of partition 0: private, private, public, private, public, private."""
    log = MemoryLog(2)
    for i, kind in enumerate(("Hidden", "Hidden", "Shown", "Hidden", "Shown", "Hidden"), 1):
        event = NewEvent(f"s{i}", 1, kind, 1, canonical({"n": i}), bytes(16))
        log.append([Append(uuid7(), b"f", {"actor": "a", "at": "2026-01-01T00:00:00Z"}, (event,))])
    return log


def publish(event: Recorded) -> Public | None:
    return Public("Shown", 1, event.data) if event.type == "Shown" else None


if __name__ == "__main__":
    provide = {"log": a_log(), "publish": publish}
    sys.exit(run_api(Tiny, Settings.from_env(os.environ), provide=provide, max_workers=8))
