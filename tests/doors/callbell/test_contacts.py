"""Contacts at this door: listed, found, made, changed and destroyed, as its clients ask for it."""

import itertools
import random
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import Server
from tests.doors.callbell.conftest import WHATSAPP_SENDER, Api, account_of, bearer
from tests.doors.own.conftest import Own

EMPTY = "must be present and not empty"
#: What every contact has, and of which type it is.
SHAPE: dict[str, tuple[type, ...]] = {
    "uuid": (str,),
    "name": (str,),
    "phoneNumber": (str,),
    "phone": (str, type(None)),
    "email": (str, type(None)),
    "bsuid": (str, type(None)),
    "avatarUrl": (str, type(None)),
    "createdAt": (str,),
    "source": (str,),
    "href": (str,),
    "conversationHref": (str,),
    "closedAt": (str, type(None)),
    "blockedAt": (str, type(None)),
    "tags": (list,),
    "assignedUser": (str, type(None)),
    "customFields": (dict,),
    "team": (dict,),
    "channel": (dict,),
    "funnelId": (str, type(None)),
    "note": (str, type(None)),
}
_numbers = itertools.count(random.SystemRandom().randrange(8_000))


def new_number() -> str:
    """A number that no other test has."""
    return f"1415556{1000 + next(_numbers) % 9_000}"


def held(shape: dict[str, Any]) -> dict[str, Any]:
    """A contact, once it is found to have its shape."""
    assert set(shape) - {"customFieldsMetadata"} == set(SHAPE)
    for name, types in SHAPE.items():
        assert isinstance(shape[name], types), (name, shape[name])
    assert "+" not in shape["phoneNumber"]
    assert shape["createdAt"].endswith("Z")
    assert all(isinstance(value, str) for value in shape["customFields"].values())
    return shape


def make(api: Api, **more: Any) -> dict[str, Any]:
    """A new contact."""
    usual = {"identifier": new_number(), "source": "whatsapp", "name": "John Doe"}
    return held(api.ask("POST", "/contacts", {**usual, **more})["contact"])


def show(api: Api, uuid: str, query: str = "") -> dict[str, Any]:
    return held(api.get(f"/contacts/{uuid}{query}")["contact"])


def change(api: Api, uuid: str, **body: Any) -> dict[str, Any]:
    return held(api.ask("PATCH", f"/contacts/{uuid}", body)["contact"])


def blamed(answer: Any) -> dict[str, list[str]]:
    assert answer.status == 400, answer.body
    found: dict[str, list[str]] = answer.json["error"]
    assert isinstance(found, dict)
    return found


@pytest.fixture(scope="module")
def staff(shared_server: Server) -> dict[str, str]:
    """Two users, of whom only Jane is in the team, and that team's uuid."""
    own = Own(shared_server)
    for name in ("john", "jane"):
        own.post("/users", {"email": f"{name}.people@desk.example", "name": name.title()})
    team = own.post("/teams", {"name": "People", "members": ["jane.people@desk.example"]})
    return {
        "john": "john.people@desk.example",
        "jane": "jane.people@desk.example",
        "team": team["id"],
    }


@pytest.fixture(scope="module")
def kinds(shared_server: Server) -> None:
    """A field of each kind."""
    own = Own(shared_server)
    for kind in ("text", "email", "number", "date"):
        own.post("/fields", {"name": f"A {kind}", "kind": kind})
    for kind in ("dropdown", "checkbox"):
        options = ["Newsletter", "Promotions", "Updates"]
        own.post("/fields", {"name": f"A {kind}", "kind": kind, "options": options})


def test_the_first_example_makes_a_contact(api: Api) -> None:
    body = {"source": "whatsapp", "identifier": "123456789", "name": "John Doe"}
    made = held(api.ask("POST", "/contacts", body)["contact"])
    assert (made["phoneNumber"], made["phone"]) == ("123456789", "+123456789")
    assert (made["name"], made["source"], made["tags"]) == ("John Doe", "whatsapp", [])
    assert (made["assignedUser"], made["customFields"], made["team"]) == (None, {}, {})
    assert made["channel"]["type"] == "whatsapp"
    assert show(api, made["uuid"]) == made


def test_a_contacts_channel_is_the_one_that_is_listed(api: Api) -> None:
    listed = {channel["uuid"]: channel for channel in api.get("/channels")["channels"]}
    channel = make(api)["channel"]
    assert channel == listed[channel["uuid"]]
    assert channel["main"]


def test_tags_and_fields_that_nobody_defined_are_kept(api: Api) -> None:
    body = {
        "source": "whatsapp",
        "identifier": "+1234567891232337",
        "name": "John Doe +14",
        "custom_fields": {"TWITTE": "@doe_doe", "SHIPPING ADDRES": "", "gmail": "john@gmail.com"},
        "tags": ["USA", "France", "Test", "LATAM", "CIAO", "TAG"],
    }
    made = held(api.ask("POST", "/contacts", body)["contact"])
    assert made["tags"] == body["tags"]
    assert made["customFields"] == body["custom_fields"]


def test_all_that_a_contact_needs_is_asked_for_at_once(api: Api) -> None:
    for body in ({}, {"identifier": "", "source": " ", "name": None}, None):
        assert blamed(api.call("POST", "/contacts", body)) == {
            "identifier": [EMPTY],
            "source": [EMPTY],
            "name": [EMPTY],
        }


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ({"identifier": "not a number"}, {"identifier"}),
        ({"identifier": 123456789}, {"identifier"}),
        ({"source": "pigeon"}, {"source"}),
        ({"source": ["whatsapp"]}, {"source"}),
        ({"name": {"first": "John"}}, {"name"}),
        ({"name": "x" * 251}, {"name"}),
        ({"name": "a\0b"}, {"name"}),
        ({"tags": "a\0b"}, {"tags"}),
        ({"tags": [1]}, {"tags"}),
        ({"tags": {"a": "b"}}, {"tags"}),
        ({"custom_fields": ["a"]}, {"custom_fields"}),
        ({"custom_fields": {"a": {"b": 1}}}, {"custom_fields"}),
        ({"assigned_user": 5}, {"assigned_user"}),
        ({"team_uuid": True}, {"team_uuid"}),
        ({"team_uuid": "no such team"}, {"team_uuid"}),
        ({"team_uuid": "0" * 32}, {"team_uuid"}),
        ({"channel_uuid": "0" * 32}, {"channel_uuid"}),
        ({"channel_uuid": "nothing"}, {"channel_uuid"}),
        ({"bot_status": "bot_pause"}, {"bot_status"}),
        ({"note": "x" * 1001}, {"note"}),
        ({"name": 1, "tags": 2, "note": 3}, {"name", "tags", "note"}),
    ],
)
def test_what_is_wrong_is_blamed_and_nothing_is_made(
    api: Api, body: dict[str, Any], names: set[str]
) -> None:
    number = new_number()
    whole = {"identifier": number, "source": "whatsapp", "name": "John", **body}
    assert set(blamed(api.call("POST", "/contacts", whole))) == names
    assert api.call("GET", f"/contacts/phone/{number}").status == 404


def test_a_contact_that_is_there_is_changed_by_what_is_given(api: Api) -> None:
    made = make(api, tags=["a"], note="old")
    again = make(api, identifier=f"+{made['phoneNumber']}", name="Jack", custom_fields={"x": "1"})
    assert again["uuid"] == made["uuid"]
    assert (again["name"], again["tags"], again["note"]) == ("Jack", ["a"], "old")
    assert again["customFields"] == {"x": "1"}


def test_a_contact_gets_the_channel_that_is_named(api: Api, own: Own) -> None:
    address = f"+{new_number()}"
    sender = {"channel": "whatsapp", "address": address, "connection": "sandbox"}
    made = own.post("/senders", sender)
    assert make(api, channel_uuid=made["id"])["channel"]["uuid"] == made["id"]
    sms = own.post("/senders", {"address": address, "channel": "sms", "connection": "sandbox"})
    usual = {"identifier": new_number(), "source": "whatsapp", "name": "John Doe"}
    answer = api.call("POST", "/contacts", {**usual, "channel_uuid": sms["id"]})
    assert set(blamed(answer)) == {"channel_uuid"}
    assert own.call("DELETE", f"/senders/{made['id']}").status == 204
    answer = api.call("POST", "/contacts", {**usual, "channel_uuid": made["id"]})
    assert (answer.status, answer.code) == (422, "channel_disabled")
    assert own.call("DELETE", f"/senders/{sms['id']}").status == 204


def test_a_channel_of_a_type_that_there_is_none_of_is_told(shared_server: Server) -> None:
    alone = account_of(shared_server, "WhatsApp alone", "+14155550172")
    body = {"identifier": "john_doe", "source": "telegram", "name": "John"}
    answer = Api(shared_server, bearer(alone)).call("POST", "/contacts", body)
    assert (answer.status, answer.code) == (422, "no_channel")


def test_both_forms_of_an_id_lead_to_a_contact(api: Api) -> None:
    made = make(api)
    id = made["uuid"]
    dashed = f"{id[:8]}-{id[8:12]}-{id[12:16]}-{id[16:20]}-{id[20:]}"
    for form in (id, id.upper(), dashed):
        assert show(api, form)["uuid"] == id
    for form in ("nothing", "0" * 32, id[:-1], quote("a b")):
        assert api.call("GET", f"/contacts/{form}").refusal == (404, "not found")


def test_a_contact_is_found_by_its_number_in_any_writing(api: Api) -> None:
    made = make(api)
    bare = made["phoneNumber"]
    writings = (bare, f"+{bare}", f"00{bare}", f"+1 ({bare[1:4]}) {bare[4:7]}-{bare[7:]}")
    for writing in writings:
        found = api.get(f"/contacts/phone/{quote(writing)}")["contact"]
        assert found["uuid"] == made["uuid"]
    channel = made["channel"]["uuid"]
    assert api.get(f"/contacts/phone/{bare}", channel_uuid=channel)["contact"] == made
    assert api.call("GET", f"/contacts/phone/{new_number()}").status == 404
    assert api.call("GET", "/contacts/phone/john").status == 404
    answer = api.call("GET", f"/contacts/phone/{bare}?channel_uuid={'0' * 32}")
    assert set(blamed(answer)) == {"channel_uuid"}


def test_a_contact_may_be_one_whose_number_is_hidden(api: Api) -> None:
    bsuid = f"US.{random.SystemRandom().randrange(10**19, 10**20)}"
    assert api.call("GET", f"/contacts/bsuid/{bsuid}").refusal == (404, "not found")
    made = make(api, identifier=bsuid)
    assert (made["bsuid"], made["phone"]) == (bsuid, None)
    assert held(api.get(f"/contacts/bsuid/{bsuid}")["contact"]) == made
    assert api.call("GET", f"/contacts/bsuid/{make(api)['phoneNumber']}").status == 404


def test_what_is_given_is_changed_and_all_else_stays(api: Api) -> None:
    made = make(api, tags=["a", "b"], custom_fields={"x": "1", "y": "2"}, note="first")
    id = made["uuid"]
    fields = {"orderNumber": 123, "zipCode": "98765430"}
    found = change(api, id, name="Joe Doe NEW", custom_fields=fields)
    assert (found["name"], found["tags"], found["note"]) == ("Joe Doe NEW", ["a", "b"], "first")
    texts = {"x": "1", "y": "2", "orderNumber": "123", "zipCode": "98765430"}
    assert found["customFields"] == texts
    assert change(api, id, tags=["USA"])["tags"] == ["USA"]
    assert change(api, id, tags="USA, France")["tags"] == ["USA", "France"]
    assert change(api, id, tags=[])["tags"] == []
    assert change(api, id, note="")["note"] is None
    assert "x" not in change(api, id, custom_fields={"x": None})["customFields"]
    assert change(api, id) == show(api, id)


def test_the_number_of_a_contact_is_not_changed(api: Api) -> None:
    made = make(api)
    answer = api.call("PATCH", f"/contacts/{made['uuid']}", {"identifier": "14155550000"})
    assert answer.status == 200
    assert answer.json["contact"]["phoneNumber"] == made["phoneNumber"]
    assert "identifier" in answer.headers["x-gateway-warnings"]


def test_a_change_is_checked_whole_before_it_is_made(api: Api) -> None:
    made = make(api)
    body = {"name": "New", "tags": 5, "unassign_user": "yes", "bot_status": "x"}
    answer = api.call("PATCH", f"/contacts/{made['uuid']}", body)
    assert set(blamed(answer)) == {"tags", "unassign_user", "bot_status"}
    assert show(api, made["uuid"]) == made


def test_somebody_is_assigned_and_relieved(api: Api, staff: dict[str, str]) -> None:
    made = make(api, assigned_user=staff["jane"].upper(), team_uuid=staff["team"])
    id = made["uuid"]
    assert made["assignedUser"] == staff["jane"]
    assert made["team"]["uuid"] == staff["team"]
    assert set(made["team"]) == {"uuid", "name", "createdAt", "default", "members"}
    assert change(api, id, assigned_user=staff["john"])["assignedUser"] == staff["john"]
    relieved = change(api, id, unassign_user=True)
    assert (relieved["assignedUser"], relieved["team"]["uuid"]) == (None, staff["team"])
    assert change(api, id, team_uuid="")["team"] == {}
    assert change(api, id, unassign_user=False)["assignedUser"] is None


def test_who_cannot_be_assigned_is_warned_of(api: Api, staff: dict[str, str]) -> None:
    usual = {"identifier": new_number(), "source": "whatsapp", "name": "John Doe"}
    for email in ("nobody@desk.example", "no e-mail at all", "é\0\r\nX: y"):
        answer = api.call("POST", "/contacts", {**usual, "assigned_user": email})
        assert answer.status == 200
        assert answer.json["contact"]["assignedUser"] is None
        assert "nobody was assigned" in answer.headers["x-gateway-warnings"]
    both = {"assigned_user": staff["john"], "team_uuid": staff["team"]}
    answer = api.call("POST", "/contacts", {**usual, **both})
    assert answer.json["contact"]["assignedUser"] is None
    assert answer.json["contact"]["team"]["uuid"] == staff["team"]
    assert "not in the team" in answer.headers["x-gateway-warnings"]
    answer = api.call("PATCH", f"/contacts/{answer.json['contact']['uuid']}", both)
    assert "not in the team" in answer.headers["x-gateway-warnings"]


@pytest.mark.usefixtures("kinds")
def test_fields_are_held_against_their_kinds(api: Api) -> None:
    good = {
        "A text": "Oxford Street 123",
        "A email": "john@doe.example",
        "A number": 12.5,
        "A date": "2024-01-15",
        "A dropdown": "Updates",
        "A checkbox": ["Newsletter", "Promotions"],
        "Another": "x",
    }
    made = make(api, custom_fields=good)
    shown = {**good, "A number": "12.5", "A checkbox": '["Newsletter", "Promotions"]'}
    assert made["customFields"] == shown
    options = ["Newsletter", "Promotions", "Updates"]
    found = show(api, made["uuid"], "?include_field_types=true")
    assert found["customFields"] == shown
    assert found["customFieldsMetadata"] == {
        "A text": {"value": "Oxford Street 123", "type": "text"},
        "A email": {"value": "john@doe.example", "type": "email"},
        "A number": {"value": "12.5", "type": "number"},
        "A date": {"value": "2024-01-15", "type": "date"},
        "A dropdown": {"value": "Updates", "type": "dropdown", "options": options},
        "A checkbox": {
            "value": ["Newsletter", "Promotions"],
            "type": "checkbox",
            "options": options,
        },
        "Another": {"value": "x", "type": "text"},
    }
    listed = api.get("/contacts", include_field_types="true")["contacts"]
    assert held(next(item for item in listed if item["uuid"] == made["uuid"])) == found
    bad = {"A email": "x", "A number": "y", "A date": "z", "A dropdown": "w", "A checkbox": ["v"]}
    answer = api.call("PATCH", f"/contacts/{made['uuid']}", {"custom_fields": bad, "name": "New"})
    assert len(blamed(answer)["custom_fields"]) == 5
    assert show(api, made["uuid"]) == made


def test_a_contact_is_destroyed(api: Api) -> None:
    made = make(api)
    path = f"/contacts/{made['uuid']}"
    assert api.ask("DELETE", path) == {"status": "contact was destroyed"}
    for method in ("GET", "PATCH", "DELETE"):
        assert api.call(method, path, {}).refusal == (404, "not found")
    assert api.call("GET", f"/contacts/phone/{made['phoneNumber']}").status == 404
    assert make(api, identifier=made["phoneNumber"])["uuid"] != made["uuid"]


@pytest.fixture(scope="module")
def crowd(shared_server: Server, key: str, staff: dict[str, str]) -> list[str]:
    """More contacts than stand on one page, the newest last; all have one tag, every other a team."""
    api = Api(shared_server, key)
    return [
        make(
            api,
            tags=["Crowd-Person", f"n{number}"],
            team_uuid=staff["team"] if number % 2 else None,
        )["uuid"]
        for number in range(23)
    ]


def test_contacts_come_page_by_page_newest_first(api: Api, crowd: list[str]) -> None:
    first = api.get("/contacts", tags="crowd-person")
    assert [held(item)["uuid"] for item in first["contacts"]] == crowd[:2:-1]
    assert (first["meta"]["page"], first["meta"]["pages"]) == (1, 2)
    second = api.get("/contacts", tags="crowd-person", page=2)
    assert [item["uuid"] for item in second["contacts"]] == crowd[2::-1]
    assert second["meta"] == {"page": 2, "pages": 2, "next": None}
    cursor = first["meta"]["next"]
    by_cursor = api.get("/contacts", tags="crowd-person", after=cursor, page=7)
    assert by_cursor["contacts"] == second["contacts"]
    assert by_cursor["meta"]["next"] is None
    past = api.get("/contacts", tags="crowd-person", page=3)
    assert (past["contacts"], past["meta"]["pages"]) == ([], 2)


def test_who_writes_comes_to_the_top(api: Api, own: Own, crowd: list[str]) -> None:
    number = show(api, crowd[0])["phone"]
    own.write(number, "Hello there", to=WHATSAPP_SENDER, channel="whatsapp")
    found = api.get("/contacts", tags="crowd-person")["contacts"]
    assert [item["uuid"] for item in found][:2] == [crowd[0], crowd[-1]]
    crowd.append(crowd.pop(0))


def test_contacts_are_narrowed(api: Api, crowd: list[str], staff: dict[str, str]) -> None:
    some = api.get("/contacts", tags="N3,n5, nobody")["contacts"]
    assert len(some) == 2
    assert api.get("/contacts", tags="nobody-has-this")["contacts"] == []
    mine = api.get("/contacts", tags="crowd-person", team_uuid=staff["team"])
    assert len(mine["contacts"]) == 11
    assert {item["team"]["uuid"] for item in mine["contacts"]} == {staff["team"]}
    assert api.get("/contacts", source="instagram", tags="crowd-person")["contacts"] == []
    # Other tests may have had contacts there by now, on the same server.
    others = api.get("/contacts", source="instagram")["contacts"]
    assert all(item["source"] == "instagram" for item in others)
    assert len(api.get("/contacts", source="whatsapp", tags="crowd-person")["contacts"]) == 20


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ("page=501", "Pagination limit exceeded"),
        ("page=999999999", "Pagination limit exceeded"),
        ("after=nonsense", "Invalid pagination cursor"),
        ("after=eyJ0cyI6MTc1NDM4NDQwMDAwMCwiaWQiOjEyMzQ1fQ", "Invalid pagination cursor"),
        ("after=%00%ff", "Invalid pagination cursor"),
    ],
)
def test_a_page_that_cannot_be_is_said_so(api: Api, query: str, error: str) -> None:
    assert api.call("GET", f"/contacts?{query}").refusal == (400, error)


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("page=0", "page"),
        ("page=-1", "page"),
        ("page=one", "page"),
        ("page=1.5", "page"),
        ("source=pigeon", "source"),
        ("team_uuid=nothing", "team_uuid"),
        ("tags=a%00b", "tags"),
    ],
)
def test_a_bad_question_is_blamed(api: Api, query: str, name: str) -> None:
    assert set(blamed(api.call("GET", f"/contacts?{query}"))) == {name}
    assert api.call("GET", "/contacts?page=500").status == 200


def test_the_accounts_do_not_see_each_others_contacts(api: Api, other: Api) -> None:
    mine = make(api, tags=["mine-alone"])
    path = f"/contacts/{mine['uuid']}"
    for method in ("GET", "PATCH", "DELETE"):
        assert other.call(method, path, {"name": "Hers"}).refusal == (404, "not found")
    assert other.call("GET", f"/contacts/phone/{mine['phoneNumber']}").status == 404
    assert other.get("/contacts", tags="mine-alone")["contacts"] == []
    hers = make(other, identifier=mine["phoneNumber"], name="Hers")
    assert hers["uuid"] != mine["uuid"]
    assert show(api, mine["uuid"]) == mine
    usual = {"identifier": new_number(), "source": "whatsapp", "name": "x"}
    answer = other.call("POST", "/contacts", {**usual, "channel_uuid": mine["channel"]["uuid"]})
    assert set(blamed(answer)) == {"channel_uuid"}


SAID = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20) | st.sampled_from(["whatsapp", "bot_start", "\0", "x" * 2_000]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip
NAMES = (
    "identifier", "source", "name", "tags", "custom_fields", "assigned_user", "unassign_user",
    "team_uuid", "channel_uuid", "bot_status", "note",
)  # fmt: skip


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.dictionaries(st.sampled_from(NAMES), SAID, max_size=4))
def test_whatever_is_said_of_a_contact_is_taken_or_refused(api: Api, said: Any) -> None:
    usual = {"identifier": "14155569999", "source": "whatsapp", "name": "Fuzzed"}
    made = api.call("POST", "/contacts", usual).json["contact"]["uuid"]
    for method, path in (("POST", "/contacts"), ("PATCH", f"/contacts/{made}")):
        whole = {**usual, **said} if method == "POST" else said
        answer = api.call(method, path, whole)
        assert answer.status in (200, 400, 422), answer.body
        if answer.status == 200:
            held(answer.json["contact"])


@pytest.mark.parametrize(
    "end", ["%00", "%ff", "%2f%2fx", "a%0ab", "x" * 5_000, "%ed%a0%80", "+", "%20"]
)
def test_whatever_stands_in_a_path_is_found_or_not(api: Api, end: str) -> None:
    for path in ("", "phone/", "bsuid/"):
        assert api.call("GET", f"/contacts/{path}{end}").status == 404


@pytest.mark.parametrize(
    "raw", [b"[]", b"{", b'"\xff"', b'{"name": "\\ud800"}', b"nonsense", b'{"a": 1e999}']
)
def test_what_is_no_json_object_is_said_so(api: Api, raw: bytes) -> None:
    status, error = api.call("POST", "/contacts", raw).refusal
    assert status == 400
    assert error.startswith("invalid JSON")


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.dictionaries(
        st.sampled_from(["page", "after", "tags", "source", "team_uuid", "channel_uuid"]),
        st.text(max_size=20),
    )
)
def test_whatever_is_asked_for_is_answered(api: Api, asked: dict[str, str]) -> None:
    for path in ("/contacts", "/contacts/phone/14155550101", f"/contacts/{'a' * 32}/messages"):
        pairs = "&".join(
            f"{name}={quote(text.encode('utf-8', 'surrogatepass'))}" for name, text in asked.items()
        )
        assert api.call("GET", f"{path}?{pairs}").status in (200, 400, 404)
