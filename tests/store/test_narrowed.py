"""Subscriptions of one channel and one sender: only the narrowest of a door is told."""

from typing import Any

import pytest
from sqlalchemy import Connection

from estafette.model import Channel, Direction, Status
from estafette.model.subscription import ANY_SENDER
from estafette.store import callbacks, incoming
from estafette.store.callbacks import Fact
from estafette.store.incoming import Arrival
from tests.store.conftest import ACCOUNT, LANE, NOON, NOW, accepted, message
from tests.store.test_subscriptions import owed, subscribed

SENT = Status.SENT
CLOUD = {"door": "whatsapp", "channel": "whatsapp"}


def told(conn: Connection, **parts: Any) -> str:
    """Whom a message that was sent is told to, by the first letters of their ids."""
    (id,) = accepted(conn, **{"channel": Channel.WHATSAPP, **parts})
    callbacks.owe(conn, [Fact(id, SENT, ACCOUNT, "twilio", "", NOW)])
    return "".join(name for name, _ in owed(conn, id))


def test_a_phone_comes_before_a_business_account_and_that_before_an_app(conn: Connection) -> None:
    subscribed(conn, "a", **CLOUD)
    assert told(conn) == "a"
    subscribed(conn, "b", **CLOUD, sender=ANY_SENDER)
    assert told(conn) == "b"
    subscribed(conn, "c", **CLOUD, sender=LANE)
    assert told(conn) == "c"
    assert told(conn, lane="another") == "b"


def test_several_of_one_width_are_all_told(conn: Connection) -> None:
    for name in "ab":
        subscribed(conn, name, **CLOUD, sender=LANE)
    subscribed(conn, "c", **CLOUD)
    assert told(conn) == "ab"
    assert told(conn, lane="another") == "c"


def test_a_channel_is_no_other_channel(conn: Connection) -> None:
    subscribed(conn, "a", **CLOUD)
    assert told(conn, channel=Channel.SMS) == ""


def test_what_is_narrow_at_one_door_takes_nothing_from_another(conn: Connection) -> None:
    subscribed(conn, "a", door="own")
    subscribed(conn, "b", **{**CLOUD, "door": "callbell"})
    subscribed(conn, "c", **CLOUD, sender=LANE)
    assert told(conn) == "abc"
    assert told(conn, lane="another") == "ab"
    assert told(conn, channel=Channel.SMS) == "a"


def test_one_that_failed_for_too_long_leaves_it_to_the_next(conn: Connection) -> None:
    subscribed(conn, "a", **CLOUD)
    subscribed(conn, "b", **CLOUD, sender=LANE, disabled_at=NOON)
    assert told(conn) == "a"


@pytest.mark.parametrize(("lane", "names"), [(LANE, "b"), ("another", "a")])
def test_what_somebody_writes_goes_the_same_way(conn: Connection, lane: str, names: str) -> None:
    subscribed(conn, "a", **CLOUD, event="received")
    subscribed(conn, "b", **CLOUD, event="received", sender=LANE)
    one = message(
        channel=Channel.WHATSAPP, direction=Direction.INBOUND, status=Status.RECEIVED, lane=lane
    )
    fact = Fact(one.id, Status.RECEIVED, ACCOUNT, "twilio", "", NOW)
    incoming.keep(conn, [Arrival(one, "c", fact)])
    assert "".join(name for name, _ in owed(conn, one.id)) == names
