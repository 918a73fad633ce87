"""Which messages the carrier of a connection was offered: of these alone it is believed."""

from sqlalchemy import Connection

from estafette.model.ids import new_id
from estafette.store import attempts
from tests.store.conftest import CONNECTION, NOON, accepted, offered


def test_only_what_was_offered_to_a_connection_is_its_own(conn: Connection) -> None:
    first, second, waiting = accepted(conn, 3)
    offered(conn, [first, second])
    asked = [first, waiting, new_id(NOON), "", "no id"]
    assert attempts.carried(conn, CONNECTION, asked) == {first}
    assert attempts.carried(conn, CONNECTION, [first, second]) == {first, second}
    assert attempts.carried(conn, "another", asked) == set()
    assert attempts.carried(conn, CONNECTION, []) == set()
