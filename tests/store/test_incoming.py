"""What arrives is kept once for each ref of a connection, in one go with what is owed about it."""

from sqlalchemy import Connection

from estafette.model import Channel, Direction, Sender, Status
from estafette.model.ids import instant
from estafette.store import callbacks, incoming, messages, outbox, refs, replies, senders
from estafette.store.callbacks import Fact
from estafette.store.incoming import Arrival
from tests.store.conftest import ACCOUNT, NOON, NOW, count, message

URL = "https://customer.example/sms"


def arrival(ref: str = "", connection: str = "sandbox", **parts: object) -> Arrival:
    inbound = message(
        direction=Direction.INBOUND, status=Status.RECEIVED, ref=ref, sent_at=NOON, **parts
    )
    owed = Fact(inbound.id, inbound.status, ACCOUNT, "twilio", URL, NOW, fallback_url=f"{URL}/2")
    return Arrival(inbound, connection, owed)


def test_one_ref_is_one_message_on_each_connection(conn: Connection) -> None:
    items = [arrival("a"), arrival("b"), arrival("a"), arrival("a", "other"), arrival(), arrival()]
    kept = incoming.keep(conn, items)
    assert [one.id for one in kept] == [items[place].message.id for place in (0, 1, 0, 3, 4, 5)]
    assert (count(conn, "messages"), count(conn, "callbacks")) == (5, 5)
    (again,) = incoming.keep(conn, [arrival("b")])
    assert again == messages.get(conn, ACCOUNT, items[1].message.id)
    assert again == items[1].message


def test_a_message_that_is_deleted_takes_its_ref_along(conn: Connection) -> None:
    senders.add_connection(conn, senders.Connection(name="sandbox", provider="sandbox"), "")
    (kept,) = incoming.keep(conn, [arrival("a")])
    assert refs.of_incoming(conn, "a") == kept.id
    messages.remove(conn, ACCOUNT, kept.id, NOON)
    assert refs.of_incoming(conn, "a") is None
    assert count(conn, "callbacks") == 0


def test_what_may_be_told_to_two_addresses_is_ours_for_longer(conn: Connection) -> None:
    plain = arrival()
    incoming.keep(conn, [arrival(), plain._replace(owed=plain.owed._replace(fallback_url=""))])
    host = {"customer.example": 9}
    assert len(outbox.take(conn, host, now=NOW, until=NOW + 10, more=5)) == 2
    ((first, _),) = outbox.take(conn, host, now=NOW + 10, until=NOW + 99, more=5)
    assert (first.message, first.tries) == (plain.message.id, 2)
    assert len(outbox.take(conn, host, now=NOW + 15, until=NOW + 99, more=5)) == 1
    assert callbacks.owed(conn) == 2


def sender(id: str, address: str, connection: str = "sandbox", **parts: object) -> Sender:
    return Sender(
        id=id, account=ACCOUNT, channel=Channel.SMS, address=address, connection=connection, **parts
    )


def test_replies_are_counted_between_two_numbers_and_since_a_time(conn: Connection) -> None:
    one, other = sender("s1", "+14155550101"), sender("s2", "+14155550102")
    pair = {"sender": one.address, "recipient": other.address}
    back = {"sender": other.address, "recipient": one.address}
    for parts in (pair, pair, back, {**pair, "recipient": "+14155550103"}):
        reply = message(direction=Direction.REPLY, **parts)
        messages.accept(conn, [messages.Accept(reply, NOON)])
    messages.accept(conn, [messages.Accept(message(**pair), NOON)])
    assert replies.between(conn, one, other, NOON) == 3
    assert replies.between(conn, other, one, NOON) == 3
    assert replies.between(conn, one, other, NOON.replace(hour=13)) == 0


def test_a_sender_is_found_by_who_carries_it(conn: Connection) -> None:
    senders.add_connection(conn, senders.Connection(name="sandbox", provider="sandbox"), "")
    found = [
        sender("s1", "+14155550101", ref="77"),
        sender("s2", "+14155550102", released_at=NOON),
        sender("s3", "+14155550103", "gone"),
    ]
    for item in found:
        senders.add(conn, item)
    asked = [("sandbox", "+14155550101"), ("", "+14155550101"), ("", "77"), ("gone", "77")]
    asked += [("sandbox", "+14155550102"), ("", ""), ("sandbox", "+14155550103")]
    ids = [senders.inbound(conn, name, Channel.SMS, address) for name, address in asked]
    assert [item and item.id for item in ids] == ["s1", "s1", "s1", None, None, None, None]
    assert instant(NOON) == NOW
