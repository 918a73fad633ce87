"""Questions through indexes that begin with the first digits of an id (schema.BUCKET).

Such an index grows at its end only, so that an insert costs the same at any size. A question
asks every bucket that is in use; the buckets themselves are found by hopping from one to the
next along the index, a few microseconds each.
"""

from estafette.store.schema import BUCKET


def in_use(
    table: str, where: str, *, column: str = BUCKET, oldest_first: bool = False, start: str = ""
) -> str:
    """A query of one column `x`: the buckets of `table` that hold rows with `where`, in order.

    `where` must be what the index itself is about: its first columns, or its condition.
    `column` is what gives the bucket of a row; `start` names a value: the bucket to begin with.
    """
    order, beyond = ("ASC", ">") if oldest_first else ("DESC", "<")
    begin = f" AND {column} {beyond}= {start}" if start else ""
    nearest = f"ORDER BY {column} {order} LIMIT 1"
    return (
        f"WITH RECURSIVE bucket(x) AS ("
        f"SELECT * FROM (SELECT {column} FROM {table} WHERE {where}{begin} {nearest}) AS edge"
        f" UNION ALL SELECT (SELECT {column} FROM {table}"
        f" WHERE {where} AND {column} {beyond} bucket.x {nearest})"
        f" FROM bucket WHERE bucket.x IS NOT NULL)"
        f" SELECT x FROM bucket WHERE x IS NOT NULL"
    )
