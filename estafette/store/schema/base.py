"""What the tables are made of."""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    MetaData,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import TEXT

METADATA = MetaData()

#: The first digits of an id: 2^28 ms, about three days. An index that begins with them grows
#: at its end; a question about one recipient asks each bucket that is in use, newest first.
BUCKET_DIGITS = 5
BUCKET = f"substr(id, 1, {BUCKET_DIGITS})"

# Ids are compared byte by byte; PostgreSQL would otherwise ask the language of the database.
ID = Text().with_variant(TEXT(collation="C"), "postgresql")


def id_(name: str = "id", primary_key: bool = False) -> Column[str]:
    """An id, ours or another's."""
    return Column(name, ID, nullable=False, primary_key=primary_key)


def text_(name: str) -> Column[str]:
    """Text; absent is empty."""
    return Column(name, Text, nullable=False, server_default="")


def at_(name: str, *, nullable: bool = False) -> Column[int]:
    """A time."""
    return Column(name, BigInteger, nullable=nullable)


def index(name: str, table: Table, *parts: str, where: str = "", unique: bool = False) -> Index:
    """An index of columns or expressions, of all rows or of those `where` says."""
    options: dict[str, Any] = (
        {"sqlite_where": text(where), "postgresql_where": text(where)} if where else {}
    )
    columns = [text(part) if "(" in part else table.c[part] for part in parts]
    return Index(name, *columns, _table=table, unique=unique, **options)
