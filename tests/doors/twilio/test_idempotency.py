"""One idempotency key is one message."""

from concurrent.futures import ThreadPoolExecutor
from secrets import token_hex

import pytest

from tests.conftest import SENDER
from tests.doors.twilio.conftest import OTHER_SENDER, Api, new_number

HEADERS = ["Idempotency-Key", "I-Twilio-Idempotency-Token"]


def form(to: str, **more: str) -> dict[str, str]:
    return {"To": to, "From": SENDER, "Body": "Hi there", **more}


def stored(api: Api, to: str) -> list[str]:
    return [message["sid"] for message in api.page(To=to)["messages"]]


@pytest.mark.parametrize("header", HEADERS)
def test_the_same_request_gives_the_same_message(api: Api, header: str) -> None:
    to, key = new_number(), {header: token_hex()}
    first = api.post(form(to), **key)
    assert first.status == 201
    api.until(first.json["sid"], "delivered")
    again = api.post(dict(reversed(form(to).items())), **key)
    assert (again.status, again.json["sid"]) == (201, first.json["sid"])
    assert again.json["status"] == "delivered"
    assert stored(api, to) == [first.json["sid"]]


def test_both_headers_name_the_same_key(api: Api) -> None:
    to, key = new_number(), token_hex()
    answers = [api.post(form(to), **{header: key}) for header in HEADERS]
    assert [answer.status for answer in answers] == [201, 201]
    assert stored(api, to) == [answers[0].json["sid"]] == [answers[1].json["sid"]]


@pytest.mark.parametrize("header", HEADERS)
def test_twenty_at_once_are_one_message(api: Api, header: str) -> None:
    to, key = new_number(), {header: token_hex()}
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: api.post(form(to), **key), range(20)))
    assert {answer.status for answer in answers} == {201}
    assert [*{answer.json["sid"] for answer in answers}] == stored(api, to)


def test_of_different_requests_at_once_one_is_taken(api: Api) -> None:
    to, key = new_number(), {HEADERS[0]: token_hex()}
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda n: api.post(form(to, Body=str(n)), **key), range(10)))
    assert sorted(answer.status for answer in answers) == [201] + [409] * 9
    (taken,) = (answer.json["sid"] for answer in answers if answer.status == 201)
    assert stored(api, to) == [taken]


@pytest.mark.parametrize(
    "other", [{"Body": "Another text"}, {"ValidityPeriod": "60"}, {"From": "+15005550006"}], ids=str
)
def test_another_request_under_the_same_key_is_a_conflict(api: Api, other: dict[str, str]) -> None:
    to, key = new_number(), {HEADERS[0]: token_hex()}
    sid = api.post(form(to), **key).json["sid"]
    answer = api.post(form(to, **other), **key)
    text = "This idempotency key was used with another request."
    assert answer.refusal == (409, 20409, text)
    assert stored(api, to) == [sid]


def test_another_account_may_use_the_same_key(api: Api, other_account: Api) -> None:
    to, key = new_number(), {HEADERS[0]: token_hex()}
    mine = api.post(form(to), **key)
    theirs = other_account.post(form(to, From=OTHER_SENDER), **key)
    assert (mine.status, theirs.status) == (201, 201)
    assert mine.json["sid"] != theirs.json["sid"]
    assert stored(api, to) == [mine.json["sid"]]
    assert stored(other_account, to) == [theirs.json["sid"]]


def test_without_a_key_each_request_is_a_message(api: Api) -> None:
    to = new_number()
    sids = [api.post(form(to)).json["sid"] for _ in range(2)]
    sids.append(api.post(form(to), **{HEADERS[0]: ""}).json["sid"])
    assert stored(api, to) == sids[::-1]


def test_a_request_that_was_refused_leaves_its_key_free(api: Api) -> None:
    to, key = new_number(), {HEADERS[0]: token_hex()}
    assert api.post(form(to, Body=""), **key).status == 400
    assert api.post(form(to), **key).status == 201


@pytest.mark.parametrize("key", ["k" * 256, "kéy", "a\tb"])
def test_a_key_that_cannot_be_kept_is_refused(api: Api, key: str) -> None:
    to = new_number()
    answer = api.post(form(to), **{HEADERS[0]: key})
    text = "An idempotency key must be at most 255 printable characters"
    assert answer.refusal == (400, 20001, text)
    assert stored(api, to) == []
