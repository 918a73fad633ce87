"""Templates by name, page and status, on real tables of each kind."""

import itertools
from datetime import datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace
from sqlalchemy import Connection

from estafette.model import Conflict, Cursor
from estafette.model.ids import new_id
from estafette.model.template import Template, TemplateStatus
from estafette.store import templates
from tests.store.conftest import ACCOUNT, NOON

OTHER = "AC" + "2" * 32
KNOWN_ID = "d980fb66fd5043d3ace1aa06ba044342"
_names = itertools.count()


def made(conn: Connection, at: datetime = NOON, **parts: Any) -> Template:
    """A template for WhatsApp; one with another channel is a content."""
    known: dict[str, Any] = {
        "id": new_id(at), "account": ACCOUNT, "name": f"name_{next(_names)}", "language": "en",
        "channel": "whatsapp", "body": "Hi", "created_at": at, "updated_at": at,
    }  # fmt: skip
    template = Template(**{**known, **parts})
    templates.add(conn, template)
    return template


def ids(found: Any) -> list[str]:
    return [item.id for item in found]


def test_a_name_is_there_once_in_a_language(conn: Connection) -> None:
    first = made(conn, name="news")
    for more in ({"language": "fr"}, {"account": OTHER}, {"channel": ""}, {"channel": ""}):
        made(conn, name="news", **more)
    with pytest.raises(Conflict, match="news in en"), conn.begin_nested():
        made(conn, name="news")
    second = made(conn)
    with pytest.raises(Conflict, match="news in en"), conn.begin_nested():
        templates.save(conn, replace(second, name="news"))
    templates.save(conn, replace(first, body="again"))
    templates.remove(conn, ACCOUNT, first.id)
    templates.save(conn, replace(second, name="news"))


def test_a_template_is_found_as_whatsapp_knows_it(conn: Connection) -> None:
    made(conn, name="news", account=OTHER)
    english, french = made(conn, name="news"), made(conn, name="news", language="fr")
    asked = {"approval": {"name": 'odd_"n', "category": "UTILITY"}}
    content = made(conn, name="odd", channel="", details=asked)
    made(conn, name="o", channel="", details={"title": 'odd_"n', "approval": {"name": "n"}})

    def find(name: str, language: str = "") -> str | None:
        found = templates.find(conn, ACCOUNT, name, language)
        return found.id if found else None

    assert (find("news", "en"), find("news", "fr")) == (english.id, french.id)
    assert (find("news"), find("news", "de")) == (french.id, None)
    assert (find('odd_"n'), find("odd"), find("%")) == (content.id, None, None)


def test_one_whose_id_does_not_grow_stands_where_it_was_made(conn: Connection) -> None:
    before = made(conn, NOON - timedelta(seconds=1))
    known = made(conn, id=KNOWN_ID)
    after = [made(conn, NOON + timedelta(seconds=1)) for _ in range(2)][::-1]
    whole = [*ids(after), known.id, before.id]
    assert ids(templates.page(conn, ACCOUNT, limit=9).items) == whole
    for index, id in enumerate(whole):
        rest = templates.page(conn, ACCOUNT, limit=9, cursor=Cursor(id))
        assert ids(rest.items) == whole[index + 1 :]
        back = templates.page(conn, ACCOUNT, limit=9, cursor=Cursor(id, before=True))
        assert ids(back.items) == whole[:index]


def test_a_list_goes_on_behind_one_that_is_gone(conn: Connection) -> None:
    later = NOON + timedelta(hours=1 + next(_names))  # where no other test makes ids
    found = [made(conn, later + timedelta(microseconds=n)) for n in range(3)][::-1]
    templates.remove(conn, ACCOUNT, found[1].id)
    rest = templates.page(conn, ACCOUNT, limit=9, cursor=Cursor(found[1].id))
    assert ids(rest.items) == [found[2].id]
    assert templates.page(conn, ACCOUNT, limit=9, cursor=Cursor(KNOWN_ID)).items == []


def test_lists_narrow_by_name_and_status(conn: Connection) -> None:
    approved = made(conn, name="a", status=TemplateStatus.APPROVED)
    paused = made(conn, name="a", language="fr", status=TemplateStatus.PAUSED)
    made(conn, name="b", status=TemplateStatus.APPROVED)
    assert ids(templates.page(conn, ACCOUNT, limit=9, name="a").items) == [paused.id, approved.id]
    found = templates.page(conn, ACCOUNT, limit=9, name="a", status=TemplateStatus.PAUSED)
    assert ids(found.items) == [paused.id]


def test_numbered_pages_have_those_with_a_text(conn: Connection) -> None:
    whole = ids([made(conn) for _ in range(3)])[::-1]
    made(conn, body="")
    made(conn, account=OTHER)
    found, count = templates.numbered(conn, ACCOUNT, limit=2, skip=0)
    assert (ids(found), count) == (whole[:2], 3)
    found, count = templates.numbered(conn, ACCOUNT, limit=2, skip=2)
    assert (ids(found), count) == (whole[2:], 3)
    assert templates.numbered(conn, ACCOUNT, limit=2, skip=20 * 10**9) == ([], 3)


def test_approval_is_settled_once_and_only_where_it_was_asked_for(conn: Connection) -> None:
    asked = {"approval": {"name": "n", "at": 1}, "title": "t"}
    waits = made(conn, status=TemplateStatus.RECEIVED, details=asked)
    given = made(conn, status=TemplateStatus.PENDING, details={"approval": {"name": "n"}})
    done = made(conn, status=TemplateStatus.REJECTED, details=asked)
    gone = made(conn, status=TemplateStatus.PENDING, details=asked)
    assert {*ids(templates.waiting(conn, ACCOUNT))} == {waits.id, given.id, gone.id}
    templates.remove(conn, ACCOUNT, gone.id)
    found = [waits, given, done, gone]
    templates.settle(conn, found, TemplateStatus.APPROVED, NOON)
    after = templates.get(conn, ACCOUNT, waits.id)
    assert (after.status, after.details) == ("approved", {"approval": {"name": "n"}, "title": "t"})
    assert templates.get(conn, ACCOUNT, given.id).status == "pending"
    assert templates.get(conn, ACCOUNT, done.id).status == "rejected"
