"""How contacts and conversations look, and how what is said of them is read: without a server."""

from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from estafette.doors.callbell.errors import EMPTY, Refusal
from estafette.doors.callbell.fields import BadFields, read_fields
from estafette.doors.callbell.identifiers import read_identifier
from estafette.doors.callbell.parameters import Parameters
from estafette.doors.callbell.recipients import NotRead
from estafette.doors.callbell.shapes import contact_shape, conversation_shape, field_text
from estafette.model import Channel, Sender
from estafette.model.contact import Card, Contact, Conversation
from estafette.model.desk import Field, FieldKind, Team, User

NOW = datetime(2026, 2, 3, 4, 5, 6, 789, tzinfo=UTC)
URL = "https://gateway.example"
DATES: dict[str, Any] = {"created_at": NOW, "updated_at": NOW}
CONTACT = Contact(
    id="a" * 32, account="AC1", channel=Channel.WHATSAPP, address="+14155550101", **DATES
)
TALK = Conversation(
    id="b" * 32, account="AC1", contact=CONTACT.id, sender="c" * 32, opened_at=NOW, **DATES
)
FIELDS = {
    kind.value: Field(
        id="f" * 32, account="AC1", name=kind.value, kind=kind, options=("One", "Two"), **DATES
    )
    for kind in FieldKind
}


def shape(card: Card, **more: Any) -> dict[str, Any]:
    return contact_shape(card, public_url=URL, **more)


def test_a_contact_alone_says_what_is_not_known() -> None:
    assert shape(Card(contact=CONTACT)) == {
        "uuid": "a" * 32,
        "name": "",
        "phoneNumber": "14155550101",
        "phone": "+14155550101",
        "email": None,
        "bsuid": None,
        "avatarUrl": None,
        "createdAt": "2026-02-03T04:05:06Z",
        "source": "whatsapp",
        "href": f"{URL}/console/contacts/{'a' * 32}",
        "conversationHref": f"{URL}/console/contacts/{'a' * 32}",
        "closedAt": None,
        "blockedAt": None,
        "tags": [],
        "assignedUser": None,
        "customFields": {},
        "team": {},
        "channel": {},
        "funnelId": None,
        "note": None,
    }


def test_a_contact_shows_who_looks_after_it() -> None:
    user = User(id="d" * 32, account="AC1", email="john@doe.example", available_at=NOW, **DATES)
    team = Team(id="e" * 32, account="AC1", name="Sales", members=2, **DATES)
    sender = Sender(
        id="c" * 32,
        account="AC1",
        channel=Channel.WHATSAPP,
        address="+14155550199",
        connection="sandbox",
    )
    talk = replace(TALK, closed_at=NOW, funnel="0123456789abcdef0123456789abcdef")
    found = shape(
        Card(
            contact=replace(CONTACT, note="VIP", tags=("a", "b"), email="x@y.example"),
            conversation=talk,
            sender=sender,
            assignee=user,
            team=team,
        )
    )
    assert found["assignedUser"] == "john@doe.example"
    assert (found["team"]["uuid"], found["team"]["members"]) == ("e" * 32, 2)
    assert (found["channel"]["uuid"], found["channel"]["type"]) == ("c" * 32, "whatsapp")
    assert found["funnelId"] == "01234567-89ab-cdef-0123-456789abcdef"
    assert (found["note"], found["tags"], found["email"]) == ("VIP", ["a", "b"], "x@y.example")
    assert found["closedAt"] == "2026-02-03T04:05:06Z"


def test_an_id_of_a_platform_is_no_phone() -> None:
    on_instagram = replace(CONTACT, channel=Channel.INSTAGRAM, address="17841400000000001")
    found = shape(Card(contact=on_instagram))
    assert (found["phoneNumber"], found["phone"], found["bsuid"]) == (
        "17841400000000001",
        None,
        None,
    )
    hidden = replace(CONTACT, address="US.13491208655302741918")
    found = shape(Card(contact=hidden))
    assert (found["phone"], found["bsuid"]) == (None, "US.13491208655302741918")


def test_fields_are_texts_and_their_kinds_are_told_when_asked() -> None:
    held = {"text": "x", "checkbox": ["One", "Two"], "number": 12, "dropdown": "One", "mine": True}
    card = Card(contact=replace(CONTACT, fields=held))
    assert "customFieldsMetadata" not in shape(card)
    found = shape(card, field_kinds=FIELDS)
    assert found["customFields"] == {
        "text": "x",
        "checkbox": '["One", "Two"]',
        "number": "12",
        "dropdown": "One",
        "mine": "true",
    }
    options = ["One", "Two"]
    assert found["customFieldsMetadata"] == {
        "text": {"value": "x", "type": "text"},
        "checkbox": {"value": ["One", "Two"], "type": "checkbox", "options": options},
        "number": {"value": "12", "type": "number"},
        "dropdown": {"value": "One", "type": "dropdown", "options": options},
        "mine": {"value": "true", "type": "text"},
    }


def test_an_empty_checkbox_has_nothing_in_it() -> None:
    card = Card(contact=replace(CONTACT, fields={"checkbox": ""}))
    found = shape(card, field_kinds=FIELDS)
    assert found["customFields"] == {"checkbox": ""}
    assert found["customFieldsMetadata"]["checkbox"]["value"] == []


def test_a_conversation_says_when_it_was_closed_once_it_is() -> None:
    card = Card(contact=CONTACT, conversation=TALK)
    href = f"{URL}/console/conversations/{TALK.id}"
    open_one = {"source": "whatsapp", "href": href, "createdAt": "2026-02-03T04:05:06Z"}
    assert conversation_shape(card, public_url=URL) == open_one
    closed = Card(
        contact=CONTACT, conversation=replace(TALK, closed_at=NOW, closing_reason="solved")
    )
    assert conversation_shape(closed, public_url=URL) == {
        **open_one,
        "closedAt": "2026-02-03T04:05:06Z",
        "closingReason": "solved",
    }


@pytest.mark.parametrize(
    ("name", "value", "kept"),
    [
        ("text", "x", "x"),
        ("text", 12, "12"),
        ("email", "a@b.example", "a@b.example"),
        ("number", 12.5, "12.5"),
        ("number", "-3", "-3"),
        ("date", "1990-05-15", "1990-05-15"),
        ("date", "1990-05-15T10:00:00Z", "1990-05-15T10:00:00Z"),
        ("dropdown", "Two", "Two"),
        ("checkbox", ["Two", "Two"], ["Two"]),
        ("checkbox", '["One", "Two"]', ["One", "Two"]),
        ("checkbox", "One", ["One"]),
        ("checkbox", [], []),
        ("unheard of", 1, 1),
        ("unheard of", ["x", 1], ["x", 1]),
        *[(kind.value, None, None) for kind in FieldKind],
        *[(kind.value, "", "") for kind in FieldKind],
    ],
)
def test_a_field_takes_what_its_kind_holds(name: str, value: Any, kept: Any) -> None:
    assert read_fields({name: value}, FIELDS) == {name: kept}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("text", ["x"]),
        ("text", {"x": 1}),
        ("email", "nobody"),
        ("email", 5),
        ("number", "twelve"),
        ("number", True),
        ("date", "15/05/1990"),
        ("dropdown", "Three"),
        ("dropdown", ["One"]),
        ("checkbox", ["One", "Three"]),
        ("checkbox", "[not JSON"),
        ("checkbox", [["One"]]),
        ("unheard of", {"a": 1}),
        ("unheard of", [None]),
        ("unheard of", "a\0b"),
        ("", "x"),
        ("a\0b", "x"),
        ("long", "x" * 5_001),
        ("x" * 256, "x"),
    ],
)
def test_a_field_does_not_take_anything_else(name: str, value: Any) -> None:
    with pytest.raises(BadFields) as caught:
        read_fields({name: value}, FIELDS)
    assert len(caught.value.texts) == 1


def test_all_that_is_wrong_with_fields_is_told_at_once() -> None:
    with pytest.raises(BadFields) as caught:
        read_fields({"email": "x", "number": "y", "text": "fine"}, FIELDS)
    assert caught.value.texts == ("email must be an e-mail address", "number must be a number")


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(st.dictionaries(st.sampled_from([*FIELDS, "else"]) | st.text(), PLAIN) | PLAIN)
def test_whatever_is_said_of_fields_is_read_or_refused(said: Any) -> None:
    with suppress(BadFields):
        found = read_fields(said, FIELDS)
        assert all(isinstance(field_text(value), str) for value in found.values())


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("+14155550101", "+14155550101"),
        ("14155550101", "+14155550101"),
        ("0014155550101", "+14155550101"),
        (" +1 (415) 555-0101 ", "+14155550101"),
        ("123456789", "+123456789"),
        ("+1234567891232337", "+1234567891232337"),
        ("US.13491208655302741918", "US.13491208655302741918"),
    ],
)
def test_a_contact_may_be_filed_under_any_writing_of_a_number(text: str, address: str) -> None:
    assert read_identifier(Channel.WHATSAPP, text) == address


@pytest.mark.parametrize("text", ["", "12", "john", "+", "1" * 21, "٣٣٣٣٣٣٣٣٣٣"])
def test_but_not_under_what_is_none(text: str) -> None:
    assert isinstance(read_identifier(Channel.WHATSAPP, text), NotRead)


def test_other_channels_have_names_of_their_own() -> None:
    assert read_identifier(Channel.TELEGRAM, " john_doe ") == "john_doe"
    for text in ("", "a b", "a\nb", "x" * 65):
        assert isinstance(read_identifier(Channel.TELEGRAM, text), NotRead)


def test_all_parameters_are_blamed_at_once() -> None:
    said = Parameters({"a": 1, "b": "x" * 11, "c": "maybe", "d": {}, "e": " ", "f": "a\0"})
    said.text("a", 10)
    said.text("b", 10)
    said.word("c", ("yes", "no"))
    said.names("d")
    said.text("e", 10, required=True)
    said.text("f", 10)
    assert said.flag("a") is False
    with pytest.raises(Refusal) as caught:
        said.check()
    assert caught.value.shape["error"] == {
        "a": ["must be string", "must be boolean"],
        "b": ["must have at most 10 characters"],
        "c": ["must be one of yes, no"],
        "d": ["must be a list of strings"],
        "e": [EMPTY],
        "f": ["must not hold the character NUL"],
    }


def test_names_come_as_a_list_or_with_commas_and_each_once() -> None:
    for given_so in (["Sales", " lead", "sales", ""], "Sales, lead,sales,"):
        assert Parameters({"tags": given_so}).names("tags") == ("Sales", "lead")
    assert Parameters({}).names("tags") is None
    assert Parameters({"tags": []}).names("tags") == ()
