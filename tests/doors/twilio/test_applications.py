"""Applications through twilio-python: webhooks under one name."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from tests.conftest import ACCOUNT_SID, AUTH_TOKEN, SENDER, Server
from tests.doors.twilio.conftest import Api, new_number
from tests.receiver import receiving


@pytest.fixture
def client(server: Server) -> Iterator[Client]:
    made = Client(ACCOUNT_SID, AUTH_TOKEN)
    made.api.base_url = made.messaging.base_url = server.url
    yield made
    made.http_client.session.close()


def test_an_application_has_every_property(client: Client, api: Api) -> None:
    made = client.applications.create(
        friendly_name="Orders", sms_url="https://example.com/in", sms_method="get",
        voice_url="https://example.com/voice", voice_caller_id_lookup=True,
    )  # fmt: skip
    found = api.get(f"/Applications/{made.sid}.json")
    assert found == {
        "account_sid": ACCOUNT_SID,
        "api_version": "2010-04-01",
        "date_created": found["date_created"],
        "date_updated": found["date_created"],
        "friendly_name": "Orders",
        "sid": made.sid,
        "sms_url": "https://example.com/in",
        "sms_method": "GET",
        "sms_fallback_url": "",
        "sms_fallback_method": "POST",
        "sms_status_callback": "",
        "message_status_callback": "",
        "voice_url": "https://example.com/voice",
        "voice_method": "POST",
        "voice_fallback_url": "",
        "voice_fallback_method": "POST",
        "voice_caller_id_lookup": True,
        "status_callback": "",
        "status_callback_method": "POST",
        "public_application_connect_enabled": False,
        "uri": f"/2010-04-01/Accounts/{ACCOUNT_SID}/Applications/{made.sid}.json",
    }
    assert client.applications(made.sid).fetch().date_created == made.date_created


def test_applications_are_changed_listed_and_deleted(client: Client) -> None:
    sids = [client.applications.create(friendly_name=name).sid for name in "aab"][::-1]
    changed = client.applications(sids[0]).update(sms_url="https://example.com/")
    assert (changed.friendly_name, changed.sms_url) == ("b", "https://example.com/")
    assert client.applications(sids[0]).update(sms_url="").sms_url == ""
    assert [item.sid for item in client.applications.list(limit=3, page_size=1)] == sids
    assert [item.sid for item in client.applications.list(friendly_name="a", page_size=1)] == sids[
        1:
    ]
    for sid in sids:
        assert client.applications(sid).delete()
    with pytest.raises(TwilioRestException) as caught:
        client.applications(sids[0]).fetch()
    assert (caught.value.status, caught.value.code) == (404, 20404)


def test_an_application_is_in_every_form(client: Client, api: Api) -> None:
    sid = client.applications.create(friendly_name="<&>").sid
    xml = api.call("GET", f"/Applications/{sid}").body.decode()
    assert f"<TwilioResponse><Application><Sid>{sid}</Sid>" in xml
    assert "<FriendlyName>&lt;&amp;&gt;</FriendlyName>" in xml
    assert f"/Applications/{sid}</Uri></Application></TwilioResponse>" in xml
    assert b"<Applications " in api.call("GET", "/Applications?PageSize=1").body
    assert b"Sid,DateCreated" in api.call("GET", "/Applications.csv?PageSize=1").body


def test_anothers_application_and_nonsense_are_refused(
    client: Client, api: Api, other_account: Api
) -> None:
    sid = client.applications.create(friendly_name="mine").sid
    assert other_account.call("GET", f"/Applications/{sid}.json").refusal[:2] == (404, 20404)
    assert other_account.call("DELETE", f"/Applications/{sid}.json").refusal[:2] == (404, 20404)
    for form in ({"SmsUrl": "x"}, {"SmsMethod": "PUT"}, {"FriendlyName": "a" * 65}):
        assert api.call("POST", f"/Applications/{sid}.json", form).refusal[:2] == (400, 20001)
    form = {"From": "+14155550100", "To": new_number(), "Body": "Hi", "ApplicationSid": sid}
    assert other_account.post(form).refusal[:2] == (400, 20001)


def test_who_is_told_is_the_message_before_the_application_before_the_service(
    client: Client, server: Server
) -> None:
    with receiving() as mine, receiving() as apps, receiving() as pools:
        app = client.applications.create(message_status_callback=apps.url).sid
        quiet = client.applications.create(friendly_name="tells nobody").sid
        service = client.messaging.v1.services.create("Told", status_callback=pools.url)
        number = own_number(server)
        pool = client.messaging.v1.services(service.sid)
        pool.phone_numbers.create(phone_number_sid=f"PN{number}")

        def send(**more: Any) -> str:
            asked = {"to": new_number(), "body": "Hi", "messaging_service_sid": service.sid}
            return str(client.messages.create(**asked, **more).sid)

        told = [
            (mine, send(application_sid=app, status_callback=mine.url)),
            (apps, send(application_sid=app)),
            (pools, send(application_sid=quiet)),
            (pools, send()),
        ]
        plain = client.messages.create(
            to=new_number(), from_=SENDER, body="Hi", application_sid=app
        )
        for receiver, sid in told:
            receiver.wait(3, sid)
        apps.wait(2, plain.sid)
        time.sleep(0.2)
        heard = {item.form["MessageSid"] for item in mine.heard}
        assert heard == {told[0][1]}
        assert {item.form["MessageSid"] for item in apps.heard} == {told[1][1], plain.sid}
        pool.delete()


def own_number(server: Server) -> str:
    """The id of a sender that no other test uses."""
    server.run("senders", "add", "+14155550190")
    found = json.loads(server.run("senders", "--json").stdout)["items"]
    return next(str(item["id"]) for item in found if item["address"] == "+14155550190")
