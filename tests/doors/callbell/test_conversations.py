"""What is exchanged with contacts at this door: messages and notes, open and closed, funnel and bot."""

import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from estafette.doors.callbell import wire
from estafette.doors.callbell.contacts import Contacts
from estafette.doors.callbell.conversations import Conversations
from tests.doors.callbell.conftest import WHATSAPP_SENDER, Api
from tests.doors.callbell.test_contacts import EMPTY, SAID, blamed, held, make, show
from tests.doors.own.conftest import Own
from tests.patience import PATIENCE

SENDER = WHATSAPP_SENDER.removeprefix("+")
PATHS = (
    ("GET", "messages"),
    ("POST", "conversation/open"),
    ("POST", "conversation/close"),
    ("POST", "conversation/note"),
    ("PUT", "conversation/update_funnel"),
    ("POST", "messages/update_funnel"),
    ("GET", "bot"),
    ("POST", "bot"),
)
GOOD = {"text": "A note", "status": "bot_start", "reason": "done"}


def act(api: Api, id: str, what: str, body: Any = None, method: str = "POST") -> Any:
    return api.ask(method, f"/contacts/{id}/{what}", body)


def messages(api: Api, id: str, count: int, **query: Any) -> list[dict[str, Any]]:
    """What was exchanged, once it is so much: what others file comes a moment later."""
    end = time.monotonic() + PATIENCE
    while len(found := api.get(f"/contacts/{id}/messages", **query)["messages"]) < count:
        assert time.monotonic() < end, found
        time.sleep(0.02)
    assert len(found) == count
    return found  # type: ignore[no-any-return]


def test_what_was_exchanged_comes_newest_first_with_the_notes(api: Api, own: Own) -> None:
    contact = make(api)
    id, bare, number = contact["uuid"], contact["phoneNumber"], contact["phone"]
    own.write(number, "Hello there", to=WHATSAPP_SENDER, channel="whatsapp")
    assert act(api, id, "conversation/note", {"text": "Hey @john.doe, look here!"}) == {
        "success": True
    }
    own.send(number, **{"from": WHATSAPP_SENDER, "channel": "whatsapp", "body": "How can I help?"})
    sent, note, received = messages(api, id, 3)
    assert set(sent) == {"createdAt", "uuid", "text", "status", "channel", "from", "to"}
    assert set(received) == set(sent)
    assert set(note) == set(sent) - {"uuid"}
    assert [item["status"] for item in (sent, note, received)] == ["sent", "note", "received"]
    assert (sent["from"], sent["to"]) == (SENDER, bare)
    assert (received["from"], received["to"]) == (bare, SENDER)
    assert (note["from"], note["to"]) == (bare, bare)
    assert sent["text"] == "How can I help?"
    assert note["text"] == "Hey @john.doe, look here!"
    assert {item["channel"] for item in (sent, note, received)} == {"whatsapp"}


def test_what_came_with_a_message_is_shown(api: Api, own: Own) -> None:
    contact = make(api)
    picture = "http://127.0.0.1:9/picture.jpg"
    who = {"to": WHATSAPP_SENDER, "channel": "whatsapp"}
    own.write(contact["phone"], "Look", media=[picture], **who)
    (found,) = messages(api, contact["uuid"], 1)
    assert found["attachments"] == [picture]


def test_messages_come_page_by_page(api: Api) -> None:
    id = make(api)["uuid"]
    for number in range(21):
        act(api, id, "conversation/note", {"text": f"Note {number}"})
    first = api.get(f"/contacts/{id}/messages")
    assert [item["text"] for item in first["messages"]][:2] == ["Note 20", "Note 19"]
    assert (len(first["messages"]), first["meta"]) == (20, {"page": 1, "pages": 2})
    second = api.get(f"/contacts/{id}/messages", page=2)
    assert [item["text"] for item in second["messages"]] == ["Note 0"]
    assert api.get(f"/contacts/{id}/messages", page=3)["messages"] == []
    assert api.get(f"/contacts/{id}/messages", page=10**8)["messages"] == []
    assert set(blamed(api.call("GET", f"/contacts/{id}/messages?page=0"))) == {"page"}


def test_a_conversation_is_closed_and_opened(api: Api, own: Own) -> None:
    contact = make(api)
    id = contact["uuid"]
    assert contact["closedAt"] is None
    closed = held(act(api, id, "conversation/close")["contact"])
    assert closed["closedAt"] is not None
    assert act(api, id, "conversation/close", {"reason": "solved"})["contact"] == closed
    opened = held(act(api, id, "conversation/open", {})["contact"])
    assert opened["closedAt"] is None
    assert act(api, id, "conversation/open")["contact"] == opened
    act(api, id, "conversation/close", {"reason": "issue_resolved"})
    own.write(contact["phone"], "One more thing", to=WHATSAPP_SENDER, channel="whatsapp")
    assert show(api, id)["closedAt"] is None
    for body in ({"reason": 5}, {"closing_reason": ["x"]}):
        assert blamed(api.call("POST", f"/contacts/{id}/conversation/close", body))


def test_a_note_needs_a_text(api: Api) -> None:
    path = f"/contacts/{make(api)['uuid']}/conversation/note"
    for body in (None, {}, {"text": ""}, {"text": "  "}):
        assert blamed(api.call("POST", path, body)) == {"text": [EMPTY]}
    for text in (5, ["x"], "a\0b", "x" * 5_001):
        assert set(blamed(api.call("POST", path, {"text": text}))) == {"text"}


def test_a_conversation_goes_through_a_funnel(api: Api, own: Own) -> None:
    funnel = own.post("/funnels", {"name": "Won"})["id"].replace("-", "")
    dashed = f"{funnel[:8]}-{funnel[8:12]}-{funnel[12:16]}-{funnel[16:20]}-{funnel[20:]}"
    for method, path in (
        ("PUT", "conversation/update_funnel"),
        ("POST", "messages/update_funnel"),
    ):
        for form in (funnel, dashed):
            id = make(api)["uuid"]
            found = held(act(api, id, path, {"funnel_id": form}, method)["contact"])
            assert found["funnelId"] == show(api, id)["funnelId"] == dashed
        whole = f"/contacts/{id}/{path}"
        for unknown in ("0" * 32, "ff0f96b9-b003-4d0c-b14f-27f3f6868dd6", "won", 7):
            assert set(blamed(api.call(method, whole, {"funnel_id": unknown}))) == {"funnel_id"}
        assert blamed(api.call(method, whole, {})) == {"funnel_id": [EMPTY]}
        assert show(api, id)["funnelId"] == dashed


def test_what_a_bot_is_to_do_is_noted(api: Api) -> None:
    id = make(api)["uuid"]
    unknown = act(api, id, "bot", method="GET")["bot"]
    assert set(unknown) == {
        "uuid", "name", "status", "conversationStartedAt", "version", "latestBotVersion",
    }  # fmt: skip
    assert unknown["status"] is None
    begun = act(api, id, "bot", {"status": "bot_start"})["bot"]
    assert begun["status"] == "started"
    assert begun["conversationStartedAt"].endswith("Z")
    assert act(api, id, "bot", method="GET")["bot"] == begun
    assert act(api, id, "bot", {"status": "bot_end"})["bot"]["status"] == "ended"
    for status in ("started", "", 1, ["bot_start"]):
        answer = api.call("POST", f"/contacts/{id}/bot", {"status": status})
        assert set(blamed(answer)) == {"status"}
    assert blamed(api.call("POST", f"/contacts/{id}/bot", {})) == {"status": [EMPTY]}
    set_with_it = make(api, bot_status="bot_end")["uuid"]
    assert act(api, set_with_it, "bot", method="GET")["bot"]["status"] == "ended"


def test_the_page_of_the_door_lists_these_paths() -> None:
    page = (Path(wire.__file__).parent / "README.md").read_text()
    for method, path, _ in (*Contacts.TABLE, *Conversations.TABLE):
        assert f"| {method} | /v1{path} |" in page


@pytest.mark.parametrize(("method", "what"), PATHS)
def test_another_accounts_conversation_is_unknown(
    api: Api, other: Api, method: str, what: str
) -> None:
    body = {**GOOD, "funnel_id": "0" * 32}
    for id in (make(api)["uuid"], "0" * 32, "nothing"):
        assert other.call(method, f"/contacts/{id}/{what}", body).refusal == (404, "not found")


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.sampled_from(PATHS),
    st.dictionaries(
        st.sampled_from(["text", "status", "reason", "closing_reason", "funnel_id"]), SAID
    ),
)
def test_whatever_is_said_is_taken_or_refused(api: Api, path: tuple[str, str], said: Any) -> None:
    usual = {"identifier": "14155569998", "source": "whatsapp", "name": "Fuzzed"}
    id = api.call("POST", "/contacts", usual).json["contact"]["uuid"]
    method, what = path
    assert api.call(method, f"/contacts/{id}/{what}", said).status in (200, 400)
