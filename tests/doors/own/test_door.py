"""What every operation has in common: credentials, errors, bodies, and the description of it all."""

import json
import re
from typing import Any

import pytest

from estafette.doors.own import openapi
from estafette.doors.own.routes import TABLE
from tests.conftest import ACCOUNT_SID, AUTH_TOKEN
from tests.doors.own.conftest import Own
from tests.doors.twilio.conftest import basic
from tests.tables import ROOT


def test_a_key_opens_it_as_a_bearer_and_as_a_user(own: Own) -> None:
    made = own.post("/keys", {"label": "for a test"})
    assert made["bearer"] == f"{made['sid']}.{made['secret']}"
    for shown in (f"Bearer {made['bearer']}", basic(made["sid"], made["secret"])):
        assert Own(own.server, shown).get("/messages", limit=1)["items"] is not None
    listed = [item for item in own.all_of("/keys") if item["sid"] == made["sid"]]
    assert [item["label"] for item in listed] == ["for a test"]
    assert "secret" not in listed[0]
    assert own.call("DELETE", f"/keys/{made['sid']}").status == 204
    shut = Own(own.server, f"Bearer {made['bearer']}").call("GET", "/messages")
    assert shut.refusal == (401, "unauthorized", None)
    assert own.call("DELETE", f"/keys/{made['sid']}").refusal[:2] == (404, "not_found")


@pytest.mark.parametrize(
    "shown",
    ["", "Basic", "Basic !!!", basic(ACCOUNT_SID, "wrong"), basic("AC", "x"), "Bearer", "Bearer x",
     f"Bearer SK{'0' * 32}.x", "Digest x", "Basic YQ==", f"Bearer {AUTH_TOKEN}", "Bearer \xff"],
)  # fmt: skip
def test_nothing_is_open_without_credentials(own: Own, shown: str) -> None:
    answer = Own(own.server, shown).call("GET", "/messages")
    assert answer.refusal == (401, "unauthorized", None)
    assert answer.headers["www-authenticate"].startswith("Basic ")
    assert "Bearer " in answer.headers["www-authenticate"]


def test_what_is_not_there_says_so(own: Own) -> None:
    assert own.call("GET", "/nothing").refusal == (404, "not_found", None)
    assert own.call("GET", "/api").refusal == (404, "not_found", None)
    assert own.call("GET", "/messages/%00").refusal == (404, "not_found", None)
    answer = own.call("PUT", "/messages", {})
    assert answer.refusal == (405, "method_not_allowed", None)
    assert answer.headers["allow"] == "GET, POST"
    assert own.call("POST", "/openapi.json").refusal[:2] == (405, "method_not_allowed")


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"", (400, "bad_json", None)),
        (b"{", (400, "bad_json", None)),
        (b"\xff", (400, "bad_json", None)),
        (b'["\\u0000",' + b"[" * 100_000, (400, "bad_json", None)),
        (b'{"to": "\\ud800"}', (400, "bad_json", None)),
        (b"[]", (400, "bad_request", None)),
        (b"{}", (400, "bad_request", "to")),
        (b'{"to": 5}', (400, "bad_request", "to")),
        (b'{"to": "+14155550100", "colour": "red"}', (400, "bad_request", "colour")),
        (b'{"to": "+14155550100", "body": "\\u0000"}', (400, "bad_request", None)),
        (b'{"to": "+14155550100", "media": [5]}', (400, "bad_request", "media[0]")),
        (b'{"to": "+14155550100", "valid_for": 0}', (400, "bad_request", "valid_for")),
        (b'{"to": "+14155550100", "channel": "fax"}', (400, "bad_request", "channel")),
        (b" " * (2 << 20) + b"{}", (413, "too_large", None)),
    ],
)
def test_a_body_that_is_wrong_says_where(own: Own, body: bytes, told: tuple[Any, ...]) -> None:
    assert own.call("POST", "/messages", body).refusal == told


@pytest.mark.parametrize(
    ("query", "field"),
    [("limit=0", "limit"), ("limit=1001", "limit"), ("limit=x", "limit"), ("colour=red", "colour"),
     ("channel=fax", "channel"), ("sent_from=yesterday", "sent_from"), ("after=x", "after"),
     ("to=%00", None), ("to=%ff", None)],
)  # fmt: skip
def test_a_query_that_is_wrong_says_where(own: Own, query: str, field: str | None) -> None:
    assert own.call("GET", f"/messages?{query}").refusal == (400, "bad_request", field)


def test_what_takes_no_query_and_no_body_says_so(own: Own) -> None:
    assert own.call("GET", f"/messages/{'0' * 32}?x=1").refusal == (400, "bad_request", "x")
    answer = own.call("POST", f"/messages/{'0' * 32}/cancel", {"x": 1})
    assert answer.refusal == (400, "bad_request", None)


def described(own: Own) -> Any:
    answer = Own(own.server, "").call("GET", "/openapi.json")
    assert answer.status == 200
    return answer.json


def refs(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["$ref"]] if "$ref" in value else []
        own += value.get("discriminator", {}).get("mapping", {}).values()
        return own + [ref for part in value.values() for ref in refs(part)]
    return [ref for part in value for ref in refs(part)] if isinstance(value, list) else []


def test_the_description_holds_every_route_and_every_reference(own: Own) -> None:
    found = described(own)
    assert found["openapi"].startswith("3.1")
    served = {(method.upper(), path) for path, parts in found["paths"].items() for method in parts}
    assert served == {(row.method, row.path) for row in TABLE}
    known = {f"#/components/schemas/{name}" for name in found["components"]["schemas"]}
    assert set(refs(found)) <= known
    assert found["servers"] == [{"url": own.server.url}]


def test_the_description_says_what_each_operation_takes(own: Own) -> None:
    found = described(own)
    names = set()
    for path, parts in found["paths"].items():
        for operation in parts.values():
            assert operation["summary"]
            names.add(operation["operationId"])
            asked = {item["name"] for item in operation["parameters"] if item["in"] == "path"}
            assert asked == set(re.findall(r"\{(\w+)\}", path))
    assert len(names) == len(TABLE)
    listing = found["paths"]["/api/messages"]["get"]["parameters"]
    limit = next(item for item in listing if item["name"] == "limit")
    assert (limit["schema"]["minimum"], limit["schema"]["maximum"]) == (1, 1000)
    message = found["components"]["schemas"]["Message"]
    assert message["properties"]["created_at"] == {"type": "string", "format": "date-time"}
    assert {"from", "to", "error", "price"} <= set(message["required"])


def test_the_page_for_people_lists_every_operation_and_loads_nothing(own: Own) -> None:
    answer = Own(own.server, "").call("GET", "/docs")
    text = answer.body.decode()
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    for row in TABLE:
        assert f"{row.method} {row.path}" in text
    assert not re.search(r"<(?:script|link|img)|\bsrc=|https?://", text)
    assert answer.headers["content-security-policy"] == openapi.POLICY


@pytest.mark.parametrize("page", ["docs/reference/api.md", "estafette/doors/own/README.md"])
def test_the_pages_list_the_routes(page: str) -> None:
    rows = re.findall(
        r"^\| (GET|POST|PUT|PATCH|DELETE) \| `?([^ `|]+)`? \|",
        (ROOT / page).read_text(),
        re.MULTILINE,
    )
    assert rows == [(row.method, row.path) for row in TABLE]


def test_head_is_answered_as_get(own: Own) -> None:
    assert own.call("HEAD", "/docs").status == 200


def test_times_are_utc_and_lists_are_envelopes(own: Own) -> None:
    page = own.get("/senders")
    assert list(page) == ["items", "next"]
    assert json.dumps(page["items"][0]["created_at"]).endswith('Z"')
