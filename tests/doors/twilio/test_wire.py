"""Twilio's shapes and our words, both ways."""

from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from estafette.doors.twilio import wire
from estafette.doors.twilio.errors import TwilioError
from estafette.model import Account, Channel, Direction, Feedback, Key, Message, Reason, Status
from estafette.model.twilio import CODES, DECLINED, DIRECTION, FAILED, PREFIX, STATUS

AT = datetime(2019, 5, 24, 17, 18, 27, 999_999, tzinfo=UTC)
ACCOUNT = "AC" + "5e" * 16
ID = "0a" * 16
GOOD = {"To": ["+14155550199"], "From": ["+14155550100"], "Body": ["Hi there"]}


def a_message(**more: object) -> Message:
    usual = {
        "id": ID,
        "account": ACCOUNT,
        "lane": "1f" * 16,
        "channel": Channel.SMS,
        "direction": Direction.API,
        "sender": "+14155550100",
        "recipient": "+14155550199",
        "body": "Hi there",
        "media": (),
        "segments": 1,
        "status": Status.QUEUED,
        "ref": "",
        "reason": None,
        "code": "",
        "text": "",
        "callback_url": "",
        "redacted": False,
        "created_at": AT,
        "updated_at": AT,
        "sent_at": None,
        "expires_at": AT,
    }
    return Message(**{**usual, **more})  # type: ignore[arg-type]


def test_a_message_has_twilios_keys_in_twilios_order() -> None:
    uri = f"/2010-04-01/Accounts/{ACCOUNT}/Messages/SM{ID}"
    expected = {
        "account_sid": ACCOUNT,
        "api_version": "2010-04-01",
        "body": "Hi there",
        "date_created": "Fri, 24 May 2019 17:18:27 +0000",
        "date_sent": None,
        "date_updated": "Fri, 24 May 2019 17:18:27 +0000",
        "direction": "outbound-api",
        "error_code": None,
        "error_message": None,
        "from": "+14155550100",
        "messaging_service_sid": None,
        "num_media": "0",
        "num_segments": "1",
        "price": None,
        "price_unit": "USD",
        "sid": f"SM{ID}",
        "status": "queued",
        "subresource_uris": {"media": f"{uri}/Media.json"},
        "to": "+14155550199",
        "uri": f"{uri}.json",
    }
    shape = wire.message(a_message(), created=True)
    assert shape == expected
    assert list(shape) == list(expected)


def test_a_message_that_is_fetched_names_its_feedback_too() -> None:
    uri = f"/2010-04-01/Accounts/{ACCOUNT}/Messages/SM{ID}"
    expected = {"media": f"{uri}/Media.json", "feedback": f"{uri}/Feedback.json"}
    assert wire.message(a_message())["subresource_uris"] == expected


def test_a_message_with_media_is_an_mms() -> None:
    shape = wire.message(a_message(media=("https://example.com/a.png",) * 2))
    assert shape["sid"] == f"MM{ID}"
    assert shape["num_media"] == "2"
    assert shape["uri"].endswith(f"/Messages/MM{ID}.json")


def test_both_addresses_of_a_whatsapp_message_have_the_channels_prefix() -> None:
    shape = wire.message(a_message(channel=Channel.WHATSAPP))
    assert (shape["from"], shape["to"]) == ("whatsapp:+14155550100", "whatsapp:+14155550199")


def test_a_redacted_message_that_still_waits_shows_no_text() -> None:
    assert wire.message(a_message(redacted=True))["body"] == ""


def test_a_time_of_sending_is_shown_once_there_is_one() -> None:
    shape = wire.message(a_message(status=Status.SENT, sent_at=AT))
    assert shape["date_sent"] == "Fri, 24 May 2019 17:18:27 +0000"


def test_every_status_and_direction_and_channel_has_twilios_word() -> None:
    assert set(STATUS) == set(Status)
    assert set(DIRECTION) == set(Direction)
    assert set(PREFIX) == set(Channel)


#: What became of a message: its error.
FAILURES = {
    "the carrier's own code and text": (
        {"reason": Reason.BLOCKED, "code": "30007", "text": "Message filtered"},
        (30007, "Message filtered"),
    ),
    "a code without a text": (
        {"reason": Reason.UNREACHABLE, "code": "30003"},
        (30003, "Unreachable destination handset"),
    ),
    "a code that is not one of Twilio's": (
        {"reason": Reason.UNREACHABLE, "code": "0x45", "text": "absent subscriber"},
        (30003, "Unreachable destination handset"),
    ),
    "our reason alone": ({"reason": Reason.EXPIRED}, (30036, "Validity Period Expired")),
    "a reason without a code of Twilio's": ({"reason": Reason.OTHER}, (30008, "Unknown error")),
    "no reason": ({}, (30008, "Unknown error")),
}


@pytest.mark.parametrize("case", FAILURES)
@pytest.mark.parametrize("status", [Status.FAILED, Status.UNDELIVERED])
def test_a_failure_has_a_code_of_twilios(status: Status, case: str) -> None:
    more, expected = FAILURES[case]
    shape = wire.message(a_message(status=status, **more))
    assert (shape["error_code"], shape["error_message"]) == expected


@pytest.mark.parametrize("status", set(Status) - {Status.FAILED, Status.UNDELIVERED})
def test_only_a_failure_has_an_error(status: Status) -> None:
    shape = wire.message(a_message(status=status, code="30003", reason=Reason.UNREACHABLE))
    assert (shape["error_code"], shape["error_message"]) == (None, None)


def test_what_is_declined_and_what_fails_has_an_answer_of_its_own() -> None:
    assert set(DECLINED.values()) <= set(CODES)
    assert set(DECLINED) | set(FAILED) | {Reason.OTHER} == set(Reason)


def test_an_account_keeps_its_token_to_itself() -> None:
    account = Account(sid=ACCOUNT, name="First account", created_at=AT, updated_at=AT)
    assert wire.account(account) == {
        "date_created": "Fri, 24 May 2019 17:18:27 +0000",
        "date_updated": "Fri, 24 May 2019 17:18:27 +0000",
        "friendly_name": "First account",
        "owner_account_sid": ACCOUNT,
        "sid": ACCOUNT,
        "status": "active",
        "subresource_uris": {
            name: f"/2010-04-01/Accounts/{ACCOUNT}/{path}.json"
            for name, path in {
                "available_phone_numbers": "AvailablePhoneNumbers",
                "balance": "Balance",
                "incoming_phone_numbers": "IncomingPhoneNumbers",
                "keys": "Keys",
                "messages": "Messages",
                "outgoing_caller_ids": "OutgoingCallerIds",
                "usage": "Usage/Records",
            }.items()
        },
        "type": "Full",
        "uri": f"/2010-04-01/Accounts/{ACCOUNT}.json",
    }


def test_a_key_shows_its_secret_only_when_it_is_made() -> None:
    key = Key(sid="SK" + ID, account=ACCOUNT, label="mine", created_at=AT, updated_at=AT)
    shape = wire.key(key)
    assert list(shape) == ["sid", "friendly_name", "date_created", "date_updated"]
    assert wire.key(key, secret="s3cret") == {**shape, "secret": "s3cret"}


def test_a_create_is_read_in_our_words() -> None:
    form = {
        **GOOD,
        "MediaUrl": ["https://example.com/a.png", "", "http://example.com:8080/b.png?c=d"],
        "StatusCallback": ["https://example.com/status?x=1#rc=2"],
        "ValidityPeriod": ["60"],
        "ContentRetention": ["discard"],
    }
    send = wire.read_send(form)
    assert (send.channel, send.sender, send.recipient) == (
        Channel.SMS, "+14155550100", "+14155550199",
    )  # fmt: skip
    assert send.body == "Hi there"
    assert send.media == ("https://example.com/a.png", "http://example.com:8080/b.png?c=d")
    assert send.callback_url == "https://example.com/status?x=1#rc=2"
    assert (send.valid_for, send.discard) == (60, True)
    assert (send.idempotency_key, send.fingerprint) == ("", "")


def test_a_whatsapp_create_is_read_without_its_prefix() -> None:
    form = {**GOOD, "To": ["whatsapp:+14155550199"], "From": ["whatsapp:+14155550100"]}
    send = wire.read_send(form)
    assert (send.channel, send.sender, send.recipient) == (
        Channel.WHATSAPP, "+14155550100", "+14155550199",
    )  # fmt: skip


def test_parameters_without_effect_and_unknown_ones_are_ignored() -> None:
    more = {
        "ApplicationSid": ["AP" + ID], "MaxPrice": ["0.05"], "ProvideFeedback": ["true"],
        "Attempt": ["2"], "ForceDelivery": ["false"], "AddressRetention": ["obfuscate"],
        "PersistentAction": ["geo:37.7,-122.4|label"],
        "TrafficType": ["free"], "ShortenUrls": ["true"], "SendAsMms": ["false"],
        "MessageIntent": ["otp"], "RiskCheck": ["enable"], "FallbackFrom": ["+14155550101"],
        "Tags": ['{"a":"b"}'], "Something": ["else"],
    }  # fmt: skip
    assert wire.read_send({**GOOD, **more}) == wire.read_send(GOOD)


QUOTED = {**GOOD, "Body": ["\u201cHi\u201d\u2026"]}


@pytest.mark.parametrize("said", [["true"], ["True"], ["TRUE"], ["false", "true"]])
def test_smart_encoding_replaces_the_text_where_it_is_asked_for(said: list[str]) -> None:
    assert wire.read_send({**QUOTED, "SmartEncoded": said}).body == '"Hi"...'


@pytest.mark.parametrize("said", ["false", "False", "", "1", "yes", "true ", "null", "\0"])
def test_what_is_no_boolean_asks_for_no_smart_encoding(said: str) -> None:
    assert wire.read_send({**QUOTED, "SmartEncoded": [said]}) == wire.read_send(QUOTED)


def test_a_whatsapp_text_has_no_parts_and_stays() -> None:
    form = {**QUOTED, "To": ["whatsapp:+14155550199"], "From": ["whatsapp:+14155550100"]}
    assert wire.read_send({**form, "SmartEncoded": ["true"]}) == wire.read_send(form)


@pytest.mark.parametrize(
    ("form", "confirmed"),
    [
        ({}, True),
        ({"Outcome": [""]}, True),
        ({"Outcome": ["confirmed"]}, True),
        ({"Outcome": ["unconfirmed"]}, False),
        ({"Outcome": ["confirmed", "unconfirmed"]}, False),
        ({"Outcome": ["unconfirmed"], "Something": ["else"]}, False),
    ],
)
def test_a_feedback_confirms_unless_it_says_otherwise(
    form: dict[str, list[str]], confirmed: bool
) -> None:
    assert wire.read_outcome(form) is confirmed


@pytest.mark.parametrize("said", ["Confirmed", "yes", "true", " confirmed", "delivered"])
def test_another_outcome_is_refused(said: str) -> None:
    with pytest.raises(TwilioError) as caught:
        wire.read_outcome({"Outcome": [said]})
    assert caught.value.code == 20001


def test_a_feedback_has_twilios_keys_in_twilios_order() -> None:
    later = AT.replace(minute=20)
    for media, confirmed in (((), True), (("https://example.com/a.png",), False)):
        sid = ("MM" if media else "SM") + ID
        expected = {
            "account_sid": ACCOUNT,
            "date_created": "Fri, 24 May 2019 17:18:27 +0000",
            "date_updated": "Fri, 24 May 2019 17:20:27 +0000",
            "message_sid": sid,
            "outcome": "confirmed" if confirmed else "unconfirmed",
            "uri": f"/2010-04-01/Accounts/{ACCOUNT}/Messages/{sid}/Feedback.json",
        }
        shape = wire.feedback(a_message(media=media), Feedback(ID, confirmed, AT, later))
        assert list(shape.items()) == list(expected.items())


def test_the_last_of_several_values_counts() -> None:
    assert wire.read_send({**GOOD, "Body": ["first", "last"]}).body == "last"


URLS = {
    "https://example.com": True,
    "http://127.0.0.1:8080/a?b=c#d": True,
    "http://[::1]:8080/": True,
    "https://user:pw@example.com/": True,
    "HTTPS://EXAMPLE.COM/": True,
    "https://a-b.example.com/": True,
    "https://a_b.example.com/": False,
    "https://": False,
    "https:///path": False,
    "https://example.com:port/": False,
    "https://example.com:99999/": False,
    "https://[::1/": False,
    "https://exa mple.com/": False,
    "https://example.com/\n": False,
    "https://exämple.com/": False,
    "javascript:alert(1)": False,
    "//example.com/": False,
    "example.com": False,
    "https://example.com/" + "a" * 2048: False,
}


@pytest.mark.parametrize("url", URLS)
def test_a_callback_is_a_url_with_a_host(url: str) -> None:
    form = {**GOOD, "StatusCallback": [url]}
    if URLS[url]:
        assert wire.read_send(form).callback_url == url
    else:
        with pytest.raises(TwilioError) as caught:
            wire.read_send(form)
        assert caught.value.code == 21609


def test_a_form_is_decoded_with_both_kinds_of_spaces() -> None:
    assert wire.read_form(b"Body=a+b%20c&To=%2B1&Empty=&&=x&Bare&Two=1&Two=2") == {
        "Body": ["a b c"], "To": ["+1"], "Empty": [""], "Bare": [""], "Two": ["1", "2"],
    }  # fmt: skip


@settings(deadline=None)
@given(st.lists(st.tuples(st.text(min_size=1), st.text()), max_size=20))
def test_any_form_is_read_as_it_was_written(pairs: list[tuple[str, str]]) -> None:
    form: dict[str, list[str]] = {}
    for name, value in pairs:
        form.setdefault(name, []).append(value)
    assert wire.read_form(urlencode(pairs).encode()) == form


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_a_form_or_refused(body: bytes) -> None:
    try:
        form = wire.read_form(body)
    except TwilioError as error:
        assert error.code == 20001  # noqa: PT017 - either way is right
    else:
        assert all(name and values for name, values in form.items())


@pytest.mark.parametrize("body", [b"Body=\xff", b"Body=%FF", b"%C3%28=a", b"Body=%ED%A0%80"])
def test_a_form_that_is_not_utf_8_is_refused(body: bytes) -> None:
    with pytest.raises(TwilioError, match="The request is not valid UTF-8"):
        wire.read_form(body)


def test_a_form_of_very_many_parameters_is_refused() -> None:
    assert len(wire.read_form(b"&".join(b"a%d=" % n for n in range(1000)))) == 1000
    with pytest.raises(TwilioError, match="more than 1000 parameters"):
        wire.read_form(b"&".join(b"a%d=" % n for n in range(1001)))


def test_a_fingerprint_tells_requests_apart_and_not_the_order_of_their_parameters() -> None:
    def fingerprint(form: dict[str, list[str]]) -> str:
        return wire.read_send(form, idempotency_key="k").fingerprint

    assert fingerprint(GOOD) == fingerprint(dict(reversed(GOOD.items())))
    others = [{**GOOD, "Body": ["Hi"]}, {**GOOD, "Body": ["Hi there", "Hi there"]}]
    assert len({fingerprint(form) for form in [GOOD, *others]}) == 3
