"""Lists of messages, a page at a time."""

import time
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest

from tests.conftest import SENDER
from tests.doors.twilio.conftest import NEVER_REACHED, Api, new_number

ENVELOPE = [
    "end", "first_page_uri", "next_page_uri", "page", "page_size", "previous_page_uri",
    "messages", "start", "uri",
]  # fmt: skip


def sids(page: dict[str, Any]) -> list[str]:
    return [message["sid"] for message in page["messages"]]


def create(api: Api, to: str, count: int) -> list[str]:
    """SIDs of new messages, in the order of a list: the newest first."""
    return [api.create(to)["sid"] for _ in range(count)][::-1]


def walk(api: Api, page: dict[str, Any], link: str = "next_page_uri") -> list[dict[str, Any]]:
    """This page and all that follow it."""
    pages = [page]
    while pages[-1][link]:
        pages.append(api.get(pages[-1][link]))
    return pages


def test_the_envelope_is_twilios_to_the_letter(api: Api) -> None:
    to = new_number()
    found = create(api, to, 3)
    list_uri = f"{api.path('/Messages.json')}?To={quote(to)}&PageSize=2"
    first = api.page(To=to, PageSize="2")
    assert list(first) == ENVELOPE
    assert first == {
        "end": 1,
        "first_page_uri": f"{list_uri}&Page=0",
        "next_page_uri": f"{list_uri}&Page=1&PageToken=PA{found[1]}",
        "page": 0,
        "page_size": 2,
        "previous_page_uri": None,
        "messages": first["messages"],
        "start": 0,
        "uri": f"{list_uri}&Page=0",
    }
    second = api.get(first["next_page_uri"])
    assert second == {
        "end": 2,
        "first_page_uri": f"{list_uri}&Page=0",
        "next_page_uri": None,
        "page": 1,
        "page_size": 2,
        "previous_page_uri": f"{list_uri}&Page=0&PageToken=PB{found[2]}",
        "messages": second["messages"],
        "start": 2,
        "uri": f"{list_uri}&Page=1&PageToken=PA{found[1]}",
    }
    assert sids(first) + sids(second) == found


def test_an_item_of_a_list_is_what_a_fetch_gives(api: Api) -> None:
    to = new_number()
    sid = api.delivered(to)["sid"]
    assert api.page(To=to)["messages"] == [api.fetch(sid)]


def test_an_empty_list_has_the_same_envelope(api: Api) -> None:
    page = api.page(To=new_number())
    assert list(page) == ENVELOPE
    assert page["messages"] == []
    assert (page["start"], page["end"], page["page"], page["page_size"]) == (0, 0, 0, 50)
    assert (page["next_page_uri"], page["previous_page_uri"]) == (None, None)


def test_links_repeat_every_filter_first_with_its_inequality_encoded(api: Api) -> None:
    query = (
        "PageSize=25&Page=0&DateSent%3E=2008-01-02&DateSent<=2030-01-02&Status=sent"
        "&From=%2B15017122661&To=%2B14155550199&Other=x"
    )
    filters = (
        "To=%2B14155550199&From=%2B15017122661&DateSent%3C=2030-01-02&DateSent%3E=2008-01-02"
        "&Status=sent"
    )
    uri = f"{api.path('/Messages.json')}?{filters}&PageSize=25&Page=0"
    page = api.get(f"/Messages.json?{query}")
    assert (page["uri"], page["first_page_uri"]) == (uri, uri)


def test_fifty_messages_are_a_page_unless_told(api: Api) -> None:
    to = new_number()
    found = create(api, to, 51)
    pages = walk(api, api.page(To=to))
    assert [len(page["messages"]) for page in pages] == [50, 1]
    assert [sid for page in pages for sid in sids(page)] == found


@pytest.mark.parametrize("size", ["1001", "2000", "9" * 30])
def test_a_page_of_more_than_a_thousand_is_cut_to_a_thousand(api: Api, size: str) -> None:
    page = api.page(To=new_number(), PageSize=size)
    assert page["page_size"] == 1000
    assert "PageSize=1000&" in page["uri"]


def test_the_newest_come_first_also_within_one_second(api: Api) -> None:
    to = new_number()
    found = create(api, to, 20)
    page = api.page(To=to)
    assert sids(page) == found
    assert len({message["date_created"] for message in page["messages"]}) < 20


@pytest.mark.parametrize("size", [1, 3, 7])
def test_pages_lie_side_by_side_and_back_again(api: Api, size: int) -> None:
    to = new_number()
    found = create(api, to, 7)
    forth = walk(api, api.page(To=to, PageSize=str(size)))
    assert [sid for page in forth for sid in sids(page)] == found
    assert [page["start"] for page in forth] == [n * size for n in range(len(forth))]
    back = walk(api, forth[-1], "previous_page_uri")
    assert [sids(page) for page in back] == [sids(page) for page in reversed(forth)]
    assert [page["page"] for page in back] == list(reversed(range(len(forth))))


def test_a_page_that_ends_with_the_list_leads_no_further(api: Api) -> None:
    to = new_number()
    create(api, to, 2)
    assert api.page(To=to, PageSize="2")["next_page_uri"] is None


def test_what_comes_and_goes_between_two_pages_shifts_nothing(api: Api) -> None:
    to = new_number()
    found = create(api, to, 6)
    for sid in found:
        api.until(sid, "delivered")
    first = api.page(To=to, PageSize="2")
    api.create(to)
    # The last of the first page is the one that the token names; the next one goes too.
    for sid in (found[0], found[1], found[2]):
        assert api.call("DELETE", f"/Messages/{sid}.json").status == 204
    assert sids(api.get(first["next_page_uri"])) == found[3:5]


def test_a_list_by_time_goes_on_from_a_message_that_is_still_there(api: Api) -> None:
    to = new_number()
    found = create(api, to, 5)
    for sid in found:
        api.until(sid, "delivered")
    query = {"To": to, "DateSent>": "2009-07-06", "PageSize": "2"}
    first = api.page(**query)
    assert api.call("DELETE", f"/Messages/{sids(first)[0]}.json").status == 204
    api.delivered(to)
    pages = walk(api, api.get(first["next_page_uri"]))
    assert sorted(sids(first) + [sid for page in pages for sid in sids(page)]) == sorted(found)


def test_the_filters_hold_on_every_page(api: Api) -> None:
    to, another = new_number(), new_number()
    found = []
    for _ in range(3):
        found += create(api, to, 1)
        create(api, another, 1)
    pages = walk(api, api.page(To=to, From=SENDER, PageSize="1"))
    assert [sid for page in pages for sid in sids(page)] == found[::-1]
    asked = parse_qs(urlsplit(pages[1]["uri"]).query)
    assert (asked["To"], asked["From"], asked["Page"]) == ([to], [SENDER], ["1"])


def test_messages_are_filtered_by_sender_and_channel(api: Api) -> None:
    to = new_number()
    sms = create(api, to, 1)
    magic = [api.create(to, From="+15005550006")["sid"]]
    sender = "whatsapp:+15550783881"
    whatsapp = [api.create(f"whatsapp:{to}", From=sender)["sid"]]
    assert sids(api.page(To=to)) == magic + sms
    assert sids(api.page(To=to, From=SENDER)) == sms
    assert sids(api.page(To=f"whatsapp:{to}")) == whatsapp
    assert sids(api.page(To=f"whatsapp:{to}", From=sender)) == whatsapp
    assert sids(api.page(To=to, From=sender)) == []


def test_messages_are_filtered_by_status(api: Api) -> None:
    to = new_number()
    arrived = api.delivered(to)["sid"]
    canceled = api.cancel(api.create(NEVER_REACHED)["sid"])["sid"]
    assert sids(api.page(To=to, Status="delivered")) == [arrived]
    assert sids(api.page(To=to, Status="canceled")) == []
    assert sids(api.page(To=NEVER_REACHED, Status="canceled", PageSize="1")) == [canceled]


def test_messages_are_filtered_by_when_they_were_sent(api: Api) -> None:
    to = new_number()
    older = api.delivered(to)
    time.sleep(1.1)
    newer = api.delivered(to)
    waiting = api.create(to, From=SENDER)["sid"]
    api.until(waiting, "delivered")
    api.call("DELETE", f"/Messages/{waiting}.json")
    at = {sid["sid"]: parsedate_to_datetime(sid["date_sent"]) for sid in (older, newer)}
    first, last = at[older["sid"]], at[newer["sid"]]
    both = [newer["sid"], older["sid"]]
    for query, expected in {
        ("DateSent>", f"{last:%Y-%m-%dT%H:%M:%SZ}"): [newer["sid"]],
        ("DateSent>", f"{first:%Y-%m-%dT%H:%M:%SZ}"): both,
        ("DateSent<", f"{first:%Y-%m-%dT%H:%M:%SZ}"): [older["sid"]],
        ("DateSent<", f"{last:%Y-%m-%dT%H:%M:%SZ}"): both,
        ("DateSent>", f"{first:%Y-%m-%d}"): both,
        ("DateSent<", f"{last:%Y-%m-%d}"): both,
        ("DateSent>", f"{last + timedelta(days=1):%Y-%m-%d}"): [],
        ("DateSent<", f"{first - timedelta(days=1):%Y-%m-%d}"): [],
        ("DateSent", f"{first - timedelta(days=1):%Y-%m-%d}"): [],
        ("DateSent", f"{last:%Y-%m-%d}"): both if first.date() == last.date() else both[:1],
        ("DateSent", f"{last:%Y-%m-%dT%H:%M:%SZ}"): both
        if first.date() == last.date()
        else both[:1],
        ("DateSent>", f"{last:%m/%d/%Y %H:%M:%S} GMT"): [newer["sid"]],
        ("DateSent>", newer["date_sent"]): [newer["sid"]],
    }.items():
        name, value = query
        assert sids(api.page(To=to, **{name: value})) == expected, query


def test_a_message_that_was_never_sent_is_in_no_list_by_time(api: Api) -> None:
    sid = api.create(NEVER_REACHED)["sid"]
    api.cancel(sid)
    found = api.page(**{"To": NEVER_REACHED, "DateSent>": "2009-07-06", "PageSize": "1000"})
    assert sid not in sids(found)


def test_keys_and_accounts_are_lists_too(api: Api) -> None:
    answer = api.call("POST", "/Keys.json", {"FriendlyName": "of a list"})
    made = answer.json
    found = api.get("/Keys.json")
    assert list(found) == ["keys" if key == "messages" else key for key in ENVELOPE]
    del made["secret"]
    assert made in found["keys"]
    assert found["uri"] == f"{api.path('/Keys.json')}?PageSize=50&Page=0"
    accounts = api.get("/2010-04-01/Accounts.json")
    assert list(accounts) == ["accounts" if key == "messages" else key for key in ENVELOPE]
    assert [account["sid"] for account in accounts["accounts"]] == [api.sid]
