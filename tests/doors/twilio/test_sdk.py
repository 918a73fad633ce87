"""twilio-python, as its users write it, pointed here."""

import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.http.async_http_client import AsyncTwilioHttpClient
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client
from twilio.rest.api.v2010.account.message import MessageInstance

from tests.conftest import ACCOUNT_SID, AUTH_TOKEN, SENDER, Server
from tests.doors.twilio.conftest import NEVER_REACHED, Api, new_number
from tests.patience import PATIENCE
from tests.pictures import showing


class GatewayHttpClient(TwilioHttpClient):
    """Sends to another host what is meant for any of Twilio's."""

    def __init__(self, base: str, **options: Any) -> None:
        super().__init__(**options)
        self.base = urlsplit(base)

    def request(self, method: str, url: str, *args: Any, **options: Any) -> Any:
        return super().request(method, elsewhere(self.base, url), *args, **options)


class AsyncGatewayHttpClient(AsyncTwilioHttpClient):
    """The same for `…_async`."""

    def __init__(self, base: str, **options: Any) -> None:
        super().__init__(**options)
        self.base = urlsplit(base)

    async def request(self, method: str, url: str, *args: Any, **options: Any) -> Any:
        return await super().request(method, elsewhere(self.base, url), *args, **options)


def elsewhere(base: Any, url: str) -> str:
    asked = urlsplit(url)
    path = base.path.rstrip("/") + asked.path
    return urlunsplit((base.scheme, base.netloc, path, asked.query, asked.fragment))


@pytest.fixture
def client(server: Server) -> Iterator[Client]:
    made = Client(ACCOUNT_SID, AUTH_TOKEN)
    made.api.base_url = server.url
    yield made
    made.http_client.session.close()


def create(client: Client, to: str, **more: Any) -> MessageInstance:
    return client.messages.create(**{"to": to, "from_": SENDER, "body": "Hi there", **more})


def until(client: Client, sid: str, status: str = "delivered") -> MessageInstance:
    end = time.monotonic() + PATIENCE
    while (found := client.messages(sid).fetch()).status != status:
        assert time.monotonic() < end, found.status
        time.sleep(0.02)
    return found


def sids(messages: Any) -> list[str]:
    return [message.sid for message in messages]


def test_the_first_example_of_the_tutorial_sends_a_message_that_arrives(client: Client) -> None:
    message = client.messages.create(
        body="Join Earth's mightiest heroes. Like Kevin Bacon.",
        from_="+15017122661",
        to="+15558675310",
    )
    assert message.body == "Join Earth's mightiest heroes. Like Kevin Bacon."
    assert until(client, message.sid).date_sent is not None


def test_every_property_of_a_created_message_is_there(client: Client) -> None:
    to = new_number()
    message = create(client, to)
    uri = f"/2010-04-01/Accounts/{ACCOUNT_SID}/Messages/{message.sid}"
    assert message.account_sid == ACCOUNT_SID
    assert message.api_version == "2010-04-01"
    assert message.direction == "outbound-api"
    assert (message.from_, message.to, message.body) == (SENDER, to, "Hi there")
    assert (message.num_media, message.num_segments) == ("0", "1")
    assert (message.price, message.price_unit) == (None, "USD")
    assert (message.error_code, message.error_message) == (None, None)
    assert message.messaging_service_sid is None
    assert message.status == "queued"
    assert message.date_sent is None
    assert abs(message.date_created - datetime.now(UTC)) < timedelta(seconds=10)
    assert message.date_updated == message.date_created
    assert message.uri == f"{uri}.json"
    assert message.subresource_uris == {"media": f"{uri}/Media.json"}
    assert message.sid[:2] == "SM"
    assert len(message.sid) == 34


def test_a_fetched_message_has_come_to_its_end(client: Client) -> None:
    made = create(client, new_number())
    found = until(client, made.sid)
    assert (found.body, found.from_, found.to) == (made.body, made.from_, made.to)
    assert found.date_created == made.date_created
    assert found.date_created <= found.date_sent <= found.date_updated
    assert set(found.subresource_uris) == {"media", "feedback"}
    assert made.fetch().status == "delivered"


def test_a_failure_on_the_way_is_on_the_message(client: Client) -> None:
    refused = until(client, create(client, "+15005520400").sid, "failed")
    assert (refused.error_code, refused.error_message) == (30007, "Message filtered")
    lost = until(client, create(client, "+15005530003").sid, "undelivered")
    assert (lost.error_code, lost.error_message) == (30003, "Unreachable destination handset")


def test_every_parameter_that_the_sdk_knows_can_be_sent(client: Client) -> None:
    message = create(
        client,
        new_number(),
        status_callback="https://example.com/status",
        application_sid="AP" + "0a" * 16,
        max_price=0.05,
        provide_feedback=True,
        attempt=2,
        validity_period=60,
        force_delivery=False,
        content_retention="retain",
        address_retention="obfuscate",
        smart_encoded=True,
        persistent_action=["geo:37.7,-122.4|label"],
        traffic_type="free",
        shorten_urls=True,
        send_as_mms=False,
        risk_check="enable",
        message_intent="otp",
    )
    assert until(client, message.sid).status == "delivered"


def test_media_make_it_an_mms(client: Client) -> None:
    with showing() as pictures:
        urls = [pictures.url(), pictures.url()]
        message = create(client, new_number(), body=None, media_url=urls)
        assert (message.sid[:2], message.num_media, message.body) == ("MM", "2", "")
        assert until(client, message.sid).num_media == "2"


def test_a_whatsapp_message_is_delivered_between_whatsapp_addresses(client: Client) -> None:
    to = f"whatsapp:{new_number()}"
    message = create(client, to, from_="whatsapp:+15550783881")
    assert (message.from_, message.to) == ("whatsapp:+15550783881", to)
    assert until(client, message.sid).status == "delivered"


def test_text_comes_back_as_it_was_sent(client: Client) -> None:
    body = "a+b&c=d%20e\r\n“quoted” \N{FAMILY}\N{ZERO WIDTH JOINER} ñ \t\x01 "
    message = create(client, new_number(), body=body)
    assert message.body == body
    assert client.messages(message.sid).fetch().body == body


def test_parts_are_counted_as_they_are_billed(client: Client) -> None:
    for body, parts in {"a" * 160: "1", "a" * 161: "2", "ж" * 71: "2", "a" * 1600: "11"}.items():
        assert create(client, new_number(), body=body).num_segments == parts


def test_smart_encoding_makes_one_part_of_three(client: Client) -> None:
    body = f"\u201c{'a' * 158}\u201d"
    usual, unasked, smart = (
        create(client, new_number(), body=body, **more)
        for more in ({}, {"smart_encoded": False}, {"smart_encoded": True})
    )
    for message in (usual, unasked):
        assert (message.body, message.num_segments) == (body, "3")
    assert (smart.body, smart.num_segments) == (f'"{"a" * 158}"', "1")
    assert until(client, smart.sid).body == smart.body


def test_feedback_is_confirmed_or_not_and_the_last_word_counts(client: Client) -> None:
    message = until(client, create(client, new_number(), provide_feedback=True).sid)
    first = client.messages(message.sid).feedback.create(outcome="confirmed")
    assert (first.outcome, first.message_sid) == ("confirmed", message.sid)
    assert first.account_sid == ACCOUNT_SID
    assert first.uri == message.subresource_uris["feedback"]
    assert message.date_created <= first.date_created == first.date_updated
    time.sleep(1.1)
    last = message.feedback.create(outcome="unconfirmed")
    assert (last.outcome, last.date_created) == ("unconfirmed", first.date_created)
    assert last.date_updated > first.date_updated
    assert message.feedback.create().outcome == "confirmed"


def test_feedback_on_no_message_is_an_exception(client: Client) -> None:
    with pytest.raises(TwilioRestException) as caught:
        client.messages("SM" + "0" * 32).feedback.create(outcome="confirmed")
    assert (caught.value.status, caught.value.code) == (404, 20404)


def test_list_gives_the_newest_first_as_many_as_asked_for(client: Client) -> None:
    to = new_number()
    found = [create(client, to).sid for _ in range(5)][::-1]
    assert sids(client.messages.list(to=to)) == found
    assert sids(client.messages.list(to=to, limit=3)) == found[:3]
    assert sids(client.messages.list(to=to, page_size=2)) == found
    assert sids(client.messages.list(to=to, limit=3, page_size=2)) == found[:3]
    assert sids(client.messages.list(to=to, limit=2000)) == found
    assert sids(client.messages.list(to=to, from_=SENDER)) == found
    assert client.messages.list(to=to, from_="+14155550198") == []
    assert sids(client.messages.list(limit=5))[:5] == found


def test_stream_follows_the_pages(client: Client) -> None:
    to = new_number()
    found = [create(client, to).sid for _ in range(4)][::-1]
    assert sids(client.messages.stream(to=to, page_size=1)) == found
    assert sids(client.messages.stream(to=to, limit=2)) == found[:2]


def test_pages_lead_forth_and_back(client: Client, server: Server) -> None:
    to = new_number()
    found = [create(client, to).sid for _ in range(3)][::-1]
    first = client.messages.page(to=to, page_size=2)
    assert first.next_page_url.startswith(f"{server.url}/2010-04-01/Accounts/{ACCOUNT_SID}/")
    assert first.previous_page_url is None
    second = first.next_page()
    assert second.next_page() is None
    back = second.previous_page()
    assert (sids(first), sids(second), sids(back)) == (found[:2], found[2:], found[:2])
    assert sids(client.messages.get_page(first.next_page_url)) == found[2:]
    again = client.messages.page(to=to, page_size=2, page_number=1, page_token=f"PA{found[1]}")
    assert sids(again) == found[2:]


def test_a_list_is_narrowed_by_when_messages_were_sent(client: Client) -> None:
    to = new_number()
    older = until(client, create(client, to).sid)
    time.sleep(1.1)
    newer = until(client, create(client, to).sid)
    both, day = [newer.sid, older.sid], timedelta(days=1)
    today = sids(m for m in (newer, older) if m.date_sent.date() == newer.date_sent.date())

    def listed(**sent: date) -> list[str]:
        return sids(client.messages.list(to=to, **sent))

    assert listed(date_sent=newer.date_sent.date()) == today
    assert listed(date_sent=newer.date_sent) == today
    assert listed(date_sent=newer.date_sent.date() + day) == []
    assert listed(date_sent_after=newer.date_sent) == [newer.sid]
    assert listed(date_sent_after=older.date_sent.date()) == both
    assert listed(date_sent_after=newer.date_sent + day) == []
    assert listed(date_sent_before=older.date_sent) == [older.sid]
    # The SDK writes a date as its midnight, which is a time like any other.
    assert listed(date_sent_before=newer.date_sent.date() + day) == both
    assert listed(date_sent_before=older.date_sent.date()) == []
    assert listed(date_sent_before=older.date_sent - day) == []
    assert listed(date_sent_after=older.date_sent, date_sent_before=newer.date_sent) == both


def test_a_redacted_message_keeps_everything_but_its_body(client: Client) -> None:
    before = until(client, create(client, new_number()).sid)
    after = client.messages(before.sid).update(body="")
    assert after.body == ""
    kept = ("sid", "status", "from_", "to", "date_created", "date_sent", "num_segments", "uri")
    assert {name: getattr(after, name) for name in kept} == {
        name: getattr(before, name) for name in kept
    }
    assert client.messages(before.sid).fetch().body == ""
    assert client.messages.list(to=before.to)[0].body == ""


def test_a_message_that_waits_is_redacted_at_once_and_still_sent(client: Client) -> None:
    message = create(client, "+15005520429")
    assert message.update(body="").body == ""
    assert until(client, message.sid).body == ""


def test_a_canceled_message_is_never_sent(client: Client, api: Api) -> None:
    message = create(client, NEVER_REACHED)
    api.cancel(message.sid)
    found = client.messages(message.sid).fetch()
    assert (found.status, found.date_sent, found.body) == ("canceled", None, "Hi there")
    with pytest.raises(TwilioRestException) as caught:
        found.update(status="canceled")
    assert caught.value.code == 30409


def test_a_deleted_message_is_gone(client: Client) -> None:
    message = until(client, create(client, new_number()).sid)
    assert message.delete() is True
    with pytest.raises(TwilioRestException) as caught:
        message.fetch()
    assert (caught.value.status, caught.value.code) == (404, 20404)
    with pytest.raises(TwilioRestException):
        message.delete()
    assert client.messages.list(to=message.to) == []


def test_an_error_is_an_exception_with_its_status_code_and_text(client: Client) -> None:
    with pytest.raises(TwilioRestException) as caught:
        create(client, "123")
    error = caught.value
    assert (error.status, error.code, error.method) == (400, 21211, "POST")
    assert error.msg == (
        "Unable to create record: The 'To' number 123 is not a valid phone number."
    )
    assert error.uri == f"/Accounts/{ACCOUNT_SID}/Messages.json"


def test_an_error_of_a_list_is_the_sdks_plain_exception(server: Server) -> None:
    client = Client(ACCOUNT_SID, "wrong")
    client.api.base_url = server.url
    with pytest.raises(TwilioException, match="Unable to fetch page"):
        client.messages.list()
    client.http_client.session.close()


def test_a_wrong_token_is_an_exception_with_status_401(server: Server) -> None:
    client = Client(ACCOUNT_SID, "wrong")
    client.api.base_url = server.url
    with pytest.raises(TwilioRestException) as caught:
        create(client, new_number())
    assert (caught.value.status, caught.value.code) == (401, 20003)
    client.http_client.session.close()


def test_an_account_is_fetched_and_listed(client: Client) -> None:
    account = client.api.accounts(ACCOUNT_SID).fetch()
    assert (account.sid, account.status, account.type) == (ACCOUNT_SID, "active", "Full")
    assert account.friendly_name
    assert account.date_created is not None
    assert sids(client.api.accounts.list()) == [ACCOUNT_SID]


def test_a_new_key_opens_messages_until_it_is_deleted(client: Client, server: Server) -> None:
    key = client.new_keys.create(friendly_name="mine")
    assert (key.friendly_name, key.sid[:2]) == ("mine", "SK")
    other = Client(key.sid, key.secret, account_sid=ACCOUNT_SID)
    other.api.base_url = server.url
    assert create(other, new_number()).account_sid == ACCOUNT_SID
    with pytest.raises(TwilioRestException) as caught:
        other.new_keys.create()
    assert (caught.value.status, caught.value.code) == (401, 20003)
    assert key.sid in sids(client.keys.list())
    assert client.keys(key.sid).update(friendly_name="yours").friendly_name == "yours"
    assert client.keys(key.sid).fetch().friendly_name == "yours"
    assert client.keys(key.sid).delete()
    with pytest.raises(TwilioRestException) as caught:
        create(other, new_number())
    assert (caught.value.status, caught.value.code) == (401, 20003)
    other.http_client.session.close()


def test_an_http_client_points_every_product_here(server: Server, key: tuple[str, str]) -> None:
    http_client = GatewayHttpClient(server.url)
    client = Client(*key, account_sid=ACCOUNT_SID, http_client=http_client)
    to = new_number()
    message = create(client, to)
    assert until(client, message.sid).status == "delivered"
    assert sids(client.messages.list(to=to, page_size=1)) == [message.sid]
    http_client.session.close()


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
async def test_the_async_client_does_the_same(server: Server) -> None:
    http_client = AsyncGatewayHttpClient(server.url)
    client = Client(ACCOUNT_SID, AUTH_TOKEN, http_client=http_client)
    to = new_number()
    try:
        found = []
        for _ in range(3):
            message = await client.messages.create_async(to=to, from_=SENDER, body="Hi there")
            found.insert(0, message.sid)
        assert (await client.messages(found[0]).fetch_async()).sid == found[0]
        assert sids(await client.messages.list_async(to=to, page_size=2)) == found
        stream = await client.messages.stream_async(to=to, page_size=1)
        assert [message.sid async for message in stream] == found
        first = await client.messages.page_async(to=to, page_size=2)
        second = await first.next_page_async()
        assert sids(second) == found[2:]
        assert sids(await second.previous_page_async()) == found[:2]
        assert (await client.messages(found[1]).update_async(body="")).body == ""
        with pytest.raises(TwilioRestException) as caught:
            await client.messages.create_async(to="123", from_=SENDER, body="Hi there")
        assert caught.value.code == 21211
    finally:
        await http_client.close()
