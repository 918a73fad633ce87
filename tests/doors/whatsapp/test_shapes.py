"""Updates of what other carriers brought, of several files, and of what is odd: without a server."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from estafette.doors.whatsapp.notices import body_of
from estafette.model import (
    Callback,
    CallbackStatus,
    Channel,
    Direction,
    MediaItem,
    Message,
    Reason,
    Status,
)
from estafette.model.contact import Card, Contact
from estafette.model.ids import digits, read_id, wamid

NOON = datetime(2026, 5, 4, 12, 0, 0, 900_000, tzinfo=UTC)
ID, PERSON, OURS = "01890a5d8f6c4a7e9b3c2d1e0f4a5b6c", "+14155550161", "+15550783881"
ME = "US.13491208655302741918"


def message(**parts: Any) -> Message:
    known = {
        "id": ID, "account": "AC" + "1" * 32, "lane": "L", "channel": Channel.WHATSAPP,
        "direction": Direction.INBOUND, "sender": PERSON, "recipient": OURS, "body": "", "media": (),
        "segments": 1, "status": Status.RECEIVED, "ref": "", "reason": None, "code": "", "text": "",
        "callback_url": "", "redacted": False, "created_at": NOON, "updated_at": NOON,
        "sent_at": NOON, "expires_at": NOON,
    }  # fmt: skip
    return Message(**{**known, **parts})


def sent(**parts: Any) -> Message:
    return message(**{"direction": Direction.API, "sender": OURS, "recipient": PERSON, **parts})


def callback(said: Status = Status.RECEIVED, facts: Any = None, **parts: Any) -> Callback:
    contact = Contact(
        id="c", account="a", channel=Channel.WHATSAPP, address=PERSON, name="Ada", user_id=ME,
        created_at=NOON, updated_at=NOON,
    )  # fmt: skip
    known = {
        "message": ID, "said": said, "account": "a", "door": "whatsapp", "url": "", "reason": None,
        "code": "", "text": "", "created_at": NOON, "told": CallbackStatus.WAITING, "due_at": None,
        "tries": 1, "answer": "", "closed_at": None, "card": Card(contact=contact),
        "facts": {"waba": "10", "phone_id": "20", **(facts or {})},
    }  # fmt: skip
    return Callback(**{**known, **parts})


def item(number: int, content_type: str, **parts: Any) -> MediaItem:
    known = {
        "id": f"{number:032x}", "account": "a", "message": ID, "number": number, "url": "",
        "size": 4, "place": "p", "created_at": NOON, "updated_at": NOON, "sha256": "ab" * 32,
    }  # fmt: skip
    return MediaItem(content_type=content_type, **{**known, **parts})


def told(about: Message, by: Callback | None = None) -> Any:
    """The value of the update."""
    body = json.loads(body_of(by or callback(), about))
    assert body["entry"][0]["id"] == "10"
    found = body["entry"][0]["changes"][0]["value"]
    assert found["metadata"] == {"display_phone_number": OURS[1:], "phone_number_id": "20"}
    return found


def heard(**parts: Any) -> dict[str, Any]:
    """The one message of an update, without what all have."""
    (found,) = told(message(**parts))["messages"]
    usual = {"from": PERSON[1:], "from_user_id": ME, "id": wamid(ID), "timestamp": "1777896000"}
    assert {name: found.pop(name) for name in usual} == usual
    return dict(found)


def test_what_another_carrier_brings_has_its_kind_by_its_object() -> None:
    place = {"latitude": 1.5, "longitude": 2.5}
    assert heard(content={"location": place}) == {"type": "location", "location": place}
    button = {"payload": "P", "text": "T"}
    assert heard(body="T", content={"button": button}) == {"type": "button", "button": button}
    assert heard(body="Hi", content={"media_types": []}) == {"type": "text", "text": {"body": "Hi"}}


@pytest.mark.parametrize(
    ("content_type", "kind"),
    [
        ("image/jpeg", "image"), ("image/webp", "sticker"), ("audio/ogg", "audio"),
        ("video/mp4", "video"), ("application/pdf", "document"), ("text/vcard", "document"),
    ],
)  # fmt: skip
def test_a_file_of_another_carrier_goes_by_its_type(content_type: str, kind: str) -> None:
    by = callback(facts={"media": {0: item(0, content_type)}})
    (found,) = told(message(media=("https://x.example/1",), body="Cap"), by)["messages"]
    assert found["type"] == kind
    part = found[kind]
    assert (part["mime_type"], part["url"], part["caption"]) == (
        content_type, "https://x.example/1", "Cap",
    )  # fmt: skip
    assert part["id"] == digits("0" * 32)


def test_each_of_several_files_is_a_message_of_the_same_update() -> None:
    by = callback(facts={"media": {0: item(0, "image/png"), 2: item(2, "audio/ogg")}})
    about = message(media=("https://x/0", "https://x/1", "https://x/2"))
    found = told(about, by)["messages"]
    assert [one["type"] for one in found] == ["image", "unsupported", "audio"]
    ids = [one["id"] for one in found]
    assert len(set(ids)) == 3
    assert ids[0] == wamid(ID)
    assert {read_id(id) for id in ids} == {ID}


def test_what_its_carrier_said_of_a_file_is_kept() -> None:
    said = {
        "mime_type": "audio/ogg; codecs=opus",
        "voice": True,
        "id": "theirs",
        "sha256": "theirs",
    }
    by = callback(facts={"media": {0: item(1, "audio/ogg")}})
    (found,) = told(message(media=("u",), content={"type": "audio", "audio": said}), by)["messages"]
    assert (found["audio"]["mime_type"], found["audio"]["voice"]) == (said["mime_type"], True)
    assert found["audio"]["id"] == digits(f"{1:032x}")
    said = {"mime_type": "image/png"}
    (found,) = told(message(media=("u",), content={"type": "audio", "audio": said}), by)["messages"]
    assert found["audio"]["mime_type"] == "audio/ogg"


def test_an_edited_picture_has_its_file_inside() -> None:
    edit = {
        "original_message_id": "wamid.X",
        "message": {"type": "image", "image": {"id": "theirs"}},
    }
    by = callback(facts={"media": {0: item(1, "image/png")}})
    content = {"type": "edit", "edit": edit}
    (found,) = told(message(media=("u",), body="New", content=content), by)["messages"]
    assert (found["type"], found["edit"]["original_message_id"]) == ("edit", "wamid.X")
    inner = found["edit"]["message"]
    assert (inner["type"], inner["image"]["url"], inner["image"]["caption"]) == (
        "image",
        "u",
        "New",
    )


def test_what_is_forgotten_or_hidden_is_not_told() -> None:
    assert heard(redacted=True) == {"type": "text", "text": {"body": ""}}
    found = told(message(sender=ME, content={"user_id": ME, "username": "ada.e", "name": "Ada E"}))
    profile = {"name": "Ada E", "username": "ada.e"}
    assert found["contacts"] == [{"profile": profile, "user_id": ME}]
    assert "from" not in found["messages"][0]
    status = told(sent(recipient=ME), callback(Status.SENT))["statuses"][0]
    assert ("recipient_id" in status, status["recipient_user_id"]) == (False, ME)


def test_what_cannot_be_shown_says_why() -> None:
    found = heard(content={"type": "unsupported"})
    assert (found["type"], found["errors"][0]["code"]) == ("unsupported", 131051)
    found = heard(content={"type": "video", "video": {"caption": "No file"}})
    assert (found["unsupported"], found["errors"][0]["code"]) == ({"type": "video"}, 131052)


def test_what_nobody_is_told_of_has_no_words() -> None:
    for status in (Status.CANCELED, Status.QUEUED, Status.SENDING, Status.SCHEDULED):
        assert body_of(callback(status), sent()) == b""


@pytest.mark.parametrize(
    ("code", "reason", "text", "shown"),
    [
        ("131047", Reason.OUTSIDE_WINDOW, "too late", (131047, "too late")),
        ("30007", Reason.BLOCKED, "", (131026, "blocked (30007)")),
        ("", Reason.EXPIRED, "", (131000, "expired")),
        ("", None, "", (131000, "Something went wrong")),
        ("nonsense", Reason.BAD_MEDIA, "404", (131053, "404")),
    ],
)
def test_failures_have_codes(code: str, reason: Any, text: str, shown: tuple[int, str]) -> None:
    for status in (Status.FAILED, Status.UNDELIVERED):
        by = callback(status, code=code, reason=reason, text=text)
        (found,) = told(sent(), by)["statuses"]
        (error,) = found["errors"]
        assert found["status"] == "failed"
        assert (error["code"], error["error_data"]["details"]) == shown


def test_what_was_asked_for_is_said_again() -> None:
    content = {"tracker": "t", "identity": "hash", "recipient_type": "group"}
    by = callback(Status.DELIVERED, {"category": "authentication"})
    (found,) = told(sent(recipient="R1JPVVA=", content=content), by)["statuses"]
    assert found["biz_opaque_callback_data"] == "t"
    assert found["recipient_identity_key_hash"] == "hash"
    assert (found["recipient_id"], found["recipient_type"]) == ("R1JPVVA=", "group")
    assert found["recipient_participant_user_id"] == ME
    assert found["pricing"]["billable"]
    (found,) = told(sent(), callback(Status.READ))["statuses"]
    assert "pricing" not in found
    assert "conversation" not in found


_any = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
_NAMES = (
    "type",
    "context",
    "name",
    "username",
    "user_id",
    "edit",
    "errors",
    "image",
    "system",
    "tracker",
)


@settings(max_examples=60, deadline=None)
@given(
    content=st.dictionaries(st.sampled_from(_NAMES) | st.text(), _any, max_size=4),
    files=st.booleans(),
)
def test_whatever_a_message_has_it_is_told(content: dict[str, Any], files: bool) -> None:
    by = callback(facts={"media": {0: item(0, "image/png")}})
    assert json.loads(body_of(by, message(content=content, media=("u",) if files else ())))
    assert json.loads(body_of(callback(Status.FAILED), sent(content=content)))
