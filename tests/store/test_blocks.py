"""Who is blocked: found by address, listed in order, on both databases."""

from datetime import UTC, datetime

from sqlalchemy import Connection

from estafette.model import Channel
from estafette.model.ids import instant
from estafette.store import blocks, contacts
from tests.store.conftest import ACCOUNT

AT = datetime(2026, 5, 4, tzinfo=UTC)
PEOPLE = [f"+1415555031{digit}" for digit in range(5)]


def blocked(conn: Connection, address: str, channel: Channel = Channel.WHATSAPP) -> None:
    made = contacts.add(conn, ACCOUNT, channel, address, AT)
    contacts.change(conn, made, {"blocked_at": instant(AT)}, instant(AT))


def test_who_is_blocked_is_found(conn: Connection) -> None:
    ann, bob = PEOPLE[:2]
    contacts.add(conn, ACCOUNT, Channel.WHATSAPP, bob, AT)
    blocked(conn, bob, Channel.SMS)
    assert not blocks.is_there_any(conn, ACCOUNT, Channel.WHATSAPP)
    blocked(conn, ann)
    assert blocks.is_there_any(conn, ACCOUNT, Channel.WHATSAPP)
    assert not blocks.is_there_any(conn, "AC" + "9" * 32, Channel.WHATSAPP)
    assert blocks.holds(conn, ACCOUNT, Channel.WHATSAPP, ann)
    assert not blocks.holds(conn, ACCOUNT, Channel.WHATSAPP, bob)
    assert not blocks.holds(conn, "AC" + "9" * 32, Channel.WHATSAPP, ann)


def test_they_are_listed_page_by_page(conn: Connection) -> None:
    for address in reversed(PEOPLE):
        blocked(conn, address)

    def page(**more: str) -> list[str]:
        return blocks.page(conn, ACCOUNT, Channel.WHATSAPP, limit=2, **more)

    assert page() == PEOPLE[:2]
    assert page(after=PEOPLE[1]) == PEOPLE[2:4]
    assert page(after=PEOPLE[4]) == []
    assert page(before=PEOPLE[3]) == PEOPLE[1:3]
    assert page(before=PEOPLE[0]) == []
