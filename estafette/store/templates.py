"""Templates: texts with holes."""

from typing import Any

from sqlalchemy import Connection, Row

from estafette.model import Cursor
from estafette.model.ids import instant
from estafette.model.listed import Listed
from estafette.model.template import Template
from estafette.store import owned
from estafette.store.schema import templates
from estafette.store.times import moment

_PLAIN = ("id", "account", "name", "language", "channel", "kind", "body", "status")
_PACKED = ("types", "variables", "details")


def add(conn: Connection, template: Template) -> None:
    """Write a template down."""
    owned.add(conn, templates, _columns(template))


def get(conn: Connection, account: str, id: str, *, lock: bool = False) -> Template:
    """One template. Raises Unknown; another account's is unknown too."""
    return _template(owned.get(conn, templates, account, id, lock=lock))


def save(conn: Connection, template: Template) -> None:
    """Write all of it down anew."""
    owned.save(conn, templates, template.id, _columns(template))


def remove(conn: Connection, account: str, id: str) -> None:
    """Delete a template. Raises Unknown."""
    owned.remove(conn, templates, account, id)


def page(
    conn: Connection, account: str, *, limit: int, cursor: Cursor | None = None
) -> Listed[Template]:
    """The templates of an account, newest first."""
    asked = owned.of_account(templates, account)
    found = owned.page(conn, asked, templates.c.id, limit=limit, cursor=cursor)
    return Listed([_template(row) for row in found.items], found.has_next, found.has_previous)


def _columns(template: Template) -> dict[str, Any]:
    return {
        **{name: getattr(template, name) for name in _PLAIN},
        **{name: owned.packed(getattr(template, name)) for name in _PACKED},
        "created_at": instant(template.created_at),
        "updated_at": instant(template.updated_at),
    }


def _template(row: Row[Any]) -> Template:
    plain: dict[str, Any] = {name: getattr(row, name) for name in _PLAIN}
    packed: dict[str, Any] = {name: owned.unpacked(getattr(row, name)) for name in _PACKED}
    return Template(
        **plain,
        **packed,
        created_at=moment(row.created_at),
        updated_at=moment(row.updated_at),
    )
