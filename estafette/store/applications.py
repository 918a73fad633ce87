"""Applications: webhooks that senders and messages share."""

from typing import Any

from sqlalchemy import Connection, Row

from estafette.model import Cursor
from estafette.model.application import DEFAULTS, Application
from estafette.model.listed import Listed
from estafette.store import owned
from estafette.store.schema import applications


def add(conn: Connection, application: Application) -> None:
    """Write an application down."""
    owned.add(conn, applications, owned.columns(application))


def get(conn: Connection, account: str, id: str, *, lock: bool = False) -> Application:
    """One application. Raises Unknown; another account's is unknown too."""
    return _application(owned.get(conn, applications, account, id, lock=lock))


def save(conn: Connection, application: Application) -> None:
    """Write its name and settings down anew."""
    owned.save(conn, applications, application.id, owned.columns(application))


def remove(conn: Connection, account: str, id: str) -> None:
    """Delete an application. Raises Unknown."""
    owned.remove(conn, applications, account, id)


def page(
    conn: Connection, account: str, *, name: str = "", limit: int, cursor: Cursor | None = None
) -> Listed[Application]:
    """The applications of an account, or those of a name, newest first."""
    asked = owned.of_account(applications, account, name)
    found = owned.page(conn, asked, applications.c.id, limit=limit, cursor=cursor)
    return Listed([_application(row) for row in found.items], found.has_next, found.has_previous)


def _application(row: Row[Any]) -> Application:
    return Application(**owned.fields(row, DEFAULTS))
