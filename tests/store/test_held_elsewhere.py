"""Who else holds a number, by the id that its carrier has for it."""

from sqlalchemy import Connection

from estafette.model import Channel, Sender
from estafette.store import senders


def test_a_number_of_another_account(conn: Connection) -> None:
    parts = {"channel": Channel.WHATSAPP, "connection": "far"}
    mine = Sender(id="1" * 32, account="AC1", address="+14155550101", ref="101", **parts)
    senders.add(conn, mine)
    assert not senders.held_by_another(conn, "AC1", Channel.WHATSAPP, "101")
    assert senders.held_by_another(conn, "AC2", Channel.WHATSAPP, "101")
    assert not senders.held_by_another(conn, "AC2", Channel.WHATSAPP, "102")
    assert not senders.held_by_another(conn, "AC2", Channel.SMS, "101")
