"""What can be said on WhatsApp: every kind with its limits, and the forms that clients write."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from estafette.model.whatsapp import KINDS, Unsaid, envelope, files, read

TO = "+16505550101"
LINK = "https://example.com/file"


def interactive(type: str, action: Any, **parts: Any) -> dict[str, Any]:
    return {"type": type, "body": {"text": "Pick"}, "action": action, **parts}


def buttons(count: int, **reply: Any) -> dict[str, Any]:
    listed = [
        {"type": "reply", "reply": {"id": f"b{n}", "title": "Yes"} | reply} for n in range(count)
    ]
    return {"buttons": listed}


def rows(*counts: int, **row: Any) -> dict[str, Any]:
    """The action of a list with so many rows in each section."""
    sections = [
        {"title": f"S{n}", "rows": [{"id": f"{n}-{i}", "title": "R"} | row for i in range(count)]}
        for n, count in enumerate(counts)
    ]
    return {"button": "Menu", "sections": sections}


def flow(**parameters: Any) -> dict[str, Any]:
    given = {"flow_message_version": "3", "flow_id": "1", "flow_cta": "Start", **parameters}
    return {"name": "flow", "parameters": {k: v for k, v in given.items() if v is not None}}


def products(*counts: int) -> dict[str, Any]:
    sections = [
        {"title": f"S{n}", "product_items": [{"product_retailer_id": f"{i}"} for i in range(count)]}
        for n, count in enumerate(counts)
    ]
    return {"catalog_id": "1", "sections": sections}


def cards(count: int, **card: Any) -> dict[str, Any]:
    header = {"type": "image", "image": {"link": LINK}}
    action = {"name": "cta_url", "parameters": {"display_text": "Go", "url": LINK}}
    return {"cards": [{"header": header, "action": action, **card} for _ in range(count)]}


TITLE = {"header": {"type": "text", "text": "Ours"}}
URL = {"display_text": "Go", "url": LINK}
SPOT = {"latitude": 48.86, "longitude": "2.35"}
ADA = {"name": {"formatted_name": "Ada L"}}

#: Kind, object, and the text that other channels show for it.
TAKEN: dict[str, tuple[str, Any, str]] = {
    "a text": ("text", {"body": "Hi"}, "Hi"),
    "the longest text": ("text", {"body": "x" * 4096}, "x" * 4096),
    "a text that is a number": ("text", {"body": 42}, "42"),
    "a picture": ("image", {"link": LINK, "caption": "Look"}, "Look"),
    "a picture that was uploaded": ("image", {"id": 179521148360000}, ""),
    "a picture without a caption": ("image", {"link": LINK, "caption": None, "id": None}, ""),
    "a voice message": ("audio", {"link": LINK, "voice": True}, ""),
    "a document": ("document", {"link": LINK, "filename": "i.pdf", "caption": "x" * 1024}, "x" * 1024),
    "a film": ("video", {"link": LINK}, ""),
    "a sticker": ("sticker", {"id": "1"}, ""),
    "a place": ("location", SPOT, "48.86, 2.35"),
    "a place with a name": ("location", {**SPOT, "name": "Cafe", "address": "Paris"}, "Cafe, Paris"),
    "cards": ("contacts", [ADA, ADA], "Ada L, Ada L"),
    "most cards": ("contacts", [ADA] * 257, ", ".join(["Ada L"] * 257)),
    "cards in a text": ("contacts", json.dumps([ADA]), "Ada L"),
    "a card with nothing in most of it": (
        "contacts", [{**ADA, "birthday": None, "phones": [{"phone": 16505550102}], "urls": []}], "Ada L",
    ),
    "a reaction": ("reaction", {"message_id": "wamid.X", "emoji": "👍"}, "👍"),
    "a reaction that is taken back": ("reaction", {"message_id": "wamid.X", "emoji": ""}, ""),
    "an object in a text": ("location", json.dumps(SPOT), "48.86, 2.35"),
    "buttons": ("interactive", interactive("button", buttons(3, title="x" * 20)), "Pick"),
    "buttons under a picture": (
        "interactive",
        interactive("BUTTON", buttons(1), header={"type": "Image", "image": {"link": LINK}}),
        "Pick",
    ),
    "a list": ("interactive", interactive("list", rows(5, 5)), "Pick"),
    "a list with a long text": (
        "interactive", interactive("list", rows(1), body={"text": "x" * 4096}), "x" * 4096,
    ),
    "an action in a text": ("interactive", interactive("list", json.dumps(rows(1))), "Pick"),
    "a link": ("interactive", interactive("cta_url", {"name": "cta_url", "parameters": URL}), "Pick"),
    "a form": ("interactive", interactive("flow", flow(flow_cta="x" * 30, flow_message_version=3)), "Pick"),
    "a form by its name": ("interactive", interactive("flow", flow(flow_id=None, flow_name="f")), "Pick"),
    "a question where": (
        "interactive", interactive("location_request_message", {"name": "send_location"}), "Pick",
    ),
    "a question for an address": (
        "interactive",
        interactive("address_message", {"name": "address_message", "parameters": {"country": "IN"}}),
        "Pick",
    ),
    "a product": (
        "interactive",
        {"type": "product", "action": {"catalog_id": "1", "product_retailer_id": "2"}},
        "",
    ),
    "products": ("interactive", interactive("product_list", products(15, 15), **TITLE), "Pick"),
    "a catalogue": ("interactive", interactive("catalog_message", {"name": "catalog_message"}), "Pick"),
    "a carousel": (
        "interactive", interactive("carousel", cards(10, body={"text": "x" * 160})), "Pick",
    ),
    "what we do not know": ("interactive", interactive("order_details", {"name": "review_and_pay"}), "Pick"),
    "a template": ("template", {"name": "hello", "language": {"code": "en_US"}}, ""),
}  # fmt: skip


@pytest.mark.parametrize("label", TAKEN)
def test_what_is_said(label: str) -> None:
    kind, value, body = TAKEN[label]
    said = read(kind.upper(), value)
    assert (said.kind, said.body) == (kind, body)
    if kind != "text":
        assert said.content["type"] == kind
    in_text = value if isinstance(value, str) else json.dumps(value)
    assert read(kind, in_text).content == said.content
    # What was read can be read again, and is the same.
    again = {"body": said.body} if kind == "text" else said.content[kind]
    assert read(kind, again) == said


BAD, NONE = 131009, 131008

#: Kind, object, and Meta's code with the part that is to blame.
REFUSED: dict[str, tuple[str, Any, tuple[int, str]]] = {
    "no such kind": ("poll", {}, (131051, "type")),
    "no object": ("image", None, (NONE, "image")),
    "a list": ("image", [1], (BAD, "image")),
    "no JSON": ("image", "{", (BAD, "image")),
    "no text": ("text", {"body": ""}, (NONE, "text.body")),
    "a text too long": ("text", {"body": "x" * 4097}, (BAD, "text.body")),
    "a text too long in UTF-16": ("text", {"body": "👋" * 2049}, (BAD, "text.body")),
    "a text that is an object": ("text", {"body": {"a": 1}}, (BAD, "text.body")),
    "a preview that is none": ("text", {"body": "a", "preview_url": "perhaps"}, (BAD, "text.preview_url")),
    "U+0000": ("text", {"body": "a\0"}, (BAD, "text")),
    "half a character": ("text", {"body": "\ud800"}, (BAD, "text")),
    "a number that is too large": ("image", {"link": LINK, "x": 1 << 64}, (BAD, "image")),
    "neither id nor link": ("image", {"caption": "a"}, (NONE, "image.link")),
    "both id and link": ("image", {"id": "1", "link": LINK}, (BAD, "image")),
    "a link that is none": ("image", {"link": "ftp://example.com/a"}, (BAD, "image.link")),
    "a link into a file": ("image", {"link": "file:///etc/passwd"}, (BAD, "image.link")),
    "a caption too long": ("video", {"link": LINK, "caption": "x" * 1025}, (BAD, "video.caption")),
    "a caption of a sound": ("audio", {"link": LINK, "caption": "a"}, (BAD, "audio.caption")),
    "a caption of a sticker": ("sticker", {"link": LINK, "caption": "a"}, (BAD, "sticker.caption")),
    "no longitude": ("location", {"latitude": 1}, (NONE, "location.longitude")),
    "a latitude beyond the pole": ("location", {**SPOT, "latitude": 91}, (BAD, "location.latitude")),
    "a latitude that is none": ("location", {**SPOT, "latitude": "north"}, (BAD, "location.latitude")),
    "a latitude that is true": ("location", {**SPOT, "latitude": True}, (BAD, "location.latitude")),
    "no cards": ("contacts", [], (NONE, "contacts")),
    "too many cards": ("contacts", [ADA] * 258, (BAD, "contacts")),
    "a card without a name": ("contacts", [{"name": {"first_name": "A"}}], (NONE, "contacts[0].name.formatted_name")),
    "a birthday that is none": ("contacts", [{**ADA, "birthday": "1990-13-01"}], (BAD, "contacts[0].birthday")),
    "phones that are none": ("contacts", [{**ADA, "phones": ["1"]}], (BAD, "contacts[0].phones[0]")),
    "a reaction to nothing": ("reaction", {"emoji": "👍"}, (NONE, "reaction.message_id")),
    "a reaction without an emoji": ("reaction", {"message_id": "w"}, (NONE, "reaction.emoji")),
    "a template without a name": ("template", {"language": {"code": "en"}}, (NONE, "template.name")),
    "a template without a language": ("template", {"name": "a"}, (NONE, "template.language")),
}  # fmt: skip

ACTION = "interactive.action"

#: Interactive messages, and Meta's code with the part that is to blame.
UNTOUCHED: dict[str, tuple[Any, tuple[int, str]]] = {
    "no type": ({"body": {"text": "a"}}, (NONE, "interactive.type")),
    "a type that is none": (interactive("a button!", {}), (BAD, "interactive.type")),
    "no action": ({"type": "list", "body": {"text": "a"}}, (NONE, ACTION)),
    "no body": ({"type": "button", "action": buttons(1)}, (NONE, "interactive.body.text")),
    "a body too long": (interactive("button", buttons(1), body={"text": "x" * 1025}), (BAD, "interactive.body.text")),
    "a footer too long": (interactive("button", buttons(1), footer={"text": "x" * 61}), (BAD, "interactive.footer.text")),
    "a header too long": (
        interactive("button", buttons(1), header={"type": "text", "text": "x" * 61}), (BAD, "interactive.header.text"),
    ),
    "a header that is none": (interactive("button", buttons(1), header={"type": "audio"}), (BAD, "interactive.header.type")),
    "no buttons": (interactive("button", {"buttons": []}), (NONE, ACTION)),
    "four buttons": (interactive("button", buttons(4)), (BAD, f"{ACTION}.buttons")),
    "a title too long": (interactive("button", buttons(1, title="x" * 21)), (BAD, f"{ACTION}.buttons[0].reply.title")),
    "an id too long": (interactive("button", buttons(1, id="x" * 257)), (BAD, f"{ACTION}.buttons[0].reply.id")),
    "the same id twice": (interactive("button", buttons(2, id="a")), (BAD, f"{ACTION}.buttons")),
    "no sections": (interactive("list", {"button": "a"}), (NONE, f"{ACTION}.sections")),
    "eleven sections": (interactive("list", rows(*[1] * 11)), (BAD, f"{ACTION}.sections")),
    "eleven rows": (interactive("list", rows(6, 5)), (BAD, f"{ACTION}.sections")),
    "a button too long": (interactive("list", {**rows(1), "button": "x" * 21}), (BAD, f"{ACTION}.button")),
    "a row title too long": (interactive("list", rows(1, title="x" * 25)), (BAD, f"{ACTION}.sections[0].rows[0].title")),
    "a row id too long": (interactive("list", rows(1, id="x" * 201)), (BAD, f"{ACTION}.sections[0].rows[0].id")),
    "a description too long": (
        interactive("list", rows(1, description="x" * 73)), (BAD, f"{ACTION}.sections[0].rows[0].description"),
    ),
    "sections without a title": (
        interactive("list", {"button": "a", "sections": [{"rows": [{"id": "1", "title": "a"}]}] * 2}),
        (NONE, f"{ACTION}.sections[0].title"),
    ),
    "a picture above a list": (
        interactive("list", rows(1), header={"type": "image", "image": {"link": LINK}}), (BAD, "interactive.header.type"),
    ),
    "a list text too long": (interactive("list", rows(1), body={"text": "x" * 4097}), (BAD, "interactive.body.text")),
    "a link that is none": (
        interactive("cta_url", {"name": "cta_url", "parameters": {**URL, "url": "tel:1"}}), (BAD, f"{ACTION}.parameters.url"),
    ),
    "a label too long": (
        interactive("cta_url", {"name": "cta_url", "parameters": {**URL, "display_text": "x" * 21}}),
        (BAD, f"{ACTION}.parameters.display_text"),
    ),
    "another name": (interactive("cta_url", {"name": "flow", "parameters": URL}), (BAD, f"{ACTION}.name")),
    "a form that is none": (interactive("flow", flow(flow_id=None)), (NONE, f"{ACTION}.parameters.flow_id")),
    "a form twice": (interactive("flow", flow(flow_name="a")), (BAD, f"{ACTION}.parameters")),
    "a cta too long": (interactive("flow", flow(flow_cta="x" * 31)), (BAD, f"{ACTION}.parameters.flow_cta")),
    "a mode that is none": (interactive("flow", flow(mode="live")), (BAD, f"{ACTION}.parameters.mode")),
    "a header where none goes": (
        interactive("location_request_message", {"name": "send_location"}, **TITLE), (BAD, "interactive.header"),
    ),
    "a footer where none goes": (interactive("carousel", cards(2), footer={"text": "a"}), (BAD, "interactive.footer")),
    "a product without a catalogue": (
        interactive("product", {"product_retailer_id": "1"}), (NONE, f"{ACTION}.catalog_id"),
    ),
    "products without a header": (interactive("product_list", products(1)), (NONE, "interactive.header")),
    "too many products": (interactive("product_list", products(15, 16), **TITLE), (BAD, f"{ACTION}.sections")),
    "one card": (interactive("carousel", cards(1)), (BAD, f"{ACTION}.cards")),
    "a card too long": (
        interactive("carousel", cards(2, body={"text": "x" * 161})), (BAD, f"{ACTION}.cards[0].body.text"),
    ),
    "a card with too many lines": (
        interactive("carousel", cards(2, body={"text": "a\nb\nc\nd"})), (BAD, f"{ACTION}.cards[0].body.text"),
    ),
}  # fmt: skip

REFUSED |= {label: ("interactive", value, why) for label, (value, why) in UNTOUCHED.items()}


@pytest.mark.parametrize("label", REFUSED)
def test_what_cannot_be_said(label: str) -> None:
    kind, value, why = REFUSED[label]
    with pytest.raises(Unsaid) as told:
        read(kind, value)
    assert (told.value.code, told.value.field) == why
    assert str(told.value) == f"{told.value.field} {told.value.text}"


def test_the_components_of_a_template_come_in_any_case_with_indexes_of_any_kind() -> None:
    button = {
        "type": "BUTTON",
        "sub_type": "URL",
        "index": 0,
        "parameters": [{"type": "TEXT", "text": 7}],
    }
    said = read("template", {"name": "a", "language": {"code": "en"}, "components": [button]})
    (found,) = said.content["template"]["components"]
    assert (found["type"], found["sub_type"], found["index"]) == ("button", "url", "0")
    assert found["parameters"] == [{"type": "text", "text": "7"}]


@pytest.mark.parametrize(
    ("component", "field"),
    [
        ({"type": "button", "sub_type": "url"}, "index"),
        ({"type": "button", "index": "0"}, "sub_type"),
        ({"type": "button", "sub_type": "url", "index": "first"}, "index"),
        ({"type": "body", "parameters": [{"type": "text"}]}, "parameters[0].text"),
        ({"type": "body", "parameters": [{"type": "currency", "currency": {"code": "USD"}}]}, "parameters[0].currency.fallback_value"),
        ({"type": "header", "parameters": [{"type": "image", "image": {"link": "a"}}]}, "parameters[0].image.link"),
        ({"type": "header", "parameters": [{"type": "location", "location": {"latitude": 1}}]}, "parameters[0].location.longitude"),
        ({"parameters": []}, "type"),
    ],
)  # fmt: skip
def test_a_component_has_its_form(component: dict[str, Any], field: str) -> None:
    whole = {"name": "a", "language": {"code": "en"}, "components": [component]}
    with pytest.raises(Unsaid) as told:
        read("template", whole)
    assert told.value.field == f"template.components[0].{field}"


# The whole request


def whole(**parts: Any) -> dict[str, Any]:
    given = {"messaging_product": "whatsapp", "to": TO, "text": {"body": "Hi"}, **parts}
    return {name: part for name, part in given.items() if part is not ...}


def test_a_request_needs_little() -> None:
    asked = envelope(whole())
    assert (asked.said.kind, asked.said.body, asked.to, asked.user_id) == ("text", "Hi", TO, "")
    assert not asked.is_group


def test_a_request_may_say_more() -> None:
    asked = envelope(
        whole(
            type="TEXT",
            recipient_type="Group",
            to="R1JPVVA=",
            context={"message_id": "wamid.X"},
            biz_opaque_callback_data="t",
            recipient_identity_key_hash="k",
        )
    )
    assert (asked.is_group, asked.to, asked.context_id) == (True, "R1JPVVA=", "wamid.X")
    assert (asked.tracker, asked.identity) == ("t", "k")


def test_a_number_comes_before_a_user_id() -> None:
    assert envelope(whole(recipient="US.1")).user_id == ""
    assert envelope(whole(to=..., recipient="US.1")).user_id == "US.1"
    assert envelope(whole(to=16505550101)).to == "16505550101"


def test_a_reaction_answers_nothing_else() -> None:
    reaction = {"message_id": "wamid.Y", "emoji": "👍"}
    asked = envelope(whole(type="reaction", reaction=reaction, context={"message_id": "wamid.X"}))
    assert asked.context_id == ""


@pytest.mark.parametrize(
    ("parts", "why"),
    [
        ({"messaging_product": ...}, (100, "messaging_product")),
        ({"messaging_product": "sms"}, (100, "messaging_product")),
        ({"to": ...}, (NONE, "to")),
        ({"to": None, "recipient": ""}, (NONE, "to")),
        ({"to": {"a": 1}}, (BAD, "to")),
        ({"type": "poll"}, (131051, "type")),
        ({"type": 7}, (131051, "type")),
        ({"type": "image"}, (NONE, "image")),
        ({"text": ...}, (NONE, "text")),
        ({"recipient_type": "crowd"}, (BAD, "recipient_type")),
        ({"context": "x"}, (BAD, "context")),
        ({"context": {"id": "x"}}, (NONE, "context.message_id")),
        ({"biz_opaque_callback_data": "x" * 513}, (BAD, "biz_opaque_callback_data")),
    ],
)
def test_a_request_that_cannot_be_read(parts: dict[str, Any], why: tuple[int, str]) -> None:
    with pytest.raises(Unsaid) as told:
        envelope(whole(**parts))
    assert (told.value.code, told.value.field) == why


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.just("\ud800"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=12,
)  # fmt: skip


def spoiled(value: Any, path: list[int], junk: Any) -> Any:
    """The value with something else in the place that the path leads to."""
    if not path or not isinstance(value, dict | list) or not value:
        return junk
    keys = list(value) if isinstance(value, dict) else list(range(len(value)))
    key = keys[path[0] % len(keys)]
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[key] = spoiled(value[key], path[1:], junk)
    return copy


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(sorted(TAKEN)), st.lists(st.integers(0, 9), max_size=7), JSON)
def test_whatever_is_wrong_is_told(label: str, path: list[int], junk: Any) -> None:
    kind, value, _ = TAKEN[label]
    try:
        said = read(kind, spoiled(value, path, junk))
    except Unsaid:
        return
    json.dumps(said.content).encode()
    said.body.encode()
    list(files(said.content))


def test_what_is_nested_without_end_is_refused() -> None:
    deep: Any = "x"
    for _ in range(500):
        deep = {"a": deep}
    for kind in KINDS:
        with pytest.raises(Unsaid, match="nested"):
            read(kind, deep)
