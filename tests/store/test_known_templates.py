"""Templates that WhatsApp was told of, on real tables of each kind."""

from datetime import timedelta
from typing import Any

from sqlalchemy import Connection

from estafette.model import Channel, Cursor, Sender
from estafette.model.ids import moment
from estafette.model.template import Template, TemplateStatus
from estafette.store import senders, templates
from tests.store.conftest import ACCOUNT, NOON
from tests.store.test_template_lists import OTHER, ids, made


def content(conn: Connection, called: str, **parts: Any) -> Template:
    """One for any channel, whose approval was asked for under a name."""
    details = {"approval": {"name": called, "category": "UTILITY"}}
    more = {"channel": "", "details": details, "status": TemplateStatus.APPROVED}
    return made(conn, **{**more, **parts})


def test_all_of_a_name_are_found_by_what_whatsapp_calls_them(conn: Connection) -> None:
    first = made(conn, name="news")
    french = made(conn, name="news", language="fr")
    other = content(conn, "news", language="de")
    content(conn, "news", status=TemplateStatus.UNSUBMITTED)
    content(conn, "newsletter")
    made(conn, name="news", account=OTHER)
    content(conn, "other", name="news")
    assert ids(templates.of_name(conn, ACCOUNT, "news")) == ids([other, french, first])
    assert templates.of_name(conn, ACCOUNT, "new") == []
    assert templates.count(conn, ACCOUNT) == 5


def test_pages_hold_what_fits_and_no_more(conn: Connection) -> None:
    # More than are looked at in one go; every third fits.
    every = [
        made(conn, moment(1_700_000_000_000_000 + at), kind="image" if at % 3 == 0 else "text")
        for at in range(410)
    ]
    made(conn, channel="", name="unknown")

    def fits(item: Template) -> bool:
        return item.kind == "image"

    wanted = ids([item for item in reversed(every) if fits(item)])
    found, cursor, seen = None, None, []
    while found is None or found.has_next:
        found = templates.known(conn, ACCOUNT, fits, limit=100, cursor=cursor)
        cursor = Cursor(found.items[-1].id)
        seen += ids(found.items)
    assert seen == wanted
    back = templates.known(conn, ACCOUNT, fits, limit=100, cursor=Cursor(wanted[100], before=True))
    assert ids(back.items) == wanted[:100]
    assert not back.has_previous
    none = templates.known(conn, ACCOUNT, lambda _: False, limit=100)
    assert (list(none.items), none.has_next) == ([], False)


def test_accounts_on_a_connection(conn: Connection) -> None:
    def sender(id: str, account: str, **parts: Any) -> None:
        usual = {"channel": Channel.WHATSAPP, "address": f"+1415555010{id}", "connection": "line"}
        senders.add(conn, Sender(id=id, account=account, **{**usual, **parts}))

    sender("1", ACCOUNT)
    sender("2", ACCOUNT)
    sender("3", OTHER, connection="another")
    sender("4", OTHER, released_at=NOON + timedelta(1))
    assert senders.accounts_on(conn, "line") == [ACCOUNT]
    assert senders.accounts_on(conn, "nobody") == []
