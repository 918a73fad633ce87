"""Usage records and the balance, through twilio-python and plain HTTP."""

import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from twilio.rest import Client

from estafette.model.categories import CATEGORIES
from tests.conftest import Server
from tests.doors.twilio.accounts import new_account
from tests.doors.twilio.conftest import NEVER_REACHED, Api, new_number
from tests.patience import PATIENCE
from tests.pictures import showing

RECORDS = "/Usage/Records"
FIELDS = [
    "account_sid", "api_version", "as_of", "category", "count", "count_unit", "description",
    "end_date", "price", "price_unit", "start_date", "subresource_uris", "uri", "usage",
    "usage_unit",
]  # fmt: skip


@pytest.fixture(scope="module")
def mine(shared_server: Server) -> Api:
    """An account that has sent a text of two parts, and a picture; one text waits."""
    api = new_account(shared_server, "full", "+14155550191")
    sender = {"From": "+14155550191"}
    api.delivered(new_number(), Body="x" * 161, **sender)
    with showing() as pictures:
        api.delivered(new_number(), MediaUrl=pictures.url(), **sender)
    api.create(NEVER_REACHED, **sender)
    time.sleep(2.5)  # what was counted before is remembered for two seconds
    return api


@pytest.fixture(scope="module")
def client(shared_server: Server, mine: Api) -> Iterator[Client]:
    made = Client(mine.sid, mine.token)
    made.api.base_url = shared_server.url
    yield made
    made.http_client.session.close()


def today() -> date:
    return datetime.now(UTC).date()


def test_what_was_sent_today_is_counted(client: Client) -> None:
    found = {item.category: item for item in client.usage.records.today.list()}
    assert set(found) == {category.name for category in CATEGORIES}
    for name in ("sms", "sms-outbound", "sms-outbound-longcode"):
        assert (found[name].count, found[name].count_unit) == ("1", "messages")
        assert (found[name].usage, found[name].usage_unit) == ("2", "segments")
    for name in ("mms", "mms-outbound", "mms-outbound-longcode"):
        assert (found[name].count, found[name].usage) == ("1", "1")
    assert {found[name].count for name in ("sms-inbound", "channels-whatsapp")} == {"0"}
    total = found["totalprice"]
    assert (total.count, total.price, total.price_unit) == (None, Decimal(0), "usd")
    assert (total.usage, total.usage_unit) == ("0", "usd")


def test_every_list_of_the_sdk_is_there(client: Client) -> None:
    records = client.usage.records
    now = today()
    month = now.replace(day=1)
    spans = {
        records: (now, now),
        records.all_time: (now, now),
        records.daily: (now, now),
        records.monthly: (now, now),
        records.yearly: (now, now),
        records.today: (now, now),
        records.yesterday: (now - timedelta(days=1),) * 2,
        records.this_month: (month, now),
        records.last_month: ((month - timedelta(days=1)).replace(day=1), month - timedelta(days=1)),
    }
    for listing, span in spans.items():
        (found,) = listing.list(category="sms")
        assert (found.start_date, found.end_date) == span
        assert found.count == ("1" if span[1] == now else "0")


def test_a_record_has_twilios_types(mine: Api) -> None:
    (found,) = mine.get(f"{RECORDS}/Daily.json?Category=sms")["usage_records"]
    assert list(found) == FIELDS
    assert datetime.fromisoformat(found["as_of"]).utcoffset() == timedelta(0)
    assert found["as_of"].endswith("+00:00")
    assert (found["price"], found["count"], found["usage"]) == ("0", "1", "2")
    base = mine.path(RECORDS)
    assert found["subresource_uris"]["last_month"] == f"{base}/LastMonth.json?Category=sms"
    day = today().isoformat()
    assert found["uri"] == f"{base}/Daily.json?Category=sms&StartDate={day}&EndDate={day}"


def test_days_are_asked_for_by_date_and_by_distance(client: Client, mine: Api) -> None:
    now = today()
    days = client.usage.records.daily.list(
        category="sms", start_date=now - timedelta(days=3), end_date=now
    )
    assert [item.start_date for item in days] == [now - timedelta(days=back) for back in range(4)]
    assert [item.count for item in days] == ["1", "0", "0", "0"]
    for first, last in (("-3days", "+30days"), ("-3days", "-0days"), ("-3day", now.isoformat())):
        path = f"{RECORDS}/Daily.json?Category=sms&StartDate={first}&EndDate={last}"
        listed = mine.get(path.replace("+", "%2B"))["usage_records"]
        assert [item["count"] for item in listed] == ["1", "0", "0", "0"]
    (whole,) = client.usage.records.list(
        category="sms", start_date=now - timedelta(days=30), end_date=now
    )
    assert (whole.start_date, whole.count) == (now - timedelta(days=30), "1")
    assert client.usage.records.daily.list(start_date=now + timedelta(days=1)) == []


def test_months_and_years_are_clipped_to_what_is_asked_for(mine: Api) -> None:
    query = "Category=sms&StartDate=2020-11-15&EndDate=2021-02-10"
    months = mine.get(f"{RECORDS}/Monthly.json?{query}")["usage_records"]
    assert [(item["start_date"], item["end_date"]) for item in months] == [
        ("2021-02-01", "2021-02-10"),
        ("2021-01-01", "2021-01-31"),
        ("2020-12-01", "2020-12-31"),
        ("2020-11-15", "2020-11-30"),
    ]
    years = mine.get(f"{RECORDS}/Yearly.json?{query}")["usage_records"]
    assert [(item["start_date"], item["end_date"]) for item in years] == [
        ("2021-01-01", "2021-02-10"),
        ("2020-11-15", "2020-12-31"),
    ]


def test_records_are_paged(client: Client, mine: Api) -> None:
    start = today() - timedelta(days=6)
    whole = client.usage.records.daily.list(start_date=start, page_size=1000)
    assert len(whole) == 7 * len(CATEGORIES)
    pieces = client.usage.records.daily.list(start_date=start, page_size=37)
    assert [(i.start_date, i.category, i.count) for i in pieces] == [
        (i.start_date, i.category, i.count) for i in whole
    ]
    assert len(client.usage.records.daily.list(start_date=start, limit=10)) == 10
    for query in ("PageToken=PA1", "PageToken=PA20260101-nothing", "PageSize=0"):
        assert mine.call("GET", f"{RECORDS}.json?{query}").refusal[:2] == (400, 20001)
    assert mine.call("GET", f"{RECORDS}.json?Page=1").refusal[:2] == (400, 70002)


@pytest.mark.parametrize(
    "query",
    [
        "StartDate=yesterday", "StartDate=2026-02-30", "EndDate=12/31/2026", "EndDate=-5weeks",
        "StartDate=-99999999days", "StartDate=-99999days", "StartDate=0001-01-01", "Category=nothing-of-it", "Category=SMS!", "IncludeSubaccounts=2",
    ],
)  # fmt: skip
def test_nonsense_is_refused(mine: Api, query: str) -> None:
    assert mine.call("GET", f"{RECORDS}.json?{query}").refusal[:2] == (400, 20001)


def test_what_twilio_counts_and_nobody_does_here_is_none(mine: Api) -> None:
    (found,) = mine.get(f"{RECORDS}.json?Category=calls-inbound")["usage_records"]
    assert (found["count"], found["usage"], found["price"]) == ("0", "0", "0")
    assert mine.get(f"{RECORDS}.json?IncludeSubaccounts=false")["usage_records"]


def test_records_speak_xml_and_csv(mine: Api) -> None:
    xml = mine.call("GET", f"{RECORDS}/Today?Category=sms").body.decode()
    assert "<UsageRecords end=" in xml
    assert "<UsageRecord><Category>sms</Category>" in xml
    assert "Records/Today?Category=sms&amp;StartDate=" in xml
    csv = mine.call("GET", f"{RECORDS}.csv?Category=sms").body.decode()
    assert csv.startswith("Category,Description,AccountSid,StartDate,EndDate,AsOf,Usage,")


def test_the_balance_is_what_was_set(client: Client, mine: Api) -> None:
    found = client.balance.fetch()
    assert (found.account_sid, found.balance, found.currency) == (mine.sid, "0.00", "USD")
    done = mine.server.run("accounts", "balance", mine.sid, "20.00")
    assert done.stdout == "20.00 USD\n"
    end = time.monotonic() + PATIENCE
    while client.balance.fetch().balance != "20.00":
        assert time.monotonic() < end
        time.sleep(0.2)
    assert b"<Balance><AccountSid>" in mine.call("GET", "/Balance").body
