"""The wire form of public events: CloudEvents 1.0 JSON, and their strict reading.

    Recorded ──public.py──▶ Public ──to_wire──▶ dict ──orjson, packed──▶ broker or feed ──read, parse──▶ Wire

A message on the broker is one event, or several of one routing key in the JSON batch format (``[{…}, {…}]``).

Positions stay dense on the wire: a run of private events travels as one *tick*. An event whose mapping fails travels
as a *placeholder* of revision 0; a good event has revision 1 or more, so its repaired form replaces the placeholder.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
import orjson

from shared.log import Recorded

_log = logging.getLogger(__name__)

TICK = "Tick"
PLACEHOLDER = "Unpublishable"
MAX_TICK = 20_000
"""Positions one tick may cover: a receiver writes a row for each, so a forged tick must stay small."""
MAX_BODY = 1_000_000
"""Bytes of one message."""
MAX_PACKED = 100
MAX_PACKED_BYTES = 64_000
"""Events and bytes of a message with several: it fits one frame, and a consumer may hold hundreds of them."""


@dataclass(frozen=True, slots=True)
class Public:
    """The published form of an event: a contract type and version, its data, and where it belongs (own unit ids)."""

    type: str
    version: int
    data: dict[str, Any]
    province: str | None = None
    commune: str | None = None


Publish = Callable[[Recorded], Public | None]
"""A service's ``public.py``: the published form of a stored event, or None for a private one."""


def to_wire(service: str, log_id: UUID, event: Recorded, public: Public) -> dict[str, Any]:
    """One CloudEvent, for orjson. ``contenthash`` is of the *stored* event: a new public version is no tampering."""
    return {
        "specversion": "1.0",
        "id": event.id,
        "source": f"/tungnha/{service}",
        "type": f"{public.type}.v{public.version}",
        "subject": event.stream_id,
        "time": event.recorded_at,
        "datacontenttype": "application/json",
        "logid": log_id,
        "partition": event.partition,
        "position": str(event.position),
        "revision": 0 if public.type == PLACEHOLDER else 1,
        "contenthash": event.hash.hex(),
        "data": public.data,
    }


def tick(service: str, log_id: UUID, first: Recorded, last: Recorded) -> dict[str, Any]:
    """A run of private positions, both ends included; ``position`` is the last one."""
    return {
        "specversion": "1.0",
        "id": f"{log_id}:{first.partition}:{first.position}-{last.position}",
        "source": f"/tungnha/{service}",
        "type": f"{TICK}.v1",
        "time": last.recorded_at,
        "datacontenttype": "application/json",
        "logid": log_id,
        "partition": first.partition,
        "position": str(last.position),
        "revision": 1,
        "data": {"from": first.position, "to": last.position},
    }


def routing_key(public: Public) -> str:
    """``<Event>.v<n>.<province>.<commune>``, ``_`` where there is no unit."""
    return f"{public.type}.v{public.version}.{public.province or '_'}.{public.commune or '_'}"


def stretch(
    service: str, log_id: UUID, events: Iterable[Recorded], publish: Publish
) -> Iterator[tuple[str, dict[str, Any]]]:
    """A contiguous run of one partition as ``(routing key, CloudEvent)``, every position covered exactly once."""
    first: Recorded | None = None
    last: Recorded | None = None
    for event in events:
        public = _mapped(publish, event)
        if public is None:
            first, last = first or event, event
            continue
        if first and last:
            yield f"{TICK}.v1._._", tick(service, log_id, first, last)
            first = None
        yield routing_key(public), to_wire(service, log_id, event, public)
    if first and last:
        yield f"{TICK}.v1._._", tick(service, log_id, first, last)


def packed(wires: Iterable[tuple[str, dict[str, Any]]]) -> Iterator[tuple[str, bytes, bool]]:
    """Routing key, body, and whether that is a batch: events of one key together, in the order in which they came.

    What a message costs broker and consumer hardly depends on how many events are in it. Those of different keys are
    thereby reordered, which is nothing to a mirror.
    """
    waiting: dict[str, list[bytes]] = {}
    sizes: dict[str, int] = {}
    for key, wire in wires:
        body = orjson.dumps(wire)
        held = waiting.setdefault(key, [])
        if held and (len(held) == MAX_PACKED or sizes[key] + len(body) > MAX_PACKED_BYTES):
            yield _message(key, held)
            held = waiting[key] = []
        held.append(body)
        sizes[key] = len(body) + 1 + (sizes[key] if len(held) > 1 else 1)
    for key, held in waiting.items():
        yield _message(key, held)


def _message(key: str, bodies: list[bytes]) -> tuple[str, bytes, bool]:
    return (key, bodies[0], False) if len(bodies) == 1 else (key, b"[" + b",".join(bodies) + b"]", True)


def _mapped(publish: Publish, event: Recorded) -> Public | None:
    try:
        return publish(event)
    except Exception as error:  # a mapping is the service's code: whatever it raises must not stop the log
        _log.error("cannot publish %s at %s:%s: %s", event.type, event.partition, event.position, type(error).__name__)
        return Public(PLACEHOLDER, 1, {})


# --- reading -----------------------------------------------------------------------------------------------------


class Undecodable(Exception):
    """Not one of our messages. ``reason`` is fit for a header: it quotes nothing of the message."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


_Position = Annotated[str, msgspec.Meta(pattern=r"^[1-9][0-9]{0,17}$")]
_Type = Annotated[str, msgspec.Meta(pattern=r"^[A-Z][A-Za-z0-9]{0,79}\.v[1-9][0-9]{0,3}$")]
_Hash = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{32,64}$")]
_Id = Annotated[str, msgspec.Meta(min_length=1, max_length=120)]


class CloudEvent(msgspec.Struct, frozen=True, gc=False):
    """What arrives, checked for shape. Attributes we do not know are ignored, as CloudEvents asks."""

    specversion: Literal["1.0"]
    id: _Id
    source: Annotated[str, msgspec.Meta(pattern=r"^/tungnha/[a-z]{1,40}$")]
    type: _Type
    time: Annotated[datetime, msgspec.Meta(tz=True)]
    logid: UUID
    partition: Annotated[int, msgspec.Meta(ge=0, le=32767)]
    position: _Position
    revision: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)]
    data: dict[str, Any]
    subject: Annotated[str, msgspec.Meta(min_length=1, max_length=200)] | None = None
    contenthash: _Hash | None = None
    datacontenttype: Literal["application/json"] = "application/json"


@dataclass(frozen=True, slots=True)
class Wire:
    """A checked message. For a tick ``first < = last`` span its positions and there is no id, subject or hash."""

    source: str
    log_id: UUID
    partition: int
    first: int
    last: int
    type: str
    version: int
    subject: str | None
    command_id: UUID | None
    ordinal: int | None
    revision: int
    hash: bytes | None
    time: datetime
    data: dict[str, Any]

    @property
    def where(self) -> str:
        """For alarms and logs."""
        return f"{self.partition}:{self.last}"


_decoder = msgspec.json.Decoder(CloudEvent)
_splitter = msgspec.json.Decoder(list[msgspec.Raw])


def read(body: bytes) -> tuple[list[Wire], str | None]:
    """The good events of a message, and what is wrong with the first bad one, if any is."""
    try:
        bodies = [bytes(each) for each in _split(body)] if body[:1] == b"[" else [body]
    except Undecodable as error:
        return [], error.reason
    good, reason = list[Wire](), None
    for each in bodies:
        try:
            good.append(parse(each))
        except Undecodable as error:
            reason = reason or error.reason
    return good, reason


def _split(body: bytes) -> list[msgspec.Raw]:
    if len(body) > MAX_BODY:
        raise Undecodable("too-large")
    try:
        found = _splitter.decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        raise Undecodable("not-json") from None
    if not 1 <= len(found) <= MAX_PACKED:
        raise Undecodable("not 1 to 100 events")
    return found


def parse(body: bytes) -> Wire:
    """Read one event; raises ``Undecodable``."""
    if len(body) > MAX_BODY:
        raise Undecodable("too-large")
    try:
        event = _decoder.decode(body)
    except msgspec.ValidationError as error:
        # msgspec ends its message with the path, "… - at `$.position`"; the rest may quote the value.
        _, found, path = str(error).rpartition(" - at ")
        raise Undecodable("invalid " + (path.strip("`") if found else "$")) from None
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        raise Undecodable("not-json") from None
    if b"\\u0000" in body and _has_nul(event.data, event.id, event.subject):
        raise Undecodable("nul-character")
    return checked(event)


def checked(event: CloudEvent) -> Wire:
    """The parts of a well-shaped message that must fit each other; raises ``Undecodable``."""
    if not 2000 <= event.time.year < 2200:  # near year 10,000 a driver could store, but no longer read it
        raise Undecodable("invalid $.time")
    name, _, version = event.type.rpartition(".v")
    common = (event.source[9:], event.logid, event.partition)
    position = int(event.position)
    if name == TICK:
        first, last = event.data.get("from"), event.data.get("to")
        if type(first) is not int or type(last) is not int or not 1 <= first <= last == position:
            raise Undecodable("invalid tick")
        if last - first >= MAX_TICK:
            raise Undecodable("tick-too-long")
        return Wire(*common, first, last, TICK, 1, None, None, None, event.revision, None, event.time, {})
    command, _, ordinal = event.id.partition(":")
    if not _ORDINAL.match(ordinal) or event.subject is None or event.contenthash is None:
        raise Undecodable("not one of our events")
    if int(version) > 32767 or (event.revision == 0) != (name == PLACEHOLDER):
        raise Undecodable("invalid revision")
    try:
        command_id = UUID(command)
    except ValueError:
        raise Undecodable("invalid $.id") from None
    return Wire(
        *common,
        position,
        position,
        name,
        int(version),
        event.subject,
        command_id,
        int(ordinal),
        event.revision,
        bytes.fromhex(event.contenthash),
        event.time,
        event.data,
    )


_ORDINAL = re.compile(r"[1-9][0-9]{0,3}$")


def _has_nul(*values: Any) -> bool:
    """PostgreSQL stores no U+0000; an escaped backslash before ``u0000`` is innocent, so look at the decoded text."""
    pending: list[Any] = list(values)
    while pending:
        value = pending.pop()
        if isinstance(value, str) and "\0" in value:
            return True
        if isinstance(value, dict):
            pending += [*value.keys(), *value.values()]
        elif isinstance(value, list):
            pending += value
    return False
