"""The other end of `scribe.py`: one process, one connection, one transaction after another.

`python -P …/scribe_process.py DATABASE TURN`, with one socket as standard input and output. It is
run as a file and imports nothing of ours, so that it starts at once and stays small.

A frame is four bytes of length and so many of content. To it: a list of statements in msgpack, to
be run in one transaction. From it: what went wrong, empty where nothing did.
"""

import fcntl
import os
import signal
import sqlite3
import sys
from typing import Any, BinaryIO

from msgspec import msgpack

_decode = msgpack.Decoder(list[tuple[str, list[Any]]]).decode


def main() -> None:
    """Write until nobody is there to ask for it."""
    for number in (signal.SIGINT, signal.SIGTERM):  # who asks is told to stop, and tells us
        signal.signal(number, signal.SIG_IGN)
    database, turn = sys.argv[1:]
    conn = sqlite3.connect(database, isolation_level=None)
    lock = os.open(turn, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    with os.fdopen(0, "rb", buffering=1 << 20) as asked:
        for pragma, _ in _read(asked) or ():
            conn.execute(pragma)
        while (statements := _read(asked)) is not None:
            fcntl.flock(lock, fcntl.LOCK_EX)
            error = _transact(conn, statements)
            fcntl.flock(lock, fcntl.LOCK_UN)
            os.write(1, len(error).to_bytes(4, "big") + error)


def _read(asked: BinaryIO) -> list[tuple[str, list[Any]]] | None:
    size = int.from_bytes(asked.read(4), "big")
    frame = asked.read(size)
    return _decode(frame) if frame and len(frame) == size else None


def _transact(conn: sqlite3.Connection, statements: list[tuple[str, list[Any]]]) -> bytes:
    try:
        conn.execute("BEGIN IMMEDIATE")
        for sql, values in statements:
            conn.execute(sql, values)
        conn.execute("COMMIT")
    except sqlite3.Error as error:
        if conn.in_transaction:
            conn.execute("ROLLBACK")
        return f"{type(error).__name__}: {error}".encode()
    return b""


if __name__ == "__main__":
    main()
