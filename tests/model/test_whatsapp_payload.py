"""Messages of any door as the Cloud API takes them, and what people write there."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from estafette.model import Channel, Direction, Message, Status
from estafette.model.whatsapp import Unsaid, files, hear, payload, read, shown
from tests.model.test_whatsapp_said import JSON, spoiled

NOW = datetime(2026, 3, 1, tzinfo=UTC)
LINK = "https://example.com/a"


def message(body: str = "", media: tuple[str, ...] = (), **content: Any) -> Message:
    return Message(
        id="0" * 32,
        account="AC",
        lane="",
        channel=Channel.WHATSAPP,
        direction=Direction.API,
        sender="+15550783881",
        recipient="+16505550101",
        body=body,
        media=media,
        segments=1,
        status=Status.QUEUED,
        ref="",
        reason=None,
        code="",
        text="",
        callback_url="",
        redacted=False,
        created_at=NOW,
        updated_at=NOW,
        sent_at=None,
        expires_at=NOW,
        content=content,
    )


@pytest.mark.parametrize(
    ("said", "kind", "part"),
    [
        (message("Hi"), "text", {"body": "Hi"}),
        (message("Hi", preview_url=True), "text", {"body": "Hi", "preview_url": True}),
        (message("Look", (LINK,)), "image", {"link": LINK, "caption": "Look"}),
        (message("", (f"{LINK}.MP3?x=1",)), "audio", {"link": f"{LINK}.MP3?x=1"}),
        (message("a", (f"{LINK}.ogg",)), "audio", {"link": f"{LINK}.ogg"}),
        (message("", (f"{LINK}.mp4",)), "video", {"link": f"{LINK}.mp4"}),
        (message("", (f"{LINK}.webp",)), "sticker", {"link": f"{LINK}.webp"}),
        (message("a", (f"{LINK}.webp",)), "image", {"link": f"{LINK}.webp", "caption": "a"}),
        (message("", (f"{LINK}.pdf",)), "document", {"link": f"{LINK}.pdf"}),
        (message("", ("https://example.com",)), "image", {"link": "https://example.com"}),
        (
            message("a", (LINK,), kind="document", filename="a.pdf"),
            "document",
            {"link": LINK, "caption": "a", "filename": "a.pdf"},
        ),
        (message("", ("upload:1",), kind="video"), "video", {"id": "upload:1"}),
        (
            message("Hi", template={"name": "a", "language": "en", "kind": "text", "values": ["1"]}),
            "template",
            {
                "name": "a",
                "language": {"code": "en"},
                "components": [{"type": "body", "parameters": [{"type": "text", "text": "1"}]}],
            },
        ),
        (
            message(
                "Hi",
                (LINK,),
                template={"name": "a", "language": "en", "kind": "image", "variables": {"who": "A"}},
            ),
            "template",
            {
                "name": "a",
                "language": {"code": "en"},
                "components": [
                    {"type": "header", "parameters": [{"type": "image", "image": {"link": LINK}}]},
                    {
                        "type": "body",
                        "parameters": [{"type": "text", "parameter_name": "who", "text": "A"}],
                    },
                ],
            },
        ),
        (
            message("Hi", template={"name": "a", "language": "en", "kind": "text", "values": []}),
            "template",
            {"name": "a", "language": {"code": "en"}},
        ),
        (
            message(
                template={"name": "a", "language": {"code": "en"}, "components": [{"type": "body"}]},
                type="template",
            ),
            "template",
            {"name": "a", "language": {"code": "en"}, "components": [{"type": "body"}]},
        ),
    ],
)  # fmt: skip
def test_a_message_of_any_door_has_its_object(said: Message, kind: str, part: Any) -> None:
    assert payload(said) == {"type": kind, kind: part}
    assert shown(said) == kind


def test_what_was_asked_for_as_an_object_is_sent_as_it_was() -> None:
    spot = {"latitude": "1.5", "longitude": 2, "name": "Cafe"}
    said = read("location", spot)
    assert payload(message(said.body, said.media, **said.content)) == {
        "type": "location",
        "location": spot,
    }


def test_every_file_of_a_message_is_found() -> None:
    header = {"type": "image", "image": {"id": "1"}}
    card = {"header": header, "action": {"name": "a"}}
    carousel = {"type": "carousel", "body": {"text": "a"}, "action": {"cards": [card, card]}}
    assert [*files(read("interactive", carousel).content)] == [{"id": "1"}] * 2
    assert [*files(read("video", {"link": LINK}).content)] == [{"link": LINK}]
    components = [{"type": "header", "parameters": [{"type": "video", "video": {"id": "2"}}]}]
    whole = {"name": "a", "language": {"code": "en"}, "components": components}
    assert [*files(read("template", whole).content)] == [{"id": "2"}]
    assert [*files({})] == [*files(read("location", {"latitude": 1, "longitude": 2}).content)] == []


REPLY = {"id": "yes", "title": "Yes"}
FORM = {"name": "flow", "body": "Sent", "response_json": '{"a": 1}'}

#: Kind, object, and the text and the kept object of what somebody wrote.
HEARD: list[tuple[str, Any, str, Any]] = [
    ("image", {"id": "1", "mime_type": "image/png", "caption": "Look"}, "Look", ...),
    ("sticker", {"id": "1", "animated": True}, "", ...),
    ("audio", {"id": "1", "voice": True}, "", ...),
    ("location", {"latitude": 48.8, "longitude": 2.3}, "", ...),
    ("contacts", [{"name": {"formatted_name": "Ada"}}], "", ...),
    ("reaction", {"message_id": "w", "emoji": "👍"}, "👍", ...),
    ("reaction", {"message_id": "w", "emoji": ""}, "", {"message_id": "w"}),
    ("interactive", {"type": "button_reply", "button_reply": REPLY}, "Yes", ...),
    ("interactive", {"type": "list_reply", "list_reply": REPLY}, "Yes", ...),
    ("interactive", {"type": "nfm_reply", "nfm_reply": FORM}, "Sent", ...),
    ("interactive", {"type": "call_permission_reply", "call_permission_reply": {"response": "accept"}}, "", ...),
    ("button", {"payload": "p", "text": "Unsubscribe"}, "Unsubscribe", ...),
    ("order", {"catalog_id": "1", "text": "Thanks", "product_items": [{"product_retailer_id": "2"}]}, "Thanks", ...),
    ("system", {"body": "Moved", "type": "user_changed_number"}, "Moved", ...),
    ("edit", {"original_message_id": "w", "message": {"type": "text", "text": {"body": "New"}}}, "New", ...),
    ("revoke", {"original_message_id": "w"}, "", ...),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "value", "body", "kept"), HEARD)
def test_what_people_write(kind: str, value: Any, body: str, kept: Any) -> None:
    heard = hear(kind.upper(), value)
    assert (heard.body, heard.media) == (body, ())
    assert heard.content == {"type": kind, kind: value if kept is ... else kept}


def test_a_file_that_is_heard_is_at_its_url() -> None:
    heard = hear("image", {"url": LINK, "mime_type": "image/PNG; a=b", "id": "1"}, body="Look")
    assert (heard.body, heard.media) == ("Look", (LINK,))
    assert heard.content["image"] == {"mime_type": "image/PNG; a=b", "id": "1"}
    assert heard.content["media_types"] == ["image/png"]


def test_what_comes_beside() -> None:
    errors = [{"code": 131052, "title": "Too large"}]
    context = {"id": "w", "forwarded": True}
    heard = hear("unsupported", None, beside={"errors": errors, "context": context, "group_id": ""})
    assert heard.content == {"type": "unsupported", "errors": errors, "context": context}
    assert hear("text", {"body": "Hi"}).content == {}


def test_what_cannot_be_shown_says_why() -> None:
    for value in (None, {"type": "poll"}):
        assert hear("unsupported", value).content["errors"][0]["code"] == 131051


def test_what_a_form_was_filled_in_with_is_json_in_a_text() -> None:
    heard = hear("interactive", {"type": "nfm_reply", "nfm_reply": {"response_json": {"a": 1}}})
    assert heard.content["interactive"]["nfm_reply"] == {"response_json": '{"a":1}'}


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(HEARD), st.lists(st.integers(0, 9), max_size=5), JSON)
def test_whatever_is_wrong_in_what_is_heard_is_told(
    heard: tuple[str, Any, str, Any], path: list[int], junk: Any
) -> None:
    kind, value, *_ = heard
    try:
        found = hear(kind, spoiled(value, path, junk), beside={"context": junk})
    except Unsaid:
        return
    json.dumps(found.content).encode()
    found.body.encode()


@pytest.mark.parametrize(
    ("kind", "value", "field"),
    [
        ("poll", {}, "type"),
        ("text", None, "body"),
        ("image", None, "image"),
        ("image", "x", "image"),
        ("image", {"url": "a"}, "image.url"),
        ("location", {"latitude": 1}, "location.longitude"),
        ("location", {"latitude": 1, "longitude": 181}, "location.longitude"),
        ("contacts", [{}], "contacts[0].name"),
        ("reaction", {}, "reaction.message_id"),
        ("interactive", {"type": "button"}, "interactive.type"),
        ("interactive", {"type": "list_reply"}, "interactive.list_reply"),
        ("interactive", {"type": "nfm_reply", "nfm_reply": {"response_json": [1]}}, "interactive.nfm_reply.response_json"),
        ("button", {"a": "p"}, "button.text"),
        ("edit", {"original_message_id": "w"}, "edit.message"),
        ("edit", {"original_message_id": "w", "message": {"type": "poll"}}, "edit.message.type"),
        ("revoke", {"id": "w"}, "revoke.original_message_id"),
    ],
)  # fmt: skip
def test_what_nobody_writes(kind: str, value: Any, field: str) -> None:
    with pytest.raises(Unsaid) as told:
        hear(kind, value)
    assert told.value.field == field
