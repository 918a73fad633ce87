"""Channels: the senders of an account, as this door calls them."""

import itertools
from typing import Any

import pytest

from tests.conftest import Server
from tests.doors.callbell.conftest import Api, account_of, bearer
from tests.doors.own.conftest import Own

_addresses = itertools.count(300)


@pytest.fixture(scope="module")
def shop(shared_server: Server) -> Own:
    """An account whose senders no other test changes."""
    return account_of(shared_server, "A shop", "+14155550173")


@pytest.fixture(scope="module")
def api(shop: Own) -> Api:
    return Api(shop.server, bearer(shop))


def add(own: Own, channel: str, address: str = "", **parts: Any) -> Any:
    known = address or f"+14155550{next(_addresses)}"
    return own.post("/senders", {"channel": channel, "address": known, **parts})


def uuids(answer: Any) -> list[str]:
    return [channel["uuid"] for channel in answer["channels"]]


def test_a_channel_is_a_sender(shop: Own, api: Api) -> None:
    made = add(shop, "telegram", "shop_bot", title="Bot")
    shape = {
        "uuid": made["id"], "title": "Bot", "type": "telegram", "main": True, "discardedAt": None,
    }  # fmt: skip
    assert api.get(f"/channels/{made['id']}") == {"channel": shape}
    listed = api.get("/channels", type="telegram")
    assert listed == {"channels": [shape], "meta": {"page": 1, "pages": 1}}
    untitled = add(shop, "instagram", "the.shop")
    assert api.get(f"/channels/{untitled['id']}")["channel"]["title"] == "the.shop"


def test_the_main_channel_is_that_or_the_oldest_of_its_type(shop: Own, api: Api) -> None:
    first, second = add(shop, "facebook", "page-1"), add(shop, "facebook", "page-2")

    def mains() -> list[bool]:
        found = api.get("/channels", type="facebook")["channels"]
        return [channel["main"] for channel in found]

    assert mains() == [True, False]
    shop.call("PATCH", f"/senders/{second['id']}", {"main": True})
    assert mains() == [False, True]
    shop.call("DELETE", f"/senders/{second['id']}")
    assert mains() == [True, False]
    gone = api.get(f"/channels/{second['id']}")["channel"]
    assert gone["discardedAt"] > "2026"
    assert uuids(api.get("/channels", type="facebook")) == [first["id"], second["id"]]
    assert uuids(api.get("/channels", type="facebook", active="true")) == [first["id"]]
    answer = api.call("PATCH", f"/channels/{second['id']}", {"title": "New"})
    assert (answer.status, answer.code) == (422, "channel_discarded")


def test_a_sender_of_texts_is_a_channel_only_where_it_is_asked_for(shop: Own, api: Api) -> None:
    made = add(shop, "sms")
    assert made["id"] not in uuids(api.get("/channels"))
    assert made["id"] in uuids(api.get("/channels", type="sms"))
    assert api.get(f"/channels/{made['id']}")["channel"]["type"] == "sms"


def test_a_channel_is_given_a_title(shop: Own, api: Api) -> None:
    made = add(shop, "whatsapp")
    changed = api.ask("PATCH", f"/channels/{made['id']}", {"title": "New title"})["channel"]
    assert (changed["uuid"], changed["title"]) == (made["id"], "New title")
    assert shop.get(f"/senders/{made['id']}")["title"] == "New title"
    for strange in (None, "", " ", 7, [], {}, "x" * 201, "a\0b"):
        answer = api.call("PATCH", f"/channels/{made['id']}", {"title": strange})
        assert (answer.status, list(answer.refusal[1])) == (400, ["title"])
    assert shop.get(f"/senders/{made['id']}")["title"] == "New title"


@pytest.mark.parametrize(
    ("query", "name"), [("type=pigeon", "type"), ("active=perhaps", "active"), ("page=0", "page")]
)
def test_a_question_that_makes_no_sense_is_refused(api: Api, query: str, name: str) -> None:
    answer = api.call("GET", f"/channels?{query}")
    assert (answer.status, list(answer.refusal[1])) == (400, [name])


def test_page_after_page(shop: Own, api: Api) -> None:
    made = [add(shop, "instagram", f"page.{number}")["id"] for number in range(21)]
    found = [*uuids(api.get("/channels", type="instagram"))]
    assert len(found) == 20
    found += uuids(api.get("/channels", type="instagram", page=2))
    assert found[-21:] == made
    past = api.get("/channels", type="instagram", page=3)
    assert (past["channels"], past["meta"]["pages"]) == ([], 2)


def test_another_accounts_channels_are_unknown(shop: Own, other: Api) -> None:
    made = add(shop, "whatsapp")
    assert other.call("GET", f"/channels/{made['id']}").refusal == (404, "not found")
    answer = other.call("PATCH", f"/channels/{made['id']}", {"title": "Mine"})
    assert answer.refusal == (404, "not found")
    assert made["id"] not in uuids(other.get("/channels"))
