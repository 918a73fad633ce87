"""The fields of inbound messages that no command can make: Cloud API's own objects, and places."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estafette.doors.twilio.inbound import country, form
from estafette.model import Channel, Direction, Message, Status
from tests.store.conftest import message

_NAMES = st.sampled_from(
    ["location", "interactive", "button_reply", "list_reply", "context", "id", "from", "text",
     "button", "referral", "name", "type", "opt_out", "title", "forwarded", "latitude"]
)  # fmt: skip

AT = datetime(2026, 5, 4, 12, tzinfo=UTC)
PERSON = "+14155550150"
PLAIN = {
    "SmsMessageSid", "NumMedia", "SmsSid", "SmsStatus", "Body", "To", "NumSegments", "MessageSid",
    "AccountSid", "From", "ApiVersion", "ProfileName", "WaId", "MessageType",
}  # fmt: skip


def inbound(channel: Channel = Channel.WHATSAPP, **parts: Any) -> Message:
    known = {"direction": Direction.INBOUND, "status": Status.RECEIVED, "sender": PERSON}
    return message(AT, **{**known, "channel": channel, "body": "", **parts})


def more(content: dict[str, Any], **parts: Any) -> dict[str, str]:
    """What a WhatsApp message says beside the usual."""
    found = form(inbound(content=content, **parts))
    assert set(found) >= PLAIN
    assert (found["From"], found["WaId"]) == (f"whatsapp:{PERSON}", PERSON[1:])
    usual = PLAIN - {"MessageType", "Body"}
    return {name: value for name, value in found.items() if name not in usual}


def test_a_place_is_told() -> None:
    location = {"latitude": 37.5, "longitude": -122, "name": "HQ", "address": "1 Main St"}
    assert more({"location": location}) == {
        "Body": "", "MessageType": "location", "Latitude": "37.5", "Longitude": "-122",
        "Label": "HQ", "Address": "1 Main St",
    }  # fmt: skip
    assert "Label" not in more({"location": {"latitude": 0, "longitude": 0}})


@pytest.mark.parametrize(
    ("kind", "found"),
    [
        ("button", {"text": "Yes", "payload": "yes-1"}),
        ("interactive", {"button_reply": {"id": "yes-1", "title": "Yes"}}),
        ("interactive", {"list_reply": {"id": "yes-1", "title": "Yes", "description": "…"}}),
    ],
)
def test_a_choice_is_told_as_a_button(kind: str, found: dict[str, Any]) -> None:
    assert more({kind: found}) == {
        "Body": "Yes", "MessageType": kind, "ButtonText": "Yes", "ButtonPayload": "yes-1",
    }  # fmt: skip
    assert more({kind: found}, body="Mine")["Body"] == "Mine"


def test_what_is_answered_or_forwarded_is_told() -> None:
    ours = {"id": "ab" * 16, "from": "15017122661", "forwarded": True}
    assert more({"context": ours}, body="x") == {
        "Body": "x", "MessageType": "text", "OriginalRepliedMessageSid": "SM" + "ab" * 16,
        "OriginalRepliedMessageSender": "whatsapp:+15017122661", "Forwarded": "true",
    }  # fmt: skip
    assert more({"context": {"id": "wamid.x"}})["OriginalRepliedMessageSid"] == "wamid.x"


def test_a_flow_and_an_advertisement_are_told() -> None:
    found = more({"interactive": {"nfm_reply": {"response_json": '{"a": 1}'}}})
    assert found["InteractiveData"] == '{"a": 1}'
    found = more({"referral": {"source_url": "https://example.com/ad", "headline": "H"}})
    assert (found["ReferralSourceUrl"], found["ReferralHeadline"]) == (
        "https://example.com/ad",
        "H",
    )


@pytest.mark.parametrize(
    "content",
    [{"location": None}, {"context": "x"}, {"button": ["x"]}, {"interactive": {"button_reply": 1}}],
)
def test_what_makes_no_sense_is_left_out(content: dict[str, Any]) -> None:
    assert set(more(content)) == {"Body", "MessageType"}


def test_an_opt_out_says_so() -> None:
    assert form(inbound(Channel.SMS, content={"opt_out": "stop"}))["OptOutType"] == "STOP"
    assert "OptOutType" not in form(inbound(Channel.SMS))


def test_a_pool_is_named() -> None:
    assert form(inbound(service="0a" * 16))["MessagingServiceSid"] == "MG" + "0a" * 16


def test_media_are_where_the_caller_says() -> None:
    found = form(inbound(media=("https://carrier.example/1",)), [("https://here/1", "image/png")])
    assert (found["MediaUrl0"], found["MediaContentType0"]) == ("https://here/1", "image/png")
    assert found["NumMedia"] == "1"


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("+14155550100", "US"), ("+15558675310", "US"), ("+447700900123", "GB"), ("12345", ""),
        ("ACME", ""), ("", ""), ("+80012345678", ""),
    ],
)  # fmt: skip
def test_the_country_is_that_of_the_number(address: str, code: str) -> None:
    assert country(address) == code


_JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(_NAMES, inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(_NAMES, _JSON, max_size=4))
def test_whatever_a_carrier_tells_can_be_told(content: dict[str, Any]) -> None:
    found = more(content)
    assert all(isinstance(value, str) for value in found.values())
