"""The webhook of an account: what it subscribes to, and each delivery held against its type."""

import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from msgspec import Struct, ValidationError, convert, field

from tests.conftest import Server
from tests.doors.callbell.conftest import WHATSAPP_SENDER, Api, account_of, bearer
from tests.doors.own.conftest import Own
from tests.doors.twilio.conftest import new_number
from tests.patience import PATIENCE
from tests.pictures import showing
from tests.receiver import Heard, Receiver, Said, receiving

CREATED, MOVED = "message_created", "message_status_updated"
EVENTS = [
    CREATED, MOVED, "contact_created", "contact_updated", "contact_deleted", "conversation_opened",
    "conversation_closed", "agent_status_updated", "agent_session_updated", "team_membership_updated",
]  # fmt: skip
FAILS = "+15005520400"


class Contact(Struct, kw_only=True, rename="camel"):
    """What receivers read of a contact."""

    uuid: str
    phone_number: str
    name: str
    source: str
    href: str
    conversation_href: str
    created_at: str
    avatar_url: str | None
    tags: list[str]
    assigned_user: str | None
    custom_fields: dict[str, str]


class Created(Struct, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """`message_created`."""

    uuid: str
    to: str
    source: str = field(name="from")
    text: str
    attachments: list[str]
    status: str
    channel: str
    contact: Contact
    created_at: str
    metadata: dict[str, str]
    message_location: dict[str, Any] | None = None
    message_contact_card: dict[str, Any] | None = None
    message_reply_button: dict[str, Any] | None = None
    message_interactive_list: dict[str, Any] | None = None
    message_context: dict[str, Any] | None = None
    message_forward: dict[str, Any] | None = None


class Payload(Struct, kw_only=True, rename="camel"):
    """`messageStatusPayload`."""

    id: str
    type: str
    destination: str
    payload: dict[str, Any]


class Moved(Struct, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """`message_status_updated`."""

    uuid: str
    status: str
    message_status_payload: Payload
    metadata: dict[str, str]
    contact: Contact


class Deleted(Struct, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """`contact_deleted`."""

    uuid: str
    deleted: str


class Opened(Struct, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """`conversation_opened`."""

    source: str
    href: str
    contact: Contact
    created_at: str


class Closed(Opened, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """`conversation_closed`."""

    closed_at: str
    closing_reason: str | None


class Worn(Struct, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What somebody says of themselves."""

    id: str
    name: str
    emoji: str
    updated_at: str


class Agent(Struct, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """`agent_status_updated`."""

    email: str
    name: str
    available: bool
    last_updated_at: str
    user_custom_status: Worn | None = None


class Team(Struct, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A team."""

    uuid: str
    name: str
    default: bool
    members: int
    created_at: str


class Membership(Struct, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """`team_membership_updated`."""

    team: Team
    user: dict[str, Any]
    reason: str
    last_update_at: str


TYPES: dict[str, type] = {
    CREATED: Created,
    MOVED: Moved,
    "contact_created": Contact,
    "contact_updated": Contact,
    "contact_deleted": Deleted,
    "conversation_opened": Opened,
    "conversation_closed": Closed,
    "agent_status_updated": Agent,
    "team_membership_updated": Membership,
}


def read(heard: Heard) -> tuple[str, Any]:
    """A delivery as a strict receiver reads it."""
    assert heard.method == "POST"
    assert heard.headers["content-type"] == "application/json"
    said = json.loads(heard.body)
    assert list(said) == ["event", "payload"]
    return said["event"], convert(said["payload"], TYPES[said["event"]])


class Desk(Receiver):
    """A receiver that believes nothing."""

    def all(self, event: str = "", about: str = "") -> list[Any]:
        """What was told: of one event, and of one message or contact, where these are given."""
        found = [read(heard) for heard in list(self.heard)]
        return [
            payload
            for name, payload in found
            if event in ("", name) and about in ("", getattr(payload, "uuid", ""))
        ]

    def events(self, about: str) -> list[str]:
        """The events and statuses of one message or contact, in their order."""
        found = [read(heard) for heard in list(self.heard)]
        return [
            payload.status if name == MOVED else name
            for name, payload in found
            if getattr(payload, "uuid", "") == about
        ]

    def until(
        self, count: int, event: str = "", about: str = "", seconds: float = PATIENCE
    ) -> list[Any]:
        """The same, once it is so much."""
        end = time.monotonic() + seconds
        while len(found := self.all(event, about)) < count:
            assert time.monotonic() < end, [json.loads(heard.body) for heard in self.heard]
            time.sleep(0.02)
        return found


@pytest.fixture(scope="module")
def shared_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of these tests: the webhook of an account hears what everybody sends."""
    server = Server(tmp_path_factory.mktemp("webhooks") / "home").start()
    yield server
    server.close()


@pytest.fixture(scope="module")
def key(shared_server: Server) -> str:
    return bearer(Own(shared_server))


@pytest.fixture(scope="module")
def other_own(shared_server: Server) -> Own:
    """A second account on that server."""
    return account_of(shared_server, "Other", "+14155550171")


@pytest.fixture
def desk() -> Iterator[Desk]:
    with receiving() as found:
        found.__class__ = Desk
        yield found  # type: ignore[misc]


@pytest.fixture
def hooked(api: Api) -> Iterator[Api]:
    """The door, with no webhook left behind."""
    api.call("DELETE", "/webhooks/unsubscribe")
    yield api
    api.call("DELETE", "/webhooks/unsubscribe")


def subscribe(api: Api, url: str, *events: str, **more: Any) -> Any:
    body = {"url": url, "subscriptions": list(events) or EVENTS, **more}
    return api.ask("POST", "/webhooks/subscribe", body)["webhook"]


def write(own: Own, person: str, **more: Any) -> Any:
    """Somebody writes on WhatsApp."""
    asked = {"channel": "whatsapp", "from": person, "to": WHATSAPP_SENDER, **more}
    return own.post("/sandbox/inbound", asked)


def test_an_account_has_one_webhook(hooked: Api, other_own: Own) -> None:
    other = Api(other_own.server, bearer(other_own))
    for method, path in (("GET", "/webhooks"), ("DELETE", "/webhooks/unsubscribe")):
        assert hooked.call(method, path).refusal == (404, "not found")
    url = "https://my-app.example/my-webhook-endpoint"
    made = subscribe(hooked, url, CREATED, "contact_created")
    assert made == {
        "url": url,
        "subscriptions": [CREATED, "contact_created"],
        "createdAt": made["createdAt"],
        "enabled": True,
    }
    assert time.strptime(made["createdAt"], "%Y-%m-%dT%H:%M:%SZ")
    again = {"url": "http://my-app.example/b", "subscriptions": f"{MOVED},{CREATED}, {MOVED}"}
    changed = hooked.ask("POST", "/webhooks/subscribe", again)["webhook"]
    assert changed["url"] == "http://my-app.example/b"
    assert sorted(changed["subscriptions"]) == [CREATED, MOVED]
    assert hooked.get("/webhooks") == {"webhook": changed}
    assert other.call("GET", "/webhooks").status == 404
    assert other.call("DELETE", "/webhooks/unsubscribe").status == 404
    gone = hooked.ask("DELETE", "/webhooks/unsubscribe")
    assert gone == {"status": "webhook was destroyed"}
    assert hooked.call("GET", "/webhooks").status == 404


EMPTY = "must be present and not empty"


@pytest.mark.parametrize(
    ("body", "blamed"),
    [
        ({}, {"url": [EMPTY], "subscriptions": [EMPTY]}),
        ({"url": "", "subscriptions": []}, {"url": [EMPTY], "subscriptions": [EMPTY]}),
        ({"url": None, "subscriptions": None}, {"url": [EMPTY], "subscriptions": [EMPTY]}),
        ({"url": "http://a.example/"}, {"subscriptions": [EMPTY]}),
        ({"url": "http://a.example/", "subscriptions": ","}, {"subscriptions": [EMPTY]}),
        ({"url": 5, "subscriptions": [CREATED]}, {"url": ["must be string"]}),
    ],
)
def test_what_is_missing_is_told_all_at_once(hooked: Api, body: Any, blamed: Any) -> None:
    assert hooked.call("POST", "/webhooks/subscribe", body).refusal == (400, blamed)
    assert hooked.call("GET", "/webhooks").status == 404


@pytest.mark.parametrize(
    ("parts", "blamed"),
    [
        ({"url": "nonsense"}, "url"),
        ({"url": "ftp://a.example/"}, "url"),
        ({"url": "http://"}, "url"),
        ({"url": "http://a.example/\0"}, "url"),
        ({"url": f"http://a.example/{'x' * 3000}"}, "url"),
        ({"url": ["http://a.example/"]}, "url"),
        ({"subscriptions": ["fax"]}, "subscriptions"),
        ({"subscriptions": ["Message_Created"]}, "subscriptions"),
        ({"subscriptions": [CREATED, 7]}, "subscriptions"),
        ({"subscriptions": {"a": 1}}, "subscriptions"),
        ({"subscriptions": 7}, "subscriptions"),
        ({"subscriptions": True}, "subscriptions"),
        ({"subscriptions": [CREATED, "a\0b"]}, "subscriptions"),
        ({"subscriptions": ["x" * 100_000]}, "subscriptions"),
        ({"secret": 7}, "secret"),
        ({"secret": "x" * 257}, "secret"),
        ({"secret": "whsec_é"}, "secret"),
        ({"secret": "whsec_\n"}, "secret"),
        ({"secret": "a\0"}, "secret"),
    ],
)
def test_what_is_wrong_says_where(hooked: Api, parts: Any, blamed: str) -> None:
    body = {"url": "http://a.example/", "subscriptions": [CREATED], **parts}
    status, error = hooked.call("POST", "/webhooks/subscribe", body).refusal
    assert (status, list(error)) == (400, [blamed])
    assert hooked.call("GET", "/webhooks").status == 404


def test_a_lone_surrogate_is_refused(hooked: Api) -> None:
    body = b'{"url": "http://a.example/\\ud800", "subscriptions": ["message_created"]}'
    assert hooked.call("POST", "/webhooks/subscribe", body).status == 400


def test_private_addresses_are_refused_where_they_are_not_allowed(tmp_path: Any) -> None:
    server = Server(tmp_path / "home", environment={"ESTAFETTE_ALLOW_PRIVATE_ADDRESSES": "false"})
    server.start()
    try:
        api = Api(server, bearer(Own(server)))
        for url in ("http://127.0.0.1:9/", "http://localhost/", "http://10.0.0.1/"):
            body = {"url": url, "subscriptions": [CREATED]}
            status, error = api.call("POST", "/webhooks/subscribe", body).refusal
            assert (status, list(error)) == (400, ["url"])
    finally:
        server.close()


def test_what_is_sent_is_told_from_its_beginning_to_its_end(hooked: Api, desk: Desk) -> None:
    subscribe(hooked, f"{desk.url}/w?k=1", CREATED, MOVED)
    to = new_number()
    sent = hooked.send(to, content={"text": "Grüße 👋"}, metadata={"order": "5"})
    uuid = sent["uuid"]
    desk.until(3, about=uuid)
    assert desk.events(uuid)[:3] == [CREATED, "sent", "delivered"]
    (made,) = desk.all(CREATED, uuid)
    assert (made.text, made.status, made.channel) == ("Grüße 👋", "sent", "whatsapp")
    assert (made.source, made.to) == (WHATSAPP_SENDER[1:], to[1:])
    assert made.contact.phone_number == to[1:]
    assert made.attachments == []
    assert made.metadata == {"order": "5"}
    first, second = desk.all(MOVED, uuid)[:2]
    assert [first.message_status_payload.type, second.message_status_payload.type] == [
        "sent",
        "delivered",
    ]
    assert first.metadata == {"order": "5"}
    assert first.contact.uuid == made.contact.uuid == second.contact.uuid
    assert hooked.get(f"/contacts/{made.contact.uuid}")["contact"]["phoneNumber"] == to[1:]
    assert desk.heard[0].path == "/w?k=1"
    assert "x-callbell-signature" not in desk.heard[0].headers
    assert "Grüße".encode() in desk.heard[0].body


def test_what_other_doors_send_is_told_too(hooked: Api, own: Own, desk: Desk) -> None:
    subscribe(hooked, desk.url, CREATED, MOVED)
    to = new_number()
    with showing() as pictures:
        url = pictures.url(size=2000)
        id = own.send(to, media=[url])["id"]
        desk.until(2, MOVED, id)
    (made,) = desk.all(CREATED, id)
    assert (made.channel, made.attachments) == ("sms", [url])
    assert made.contact.source == "sms"


def test_a_failure_says_why_once(hooked: Api, desk: Desk) -> None:
    subscribe(hooked, desk.url, CREATED, MOVED)
    uuid = hooked.send(FAILS)["uuid"]
    desk.until(2, about=uuid)
    (failed,) = desk.all(MOVED, uuid)
    assert failed.status == "failed"
    assert failed.message_status_payload.payload["code"] == 30007
    told = json.loads(desk.heard[-1].body)["payload"]["messageStatusPayload"]
    assert told["messaging"]["value"]["statuses"][0]["errors"][0]["code"] == 30007
    known = hooked.status(uuid)["messageStatusPayload"]
    assert known["messaging"] == told["messaging"]


def test_what_is_called_back_has_failed(hooked: Api, own: Own, desk: Desk) -> None:
    subscribe(hooked, desk.url, CREATED, MOVED)
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600))
    id = own.send(new_number(), send_at=at)["id"]
    assert own.call("POST", f"/messages/{id}/cancel").status == 200
    desk.until(2, about=id)
    assert desk.events(id) == [CREATED, "failed"]


def test_what_somebody_writes_is_told(hooked: Api, own: Own, desk: Desk) -> None:
    subscribe(hooked, desk.url, CREATED, MOVED)
    person = new_number()
    id = write(own, person, body="Hola", name="Ada")["id"]
    (found,) = desk.until(1, about=id)
    assert (found.source, found.to) == (person[1:], WHATSAPP_SENDER[1:])
    assert (found.text, found.status, found.channel) == ("Hola", "received", "whatsapp")
    assert (found.contact.name, found.contact.phone_number) == ("Ada", person[1:])
    with showing() as pictures:
        id = write(own, person, body="Look", media=[pictures.url(size=2000)])["id"]
        (found,) = desk.until(1, about=id)
    (media,) = found.attachments
    assert media.startswith(f"{own.server.url}/")  # ours, not the carrier's
    assert found.text == "Look"


KINDS = [
    (
        {"type": "location", "location": {"latitude": -23.6, "longitude": "-46.6", "name": "Here"}},
        "messageLocation",
        {
            "coordinates": {"x": -23.6, "y": -46.6},
            "googleMapsLocation": "https://maps.google.com/?q=-23.6,-46.6",
            "name": "Here",
        },
    ),
    (
        {
            "type": "contacts",
            "contacts": [
                {
                    "name": {"formatted_name": "Peter Parker"},
                    "phones": [{"phone": "+14155550123", "type": "MOBILE"}],
                }
            ],
        },
        "messageContactCard",
        {
            "contactsInfo": [
                {
                    "name": "Peter Parker",
                    "phones": [{"phone": "+14155550123", "wa_id": "", "type": "MOBILE"}],
                }
            ]
        },
    ),
    (
        {
            "type": "interactive",
            "interactive": {"type": "button_reply", "button_reply": {"id": "y", "title": "Yes"}},
        },
        "messageReplyButton",
        {
            "metadata": {
                "type": "quick_reply",
                "content": {"text": "Yes"},
                "options": [
                    {"type": "text", "title": "Yes", "postback_url": "", "postback_text": "y"}
                ],
            }
        },
    ),
    (
        {"type": "button", "button": {"text": "No", "payload": "n"}},
        "messageReplyButton",
        {
            "metadata": {
                "type": "quick_reply",
                "content": {"text": "No"},
                "options": [
                    {"type": "text", "title": "No", "postback_url": "", "postback_text": "n"}
                ],
            }
        },
    ),
    (
        {"body": "Hm", "context": {"id": "0" * 32, "from": WHATSAPP_SENDER, "forwarded": False}},
        "messageContext",
        {"uuid": "0" * 32, "from": WHATSAPP_SENDER[1:]},
    ),
    (
        {"body": "Hm", "context": {"frequently_forwarded": True}},
        "messageForward",
        {"forwarded": True, "frequentlyForwarded": True},
    ),
]


@pytest.mark.parametrize(("asked", "name", "shape"), KINDS)
def test_what_is_more_than_text_is_told(
    hooked: Api, own: Own, desk: Desk, asked: Any, name: str, shape: Any
) -> None:
    subscribe(hooked, desk.url, CREATED)
    id = write(own, new_number(), **asked)["id"]
    (found,) = desk.until(1, about=id)
    assert json.loads(desk.heard[-1].body)["payload"][name] == shape
    assert found.uuid == id


def test_a_choice_sourcea_list_is_told_as_text(hooked: Api, own: Own, desk: Desk) -> None:
    subscribe(hooked, desk.url, CREATED)
    reply = {"id": "1", "title": "Pancakes", "description": "Warm"}
    asked = {"type": "list_reply", "list_reply": reply}
    id = write(own, new_number(), type="interactive", interactive=asked)["id"]
    (found,) = desk.until(1, about=id)
    assert found.text == "Pancakes"
    metadata = json.loads(found.message_interactive_list["metadata"])
    (section,) = metadata["sections"]
    assert section["items"] == [{"id": "1", "header": "Pancakes", "description": "Warm"}]


def test_what_makes_no_sense_is_left_out(hooked: Api, own: Own, desk: Desk) -> None:
    subscribe(hooked, desk.url, CREATED)
    odd: list[Any] = [
        {"type": "location", "location": {"latitude": "1", "longitude": 2, "name": 7}},
        {"type": "contacts", "contacts": [{"name": {"formatted_name": 5}, "phones": {"a": 1}}]},
        {"type": "unsupported", "unsupported": {"type": [], "button_reply": "x"}},
        {"body": "Hi", "context": {"id": 5, "forwarded": "yes"}},
    ]
    for asked in odd:
        id = write(own, new_number(), **asked)["id"]
        desk.until(1, about=id)


def test_contacts_and_conversations_are_told_in_order(hooked: Api, own: Own, desk: Desk) -> None:
    subscribe(hooked, desk.url, *EVENTS[2:])
    person = new_number()
    write(own, person, body="Hi", name="Ada")
    (made,) = [one for one in desk.until(1, "contact_created") if one.phone_number == person[1:]]
    opened = desk.until(1, "conversation_opened")[0]
    assert (opened.contact.uuid, opened.source) == (made.uuid, "whatsapp")
    path = f"/contacts/{made.uuid}"
    hooked.ask("PATCH", path, {"name": "Ada L."})
    changed = desk.until(1, "contact_updated", made.uuid)[-1]
    assert changed.name == "Ada L."
    hooked.ask("POST", f"{path}/conversation/close")
    (closed,) = desk.until(1, "conversation_closed")
    assert (closed.contact.uuid, closed.href) == (made.uuid, opened.href)
    hooked.ask("POST", f"{path}/conversation/open")
    desk.until(2, "conversation_opened")
    assert hooked.ask("DELETE", path) == {"status": "contact was destroyed"}
    (gone,) = desk.until(1, "contact_deleted")
    assert gone.uuid == made.uuid
    kinds = [json.loads(heard.body)["event"] for heard in desk.heard]
    assert [kind for kind in kinds if kind != "contact_updated"] == [
        "contact_created", "conversation_opened", "conversation_closed", "conversation_opened",
        "contact_deleted",
    ]  # fmt: skip


def test_colleagues_and_teams_are_told(hooked: Api, own: Own, desk: Desk) -> None:
    subscribe(hooked, desk.url, *EVENTS[-3:])
    user = own.post("/users", {"email": "ada@desk.example", "name": "Ada"})
    team = own.post("/teams", {"name": "Support", "members": ["ada@desk.example"]})
    (joined,) = desk.until(1, "team_membership_updated")
    assert (joined.team.uuid, joined.team.members) == (team["id"], 1)
    assert (joined.user["email"], joined.reason) == ("ada@desk.example", "agent_added")
    hooked.ask("PUT", f"/users/{user['id']}/status", {"available": False})
    (seen,) = desk.until(1, "agent_status_updated")
    assert (seen.email, seen.available) == ("ada@desk.example", False)
    assert own.call("DELETE", f"/teams/{team['id']}").status == 204
    assert desk.until(2, "team_membership_updated")[1].reason == "agent_removed"
    own.call("DELETE", f"/users/{user['id']}")


def is_signed(heard: Heard, secret: str) -> bool:
    """As a receiver checks it."""
    parts = dict(part.split("=", 1) for part in heard.headers["x-callbell-signature"].split(","))
    assert abs(time.time() - int(parts["t"])) < 300
    signed = parts["t"].encode() + b"." + heard.body
    return parts["v1"] == hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def test_each_try_is_signed_with_the_secret_of_the_webhook(hooked: Api, desk: Desk) -> None:
    made = subscribe(hooked, desk.url, CREATED, secret="whsec_0123456789")
    assert "whsec_" not in json.dumps([made, hooked.get("/webhooks")])
    desk.answers = lambda heard: 500 if len(desk.heard) < 2 else Said('{"status":"ok"}', "a/b")
    hooked.send(new_number())
    first, second = desk.wait(2)
    assert is_signed(first, "whsec_0123456789")
    assert is_signed(second, "whsec_0123456789")
    assert first.body == second.body
    assert first.headers["x-callbell-signature"] != second.headers["x-callbell-signature"]
    subscribe(hooked, desk.url, CREATED)  # as clients do when they start: the secret stays
    hooked.send(new_number())
    assert is_signed(desk.wait(3)[2], "whsec_0123456789")
    subscribe(hooked, desk.url, CREATED, secret="")
    hooked.send(new_number())
    assert "x-callbell-signature" not in desk.wait(4)[3].headers


def listed(api: Api, **query: Any) -> list[Any]:
    found: list[Any] = api.get("/webhooks/events", **query)["webhook_events"]
    return found


def until_listed(api: Api, count: int, **query: Any) -> list[Any]:
    end = time.monotonic() + PATIENCE
    while len(found := listed(api, **query)) != count:
        assert time.monotonic() < end, found
        time.sleep(0.05)
    return found


def test_what_was_told_is_listed_with_its_answer(desk: Desk, other_own: Own) -> None:
    api = Api(other_own.server, bearer(other_own))
    assert listed(api) == []
    subscribe(api, desk.url, CREATED, MOVED, "contact_created")
    desk.answers = lambda heard: (
        Said("<p>No", "text/html", 403) if b"contact_created" in heard.body else
        Said('{"status": "ok"}', "application/json")
    )  # fmt: skip
    uuid = api.send(new_number())["uuid"]
    found = until_listed(api, 4)
    assert [item["event"] for item in found if item["event"] != "contact_created"] == [
        MOVED, MOVED, CREATED,
    ]  # fmt: skip
    (made,) = listed(api, subscriptions=CREATED, status="success")
    assert list(made) == ["event", "payload", "response", "success", "createdAt"]
    sent = [json.loads(heard.body) for heard in desk.heard]
    assert {"event": CREATED, "payload": made["payload"]} in sent
    assert made["payload"]["uuid"] == uuid
    assert made["response"]["code"] == 200
    assert made["response"]["body"] == {"status": "ok"}
    assert made["response"]["headers"]["content-type"] == "application/json"
    assert made["success"] is True
    (failed,) = listed(api, status="failed")
    assert (failed["event"], failed["success"]) == ("contact_created", False)
    assert (failed["response"]["code"], failed["response"]["body"]) == (403, "<p>No")
    page = api.get("/webhooks/events", page=2, items=3)
    assert (len(page["webhook_events"]), page["meta"]) == (1, {"page": 2, "pages": 2})
    assert api.get("/webhooks/events", page=9)["webhook_events"] == []
    assert len(listed(api, subscriptions=f"{CREATED},{MOVED}")) == 3
    assert listed(api, subscriptions="agent_session_updated") == []
    assert api.call("DELETE", f"/messages/{uuid}").status == 204
    assert "Hello!" not in json.dumps(listed(api))
    api.ask("DELETE", "/webhooks/unsubscribe")


@pytest.mark.parametrize(
    ("query", "blamed"),
    [
        ("status=fine", "status"), ("page=0", "page"), ("page=x", "page"), ("items=0", "items"),
        ("items=101", "items"), ("items=%00", "items"), ("items=" + "9" * 5000, "items"),
        ("subscriptions=fax", "subscriptions"), ("subscriptions=%00", "subscriptions"),
        ("status=%00", "status"), ("items=%EF%BC%91", "items"),
    ],
)  # fmt: skip
def test_a_bad_question_about_events_says_where(api: Api, query: str, blamed: str) -> None:
    status, error = api.call("GET", f"/webhooks/events?{query}").refusal
    assert (status, list(error)) == (400, [blamed])


def test_what_fails_is_told_again_and_what_is_owed_goes_to_the_new_address(
    hooked: Api, desk: Desk
) -> None:
    desk.answers = lambda heard: 500
    subscribe(hooked, f"{desk.url}/old", CREATED, MOVED)
    uuid = hooked.send(new_number())["uuid"]
    desk.wait(1)
    subscribe(hooked, f"{desk.url}/new", CREATED, MOVED)
    desk.answers = lambda heard: 200
    end = time.monotonic() + PATIENCE
    while [heard.path for heard in desk.heard].count("/new") < 3:
        assert time.monotonic() < end
        time.sleep(0.05)
    assert desk.events(uuid) == [CREATED, CREATED, "sent", "delivered"]


def test_notices_are_told_once_more_through_our_own_api(hooked: Api, own: Own, desk: Desk) -> None:
    subscribe(hooked, desk.url, "contact_created", "contact_deleted")
    made = hooked.ask(
        "POST", "/contacts", {"identifier": new_number(), "source": "whatsapp", "name": "Ada"}
    )["contact"]
    desk.until(1, "contact_created", made["uuid"])
    end = time.monotonic() + PATIENCE
    while True:
        items = own.get("/callbacks")["items"]
        (item,) = [item for item in items if item["about"] == made["uuid"]]
        if item["told"] == "told":
            break
        assert time.monotonic() < end
        time.sleep(0.02)
    assert (item["event"], item["message"], item["status"]) == ("contact_created", None, None)
    path = f"/callbacks/{made['uuid']}/replay"
    assert own.post(path, status=200)["items"] == ["contact_created"]
    desk.until(2, "contact_created", made["uuid"])
    assert own.post(path, {"event": "contact_updated"}, status=200)["items"] == []
    both = own.call("POST", path, {"event": "contact_updated", "status": "sent"})
    assert both.refusal == (400, "bad_request", "event")
    assert own.call("POST", f"/callbacks/{'0' * 32}/replay").refusal[:2] == (404, "not_found")
    said = own.server.run("callbacks", "list", "--json").stdout
    assert "contact_created" in {one["event"] for one in json.loads(said)["items"]}
    again = own.server.run("callbacks", "replay", made["uuid"], "--event", "contact_created")
    assert "contact_created" in again.stdout
    desk.until(3, "contact_created", made["uuid"])


def test_a_receiver_that_is_strict_would_say_so() -> None:
    body = json.dumps({"event": CREATED, "payload": {"uuid": 5}}).encode()
    with pytest.raises(ValidationError):
        read(Heard("/", {"content-type": "application/json"}, body, 0.0))
