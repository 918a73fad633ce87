"""Numbers that accounts hold and can take, and the recipients that trial accounts may write to."""

import msgspec
import pytest
from sqlalchemy import Connection, select

from estafette.model import Channel, Conflict, Cursor, Sender, Unknown, Verification
from estafette.model.ids import new_id
from estafette.model.number import Held, Number, NumberKind
from estafette.store import numbers, schema, senders, verified
from tests.store.conftest import ACCOUNT, CONNECTION, NOON, NOW, count

OTHER = "AC" + "2" * 32


def sender(address: str = "+14155550100", **parts: object) -> Sender:
    known = {
        "id": new_id(NOON), "account": ACCOUNT, "channel": Channel.SMS, "address": address,
        "connection": CONNECTION, "created_at": NOON, "updated_at": NOON,
    }  # fmt: skip
    return Sender(**{**known, **parts})  # type: ignore[arg-type]


def test_a_number_is_taken_once_whoever_asks(conn: Connection) -> None:
    numbers.take(conn, sender())
    with pytest.raises(Conflict):
        numbers.take(conn, sender())
    with pytest.raises(Conflict):
        numbers.take(conn, sender(account=OTHER))
    numbers.take(conn, sender("+14155550101", account=OTHER))
    assert numbers.held(conn, ["+14155550100", "+14155550102"]) == {"+14155550100"}
    assert count(conn, "lanes") == 2


def test_a_number_on_another_channel_holds_nothing(conn: Connection) -> None:
    senders.add(conn, sender(channel=Channel.WHATSAPP))
    numbers.take(conn, sender())


def test_a_number_that_is_released_leaves_its_pools_and_may_be_taken_again(
    conn: Connection,
) -> None:
    one, two = sender(), sender()
    numbers.take(conn, one)
    for table, row in (
        (schema.members, {"service": "s1", "created_at": 0, "updated_at": 0}),
        (schema.sticky, {"service": "s1", "channel": "sms", "recipient": "r"}),
    ):
        conn.execute(table.insert().values(sender=one.id, **row))
    with pytest.raises(Unknown):
        numbers.release(conn, OTHER, one.id, NOW)
    assert numbers.release(conn, ACCOUNT, one.id, NOW).id == one.id
    assert count(conn, "members") == count(conn, "sticky") == 0
    assert senders.find(conn, ACCOUNT, Channel.SMS, one.address) is None
    gone = senders.get(conn, one.id)
    assert gone
    assert gone.released_at == NOON
    with pytest.raises(Unknown):
        numbers.release(conn, ACCOUNT, one.id, NOW)
    numbers.take(conn, two)
    assert numbers.find(conn, ACCOUNT, two.address).id == two.id
    lanes = conn.execute(select(schema.lanes.c.id)).scalars().all()
    assert set(lanes) == {one.id, two.id}


def test_names_and_short_codes_are_no_numbers(conn: Connection) -> None:
    for address in ("ACME", "+ACME", "12345"):
        senders.add(conn, named := sender(address))
        with pytest.raises(Unknown):
            numbers.get(conn, ACCOUNT, named.id)
        with pytest.raises(Unknown):
            numbers.find(conn, ACCOUNT, address)
    assert numbers.page(conn, ACCOUNT, Held(), limit=9).items == []


def test_numbers_are_listed_newest_first_from_either_side(conn: Connection) -> None:
    made = [sender(f"+141555501{end:02}", title=f"No {end % 3}") for end in range(10)]
    for one in made:
        numbers.take(conn, one)
    numbers.take(conn, sender("+14155550150", account=OTHER))
    newest = [one.id for one in made[::-1]]

    def page(held: Held, cursor: Cursor | None = None) -> tuple[list[str], bool, bool]:
        found = numbers.page(conn, ACCOUNT, held, limit=4, cursor=cursor)
        return [one.id for one in found.items], found.has_next, found.has_previous

    assert page(Held()) == (newest[:4], True, False)
    assert page(Held(), Cursor(newest[3])) == (newest[4:8], True, True)
    assert page(Held(), Cursor(newest[7])) == (newest[8:], False, True)
    assert page(Held(), Cursor(newest[4], before=True)) == (newest[:4], True, False)
    assert page(Held(title="No 0"))[0] == [made[9].id, made[6].id, made[3].id, made[0].id]
    assert page(Held(contains="50107$"))[0] == [made[7].id]
    assert page(Held(kind=NumberKind.MOBILE))[0] == []


def test_a_change_is_written_down(conn: Connection) -> None:
    numbers.take(conn, one := sender())
    made = numbers.change(
        conn, ACCOUNT, one.id, lambda it: msgspec.structs.replace(it, title="Another")
    )
    assert made.title == numbers.get(conn, ACCOUNT, one.id).title == "Another"
    with pytest.raises(Unknown):
        numbers.change(conn, OTHER, one.id, lambda it: it)


def test_the_inventory_keeps_what_is_said_of_a_number(conn: Connection) -> None:
    whole = Number(
        address="+14155550100", country="US", kind=NumberKind.LOCAL, connection="sandbox",
        locality="San Francisco", region="CA", postal_code="94103", lata="722",
        rate_center="SNFC CNTRL", latitude=0.0, longitude=-122.42, capabilities=("sms",),
    )  # fmt: skip
    bare = Number(address="+18005550100", country="US", kind=NumberKind.TOLL_FREE)
    assert numbers.put(conn, [whole, bare], NOW) == 2
    assert numbers.put(conn, [whole], NOW) == 0
    assert numbers.stock(conn) == [whole, bare]
    assert numbers.stock(conn, after=whole.address) == [bare]
    assert numbers.stock(conn, begin="+1415") == numbers.stock(conn, begin=whole.address) == [whole]
    assert numbers.stock(conn, begin="+1800") == [bare]
    assert numbers.stock(conn, "US", "toll-free") == [bare]
    assert numbers.stock(conn, "CA") == []
    assert numbers.in_stock(conn, whole.address) == whole
    assert numbers.stocked(conn, [bare.address, "+1"]) == {bare.address}
    assert set(numbers.kinds(conn)) == {("US", "local"), ("US", "toll-free")}
    numbers.remove(conn, whole.address)
    assert numbers.in_stock(conn, whole.address) is None
    with pytest.raises(Unknown):
        numbers.remove(conn, whole.address)


def test_the_kind_of_a_number_is_what_it_was_when_it_was_taken(conn: Connection) -> None:
    assert numbers.kind(sender()) is NumberKind.LOCAL
    mobile = sender("+447700900000", details={"number": {"kind": "mobile"}})
    numbers.take(conn, mobile)
    assert numbers.kind(numbers.get(conn, ACCOUNT, mobile.id)) is NumberKind.MOBILE


# Verified recipients ------------------------------------------------------------------------------


def verification(address: str, **parts: object) -> Verification:
    known = {
        "id": new_id(NOON), "account": ACCOUNT, "address": address,
        "created_at": NOON, "updated_at": NOON,
    }  # fmt: skip
    return Verification(**{**known, **parts})  # type: ignore[arg-type]


def test_a_recipient_is_verified_for_one_account(conn: Connection) -> None:
    made = verification("+14155550100")
    verified.add(conn, made)
    with pytest.raises(Conflict):
        verified.add(conn, verification("+14155550100"))
    assert verified.find(conn, ACCOUNT, made.address) == made
    assert verified.find(conn, OTHER, made.address) is None
    assert verified.get(conn, ACCOUNT, made.id) == made
    for call in (verified.get, verified.remove):
        with pytest.raises(Unknown):
            call(conn, OTHER, made.id)
    renamed = verified.rename(conn, ACCOUNT, made.id, "Mine", NOW + 1_000_000)
    assert renamed.title == "Mine"
    assert renamed.updated_at > made.updated_at
    assert verified.remove(conn, ACCOUNT, made.id).address == made.address
    assert verified.find(conn, ACCOUNT, made.address) is None


def test_who_runs_the_gateway_may_verify_what_was_only_pretended(conn: Connection) -> None:
    pretended = verification("+14155550100", is_pretended=True)
    verified.add(conn, pretended)
    assert verified.find(conn, ACCOUNT, pretended.address) == pretended
    with pytest.raises(Conflict):
        verified.add(conn, verification("+14155550100", is_pretended=True))
    verified.add(conn, made := verification("+14155550100"))
    assert verified.find(conn, ACCOUNT, made.address) == made
    with pytest.raises(Conflict):
        verified.add(conn, verification("+14155550100", is_pretended=True))


def test_verified_recipients_are_listed_newest_first_from_either_side(conn: Connection) -> None:
    made = [verification(f"+141555501{end:02}", title="even" * (end % 2 == 0)) for end in range(7)]
    for one in made:
        verified.add(conn, one)
    newest = made[::-1]
    first = verified.page(conn, ACCOUNT, limit=3)
    assert (first.items, first.has_next, first.has_previous) == (newest[:3], True, False)
    second = verified.page(conn, ACCOUNT, limit=3, cursor=Cursor(first.items[-1].id))
    assert (second.items, second.has_next, second.has_previous) == (newest[3:6], True, True)
    back = verified.page(conn, ACCOUNT, limit=3, cursor=Cursor(newest[3].id, before=True))
    assert (back.items, back.has_next, back.has_previous) == (newest[:3], True, False)
    assert verified.page(conn, ACCOUNT, title="even", limit=9).items == newest[::2]
    assert verified.page(conn, ACCOUNT, title="(415) 555-0101", limit=9).items == [made[1]]
    assert verified.page(conn, ACCOUNT, address="+14155550103", limit=9).items == [made[3]]
