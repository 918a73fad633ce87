"""Suppressions as tables keep them, on each kind of database."""

from typing import Any

import pytest
from msgspec.structs import replace
from sqlalchemy import Connection

from estafette.model import Channel, Suppression
from estafette.store import schema, settings, suppressions
from estafette.store.times import moment
from tests.store.conftest import ACCOUNT, NOON, NOW

PERSON = "+14155550123"
SENDER, OTHER, SERVICE = "1" * 32, "2" * 32, "3" * 32
ANOTHER = "AC" + "2" * 32


def suppression(recipient: str = PERSON, **parts: Any) -> Suppression:
    known = {"account": ACCOUNT, "recipient": recipient, "channel": Channel.SMS, "source": "test"}
    return Suppression(**{**known, "created_at": NOON, **parts})


def holds(conn: Connection, sender: str = SENDER, service: str = "", **parts: Any) -> bool:
    asked = {"account": ACCOUNT, "recipient": PERSON, "channel": Channel.SMS, **parts}
    return suppressions.holds(conn, **asked, sender=sender, service=service)


def listed(conn: Connection, **asked: Any) -> list[Suppression]:
    return suppressions.page(conn, ACCOUNT, limit=100, **asked)


def test_what_is_added_twice_is_there_once_as_it_was_first(conn: Connection) -> None:
    assert suppressions.add(conn, [suppression(), suppression("+14155550124")]) == 2
    again = suppression(source="later", created_at=moment(NOW + 5))
    assert suppressions.add(conn, [again, suppression("+14155550125")]) == 1
    assert listed(conn, recipient=PERSON) == [suppression()]
    assert len(listed(conn)) == 3


def test_an_account_wide_one_holds_for_every_sender_of_its_channel(conn: Connection) -> None:
    assert not suppressions.is_there_any(conn, ACCOUNT)
    suppressions.add(conn, [suppression()])
    assert suppressions.is_there_any(conn, ACCOUNT)
    assert holds(conn)
    assert holds(conn, OTHER, SERVICE)
    assert not holds(conn, channel=Channel.WHATSAPP)
    assert not holds(conn, account=ANOTHER)
    assert not holds(conn, recipient="+14155550124")
    assert not suppressions.is_there_any(conn, ANOTHER)


def test_one_of_a_sender_holds_for_that_sender(conn: Connection) -> None:
    suppressions.add(conn, [suppression(scope=SENDER)])
    assert holds(conn)
    assert holds(conn, service=SERVICE)
    assert not holds(conn, OTHER)


def test_one_of_a_service_holds_for_all_its_senders(conn: Connection) -> None:
    suppressions.add(conn, [suppression(scope=SERVICE)])
    assert holds(conn, service=SERVICE)
    assert not holds(conn)
    member = {"service": SERVICE, "sender": SENDER, "created_at": NOW, "updated_at": NOW}
    conn.execute(schema.members.insert().values(member))
    assert holds(conn)
    assert not holds(conn, OTHER)


@pytest.mark.parametrize(
    ("asked", "left"),
    [({}, 0), ({"channel": Channel.SMS}, 1), ({"scopes": [""]}, 2),
     ({"channel": Channel.SMS, "scopes": [SENDER]}, 2), ({"scopes": [OTHER]}, 3), ({"scopes": []}, 3)],
)  # fmt: skip
def test_some_or_all_of_a_recipient_are_removed(
    conn: Connection, asked: dict[str, Any], left: int
) -> None:
    mine = [suppression(), suppression(scope=SENDER)]
    mine.append(suppression(scope=SENDER, channel=Channel.WHATSAPP))
    theirs = [suppression(account=ANOTHER), suppression("+14155550124")]
    suppressions.add(conn, [*mine, *theirs])
    assert suppressions.remove(conn, ACCOUNT, PERSON, **asked) == 3 - left
    assert len(listed(conn, recipient=PERSON)) == left
    assert suppressions.is_there_any(conn, ANOTHER)
    assert len(listed(conn)) == left + 1


def test_a_list_goes_on_behind_any_of_its_items(conn: Connection) -> None:
    made = [
        suppression(f"+1415555{1000 + number}", channel=channel, scope=scope)
        for number in range(4)
        for channel in (Channel.SMS, Channel.WHATSAPP)
        for scope in ("", SENDER)
    ]
    suppressions.add(conn, made[::-1])
    assert listed(conn) == made
    for place, item in enumerate(made):
        after = (item.recipient, str(item.channel), item.scope)
        assert suppressions.page(conn, ACCOUNT, limit=3, after=after) == made[place + 1 : place + 4]
    assert len(listed(conn, channel=Channel.SMS)) == 8
    assert len(listed(conn, scope="")) == 8
    assert listed(conn, scope=OTHER) == []
    assert suppressions.get(conn, ACCOUNT, PERSON, Channel.SMS, "") is None
    first = made[0]
    assert suppressions.get(conn, ACCOUNT, first.recipient, first.channel, "") == first


def test_more_than_one_statement_holds(conn: Connection) -> None:
    many = [suppression(f"+1415{number:07}") for number in range(2, 700)]
    assert suppressions.add(conn, many) == len(many)
    assert suppressions.add(conn, [*many, replace(many[0], scope=OTHER)]) == 1


def test_a_setting_is_what_was_set_last(conn: Connection) -> None:
    assert settings.get(conn, ACCOUNT, "opt-out") == ""
    settings.put(conn, ACCOUNT, "opt-out", "1", NOW)
    settings.put(conn, ACCOUNT, "opt-out", "2", NOW + 1)
    assert settings.get(conn, ACCOUNT, "opt-out") == "2"
    assert settings.get(conn, ANOTHER, "opt-out") == ""
