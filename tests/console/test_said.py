"""What a message says is drawn, whoever wrote it."""

from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estafette.console.rich import rich
from estafette.console.said import design_of, saying
from estafette.console.show import environment
from estafette.model import Channel, Direction, Message, Status
from estafette.model.ids import wamid
from estafette.model.template import Template
from estafette.model.whatsapp import HEARD, KINDS

NOW = datetime(2026, 5, 4, tzinfo=UTC)
OTHER = "0b" * 16


def message(body: str = "", *media: str, is_inbound: bool = False, **content: Any) -> Message:
    return Message(
        id="0a" * 16, account="AC1", lane="l", channel=Channel.WHATSAPP,
        direction=Direction.INBOUND if is_inbound else Direction.API,
        sender="+15550783881", recipient="+14155550100", body=body, media=media, segments=1,
        status=Status.SENT, ref="", reason=None, code="", text="", callback_url="", redacted=False,
        created_at=NOW, updated_at=NOW, sent_at=NOW, expires_at=NOW, content=content,
    )  # fmt: skip


def drawn(what: Message, **more: Any) -> str:
    return environment("en").get_template("said.html").render(message=what, **more)


class Balanced(HTMLParser):
    """Raises where an element is not closed, or was never opened."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ("img", "use"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in ("img", "use"):
            assert self.open.pop() == tag


def check(html: str) -> str:
    found = Balanced()
    found.feed(html)
    assert not found.open
    return html


BUTTONS = {
    "type": "button",
    "header": {"type": "text", "text": "Your parcel"},
    "footer": {"text": "Reply by noon"},
    "action": {"buttons": [{"type": "reply", "reply": {"id": "yes", "title": "Yes, please"}}]},
}
LIST = {
    "type": "list",
    "action": {
        "button": "Times",
        "sections": [
            {"title": "Today", "rows": [{"id": "t1", "title": "9 am", "description": "Early"}]}
        ],
    },
}


@pytest.mark.parametrize(
    ("what", "shown"),
    [
        (message("Hi <there>\nyou"), ["Hi &lt;there&gt;\nyou", 'class="bubble outbound"']),
        (message("Hi", is_inbound=True), ['class="bubble inbound"']),
        (message("Look", "https://x.example/a.png"), [f"/console/media/{'0a' * 16}/0", "<img"]),
        (message("", "upload:1", type="audio", audio={"voice": True}), ["<audio"]),
        (message("", "upload:1", type="document", document={"filename": "a.pdf"}), ["a.pdf"]),
        (message("", "https://x.example/a", media_types=["video/mp4"]), ["<video"]),
        (message("When?", type="interactive", interactive=BUTTONS), [
            "Your parcel", "When?", "Reply by noon", "Yes, please",
        ]),
        (message("When?", type="interactive", interactive=LIST), ["Times", "Today", "9 am", "Early"]),
        (message("9 am", is_inbound=True, type="interactive", interactive={
            "type": "list_reply", "list_reply": {"id": "t1", "title": "9 am", "description": "Early"},
        }, context={"id": wamid(OTHER)}), ["9 am", "Early", "In answer to"]),
        (message("", is_inbound=True, type="interactive", interactive={
            "type": "nfm_reply", "nfm_reply": {"response_json": '{"Name": "Ann"}'},
        }), ["<dt>Name</dt>", "<dd>Ann</dd>"]),
        (message("", type="location", location={
            "latitude": 48.85, "longitude": 2.35, "name": "Here",
        }), ["geo:48.85,2.35", "Here"]),
        (message("", type="contacts", contacts=[{
            "name": {"formatted_name": "Ann"}, "phones": [{"phone": "+14155550101"}],
        }]), ["Ann", "+14155550101"]),
        (message("👍", type="reaction", reaction={"message_id": wamid(OTHER), "emoji": "👍"}), ["👍"]),
        (message("", type="reaction", reaction={"message_id": wamid(OTHER)}), ["back"]),
        (message("", type="order", order={"product_items": [
            {"product_retailer_id": "tea", "quantity": 2, "item_price": 3, "currency": "EUR"},
        ]}), ["tea", "2 \u00d7 3 EUR"]),
        (message("", type="unsupported", errors=[{"code": 1, "title": "Unknown"}]), ["Unknown"]),
        (message("", type="revoke", revoke={"original_message_id": wamid(OTHER)}), ["taken back"]),
        (message("see *this* https://x.example/?a=1&b=2."), [
            "<strong>this</strong>", 'href="https://x.example/?a=1&amp;b=2"', "noreferrer",
        ]),
    ],
)  # fmt: skip
def test_every_kind_is_drawn(what: Message, shown: list[str]) -> None:
    html = check(drawn(what))
    for part in shown:
        assert part in html


def test_what_is_forgotten_is_not_shown() -> None:
    from msgspec.structs import replace

    html = drawn(replace(message("a secret"), redacted=True))
    assert "forgotten" in html
    assert "a secret" not in html


def test_a_template_is_drawn_with_what_stands_around_its_text() -> None:
    parts = [
        {"type": "HEADER", "format": "TEXT", "text": "Parcel {{1}}"},
        {"type": "BODY", "text": "It comes at {{1}}."},
        {"type": "FOOTER", "text": "The courier"},
        {"type": "BUTTONS", "buttons": [
            {"type": "QUICK_REPLY", "text": "Fine"},
            {"type": "URL", "text": "Follow", "url": "https://x.example/1"},
        ]},
    ]  # fmt: skip
    design = Template(
        id=OTHER, account="AC1", name="n", language="en", channel="whatsapp", body="",
        types={"whatsapp/template": {"body": "", "components": parts}}, created_at=NOW, updated_at=NOW,
    )  # fmt: skip
    what = message("Parcel 7\n\nIt comes at 9.\n\nThe courier", template={"id": OTHER, "name": "n"})
    assert design_of(what) == OTHER
    found = saying(what, {OTHER: design})
    assert (found.head, found.text, found.foot) == ("Parcel 7", "It comes at 9.", "The courier")
    assert [one.does for one in found.buttons] == ["reply", "link"]
    html = check(drawn(what, designs={OTHER: design}, taps="tap"))
    assert f'value="{"0a" * 16}:b0"' in html


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["type", "action", "buttons", "reply", "sections", "rows", "header", "text", "name",
                 "parameters", "cards", "latitude", "longitude", "list_reply", "response_json", "id",
                 "product_items", "phones", "title"]
            ), inner, max_size=4,
        )
    ),
    max_leaves=20,
)  # fmt: skip


@given(kind=st.sampled_from(sorted({*HEARD, *KINDS, "?"})), part=JSON, is_inbound=st.booleans())
def test_nothing_that_others_write_breaks_it(kind: str, part: Any, is_inbound: bool) -> None:
    check(drawn(message("x", type=kind, is_inbound=is_inbound, **{kind: part, "context": part})))


@given(st.text(alphabet="*_~` ab\n<>&https:/.", max_size=60))
def test_marks_and_links_are_whole(text: str) -> None:
    check(str(rich(text, "whatsapp")))
