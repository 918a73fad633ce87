"""What a template says once its holes are filled."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estafette.model import Channel
from estafette.model.filling import fill
from estafette.model.template import Template, Types, Unfilled, Unfit, holes, render

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


def template(types: Types, **more: object) -> Template:
    known = {"id": "1", "account": "AC", "name": "", "language": "en"}
    return Template(**known, types=types, created_at=NOON, updated_at=NOON, **more)  # type: ignore[arg-type]


@given(st.text(), st.text())
def test_what_fills_a_hole_is_not_looked_through(before: str, value: str) -> None:
    text = before.replace("{", "") + "{{1}}"
    assert render(text, {"1": value}) == before.replace("{", "") + value


@given(st.text())
def test_a_text_without_holes_stays(text: str) -> None:
    if not holes(text):
        assert render(text, {}) == text


def test_holes_have_names_and_may_have_spaces() -> None:
    text = "{{1}} {{ name }} {{1}} {x} {{}} {{a b}}"
    assert holes(text) == ["1", "name"]
    assert render(text, {"1": "a", "name": "b"}) == "a b a {x} {{}} {{a b}}"
    with pytest.raises(Unfilled, match="nothing fills name"):
        render(text, {"1": "a"})


def test_what_is_given_counts_before_what_is_usual() -> None:
    made = template({"twilio/text": {"body": "{{1}} {{2}}"}}, variables={"1": "a", "2": "b"})
    assert fill(made, Channel.SMS, {"2": "c"}).body == "a c"


def test_a_template_made_of_a_body_alone_has_that() -> None:
    assert fill(template({}, body="Hi {{1}}"), Channel.WHATSAPP, {"1": "Ada"}).body == "Hi Ada"


def test_media_may_be_one_or_several_and_have_holes() -> None:
    shape = {"body": "", "media": ["https://example.com/{{1}}.png"]}
    filled = fill(template({"twilio/media": shape}), Channel.SMS, {"1": "a"})
    assert (filled.body, filled.media) == ("", ("https://example.com/a.png",))
    one = fill(template({"twilio/card": {"title": "T", "media": "u"}}), Channel.WHATSAPP, {})
    assert (one.body, one.media) == ("T", ("u",))


def test_a_template_without_a_shape_for_its_channel_says_so() -> None:
    with pytest.raises(Unfit):
        fill(template({"twilio/card": {"title": "T"}}), Channel.SMS, {})
    with pytest.raises(Unfit):
        fill(template({}), Channel.SMS, {})
