"""Connections that are made of an app and its setup, as flow engines write them."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.conftest import Server
from tests.doors.own.conftest import Own

TOKEN = "EAAa-token-to-keep"
PUBLIC = {
    "id", "app_id", "name", "ready", "created_at", "updated_at", "fingerprint",
}  # fmt: skip


@pytest.fixture
def own(server: Server) -> Iterator[Own]:
    made = Own(server)
    yield made
    for item in made.all_of("/connections"):
        if item["name"].startswith("setup-"):
            made.call("DELETE", f"/connections/{item['name']}")


def asked(**parts: Any) -> dict[str, Any]:
    setup = {"type": "TOKEN", "token": TOKEN}
    return {"name": "setup-one", "app_id": "WHATSAPP", "setup": setup, **parts}


def test_a_token_is_all_that_whatsapp_needs(own: Own) -> None:
    answer = own.call("POST", "/connections", asked())
    assert answer.status == 201, answer.body
    made = own.get("/connections/setup-one")
    assert made.keys() >= PUBLIC
    assert re.fullmatch(r"ac_[0-9a-f]{32}", made["id"])
    assert (made["app_id"], made["provider"], made["ready"]) == ("WHATSAPP", "meta", True)
    assert made["settings"]["token"] == "…"
    assert made["fingerprint"] == made["fingerprints"]["token"]
    assert TOKEN not in answer.body.decode() + str(made)
    assert TOKEN not in own.server.log
    changed = {
        "setup": {"type": "TOKEN", "token": "EAAanother", "base_url": "https://other.example"}
    }
    found = own.call("PATCH", "/connections/setup-one", changed).json
    assert found["settings"]["base_url"] == "https://other.example"
    assert found["fingerprint"] not in ("", made["fingerprint"])
    sandbox = own.get("/connections/sandbox")
    assert (sandbox["app_id"], sandbox["fingerprint"]) == ("SANDBOX", "")


def test_other_ways_to_say_it(own: Own) -> None:
    far = "https://graph.example"
    for parts in (
        {"base_url": far},
        {"settings": {"base_url": far}},
        {"setup": {"type": "token", "token": f" {TOKEN}\n", "base_url": far}, "app_id": "whatsapp"},
    ):
        assert own.call("POST", "/connections", asked(**parts)).json["settings"]["base_url"] == far
        own.call("DELETE", "/connections/setup-one")
    twilio = {"type": "API_KEY", "account_id": "AC" + "1" * 32, "api_key": TOKEN}
    made = own.call("POST", "/connections", asked(app_id="TWILIO", setup=twilio)).json
    assert (made["app_id"], made["settings"]["account_sid"]) == ("TWILIO", "AC" + "1" * 32)
    assert made["fingerprint"] == made["fingerprints"]["auth_token"]


@pytest.mark.parametrize(
    "parts",
    [
        {"setup": None},
        {"setup": {}},
        {"setup": {"type": "TOKEN"}},
        {"setup": {"type": "TOKEN", "token": ""}},
        {"setup": {"type": "TOKEN", "token": None}},
        {"setup": {"type": "TOKEN", "token": {"a": TOKEN}}},
        {"setup": {"type": "TOKEN", "token": "two words"}},
        {"setup": {"type": "API_KEY", "token": TOKEN}},
        {"setup": {"type": 5, "token": TOKEN}},
        {"setup": {"type": "TOKEN", "token": TOKEN, "colour": TOKEN}},
        {"setup": TOKEN},
        {"setup": {"type": "TOKEN", "token": TOKEN, "base_url": "no URL"}},
        {"app_id": "TELEGRAM"},
        {"app_id": ""},
        {"app_id": "", "provider": "meta"},
        {"provider": "meta"},
        {"app_id": None},
    ],
)
def test_what_is_no_setup(own: Own, parts: dict[str, Any]) -> None:
    answer = own.call("POST", "/connections", asked(**parts))
    assert answer.status == 400, answer.body
    assert TOKEN not in answer.body.decode()
    assert own.call("GET", "/connections/setup-one").status == 404


def test_a_setup_is_of_its_own_app(own: Own) -> None:
    changed = {"setup": {"type": "TOKEN", "token": TOKEN}}
    assert own.call("PATCH", "/connections/sandbox", changed).status == 400
