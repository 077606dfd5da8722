"""What a check says."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


class Difference(Exception):
    """The first thing found that must not be; the message says where and what."""


@dataclass(frozen=True)
class Check:
    name: str
    ok: bool
    detail: str

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)
