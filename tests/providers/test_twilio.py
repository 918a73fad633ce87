"""The provider twilio: what it asks, what answers come to, and whom it believes."""

import base64
import dataclasses
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlencode

import msgspec
import pytest
from twilio.request_validator import RequestValidator

from estafette.http import Http
from estafette.model import (
    Accepted,
    Channel,
    Declined,
    Incoming,
    Inward,
    Misconfigured,
    Offer,
    Reason,
    Receipt,
    Refused,
    Send,
    SendError,
    Status,
    Throttled,
    Unclear,
    Unreached,
)
from estafette.providers import Place, Provider, make
from estafette.providers.twilio import Twilio
from tests.conftest import RECIPIENT, SENDER, free_port
from tests.providers import twilio_stub
from tests.providers.cases import HTTP, NODE, Case, Provides, answer, offer
from tests.providers.twilio_stub import ANSWERS, SID, TOKEN, Stub, twilio

PUBLIC = "http://127.0.0.1:8080"
AT = f"{PUBLIC}/in/twilio/upstream"
OUR_ID = "0" * 31 + "1"
THEIR_SID = "SM" + "a" * 32


def to(digits: str) -> str:
    return f"+141555{digits}"


@pytest.fixture(scope="module")
def stub() -> Iterator[Stub]:
    with twilio() as found:
        yield found


@asynccontextmanager
async def opened(
    stub: Stub, *, public: str = PUBLIC, allows_private: bool = True, **settings: Any
) -> AsyncIterator[Provider]:
    given = {"base_url": stub.url, "account_sid": SID, "auth_token": TOKEN, **settings}
    provider, http = make("twilio", given), Http(allows_private=allows_private)
    await provider.open(Place(Path(), NODE, http, public, "upstream"))
    try:
        yield provider
    finally:
        await provider.close()
        await http.close()


class TestTwilio(Provides):
    """The cases that every provider must pass."""

    name = "twilio"
    settings: ClassVar[dict[str, Any]] = {"account_sid": SID, "auth_token": TOKEN}
    wrong_secret: ClassVar[dict[str, Any]] = {"auth_token": "hidden-word"}
    cases: ClassVar[dict[str, Case]] = {
        "anybody": Case(),
        "is taken": Case(to("50201")),
        "names no message": Case(to("50202"), 1, Unclear),
        "is no answer of Twilio's": Case(to("50203"), 1, Unclear),
        "says nothing": Case(to("50204"), 1, Unclear),
        "has an id that is none": Case(to("50205"), 1, Unclear),
        "is a list": Case(to("50206"), 1, Unclear),
        "is sent elsewhere": Case(to("50301"), 1, Unclear),
        "is refused": Case(to("50400"), 1, Refused),
        "is refused for who opted out": Case(to("50401"), 1, Refused),
        "is refused outside the window": Case(to("50470"), 1, Refused),
        "is refused with an unknown code": Case(to("50402"), 1, Refused),
        "finds the account suspended": Case(to("50403"), 1, Misconfigured),
        "finds no such account": Case(to("50404"), 1, Misconfigured),
        "finds something else there": Case(to("50405"), 1, Misconfigured),
        "finds a server that speaks otherwise": Case(to("50406"), 1, Misconfigured),
        "is refused with 403": Case(to("50407"), 1, Refused),
        "comes in too slowly": Case(to("50408"), 1, Unclear),
        "came before, otherwise": Case(to("50409"), 1, Unclear),
        "names an address that is not taken": Case(to("50410"), 1, Misconfigured),
        "is too large": Case(to("50413"), 1, Refused),
        "comes too often": Case(to("50429"), 1, Throttled),
        "finds the queue full": Case(to("50430"), 1, Throttled),
        "is over the day's limit": Case(to("50431"), 1, Throttled),
        "is put off for years": Case(to("50432"), 1, Throttled),
        "is put off for an unknown time": Case(to("50433"), 1, Throttled),
        "breaks it": Case(to("50500"), 1, Unclear),
        "meets a bad gateway": Case(to("50502"), 1, Unclear),
        "is unavailable": Case(to("50503"), 1, Unclear),
        "takes the gateway too long": Case(to("50504"), 1, Unclear),
        "is not answered": Case(to("50000"), 1, Unclear),
    }

    @pytest.fixture(autouse=True)
    def at_the_stub(self, stub: Stub) -> None:
        self.settings["base_url"] = stub.url
        TestTwilio.stub = stub

    stub: ClassVar[Stub]

    def requests(self, home: Path) -> int:
        return len(self.stub.asked)

    def test_every_answer_has_a_case(self) -> None:
        assert {case.recipient for case in self.cases.values()} == {
            *map(to, ANSWERS), RECIPIENT,
        }  # fmt: skip


# What it asks


async def asked_of(stub: Stub, one: Offer, **options: Any) -> dict[str, list[str]]:
    """The form that an offer comes to."""
    async with opened(stub, **options) as provider:
        assert isinstance(await answer(provider, one), Accepted)
    return stub.asked[-1]


def changed(one: Offer, **parts: Any) -> Offer:
    return msgspec.structs.replace(one, message=msgspec.structs.replace(one.message, **parts))


async def test_a_message_is_one_form(stub: Stub) -> None:
    one = offer(body="Hé & 👍 +1")
    form = await asked_of(stub, one)
    assert form == {
        "To": [RECIPIENT],
        "From": [SENDER],
        "Body": ["Hé & 👍 +1"],
        "ValidityPeriod": ["1"],
        "StatusCallback": [f"{AT}/{one.message.id}"],
    }
    assert stub.paths[-1] == f"/2010-04-01/Accounts/{SID}/Messages.json"
    assert stub.headers[-1]["content-type"] == "application/x-www-form-urlencoded"
    assert stub.headers[-1]["i-twilio-idempotency-token"] == one.message.id


async def test_on_its_second_way_it_is_another_one_to_a_gateway_that_saw_it(stub: Stub) -> None:
    one = changed(offer(), content={"way": 2})
    await asked_of(stub, one)
    assert stub.headers[-1]["i-twilio-idempotency-token"] == f"{one.message.id}2"


async def test_media_are_repeated_and_an_empty_text_is_left_out(stub: Stub) -> None:
    urls = ("https://example.com/a.png", "https://example.com/b.png?x=1&y=2")
    form = await asked_of(stub, changed(offer(body=""), media=urls))
    assert form["MediaUrl"] == list(urls)
    assert "Body" not in form


async def test_a_whatsapp_message_says_so_in_its_addresses(stub: Stub) -> None:
    form = await asked_of(stub, changed(offer(), channel=Channel.WHATSAPP))
    assert (form["To"], form["From"]) == ([f"whatsapp:{RECIPIENT}"], [f"whatsapp:{SENDER}"])


async def test_a_service_of_that_account_goes_along_as_one(stub: Stub) -> None:
    form = await asked_of(stub, changed(offer(), sender="MG" + "0" * 32))
    assert form["MessagingServiceSid"] == ["MG" + "0" * 32]
    assert "From" not in form
    form = await asked_of(stub, changed(offer(), sender="MG" + "0" * 8))  # a name like any other
    assert form["From"] == ["MG" + "0" * 8]


async def test_what_is_offered_now_or_never_has_no_validity_there(stub: Stub) -> None:
    assert "ValidityPeriod" not in await asked_of(stub, changed(offer(), content={"at_once": True}))


async def test_what_is_left_of_its_validity_goes_along(stub: Stub) -> None:
    now = datetime.now(UTC)
    for left, least, most in ((90, 80, 90), (99_999, 36_000, 36_000), (0.2, 1, 1)):
        form = await asked_of(stub, changed(offer(), expires_at=now + timedelta(seconds=left)))
        assert least <= int(form["ValidityPeriod"][0]) <= most


@pytest.mark.parametrize(
    ("public", "base", "is_told"),
    [
        ("https://sms.example.com", "https://api.twilio.com", True),
        ("https://sms.example.com", "http://127.0.0.1:9", True),
        ("http://127.0.0.1:8080", "http://localhost:9", True),
        ("http://127.0.0.1:8080", "https://api.twilio.com", False),
        ("http://10.1.2.3", "https://api.twilio.com", False),
        ("", "http://127.0.0.1:9", False),
    ],
)
async def test_only_an_address_that_can_be_reached_is_to_be_told(
    stub: Stub, public: str, base: str, is_told: bool
) -> None:
    async with opened(stub, public=public, base_url=base) as provider:
        assert isinstance(provider, Twilio)
        shown = provider.describe(offer(), datetime.now(UTC))
        assert ("StatusCallback=" in shown.body) == is_told


async def test_a_name_that_is_no_part_of_an_address_is_written_as_one(stub: Stub) -> None:
    place = Place(Path(), NODE, HTTP, PUBLIC, "up/stream ä")
    assert place.inward("twilio") == f"{PUBLIC}/in/twilio/up%2Fstream%20%C3%A4"


async def test_a_key_is_shown_in_place_of_the_account(stub: Stub) -> None:
    key = {"key_sid": "SK" + "1" * 32, "key_secret": "hidden"}
    async with opened(stub, **key) as provider:
        assert isinstance(await answer(provider, offer()), Misconfigured)
        assert "hidden" not in repr(provider)
    shown = base64.b64decode(stub.headers[-1]["authorization"].split()[1]).decode()
    assert shown == f"SK{'1' * 32}:hidden"


# What answers come to


async def error_of(stub: Stub, digits: str) -> SendError:
    async with opened(stub) as provider:
        found = await answer(provider, offer(to(digits)))
    assert isinstance(found, SendError)
    return found


@pytest.mark.parametrize(
    ("digits", "code", "reason", "text"),
    [
        ("50400", "21211", Reason.BAD_RECIPIENT, "The 'To' number +1 is not a valid phone number."),
        ("50401", "21610", Reason.OPTED_OUT, "Attempt to send to unsubscribed recipient"),
        ("50470", "63016", Reason.OUTSIDE_WINDOW, "Outside the allowed window."),
        ("50402", "99999", Reason.OTHER, "nobody knows this code"),
        ("50407", "21408", Reason.REGION, "not enabled for the region"),
        ("50403", "20005", Reason.OTHER, "Account not active"),
        ("50405", "405", Reason.OTHER, "it answered 405"),
        ("50500", "20500", Reason.OTHER, "An internal server error has occurred"),
        ("50502", "", Reason.OTHER, "it answered 502"),
    ],
)
async def test_the_carriers_code_and_text_are_kept(
    stub: Stub, digits: str, code: str, reason: Reason, text: str
) -> None:
    found = await error_of(stub, digits)
    assert (found.code, found.reason, str(found)) == (code, reason, text)


@pytest.mark.parametrize(
    ("digits", "wait"),
    [("50429", 7), ("50430", None), ("50431", None), ("50432", 3600), ("50433", None)],
)
async def test_it_waits_as_long_as_it_is_told(stub: Stub, digits: str, wait: float | None) -> None:
    found = await error_of(stub, digits)
    assert isinstance(found, Throttled)
    assert found.retry_after == wait


async def test_a_wrong_token_says_so(stub: Stub) -> None:
    async with opened(stub, auth_token="another") as provider:
        found = await answer(provider, offer())
    assert isinstance(found, Misconfigured)
    assert (found.code, str(found)) == ("20003", "Authenticate: Wrong.")


async def test_what_is_over_already_is_told_at_once(
    stub: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = {"sid": THEIR_SID, "status": "failed", "error_code": 30003, "error_message": "gone"}
    monkeypatch.setitem(twilio_stub.ANSWERS, "50299", twilio_stub.Says(201, said))
    one = offer(to("50299"))
    async with opened(stub) as provider:
        found = await answer(provider, one)
    assert isinstance(found, Accepted)
    (later,) = found.later
    assert later.after == 0
    assert later.receipt == Receipt(
        status=Status.FAILED, message=one.message.id, ref=THEIR_SID,
        reason=Reason.UNREACHABLE, code="30003", text="gone",
    )  # fmt: skip


async def test_nobody_there_was_not_reached(stub: Stub) -> None:
    async with opened(stub, base_url=f"http://127.0.0.1:{free_port()}") as provider:
        assert isinstance(await answer(provider, offer()), Unreached)


async def test_an_address_that_must_not_be_asked_is_a_trouble_of_the_connection(
    stub: Stub,
) -> None:
    async with opened(stub, allows_private=False) as provider:
        found = await answer(provider, offer())
    assert isinstance(found, Misconfigured)
    assert str(found).startswith("base_url: 127.0.0.1")


# Settings


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"account_sid": "SK12"}, "account_sid must be AC"),
        ({"account_sid": "AC1/../x"}, "account_sid must be AC"),
        ({"auth_token": ""}, "auth_token must not be empty"),
        ({"auth_token": 12345}, "auth_token: Expected `str`, got `int`"),
        ({"key_sid": "SK12"}, "key_sid and key_secret belong together"),
        ({"key_secret": "hidden"}, "key_sid and key_secret belong together"),
        ({"base_url": "api.twilio.com"}, "base_url must be like"),
        ({"base_url": "ftp://api.twilio.com"}, "base_url must be like"),
        ({"base_url": "https://"}, "base_url must be like"),
        ({"base_url": "https://h:99999999"}, "base_url must be like"),
        ({"base_url": "https://me:hidden@api.twilio.com"}, "base_url must be like"),
        ({"base_url": "https://api.twilio.com?x=hidden"}, "base_url must be like"),
    ],
)
def test_settings_that_can_never_work_are_refused(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(Misconfigured) as told:
        make("twilio", {"account_sid": SID, "auth_token": TOKEN, **settings})
    assert said in str(told.value)
    assert "hidden" not in str(told.value)
    assert "12345" not in str(told.value)


def test_what_is_missing_is_named() -> None:
    with pytest.raises(Misconfigured) as told:
        make("twilio", {})
    assert str(told.value) == "twilio needs account_sid, auth_token"


def test_its_own_sender_is_no_recipient() -> None:
    with pytest.raises(Declined) as told:
        known().vet(Send(channel=Channel.SMS, sender=SENDER, recipient=SENDER, body="x"))
    assert told.value.reason is Reason.UNROUTABLE
    known().vet(Send(channel=Channel.SMS, sender=SENDER, recipient=RECIPIENT, body="x"))


@pytest.mark.parametrize(
    ("channel", "address", "pace"),
    [
        (Channel.SMS, "+14155550100", 1),
        (Channel.SMS, "+16135550100", 1),
        (Channel.SMS, "+18885550100", 3),
        (Channel.SMS, "+18005550100", 3),
        (Channel.SMS, "12345", 100),
        (Channel.SMS, "ACME", 10),
        (Channel.SMS, "+442079460000", 10),
        (Channel.WHATSAPP, "+14155550100", 80),
    ],
)
def test_a_sender_has_the_pace_of_its_kind(channel: Channel, address: str, pace: float) -> None:
    assert known().pace(channel, address) == pace


# Whom it believes


def known(**settings: Any) -> Provider:
    return make("twilio", {"account_sid": SID, "auth_token": TOKEN, **settings})


def signature(url: str, form: dict[str, Any], token: str = TOKEN) -> str:
    return str(RequestValidator(token).compute_signature(url, form))


def told(
    form: dict[str, str] | None = None, *, tail: str = OUR_ID, url: str = "", signed: str = "",
    **parts: Any,
) -> Inward:  # fmt: skip
    """A request as Twilio makes it; `signed` is the address over which, where it is another."""
    form, url = form or {}, url or f"{AT}/{tail}"
    return Inward(
        **{
            "method": "POST",
            "url": url,
            "tail": tail,
            "query": url.partition("?")[2],
            "headers": {
                "content-type": "application/x-www-form-urlencoded; charset=utf-8",
                "x-twilio-signature": signature(signed or url, form),
            },
            "body": urlencode(form).encode(),
            **parts,
        }
    )


STATUS_FORM = {
    "SmsSid": THEIR_SID, "SmsStatus": "delivered", "MessageSid": THEIR_SID,
    "MessageStatus": "delivered", "To": RECIPIENT, "From": SENDER, "AccountSid": SID,
    "ApiVersion": "2010-04-01",
}  # fmt: skip


@pytest.mark.parametrize(
    ("url", "signed"),
    [
        ("https://sms.example.com/in/twilio/upstream", ""),
        ("https://sms.example.com/in/twilio/upstream?a=1&b=%20x", ""),
        ("https://sms.example.com/in/x", "https://sms.example.com:443/in/x"),
        ("https://sms.example.com:443/in/x", "https://sms.example.com/in/x"),
        ("http://sms.example.com/in/x", "http://sms.example.com:80/in/x"),
        ("http://[::1]:8080/in/x", "http://[::1]/in/x"),
    ],
)
def test_what_is_signed_is_believed(url: str, signed: str) -> None:
    form = {**STATUS_FORM, "Body": "Hé 👍", "ToCity": ""}
    assert known().verify(told(form, url=url, signed=signed))


def test_the_vector_of_twilios_own_docs_is_believed() -> None:
    form = {
        "CallSid": "CA1234567890ABCDE", "Caller": "+14158675309", "Digits": "1234",
        "From": "+14158675309", "To": "+18005551212",
    }  # fmt: skip
    request = told(form, url="https://mycompany.com/myapp.php?foo=1&bar=2")
    headers = {**request.headers, "x-twilio-signature": "RSOYDt4T1cUTdK1PDd93/VVr8B8="}
    request = msgspec.structs.replace(request, headers=headers)
    assert known(auth_token="12345").verify(request)
    assert not known(auth_token="12346").verify(request)


def test_nothing_else_is_believed() -> None:
    right = told(STATUS_FORM)
    assert known().verify(right)
    kind = right.headers["content-type"]
    wrong = {
        "another token": {"headers": {"content-type": kind, "x-twilio-signature": signature(
            right.url, STATUS_FORM, "another")}},
        "no signature": {"headers": {"content-type": kind}},
        "no text": {"headers": {"content-type": kind, "x-twilio-signature": "é\udcff".encode(
            "utf-8", "replace").decode()}},
        "another address": {"url": right.url + "x"},
        "another form": {"body": right.body.replace(b"delivered", b"failed")},
        "more of a form": {"body": right.body + b"&ErrorCode=30003"},
        "no UTF-8": {"body": b"Body=%FF\xff"},
        "too many fields": {"body": b"&".join(b"a=1" for _ in range(2000))},
        "another kind of body": {"headers": {**right.headers, "content-type": "text/plain"}},
    }  # fmt: skip
    for label, parts in wrong.items():
        assert not known().verify(msgspec.structs.replace(right, **parts)), label


def test_a_name_that_comes_twice_is_signed_once_for_each_value() -> None:
    url = f"{AT}/{OUR_ID}"
    said = url + "MediaUrl" + "a" + "MediaUrl" + "b"
    made = base64.b64encode(hmac.digest(TOKEN.encode(), said.encode(), hashlib.sha1)).decode()
    request = told(tail=OUR_ID, body=b"MediaUrl=b&MediaUrl=a&MediaUrl=b")
    headers = {**request.headers, "x-twilio-signature": made}
    assert known().verify(msgspec.structs.replace(request, headers=headers))


def test_a_get_is_signed_by_its_address_alone() -> None:
    query = urlencode({"SmsStatus": "received", "From": RECIPIENT, "To": SENDER, "Body": "Hi"})
    request = told(tail="", url=f"{AT}?{query}", method="GET", body=b"", headers={
        "x-twilio-signature": signature(f"{AT}?{query}", {})})  # fmt: skip
    assert known().verify(request)
    (found,) = known().parse(request)
    assert isinstance(found, Incoming)
    assert found.body == "Hi"


def test_a_body_that_is_no_form_is_signed_by_its_digest() -> None:
    body = json.dumps({"property": "value"}).encode()
    url = f"{AT}?bodySHA256={hashlib.sha256(body).hexdigest()}"
    headers = {"content-type": "application/json", "x-twilio-signature": signature(url, {})}
    request = told(tail="", url=url, body=body, headers=headers)
    assert known().verify(request)
    assert known().parse(request) == []
    assert not known().verify(msgspec.structs.replace(request, body=body + b" "))


# What it tells


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ("sent", Status.SENT),
        ("delivered", Status.DELIVERED),
        ("read", Status.READ),
        ("undelivered", Status.UNDELIVERED),
        ("failed", Status.FAILED),
        ("canceled", Status.FAILED),
    ],
)
def test_a_status_is_a_receipt_of_our_message(said: str, status: Status) -> None:
    form = {**STATUS_FORM, "MessageStatus": said, "SmsStatus": said}
    (found,) = known().parse(told(form))
    assert isinstance(found, Receipt)
    assert (found.status, found.message, found.ref) == (status, OUR_ID, THEIR_SID)
    is_bad = status in (Status.UNDELIVERED, Status.FAILED)
    assert (found.reason, found.code, found.text) == (Reason.OTHER if is_bad else None, "", "")


@pytest.mark.parametrize(
    ("code", "reason"), [("30003", Reason.UNREACHABLE), ("63016", Reason.OUTSIDE_WINDOW)]
)
def test_a_failure_says_why(code: str, reason: Reason) -> None:
    words = "Said by the carrier"
    form = {
        **STATUS_FORM, "MessageStatus": "undelivered", "ErrorCode": code, "ErrorMessage": words
    }  # fmt: skip
    (found,) = known().parse(told(form))
    assert isinstance(found, Receipt)
    assert (found.reason, found.code, found.text) == (reason, code, words)


def test_a_status_without_our_id_goes_by_that_of_the_carrier() -> None:
    (found,) = known().parse(told(STATUS_FORM, tail=""))
    assert isinstance(found, Receipt)
    assert (found.message, found.ref) == ("", THEIR_SID)


@pytest.mark.parametrize(
    "form",
    [
        {**STATUS_FORM, "MessageStatus": "queued"},
        {**STATUS_FORM, "MessageStatus": "sending"},
        {**STATUS_FORM, "MessageStatus": "accepted"},
        {**STATUS_FORM, "MessageStatus": "something new"},
        {"AccountSid": SID},
        {},
    ],
)
def test_what_tells_nothing_new_is_nothing(form: dict[str, str]) -> None:
    assert known().parse(told(form)) == []
    assert known().parse(told(form, tail="")) == []


INBOUND = {
    "ToCountry": "US", "ToState": "", "SmsMessageSid": THEIR_SID, "NumMedia": "0", "ToCity": "",
    "FromZip": "", "SmsSid": THEIR_SID, "FromState": "CA", "SmsStatus": "received", "FromCity": "",
    "Body": "Hi there", "FromCountry": "US", "To": SENDER, "ToZip": "", "NumSegments": "1",
    "MessageSid": THEIR_SID, "AccountSid": SID, "From": RECIPIENT, "ApiVersion": "2010-04-01",
}  # fmt: skip


def incoming(**form: str) -> Incoming:
    (found,) = known().parse(told({**INBOUND, **form}, tail=""))
    assert isinstance(found, Incoming)
    return found


def test_a_text_that_somebody_wrote() -> None:
    assert incoming() == Incoming(
        channel=Channel.SMS, sender=RECIPIENT, recipient=SENDER, body="Hi there", ref=THEIR_SID
    )


def test_media_that_somebody_sent() -> None:
    media = {
        "MediaUrl0": "https://x/0",
        "MediaContentType0": "image/png",
        "MediaUrl1": "https://x/1",
    }
    found = incoming(NumMedia="2", Body="", **media)
    assert found.media == ("https://x/0", "https://x/1")
    assert found.content == {"media_types": ["image/png", ""]}
    assert incoming(NumMedia="99", MediaUrl11="https://x/11").media == ()


def test_what_whatsapp_tells_beside_the_text() -> None:
    found = incoming(
        From=f"whatsapp:{RECIPIENT}", To=f"whatsapp:{SENDER}", ProfileName="Kim", WaId="15558675310",
        Latitude="37.7", Longitude="-122.4", Label="The pier", ButtonText="Yes", ButtonPayload="y",
        OriginalRepliedMessageSid=THEIR_SID, OriginalRepliedMessageSender=f"whatsapp:{SENDER}",
        ReferralHeadline="A sale", Address="", Forwarded="true", FrequentlyForwarded="false",
    )  # fmt: skip
    assert (found.channel, found.sender, found.recipient) == (Channel.WHATSAPP, RECIPIENT, SENDER)
    assert found.name == "Kim"
    assert found.content == {
        "location": {"latitude": 37.7, "longitude": -122.4, "name": "The pier"},
        "button": {"payload": "y", "text": "Yes"},
        "context": {"id": THEIR_SID, "from": SENDER, "forwarded": True},
        "referral": {"headline": "A sale"},
    }


def test_an_opt_out_that_twilio_has_handled_is_told() -> None:
    assert incoming(Body="STOP", OptOutType="STOP").content == {"opt_out": "STOP"}


def test_other_channels_are_left_alone() -> None:
    form = {**INBOUND, "From": "messenger:123", "To": "messenger:456"}
    assert known().parse(told(form, tail="")) == []


def test_its_secrets_are_the_token_and_the_secret_of_its_key() -> None:
    secrets = {field.name for field in dataclasses.fields(Twilio) if field.metadata.get("secret")}
    assert secrets == {"auth_token", "key_secret"}


@pytest.mark.parametrize("channel", [Channel.SMS, Channel.WHATSAPP])
def test_what_its_api_never_takes_is_declined(channel: Channel) -> None:
    made = known()
    said = Send(channel=channel, sender=SENDER, recipient=RECIPIENT, body="x" * 1600)
    made.vet(said)
    for changed, reason in (
        (msgspec.structs.replace(said, body="x" * 1601), Reason.TOO_LONG),
        (msgspec.structs.replace(said, recipient=SENDER), Reason.UNROUTABLE),
        (
            msgspec.structs.replace(said, content={"type": "location", "location": {}}),
            Reason.BAD_BODY,
        ),
    ):
        with pytest.raises(Declined) as told:
            made.vet(changed)
        assert told.value.reason is reason
