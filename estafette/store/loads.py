"""How much hangs on each connection."""

from sqlalchemy import Connection, func, select

from estafette.model import Load
from estafette.store.schema import connections, jobs, senders

MOST = 1000  #: waiting messages of one connection that are counted: more are not


def loads(conn: Connection) -> dict[str, Load]:
    """The load of each connection, by its name."""
    held: dict[str, int] = {}
    counted = select(senders.c.connection, func.count()).where(senders.c.released_at.is_(None))
    for name, count in conn.execute(counted.group_by(senders.c.connection)):
        held[name] = count
    names = conn.execute(select(connections.c.name)).scalars().all()
    return {name: Load(held.get(name, 0), _waiting(conn, name)) for name in names}


def _waiting(conn: Connection, name: str) -> int:
    through = select(senders.c.id).where(senders.c.connection == name)
    some = select(jobs.c.message).where(jobs.c.lane.in_(through), jobs.c.kind == "send").limit(MOST)
    return conn.execute(select(func.count()).select_from(some.subquery())).scalar_one()
