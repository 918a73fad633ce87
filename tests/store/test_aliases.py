"""Other names of people: kept with what they write, moved with their numbers, found both ways."""

from msgspec.structs import replace
from sqlalchemy import Connection

from estafette.model import Channel, Direction, Message, Status, Suppression
from estafette.store import aliases, contacts, exchanged, incoming, suppressions
from estafette.store.incoming import Arrival
from tests.store.conftest import ACCOUNT, NOON, NOW, count, message

OTHER = "AC" + "2" * 32
WHATSAPP = "whatsapp"
ANN, BOB = "US.1300000000000000001", "US.1300000000000000002"
NUMBER, NEW = "+14155550101", "+14155550102"


def written(person: str = NUMBER) -> Message:
    return message(
        channel=Channel.WHATSAPP,
        direction=Direction.INBOUND,
        sender=person,
        recipient="+15550783881",
        status=Status.RECEIVED,
    )


def test_what_somebody_is_called_is_kept_with_what_they_write(conn: Connection) -> None:
    incoming.keep(conn, [Arrival(written(), "c", alias=ANN), Arrival(written("+14155550103"), "c")])
    assert aliases.address(conn, ACCOUNT, WHATSAPP, ANN) == NUMBER
    assert aliases.alias(conn, ACCOUNT, WHATSAPP, NUMBER) == ANN
    assert count(conn, "aliases") == 1


def test_it_is_of_one_account_and_channel(conn: Connection) -> None:
    aliases.note(conn, [(ACCOUNT, WHATSAPP, ANN, NUMBER, NOW)])
    assert aliases.address(conn, OTHER, WHATSAPP, ANN) is None
    assert aliases.address(conn, ACCOUNT, "sms", ANN) is None
    assert aliases.alias(conn, OTHER, WHATSAPP, NUMBER) is None
    assert aliases.address(conn, ACCOUNT, WHATSAPP, BOB) is None


def test_it_moves_with_a_number_and_is_written_once(conn: Connection) -> None:
    aliases.note(conn, [(ACCOUNT, WHATSAPP, ANN, NUMBER, NOW)])
    aliases.note(
        conn, [(ACCOUNT, WHATSAPP, ANN, NUMBER, NOW + 1), (ACCOUNT, WHATSAPP, BOB, NEW, NOW)]
    )
    aliases.note(
        conn, [(ACCOUNT, WHATSAPP, ANN, NEW, NOW + 2), (ACCOUNT, WHATSAPP, ANN, NEW, NOW + 2)]
    )
    assert aliases.address(conn, ACCOUNT, WHATSAPP, ANN) == NEW
    assert aliases.alias(conn, ACCOUNT, WHATSAPP, NUMBER) is None
    assert aliases.alias(conn, ACCOUNT, WHATSAPP, NEW) == ANN  # who was told last has the number


def test_what_is_told_twice_says_nothing_new(conn: Connection) -> None:
    first, again = (replace(written(), ref="R1") for _ in range(2))
    incoming.keep(conn, [Arrival(first, "c", alias=ANN)])
    aliases.note(conn, [(ACCOUNT, WHATSAPP, ANN, NEW, NOW + 1)])
    (kept,) = incoming.keep(conn, [Arrival(again, "c", alias=ANN)])
    assert kept.id == first.id
    assert aliases.address(conn, ACCOUNT, WHATSAPP, ANN) == NEW


def test_who_was_known_by_the_name_alone_is_one_person(conn: Connection) -> None:
    incoming.keep(conn, [Arrival(written(ANN), "c")])
    alone = contacts.find(conn, ACCOUNT, Channel.WHATSAPP, ANN)
    assert alone is not None
    opted_out = Suppression(
        account=ACCOUNT, recipient=ANN, channel=Channel.WHATSAPP, scope="", created_at=NOON
    )
    suppressions.add(conn, [opted_out])
    incoming.keep(conn, [Arrival(written(), "c", alias=ANN)])
    both = contacts.find(conn, ACCOUNT, Channel.WHATSAPP, NUMBER)
    assert both is not None
    assert both.id == alone.id
    assert contacts.find(conn, ACCOUNT, Channel.WHATSAPP, ANN) is None
    assert exchanged.count(conn, both) == 2
    assert len(exchanged.page(conn, both, limit=9, skip=0)) == 2
    assert suppressions.get(conn, ACCOUNT, NUMBER, Channel.WHATSAPP, "") is not None
    assert suppressions.get(conn, ACCOUNT, ANN, Channel.WHATSAPP, "") is not None


def test_a_contact_that_is_there_stays(conn: Connection) -> None:
    incoming.keep(conn, [Arrival(written(ANN), "c"), Arrival(written(), "c")])
    incoming.keep(conn, [Arrival(written(), "c", alias=ANN)])
    for name in (ANN, NUMBER):
        assert contacts.find(conn, ACCOUNT, Channel.WHATSAPP, name) is not None
    assert count(conn, "contacts") == 2
