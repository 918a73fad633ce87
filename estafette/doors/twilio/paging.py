"""Lists as Twilio pages them: an envelope of links, and tokens that name the last item."""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

from msgspec import Struct

from estafette.doors.twilio import dates
from estafette.doors.twilio.errors import TwilioError
from estafette.doors.twilio.wire import Form, one
from estafette.model import Channel, Cursor, Filter, Message, Status
from estafette.model.ids import instant
from estafette.model.listed import Listed as Listed  # noqa: PLC0414 - it is a word of this page
from estafette.model.twilio import message_sid, split

MOST = 1000
STRANGE = "The PageToken is not one of this list"
_TOKEN = re.compile(r"P([AB])[A-Z]{2}([0-9a-fA-F]{32})(?:-([0-9]{1,16}))?")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FILTERS = ("To", "From", "DateSent", "DateSent<", "DateSent>", "Status", "FriendlyName")

T = TypeVar("T")


class Asked(Struct, frozen=True):
    """Which page of a list is asked for."""

    page: int
    size: int
    cursor: Cursor | None


def read_asked(query: Form) -> Asked:
    """The paging parameters of a query. Raises TwilioError for nonsense."""
    page, size = read_size(query)
    token = one(query, "PageToken")
    if not token:
        if page > 0:
            raise TwilioError(70002)
        return Asked(page, size, None)
    found = _TOKEN.fullmatch(token)
    if not found:
        raise TwilioError(20001, STRANGE)
    sent_at = _EPOCH + timedelta(microseconds=int(found[3])) if found[3] else None
    return Asked(page, size, Cursor(found[2].lower(), before=found[1] == "B", sent_at=sent_at))


def read_size(query: Form) -> tuple[int, int]:
    """The number of a page, from 0, and how many items it may have. Raises TwilioError."""
    size = min(_count(query, "PageSize", 50, least=1), MOST)
    return _count(query, "Page", 0, least=0), size


def _count(query: Form, name: str, default: int, *, least: int) -> int:
    text = one(query, name)
    if not text:
        return default
    if not (text.isascii() and text.isdigit()) or int(text[:10]) < least:
        raise TwilioError(20001, f"{name} must be a whole number from {least}")
    return int(text[:10])


def read_filter(query: Form) -> Filter:
    """The filters of a list of messages in our words. Raises TwilioError for bad ones."""
    to_channel, recipient = _address(one(query, "To"))
    from_channel, sender = _address(one(query, "From"))
    day = dates.on(one(query, "DateSent")) if one(query, "DateSent") else None
    since = dates.since(one(query, "DateSent>")) if one(query, "DateSent>") else None
    until = dates.until(one(query, "DateSent<")) if one(query, "DateSent<") else None
    status = one(query, "Status")
    if status and status not in set(Status):
        raise TwilioError(20001, f"Status {status[:40]!r} is not a message status")
    return Filter(
        recipient=recipient,
        sender=sender,
        channel=to_channel or from_channel,
        status=Status(status) if status else None,
        sent_from=max((at for at in (day and day[0], since) if at), default=None),
        sent_until=min((at for at in (day and day[1], until) if at), default=None),
    )


def _address(text: str) -> tuple[Channel | None, str]:
    if "\0" in text:
        raise TwilioError(20001, "U+0000 is not text")
    return split(text) if text else (None, "")


def message_token(message: Message, filter: Filter) -> str:
    """What names a message in a token: its SID, and its time where the list goes by that.

    The message itself may be gone by the time the next page is asked for.
    """
    by_time = filter.sent_from or filter.sent_until
    if not by_time or message.sent_at is None:
        return message_sid(message)
    return f"{message_sid(message)}-{instant(message.sent_at)}"


def envelope(
    path: str,
    query: Form,
    asked: Asked,
    key: str,
    listed: Listed[T],
    *,
    shape: Callable[[T], Any],
    token: Callable[[T], str],
    filters: Sequence[str] = _FILTERS,
) -> dict[str, Any]:
    """The list under its key, with links that repeat the filters, these parameters, first."""
    items = listed.items
    repeated = [(name, one(query, name)) for name in filters if one(query, name)]
    start = asked.page * asked.size

    def link(page: int, token: str = "") -> str:
        paging = [("PageSize", str(asked.size)), ("Page", str(page))]
        paging += [("PageToken", token)] if token else []
        return f"{path}?{urlencode([*repeated, *paging], quote_via=quote)}"

    following = link(asked.page + 1, f"PA{token(items[-1])}") if listed.has_next and items else None
    before = None
    if listed.has_previous and items and asked.page > 0:
        before = link(asked.page - 1, f"PB{token(items[0])}")
    return {
        "end": start + len(items) - 1 if items else 0,
        "first_page_uri": link(0),
        "next_page_uri": following,
        "page": asked.page,
        "page_size": asked.size,
        "previous_page_uri": before,
        key: [shape(item) for item in items],
        "start": start,
        "uri": link(asked.page, one(query, "PageToken")),
    }


def meta(
    base: str,
    path: str,
    asked: Asked,
    key: str,
    listed: Listed[T],
    *,
    shape: Callable[[T], Any],
    token: Callable[[T], str],
) -> dict[str, Any]:
    """The list under its key, as products other than that of 2010 page it: by whole addresses."""

    def link(page: int, token: str = "") -> str:
        paging = [("PageSize", str(asked.size)), ("Page", str(page))]
        paging += [("PageToken", token)] if token else []
        return f"{base}{path}?{urlencode(paging)}"

    items = listed.items
    following = link(asked.page + 1, f"PA{token(items[-1])}") if listed.has_next and items else None
    before = None
    if listed.has_previous and items and asked.page > 0:
        before = link(asked.page - 1, f"PB{token(items[0])}")
    return {
        "meta": {
            "page": asked.page,
            "page_size": asked.size,
            "first_page_url": link(0),
            "previous_page_url": before,
            "next_page_url": following,
            "url": link(asked.page),
            "key": key,
        },
        key: [shape(item) for item in items],
    }
