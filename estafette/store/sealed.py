"""Everything that is kept sealed, wherever it stands: read in pages, and replaced if nobody else did.

What a column holds is for the core to know; here it is text.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, Table, select, tuple_

from estafette.store.schema import METADATA, nodes


class Place(NamedTuple):
    """A column that holds what is sealed."""

    table: str
    key: tuple[str, ...]  #: the columns that name a row
    column: str
    more: tuple[str, ...] = ()  #: further columns, by which what is in it can be opened

    @property
    def of(self) -> Table:
        """Its table."""
        return METADATA.tables[self.table]


class Swap(NamedTuple):
    """What is to stand in a place instead of what was read there."""

    place: Place
    key: tuple[str, ...]
    before: str
    after: str


_ALL = (
    Place("accounts", ("sid",), "token_sealed"),
    Place("connections", ("name",), "settings_sealed", ("id", "provider")),
    Place("settings", ("account", "name"), "value"),
    Place("subscriptions", ("id",), "secret_sealed"),
    Place("errands", ("id",), "sealed"),
)
PLACES = tuple(place for place in _ALL if place.table in METADATA.tables)


def page(conn: Connection, place: Place, after: Sequence[str], limit: int) -> list[Row[Any]]:
    """Rows in the order of their keys, from behind `after`: the key, `held`, and what is more."""
    columns = place.of.c
    key = [columns[name] for name in place.key]
    asked = select(
        *key, columns[place.column].label("held"), *(columns[name] for name in place.more)
    )
    asked = asked.where(columns[place.column] != "").order_by(*key).limit(limit)
    if after:
        asked = asked.where(tuple_(*key) > tuple_(*after))
    return list(conn.execute(asked))


def swap(conn: Connection, swaps: Sequence[Swap]) -> int:
    """Replace what still is as it was read; how many were."""
    done = 0
    for place, key, before, after in swaps:
        columns = place.of.c
        change = place.of.update().where(columns[place.column] == before)
        for name, value in zip(place.key, key, strict=True):
            change = change.where(columns[name] == value)
        done += conn.execute(change.values({place.column: after})).rowcount
    return done


def hosts(conn: Connection, since: int) -> list[str]:
    """The machines on which nodes were alive since a time, in microseconds by the database."""
    asked = select(nodes.c.host).distinct().where(nodes.c.seen_at >= since)
    return sorted(conn.execute(asked).scalars())
