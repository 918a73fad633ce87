"""What accounts own under an id and a name, with settings in JSON: services and applications."""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import json
from sqlalchemy import Column, Connection, Row, Select, Table, select

from estafette.model import Cursor, Unknown
from estafette.model.application import Application
from estafette.model.ids import instant
from estafette.model.listed import Listed, page_of
from estafette.model.service import Service
from estafette.store.times import moment


def add(conn: Connection, table: Table, values: Mapping[str, Any]) -> None:
    """Write one down."""
    conn.execute(table.insert().values(**values))


def get(conn: Connection, table: Table, account: str, id: str, *, lock: bool = False) -> Row[Any]:
    """One of them. Raises Unknown; another account's is unknown too."""
    asked = select(table).where(table.c.id == id, table.c.account == account)
    row = conn.execute(asked.with_for_update() if lock else asked).first()
    if row is None:
        raise Unknown(f"no {table.name.removesuffix('s')} {id}")
    return row


def save(conn: Connection, table: Table, id: str, values: Mapping[str, Any]) -> None:
    """Write down anew what `values` names."""
    conn.execute(table.update().where(table.c.id == id).values(**values))


def remove(conn: Connection, table: Table, account: str, id: str) -> None:
    """Delete one. Raises Unknown."""
    mine = (table.c.id == id) & (table.c.account == account)
    if not conn.execute(table.delete().where(mine)).rowcount:
        raise Unknown(f"no {table.name.removesuffix('s')} {id}")


def of_account(table: Table, account: str, name: str = "") -> Select[Any]:
    """The question for all of an account, or for those of a name."""
    asked = select(table).where(table.c.account == account)
    return asked.where(table.c.name == name) if name else asked


def page(
    conn: Connection, asked: Select[Any], id: Column[str], *, limit: int, cursor: Cursor | None
) -> Listed[Row[Any]]:
    """A page of rows, newest first by their ids."""
    is_back = cursor is not None and cursor.before
    if cursor:
        asked = asked.where(id > cursor.id if is_back else id < cursor.id)
    rows: Sequence[Row[Any]] = conn.execute(
        asked.order_by(id.asc() if is_back else id.desc()).limit(limit + 1)
    ).fetchall()
    return page_of(rows, limit, cursor)


def columns(item: Application | Service) -> dict[str, Any]:
    """What has an id, a name and settings, as its columns."""
    return {
        "id": item.id,
        "account": item.account,
        "name": item.name,
        "settings": packed(item.settings),
        "created_at": instant(item.created_at),
        "updated_at": instant(item.updated_at),
    }


def fields(row: Row[Any], usual: Mapping[str, Any]) -> dict[str, Any]:
    """The same from a row; settings that it does not have are as usual."""
    return {
        "id": row.id,
        "account": row.account,
        "name": row.name,
        "settings": {**usual, **unpacked(row.settings)},
        "created_at": moment(row.created_at),
        "updated_at": moment(row.updated_at),
    }


def packed(settings: Mapping[str, Any]) -> str:
    """Settings as a column keeps them."""
    return json.encode(dict(settings)).decode() if settings else ""


def unpacked(column: str) -> dict[str, Any]:
    """Settings of a column."""
    return dict(json.decode(column)) if column else {}
