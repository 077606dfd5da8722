"""Nothing acknowledged is lost: what a client holds a receipt for is in the log, at the position it was told."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from ops.verify.difference import Difference
from ops.verify.source import Source

CHUNK = 10_000


def check(sources: Mapping[str, Source], files: Sequence[Path]) -> str:
    """Files are NDJSON: ``{"service", "id" (command id), "position" ("partition:position" of its last event)}``."""
    held: dict[str, dict[str, str]] = {}
    lines = 0
    for path in files:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            lines += 1
            _note(held, line, f"{path.name} line {number}")
    for service, receipts in held.items():
        if service not in sources:
            raise Difference(f"receipts of an unknown service {service!r}")
        ids = list(receipts)
        for first in range(0, len(ids), CHUNK):
            _compare(sources[service], {i: receipts[i] for i in ids[first : first + CHUNK]})
    return f"{lines:,} receipts for {sum(map(len, held.values())):,} commands, all in the logs"


def _note(held: dict[str, dict[str, str]], line: str, where: str) -> None:
    try:
        receipt = json.loads(line)
        service, id_, position = receipt["service"], receipt["id"], receipt["position"]
    except (ValueError, KeyError, TypeError):
        raise Difference(f"{where} is no receipt") from None
    before = held.setdefault(service, {}).setdefault(id_, position)
    if before != position:
        raise Difference(f"{where}: {service} {id_} was confirmed at {before} and at {position}")


def _compare(source: Source, receipts: dict[str, str]) -> None:
    found = {
        str(command): f"{partition}:{position}"
        for command, partition, position in source.all(
            """SELECT command_id, partition, position + total - 1 FROM log.events
                WHERE command_id = ANY(%s::uuid[]) AND ordinal = 1""",
            list(receipts),
        )
    }
    for id_, position in receipts.items():
        if id_ not in found:
            raise Difference(f"{source.service}: {id_} was confirmed at {position} and is not in the log")
        if found[id_] != position:
            raise Difference(f"{source.service}: {id_} was confirmed at {position} and is at {found[id_]}")
