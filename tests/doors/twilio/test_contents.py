"""Contents through twilio-python: templates, their approval, and messages made of them."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client
from twilio.rest.content.v1.content import ContentList

from tests.conftest import ACCOUNT_SID, AUTH_TOKEN, SENDER, Server
from tests.doors.twilio.conftest import Answer, Api, new_number
from tests.patience import PATIENCE
from tests.pictures import NO_PICTURE

TEXT = {"body": "Hi {{1}}, your code is {{2}}."}
PICTURE = NO_PICTURE


@pytest.fixture
def client(server: Server) -> Iterator[Client]:
    made = Client(ACCOUNT_SID, AUTH_TOKEN)
    made.api.base_url = made.content.base_url = server.url
    yield made
    made.http_client.session.close()


def create(client: Client, types: dict[str, Any], **more: Any) -> Any:
    """A content, as the package's users write one."""
    asked = {
        "friendly_name": "a greeting",
        "language": "en",
        "variables": {"1": "you"},
        "types": ContentList.Types(types),
        **more,
    }
    return client.content.v1.contents.create(ContentList.ContentCreateRequest(asked))


def post(api: Api, said: Any, path: str = "/v1/Content", method: str = "POST") -> Answer:
    body = said if isinstance(said, bytes) else json.dumps(said).encode()
    return api.call(method, path, body, {"Content-Type": "application/json"})


def send(client: Client, content: Any, **more: Any) -> Any:
    asked = {"from_": SENDER, "to": new_number(), "content_sid": content.sid, **more}
    return client.messages.create(**asked)


def refused(action: Any) -> tuple[int, int]:
    with pytest.raises(TwilioRestException) as caught:
        action()
    return caught.value.status, caught.value.code


def test_a_content_has_every_property(client: Client, api: Api) -> None:
    made = create(client, {"twilio/text": TEXT})
    answer = api.call("GET", f"/v1/Content/{made.sid}")
    found = answer.json
    url = f"{api.server.url}/v1/Content/{made.sid}"
    assert found == {
        "sid": made.sid,
        "account_sid": ACCOUNT_SID,
        "friendly_name": "a greeting",
        "language": "en",
        "variables": {"1": "you"},
        "types": {"twilio/text": TEXT},
        "date_created": found["date_created"],
        "date_updated": found["date_created"],
        "url": url,
        "links": {
            "approval_create": f"{url}/ApprovalRequests/whatsapp",
            "approval_fetch": f"{url}/ApprovalRequests",
        },
    }
    fetched = client.content.v1.contents(made.sid).fetch()
    assert (fetched.date_created, fetched.types) == (made.date_created, {"twilio/text": TEXT})
    assert api.call("GET", f"/content/v1/Content/{made.sid}").json == found


def test_people_see_what_there_is(client: Client, server: Server) -> None:
    made = create(client, {"twilio/text": TEXT})
    found = json.loads(server.run("templates", "--json").stdout)["items"][0]
    assert (found["sid"], found["name"], found["body"]) == (made.sid, "a greeting", TEXT["body"])
    assert f"{made.sid}  a greeting" in server.run("templates", "list", "--limit", "1").stdout


def test_a_content_is_changed_through_the_package(client: Client) -> None:
    made = create(client, {"twilio/text": TEXT})
    asked = ContentList.ContentCreateRequest
    text = {"types": ContentList.Types({"twilio/text": {"body": "Bye"}}), "friendly_name": "Bye"}
    changed = client.content.v1.contents(made.sid).update(asked(text))
    assert (changed.friendly_name, changed.types) == ("Bye", {"twilio/text": {"body": "Bye"}})
    assert (changed.language, changed.variables) == ("en", {"1": "you"})


def test_contents_are_listed_changed_and_deleted(client: Client, api: Api) -> None:
    contents = client.content.v1.contents
    sids = [create(client, {"twilio/text": TEXT}).sid for _ in range(3)][::-1]
    assert [item.sid for item in contents.list(limit=3, page_size=1)] == sids
    assert [item.sid for item in client.content.v1.content_and_approvals.list(limit=3)] == sids
    changed = post(
        api, {"types": {"twilio/text": {"body": "Bye"}}}, f"/v1/Content/{sids[0]}", "PUT"
    )
    assert changed.json["types"] == {"twilio/text": {"body": "Bye"}}
    assert changed.json["friendly_name"] == "a greeting"
    for sid in sids:
        assert contents(sid).delete()
    assert refused(contents(sids[0]).fetch) == (404, 20404)


def test_a_message_says_what_its_content_does(client: Client, api: Api) -> None:
    content = create(client, {"twilio/text": TEXT})
    variables = json.dumps({"1": "Ada {{2}}", "2": 4711})
    made = send(client, content, content_variables=variables)
    assert made.body == "Hi Ada {{2}}, your code is 4711."
    assert made.sid.startswith("SM")
    usual = send(client, content, content_variables='{"2": "x"}', body="not this")
    assert usual.body == "Hi you, your code is x."
    assert api.until(usual.sid, "delivered")["body"] == "Hi you, your code is x."


def test_the_richest_shape_that_a_channel_takes_is_sent(client: Client) -> None:
    content = create(
        client,
        {
            "twilio/text": {"body": "plain"},
            "twilio/media": {"body": "a picture of {{1}}", "media": [f"{PICTURE}?{{{{1}}}}"]},
            "twilio/quick-reply": {"body": "yes?", "actions": [{"title": "yes", "id": "y"}]},
        },
    )
    sms = send(client, content)
    assert (sms.body, sms.num_media, sms.sid[:2]) == ("a picture of you", "1", "MM")
    whatsapp = {"from_": "whatsapp:+15550783881", "to": f"whatsapp:{new_number()}"}
    assert send(client, content, **whatsapp).body == "yes?"
    only = create(client, {"twilio/quick-reply": {"body": "yes?", "actions": []}})
    assert refused(lambda: send(client, only)) == (400, 21655)
    assert send(client, only, **whatsapp).body == "yes?"


def test_a_message_is_refused_with_what_is_wrong_with_its_content(
    client: Client, api: Api, other_account: Api
) -> None:
    before = api.newest()
    content = create(client, {"twilio/text": TEXT})
    for more, code in (
        ({"content_sid": "HX" + "0a" * 16}, 21655),
        ({"content_sid": "HX1"}, 21655),
        ({}, 21656),  # nothing fills {{2}}
        ({"content_variables": "{"}, 21656),
        ({"content_variables": '["x"]'}, 21656),
        ({"content_variables": '{"2": null}'}, 21656),
        ({"content_variables": '{"2": {}}'}, 21656),
        ({"content_variables": '{"2": "\\ud800"}'}, 21656),
        ({"content_variables": '{"2": "\\u0000"}'}, 21656),
        ({"content_variables": json.dumps({"2": "a" * 1600})}, 21617),
    ):
        assert refused(lambda more=more: send(client, content, **more)) == (400, code), more  # type: ignore[misc]
    form = {"From": "+14155550100", "To": new_number(), "ContentSid": content.sid}
    assert other_account.post(form).refusal[:2] == (400, 21655)
    assert other_account.call("GET", f"/v1/Content/{content.sid}").refusal[:2] == (404, 20404)
    assert api.newest() == before


@pytest.mark.parametrize(
    "said",
    [
        b"{", b"[]", b"\xff", b"",
        {"language": "en"},
        {"types": {"twilio/text": TEXT}},
        {"language": 1, "types": {"twilio/text": TEXT}},
        {"language": "english!", "types": {"twilio/text": TEXT}},
        {"language": "en", "types": {}},
        {"language": "en", "types": []},
        {"language": "en", "types": {"text": TEXT}},
        {"language": "en", "types": {"twilio/text": "Hi"}},
        {"language": "en", "types": {"twilio/text": {}}},
        {"language": "en", "types": {"twilio/media": {"body": "Hi"}}},
        {"language": "en", "types": {"twilio/media": {"body": "Hi", "media": 5}}},
        {"language": "en", "types": {"twilio/media": {"body": "Hi", "media": {"a": 1}}}},
        {"language": "en", "types": {"twilio/text": {"body": "a\0b"}}},
        {"language": "en", "types": {"twilio/text": {"body": "\ud800"}}},
        {"language": "en", "types": {"twilio/text": TEXT}, "variables": {"1": 1}},
        {"language": "en", "types": {"twilio/text": TEXT}, "friendly_name": []},
        {"language": "en", "types": {"twilio/location": {"label": "x", "id": 10**30}}},
        b'{"language": "en", "types": {"twilio/location": {"label": "x", "id": NaN}}}',
        b'{"language": "en", "types": {"twilio/card": ' + b'{"a":' * 900 + b"1" + b"}" * 902,
    ],
)  # fmt: skip
def test_a_content_is_refused_where_it_makes_no_sense(api: Api, said: Any) -> None:
    before = api.call("GET", "/v1/Content?PageSize=1").json
    assert post(api, said).refusal[:2] == (400, 20001)
    assert api.call("GET", "/v1/Content?PageSize=1").json == before


def test_the_sandbox_approves_within_seconds(client: Client, api: Api) -> None:
    sid = create(client, {"twilio/text": TEXT}).sid
    at = f"/v1/Content/{sid}/ApprovalRequests"
    content = client.content.v1.contents(sid)
    assert content.approval_fetch().fetch().whatsapp["status"] == "unsubmitted"
    asked = {"name": "a_greeting", "category": "UTILITY"}
    answer = post(api, asked, f"{at}/whatsapp")
    assert (answer.status, answer.json) == (
        201,
        {
            "name": "a_greeting", "category": "UTILITY", "content_type": "twilio/text",
            "status": "received", "rejection_reason": "", "allow_category_change": True,
        },
    )  # fmt: skip
    end = time.monotonic() + PATIENCE
    while (found := content.approval_fetch().fetch()).whatsapp["status"] != "approved":
        assert time.monotonic() < end, found.whatsapp
        time.sleep(0.2)
    assert api.call("GET", at).json == {
        "sid": sid,
        "account_sid": ACCOUNT_SID,
        "whatsapp": {"type": "whatsapp", **answer.json, "status": "approved"},
        "url": f"{api.server.url}{at}",
    }
    listed = client.content.v1.content_and_approvals.list(limit=1)[0]
    assert listed.approval_requests["status"] == "approved"
    assert post(api, asked, f"{at}/whatsapp").refusal[:2] == (400, 20001)
    changed = post(api, {"types": {"twilio/text": {"body": "x"}}}, f"/v1/Content/{sid}", "PUT")
    assert changed.refusal[:2] == (400, 20001)


@pytest.mark.parametrize(
    "asked",
    [{}, {"name": "A name", "category": "UTILITY"}, {"name": "a", "category": "FUN"}, {"name": 1}],
)
def test_an_approval_needs_a_name_and_a_category(client: Client, api: Api, asked: Any) -> None:
    sid = create(client, {"twilio/text": TEXT}).sid
    answer = post(api, asked, f"/v1/Content/{sid}/ApprovalRequests/whatsapp")
    assert answer.refusal[:2] == (400, 20001)
