"""What was used is counted by day, and kept once a day is over."""

from datetime import UTC, date, datetime, timedelta

from sqlalchemy import Connection

from estafette.model import Channel, Direction, Message, Status
from estafette.model.ids import new_id
from estafette.model.usage import Use
from estafette.store import messages, schema, usage
from estafette.store.messages import to_row
from tests.store.conftest import ACCOUNT, message

DAY = date(2026, 5, 4)
NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
TOLL_FREE = "+18005550100"


def put(conn: Connection, at: datetime = NOON, **parts: object) -> Message:
    """A message, as it is once a carrier has taken it or it has come in."""
    sent_at = None if parts.get("direction") is Direction.INBOUND else at
    known = {"status": Status.DELIVERED, "sent_at": sent_at, "id": new_id(at), **parts}
    made = message(at, **known)
    columns = messages.COLUMNS
    row = dict(zip(columns, to_row(made), strict=True))
    conn.execute(schema.messages.insert().values(row))
    return made


def test_a_day_counts_what_was_taken_and_what_came(conn: Connection) -> None:
    put(conn)
    put(conn, segments=3)
    put(conn, status=Status.UNDELIVERED)
    put(conn, sender=TOLL_FREE)
    put(conn, sender="12345")
    put(conn, sender="ACME")
    put(conn, media=("https://example.com/a.png",), segments=2)
    put(conn, channel=Channel.WHATSAPP)
    put(conn, direction=Direction.REPLY)
    came = {"direction": Direction.INBOUND, "status": Status.RECEIVED}
    put(conn, **came, sender="+14155550101", recipient="+14155550100", segments=2)
    put(conn, **came, sender="+14155550101", recipient=TOLL_FREE, media=("x",))
    put(conn, **came, channel=Channel.WHATSAPP)
    for status in (Status.QUEUED, Status.SCHEDULED, Status.CANCELED, Status.FAILED):
        put(conn, status=status, sent_at=None)
    put(conn, account="AC" + "2" * 32)
    put(conn, NOON + timedelta(hours=12))
    put(conn, NOON - timedelta(hours=12, milliseconds=1))
    assert usage.count(conn, ACCOUNT, DAY) == {
        "sms-outbound-longcode": Use(4, 6),
        "sms-outbound-tollfree": Use(1, 1),
        "sms-outbound-shortcode": Use(1, 1),
        "sms-outbound-alphanumeric": Use(1, 1),
        "mms-outbound-longcode": Use(1, 1),
        "whatsapp-outbound": Use(1, 1),
        "sms-inbound-longcode": Use(1, 2),
        "mms-inbound-tollfree": Use(1, 1),
        "whatsapp-inbound": Use(1, 1),
    }


def test_a_message_counts_on_the_day_on_which_it_was_taken(conn: Connection) -> None:
    put(conn, sent_at=NOON + timedelta(days=2))
    assert usage.count(conn, ACCOUNT, DAY) == {}
    found = usage.count(conn, ACCOUNT, DAY + timedelta(days=2))
    assert found == {"sms-outbound-longcode": Use(1, 1)}


def test_the_next_day_to_count_is_the_next_with_anything(conn: Connection) -> None:
    assert usage.next_day(conn, ACCOUNT) is None
    put(conn, NOON + timedelta(days=40))
    put(conn)
    assert usage.next_day(conn, ACCOUNT) == DAY
    usage.keep(conn, ACCOUNT, DAY, usage.count(conn, ACCOUNT, DAY))
    assert usage.next_day(conn, ACCOUNT) == DAY + timedelta(days=40)
    put(conn, NOON + timedelta(days=3), direction=Direction.INBOUND, status=Status.RECEIVED)
    assert usage.next_day(conn, ACCOUNT) == DAY + timedelta(days=3)


def test_what_is_kept_stays_and_is_added_up(conn: Connection) -> None:
    for day, count in ((DAY, 2), (DAY + timedelta(days=1), 3), (date(2026, 6, 1), 5)):
        usage.keep(conn, ACCOUNT, day, {"sms-outbound-longcode": Use(count, 2 * count)})
    usage.keep(conn, ACCOUNT, DAY, {"sms-outbound-longcode": Use(99, 99)})  # a second node
    usage.keep(conn, "AC" + "2" * 32, DAY, {"sms-outbound-longcode": Use(7, 7)})
    first, last = date(2026, 1, 1), date(2026, 12, 31)
    name = "sms-outbound-longcode"
    assert usage.kept(conn, ACCOUNT, first, last, 0) == {("", name): Use(10, 20)}
    assert usage.kept(conn, ACCOUNT, first, last, 7) == {
        ("2026-05", name): Use(5, 10), ("2026-06", name): Use(5, 10),
    }  # fmt: skip
    assert usage.kept(conn, ACCOUNT, DAY, DAY, 10) == {("2026-05-04", name): Use(2, 4)}
    assert usage.kept(conn, ACCOUNT, last, last, 4) == {}


def test_the_mark_never_goes_back(conn: Connection) -> None:
    put(conn)
    usage.mark(conn, ACCOUNT, DAY + timedelta(days=1))
    usage.mark(conn, ACCOUNT, DAY - timedelta(days=9))
    assert usage.next_day(conn, ACCOUNT) is None


def test_counting_a_day_looks_at_that_day_only(conn: Connection) -> None:
    if conn.dialect.name != "sqlite":
        return
    from sqlalchemy import text

    values = {"account": ACCOUNT, "start": 1, "end": 2, "first": "0", "beyond": "1"}
    for sql, index in ((usage._SENT, "messages_sent"), (usage._RECEIVED, "messages_inbound")):
        plan = conn.execute(text(f"EXPLAIN QUERY PLAN {sql.text}"), values).fetchall()
        assert any(f"INDEX {index} (account=?" in row[3] for row in plan), plan
