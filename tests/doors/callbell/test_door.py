"""What is the same for every operation of this door: who asks, and how errors look."""

import re

from estafette.doors.callbell.messages import Messages
from tests.doors.callbell.conftest import Api
from tests.tables import ROOT


def test_a_key_says_whose_it_is(api: Api) -> None:
    assert api.get("/auth/me")["status"] == "ok"
    assert api.get("/auth/me")["api_key"] == "for tests"


def test_the_word_bearer_may_be_pasted_twice(api: Api) -> None:
    twice = {"Authorization": f"Bearer {api.authorization}"}
    assert api.call("GET", "/auth/me", headers=twice).status == 200


def test_nobody_is_not_authorized(api: Api) -> None:
    for shown in ("", "Bearer x", "Bearer", "Bearer SK.x", "Basic e30="):
        answer = api.call("GET", "/auth/me", headers={"Authorization": shown})
        assert answer.refusal == (401, "not authorized")
        assert "www-authenticate" in answer.headers


def test_what_is_not_there_is_not_found(api: Api) -> None:
    assert api.call("GET", "/auth/you").refusal == (404, "not found")
    assert api.call("POST", "/auth/me", {}).refusal[0] == 405


def test_the_accounts_do_not_see_each_other(api: Api, other: Api) -> None:
    assert api.get("/auth/me")["user_name"] != other.get("/auth/me")["user_name"]


def test_the_page_lists_the_operations_on_messages() -> None:
    page = (ROOT / "estafette/doors/callbell/README.md").read_text()
    listed = re.findall(r"^\| ([A-Z]+) \| /v1(/messages\S*) \|", page, re.MULTILINE)
    assert set(listed) == {(method, path) for method, path, _ in Messages.TABLE}


def test_the_page_lists_the_parameters_of_a_send() -> None:
    page = (ROOT / "estafette/doors/callbell/README.md").read_text()
    for name in (
        "to", "bsuid", "from", "type", "content", "channel_uuid", "template_uuid", "optin_contact",
        "template_values", "assigned_user", "team_uuid", "bot_status", "metadata", "fields",
        "fallback",
    ):  # fmt: skip
        assert re.search(rf"^\| .*`{name}`.* \|", page, re.MULTILINE), name
