"""Every operation through a client that is made of the definition alone, in JSON and in XML."""

import json
import time
from urllib.parse import urlsplit

import pytest

from tests.conftest import SENDER
from tests.doors.connectors.conftest import Generated
from tests.doors.own.conftest import Own
from tests.doors.twilio.conftest import new_number
from tests.patience import PATIENCE
from tests.receiver import receiving

both = pytest.mark.parametrize("xml", [False, True], ids=["json", "xml"])


@both
def test_a_message_is_sent_found_and_listed(generated: Generated, *, xml: bool) -> None:
    to, text = new_number(), "Grüße & <more>"
    sent = generated.done("SendMessage", xml=xml, **{"from": SENDER}, to=to, body=text)
    assert (sent["from"], sent["to"], sent["body"]) == (SENDER, to, text)
    assert (sent["status"], sent["direction"]) == ("queued", "outbound-api")
    assert (sent["num_segments"], sent["num_media"]) == ("1", "0")
    assert "date_sent" not in sent
    assert "error_code" not in sent
    found = generated.done("GetMessage", xml=xml, MessageId=sent["sid"])
    assert found["sid"] == sent["sid"]
    listed = generated.done("ListMessages", xml=xml, To=to, PageSize=20)
    assert [item["sid"] for item in listed["messages"]] == [sent["sid"]]
    assert (listed["page"], listed["page_size"], listed["num_pages"]) == (0, 20, 1)
    assert listed["total"] == 1
    assert "next_page_uri" not in listed
    assert generated.done("ListMessages", xml=xml, To="+14155559998")["messages"] == []


@both
def test_media_are_a_list(generated: Generated, *, xml: bool) -> None:
    urls = [f"http://127.0.0.1:1/{name}.png" for name in "ab"]
    sent = generated.done(
        "SendMessage", xml=xml, **{"from": SENDER}, to=new_number(), media_url=urls
    )
    assert (sent["sid"][:2], sent["num_media"]) == ("MM", "2")
    assert sent["subresource_uris"] == [sent["uri"].replace(".json", "/Media.json")]


@both
def test_numbers_are_listed_found_looked_for_and_taken(generated: Generated, *, xml: bool) -> None:
    kinds = {"Local": "415", "TollFree": "", "Mobile": ""}
    for kind, area in kinds.items():
        answer, shape = generated.call(
            f"GetAvailable{kind}Numbers",
            xml=xml,
            IsoCountryCode="US" if kind != "Mobile" else "GB",
            **({"AreaCode": area, "SmsEnabled": True} if area else {}),
        )
        assert answer.status in (200, 404), answer.body
        if kind == "Local":
            free = shape["available_phone_numbers"]
    assert free[0]["SMS"] is True
    assert free[0]["phone_number"].startswith("+1415")
    taken = generated.done(
        "AddIncomingNumber", xml=xml, PhoneNumber=free[0]["phone_number"], FriendlyName="Desk"
    )
    assert (taken["friendly_name"], taken["capabilities"]["sms"]) == ("Desk", True)
    sid = taken["sid"]
    assert generated.done("GetIncomingPhoneNumber", xml=xml, IncomingPhoneNumberSid=sid) == taken
    page = generated.done("ListIncomingPhoneNumbers", xml=xml, PageSize=1, FriendlyName="Desk")
    assert len(page["incoming_phone_numbers"]) == 1
    assert page["num_pages"] >= 1
    answer, _ = generated.call("AddIncomingNumber", xml=xml, PhoneNumber=taken["phone_number"])
    assert answer.status == 400


@both
def test_usage_is_told(generated: Generated, *, xml: bool) -> None:
    generated.plain.send(new_number())
    asked = {"Category": "sms-outbound", "SubResource": "Today"}
    end = time.monotonic() + PATIENCE
    while True:  # what is sent counts, a little later
        (record,) = generated.done("ListUsage", xml=xml, **asked)["usage_records"]
        if int(record["count"]):
            break
        assert time.monotonic() < end
        time.sleep(0.2)
    assert record["category"] == "sms-outbound"
    assert record["price"] == 0
    assert len(generated.done("ListUsage", xml=xml, PageSize=3)["usage_records"]) == 3
    answer, _ = generated.call("ListUsage", xml=xml, SubResource="Fortnightly")
    assert answer.status == 400


@both
def test_failures_have_their_model_too(generated: Generated, *, xml: bool) -> None:
    answer, shape = generated.call("SendMessage", xml=xml, **{"from": SENDER}, to="1555", body="Hi")
    assert (answer.status, shape["code"], shape["status"]) == (400, 21211, 400)
    assert shape["more_info"].endswith("/21211")
    answer, shape = generated.call("GetMessage", xml=xml, MessageId="SM" + "0" * 32)
    assert (answer.status, shape["code"]) == (404, 20404)


@both
def test_a_trigger_lives_from_its_subscription_to_its_end(
    generated: Generated, own: Own, *, xml: bool
) -> None:
    person = new_number()
    with receiving() as flow:
        answer, made = generated.call(
            "WhenAMessageIsReceived", xml=xml, notification_url=f"{flow.url}/run?sig=a%2Fb"
        )
        assert answer.status == 201
        where = answer.headers["location"]
        assert where.startswith(f"{generated.plain.server.url}/connectors/twilio/Subscriptions/")
        assert made["sid"] in where
        own.write(person, "Where is my parcel?")
        (heard,) = flow.wait(1)
        assert heard.path == "/run?sig=a%2Fb"
        assert heard.headers["content-type"] == "application/json"
        message = json.loads(heard.body)
        assert (message["from"], message["to"]) == (person, SENDER)
        assert (message["body"], message["direction"]) == ("Where is my parcel?", "inbound")
        assert message["status"] == "received"
        assert generated.done("GetMessage", MessageId=message["sid"])["sid"] == message["sid"]
        gone = generated.plain.call("DELETE", urlsplit(where).path)
        assert (gone.status, gone.body) == (204, b"")
        own.write(person, "Hello?")
        own.write(person, "Anybody?")
        assert generated.plain.call("DELETE", urlsplit(where).path).code == (404, 20404)
    assert len(flow.heard) == 1


def test_what_a_flow_does_not_take_is_told_again(generated: Generated, own: Own) -> None:
    person = new_number()
    with receiving() as flow:
        flow.answers = lambda _heard: 503 if len(flow.heard) < 2 else 202
        made = generated.done("WhenAMessageIsReceived", notification_url=f"{flow.url}/again")
        own.write(person, "Once")
        first, second = flow.wait(2)[:2]
        assert first.body == second.body
        generated.done("Unsubscribe", SubscriptionId=made["sid"])
