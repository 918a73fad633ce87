"""pywa, as its users write it, pointed here: it sends every kind of message that it has."""

from collections.abc import Callable
from typing import Any

import pytest
from pywa import WhatsApp
from pywa.errors import (
    ExpiredAccessToken,
    InvalidParameter,
    ReEngagementMessage,
    TemplateNotExists,
    WhatsAppError,
)
from pywa.types import (
    Button,
    CallPermissionRequestButton,
    Contact,
    ContactInfoRequestButton,
    FlowButton,
    ImageCarouselCard,
    ProductsSection,
    Section,
    SectionList,
    SectionRow,
    URLButton,
    VoiceCallButton,
)
from pywa.types.templates import BodyText, HeaderImage, TemplateLanguage

from tests.conftest import Server
from tests.doors.own.conftest import Own
from tests.doors.whatsapp.conftest import pywa_of
from tests.doors.whatsapp.said import EARLIER, FILE, LINK, TO

Sends = Callable[[WhatsApp], Any]

_TEAS = SectionList("See all", [Section("Hot", [SectionRow("Assam", "a", "with milk")])])
_CARDS = [
    ImageCarouselCard(
        body=f"Pot {at}",
        image=f"{LINK}.jpg",
        buttons=URLButton("To the shop", "https://shop.example"),
    )
    for at in (1, 2)
]
_BUTTONS: dict[str, Any] = {
    "button": [Button("Tea", "tea"), Button("Milk", "milk")],
    "list": _TEAS,
    "cta_url": URLButton("To the shop", "https://shop.example"),
    "flow": FlowButton(
        "Begin",
        flow_id=FILE,
        flow_token="table-7",
        flow_action_type="navigate",  # type: ignore[arg-type] # as its enumeration has it
        flow_action_screen="TEAS",
    ),
    "voice_call": VoiceCallButton("Call us"),
    "call_permission_request": CallPermissionRequestButton(),
    "request_contact_info": ContactInfoRequestButton(),
}

#: Each of its ways to send, by the type that the message has here.
SENDS: list[tuple[str, Sends]] = [
    ("audio", lambda wa: wa.send_audio(TO, f"{LINK}.mp3")),
    ("audio", lambda wa: wa.send_voice(TO, f"{LINK}.ogg")),
    ("document", lambda wa: wa.send_document(TO, f"{LINK}.pdf", filename="b.pdf", caption="Bill")),
    ("image", lambda wa: wa.send_image(TO, f"{LINK}.png", caption="The kettle")),
    ("sticker", lambda wa: wa.send_sticker(TO, FILE)),
    ("video", lambda wa: wa.send_video(TO, f"{LINK}.mp4")),
    ("location", lambda wa: wa.send_location(TO, 41.4901, -71.3128, "The Quay", "7 Harbour Road")),
    (
        "contacts",
        lambda wa: wa.send_contact(
            TO,
            Contact(
                Contact.Name("Grace H", first_name="Grace"),
                phones=[Contact.Phone("+16505550143", "WORK", "16505550143")],
            ),
        ),
    ),
    ("reaction", lambda wa: wa.send_reaction(TO, "\N{HOT BEVERAGE}", EARLIER)),
    ("reaction", lambda wa: wa.remove_reaction(TO, EARLIER)),
    ("interactive.location_request_message", lambda wa: wa.request_location(TO, "Where are you?")),
    ("interactive.product", lambda wa: wa.send_product(TO, FILE, "assam-250", "Yours")),
    (
        "interactive.product_list",
        lambda wa: wa.send_products(
            TO, FILE, [ProductsSection("Teas", ["assam-250", "bohea-250"])], "Ours", "Take one"
        ),
    ),
    ("interactive.catalog_message", lambda wa: wa.send_catalog(TO, "All of ours")),
    ("interactive.carousel", lambda wa: wa.send_carousel(TO, body="Ours", cards=_CARDS)),
    *(
        (
            f"interactive.{type}",
            lambda wa, shown=shown: wa.send_message(TO, "Which one?", buttons=shown),
        )
        for type, shown in _BUTTONS.items()
    ),
    (
        "interactive.button",
        lambda wa: wa.send_image(TO, f"{LINK}.png", "The kettle", buttons=_BUTTONS["button"]),
    ),
]


@pytest.mark.parametrize(("type", "send"), SENDS)
def test_it_sends_every_kind(type: str, send: Sends, pywa_client: WhatsApp, own: Own) -> None:
    sent = send(pywa_client)
    assert (sent.input, sent.chat.id) == (TO, TO[1:])
    content = own.get(f"/messages/{sent.id}")["content"]
    kind, _, form = type.partition(".")
    assert content["type"] == kind
    assert not form or content[kind]["type"] == form


def test_it_sends_text_with_all_that_goes_with_it(pywa_client: WhatsApp, own: Own) -> None:
    first = pywa_client.send_message(TO, "Tea is ready")
    sent = pywa_client.send_message(
        TO,
        "See https://shop.example/7",
        preview_url=True,
        reply_to_message_id=first.id,
        tracker="table-7",
        identity_key_hash="a1b2",
    )
    found = own.get(f"/messages/{sent.id}")
    assert found["body"] == "See https://shop.example/7"
    content = found["content"]
    assert content["context"]["message_id"] == first.id
    assert (content["preview_url"], content["tracker"]) == (True, "table-7")


def test_it_sends_templates(pywa_client: WhatsApp, own: Own) -> None:
    plain = pywa_client.send_template(TO, "hello_world", TemplateLanguage.ENGLISH_US)
    assert plain.status == "accepted"
    filled = pywa_client.send_template(
        TO, "hello_name", TemplateLanguage.ENGLISH, [BodyText.params("Grace")]
    )
    assert own.get(f"/messages/{filled.id}")["body"].startswith("Hello Grace")
    params = [HeaderImage.params(image=f"{LINK}.png"), BodyText.params("Grace", "7")]
    for is_marketing in (False, True):
        sent = pywa_client.send_template(
            TO,
            "order_ready_held",
            TemplateLanguage.ENGLISH_US,
            params,
            use_mm_lite_api=is_marketing,
        )
        assert sent.status == "held_for_quality_assessment"


def test_it_writes_to_who_has_no_number(pywa_client: WhatsApp) -> None:
    sent = pywa_client.send_message("US.1906120919920101", "Tea is ready")
    assert sent.input == "US.1906120919920101"


def test_it_shows_that_messages_were_read(pywa_client: WhatsApp) -> None:
    assert pywa_client.mark_message_as_read(EARLIER)
    assert pywa_client.indicate_typing(EARLIER)


@pytest.mark.parametrize(
    ("send", "error", "code"),
    [
        (lambda wa: wa.send_message(TO, "x" * 4097), InvalidParameter, 131009),
        (lambda wa: wa.send_message("12", "Hello"), InvalidParameter, 131009),
        (
            lambda wa: wa.send_template(TO, "nobodys", TemplateLanguage.ENGLISH, []),
            TemplateNotExists,
            132001,
        ),
        (lambda wa: wa.send_message("+16501131047", "Hello"), ReEngagementMessage, 131047),
        (lambda wa: wa.send_message(TO, "Hello", sender="1"), WhatsAppError, 100),
    ],
)
def test_it_raises_what_an_error_stands_for(
    send: Sends, error: type[WhatsAppError], code: int, pywa_client: WhatsApp
) -> None:
    with pytest.raises(error) as caught:
        send(pywa_client)
    assert caught.value.code == code


def test_it_knows_a_token_that_opens_nothing(server: Server) -> None:
    with pytest.raises(ExpiredAccessToken) as caught:
        pywa_of(server, "EAAnobodys").send_message(TO, "Hello")
    assert (caught.value.code, caught.value.status_code) == (190, 401)
