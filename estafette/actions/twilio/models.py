"""The connector's models, with the names, types and members that its users' workflows rely on.

They differ from Twilio's own: counts and error codes are text, `subresource_uris` is a list, pages
are counted, and what there is none of is left out.
"""

from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType

Text = str | UnsetType


def said(title: str, description: str, **more: Any) -> Meta:
    """What people are told of a member; `more` goes into its schema, `_` standing for `-`."""
    extra = {name.replace("_", "-"): value for name, value in more.items()}
    return Meta(title=title, description=description, extra_json_schema=extra or None)


INT32 = {"format": "int32"}
_URI = Annotated[str, Meta(extra_json_schema={"xml": {"name": "uri"}})]


class Message(Struct, frozen=True, kw_only=True, rename={"from_": "from"}):
    """One message, in either direction."""

    body: Annotated[Text, said("Body", "Text of the message.")] = UNSET
    from_: Annotated[Text, said("From", "Sender address.")] = UNSET
    to: Annotated[Text, said("To", "Recipient address.")] = UNSET
    status: Annotated[Text, said("Status", "Delivery status.")] = UNSET
    sid: Annotated[Text, said("SID", "Message identifier: SM or MM and 32 hex digits.")] = UNSET
    account_sid: Annotated[Text, said("Account SID", "Owning account.")] = UNSET
    api_version: Annotated[Text, said("API Version", "Version of the API.")] = UNSET
    num_segments: Annotated[Text, said("Num Segments", "Number of parts, as text.")] = UNSET
    num_media: Annotated[Text, said("Num Media", "Number of media, as text.")] = UNSET
    date_created: Annotated[Text, said("Date Created", "RFC 2822 date.")] = UNSET
    date_sent: Annotated[Text, said("Date Sent", "RFC 2822 date, once it was sent.")] = UNSET
    date_updated: Annotated[Text, said("Date Updated", "RFC 2822 date.")] = UNSET
    direction: Annotated[
        Text, said("Direction", "inbound, outbound-api, outbound-call or outbound-reply.")
    ] = UNSET
    error_code: Annotated[Text, said("Error Code", "Number of the error, as text.")] = UNSET
    error_message: Annotated[Text, said("Error Message", "Text of the error.")] = UNSET
    price: Annotated[Text, said("Price", "Price, as text.")] = UNSET
    price_unit: Annotated[Text, said("Price Unit", "Currency code.")] = UNSET
    uri: Annotated[Text, said("URI", "Path of the message.")] = UNSET
    subresource_uris: Annotated[
        list[_URI] | UnsetType,
        said("Subresource URIs", "Paths of what lies under it.", xml={"wrapped": True}),
    ] = UNSET
    messaging_service_sid: Annotated[
        Text, said("Messaging Service SID", "The service that it went through, if any.")
    ] = UNSET


class Page(Struct, frozen=True, kw_only=True):
    """Which part of a list this is, and where the others are."""

    page: Annotated[int, said("Page", "Number of this page, from 0.", **INT32)]
    page_size: Annotated[int, said("Page Size", "How many a page has at the most.", **INT32)]
    num_pages: Annotated[int, said("Number Of Pages", "How many pages there are.", **INT32)]
    uri: Annotated[str, said("URI", "Path of this page.")]
    first_page_uri: Annotated[str, said("First Page URI", "Path of the first page.")]
    next_page_uri: Annotated[Text, said("Next Page URI", "Path of the next, if any.")] = UNSET


class MessageList(Page, frozen=True, kw_only=True):
    """A page of messages, the newest first."""

    messages: Annotated[
        list[Message], said("Messages", "The messages of this page.", xml={"wrapped": True})
    ]
    total: Annotated[int, said("Total", "How many there are on all pages.", **INT32)]
    previous_page_uri: Annotated[
        Text, said("Previous Page URI", "Path of the page before, if any.")
    ] = UNSET


class Capabilities(Struct, frozen=True, kw_only=True):
    """What a number can do."""

    mms: Annotated[bool, said("MMS", "Whether it carries MMS.")]
    sms: Annotated[bool, said("SMS", "Whether it carries SMS.")]
    voice: Annotated[bool, said("Voice", "Whether it carries calls.")]


class IncomingPhoneNumber(Struct, frozen=True, kw_only=True):
    """A number that the account holds."""

    phone_number: Annotated[str, said("Phone Number", "The number, E.164.")]
    friendly_name: Annotated[str, said("Friendly Name", "What people call it.")]
    sid: Annotated[str, said("SID", "Its identifier: PN and 32 hex digits.")]
    account_sid: Annotated[str, said("Account SID", "Owning account.")]
    date_created: Annotated[str, said("Date Created", "RFC 2822 date.")]
    date_updated: Annotated[str, said("Date Updated", "RFC 2822 date.")]
    status_callback: Annotated[Text, said("Status Callback", "URL that is told of calls.")] = UNSET
    status_callback_method: Annotated[Text, said("Status Callback Method", "GET or POST.")] = UNSET
    api_version: Annotated[str, said("API Version", "Version of the API.")]
    capabilities: Capabilities


class IncomingPhoneNumberList(Page, frozen=True, kw_only=True):
    """A page of the numbers that the account holds, the newest first."""

    incoming_phone_numbers: Annotated[
        list[IncomingPhoneNumber],
        said("Incoming Phone Numbers", "The numbers of this page.", xml={"wrapped": True}),
    ]


class AvailablePhoneNumbers(Struct, frozen=True, kw_only=True, rename={"mms": "MMS", "sms": "SMS"}):
    """A number that the account could take."""

    phone_number: Annotated[str, said("Phone Number", "The number, E.164.")]
    friendly_name: Annotated[str, said("Friendly Name", "How people write it.")]
    lata: Annotated[Text, said("LATA", "Local access and transport area.")] = UNSET
    latitude: Annotated[Text, said("Latitude", "In degrees, as text.")] = UNSET
    longitude: Annotated[Text, said("Longitude", "In degrees, as text.")] = UNSET
    postal_code: Annotated[Text, said("Postal Code", "Postal code.")] = UNSET
    rate_center: Annotated[Text, said("Rate Center", "Rate center.")] = UNSET
    region: Annotated[Text, said("Region", "State or province, two letters.")] = UNSET
    mms: Annotated[bool, said("MMS", "Whether it carries MMS.")]
    sms: Annotated[bool, said("SMS", "Whether it carries SMS.")]
    voice: Annotated[bool, said("Voice", "Whether it carries calls.")]


class AvailablePhoneNumberWrapper(Struct, frozen=True, kw_only=True):
    """Numbers that the account could take."""

    available_phone_numbers: Annotated[
        list[AvailablePhoneNumbers],
        said("Available Phone Numbers", "The numbers.", xml={"wrapped": True}),
    ]
    uri: Annotated[str, said("URI", "Path of this list.")]


class UsageRecords(Struct, frozen=True, kw_only=True):
    """How much of one category was used from one day to another, both inclusive."""

    category: Annotated[str, said("Category", "What was counted.")]
    usage: Annotated[str, said("Usage", "How much, in units of usage, as text.")]
    usage_unit: Annotated[str, said("Usage Unit", "The unit of usage.")]
    description: Annotated[str, said("Description", "The category in words.")]
    price_unit: Annotated[str, said("Price Unit", "Currency code.")]
    count: Annotated[Text, said("Count", "How many, as text.")] = UNSET
    count_unit: Annotated[Text, said("Count Unit", "What was counted.")] = UNSET
    start_date: Annotated[str, said("Start Date", "The first day.")]
    end_date: Annotated[str, said("End Date", "The last day.")]
    price: Annotated[float, said("Price", "What it cost.")]


class UsageRecordList(Page, frozen=True, kw_only=True):
    """A page of usage, the newest period first."""

    usage_records: Annotated[
        list[UsageRecords], said("Usage Records", "The records.", xml={"wrapped": True})
    ]
