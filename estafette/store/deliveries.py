"""What subscriptions of one door were told, or what was tried: lists whose pages have numbers."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, text

from estafette.model import Callback
from estafette.store.callbacks import NAMES, of_row

MOST = 10_000  # that are counted: beyond it nobody turns pages
_COLUMNS = ", ".join(NAMES)
_TRIED = "account = :account AND door = :door AND hook <> '' AND tries > 0 AND answer <> ''"


def page(
    conn: Connection,
    account: str,
    door: str,
    *,
    wanted: tuple[Collection[str], Collection[str]] | None = None,
    is_good: bool | None = None,
    skip: int,
    limit: int,
) -> tuple[list[Callback], int]:
    """The callbacks that were tried, newest first, and how many there are, up to `MOST`. `wanted`
    names the statuses of messages and the events that count, `is_good` whether the address took it.
    """
    where, values = _where(account, door, wanted, is_good)
    count = conn.execute(
        text(f"SELECT count(*) FROM (SELECT 1 FROM callbacks WHERE {where} LIMIT {MOST}) AS tried"),  # noqa: S608
        values,
    ).scalar_one()
    if skip >= count:
        return [], count
    rows = conn.execute(
        text(
            f"SELECT {_COLUMNS} FROM callbacks WHERE {where}"  # noqa: S608
            " ORDER BY created_at DESC, number DESC, message DESC, status DESC, hook DESC"
            " LIMIT :room OFFSET :skip"
        ),
        {**values, "room": limit, "skip": skip},
    )
    return [of_row(row) for row in rows], count


def _where(
    account: str,
    door: str,
    wanted: tuple[Collection[str], Collection[str]] | None,
    is_good: bool | None,
) -> tuple[str, dict[str, Any]]:
    parts, values = [_TRIED], {"account": account, "door": door}
    if is_good is not None:
        parts.append(f"told {'=' if is_good else '<>'} 'told'")
    if wanted is not None:
        either = ["1 = 0"]
        for column, words in zip(("status", "event"), wanted, strict=True):
            names = {f"{column}{place}": word for place, word in enumerate(sorted(words))}
            values |= names
            only = "event = '' AND " if column == "status" else ""
            if names:
                marks = ", ".join(f":{name}" for name in names)
                either.append(f"({only}{column} IN ({marks}))")
        parts.append(f"({' OR '.join(either)})")
    return " AND ".join(parts), values
