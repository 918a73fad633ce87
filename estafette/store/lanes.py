"""Lanes: one row per sender. Whoever holds its lease drives it; a lease that ends is taken over."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Connection, text

from estafette.model.rules import fair_share
from estafette.store.schema import lanes, nodes


class Node(NamedTuple):
    """A process that drives lanes."""

    id: str
    host: str
    pid: int


class Held(NamedTuple):
    """What a node holds after a claim."""

    lanes: tuple[str, ...]
    taken: tuple[str, ...]  #: of these, the ones that it did not hold before
    fair: int  #: how many it should hold, with the nodes that are alive


def now(conn: Connection) -> int:
    """The time that leases go by, in microseconds: the database's own where nodes may be far apart."""
    return int(
        conn.execute(_NOW_POSTGRESQL if conn.dialect.name == "postgresql" else _NOW).scalar_one()
    )


_NOW_POSTGRESQL = text("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint")
_NOW = text("SELECT CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER)")


def claim(conn: Connection, node: Node, held: Sequence[str], ttl: float) -> Held:
    """Say that `node` lives, renew its leases for `ttl` seconds, and take free lanes up to its share."""
    at = now(conn)
    until = at + int(ttl * 1e6)
    _greet(conn, node, at)
    kept = conn.execute(_RENEW, {"node": node.id, "until": until}).scalars().all()
    alive = conn.execute(_ALIVE, {"since": at - int(ttl * 1e6)}).scalar_one()
    fair = fair_share(conn.execute(_ALL).scalar_one(), alive)
    skip = " FOR UPDATE SKIP LOCKED" if conn.dialect.name == "postgresql" else ""
    free = text(_FREE + skip)
    room = max(0, fair - len(kept))
    found = conn.execute(free, {"now": at, "node": node.id, "room": room}).scalars().all()
    for lane in found:
        conn.execute(_TAKE, {"id": lane, "node": node.id, "until": until})
    mine = (*kept, *found)
    return Held(mine, tuple(lane for lane in mine if lane not in held), fair)


def _greet(conn: Connection, node: Node, at: int) -> None:
    seen = conn.execute(nodes.update().where(nodes.c.id == node.id).values(seen_at=at))
    if not seen.rowcount:
        conn.execute(
            nodes.insert().values(
                id=node.id, host=node.host, pid=node.pid, started_at=at, seen_at=at
            )
        )
        conn.execute(nodes.delete().where(nodes.c.seen_at < at - 86_400_000_000))


_RENEW = text("UPDATE lanes SET leased_until = :until WHERE node = :node RETURNING id")
_ALIVE = text("SELECT count(*) FROM nodes WHERE seen_at >= :since")
_ALL = text("SELECT count(*) FROM lanes")
_FREE = "SELECT id FROM lanes WHERE leased_until < :now AND node <> :node ORDER BY id LIMIT :room"
_TAKE = text("UPDATE lanes SET node = :node, leased_until = :until WHERE id = :id")


def holds(conn: Connection, node: str, wanted: Sequence[str]) -> dict[str, int]:
    """Which of the wanted lanes the node holds right now, and when each may send next."""
    at = now(conn)
    lock = " FOR SHARE" if conn.dialect.name == "postgresql" else ""
    rows = conn.execute(text(_HELD + lock), {"node": node, "now": at}).fetchall()
    return {id: next_at for id, next_at in rows if id in wanted}


_HELD = "SELECT id, next_at FROM lanes WHERE node = :node AND leased_until > :now"


def pace(conn: Connection, lane: str, next_at: int) -> None:
    """Write down when a lane may send next, so that its pace outlives its driver."""
    conn.execute(lanes.update().where(lanes.c.id == lane).values(next_at=next_at))


def release(conn: Connection, node: str, given: Sequence[str] | None = None) -> None:
    """Give lanes back, so that another takes them at once; all of them when the node leaves."""
    mine = lanes.c.node == node
    if given is not None:
        mine &= lanes.c.id.in_(given)
    conn.execute(lanes.update().where(mine).values(node="", leased_until=0))
    if given is None:
        conn.execute(nodes.delete().where(nodes.c.id == node))


def drivers(conn: Connection) -> dict[str, str]:
    """Who drives each lane; empty where nobody does."""
    rows = conn.execute(text("SELECT id, node FROM lanes")).fetchall()
    return {row[0]: row[1] for row in rows}
