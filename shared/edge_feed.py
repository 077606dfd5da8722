"""The feed: a service's public events over HTTP, answered from its log, so it never has holes.

Consumers repair their mirrors from it, and external subscribers read it from any point. A *position* in its answers is
covered exactly once, by an event or within a tick over a run of private ones.
"""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate

from shared.bus import Publish, stretch
from shared.edge import Call, route
from shared.log import Log
from shared.problems import Problem

MAX_EVENTS = 1_000
POSITION = validate.Range(min=0, max=2**63 - 1)


class FeedQuery(Schema):
    partition = fields.Integer(required=True, validate=validate.Range(min=0, max=32767))
    after = fields.Integer(load_default=0, validate=POSITION)
    until = fields.Integer(load_default=2**63 - 1, validate=POSITION)
    limit = fields.Integer(load_default=500, validate=validate.Range(min=1, max=MAX_EVENTS))


class Feed:
    """Mixin, scope ``<service>:feed``. The wiring provides ``log`` and ``publish`` (the service's ``public.py``)."""

    name: str
    log: Log
    publish: Publish

    @route("GET", "/v1/events/heads", scope="{service}:feed")
    def feed_heads(self, call: Call) -> dict[str, Any]:
        heads = {str(partition): position for partition, position in self.log.heads().items()}
        return {"log_id": str(self.log.log_id), "heads": heads}

    @route("GET", "/v1/events", scope="{service}:feed", query=FeedQuery)
    def feed_events(self, call: Call) -> dict[str, Any]:
        """Positions ``after < p <= until``, at most ``limit`` of them. ``next_after`` is where to go on."""
        partition, after, until = call.query["partition"], call.query["after"], call.query["until"]
        known = self.log.heads()
        if partition not in known:
            expected = ", ".join(map(str, sorted(known)))
            raise Problem("unknown-partition", "/partition", where="query", expected=expected)
        limit = min(call.query["limit"], until - after)
        read = self.log.read(partition, after, limit) if limit > 0 else []
        events = [event for _key, event in stretch(self.name, self.log.log_id, read, self.publish)]
        return {
            "log_id": str(self.log.log_id),
            "partition": partition,
            "head": max(known[partition], read[-1].position if read else 0),
            "events": events,
            "next_after": read[-1].position if read else after,
        }
