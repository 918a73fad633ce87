"""TWILIO.ListUsage: how much went through the account, by category and period."""

from datetime import date
from typing import Annotated, NamedTuple

from msgspec import UNSET, Struct

from estafette.actions import Action, Asked
from estafette.actions.twilio import paths
from estafette.actions.twilio.failures import failed
from estafette.actions.twilio.models import UsageRecordList, UsageRecords, said
from estafette.core.usage import Periods
from estafette.model import Unknown
from estafette.model.categories import CATEGORIES, Category, find, of
from estafette.model.periods import KINDS, Span, read_day, spans_of


class ListUsageRequest(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="pascal"
):
    """Which usage is asked for. Every part narrows."""

    category: Annotated[str, said("Category", "Only this category, such as sms-outbound.")] = ""
    sub_resource: Annotated[
        str,
        said(
            "Sub Resource",
            f"How days are put together: {', '.join(KINDS)}; all in one if left out.",
            x_ms_visibility="advanced",
        ),
    ] = ""
    end_date: Annotated[
        str, said("End Date", "The last day: YYYY-MM-DD, or -1days; today if left out.")
    ] = ""
    start_date: Annotated[
        str,
        said(
            "Start Date", "The first day: YYYY-MM-DD, or -30days; the account's first if left out."
        ),
    ] = ""
    page_size: paths.PageSize = 50
    page: paths.PageNumber = 0


class Record(NamedTuple):
    """What a record is about."""

    category: Category
    span: Span


async def run(asked: Asked) -> UsageRecordList:
    """Count what was used, the newest period first. Raises Failed."""
    inputs: ListUsageRequest = asked.inputs
    if inputs.sub_resource not in ("", *KINDS):
        raise failed(20001, f"SubResource must be one of {', '.join(KINDS)}")
    today = asked.core.usage.now().date()
    _, digits = KINDS.get(inputs.sub_resource, ("", 0))
    spans = spans_of(inputs.sub_resource, _days(asked, inputs, today), today, digits)
    categories = _categories(inputs.category)
    size, start = min(inputs.page_size, paths.MOST), 0
    start = inputs.page * size
    total = len(spans) * len(categories)
    wanted = [
        Record(categories[place % len(categories)], spans[place // len(categories)])
        for place in range(start, min(start + size, total))
    ]
    used = await _used(asked, wanted, digits)
    filters = (
        *(("Category", inputs.category), ("SubResource", inputs.sub_resource)),
        *(("StartDate", inputs.start_date), ("EndDate", inputs.end_date)),
    )
    path = f"{paths.base(asked.core.public_url)}/Usage/Records.json"
    links = paths.Links(path, filters, inputs.page, size, total)
    return UsageRecordList(
        usage_records=[_shape(item, used, digits) for item in wanted],
        page=inputs.page,
        page_size=size,
        num_pages=links.num_pages,
        uri=links.this,
        first_page_uri=links.first,
        next_page_uri=links.following,
    )


def _days(asked: Asked, inputs: ListUsageRequest, today: date) -> Span:
    def day(name: str, text: str, usual: date) -> date:
        found = read_day(text, today) if text else usual
        if found is None:
            raise failed(20001, f"{name} must be a date such as 2026-07-06, or -30days")
        return found

    return Span(
        day("StartDate", inputs.start_date, asked.account.created_at.date()),
        day("EndDate", inputs.end_date, today),
    )


def _categories(name: str) -> list[Category]:
    try:
        return [find(name)] if name else CATEGORIES
    except Unknown as error:
        raise failed(20001, str(error)) from None


async def _used(asked: Asked, wanted: list[Record], digits: int) -> Periods:
    if not wanted:
        return {}
    first = min(item.span.first for item in wanted)
    last = max(item.span.last for item in wanted)
    return await asked.core.usage.used(asked.account.sid, first, last, digits)


def _shape(record: Record, used: Periods, digits: int) -> UsageRecords:
    """A record. Messages have no price here, so nothing has one."""
    category, span = record
    use = of(category, used.get(span.first.isoformat()[:digits], {}))
    return UsageRecords(
        category=category.name,
        usage=str(use.amount),
        usage_unit=category.usage_unit,
        description=category.description,
        price_unit="usd",
        count=str(use.count) if category.count_unit else UNSET,
        count_unit=category.count_unit or UNSET,
        start_date=span.first.isoformat(),
        end_date=span.last.isoformat(),
        price=0.0,
    )


ACTION = Action(
    name="TWILIO.ListUsage",
    title="List Usage",
    summary="Returns how much went through the account, by category and period.",
    inputs=ListUsageRequest,
    outputs=UsageRecordList,
    run=run,
    errors="http",
)
