"""TWILIO.ListMessages: messages, the newest first, by numbered pages."""

from typing import Annotated

from msgspec import Struct

from estafette.actions import Action, Asked
from estafette.actions.twilio import addresses, dates, paths, shapes
from estafette.actions.twilio.models import MessageList, said
from estafette.model import Filter


class ListMessagesRequest(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="pascal"
):
    """Which messages are asked for. Every part narrows."""

    to: Annotated[
        str, said("To", "Only messages to this address.", x_ms_visibility="important")
    ] = ""
    from_: Annotated[
        str, said("From", "Only messages from this address.", x_ms_visibility="important")
    ] = ""
    date_sent: Annotated[
        str,
        said(
            "Date Sent",
            "YYYY-MM-DD (GMT) or an ISO 8601 time, or the same preceded by <= or >=.",
            x_ms_visibility="advanced",
        ),
    ] = ""
    page_size: paths.PageSize = 50
    page: paths.PageNumber = 0


async def run(asked: Asked) -> MessageList:
    """Read one page. Raises Failed."""
    inputs: ListMessagesRequest = asked.inputs
    size = min(inputs.page_size, paths.MOST)
    found = await asked.core.lists.messages(
        asked.account, _filter(inputs), page=inputs.page, size=size
    )
    filters = (("To", inputs.to), ("From", inputs.from_), ("DateSent", inputs.date_sent))
    path = f"{paths.base(asked.core.public_url)}/Messages.json"
    links = paths.Links(path, filters, inputs.page, size, found.total)
    return MessageList(
        messages=[shapes.message(item) for item in found.items],
        page=inputs.page,
        page_size=size,
        num_pages=links.num_pages,
        total=found.total,
        uri=links.this,
        first_page_uri=links.first,
        next_page_uri=links.following,
        previous_page_uri=links.before,
    )


def _filter(inputs: ListMessagesRequest) -> Filter:
    to_channel, recipient = addresses.listed(inputs.to)
    from_channel, sender = addresses.listed(inputs.from_)
    since, until = dates.bounds(inputs.date_sent)
    return Filter(
        recipient=recipient,
        sender=sender,
        channel=to_channel or from_channel,
        sent_from=since,
        sent_until=until,
    )


ACTION = Action(
    name="TWILIO.ListMessages",
    title="List Messages",
    summary="Returns the messages of the account, the newest first.",
    inputs=ListMessagesRequest,
    outputs=MessageList,
    run=run,
    errors="http",
)
