"""The block list, through pywa and as it stands on the wire."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pywa import WhatsApp
from pywa.errors import WhatsAppError
from pywa.types.others import Pagination

from tests.doors.own.conftest import Own
from tests.doors.twilio.conftest import Api as TwilioApi
from tests.doors.whatsapp.conftest import PHONE, SENDER, Api

ANN, BOB, CARL, DORA, EVE, FAY = [f"+1415555019{digit}" for digit in range(6)]


def write(own: Own, person: str, **more: Any) -> Any:
    """Somebody writes on WhatsApp; the answer as it stands."""
    body = {"channel": "whatsapp", "from": person, "to": SENDER, "body": "secret words", **more}
    return own.call("POST", "/sandbox/inbound", body)


def received(own: Own, person: str) -> int:
    return len(own.all_of("/messages", **{"from": person}))


def known(own: Own, person: str) -> Any:
    """Somebody's contact on WhatsApp: a moment after an SMS they have one there as well."""
    every = own.all_of("/contacts")
    (contact,) = [one for one in every if (one["channel"], one["address"]) == ("whatsapp", person)]
    return contact


def test_who_is_blocked_is_neither_heard_nor_written_to(
    pywa_client: WhatsApp, own: Own, api: Api, twilio: TwilioApi
) -> None:
    assert write(own, ANN).status == 201
    done = pywa_client.block_users([ANN])
    assert [(one.input, one.wa_id) for one in done.added_users] == [(ANN, ANN[1:])]
    assert not done.failed_users
    assert write(own, ANN).status == 409
    assert received(own, ANN) == 1
    with pytest.raises(WhatsAppError) as refused:
        pywa_client.send_message(ANN, "Hello")
    assert refused.value.code == 130403
    said = {"channel": "whatsapp", "from": SENDER, "to": ANN, "body": "Hello"}
    assert own.call("POST", "/messages", said).refusal[1] == "blocked"
    form = {"To": f"whatsapp:{ANN}", "From": f"whatsapp:{SENDER}", "Body": "Hello"}
    assert twilio.post(form).json["code"] == 63024
    said = {"channel": "sms", "from": "+15017122661", "to": ANN, "body": "Hello"}
    assert own.call("POST", "/messages", said).status == 201
    contact = known(own, ANN)
    assert contact["blocked_at"]

    freed = pywa_client.unblock_users([ANN[1:]])
    assert [one.wa_id for one in freed.removed_users] == [ANN[1:]]
    assert write(own, ANN).status == 201
    assert pywa_client.send_message(ANN, "Hello").id
    assert received(own, ANN) == 2
    assert "secret words" not in api.server.log


def test_the_list_goes_page_by_page(pywa_client: WhatsApp, api: Api) -> None:
    pywa_client.block_users([BOB, CARL, DORA])
    try:
        every = pywa_client.get_blocked_users()
        assert [one.wa_id for one in every] == [BOB[1:], CARL[1:], DORA[1:]]
        assert (every.has_next, every.has_previous) == (False, False)
        first = pywa_client.get_blocked_users(pagination=Pagination(limit=2))
        assert [one.wa_id for one in first] == [BOB[1:], CARL[1:]]
        assert [one.wa_id for one in first.next()] == [DORA[1:]]
        assert [one.wa_id for one in first.next().previous()] == [BOB[1:], CARL[1:]]
        assert len(pywa_client.get_blocked_users(pagination=Pagination(limit=1)).all()) == 3
        assert api.get(f"/{PHONE}/block_users", limit=1)["data"] == [
            {"messaging_product": "whatsapp", "input": BOB[1:], "wa_id": BOB[1:]}
        ]
    finally:
        pywa_client.unblock_users([BOB, CARL, DORA])
    assert api.get(f"/{PHONE}/block_users") == {"data": []}


def test_who_wrote_too_long_ago_cannot_be_blocked(
    pywa_client: WhatsApp, own: Own, api: Api
) -> None:
    long_ago = (datetime.now(UTC) - timedelta(hours=25)).isoformat()
    assert write(own, EVE, at=long_ago).status == 201
    done = pywa_client.block_users([EVE, FAY])
    assert [one.wa_id for one in done.added_users] == [FAY[1:]]
    (failed,) = done.failed_users
    assert (failed.input, [error.code for error in failed.errors]) == (EVE, [131047])
    assert done.errors
    assert done.errors.code == 139100
    with pytest.raises(WhatsAppError) as refused:
        pywa_client.block_users([EVE, SENDER])
    assert refused.value.code == 139100
    assert refused.value.raw_response is not None
    body = refused.value.raw_response.json()
    codes = [one["errors"][0]["code"] for one in body["block_users"]["failed_users"]]
    assert (codes, body["block_users"]["added_users"]) == ([131047, 131021], [])
    api.delete(f"/{PHONE}/block_users", asked([FAY]))


def test_people_without_a_number_are_blocked_by_their_ids(
    pywa_client: WhatsApp, own: Own, api: Api
) -> None:
    person = "US.13491208655302741918"
    done = pywa_client.block_users([person])
    assert [one.bsuid for one in done.added_users] == [person]
    assert [one.bsuid for one in pywa_client.get_blocked_users()] == [person]
    with pytest.raises(WhatsAppError) as refused:
        pywa_client.send_message(person, "Hello")
    assert refused.value.code == 130403
    assert pywa_client.unblock_users([person]).removed_users


def test_who_is_blocked_elsewhere_is_blocked_here(
    pywa_client: WhatsApp, own: Own, other: Api, other_own: Own
) -> None:
    write(own, DORA)
    contact = known(own, DORA)
    assert own.call("PATCH", f"/contacts/{contact['id']}", {"blocked": True}).status == 200
    assert [one.wa_id for one in pywa_client.get_blocked_users()] == [DORA[1:]]
    assert write(own, DORA).status == 409
    # It is that account's own affair.
    assert other.get(f"/{other.phone}/block_users") == {"data": []}
    assert other.send(DORA).status == 200
    assert other.call("GET", f"/v23.0/{PHONE}/block_users").refusal == (400, 100)
    assert own.call("DELETE", f"/contacts/{contact['id']}").status == 204
    assert write(own, DORA).status == 201


def asked(people: Any) -> dict[str, Any]:
    items = [{"user": one} for one in people] if isinstance(people, list) else people
    return {"messaging_product": "whatsapp", "block_users": items}


def test_a_thousand_at_most(api: Api) -> None:
    people = [f"+1415556{number:04d}" for number in range(1001)]
    answer = api.post(f"/{PHONE}/block_users", asked(people))
    assert answer.error["code"] == 130429
    assert api.post(f"/{PHONE}/block_users", asked(people[:1000])).status == 200
    assert api.delete(f"/{PHONE}/block_users", asked(people[:1000])).status == 200
    assert api.get(f"/{PHONE}/block_users") == {"data": []}


STRANGE = [
    None, 0, [], {}, "", "x", [None], [[]], [{}], [{"user": None}], [{"user": []}],
    [{"user": {"a": 1}}], [{"user": 10**60}], [{"user": "\0"}], [{"user_id": 7}], [{"user": True}],
]  # fmt: skip


@pytest.mark.parametrize("value", STRANGE)
def test_what_names_nobody_is_refused(api: Api, value: Any) -> None:
    for method in ("POST", "DELETE"):
        body = {"messaging_product": "whatsapp", "block_users": value}
        answer = api.call(method, f"/v23.0/{PHONE}/block_users", body)
        assert answer.status == 400


def test_it_must_be_about_whatsapp(api: Api) -> None:
    body = {"block_users": [{"user": ANN}]}
    assert api.post(f"/{PHONE}/block_users", body).refusal == (400, 100)
    assert api.post(f"/{PHONE}/block_users", {**body, "messaging_product": 1}).status == 400
