"""Usage records, and the balance: how much went through an account."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any, ClassVar, NamedTuple

from starlette.requests import Request
from starlette.responses import Response

from estafette.core.core import Core
from estafette.core.usage import Periods
from estafette.doors.twilio import auth, paging, wire
from estafette.doors.twilio.errors import TwilioError
from estafette.doors.twilio.requests import AT, Row, answer
from estafette.model import Account, Unknown
from estafette.model.categories import CATEGORIES, Category, find, of
from estafette.model.periods import KINDS, Span, read_day, spans_of
from estafette.model.usage import Use

_FILTERS = ("Category", "StartDate", "EndDate", "IncludeSubaccounts")
_TOKEN = re.compile(r"PA(\d{4})(\d{2})(\d{2})-([a-z0-9-]+)")


class Record(NamedTuple):
    """What a record is about: a category, from one day to another, both inclusive."""

    category: Category
    first: date
    last: date


class Usage:
    """Each method answers one operation."""

    TABLE: ClassVar[list[Row]] = [
        ("GET", f"{AT}/Usage/Records.json", "list_records"),
        *(("GET", f"{AT}/Usage/Records/{kind}.json", "list_records") for kind in KINDS),
        ("GET", f"{AT}/Balance.json", "fetch_balance"),
    ]

    def __init__(self, core: Core) -> None:
        self._people = core.people
        self._usage = core.usage

    async def fetch_balance(self, request: Request) -> Response:
        """GET Balance: what who runs the gateway has set."""
        account = await auth.account(request, self._people)
        balance = account.balance or "0.00"
        return answer({"account_sid": account.sid, "balance": balance, "currency": "USD"})

    async def list_records(self, request: Request) -> Response:
        """GET Usage/Records, or one of its subresources: the newest period first."""
        account = await auth.account(request, self._people)
        query = wire.read_form(request.scope["query_string"])
        now = self._usage.now()
        kind = request.scope["path"].rpartition("/")[2].partition(".")[0]
        _, digits = KINDS.get(kind, ("", 0))
        spans = spans_of(kind, _asked(query, account, now.date()), now.date(), digits)
        categories = [_find(name)] if (name := wire.one(query, "Category")) else CATEGORIES
        page, size = paging.read_size(query)
        start = _start(query, page, spans, categories)
        wanted = list(_records(spans, categories, start, size))
        used: Periods = {}
        if wanted:
            first, last = min(item.first for item in wanted), max(item.last for item in wanted)
            used = await self._usage.used(account.sid, first, last, digits)

        def shape(record: Record) -> dict[str, Any]:
            uses = used.get(record.first.isoformat()[:digits], {})
            return {
                **_shape(account, record, uses, kind),
                "as_of": f"{now:%Y-%m-%dT%H:%M:%S+00:00}",
            }

        more = start + size < len(spans) * len(categories)
        return answer(
            paging.envelope(
                request.scope["path"],
                query,
                paging.Asked(page, size, None),
                "usage_records",
                paging.Listed(wanted, has_next=more),
                shape=lambda record: dict(sorted(shape(record).items())),
                token=lambda item: f"{item.first:%Y%m%d}-{item.category.name}",
                filters=_FILTERS,
            )
        )


def _asked(query: wire.Form, account: Account, today: date) -> Span:
    """The days that are asked for: from the account's first until today, unless told."""
    if wire.one(query, "IncludeSubaccounts").lower() not in ("", "true", "false"):
        raise TwilioError(20001, "IncludeSubaccounts must be true or false")
    first, last = wire.one(query, "StartDate"), wire.one(query, "EndDate")
    return Span(
        _read_day(first, "StartDate", today) if first else account.created_at.date(),
        _read_day(last, "EndDate", today) if last else today,
    )


def _read_day(text: str, name: str, today: date) -> date:
    found = read_day(text, today)
    if found is None:
        raise TwilioError(20001, f"{name} must be a date such as 2009-07-06, or -30days")
    return found


def _find(name: str) -> Category:
    try:
        return find(name)
    except Unknown as error:
        raise TwilioError(20001, str(error)) from None


def _start(
    query: wire.Form, page: int, spans: Sequence[Span], categories: Sequence[Category]
) -> int:
    """The place of the first record of a page. Raises TwilioError for a token of another list."""
    token = wire.one(query, "PageToken")
    if not token:
        if page > 0:
            raise TwilioError(70002)
        return 0
    found = _TOKEN.fullmatch(token)
    names = [category.name for category in categories]
    days = [f"{span.first:%Y%m%d}" for span in spans]
    day = "".join(found.groups()[:3]) if found else ""
    if not found or day not in days or found[4] not in names:
        raise TwilioError(20001, paging.STRANGE)
    return days.index(day) * len(names) + names.index(found[4]) + 1


def _records(
    spans: Sequence[Span], categories: Sequence[Category], start: int, size: int
) -> Iterator[Record]:
    for place in range(start, min(start + size, len(spans) * len(categories))):
        span, category = divmod(place, len(categories))
        yield Record(categories[category], *spans[span])


def _shape(account: Account, record: Record, uses: Mapping[str, Use], kind: str) -> dict[str, Any]:
    """A UsageRecord resource. Messages have no price yet, so nothing has one."""
    category = record.category
    use = of(category, uses)
    base = f"/{wire.API}/Accounts/{account.sid}/Usage/Records"
    which = f"Category={category.name}"
    days = {"start_date": record.first.isoformat(), "end_date": record.last.isoformat()}
    return {
        "account_sid": account.sid,
        "api_version": wire.API,
        "category": category.name,
        "count": str(use.count) if category.count_unit else None,
        "count_unit": category.count_unit,
        "description": category.description,
        **days,
        "price": "0",
        "price_unit": "usd",
        "subresource_uris": {
            link: f"{base}/{path}.json?{which}" for path, (link, _) in KINDS.items()
        },
        "uri": (
            f"{base}{f'/{kind}' if kind in KINDS else ''}.json?{which}"
            f"&StartDate={days['start_date']}&EndDate={days['end_date']}"
        ),
        "usage": str(use.amount),
        "usage_unit": category.usage_unit,
    }
