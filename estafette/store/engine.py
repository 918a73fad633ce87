"""Connections to SQLite and PostgreSQL, set up so that a commit is on disk when it returns."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.pool import QueuePool

from estafette.model.errors import GatewayError
from estafette.store.bulk import run

READERS = 3  #: threads that answer questions beside the one that writes

# SQLite: `synchronous=FULL` syncs the write-ahead log at each commit; pages written again and again
# reach the file once in 16 MB; the page cache, in KiB, is each connection's own; a reader never
# waits, a writer of another process waits at most 10 s.
PRAGMAS = tuple(
    f"PRAGMA {setting}"
    for setting in (
        "journal_mode = WAL",
        "synchronous = FULL",
        "busy_timeout = 10000",
        "cache_size = -16384",
        "wal_autocheckpoint = 4000",
        "temp_store = MEMORY",
        "foreign_keys = OFF",
    )
)


class BadUrl(GatewayError):
    """The database URL is neither of sqlite:///… nor of postgresql://… form."""


def engine(url: str, *, size: int, cache: int = 16) -> Engine:
    """An engine of at most `size` connections, each committed statement by statement unless begun.

    `cache` is what each may keep of SQLite's pages, in MiB.
    """
    try:
        parsed = make_url(url)
    except Exception as error:
        raise BadUrl from error
    backend = parsed.get_backend_name()
    if backend in ("postgres", "postgresql"):
        return _postgresql(url.split("://", 1)[1], size)
    if backend == "sqlite" and parsed.database:
        return _sqlite(parsed.database, size, cache)
    raise BadUrl


def _postgresql(rest: str, size: int) -> Engine:
    return create_engine(
        f"postgresql+psycopg://{rest}",
        pool_size=size,
        max_overflow=0,
        pool_pre_ping=True,
        connect_args={"application_name": "estafette"},
    )


def _sqlite(path: str, size: int, cache: int) -> Engine:
    made = create_engine(
        f"sqlite+pysqlite:///{path}",
        poolclass=QueuePool,
        pool_size=size,
        max_overflow=0,
        connect_args={
            "check_same_thread": False,
            "isolation_level": None,
            "cached_statements": 256,
        },
    )

    @event.listens_for(made, "connect")
    def _set_up(dbapi: Any, _record: Any) -> None:
        dbapi.isolation_level = None
        for pragma in PRAGMAS:
            dbapi.execute(pragma)
        dbapi.execute(f"PRAGMA cache_size = -{cache * 1024}")

    @event.listens_for(made, "begin")
    def _begin(conn: Connection) -> None:
        if conn.get_execution_options().get("isolation_level") != "AUTOCOMMIT":
            run(conn, "BEGIN IMMEDIATE")

    return made


class Turn:
    """Whose turn it is to write, among all processes on one SQLite file.

    SQLite makes a writer that finds the file taken sleep and try again, longer each time; under
    load that wastes most of the time. A lock on a file beside it wakes the next one at once.
    PostgreSQL needs none.
    """

    def __init__(self, engine: Engine) -> None:
        self.path = f"{engine.url.database}-turn"  #: of the file, for SQLite
        self._file: int | None = None
        if engine.dialect.name == "sqlite":
            self._file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    @contextlib.contextmanager
    def taken(self) -> Iterator[None]:
        """Hold the turn; the thread waits for it."""
        if self._file is None:
            yield
            return
        fcntl.flock(self._file, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(self._file, fcntl.LOCK_UN)

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            os.close(self._file)
            self._file = None
