"""What templates are made of: holes counted through, and filled as WhatsApp's own API fills them."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estafette.model import Channel
from estafette.model.components import (
    SHAPE,
    Slot,
    components,
    is_named,
    kind_of,
    shape,
    slots,
    whole,
)
from estafette.model.components import given as sent_for
from estafette.model.filling import fill, made_of, places
from estafette.model.parameters import filled
from estafette.model.samples import message_status
from estafette.model.template import (
    Template,
    TemplateKind,
    TemplateStatus,
    Unfilled,
    Unfit,
    is_plain,
    render,
)
from estafette.model.whatsapp import Unsaid, read
from tests.model.test_template import template

PNG = "https://example.com/a.png"
_words = st.text(st.characters(exclude_characters="{}\0", exclude_categories=["Cs"]), min_size=1)


def of(*parts: dict[str, Any], named: bool = False) -> Template:
    """An approved template that was made of components."""
    types = shape(parts, "NAMED" if named else "POSITIONAL")
    body = str(types[SHAPE]["body"])
    approved = TemplateStatus.APPROVED
    return template(types, channel="whatsapp", kind=kind_of(parts), body=body, status=approved)


def text(kind: str, words: str) -> dict[str, Any]:
    return {"type": kind, "text": words, **({"format": "TEXT"} if kind == "HEADER" else {})}


def buttons(*items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "BUTTONS", "buttons": [*items]}


URL = {"type": "URL", "text": "See", "url": "https://example.com/{{1}}"}
CODE = {"type": "COPY_CODE", "example": "X"}


def test_holes_are_counted_through() -> None:
    parts = [text("BODY", "{{1}} {{2}} {{1}}"), text("HEADER", "{{1}}!"), text("FOOTER", "end")]
    parts.append(buttons({"type": "QUICK_REPLY", "text": "No"}, URL, CODE))
    assert whole(parts, named=False) == "{{1}}!\n\n{{2}} {{3}} {{2}}\n\nend"
    assert slots(parts, named=False) == [
        Slot("header", "1"), Slot("body", "1"), Slot("body", "2"), Slot("button", "1"), Slot("button", "2"),
    ]  # fmt: skip
    made = of(*parts)
    assert (places(made), made.kind, is_plain(made)) == (5, TemplateKind.TEXT, False)
    named = [text("HEADER", "{{name}}"), text("BODY", "{{day}} {{name}}")]
    assert whole(named, named=True) == "{{1}}\n\n{{2}} {{3}}"


@given(st.lists(_words, min_size=1, max_size=4), st.booleans(), st.data())
def test_other_doors_say_what_its_own_api_says(
    words: list[str], named: bool, data: st.DataObject
) -> None:
    """By position and by the components that are sent for these values, it says the same."""
    names = [f"hole_{at}" if named else str(at) for at in range(1, len(words) + 1)]
    body = "".join(f"{word}{{{{{name}}}}}" for word, name in zip(words, names, strict=True))
    made = of(
        text("HEADER", "To {{name}}" if named else "To {{1}}"), text("BODY", body), buttons(URL, CODE),
        named=named,
    )  # fmt: skip
    count = places(made)
    assert count == len(words) + 3
    values = data.draw(st.lists(_words.map(lambda word: word[:20]), min_size=count, max_size=count))
    by_place = made_of(made, values)
    variables = {str(at): value for at, value in enumerate(values, 1)}
    assert fill(made, Channel.WHATSAPP, variables) == by_place
    sent = by_place.content["template"]["components"]
    assert sent == sent_for(made, variables, "")
    object = {"name": "x", "language": {"code": "en"}, "components": sent}
    strict = read("template", object).content["template"]["components"]
    own = filled(made, strict)
    assert (own.body, list(own.values)) == (by_place.body, values)
    assert own.body == render(made.body, variables)


def test_what_shows_media_is_sent_with_a_header() -> None:
    made = of({"type": "HEADER", "format": "IMAGE"}, text("BODY", "Look"))
    found = made_of(made, [], PNG)
    header = {"type": "header", "parameters": [{"type": "image", "image": {"link": PNG}}]}
    assert (found.media, found.content["template"]["components"]) == ((PNG,), [header])
    with pytest.raises(Unfit, match="there is no URL"):
        fill(made, Channel.WHATSAPP, {})
    usual = of(
        {"type": "HEADER", "format": "IMAGE", "example": {"header_handle": [PNG]}},
        text("BODY", "Look"),
    )
    assert fill(usual, Channel.WHATSAPP, {}).media == (PNG,)
    assert fill(usual, Channel.SMS, {}).media == ()


def test_what_has_more_than_values_is_left_to_its_own_api() -> None:
    for part in ({"type": "HEADER", "format": "LOCATION"}, {"type": "CAROUSEL", "cards": []}):
        made = of(part, text("BODY", "Come"))
        with pytest.raises(Unfit, match="only WhatsApp's own API"):
            made_of(made, [])
        with pytest.raises(Unfit, match="only WhatsApp's own API"):
            fill(made, Channel.WHATSAPP, {})


def test_a_button_is_filled_too() -> None:
    made = of(text("BODY", "Look"), buttons(URL))
    with pytest.raises(Unfilled, match="nothing fills 1"):
        fill(made, Channel.WHATSAPP, {})
    assert fill(made, Channel.SMS, {}).body == "Look"


def test_what_was_made_elsewhere_is_made_of_its_text_and_media() -> None:
    plain = template({}, body="Hi {{1}}", channel="whatsapp")
    assert components(plain) == ({"type": "BODY", "text": "Hi {{1}}"},)
    assert not is_named(plain)
    # A content of another door may have a shape of that name, and is not made of it.
    strange = template({SHAPE: {"components": 5}}, body="Hi {{name}}")
    assert components(strange) == ({"type": "BODY", "text": "Hi {{name}}"},)
    assert is_named(strange)
    sent = [
        {"type": "body", "parameters": [{"type": "text", "text": "a", "parameter_name": "name"}]}
    ]
    assert filled(strange, sent).body == "Hi a"
    with pytest.raises(Unsaid) as caught:
        filled(strange, [])
    assert caught.value.code == 132000


def test_a_sample_is_held() -> None:
    held = {"template": {"name": "order_ready_held", "is_sample": True}}
    assert message_status(held) == "held_for_quality_assessment"
    for content in ({}, {"template": {"name": "order_ready_held"}}, {"template": 5}):
        assert message_status(content) == "accepted"
