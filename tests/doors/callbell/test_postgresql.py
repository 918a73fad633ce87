"""The same on PostgreSQL: what is sent, asked after and forgotten, and odd texts."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Server, fresh_database
from tests.doors.callbell.conftest import Api, bearer
from tests.doors.callbell.examples import ONE_HOLE, PLAIN, THREE_HOLES, template
from tests.doors.own.conftest import Own
from tests.doors.twilio.conftest import new_number

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def api(postgresql: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    folder: Path = tmp_path_factory.mktemp("callbell")
    server = Server(folder / "home", database_url=fresh_database(postgresql))
    try:
        server.start()
        yield Api(server, bearer(Own(server)))
    finally:
        server.close()


def test_a_message_is_sent_asked_after_and_forgotten(api: Api) -> None:
    _, body = PLAIN["metadata"]
    key = {"Idempotency-Key": "once"}
    asked = {**body, "assigned_user": "nobody@example.com", "fields": "contact,conversation"}
    first, again = (api.post(asked, **key).json["message"] for _ in range(2))
    assert first["uuid"] == again["uuid"]
    assert set(first) == {"uuid", "status", "metadata", "contact", "conversation"}
    found = api.until(first["uuid"], "delivered")
    assert found["metadata"] == body["metadata"]
    assert found["contact"]["uuid"] == first["contact"]["uuid"]
    assert api.call("DELETE", f"/messages/{first['uuid']}").status == 204
    assert api.call("DELETE", "/messages", {"uuid": "moon"}).status == 404


def test_templates_go(api: Api) -> None:
    one = {**template(ONE_HOLE), "to": new_number()}
    three = {**template(THREE_HOLES), "template_values": ["☃", "%s", "{{1}}"], "to": new_number()}
    for asked in (one, three):
        uuid = api.post(asked).json["message"]["uuid"]
        assert api.until(uuid, "delivered")


@pytest.mark.parametrize(
    "odd", ["\0", "a\0b", "\u202e", "\ufffe", "%", "'", "x" * 5000, "😀" * 900]
)
def test_odd_texts_break_nothing(odd: str, api: Api) -> None:
    _, usual = PLAIN["text"]
    usual = {**usual, "to": new_number()}
    for name in (
        "to", "from", "type", "content", "template_uuid", "assigned_user", "team_uuid",
        "channel_uuid", "fields", "bot_status", "bsuid",
    ):  # fmt: skip
        assert api.post({**usual, name: odd}).status in (200, 400, 422)
    for content in ({"text": odd}, {"text": "x", "name": odd}):
        assert api.post({**usual, "content": content}).status in (200, 400)
    for metadata in ({"k": odd}, {odd: "v"}):
        assert api.post({**usual, "metadata": metadata}).status in (200, 400)
    values = {**template(ONE_HOLE), "template_values": [odd], "to": new_number()}
    assert api.post(values).status in (200, 400)
