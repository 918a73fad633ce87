"""Templates that were made through our own API, as contents of twilio-python."""

import itertools
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client
from twilio.rest.content.v1.content import ContentList

from tests.conftest import ACCOUNT_SID, AUTH_TOKEN, SENDER, Server
from tests.doors.own.conftest import Own
from tests.doors.twilio.conftest import Api, new_number
from tests.patience import PATIENCE
from tests.pictures import NO_PICTURE

FIRST = "HXd980fb66fd5043d3ace1aa06ba044342"
_names = itertools.count()


@pytest.fixture
def client(server: Server) -> Iterator[Client]:
    made = Client(ACCOUNT_SID, AUTH_TOKEN)
    made.api.base_url = made.content.base_url = server.url
    yield made
    made.http_client.session.close()


@pytest.fixture
def own(server: Server) -> Own:
    return Own(server)


def add(own: Own, **parts: Any) -> Any:
    body = {"name": f"twilio_{next(_names)}", "body": "Hi {{1}}, {{2}}", "status": "approved"}
    return own.post("/templates", {**body, **parts})


def send(client: Client, sid: str, *, on: str = "", **variables: str) -> Any:
    sender = "whatsapp:+15550783881" if on else SENDER
    said = {name.removeprefix("_"): value for name, value in variables.items()}
    return client.messages.create(
        from_=sender, to=on + new_number(), content_sid=sid, content_variables=json.dumps(said)
    )


def kept(own: Own, sid: str) -> Any:
    """What a message keeps of what it was made of."""
    return own.get(f"/messages/{sid}")["content"]


def test_a_template_is_a_content_with_an_approval(client: Client, own: Own) -> None:
    made = add(own, language="en_US", category="MARKETING")
    content = client.content.v1.contents(made["sid"]).fetch()
    assert (content.friendly_name, content.language) == (made["name"], "en_US")
    assert content.types == {"twilio/text": {"body": "Hi {{1}}, {{2}}"}}
    found = client.content.v1.contents(made["sid"]).approval_fetch().fetch().whatsapp
    assert (found["name"], found["category"]) == (made["name"], "MARKETING")
    assert (found["status"], found["content_type"]) == ("approved", "twilio/text")
    listed = client.content.v1.content_and_approvals.list(limit=1)[0]
    assert (listed.sid, listed.approval_requests["status"]) == (made["sid"], "approved")


def test_those_of_a_fresh_home_are_contents(client: Client) -> None:
    sids = [item.sid for item in client.content.v1.contents.list(page_size=2)]
    assert {FIRST, "HXad42a09715814e6483b1c5debd6a2dbc"} == {*sids[-2:]}
    assert send(client, FIRST, on="whatsapp:", _1="Ada").body.startswith("Hello Ada, ")


@pytest.mark.parametrize(
    ("status", "told"),
    [
        ("pending", "pending"), ("rejected", "rejected"), ("failed", "rejected"),
        ("paused", "paused"), ("limit_exceeded", "paused"), ("disabled", "disabled"),
        ("deactivated", "disabled"), ("pending_deletion", "disabled"), ("received", "received"),
    ],
)  # fmt: skip
def test_any_status_has_a_word_here(client: Client, own: Own, status: str, told: str) -> None:
    made = add(own, status=status)
    found = client.content.v1.contents(made["sid"]).approval_fetch().fetch().whatsapp
    assert found["status"] == told


@pytest.mark.parametrize("on", ["whatsapp:", ""])
def test_a_template_is_sent_on_both_channels(client: Client, api: Api, own: Own, on: str) -> None:
    made = add(own)
    sent = send(client, made["sid"], on=on, _1="Ada", _2="bye")
    assert sent.body == "Hi Ada, bye"
    api.until(sent.sid, "delivered", "read")
    assert kept(own, sent.sid) == {
        "template": {
            "id": made["id"], "name": made["name"], "language": "en", "kind": "text",
            "values": ["Ada", "bye"],
        }
    }  # fmt: skip


def test_what_is_not_approved_of_is_no_template(client: Client, own: Own) -> None:
    made = add(own, status="paused")
    found = kept(own, send(client, made["sid"], _1="a", _2="b").sid)
    assert list(found) == ["made_of"]
    assert found["made_of"]["values"] == ["a", "b"]


def test_a_content_becomes_a_template_once_it_is_approved(client: Client, own: Own) -> None:
    types = ContentList.Types({"twilio/text": {"body": "Hi {{name}}"}})
    asked = {
        "friendly_name": "Ours",
        "language": "en",
        "types": types,
        "variables": {"name": "you"},
    }
    sid = client.content.v1.contents.create(ContentList.ContentCreateRequest(asked)).sid
    assert list(kept(own, send(client, sid).sid)) == ["made_of"]
    name = f"twilio_{next(_names)}"
    own.call("PATCH", f"/templates/{sid}", {"status": "unsubmitted"})
    post = {"Content-Type": "application/json"}
    body = json.dumps({"name": name, "category": "UTILITY"}).encode()
    api = Api(own.server)
    answer = api.call("POST", f"/v1/Content/{sid}/ApprovalRequests/whatsapp", body, post)
    assert answer.status == 201
    end = time.monotonic() + PATIENCE
    while "template" not in (found := kept(own, send(client, sid, name="Ada").sid)):
        assert time.monotonic() < end
        time.sleep(0.2)
    assert found["template"] == {
        "id": sid[2:], "name": name, "language": "en", "kind": "text", "values": [],
        "variables": {"name": "Ada"},
    }  # fmt: skip
    assert own.get(f"/templates/{sid}")["status"] == "approved"


def test_a_template_with_media_needs_a_url(client: Client, own: Own) -> None:
    bare = add(own, kind="image")
    assert bare["types"] == {"twilio/media": {"body": "Hi {{1}}, {{2}}", "media": []}}
    with pytest.raises(TwilioRestException) as caught:
        send(client, bare["sid"], _1="a", _2="b")
    assert (caught.value.status, caught.value.code) == (400, 21655)
    made = add(own, kind="image", media_url=NO_PICTURE)
    sent = send(client, made["sid"], _1="a", _2="b")
    assert (sent.body, sent.num_media) == ("Hi a, b", "1")
    assert kept(own, sent.sid)["template"]["kind"] == "image"


def test_a_template_is_not_changed_here_but_deleted(client: Client, own: Own, api: Api) -> None:
    made = add(own)
    said = json.dumps({"friendly_name": "x"}).encode()
    post = {"Content-Type": "application/json"}
    at = f"/v1/Content/{made['sid']}"
    assert api.call("PUT", at, said, post).refusal[:2] == (400, 20001)
    assert client.content.v1.contents(made["sid"]).delete()
    assert own.call("GET", f"/templates/{made['id']}").status == 404
