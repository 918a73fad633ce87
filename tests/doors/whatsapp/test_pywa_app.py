"""A real program on pywa hears what happens here: what people write, by its kinds, and statuses."""

from collections.abc import Iterator
from typing import Any

import pytest
from httpx import Client
from pywa.types import MessageStatusType
from pywa.types.message_status import PricingCategory

from estafette.model.ids import wamid
from tests.conftest import AUTH_TOKEN, Server
from tests.doors.own.conftest import Own
from tests.doors.twilio.conftest import new_number
from tests.doors.whatsapp.conftest import PHONE, SENDER, WABA, Api, ToGateway, pywa_of
from tests.doors.whatsapp.listening import VERIFY_TOKEN, Listener, listening
from tests.patience import until
from tests.pictures import Pictures, showing

PERSON = "+14155550161"
HIDDEN = "US.13491208655302741918"


@pytest.fixture(scope="module")
def app(server: Server, token: str) -> Iterator[Listener]:
    """A program that is told of the first account's number, configured through our own API."""
    with listening(
        PHONE, token, AUTH_TOKEN, session=Client(transport=ToGateway(server.url))
    ) as found:
        asked = {"url": found.url, "format": "whatsapp", "sender": PHONE}
        made = Own(server).post("/webhooks", {**asked, "verify_token": VERIFY_TOKEN})
        yield found
        Own(server).call("DELETE", f"/webhooks/{made['id']}")


@pytest.fixture(scope="module")
def pictures() -> Iterator[Pictures]:
    with showing() as found:
        yield found


def write(own: Own, **said: Any) -> str:
    """A person writes; the id of it."""
    asked = {"channel": "whatsapp", "from": PERSON, "to": SENDER, "name": "Ada Example", **said}
    return wamid(own.post("/sandbox/inbound", asked)["id"])


def heard(app: Listener, own: Own, kind: str = "message", **said: Any) -> Any:
    """What a handler of a kind is called with when a person writes."""
    id = write(own, **said)
    return app.wait(kind, lambda update: update.id == id)


def test_a_text_reaches_its_handler_with_who_wrote_it(app: Listener, own: Own) -> None:
    message = heard(app, own, body="Is it open today?")
    assert (message.type, message.text) == ("text", "Is it open today?")
    user = message.from_user
    assert (user.name, user.wa_id, user.country_code) == ("Ada Example", PERSON[1:], "US")
    assert user.bsuid == heard(app, own, body="And now?").from_user.bsuid
    assert (message.waba_id, message.metadata.phone_number_id) == (WABA, PHONE)
    assert message.metadata.display_phone_number == SENDER[1:]


@pytest.mark.parametrize(
    ("kind", "asked", "shown"),
    [
        ("image", {"type": "image/png"}, {"mime_type": "image/png"}),
        ("video", {"type": "video/mp4", "begins": "v"}, {"mime_type": "video/mp4"}),
        (
            "audio",
            {"type": "audio/ogg", "begins": "OggS"},
            {"mime_type": "audio/ogg", "voice": True},
        ),
        ("document", {"type": "application/pdf", "begins": "%PDF"}, {"filename": "receipt.pdf"}),
        ("sticker", {"type": "image/webp", "begins": "RIFF"}, {"animated": False}),
    ],
)
def test_files_can_be_downloaded(
    app: Listener, own: Own, pictures: Pictures, kind: str, asked: Any, shown: Any
) -> None:
    part = {name: value for name, value in shown.items() if name != "mime_type"}
    url = pictures.url(size=2000, **asked)
    message = heard(app, own, type=kind, media=[url], body="Here", **({kind: part} if part else {}))
    file = getattr(message, kind)
    assert message.type == kind
    for name, value in shown.items():
        assert getattr(file, name) == value
    content = file.get_bytes()
    assert len(content) == 2000
    assert file.sha256
    assert file.id.isdigit()


def test_what_cannot_be_fetched_is_unsupported(app: Listener, own: Own, pictures: Pictures) -> None:
    message = heard(app, own, type="image", media=[pictures.url(status=404)])
    assert message.type == "unsupported"
    assert message.error.code == 131052


def test_places_cards_orders_and_what_comes_from_ads(app: Listener, own: Own) -> None:
    place = {"latitude": 48.8566, "longitude": 2.3522, "name": "Cafe"}
    message = heard(app, own, type="location", location=place)
    assert (message.location.latitude, message.location.name) == (48.8566, "Cafe")
    card = {"name": {"formatted_name": "Ada Example"}, "phones": [{"phone": "+14155550162"}]}
    message = heard(app, own, type="contacts", contacts=[card])
    assert message.contacts[0].name.formatted_name == "Ada Example"
    item = {"product_retailer_id": "sku-1", "quantity": 2, "item_price": 30, "currency": "USD"}
    order = {"catalog_id": "4", "text": "Thanks", "product_items": [item]}
    assert heard(app, own, type="order", order=order).order.products[0].sku == "sku-1"
    message = heard(app, own, body="Tell me", referral={"source_id": "5", "headline": "Ad"})
    assert message.referral.headline == "Ad"


def test_answers_name_our_messages(app: Listener, own: Own, api: Api) -> None:
    write(own, body="Hello")
    sent = api.send(PERSON).wamid
    context = {"id": sent}
    message = heard(app, own, body="Yes please", context=context)
    assert (message.reply_to_message.id, message.reply_to_message.from_user_id) == (
        sent,
        SENDER[1:],
    )
    reaction = {"message_id": sent, "emoji": "👍"}
    message = heard(app, own, type="reaction", reaction=reaction)
    assert (message.reaction.message_id, message.reaction.emoji) == (sent, "👍")
    message = heard(app, own, type="reaction", reaction={"message_id": sent})
    assert message.reaction.is_removed
    reply = {"type": "button_reply", "button_reply": {"id": "b1", "title": "Yes"}}
    press = heard(
        app, own, "callback_button", type="interactive", interactive=reply, context=context
    )
    assert (press.data, press.title, press.reply_to_message.id) == ("b1", "Yes", sent)
    reply = {"type": "list_reply", "list_reply": {"id": "r1", "title": "One", "description": "Two"}}
    kind = "callback_selection"
    choice = heard(app, own, kind, type="interactive", interactive=reply, context=context)
    assert (choice.data, choice.description, choice.reply_to_message.id) == ("r1", "Two", sent)
    form = {"name": "flow", "body": "Sent", "response_json": '{"flow_token": "t", "a": "x"}'}
    reply = {"type": "nfm_reply", "nfm_reply": form}
    kind = "flow_completion"
    done = heard(app, own, kind, type="interactive", interactive=reply, context=context)
    assert (done.token, done.response["a"]) == ("t", "x")
    quick = {"payload": "STOPPED", "text": "Unsubscribe me"}
    press = heard(app, own, "callback_button", type="button", button=quick, context=context)
    assert (press.data, press.title) == ("STOPPED", "Unsubscribe me")


def test_what_is_edited_or_taken_back_names_what_was_written(app: Listener, own: Own) -> None:
    first = write(own, body="Helo")
    now = {"type": "text", "text": {"body": "Hello"}, "context": {"id": "M0"}}
    edit = {"original_message_id": first, "message": now}
    edited = heard(app, own, "edited_message", type="edit", edit=edit)
    assert (edited.original_message_id, edited.message.text) == (first, "Hello")
    gone = heard(app, own, "deleted_message", type="revoke", revoke={"original_message_id": first})
    assert gone.original_message_id == first


def test_groups_and_numbers_that_changed(app: Listener, own: Own) -> None:
    message = heard(app, own, body="Hi all", group_id="R1JPVVA=")
    assert (message.chat.id, message.chat.type) == ("R1JPVVA=", "GROUP")
    system = {
        "type": "user_changed_number", "body": "A changed", "wa_id": "14155550169", "user_id": HIDDEN,
    }  # fmt: skip
    change = heard(app, own, "phone_number_change", type="system", system=system)
    assert (change.old_wa_id, change.new_wa_id) == (PERSON[1:], "14155550169")


def test_who_hides_their_number_is_heard_and_answered(app: Listener, own: Own, api: Api) -> None:
    message = heard(app, own, body="Hi", **{"from": HIDDEN})
    assert (message.from_user.bsuid, message.from_user.wa_id) == (HIDDEN, None)
    answer = api.send(recipient=HIDDEN)
    status = app.wait("message_status", lambda update: update.id == answer.wamid)
    assert (status.from_user.bsuid, status.from_user.wa_id) == (HIDDEN, None)
    assert answer.json["contacts"][0]["user_id"] == HIDDEN


def test_who_is_known_by_both_is_one_person(app: Listener, own: Own, api: Api) -> None:
    person, name = new_number(), "US.13491208655302741919"
    both = heard(app, own, body="Hi", user_id=name, **{"from": person})
    assert (both.from_user.bsuid, both.from_user.wa_id) == (name, person[1:])
    alone = heard(app, own, body="It is me", **{"from": name})
    assert (alone.from_user.bsuid, alone.from_user.wa_id) == (name, person[1:])
    sent = own.get(f"/messages/{api.send(recipient=name).wamid}")
    assert sent["to"] == person


def test_statuses_come_with_what_the_sender_wanted_to_hear_again(
    app: Listener, own: Own, server: Server, token: str
) -> None:
    person = "+16505550207"  # who reads
    write(own, body="Hello", **{"from": person})
    client = pywa_of(server, token)
    sent = client.send_message(to=person, text="Hello!", tracker="order-42")
    for word in ("SENT", "DELIVERED", "READ"):
        kind = MessageStatusType[word]
        found = app.wait("message_status", lambda u, k=kind: (u.id, u.status) == (sent.id, k))
        assert (found.tracker, found.error, found.from_user.wa_id) == ("order-42", None, person[1:])
        if word == "READ":
            assert found.pricing is None
        else:
            assert found.pricing.category is PricingCategory.SERVICE
            assert not found.pricing.billable


def test_failures_come_with_their_code(app: Listener, api: Api) -> None:
    sent = api.send("+16502131026", biz_opaque_callback_data="t").wamid
    failed = MessageStatusType.FAILED
    found = app.wait("message_status", lambda u: (u.id, u.status) == (sent, failed))
    assert (found.error.code, found.tracker) == (131026, "t")
    assert found.error.message == "Message undeliverable"
    assert found.error.details


def test_what_is_for_a_group_is_told_of_the_group(app: Listener, api: Api) -> None:
    sent = api.send("R1JPVVAtT05F", recipient_type="group").wamid
    found = app.wait("group_message_statuses", lambda u: u.statuses[0].id == sent)
    assert found.group_id == "R1JPVVAtT05F"


def test_what_is_told_twice_is_heard_once(app: Listener, own: Own) -> None:
    """A second POST of the same is the same to the byte: pywa knows it by that."""
    id = write(own, body="Once")
    app.wait("message", lambda update: update.id == id)

    def told_again() -> int:
        """How much was answered before it was told once more; 0 as long as it cannot be."""
        known = len(app.answers)
        again = own.post(f"/callbacks/{id}/replay", status=200)["items"] == ["received"]
        return known if again else 0

    app.wait_answers(until(told_again) + 1)
    later = heard(app, own, body="Twice")
    assert later.text == "Twice"
    assert sum(update.id == id for _, update in app.heard) == 1


def test_who_believes_another_secret_refuses_and_is_told_again(
    own: Own, server: Server, token: str
) -> None:
    with listening(PHONE, token, "not the token") as deaf:
        made = own.post("/webhooks", {"url": deaf.url, "format": "whatsapp", "sender": PHONE})
        write(own, body="Hello")
        assert deaf.wait_answers(1) == [403]
        assert not deaf.raw
        own.call("DELETE", f"/webhooks/{made['id']}")
    with listening(PHONE, token, "a secret of its own") as app:
        asked = {"url": app.url, "format": "whatsapp", "sender": PHONE}
        made = own.post("/webhooks", {**asked, "secret": "a secret of its own"})
        assert heard(app, own, body="Hello").text == "Hello"
        own.call("DELETE", f"/webhooks/{made['id']}")
