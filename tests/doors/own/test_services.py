"""Services and numbers through `/api`: pools are made, filled, set and deleted; numbers taken."""

from typing import Any

import pytest

from tests.doors.own.conftest import Own
from tests.doors.own.test_messages import until
from tests.doors.own.test_senders import add, release
from tests.doors.twilio.conftest import Api, new_number


def make(own: Own, **settings: Any) -> Any:
    return own.post("/services", {"name": "Appointments", "settings": settings})


def drop(own: Own, service: Any) -> None:
    assert own.call("DELETE", f"/services/{service['id']}").status == 204


def test_a_service_sends_through_its_pool(own: Own, twilio: Api) -> None:
    service, sender = make(own, sticky_sender=False, validity_period=60), add(own)
    assert service["sid"] == f"MG{service['id']}"
    assert (service["settings"]["sticky_sender"], service["settings"]["validity_period"]) == (
        False,
        60,
    )
    path = f"/services/{service['sid']}/senders"
    assert own.post(path, {"sender": sender["id"]}) == sender
    assert own.get(path)["items"] == [sender]
    assert own.call("POST", path, {"sender": sender["id"]}).refusal[:2] == (409, "conflict")
    sent = own.post("/messages", {"service": service["id"], "to": new_number(), "body": "Hi"})
    assert until(own, sent["id"], "delivered")["from"] == sender["address"]
    assert own.call("DELETE", f"{path}/{sender['id']}").status == 204
    assert own.get(path)["items"] == []
    assert own.call("DELETE", f"{path}/{sender['id']}").refusal[:2] == (404, "not_found")
    release(own, sender)
    drop(own, service)
    assert own.call("GET", f"/services/{service['id']}").refusal[:2] == (404, "not_found")


def test_a_service_is_changed_and_listed(own: Own, other: Own) -> None:
    first, second = make(own), make(own, status_callback="https://example.com/told")
    asked = {"name": "Orders", "settings": {"smart_encoding": False}}
    changed = own.call("PATCH", f"/services/{second['id']}", asked).json
    assert changed["name"] == "Orders"
    assert changed["settings"] == {**second["settings"], "smart_encoding": False}
    page = own.get("/services", limit=1)
    assert page["items"] == [changed]
    assert own.get(page["next"])["items"][0] == first
    assert other.get("/services")["items"] == []
    assert other.call("PATCH", f"/services/{first['id']}", asked).refusal[:2] == (404, "not_found")
    for one in (first, second):
        drop(own, one)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 65}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"settings": {"status_callback": "nowhere"}}, "status_callback"),
        ({"settings": {"validity_period": 0}}, "validity_period"),
        ({"settings": {"usecase": "spam"}}, "usecase"),
        ({"settings": {"sticky_sender": "yes"}}, "settings.sticky_sender"),
        ({"settings": {"colour": 1}}, "settings.colour"),
    ],
)
def test_what_a_service_cannot_be_set_to(own: Own, change: Any, field: str) -> None:
    answer = own.call("POST", "/services", {"name": "Appointments", **change})
    assert answer.refusal == (400, "bad_request", field)


def test_what_is_no_id_is_unknown(own: Own) -> None:
    service = make(own)
    for id in ("x", "MG", "0" * 32, "MG" + "z" * 32):
        assert own.call("GET", f"/services/{id}").refusal[:2] == (404, "not_found")
    path = f"/services/{service['id']}/senders"
    assert own.call("POST", path, {"sender": "x"}).refusal == (400, "bad_request", "sender")
    assert own.call("POST", path, {"sender": "0" * 32}).refusal[:2] == (404, "not_found")
    assert own.call("GET", "/services?after=x").refusal == (400, "bad_request", "after")
    drop(own, service)


def test_a_number_is_found_and_taken(own: Own) -> None:
    found = own.get("/numbers", country="us", area_code="512", limit=3)["items"]
    assert [item["locality"] for item in found] == ["Austin"] * 3
    taken = own.post("/numbers", {"address": found[0]["address"], "title": "Ours"})
    assert (taken["address"], taken["title"]) == (found[0]["address"], "Ours")
    again = {"address": taken["address"]}
    assert own.call("POST", "/numbers", again).refusal[:2] == (409, "conflict")
    contained = own.get("/numbers", contains=taken["address"])["items"]
    assert contained == []
    release(own, taken)
    nowhere = {"address": "+14155550999"}
    assert own.call("POST", "/numbers", nowhere).refusal[:2] == (404, "not_found")
    assert own.call("GET", "/numbers?contains=!").refusal == (400, "bad_request", "contains")
    assert own.call("GET", "/numbers?country=USA").refusal == (400, "bad_request", "country")
