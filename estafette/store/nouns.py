"""What accounts keep under ids, each a row of a table of its own: users, teams, and their words."""

from typing import Any, Generic, NamedTuple, TypeVar

import msgspec
from msgspec import Struct, structs
from sqlalchemy import Connection, Row, Table, select

from estafette.model import Unknown
from estafette.model.desk import CustomStatus, Field, Funnel, Tag, User
from estafette.model.ids import instant
from estafette.store import schema
from estafette.store.times import moment

T = TypeVar("T", bound=Struct)


class Noun(NamedTuple, Generic[T]):
    """A kind of thing, and its table: the columns are named as the fields are."""

    kind: type[T]
    table: Table
    word: str


USERS = Noun(User, schema.users, "user")
STATUSES = Noun(CustomStatus, schema.statuses, "status")
FUNNELS = Noun(Funnel, schema.funnels, "funnel")
TAGS = Noun(Tag, schema.tags, "tag")
FIELDS = Noun(Field, schema.fields, "field")


def hold(conn: Connection, account: str) -> None:
    """Have who else writes of this account's desk wait until this is written."""
    known = schema.accounts.c.sid
    conn.execute(select(known).where(known == account).with_for_update())


def add(conn: Connection, noun: Noun[Any], item: Struct, **more: Any) -> None:
    """Write one down; `more` are columns that are no fields."""
    conn.execute(noun.table.insert().values(**columns(item), **more))


def get(conn: Connection, noun: Noun[T], account: str, id: str) -> T:
    """One of them. Raises Unknown; another account's is unknown too."""
    found = some(conn, noun, account, id=id)
    if not found:
        raise Unknown(f"no {noun.word} {id}")
    return found[0]


def some(conn: Connection, noun: Noun[T], account: str, **values: Any) -> list[T]:
    """Those of an account whose columns have these values, the oldest first."""
    table = noun.table
    asked = select(table).where(table.c.account == account).order_by(table.c.id)
    for name, value in values.items():
        asked = asked.where(table.c[name] == value)
    return [of_row(noun.kind, row) for row in conn.execute(asked)]


def save(conn: Connection, noun: Noun[Any], id: str, item: Struct, **more: Any) -> None:
    """Write one down anew."""
    table = noun.table
    conn.execute(table.update().where(table.c.id == id).values(**columns(item), **more))


def remove(conn: Connection, noun: Noun[Any], account: str, id: str) -> None:
    """Delete one. Raises Unknown."""
    table = noun.table
    mine = (table.c.id == id) & (table.c.account == account)
    if not conn.execute(table.delete().where(mine)).rowcount:
        raise Unknown(f"no {noun.word} {id}")


def columns(item: Struct, *without: str) -> dict[str, Any]:
    """The fields as columns: times are numbers, lists JSON."""
    found = structs.asdict(item)
    return {name: _packed(value) for name, value in found.items() if name not in without}


def of_row(kind: type[T], row: Row[Any], **more: Any) -> T:
    """The same from its columns; `more` are fields that are none."""
    known = {name: getattr(row, name) for name in kind.__struct_fields__ if name not in more}
    found = {name: _unpacked(name, value) for name, value in known.items()}
    return msgspec.convert({**found, **more}, kind)


def _packed(value: Any) -> Any:
    if isinstance(value, tuple):
        return msgspec.json.encode(value).decode()
    return instant(value) if hasattr(value, "tzinfo") else value


def _unpacked(name: str, value: Any) -> Any:
    if name.endswith("_at") and value is not None:
        return moment(value)
    return msgspec.json.decode(value or "[]") if name == "options" else value
