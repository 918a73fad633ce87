"""Which message is the same once more as which: known by the idempotency key that it was sent under."""

from sqlalchemy import Connection, text

from estafette.model.ids import read_id

# Nobody else's key begins with a line feed: a door takes none that is not printable.
_BEGINS = "\nresend "
_MOST = 20  # that are told of one


def key_of(message: str, name: str) -> str:
    """The key under which a message is sent once more; `name` tells one time from another."""
    return f"{_BEGINS}{message} {name}"


def original(conn: Connection, message: str) -> str:
    """The message that this one repeats; empty where it repeats none."""
    keys = conn.execute(_KEYS, {"message": message}).scalars()
    found = (key.removeprefix(_BEGINS)[:32] for key in keys if key.startswith(_BEGINS))
    return next((read_id(id) or "" for id in found), "")


_KEYS = text("SELECT key FROM idempotency WHERE message = :message")


def copies(conn: Connection, account: str, message: str) -> tuple[str, ...]:
    """The messages that repeat this one, the first of them first."""
    asked = {"account": account, "after": f"{_BEGINS}{message} ", "before": f"{_BEGINS}{message}!"}
    return tuple(sorted(conn.execute(_COPIES, {**asked, "most": _MOST}).scalars()))


# A space comes before an exclamation mark.
_COPIES = text(
    "SELECT message FROM idempotency WHERE account = :account AND key > :after AND key < :before"
    " LIMIT :most"
)
