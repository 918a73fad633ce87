"""Contacts by the words of their names: what the account calls them, and what they call themselves."""

from collections.abc import Iterable

from sqlalchemy import Connection

from estafette.store import bulk
from estafette.store.schema import contacts, named
from estafette.store.words import words


def file(conn: Connection, ids: Iterable[str]) -> None:
    """Keep what these contacts are called by now."""
    asked = sorted(set(ids))
    if not asked:
        return
    bulk.delete(conn, named, "contact", asked)
    found = bulk.select(conn, contacts, "id", asked, ("id", "account", "name", "profile"))
    rows = sorted((account, word, id) for id, account, *names in found for word in words(*names))
    bulk.insert(conn, named, rows, conflict="DO NOTHING")


def forget(conn: Connection, id: str) -> None:
    """Nobody finds this contact any more."""
    bulk.delete(conn, named, "contact", [id])
