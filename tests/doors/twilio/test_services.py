"""Messaging services through twilio-python: pools, what is in them, and sending through them."""

import itertools
import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from tests.conftest import Server
from tests.doors.twilio.conftest import NEVER_REACHED, Answer, Api, basic
from tests.receiver import receiving

US, US_TOO, CANADIAN, TOLL_FREE = "+14155550160", "+12125550161", "+16045550162", "+18005550163"
SHORT, NAME, WHATSAPP = "12345", "ACME", "+14155550164"
_numbers = itertools.count(100)


def recipient(area: str = "972") -> str:
    """A number in an area of nobody's, which nobody was written to before."""
    return f"+1{area}5550{next(_numbers)}"


@pytest.fixture(scope="module")
def pooled(shared_server: Server) -> Api:
    """An account with a sender of each kind."""
    made = json.loads(shared_server.run("accounts", "create", "Pools", "--json").stdout)
    for address in (US, US_TOO, CANADIAN, TOLL_FREE, SHORT, NAME):
        shared_server.run("senders", "add", address, "--account", made["sid"])
    asked = ("senders", "add", WHATSAPP, "--channel", "whatsapp", "--account", made["sid"])
    shared_server.run(*asked)
    return Api(shared_server, made["sid"], made["auth_token"])


@pytest.fixture(scope="module")
def client(pooled: Api) -> Iterator[Client]:
    made = Client(pooled.sid, pooled.token)
    made.api.base_url = made.messaging.base_url = made.content.base_url = pooled.server.url
    yield made
    made.http_client.session.close()


@pytest.fixture(scope="module")
def senders(pooled: Api) -> dict[str, str]:
    """The ids of the account's senders, by address."""
    shown = pooled.server.run("senders", "list", "--account", pooled.sid, "--json").stdout
    return {item["address"]: item["id"] for item in json.loads(shown)["items"]}


@pytest.fixture
def service(client: Client) -> Iterator[Any]:
    """A service of one test: a sender is in one at a time."""
    made = client.messaging.v1.services.create(friendly_name="Ours")
    yield made
    client.messaging.v1.services(made.sid).delete()


def fill(client: Client, service: Any, senders: dict[str, str], *addresses: str) -> None:
    pool = client.messaging.v1.services(service.sid)
    for address in addresses:
        if address == SHORT:
            pool.short_codes.create(short_code_sid=f"SC{senders[address]}")
        elif address == NAME:
            pool.alpha_senders.create(alpha_sender=address)
        elif address == WHATSAPP:
            pool.channel_senders.create(sid=f"XE{senders[address]}")
        else:
            pool.phone_numbers.create(phone_number_sid=f"PN{senders[address]}")


def send(client: Client, service: Any, to: str, **more: Any) -> Any:
    asked = {"messaging_service_sid": service.sid, "to": to, "body": "Hi there", **more}
    return client.messages.create(**asked)


def sender_of(client: Client, message: Any) -> str:
    """Whom it was given to."""
    return str(client.messages(message.sid).fetch().from_)


def refused(action: Any) -> tuple[int, int]:
    with pytest.raises(TwilioRestException) as caught:
        action()
    return caught.value.status, caught.value.code


# What there is ----------------------------------------------------------------------------------


def test_a_service_has_every_property(client: Client, pooled: Api) -> None:
    made = client.messaging.v1.services.create(
        friendly_name="Appointments",
        status_callback="https://example.com/told",
        sticky_sender=False,
    )
    found = pooled.call("GET", f"/v1/Services/{made.sid}").json
    url = f"{pooled.server.url}/v1/Services/{made.sid}"
    at = found["date_created"]
    assert datetime.strptime(at, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC) == made.date_created
    assert found == {
        "account_sid": pooled.sid,
        "friendly_name": "Appointments",
        "sid": made.sid,
        "date_created": at,
        "date_updated": at,
        "inbound_request_url": None,
        "inbound_method": "POST",
        "fallback_url": None,
        "fallback_method": "POST",
        "status_callback": "https://example.com/told",
        "sticky_sender": False,
        "mms_converter": True,
        "smart_encoding": True,
        "scan_message_content": "inherit",
        "fallback_to_long_code": True,
        "area_code_geomatch": True,
        "synchronous_validation": False,
        "validity_period": 36000,
        "usecase": "undeclared",
        "us_app_to_person_registered": False,
        "use_inbound_webhook_on_number": False,
        "links": {
            "phone_numbers": f"{url}/PhoneNumbers",
            "short_codes": f"{url}/ShortCodes",
            "alpha_senders": f"{url}/AlphaSenders",
            "channel_senders": f"{url}/ChannelSenders",
        },
        "url": url,
    }


def test_a_service_is_changed_where_it_is_said(client: Client, service: Any) -> None:
    pool = client.messaging.v1.services(service.sid)
    changed = pool.update(validity_period=600, smart_encoding=False)
    assert (changed.friendly_name, changed.validity_period) == ("Ours", 600)
    assert (changed.smart_encoding, changed.sticky_sender) == (False, True)
    assert pool.update(friendly_name="Theirs").friendly_name == "Theirs"
    assert pool.fetch().validity_period == 600


def test_services_are_listed_page_by_page(client: Client) -> None:
    services = client.messaging.v1.services
    sids = [services.create(friendly_name=f"number {n}").sid for n in range(3)][::-1]
    assert [item.sid for item in services.list(limit=3)] == sids
    assert [item.sid for item in services.list(limit=3, page_size=1)] == sids
    first = services.page(page_size=2)
    second = first.next_page()
    assert [item.sid for item in first] == sids[:2]
    assert next(second).sid == sids[2]
    assert [item.sid for item in second.previous_page()] == sids[:2]
    for sid in sids:
        assert services(sid).delete()
    assert refused(services(sids[0]).fetch) == (404, 20404)


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ({}, "FriendlyName is required"),
        ({"FriendlyName": "a" * 65}, "FriendlyName must be at most 64 characters of text"),
        ({"FriendlyName": "a", "ValidityPeriod": "0"}, "ValidityPeriod must be a whole number"),
        ({"FriendlyName": "a", "ValidityPeriod": "36001"}, "ValidityPeriod must be a whole"),
        ({"FriendlyName": "a", "StickySender": "maybe"}, "StickySender must be true or false"),
        ({"FriendlyName": "a", "InboundRequestUrl": "here"}, "InboundRequestUrl must be a URL"),
        ({"FriendlyName": "a", "StatusCallback": "x y"}, "StatusCallback must be a URL"),
        ({"FriendlyName": "a", "InboundMethod": "PUT"}, "InboundMethod must be GET or POST"),
        ({"FriendlyName": "a", "Usecase": "fun"}, "Usecase must be one of undeclared"),
    ],
)
def test_a_service_is_refused_with_what_is_wrong(
    pooled: Api, form: dict[str, str], text: str
) -> None:
    before = pooled.call("GET", "/v1/Services?PageSize=1").json
    status, code, said = pooled.call("POST", "/v1/Services", form).refusal
    assert (status, code) == (400, 20001)
    assert said.startswith(text)
    assert pooled.call("GET", "/v1/Services?PageSize=1").json == before


def test_what_is_unknown_or_anothers_is_not_found(api: Api, service: Any) -> None:
    for sid in (service.sid, "MG" + "0a" * 16, "MG1", "XX" + service.sid[2:]):
        for tail in ("", "/PhoneNumbers", f"/PhoneNumbers/PN{'0a' * 16}"):
            path = f"/v1/Services/{sid}{tail}"
            assert api.call("GET", path).refusal == (
                404, 20404, f"The requested resource {path} was not found",
            )  # fmt: skip
        assert api.call("DELETE", f"/v1/Services/{sid}").refusal[:2] == (404, 20404)
    assert api.call("PUT", "/v1/Services").refusal[:2] == (405, 20004)


def test_who_shows_nothing_or_the_wrong_thing_is_told(pooled: Api) -> None:
    wrong = Api(pooled.server, pooled.sid, "wrong")
    assert wrong.call("GET", "/v1/Services").refusal[:2] == (401, 20003)
    nothing = {"Authorization": ""}
    assert pooled.call("GET", "/v1/Services", headers=nothing).refusal[:2] == (401, 20003)


def test_a_key_opens_the_services_of_its_account(api: Api, key: tuple[str, str]) -> None:
    shown = {"Authorization": basic(*key)}
    made = api.call("POST", "/v1/Services", {"FriendlyName": "by key"}, shown)
    assert (made.status, made.json["account_sid"]) == (201, api.sid)
    path = f"/v1/Services/{made.json['sid']}"
    assert api.call("DELETE", path, headers=shown).status == 204
    assert api.call("GET", path).refusal[:2] == (404, 20404)


def test_the_same_is_served_under_the_name_of_its_product(pooled: Api, service: Any) -> None:
    path = f"/v1/Services/{service.sid}"
    assert pooled.call("GET", f"/messaging{path}").json == pooled.call("GET", path).json
    listed = pooled.call("GET", "/messaging/v1/Services?PageSize=1").json
    assert listed["meta"]["url"].startswith(f"{pooled.server.url}/messaging/v1/Services?")
    assert pooled.call("GET", "/messaging/v1/Nothing").refusal[:2] == (404, 20404)


# Who is in it ----------------------------------------------------------------------------------


def test_each_kind_of_sender_has_its_list(
    client: Client, service: Any, senders: dict[str, str], pooled: Api
) -> None:
    fill(client, service, senders, US, CANADIAN, SHORT, NAME, WHATSAPP)
    pool = client.messaging.v1.services(service.sid)
    numbers = pool.phone_numbers.list()
    assert [(item.phone_number, item.country_code) for item in numbers] == [
        (CANADIAN, "CA"), (US, "US"),
    ]  # fmt: skip
    assert numbers[1].sid == f"PN{senders[US]}"
    assert [item.short_code for item in pool.short_codes.list()] == [SHORT]
    assert [item.alpha_sender for item in pool.alpha_senders.list()] == [NAME]
    assert [item.sender for item in pool.channel_senders.list()] == [f"whatsapp:{WHATSAPP}"]
    path = f"/v1/Services/{service.sid}/PhoneNumbers/PN{senders[US]}"
    found = pooled.call("GET", path).json
    assert found == {
        "sid": f"PN{senders[US]}",
        "account_sid": pooled.sid,
        "service_sid": service.sid,
        "date_created": found["date_created"],
        "date_updated": found["date_created"],
        "phone_number": US,
        "country_code": "US",
        "capabilities": ["MMS", "SMS"],
        "url": f"{pooled.server.url}{path}",
    }
    assert pool.phone_numbers(f"PN{senders[US]}").delete()
    assert [item.phone_number for item in pool.phone_numbers.list(page_size=1)] == [CANADIAN]
    assert refused(pool.phone_numbers(f"PN{senders[US]}").fetch) == (404, 20404)
    assert refused(pool.phone_numbers(f"PN{senders[SHORT]}").fetch) == (404, 20404)


def test_a_sender_is_in_one_pool_once(
    client: Client, service: Any, senders: dict[str, str]
) -> None:
    fill(client, service, senders, US)
    assert refused(lambda: fill(client, service, senders, US)) == (400, 21710)
    other = client.messaging.v1.services.create(friendly_name="Another")
    assert refused(lambda: fill(client, other, senders, US)) == (400, 21712)
    client.messaging.v1.services(service.sid).phone_numbers(f"PN{senders[US]}").delete()
    fill(client, other, senders, US)
    assert client.messaging.v1.services(other.sid).delete()
    fill(client, service, senders, US)  # it was let go with the other


def test_only_senders_of_the_account_and_the_kind_come_in(
    pooled: Api, api: Api, service: Any, senders: dict[str, str]
) -> None:
    at = f"/v1/Services/{service.sid}"
    anothers = json.loads(api.server.run("senders", "--json").stdout)["items"][0]["id"]
    for id in (anothers, "0a" * 16, senders[SHORT]):
        answer = pooled.call("POST", f"{at}/PhoneNumbers", {"PhoneNumberSid": f"PN{id}"})
        assert answer.refusal[:2] == (404, 20404)
    for name, form in {
        "PhoneNumbers": {"PhoneNumberSid": US},
        "AlphaSenders": {"AlphaSender": "Nobody"},
        "ChannelSenders": {"Sender": f"whatsapp:{US}"},
        "ShortCodes": {"ShortCodeSid": "SC1"},
    }.items():
        assert pooled.call("POST", f"{at}/{name}", form).refusal[:2] == (404, 20404)
        assert pooled.call("POST", f"{at}/{name}", {}).refusal[:2] == (400, 20001)
    answer = pooled.call("POST", f"{at}/ChannelSenders", {"Sender": f"whatsapp:{WHATSAPP}"})
    assert answer.status == 201


# Sending ---------------------------------------------------------------------------------------


def test_a_message_to_a_service_is_accepted_and_gets_a_sender(
    client: Client, service: Any, senders: dict[str, str], pooled: Api
) -> None:
    fill(client, service, senders, US)
    made = send(client, service, to := recipient())
    assert (made.status, made.from_, made.num_segments) == ("accepted", None, "0")
    assert (made.messaging_service_sid, made.date_sent) == (service.sid, None)
    found = pooled.until(made.sid, "delivered")
    assert (found["from"], found["to"], found["num_segments"]) == (US, to, "1")
    assert found["messaging_service_sid"] == service.sid


def test_a_service_may_stand_in_the_senders_place(
    client: Client, service: Any, senders: dict[str, str]
) -> None:
    fill(client, service, senders, US)
    made = client.messages.create(from_=service.sid, to=recipient(), body="Hi there")
    assert (made.status, made.from_) == ("accepted", None)
    assert sender_of(client, made) == US


def test_a_sender_that_is_named_must_be_in_the_pool(
    client: Client, service: Any, senders: dict[str, str]
) -> None:
    fill(client, service, senders, US, CANADIAN)
    made = send(client, service, recipient(), from_=CANADIAN)
    assert (made.status, made.from_, made.num_segments) == ("queued", CANADIAN, "1")
    assert made.messaging_service_sid == service.sid
    assert refused(lambda: send(client, service, recipient(), from_=US_TOO)) == (400, 21606)


def test_the_recipients_country_kind_and_area_choose_the_sender(
    client: Client, service: Any, senders: dict[str, str]
) -> None:
    fill(client, service, senders, US, US_TOO, CANADIAN)
    assert sender_of(client, send(client, service, recipient("212"))) == US_TOO
    assert sender_of(client, send(client, service, recipient("415"))) == US
    assert sender_of(client, send(client, service, recipient("416"))) == CANADIAN
    fill(client, service, senders, NAME, TOLL_FREE)
    assert sender_of(client, send(client, service, recipient("416"))) == TOLL_FREE
    assert sender_of(client, send(client, service, f"+4477009{next(_numbers):05}")) == NAME
    fill(client, service, senders, SHORT)
    assert sender_of(client, send(client, service, recipient("212"))) == SHORT


def test_senders_that_are_equally_right_take_turns_and_recipients_keep_theirs(
    client: Client, service: Any, senders: dict[str, str]
) -> None:
    fill(client, service, senders, US, US_TOO)
    numbers = [recipient() for _ in range(6)]
    first = [sender_of(client, send(client, service, number)) for number in numbers]
    assert sorted(first) == sorted([US, US_TOO] * 3)
    again = [sender_of(client, send(client, service, number)) for number in reversed(numbers)]
    assert again == first[::-1]
    client.messaging.v1.services(service.sid).phone_numbers(f"PN{senders[US]}").delete()
    third = {sender_of(client, send(client, service, number)) for number in numbers}
    assert third == {US_TOO}


def test_whatsapp_goes_through_senders_on_whatsapp(
    client: Client, service: Any, senders: dict[str, str]
) -> None:
    fill(client, service, senders, US)
    to = f"whatsapp:{recipient()}"
    assert refused(lambda: send(client, service, to)) == (400, 21703)
    fill(client, service, senders, WHATSAPP)
    assert sender_of(client, send(client, service, to)) == f"whatsapp:{WHATSAPP}"
    assert sender_of(client, send(client, service, recipient())) == US


def test_without_anybody_to_send_it_a_message_is_refused(
    client: Client, service: Any, senders: dict[str, str], pooled: Api
) -> None:
    before = pooled.newest()
    assert refused(lambda: send(client, service, recipient())) == (400, 21704)
    fill(client, service, senders, NAME)
    assert refused(lambda: send(client, service, recipient())) == (400, 21703)
    assert pooled.newest() == before


def test_the_settings_of_a_service_hold_for_its_messages(
    client: Client, service: Any, senders: dict[str, str], pooled: Api
) -> None:
    fill(client, service, senders, US)
    pool = client.messaging.v1.services(service.sid)
    quoted = "\N{LEFT DOUBLE QUOTATION MARK}Hi\N{RIGHT DOUBLE QUOTATION MARK}"
    assert send(client, service, recipient(), body=quoted).body == '"Hi"'
    assert send(client, service, recipient(), body=quoted, smart_encoded=False).body == quoted
    pool.update(smart_encoding=False, validity_period=1)
    assert send(client, service, recipient(), body=quoted).body == quoted
    late = send(client, service, NEVER_REACHED, validity_period=36000)
    found = pooled.until(late.sid, "failed")
    assert found["error_code"] == 30036


def test_a_service_tells_its_address_from_the_queue_on(
    client: Client, service: Any, senders: dict[str, str]
) -> None:
    fill(client, service, senders, US)
    with receiving() as receiver, receiving() as own:
        client.messaging.v1.services(service.sid).update(status_callback=f"{receiver.url}/pool")
        made = send(client, service, recipient())
        heard = receiver.wait(3, made.sid)
        assert receiver.statuses(made.sid) == ["queued", "sent", "delivered"]
        assert {item.form["MessagingServiceSid"] for item in heard} == {service.sid}
        assert {item.form["From"] for item in heard} == {US}
        told = send(client, service, recipient(), status_callback=f"{own.url}/mine")
        own.wait(3, told.sid)
        assert receiver.of(told.sid) == []


def test_a_request_that_is_repeated_gives_the_same_message(
    service: Any, client: Client, senders: dict[str, str], pooled: Api
) -> None:
    fill(client, service, senders, US, US_TOO)
    form = {"MessagingServiceSid": service.sid, "To": recipient(), "Body": "Hi there"}
    first, again = (
        pooled.post(form, **{"Idempotency-Key": f"once-{form['To']}"}) for _ in range(2)
    )
    assert (first.status, again.status) == (201, 201)
    assert first.json["sid"] == again.json["sid"]


# Scheduling ------------------------------------------------------------------------------------


def at(seconds: float) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=seconds)


def test_a_scheduled_message_waits_and_can_be_called_back(
    client: Client, service: Any, senders: dict[str, str], pooled: Api
) -> None:
    fill(client, service, senders, US)
    with receiving() as receiver:
        made = send(
            client, service, recipient(), send_at=at(3600), schedule_type="fixed",
            status_callback=receiver.url,
        )  # fmt: skip
        assert (made.status, made.from_, made.num_segments) == ("scheduled", None, "0")
        time.sleep(0.5)
        found = pooled.fetch(made.sid)
        assert (found["status"], found["from"], found["date_sent"]) == ("scheduled", None, None)
        listed = pooled.page(Status="scheduled")["messages"]
        assert made.sid in [item["sid"] for item in listed]
        assert pooled.call("DELETE", f"/Messages/{made.sid}.json").refusal[:2] == (409, 20009)
        canceled = client.messages(made.sid).update(status="canceled")
        assert (canceled.status, canceled.date_sent) == ("canceled", None)
        receiver.wait(1, made.sid)
        assert receiver.statuses(made.sid) == ["canceled"]
    again = pooled.call("POST", f"/Messages/{made.sid}.json", {"Status": "canceled"})
    assert again.refusal[:2] == (409, 30409)


def test_a_time_may_be_written_in_other_zones_and_forms(
    client: Client, service: Any, senders: dict[str, str], pooled: Api
) -> None:
    fill(client, service, senders, US)
    now = at(400)
    east = (now + timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M:%S+02:00")
    for text in (f"{now:%Y-%m-%dT%H:%M:%S}", f"{now:%Y-%m-%d %H:%M:%S.%f}", east):
        answer = through(pooled, service, ScheduleType="fixed", SendAt=text)
        assert answer.json["status"] == "scheduled"
        pooled.cancel(answer.json["sid"])


def through(pooled: Api, service: Any, **more: str) -> Answer:
    form = {"MessagingServiceSid": service.sid, "To": recipient(), "Body": "Hi there", **more}
    return pooled.post(form)


def test_a_schedule_is_refused_with_what_is_wrong(
    client: Client, service: Any, senders: dict[str, str], pooled: Api
) -> None:
    fill(client, service, senders, US)
    before = pooled.newest()
    for more, code in (
        ({"ScheduleType": "fixed"}, 35111),
        ({"ScheduleType": "fixed", "SendAt": "tomorrow"}, 35115),
        ({"ScheduleType": "fixed", "SendAt": "0001-01-01T00:00:00+14:00"}, 35115),
        ({"ScheduleType": "fixed", "SendAt": at(-60).isoformat()}, 35114),
        ({"ScheduleType": "fixed", "SendAt": at(280).isoformat()}, 35114),
        ({"ScheduleType": "fixed", "SendAt": at(35 * 86_400 + 60).isoformat()}, 35114),
        ({"ScheduleType": "often", "SendAt": at(3600).isoformat()}, 35126),
        ({"SendAt": at(3600).isoformat()}, 35126),
    ):
        assert through(pooled, service, **more).refusal[:2] == (400, code), more
    assert pooled.newest() == before
