"""A service: a pool of senders, and how messages go through it."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from msgspec import Struct

from estafette.model.account import Sender
from estafette.model.errors import Conflict

MOST_NUMBERS = 400  #: numbers and short codes in one pool

#: What a service is set to where nobody says otherwise. Absent text is empty; spans are seconds.
DEFAULTS: Mapping[str, Any] = {
    "inbound_request_url": "",
    "inbound_method": "POST",
    "fallback_url": "",
    "fallback_method": "POST",
    "status_callback": "",
    "sticky_sender": True,
    "mms_converter": True,
    "smart_encoding": True,
    "scan_message_content": "inherit",
    "fallback_to_long_code": True,
    "area_code_geomatch": True,
    "synchronous_validation": False,
    "validity_period": 36000,
    "usecase": "undeclared",
    "use_inbound_webhook_on_number": False,
}

#: What some of them may be set to; others take any text, a URL, or what their type says.
WORDS: Mapping[str, tuple[str, ...]] = {
    "scan_message_content": ("inherit", "enable", "disable"),
    "usecase": (
        *("undeclared", "notifications", "marketing", "verification", "discussion", "poll"),
    ),
    "inbound_method": ("POST", "GET"),
    "fallback_method": ("POST", "GET"),
}
LONGEST_NAME = 64  #: characters


class Service(Struct, frozen=True, kw_only=True):
    """A pool of senders. `settings` has every key of DEFAULTS."""

    id: str
    account: str
    name: str
    settings: Mapping[str, Any]
    created_at: datetime
    updated_at: datetime


class Member(Struct, frozen=True, kw_only=True):
    """A sender in a pool."""

    service: str
    sender: Sender
    is_parked: bool  #: whether its connection is
    created_at: datetime
    updated_at: datetime


class Obstacle(StrEnum):
    """Why a sender does not come into a pool."""

    DUPLICATE = "duplicate"  #: it is in already
    ELSEWHERE = "elsewhere"  #: it is in another
    FULL = "full"


class NotAdmitted(Conflict):
    """A sender cannot come into a pool."""

    def __init__(self, obstacle: Obstacle) -> None:
        super().__init__(_TEXT[obstacle])
        self.obstacle = obstacle


_TEXT = {
    Obstacle.DUPLICATE: "the sender is in this service already",
    Obstacle.ELSEWHERE: "the sender is in another service",
    Obstacle.FULL: f"the service has {MOST_NUMBERS} numbers already",
}
