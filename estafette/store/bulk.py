"""Many rows in one statement.

A statement a row would let go of Python's global lock, and ask for it back, once a row; while
other threads compute, each return waits. One statement for all rows waits once.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.exc import DBAPIError

Row = Sequence[Any]
Statement = tuple[str, Row]  #: SQL, and its values

# A statement is kept prepared by its text, so there are few sizes; the finer they are, the fewer
# statements a number of rows is cut into.
_SIZES = (256, 128, 64, 56, 48, 40, 32, 28, 24, 20, 16, 14, 12, 10, 8, 7, 6, 5, 4, 3, 2, 1)


def insert(
    conn: Connection,
    table: Table,
    rows: Sequence[Row],
    *,
    columns: tuple[str, ...] = (),
    conflict: str = "",
) -> int:
    """Insert rows, their values in the order of `columns`, or of all the table's columns.

    `conflict` says what to do where a key exists already, as it follows `ON CONFLICT`. The answer is
    how many rows were inserted.
    """
    made = inserts(table, rows, mark=_mark(conn), columns=columns, conflict=conflict)
    return sum(run(conn, sql, values).rowcount for sql, values in made)


def inserts(
    table: Table,
    rows: Sequence[Row],
    *,
    mark: str,
    columns: tuple[str, ...] = (),
    conflict: str = "",
) -> Iterator[Statement]:
    """The statements that `insert` runs."""
    for part in _parts(rows):
        yield _insert_sql(table, len(part), mark, columns, conflict), _flat(part)


def update(
    conn: Connection,
    table: Table,
    columns: tuple[str, ...],
    rows: Sequence[Row],
    *,
    sets: str,
    where: str = "",
    returning: tuple[str, ...] = (),
) -> list[Any]:
    """Update the rows whose first column has the first value of one of `rows`.

    `sets` and `where` call the values of a row by its name `v` and the names in `columns`,
    the first of which is the key: `status = v.told`.
    """
    found: list[Any] = []
    for part in _parts(rows):
        sql = _update_sql(table, columns, len(part), _mark(conn), sets, where, returning)
        cursor = run(conn, sql, _flat(part))
        if returning:
            found += cursor.fetchall()
    return found


def select(
    conn: Connection,
    table: Table,
    key: str,
    values: Sequence[str],
    columns: tuple[str, ...],
    *,
    where: str = "",
    lock: bool = False,
) -> list[Any]:
    """The named columns of the rows whose `key` is among `values`; `lock` keeps others off them."""
    found: list[Any] = []
    locks = lock and conn.dialect.name == "postgresql"
    for part in _parts([(value,) for value in values]):
        sql = _select_sql(table, key, len(part), _mark(conn), columns, where, locks)
        found += run(conn, sql, _flat(part)).fetchall()
    return found


def delete(
    conn: Connection, table: Table, key: str, values: Sequence[str], *, where: str = ""
) -> None:
    """Delete the rows whose `key` is among `values`, or those of them that `where` says."""
    for part in _parts([(value,) for value in values]):
        run(conn, _delete_sql(table, key, len(part), _mark(conn), where), _flat(part))


def _flat(rows: Sequence[Row]) -> Row:
    return tuple(chain.from_iterable(rows))


def run(conn: Connection, sql: str, values: Row = ()) -> Any:
    """Run one statement on a cursor of the driver, and give the cursor.

    SQLAlchemy's own way costs as much as ten rows. Raises what that would raise.
    """
    driver = conn.connection
    cursor = driver.cursor()
    try:
        cursor.execute(sql, values)
    except Exception as error:
        kind = conn.dialect.loaded_dbapi.Error
        if not isinstance(error, kind):
            raise
        is_lost = conn.dialect.is_disconnect(error, driver, cursor)
        if is_lost:
            conn.invalidate(error)
        raise DBAPIError.instance(
            sql, None, error, kind, hide_parameters=True, connection_invalidated=is_lost
        ) from error
    return cursor


def _parts(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    start = 0
    for size in _SIZES:
        while len(rows) - start >= size:
            yield rows[start : start + size]
            start += size


def _mark(conn: Connection) -> str:
    return "?" if conn.dialect.name == "sqlite" else "%s"


def _row(mark: str, width: int) -> str:
    return "(" + ", ".join([mark] * width) + ")"


@lru_cache(256)
def _insert_sql(table: Table, size: int, mark: str, columns: tuple[str, ...], conflict: str) -> str:
    columns = columns or tuple(column.name for column in table.c)
    names = ", ".join(f'"{name}"' for name in columns)
    values = ", ".join([_row(mark, len(columns))] * size)
    tail = f" ON CONFLICT {conflict}" if conflict else ""
    return f"INSERT INTO {table.name} ({names}) VALUES {values}{tail}"


@lru_cache(256)
def _update_sql(
    table: Table,
    columns: tuple[str, ...],
    size: int,
    mark: str,
    sets: str,
    where: str,
    returning: tuple[str, ...],
) -> str:
    tail = f" AND {where}" if where else ""
    tail += f" RETURNING {', '.join(returning)}" if returning else ""
    return (
        f"WITH v({', '.join(columns)}) AS ({_values(table, columns, size, mark)})"
        f" UPDATE {table.name} SET {sets} FROM v WHERE {table.name}.{_key(table)} = v.{columns[0]}{tail}"
    )


def _key(table: Table) -> str:
    return next(iter(table.primary_key)).name


def _values(table: Table, columns: tuple[str, ...], size: int, mark: str) -> str:
    """A VALUES list whose first row tells PostgreSQL the types; SQLite does not ask."""
    kinds = [_kind(table, name) for name in columns]
    first = "(" + ", ".join(f"CAST({mark} AS {kind})" for kind in kinds) + ")"
    return "VALUES " + ", ".join([first, *[_row(mark, len(columns))] * (size - 1)])


def _kind(table: Table, name: str) -> str:
    """The type of a value: that of the column of this name, else text."""
    column = table.c.get(name)
    kind = "TEXT" if column is None else str(column.type.compile())
    return kind if kind in ("BIGINT", "INTEGER", "BOOLEAN", "FLOAT") else "TEXT"


@lru_cache(256)
def _select_sql(
    table: Table, key: str, size: int, mark: str, columns: tuple[str, ...], where: str, lock: bool
) -> str:
    names = ", ".join(columns)
    tail = (f" AND {where}" if where else "") + (f" ORDER BY {key} FOR UPDATE" if lock else "")
    return f"SELECT {names} FROM {table.name} WHERE {key} IN ({', '.join([mark] * size)}){tail}"


@lru_cache(64)
def _delete_sql(table: Table, key: str, size: int, mark: str, where: str) -> str:
    tail = f" AND {where}" if where else ""
    return f"DELETE FROM {table.name} WHERE {key} IN ({', '.join([mark] * size)}){tail}"


def delete_pairs(conn: Connection, table: Table, pairs: Sequence[Row]) -> None:
    """Delete the rows whose two primary key columns are among `pairs`.

    The first column is asked for by itself too: SQLite finds several pairs by looking at every row.
    """
    for part in _parts(pairs):
        values = [*(pair[0] for pair in part), *_flat(part)]
        run(conn, _delete_pairs_sql(table, len(part), _mark(conn)), values)


@lru_cache(64)
def _delete_pairs_sql(table: Table, size: int, mark: str) -> str:
    first, second = (column.name for column in table.primary_key)
    pairs = ", ".join([_row(mark, 2)] * size)
    firsts = ", ".join([mark] * size)
    return (
        f"DELETE FROM {table.name} WHERE {first} IN ({firsts})"
        f" AND ({first}, {second}) IN (VALUES {pairs})"
    )


def match(
    conn: Connection,
    table: Table,
    keys: tuple[str, ...],
    rows: Sequence[Row],
    columns: tuple[str, ...],
) -> list[Any]:
    """The named columns of the rows whose `keys` have the values of one of `rows`, all of them text."""
    found: list[Any] = []
    for part in _parts(rows):
        sql = _match_sql(table, keys, len(part), _mark(conn), columns)
        found += run(conn, sql, _flat(part)).fetchall()
    return found


@lru_cache(64)
def _match_sql(
    table: Table, keys: tuple[str, ...], size: int, mark: str, columns: tuple[str, ...]
) -> str:
    names = ", ".join(f"{table.name}.{name}" for name in columns)
    same = " AND ".join(f"{table.name}.{name} = v.{name}" for name in keys)
    # CROSS, or SQLite may look through the table for each of the values.
    return (
        f"WITH v({', '.join(keys)}) AS ({_values(table, keys, size, mark)})"
        f" SELECT {names} FROM v CROSS JOIN {table.name} WHERE {same}"
    )
