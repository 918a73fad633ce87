"""Senders with their lanes, connections by their names, and databases of another kind."""

import pytest
from sqlalchemy import Connection as Conn

from estafette.model import Channel, Conflict, Connection, Sender, Unknown
from estafette.store import Store, lanes, senders
from estafette.store.engine import BadUrl
from tests.store.conftest import ACCOUNT


def sender(id: str = "s1", **parts: object) -> Sender:
    known = {
        "id": id,
        "account": ACCOUNT,
        "channel": Channel.SMS,
        "address": "+14155550100",
        "connection": "sandbox",
    }
    return Sender(**{**known, **parts})  # type: ignore[arg-type]


def test_a_sender_comes_back_as_it_was_and_has_a_lane(conn: Conn) -> None:
    whole = sender(ref="R", title="T", window=3, max_per_second=0.5, in_order=True)
    senders.add(conn, whole)
    assert senders.find(conn, ACCOUNT, Channel.SMS, "+14155550100") == whole
    assert lanes.drivers(conn) == {"s1": ""}


def test_an_account_has_an_address_once_on_each_channel(conn: Conn) -> None:
    senders.add(conn, sender())
    with pytest.raises(Conflict):
        senders.add(conn, sender("s2"))
    senders.add(conn, sender("s3", channel=Channel.WHATSAPP))
    senders.add(conn, sender("s4", account="AC" + "2" * 32))
    assert [one.id for one in senders.all_of(conn)] == ["s1", "s3", "s4"]
    assert [one.id for one in senders.all_of(conn, ACCOUNT)] == ["s1", "s3"]
    assert senders.find(conn, "AC" + "3" * 32, Channel.SMS, "+14155550100") is None


def test_changed_settings_are_those_of_the_one_sender(conn: Conn) -> None:
    senders.add(conn, sender())
    senders.add(conn, sender("s2", address="+14155550101"))
    senders.save(conn, sender(window=9))
    assert [one.window for one in senders.all_of(conn)] == [9, 256]
    with pytest.raises(Unknown):
        senders.save(conn, sender("s3"))


def test_a_connection_comes_back_without_its_settings(conn: Conn) -> None:
    one = Connection(name="b", provider="p", settings={"x": 1}, receipt_wait=5, on_unclear="resend")
    senders.add_connection(conn, one, "sealed")
    senders.add_connection(conn, Connection(name="a", provider="p"), "")
    ((first, _), (second, sealed)) = senders.all_connections(conn)
    assert (first.name, second.name, sealed) == ("a", "b", "sealed")
    assert (second.settings, second.receipt_wait, second.on_unclear) == ({}, 5, "resend")
    with pytest.raises(Conflict):
        senders.add_connection(conn, one, "sealed")


@pytest.mark.parametrize(
    "url", ["", "nonsense", "mysql://h/d", "sqlite://", "postgresql+asyncpg", "sqlite:", "://"]
)
async def test_a_url_of_another_kind_is_refused(url: str) -> None:
    with pytest.raises(BadUrl):
        await Store.open(url)
