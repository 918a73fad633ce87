"""Holes that are numbers: filled by position, alike wherever they stand, and looked through once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estafette.model import Channel
from estafette.model.filling import fill, made_of, noted, places, positional
from estafette.model.template import (
    Malformed,
    Template,
    TemplateKind,
    TemplateStatus,
    Unfilled,
    Unfit,
    body_of,
    check,
    kind_of,
    shape_of,
)
from tests.model.test_template import template

PDF = "https://example.com/valid_document.pdf"
JPEG = "https://example.com/valid_image.jpeg"

#: Pieces of a text: words without braces, and holes with numbers.
_words = st.text(st.characters(exclude_characters="{}", exclude_categories=["Cs"]))
_pieces = st.lists(_words | st.integers(1, 12))


def of(
    body: str, kind: TemplateKind = TemplateKind.TEXT, url: str = "", **more: object
) -> Template:
    return template(shape_of(kind, body, url), body=body, kind=kind, **more)


def text_of(pieces: list[str | int]) -> str:
    return "".join(f"{{{{{piece}}}}}" if isinstance(piece, int) else piece for piece in pieces)


@given(_pieces, st.data())
def test_values_fill_by_position_and_only_that(
    pieces: list[str | int], data: st.DataObject
) -> None:
    made = of(text_of(pieces))
    count = max((piece for piece in pieces if isinstance(piece, int)), default=0)
    assert places(made) == count
    values = data.draw(st.lists(st.text(), min_size=count, max_size=count))
    told = [values[piece - 1] if isinstance(piece, int) else piece for piece in pieces]
    assert positional(made, values) == "".join(told)


@given(_pieces, st.lists(st.text(), max_size=14))
def test_another_number_of_values_is_told_with_the_right_one(
    pieces: list[str | int], values: list[str]
) -> None:
    made = of(text_of(pieces))
    if len(values) == places(made):
        return
    with pytest.raises(Unfilled) as caught:
        positional(made, values)
    assert caught.value.expected == places(made)


def test_a_value_with_holes_stays_as_it_is() -> None:
    made = of("{{1}}, {{ 2 }}, {{1}}")
    assert positional(made, ["{{2}}", "b"]) == "{{2}}, b, {{2}}"


@pytest.mark.parametrize("name", ["0", "01", "1000", "9" * 5000, "name", "1a"])
def test_a_hole_that_is_no_place_counts_for_none(name: str) -> None:
    made = of(f"{{{{{name}}}}} {{{{2}}}}")
    assert places(made) == 2
    with pytest.raises(Unfit):
        positional(made, ["a", "b"])
    with pytest.raises(Malformed) as caught:
        check(made, ["body"])
    assert (caught.value.field, len(str(caught.value)) < 120) == ("body", True)
    usual = of(f"{{{{{name}}}}} {{{{2}}}}", variables={name: "x", "2": "y"})
    assert positional(usual, ["a", "b"]) == "x b"


def test_media_are_shown_where_the_kind_shows_some() -> None:
    assert made_of(of("Hi {{1}}"), ["Ada"]).media == ()
    picture = of("Hi {{1}}", TemplateKind.IMAGE)
    filled = made_of(picture, ["Ada"], JPEG)
    assert (filled.body, filled.media) == ("Hi Ada", (JPEG,))
    with pytest.raises(Unfit, match="image"):
        made_of(picture, ["Ada"])
    with pytest.raises(Unfit, match="image"):
        fill(picture, Channel.WHATSAPP, {"1": "Ada"})
    with pytest.raises(Unfit, match="text alone"):
        made_of(of("Hi"), [], JPEG)


def test_a_template_shows_its_own_media_where_a_message_brings_none() -> None:
    made = of("Hi", TemplateKind.DOCUMENT, PDF)
    assert made_of(made, []).media == (PDF,)
    assert made_of(made, [], JPEG).media == (JPEG,)
    assert fill(made, Channel.SMS, {}).media == (PDF,)
    with pytest.raises(Unfit):
        made_of(of("Hi", TemplateKind.DOCUMENT, "https://example.com/{{2}}.pdf"), [])


def test_a_message_keeps_what_it_was_made_of() -> None:
    approved = of("{{2}}", status=TemplateStatus.APPROVED, details={"approval": {"name": "n"}})
    what = {"id": "1", "name": "n", "language": "en", "kind": "text", "values": ["", "b"]}
    assert noted(approved, {"2": "b"}) == {"template": what}
    assert noted(of("{{2}}"), {"2": "b"}) == {"made_of": {**what, "name": ""}}
    assert made_of(approved, ["a", "b"]).content == {"template": {**what, "values": ["a", "b"]}}
    named = of("{{1}} {{x}}", variables={"x": "y"})
    assert fill(named, Channel.SMS, {"1": "a", "z": "c"}).content["made_of"]["variables"] == {
        "x": "y"
    }


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        (JPEG, "image"), ("https://example.com/a", "image"), ("https://example.com", "image"),
        (PDF, "document"), (f"{PDF}?a=b.mp4", "document"), ("https://example.com/A.MP4#t", "video"),
    ],
)  # fmt: skip
def test_a_kind_goes_by_the_ends_of_urls(url: str, kind: str) -> None:
    assert kind_of({"twilio/media": {"body": "", "media": [url]}}) == kind


@pytest.mark.parametrize("media", [5, {"a": 1}, [None, 1], None, True, ""])
def test_what_is_no_url_is_no_media(media: object) -> None:
    assert kind_of({"twilio/card": {"title": "T", "media": media}}) == "text"


def test_the_text_of_shapes_is_that_which_whatsapp_shows() -> None:
    types = {"twilio/text": {"body": "plain"}, "twilio/card": {"title": "rich"}}
    assert (body_of(types), kind_of(types)) == ("rich", "text")
    assert (body_of({"twilio/location": {"latitude": 1}}), body_of({})) == ("", "")


@pytest.mark.parametrize(
    ("parts", "field"),
    [
        ({"name": ""}, "name"), ({"name": " "}, "name"), ({"name": "a\nb"}, "name"),
        ({"name": "a" * 513}, "name"), ({"name": "\ud800"}, "name"), ({"name": "a\0"}, "name"),
        ({"details": {"title": "a\0"}}, "title"), ({"language": "english!"}, "language"),
        ({"language": ""}, "language"), ({"body": ""}, "body"), ({"body": " \n"}, "body"),
        ({"body": "a" * 1025}, "body"), ({"body": "a\0"}, "body"), ({"body": "\udfff"}, "body"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_told_by_its_field(parts: dict[str, object], field: str) -> None:
    known = {"id": "1", "account": "AC", "name": "n", "language": "en", "body": "Hi"}
    times = {"created_at": of("").created_at, "updated_at": of("").created_at}
    everything = ("name", "title", "language", "body")
    check(Template(**known, **times), everything)  # type: ignore[arg-type]
    with pytest.raises(Malformed) as caught:
        check(Template(**{**known, **times, **parts}), everything)  # type: ignore[arg-type]
    assert caught.value.field == field
