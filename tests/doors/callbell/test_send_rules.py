"""What is refused, and in which words; whom a message is assigned to; and that nothing breaks."""

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from estafette.doors.callbell.bodies import ALIASES, canonical
from estafette.doors.callbell.declined import DECLINED, of_declined
from estafette.doors.callbell.kinds import TYPES, kind_of
from estafette.doors.callbell.recipients import NotRead, read_recipient
from estafette.model import Channel, Declined, Reason
from tests.doors.callbell.conftest import WHATSAPP_SENDER, Answer, Api, account_of, bearer
from tests.doors.callbell.examples import ONE_HOLE, THREE_HOLES, TO, template
from tests.doors.callbell.test_send import make_template
from tests.doors.own.conftest import Own
from tests.doors.twilio.conftest import new_number

EMPTY = "must be present and not empty"
TEXT: dict[str, Any] = {
    "to": TO,
    "from": "whatsapp",
    "type": "text",
    "content": {"text": "Hello!"},
}


def blamed(answer: Answer) -> Any:
    """What is blamed, of a 400."""
    status, error = answer.refusal
    assert status == 400, error
    assert isinstance(error, dict), error
    return error


# What is missing


def test_all_that_is_missing_is_told_at_once(api: Api) -> None:
    everything = {name: [EMPTY] for name in ("to", "from", "type", "content")}
    for body in ({}, None, b"", dict.fromkeys(TEXT), dict.fromkeys(TEXT, "")):
        assert api.post(body).refusal == (400, everything)


@pytest.mark.parametrize("name", TEXT)
def test_each_that_is_needed_is_needed(name: str, api: Api) -> None:
    for value in (None, "", "  "):
        said = blamed(api.post({**TEXT, name: value}))
        assert list(said) == [name]
        if value != "  " or name != "content":
            assert said == {name: [EMPTY]}
    assert blamed(api.post({key: TEXT[key] for key in TEXT if key != name})) == {name: [EMPTY]}


@pytest.mark.parametrize("name", ["to", "from", "type"])
def test_a_text_is_a_text(name: str, api: Api) -> None:
    for value in (5, True, ["x"], {"x": "y"}, 1.5):
        assert blamed(api.post({**TEXT, name: value})) == {name: ["must be string"]}


def test_content_is_an_object(api: Api) -> None:
    for value in ("Hello!", 5, True, ["x"], []):
        assert blamed(api.post({**TEXT, "content": value})) == {"content": ["must be object"]}
    assert blamed(api.post({**TEXT, "content": {}})) == {"content": [EMPTY]}


def test_content_has_what_its_type_needs(api: Api) -> None:
    for text in (None, "", " "):
        said = blamed(api.post({**TEXT, "content": {"text": text}}))
        assert said == {"content": [f"text {EMPTY}"]}
    for type in ("image", "document", "audio", "video"):
        said = blamed(api.post({**TEXT, "type": type}))
        assert said == {"content": [f"url {EMPTY}"]}
        for url in (
            "my.png",
            "/my.png",
            "//example.com/my.png",
            "ftp://example.com/a",
            "http://",
            "x:y",
            "https://a b",
        ):
            said = blamed(api.post({**TEXT, "type": type, "content": {"url": url}}))
            assert said == {"content": ["url must be an absolute http or https URL"]}
    for content in ({"text": 5}, {"text": "x", "name": 5}, {"text": "x", "url": []}):
        (fault,) = blamed(api.post({**TEXT, "content": content}))["content"]
        assert fault.endswith("must be string")
    assert list(blamed(api.post({**TEXT, "content": {"text": "a\0b"}}))) == ["content"]
    long = blamed(api.post({**TEXT, "content": {"text": "x" * 4097}}))
    assert long == {
        "content": ["text must have at most 1600 characters on SMS and 4096 elsewhere, not 4097"]
    }


def test_the_type_is_one_of_five(api: Api) -> None:
    assert TYPES == ("text", "image", "document", "audio", "video")
    (fault,) = blamed(api.post({**TEXT, "type": "sticker"}))["type"]
    assert fault == "must be one of text, image, document, audio, video"


def test_from_is_the_type_of_a_channel(api: Api) -> None:
    (fault,) = blamed(api.post({**TEXT, "from": "pigeon"}))["from"]
    assert fault == "must be one of whatsapp, facebook, instagram, telegram, sms"
    (fault,) = blamed(api.post({**TEXT, "from": WHATSAPP_SENDER}))["from"]
    assert "type of a channel" in fault
    assert "channel_uuid" in fault


def test_to_is_a_number(api: Api) -> None:
    for to in (
        "123456",
        "1234567890123456",
        "hello",
        "+31 6 CALL ME",
        "31.612.345.678",
        "++31612345678",
        "+1555",
    ):
        assert list(blamed(api.post({**TEXT, "to": to}))) == ["to"]
    local = {**TEXT, "to": "0612345678"}
    assert list(blamed(api.post(local))) == ["to"]  # no country code begins with a zero
    sms = {**TEXT, "from": "sms", "to": "+1234567890"}
    assert list(blamed(api.post(sms))) == ["to"]  # too short for its country: nobody can dial it


def test_whatsapp_has_people_under_numbers_that_nobody_can_dial(api: Api, own: Own) -> None:
    for to in ("1234567", "+509840596973", "123456789012345"):
        uuid = api.send(to, fields="contact")["uuid"]
        assert own.get(f"/messages/{uuid}")["to"] == f"+{to.removeprefix('+')}"
        api.until(uuid, "delivered")


def test_what_is_no_json_is_refused(api: Api) -> None:
    caption = b'{"to": "+31612345678", "content": {"url": "https://x.example/a", "text: "a"}}'
    for raw in (caption, b"{", b"to=1", b'"x"', b"[]", b"\xff", b'{"a":"\\ud800"}', b"[" * 5000):
        status, error = api.post(raw).refusal
        assert status == 400
        assert error.startswith("invalid JSON: ")


# Names of translated pages


def test_the_names_that_are_meant() -> None:
    assert ALIASES == {"": {"contenu": "content"}, "content": {"texte": "text"}}
    assert canonical({"contenu": {"texte": "a", "url": "b"}, "to": "c"}) == {
        "content": {"text": "a", "url": "b"}, "to": "c",
    }  # fmt: skip
    both = {"content": {"text": "a", "texte": "b"}, "contenu": {"texte": "c"}}
    assert canonical(both) == {"content": {"text": "a"}}
    assert canonical({"contenu": 5}) == {"content": 5}
    said = {"content": {"text": "a"}}
    assert canonical(said) == said


def test_errors_never_name_an_alias(api: Api) -> None:
    said = {name: TEXT[name] for name in ("to", "from", "type")}
    for contenu in ({}, {"texte": ""}, 5, {"texte": 5}):
        assert list(blamed(api.post({**said, "contenu": contenu}))) == ["content"]


# Templates


def test_a_template_needs_an_opt_in(api: Api) -> None:
    asked = template(ONE_HOLE)
    del asked["optin_contact"]
    assert blamed(api.post(asked)) == {"optin_contact": [EMPTY]}
    for value, fault in (
        (None, EMPTY),
        (False, "must be accepted"),
        ("yes", "must be boolean"),
        (1, "must be boolean"),
    ):
        assert blamed(api.post({**asked, "optin_contact": value})) == {"optin_contact": [fault]}
    for value in (True, False, None):
        assert api.post({**TEXT, "to": new_number(), "optin_contact": value}).status == 200


def test_an_opt_in_is_kept_with_its_time_and_where_it_was_told(api: Api) -> None:
    def kept(to: str) -> tuple[Any, ...]:
        url = f"file:{api.server.home}/estafette.db?mode=ro"
        with closing(sqlite3.connect(url, uri=True)) as conn:
            asked = "SELECT opt_in_at, opt_in_source FROM contacts WHERE address = ?"
            (row,) = conn.execute(asked, (to,)).fetchall()
        return tuple(row)

    before = int(datetime.now(UTC).timestamp() * 1e6)
    for body in ({**template(ONE_HOLE)}, {**TEXT, "optin_contact": True}):
        to = new_number()
        assert api.post({**body, "to": to}).status == 200
        at, source = kept(to)
        assert at >= before
        assert source == "callbell"
        api.send(to)  # says nothing of it, and takes nothing back
        assert kept(to) == (at, source)
    to = new_number()
    api.send(to, optin_contact=False)
    assert kept(to) == (None, "")


def test_values_need_a_template(api: Api) -> None:
    for more in ({}, {"template_uuid": ""}, {"template_uuid": None}):
        said = blamed(api.post({**TEXT, "template_values": ["a"], **more}))
        assert said == {"template_uuid": [EMPTY]}
    assert api.post({**TEXT, "to": new_number(), "template_values": []}).status == 200


def test_a_template_must_be_there(api: Api, other: Api) -> None:
    for uuid in ("0" * 32, "moon", ONE_HOLE[:-1]):
        assert blamed(api.post(template(uuid))) == {"template_uuid": ["is unknown"]}
    assert blamed(api.post(template("x") | {"template_uuid": 5}))["template_uuid"] == [
        "must be string"
    ]
    # Another account's templates are unknown.
    assert blamed(other.post(template(ONE_HOLE))) == {"template_uuid": ["is unknown"]}


@pytest.mark.parametrize("status", ["pending", "rejected", "paused", "disabled"])
def test_a_template_must_be_approved(status: str, api: Api, own: Own) -> None:
    uuid = make_template(own, "text", "Hi {{1}}, bye.", status=status)
    answer = api.post(template(uuid))
    assert answer.refusal[0] == 422
    assert answer.code == "template_not_approved"


def test_a_template_has_as_many_values_as_holes(api: Api) -> None:
    for values in (["a"], ["a", "b"], ["a", "b", "c", "d"]):
        said = blamed(api.post({**template(THREE_HOLES), "template_values": values}))
        assert said == {"template_values": [f"must have 3 values, not {len(values)}"]}
    for more in ({}, {"template_values": []}, {"template_values": None}):
        said = blamed(api.post({**template(THREE_HOLES), **more}))
        assert list(said) == ["template_values"]
        assert "3 values" in said["template_values"][0]
    said = blamed(api.post({**template(ONE_HOLE), "template_values": ["a", "b"]}))
    assert said == {"template_values": ["must have 1 values, not 2"]}


def test_values_are_a_list_of_texts(api: Api) -> None:
    for values in ({"1": "a"}, "a", 5, [["a"]], [{"a": "b"}], [None], True):
        said = blamed(api.post({**template(ONE_HOLE), "template_values": values}))
        assert said == {"template_values": ["must be a list of strings"]}


def test_the_one_hole_is_filled_by_something(api: Api) -> None:
    for content in ({}, {"text": ""}, {"text": None}, {"text": " "}):
        said = blamed(api.post({**template(ONE_HOLE), "content": content}))
        assert said == {"content": [f"text {EMPTY}"]}


def test_a_template_has_the_type_that_is_named(api: Api, own: Own) -> None:
    uuid = make_template(own, "image", "Hi {{1}}, look.")
    assert blamed(api.post(template(uuid))) == {"type": ["must be image, as the template is"]}
    said = blamed(api.post(template(uuid, "image")))
    assert said == {"content": [f"url {EMPTY}"]}
    video = template(uuid, "video", url="https://example.com/a.mp4")
    assert blamed(api.post(video)) == {"type": ["must be image, as the template is"]}
    image = template(ONE_HOLE, "image", url="https://example.com/a.png")
    assert blamed(api.post(image)) == {"type": ["must be text, as the template is"]}


def test_a_template_is_not_a_type(api: Api) -> None:
    asked = {**TEXT, "type": "template", "content": {"uuid": ONE_HOLE, "values": {"1": "a"}}}
    (fault,) = blamed(api.post({**asked, "template_values": {"1": "a"}}))["type"]
    assert "template_uuid" in fault


# Channels


def sender(own: Own, channel: str, address: str) -> str:
    asked = {"channel": channel, "address": address, "connection": "sandbox"}
    return str(own.post("/senders", asked)["id"])


def test_a_channel_must_be_there_and_fit(api: Api, own: Own, other_own: Own) -> None:
    theirs = other_own.get("/senders", channel="whatsapp")["items"][0]["id"]
    for uuid in ("0" * 32, "moon", theirs, WHATSAPP_SENDER):
        said = blamed(api.post({**TEXT, "channel_uuid": uuid}))
        assert said == {"channel_uuid": ["is unknown"]}
    sms = own.get("/senders", channel="sms")["items"][0]["id"]
    (fault,) = blamed(api.post({**TEXT, "channel_uuid": sms}))["channel_uuid"]
    assert "sms" in fault
    assert blamed(api.post({**TEXT, "channel_uuid": 5})) == {"channel_uuid": ["must be string"]}


def test_a_discarded_channel_sends_no_more(api: Api, own: Own) -> None:
    uuid = sender(own, "whatsapp", "+14155550172")
    assert api.send(new_number(), channel_uuid=uuid)
    own.call("DELETE", f"/senders/{uuid}")
    answer = api.post({**TEXT, "channel_uuid": uuid})
    assert answer.refusal[0] == 422
    assert answer.code == "channel_disabled"


def test_without_a_channel_nothing_is_sent(other: Api) -> None:
    answer = other.post({**TEXT, "from": "instagram", "to": "1789"})
    assert answer.refusal[0] == 422
    assert answer.code == "no_channel"


def test_the_main_channel_sends_else_the_oldest(other: Api, other_own: Own) -> None:
    first = sender(other_own, "telegram", "shop_one")
    second = sender(other_own, "telegram", "shop_two")
    asked = {**TEXT, "from": "telegram", "to": "12345678"}

    def leaves_from() -> str:
        uuid = other.post(asked).json["message"]["uuid"]
        return str(other_own.get(f"/messages/{uuid}")["from"])

    assert leaves_from() == "shop_one"
    assert other_own.call("PUT", f"/senders/{second}", {"main": True}).status in (200, 405)
    other_own.call("PATCH", f"/senders/{second}", {"main": True})
    assert leaves_from() == "shop_two"
    assert first != second


@pytest.mark.parametrize("channel", ["telegram", "facebook", "instagram", "sms"])
def test_sounds_films_and_templates_are_for_whatsapp(channel: str, api: Api) -> None:
    here = {**TEXT, "from": channel, "to": new_number()}
    for more in (
        {"type": "audio", "content": {"url": "https://example.com/a.mp3"}},
        {"type": "video", "content": {"url": "https://example.com/a.mp4"}},
        {"type": "document", "content": {"url": "https://example.com/a.mp3"}},
        {"template_uuid": ONE_HOLE, "optin_contact": True},
    ):
        answer = api.post({**here, **more})
        assert answer.refusal[0] == 422
        assert answer.code == "not_supported_by_channel"


def test_other_channels_take_what_they_call_people(api: Api, own: Own) -> None:
    sender(own, "facebook", "my_page")
    message = api.send("2784123456789012", **{"from": "facebook"}, fields="contact")
    assert message["contact"]["phoneNumber"] == "2784123456789012"
    assert message["contact"]["phone"] is None
    kept = own.get(f"/messages/{message['uuid']}")
    assert (kept["channel"], kept["to"]) == ("facebook", "2784123456789012")
    assert api.until(message["uuid"], "delivered")


# Whom it is assigned to


@pytest.fixture(scope="module")
def desk(shared_server: Any) -> tuple[Api, Own]:
    """An account with two users and a team of one of them."""
    own = account_of(shared_server, "Desk", "+14155550173")
    for name in ("ann", "ben"):
        own.post("/users", {"email": f"{name}@example.com", "name": name.title()})
    own.post("/teams", {"name": "Sales", "members": ["ann@example.com"]})
    return Api(shared_server, bearer(own)), own


def assigned(answer: Answer) -> tuple[Any, Any]:
    contact = answer.json["message"]["contact"]
    return contact["assignedUser"], contact["team"].get("name")


def test_a_conversation_is_assigned(desk: tuple[Api, Own]) -> None:
    api, own = desk
    (team,) = [item["id"] for item in own.get("/teams")["items"] if item["name"] == "Sales"]
    usual = {**TEXT, "fields": "contact"}
    ann, ben = "ann@example.com", "ben@example.com"
    for more, found, is_warned in (
        ({"assigned_user": ann}, (ann, None), False),
        ({"assigned_user": "ANN@example.com"}, (ann, None), False),
        ({"team_uuid": team}, (None, "Sales"), False),
        ({"team_uuid": team, "assigned_user": ann}, (ann, "Sales"), False),
        ({"team_uuid": team, "assigned_user": ben}, (None, "Sales"), True),
        ({"assigned_user": "carl@example.com"}, (None, None), True),
        ({"assigned_user": "carl\r\nX-Evil: 1\u2603"}, (None, None), True),
        ({"assigned_user": None, "team_uuid": ""}, (None, None), False),
    ):
        answer = api.post({**usual, **more, "to": new_number()})
        assert answer.status == 200, answer.body
        assert assigned(answer) == found, more
        warned = answer.headers.get("x-gateway-warnings", "")
        assert bool(warned) is is_warned
        assert "nobody was assigned" in warned or not is_warned
        assert "x-evil" not in answer.headers


def test_a_send_says_nothing_of_who_looks_after_it_and_opens_what_was_closed(
    desk: tuple[Api, Own],
) -> None:
    api, _ = desk
    asked = {**TEXT, "fields": "contact,conversation", "to": new_number()}
    first = api.post({**asked, "assigned_user": "ann@example.com"}).json["message"]
    uuid = first["contact"]["uuid"]
    closed = api.ask("POST", f"/contacts/{uuid}/conversation/close")
    assert closed["contact"]["closedAt"]
    again = api.post(asked).json["message"]
    assert again["contact"]["uuid"] == uuid
    assert again["contact"]["closedAt"] is None
    assert again["contact"]["assignedUser"] == "ann@example.com"
    assert again["conversation"] == first["conversation"]


def test_a_team_must_be_there(desk: tuple[Api, Own], api: Api) -> None:
    theirs = desk[1].get("/teams")["items"][0]["id"]
    for uuid in ("0" * 32, "moon", theirs):
        to = new_number()
        assert blamed(api.post({**TEXT, "to": to, "team_uuid": uuid})) == {
            "team_uuid": ["is unknown"]
        }
    for name in ("team_uuid", "assigned_user"):
        assert blamed(api.post({**TEXT, name: 5})) == {name: ["must be string"]}


def test_what_is_refused_leaves_no_trace(api: Api, own: Own) -> None:
    to = new_number()
    assert api.post({**TEXT, "to": to, "team_uuid": "0" * 32}).status == 400
    assert api.post({**template(THREE_HOLES), "to": to}).status == 400
    assert own.get("/messages", to=to)["items"] == []
    assert api.call("GET", f"/contacts/phone/{to}").status == 404


def test_a_bot_begins_and_ends(api: Api) -> None:
    for word in ("bot_start", "bot_end"):
        contact = api.send(new_number(), bot_status=word, fields="contact")["contact"]
        found = api.get(f"/contacts/{contact['uuid']}/bot")["bot"]
        assert found["status"] == {"bot_start": "started", "bot_end": "ended"}[word]
    said = blamed(api.post({**TEXT, "bot_status": "bot_pause"}))
    assert said == {"bot_status": ["must be one of bot_start, bot_end"]}


# Metadata, fields, keys


def test_metadata_are_a_few_short_texts(api: Api) -> None:
    for metadata, fault in (
        ({"a": 5}, "must be string"),
        ({"a": None}, "must be string"),
        ({"a": {"b": "c"}}, "must be string"),
        ("a", "must be object"),
        ([], "must be object"),
        ({str(n): "x" for n in range(11)}, "must have at most 10 pairs"),
        ({"k" * 51: "x"}, "must have keys of 1 to 50 characters"),
        ({"": "x"}, "must have keys of 1 to 50 characters"),
        ({"k": "x" * 501}, "must have values of at most 500 characters"),
        ({"k": "\0"}, "must not hold the character NUL"),
    ):
        assert blamed(api.post({**TEXT, "metadata": metadata})) == {"metadata": [fault]}
    most = {f"{n:050}": "x" * 500 for n in range(10)}
    assert api.send(new_number(), metadata=most)["metadata"] == most
    assert "metadata" not in api.send(new_number(), metadata={})


def test_fields_are_names(api: Api) -> None:
    for value in (5, {"a": "b"}, [5]):
        assert list(blamed(api.post({**TEXT, "fields": value}))) == ["fields"]


def test_all_faults_are_told_together(api: Api) -> None:
    said = blamed(
        api.post(
            {
                "to": "12",
                "from": "whatsapp",
                "type": "image",
                "content": {"url": "x"},
                "template_values": {"a": "b"},
                "metadata": {"a": 1},
                "bot_status": "x",
                "fields": 5,
                "fallback": {"channel": "pigeon"},
            }
        )
    )
    assert set(said) == {
        "to", "content", "template_uuid", "template_values", "metadata", "bot_status", "fields",
        "fallback",
    }  # fmt: skip


def test_a_key_has_its_limits(api: Api) -> None:
    assert api.post(TEXT, **{"Idempotency-Key": "k" * 256}).refusal[0] == 400


def test_a_request_that_was_taken_is_taken_again(api: Api, own: Own) -> None:
    """Though it would be refused by now."""
    uuid = sender(own, "whatsapp", "+14155550174")
    to = new_number()
    asked = {**TEXT, "to": to, "channel_uuid": uuid}
    first = api.post(asked, **{"Idempotency-Key": f"r{to}"}).json["message"]["uuid"]
    own.call("DELETE", f"/senders/{uuid}")
    again = api.post(asked, **{"Idempotency-Key": f"r{to}"})
    assert again.json["message"]["uuid"] == first
    assert api.post(asked).code == "channel_disabled"


# What the core declines


def test_every_reason_has_words() -> None:
    assert set(DECLINED) == set(Reason)
    for reason in Reason:
        refusal = of_declined(Declined(reason, "+14155550100"))
        assert refusal.status == (400 if DECLINED[reason].parameter else DECLINED[reason].status)
        assert ("code" in refusal.shape) is (refusal.status != 400)
    parameters = {said.parameter for said in DECLINED.values()}
    assert parameters == {"", "to", "content", "channel_uuid"}


def test_who_opted_out_is_not_written_to(api: Api, own: Own) -> None:
    to = new_number()
    own.post("/suppressions", {"recipient": to, "channel": "whatsapp"})
    answer = api.post({**TEXT, "to": to})
    assert answer.refusal == (422, f"{to} asked not to be written to")
    assert answer.code == "opted_out"


@pytest.mark.parametrize(
    ("minutes", "is_open"), [(1, True), (23 * 60 + 59, True), (24 * 60, False), (3000, False)]
)
def test_the_window_is_open_for_a_day(minutes: int, is_open: bool, api: Api, own: Own) -> None:
    to = new_number()
    at = datetime.now(UTC) - timedelta(minutes=minutes)
    own.write(to, "Hello?", WHATSAPP_SENDER, channel="whatsapp", at=at.isoformat())
    answer = api.post({**TEXT, "to": to})
    if is_open:
        closes = (at + timedelta(hours=24)).strftime("%Y-%m-%dT%H:%M:%SZ")
        assert answer.json["message"]["window_open_until"] == closes
        return
    assert answer.refusal[0] == 422
    assert answer.code == "outside_24h_window"
    taken = api.post({**template(ONE_HOLE), "to": to})
    assert taken.status == 200
    assert "window_open_until" not in taken.json["message"]


@pytest.mark.parametrize(
    ("kind", "code", "number"),
    [("trial", "unverified", "+14155550175"), ("test", "test_account", "+14155550176")],
)
def test_accounts_on_trial_and_for_tests(kind: str, code: str, number: str, api: Api) -> None:
    made = account_of(api.server, kind, number)
    account = Api(api.server, bearer(made))
    listed = json.loads(api.server.run("accounts", "list", "--json").stdout)["items"]
    (sid,) = [item["sid"] for item in listed if item["name"] == kind]
    api.server.run("accounts", "set", sid, "--kind", kind)
    answer = account.post(TEXT)
    assert answer.refusal[0] in (401, 422), answer.body
    assert answer.code == code


# Pure parts


@pytest.mark.parametrize(
    ("type", "url", "name", "kind"),
    [
        ("document", "https://x.example/a.pdf", "", "document"),
        ("document", "https://x.example/a.MP3", "", "audio"),
        ("document", "https://x.example/a.mp4?x=y.pdf", "", "video"),
        ("document", "https://x.example/a%2Emp4", "", "video"),
        ("document", "https://x.example/mp3", "", "document"),
        ("document", "https://x.example/file?id=5", "song.ogg", "audio"),
        ("document", "https://x.example/a.pdf", "a.mp3", "audio"),
        ("image", "https://x.example/a.mp4", "", "image"),
        ("audio", "https://x.example/a", "", "audio"),
    ],
)
def test_what_a_file_is(type: str, url: str, name: str, kind: str) -> None:
    assert kind_of(type, url, name) == kind


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ("+31 6 1234 5678", "+31612345678"),
        ("0031-6-12345678", "+31612345678"),
        ("(31) 612345678", "+31612345678"),
        ("31612345678", "+31612345678"),
        ("\u202a+31612345678\u202c", "+31612345678"),
        ("+44 (0)20 7946 0000", "+442079460000"),
        ("+5215550001234", "+5215550001234"),
        ("+1555867531", "+1555867531"),
        ("0612345678", None),
        ("٣١٦١٢٣٤٥٦٧٨", None),
        ("+31612345678x", None),
        ("", None),
    ],
)
def test_numbers_are_read(said: str, read: str | None) -> None:
    found = read_recipient(Channel.WHATSAPP, said)
    assert (None if isinstance(found, NotRead) else found) == read


# Nothing breaks

ODD = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20)
    | st.sampled_from(
        ["\0", TO, "whatsapp", "text", ONE_HOLE, "https://127.0.0.1:9/a", "x" * 3000]
    ),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=5,
)
NAMES = [
    "to", "from", "type", "content", "contenu", "template_uuid", "template_values",
    "optin_contact", "assigned_user", "team_uuid", "channel_uuid", "fields", "bot_status",
    "metadata", "bsuid", "fallback",
]  # fmt: skip
PARTS = ["text", "texte", "url", "name", "filename"]


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    odd=st.dictionaries(st.sampled_from(NAMES), ODD, max_size=6),
    content=st.none() | st.dictionaries(st.sampled_from(PARTS), ODD, max_size=3),
    left_out=st.sets(st.sampled_from(list(TEXT)), max_size=2),
)
def test_no_body_breaks_it(
    odd: dict[str, Any], content: dict[str, Any] | None, left_out: set[str], api: Api
) -> None:
    said = {**{name: TEXT[name] for name in TEXT if name not in left_out}, **odd}
    if content is not None:
        said["content"] = content
    answer = api.post(json.dumps(said).encode())
    assert answer.status in (200, 400, 422), answer.body
    if answer.status == 200:
        assert answer.json["message"]["status"] == "enqueued"


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(raw=st.binary(max_size=40), query=st.text(max_size=20))
def test_no_bytes_break_it(raw: bytes, query: str, api: Api) -> None:
    answer = api.call("POST", "/messages/send", raw)
    assert answer.status == 400


def test_a_second_way_is_taken(api: Api, own: Own) -> None:
    fallback = {"channel": "sms", "to": new_number()}
    uuid = api.send("+15005520400", fallback=fallback, metadata={"a": "b"})["uuid"]
    assert api.until(uuid, "delivered")["metadata"] == {"a": "b"}
    said = [event["what"] for event in own.get(f"/messages/{uuid}")["timeline"]]
    assert said.count("attempt") == 2


def test_a_second_way_that_is_none_is_blamed(api: Api) -> None:
    for fallback in ("sms", {}, {"channel": "pigeon"}, {"channel": "sms", "after": "soon"}):
        assert list(blamed(api.post({**TEXT, "fallback": fallback}))) == ["fallback"]
    nobodys = {"channel": "sms", "from": "+14155550199"}
    assert list(blamed(api.post({**TEXT, "fallback": nobodys}))) == ["fallback"]


def test_a_closed_window_is_gone_around(api: Api, own: Own) -> None:
    to = new_number()
    at = (datetime.now(UTC) - timedelta(hours=25)).isoformat()
    own.write(to, "Hello?", WHATSAPP_SENDER, channel="whatsapp", at=at)
    assert api.post({**TEXT, "to": to}).code == "outside_24h_window"
    message = api.send(to, fallback={"channel": "sms"}, fields="contact", metadata={"a": "b"})
    assert (message["status"], message["contact"]["source"]) == ("enqueued", "sms")
    assert api.until(message["uuid"], "delivered")["metadata"] == {"a": "b"}
    assert own.get(f"/messages/{message['uuid']}")["channel"] == "sms"
