"""Batches over our own API: from rows, from a file, followed, stopped, given back."""

import csv
import io
import time
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.doors.own.conftest import Own
from tests.patience import PATIENCE

ROWS = [{"to": "+14155550100", "name": "Ann"}, {"to": "+14155550101", "name": "=1+1"}]


def until_done(own: Own, id: str) -> Any:
    end = time.monotonic() + PATIENCE
    while (found := own.get(f"/batches/{id}"))["status"] != "done" and time.monotonic() < end:
        time.sleep(0.05)
    return found


def test_rows_are_sent_and_their_outcome_can_be_taken(own: Own) -> None:
    more = [{"to": "nobody", "name": 5}]
    made = own.post("/batches", {"rows": ROWS + more, "body": "Hi {name}", "title": "Three"})
    assert (made["status"], made["total"], made["good"]) == ("draft", 3, 2)
    assert made["wrong"] == {"bad_recipient": 1}
    assert own.post(f"/batches/{made['id']}/start", status=200)["status"] == "running"
    done = until_done(own, made["id"])
    assert (done["sent"], done["failed"], done["done"]) == (2, 1, 3)
    (first,) = own.get(f"/batches/{made['id']}/rows", limit=1)["items"]
    assert first["cells"] == ROWS[0]
    assert own.get(f"/messages/{first['message']}")["body"] == "Hi Ann"
    assert len(own.all_of(f"/batches/{made['id']}/rows", limit=1)) == 3
    (wrong,) = own.get(f"/batches/{made['id']}/rows", wrong="true")["items"]
    assert wrong["error"] == {"code": "bad_recipient", "value": "nobody", "text": ""}
    answer = own.call("GET", f"/batches/{made['id']}/result.csv?bom=true")
    assert answer.headers["content-type"].startswith("text/csv")
    lines = list(csv.reader(io.StringIO(answer.body.decode("utf-8-sig"))))
    assert lines[0] == ["to", "name", "message_id", "status", "error_code", "error_text"]
    assert lines[2][:2] == ["+14155550101", "'=1+1"]
    assert lines[3][3:] == ["skipped", "bad_recipient", "nobody"]
    assert own.get("/batches")["items"][0]["id"] == made["id"]
    assert own.call("DELETE", f"/batches/{made['id']}").status == 204
    assert own.call("GET", f"/batches/{made['id']}").refusal[:2] == (404, "not_found")


def test_a_file_is_sent_as_it_is(own: Own) -> None:
    query = urlencode({"body": "Bonjour {prénom}", "start": "true", "title": "Été"})
    raw = "téléphone;prénom\n+14155550100;Zoë\n".encode("cp1252")
    made = own.call("POST", f"/batches?{query}", raw, {"content-type": "text/csv; charset=x"}).json
    assert made["columns"] == {"to": "téléphone"}
    assert until_done(own, made["id"])["sent"] == 1


def test_a_template_has_its_holes_filled(own: Own) -> None:
    names = {item["places"]: item["name"] for item in own.all_of("/templates")}
    template = {"name": names[1], "values": ["{name}"]}
    asked = {"rows": ROWS, "channel": "whatsapp", "template": template}
    assert own.post("/batches", asked)["good"] == 2


def test_it_can_be_canceled_and_another_accounts_is_unknown(own: Own, other: Own) -> None:
    made = own.post("/batches", {"rows": ROWS, "body": "Hi"})
    path = f"/batches/{made['id']}"
    for method, more in [("GET", ""), ("GET", "/rows"), ("GET", "/result.csv"), ("DELETE", ""),
                         ("POST", "/start"), ("POST", "/cancel"), ("POST", "/pause")]:  # fmt: skip
        assert other.call(method, path + more).refusal[:2] == (404, "not_found")
    assert own.post(f"{path}/cancel", status=200)["status"] == "canceled"
    assert own.call("POST", f"{path}/start").refusal[:2] == (409, "conflict")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"rows": []}, "rows"),
        ({"rows": [{"to": []}]}, "rows[0][...]"),
        ({"rows": ROWS, "service": "MGx"}, "service"),
        ({"rows": ROWS, "service": "MG" + "0" * 32}, "service"),
        ({"rows": ROWS, "media": ["x"]}, "media"),
        ({"rows": ROWS, "callback_url": "x"}, "callback_url"),
        ({"rows": ROWS, "template": {"name": "x"}}, "template.name"),
        ({"rows": ROWS, "columns": {"to": "nothing"}}, "columns.to"),
        ({"rows": ROWS, "columns": {"x": "to"}}, "None"),
        ({"rows": ROWS, "body": "x" * 5000}, "body"),
        ({"rows": [{f"c{n}": "" for n in range(101)}]}, "file"),
    ],
)
def test_what_is_wrong_says_where(own: Own, body: dict[str, Any], field: str) -> None:
    status, _, where = own.call("POST", "/batches", body).refusal
    assert (status, str(where).split("[")[0]) == (400, field.split("[", 1)[0])


@pytest.mark.parametrize(
    "raw", [b"", b"\n", b"\xff\xfe\x00", b"to\n", b'to\n"x', b"+14155550100\n"]
)
def test_a_file_that_is_none_is_refused(own: Own, raw: bytes) -> None:
    answer = own.call("POST", "/batches", raw, {"content-type": "text/csv"})
    if raw == b'to\n"x':  # a quote that never ends is a cell all the same
        assert answer.json["wrong"] == {"bad_recipient": 1}
    else:
        assert answer.refusal == (400, "bad_request", "file")


def test_odd_cells_cost_their_row_alone(own: Own) -> None:
    rows: list[dict[str, Any]] = [{"to": "\x01"}, {"to": "+14155550109", "x": None}, {"to": 1e300}]
    made = own.post("/batches", {"rows": rows, "body": "Hi"})
    assert (made["good"], made["wrong"]) == (1, {"bad_recipient": 2})
