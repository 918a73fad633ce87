"""Templates and applications, on real tables of each kind."""

from datetime import timedelta

import pytest
from msgspec.structs import replace
from sqlalchemy import Connection

from estafette.model import Cursor, Unknown
from estafette.model.application import DEFAULTS, Application
from estafette.model.ids import new_id
from estafette.model.template import Template
from estafette.store import applications, templates
from tests.store.conftest import ACCOUNT, NOON

OTHER = "AC" + "2" * 32


def template(conn: Connection) -> Template:
    made = Template(
        id=new_id(NOON), account=ACCOUNT, name="größe", language="de",
        types={"twilio/text": {"body": "Hi {{1}}"}, "twilio/media": {"media": ["u"]}},
        variables={"1": "\N{WAVING HAND SIGN}"}, details={"approval": {"at": 1}},
        body="Hi {{1}}", kind="image", status="received", created_at=NOON, updated_at=NOON,
    )  # fmt: skip
    templates.add(conn, made)
    return made


def application(conn: Connection, name: str) -> Application:
    made = Application(
        id=new_id(NOON), account=ACCOUNT, name=name,
        settings={**DEFAULTS, "sms_url": "https://example.com/"}, created_at=NOON, updated_at=NOON,
    )  # fmt: skip
    applications.add(conn, made)
    return made


def test_a_template_comes_back_as_it_was_written(conn: Connection) -> None:
    made = template(conn)
    assert templates.get(conn, ACCOUNT, made.id) == made
    changed = replace(made, name="", types={}, updated_at=NOON + timedelta(seconds=1))
    templates.save(conn, changed)
    assert templates.get(conn, ACCOUNT, made.id, lock=True) == changed
    with pytest.raises(Unknown):
        templates.get(conn, OTHER, made.id)
    with pytest.raises(Unknown):
        templates.remove(conn, OTHER, made.id)
    templates.remove(conn, ACCOUNT, made.id)
    assert templates.page(conn, ACCOUNT, limit=1).items == []


def test_templates_are_paged_newest_first(conn: Connection) -> None:
    ids = [template(conn).id for _ in range(3)][::-1]
    first = templates.page(conn, ACCOUNT, limit=2)
    assert ([item.id for item in first.items], first.has_next) == (ids[:2], True)
    rest = templates.page(conn, ACCOUNT, limit=2, cursor=Cursor(ids[1]))
    assert ([item.id for item in rest.items], rest.has_previous) == (ids[2:], True)


def test_an_application_comes_back_as_it_was_written(conn: Connection) -> None:
    made = application(conn, "a")
    assert applications.get(conn, ACCOUNT, made.id) == made
    changed = replace(made, name="b", updated_at=NOON + timedelta(seconds=1))
    applications.save(conn, changed)
    assert applications.get(conn, ACCOUNT, made.id, lock=True) == changed
    with pytest.raises(Unknown):
        applications.get(conn, OTHER, made.id)
    applications.remove(conn, ACCOUNT, made.id)
    with pytest.raises(Unknown):
        applications.remove(conn, ACCOUNT, made.id)


def test_applications_are_found_by_name(conn: Connection) -> None:
    ids = [application(conn, name).id for name in "aba"][::-1]
    found = applications.page(conn, ACCOUNT, name="a", limit=5)
    assert [item.id for item in found.items] == [ids[0], ids[2]]
    assert len(applications.page(conn, ACCOUNT, limit=5).items) == 3
