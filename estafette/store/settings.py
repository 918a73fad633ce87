"""What accounts have set, by name: each a piece of JSON. Of no account is what the gateway keeps."""

from sqlalchemy import Connection, text

_GET = text("SELECT value FROM settings WHERE account = :account AND name = :name")
_PUT = text(
    "INSERT INTO settings (account, name, value, updated_at) VALUES (:account, :name, :value, :now)"
    " ON CONFLICT (account, name) DO UPDATE"
    " SET value = excluded.value, updated_at = excluded.updated_at"
)
_ADD = text(
    "INSERT INTO settings (account, name, value, updated_at) VALUES (:account, :name, :value, :now)"
    " ON CONFLICT (account, name) DO NOTHING"
)


def get(conn: Connection, account: str, name: str) -> str:
    """What is set; empty where nothing is."""
    found = conn.execute(_GET, {"account": account, "name": name}).scalar_one_or_none()
    return str(found or "")


def put(conn: Connection, account: str, name: str, value: str, now: int) -> None:
    """Set it in place of what was set before. `now` is in microseconds since 1970."""
    conn.execute(_PUT, {"account": account, "name": name, "value": value, "now": now})


def add(conn: Connection, account: str, name: str, value: str, now: int) -> str:
    """Set it where nothing is set; what is set then."""
    conn.execute(_ADD, {"account": account, "name": name, "value": value, "now": now})
    return get(conn, account, name)
