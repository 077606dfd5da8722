"""Channels: the groups in which a team talks, and the common group of a commune. Never a message.

The link lets whoever has it join, so it is sealed and never leaves this service.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from services.teams.domain.affairs.entries import MayCite, Noted, Owned
from services.teams.domain.affairs.records import Affair, States
from shared.decider import Personal, Rejected, sealed

PHONE = re.compile(r"(?<![0-9])(?:\+?84|0)[1-9][0-9]{8}(?![0-9])")
"""Somebody's account, not a group: ``zalo.me/0912345678``."""


@dataclass(frozen=True, kw_only=True)
class OpenChannel(MayCite, Owned):
    """``platform``: zalo, mocha, gapo or other. ``participants`` of a commune's common group are words for the circles
    it brings together: leaders, culture_office, post, telecom, it_firm…"""

    channel_id: str
    platform: str
    participants: tuple[str, ...] = ()
    link: Personal | None = sealed(by="channel_id", default=None)


@dataclass(frozen=True, kw_only=True)
class CloseChannel(MayCite):
    channel_id: str


@dataclass(frozen=True, kw_only=True)
class ChannelOpened(Noted, OpenChannel):
    """Published without the link."""

    becomes = "open"


@dataclass(frozen=True, kw_only=True)
class ChannelClosed(Noted, CloseChannel):
    becomes = "closed"


def _check(command: Any, states: States) -> None:
    if isinstance(command, OpenChannel) and command.link and PHONE.search(command.link.text or ""):
        raise Rejected("channel-link-personal", "/link")


CHANNEL = Affair(
    "channel",
    "channel_id",
    ("team", "unit"),
    opens={OpenChannel: ChannelOpened},
    closes={CloseChannel: ChannelClosed},
    check=_check,
)
