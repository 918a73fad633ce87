"""Reading TwiML, whatever it is that an address answers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estafette.doors.twilio.twiml import hear
from estafette.model import (
    Callback,
    CallbackStatus,
    Detour,
    Direction,
    Document,
    Heard,
    Hook,
    Status,
)
from tests.conftest import RECIPIENT, SENDER
from tests.store.conftest import NOON, message

MESSAGE = message(
    direction=Direction.INBOUND, status=Status.RECEIVED, sender=RECIPIENT, recipient=SENDER
)


def heard(
    body: str | bytes, content_type: str = "text/xml", *, detour: Detour | None = None
) -> Heard:
    callback = Callback(
        message=MESSAGE.id, said=Status.RECEIVED, account=MESSAGE.account, door="twilio",
        url="https://customer.example/a/b?c=1#rc=2", reason=None, code="", text="",
        created_at=NOON, told=CallbackStatus.WAITING, due_at=None, tries=1, answer="",
        closed_at=None, detour=detour,
    )  # fmt: skip
    said = body.encode() if isinstance(body, str) else body
    return hear(callback, MESSAGE, Document(content_type=content_type, body=said))


def bodies(found: Heard) -> list[str]:
    assert not found.code, found.text
    return [send.body for send in found.replies]


_TAGS = st.sampled_from(["Response", "Message", "Body", "Media", "Redirect", "Say", "!--", "?x"])
_PIECES = st.one_of(
    st.builds("<{}>".format, _TAGS), st.builds("</{}>".format, _TAGS), st.text(max_size=9),
    st.sampled_from(["<Message to='[' action='http://['>", "<!DOCTYPE a>", "&amp;", "&x;", "//["]),
)  # fmt: skip


@given(
    st.one_of(
        st.binary(max_size=80),
        st.lists(_PIECES, max_size=9).map(lambda parts: "".join(parts).encode(errors="replace")),
        st.lists(_PIECES, max_size=9).map(
            lambda parts: f"<Response>{''.join(parts)}</Response>".encode(errors="replace")
        ),
    ),
    st.sampled_from(
        ["text/xml", "text/html; charset=utf-16", "text/plain; charset=x", "a;b;=c", ""]
    ),
)
def test_nothing_that_is_answered_breaks_it(body: bytes, content_type: str) -> None:
    found = heard(body, content_type)
    assert bool(found.code) == bool(found.text)


@pytest.mark.parametrize(
    "document",
    [
        "\ufeff<Response><Message>x</Message></Response>",
        "<Response xmlns='http://www.w3.org/1999/xhtml'><Message>x</Message></Response>",
        "<!DOCTYPE Response><Response><?php a ?><Message>x</Message></Response>",
        "<Response><Message><Body> x</Body>\n<Body></Body></Message></Response>",
        "<Response>words<Message>x</Message>beside</Response>",
    ],
)
def test_what_stands_around_the_words_is_no_matter(document: str) -> None:
    assert bodies(heard(document)) == ["x"]
    assert bodies(heard(document, "text/xml; charset=UTF-8")) == ["x"]
    assert bodies(heard(document, "Application/XML;charset=nope")) == ["x"]


@pytest.mark.parametrize(
    ("said", "url"),
    [
        ("next", "https://customer.example/a/next"),
        ("/next", "https://customer.example/next"),
        ("?d=2", "https://customer.example/a/b?d=2"),
        ("//other.example/x", "https://other.example/x"),
        (" http://other.example:8080/ \n", "http://other.example:8080/"),
    ],
)
def test_addresses_are_read_from_where_the_document_stands(said: str, url: str) -> None:
    assert heard(f"<Response><Redirect>{said}</Redirect></Response>").redirect == Hook(url)
    verb = f"<Message statusCallback='{said.strip()}'><Media>{said}</Media>x</Message>"
    (send,) = heard(f"<Response>{verb}</Response>").replies
    assert (send.callback_url, send.media) == (url, (url,))


@pytest.mark.parametrize("said", ["//[", "http://[", "http://", "http://a.example:x/", "ftp://a/"])
def test_a_redirect_to_no_address_is_11100(said: str) -> None:
    assert heard(f"<Response><Redirect>{said}</Redirect></Response>").code == "11100"


def test_action_stands_in_for_status_callback() -> None:
    (send,) = heard("<Response><Message action='/a'>x</Message></Response>").replies
    assert send.callback_url == "https://customer.example/a"
    both = "<Response><Message action='/a' statusCallback='/b'>x</Message></Response>"
    assert heard(both).replies[0].callback_url == "https://customer.example/b"


def test_the_eleventh_redirect_in_a_row_is_14106() -> None:
    document = "<Response><Redirect>/x</Redirect></Response>"
    assert heard(document, detour=Detour(number=9, redirects=9)).redirect
    assert heard(document, detour=Detour(number=10, redirects=10)).code == "14106"
