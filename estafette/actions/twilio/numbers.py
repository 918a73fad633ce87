"""TWILIO.ListIncomingPhoneNumbers, GetIncomingPhoneNumber and AddIncomingNumber: numbers held."""

import re
from typing import Annotated

from msgspec import UNSET, Struct
from msgspec.structs import replace

from estafette.actions import Action, Asked
from estafette.actions.twilio import paths
from estafette.actions.twilio.failures import failed
from estafette.actions.twilio.models import (
    Capabilities,
    IncomingPhoneNumber,
    IncomingPhoneNumberList,
    said,
)
from estafette.actions.twilio.shapes import API
from estafette.model import Conflict, Sender, Unknown
from estafette.model.address import e164
from estafette.model.ids import made_at
from estafette.model.number import Held, Number, NumberKind, Wanted, friendly, pattern
from estafette.model.twilio import rfc2822

_SID = re.compile(r"PN([0-9a-fA-F]{32})")
_AREA_CODE = re.compile(r"[2-9][0-9]{2}")
_PUNCTUATION = str.maketrans("", "", " -.()")
_LONGEST_NAME = 64
_ALL = 2**31


class ListNumbersRequest(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="pascal"
):
    """Which numbers are asked for. Every part narrows."""

    phone_number: Annotated[
        str, said("Phone Number", "Only numbers with this in them; * stands for one digit.")
    ] = ""
    friendly_name: Annotated[str, said("Friendly Name", "Only numbers of this name.")] = ""
    page_size: paths.PageSize = 50
    page: paths.PageNumber = 0
    beta: Annotated[
        bool, said("Beta", "Whether new numbers count; all do.", x_ms_visibility="advanced")
    ] = True


class GetNumberRequest(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="pascal"
):
    """Which number is asked for."""

    incoming_phone_number_sid: Annotated[
        str, said("Incoming Phone Number SID", "Its identifier.", x_ms_url_encoding="single")
    ]


class AddIncomingPhoneNumberRequest(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="pascal"
):
    """A number to take."""

    phone_number: Annotated[
        str,
        said("Phone Number", "The number, with + and country code.", x_ms_visibility="important"),
    ] = ""
    area_code: Annotated[
        str,
        said(
            "Area Code",
            "Instead of a number: any one of this area.",
            x_ms_visibility="advanced",
        ),
    ] = ""
    friendly_name: Annotated[
        str, said("Friendly Name", "What to call it.", x_ms_visibility="advanced")
    ] = ""


async def list_numbers(asked: Asked) -> IncomingPhoneNumberList:
    """Numbers that the account holds, the newest first. Raises Failed."""
    inputs: ListNumbersRequest = asked.inputs
    contains = inputs.phone_number.translate(_PUNCTUATION)
    if contains and pattern(contains) is None:
        raise failed(20001, "PhoneNumber must be digits, letters, * and %, after a + if any")
    if "\0" in inputs.friendly_name:
        raise failed(20001, "U+0000 is not text")
    held = Held(title=inputs.friendly_name, contains=contains)
    found = (await asked.core.numbers.page(asked.account, held, limit=_ALL)).items
    size = min(inputs.page_size, paths.MOST)
    filters = (("PhoneNumber", inputs.phone_number), ("FriendlyName", inputs.friendly_name))
    path = f"{paths.base(asked.core.public_url)}/IncomingPhoneNumbers.json"
    links = paths.Links(path, filters, inputs.page, size, len(found))
    start = inputs.page * size
    return IncomingPhoneNumberList(
        incoming_phone_numbers=[_shape(item) for item in found[start : start + size]],
        page=inputs.page,
        page_size=size,
        num_pages=links.num_pages,
        uri=links.this,
        first_page_uri=links.first,
        next_page_uri=links.following,
    )


async def get_number(asked: Asked) -> IncomingPhoneNumber:
    """One number that the account holds. Raises Failed."""
    sid = asked.inputs.incoming_phone_number_sid
    found = _SID.fullmatch(sid)
    try:
        if found is None:
            raise Unknown(sid)
        return _shape(await asked.core.numbers.get(asked.account, found[1].lower()))
    except Unknown:
        raise failed(20404, f"/IncomingPhoneNumbers/{sid}.json") from None


async def add_number(asked: Asked) -> IncomingPhoneNumber:
    """Take a number that is free. Raises Failed."""
    inputs: AddIncomingPhoneNumberRequest = asked.inputs
    title = inputs.friendly_name
    if len(title) > _LONGEST_NAME or "\0" in title:
        raise failed(20001, f"FriendlyName must be at most {_LONGEST_NAME} characters of text")

    def configured(sender: Sender) -> Sender:
        return replace(sender, title=title) if title else sender

    while True:
        number = await _choose(asked, inputs)
        try:
            return _shape(await asked.core.numbers.take(asked.account, number, configured))
        except Conflict:  # somebody was quicker: of an area there may be another
            if inputs.phone_number:
                raise failed(21422, inputs.phone_number) from None


async def _choose(asked: Asked, inputs: AddIncomingPhoneNumberRequest) -> Number:
    if inputs.phone_number:
        if e164(inputs.phone_number) is None:
            raise failed(21421, inputs.phone_number)
        try:
            return await asked.core.numbers.one(inputs.phone_number)
        except (Unknown, Conflict):
            raise failed(21422, inputs.phone_number) from None
    if not inputs.area_code:
        raise failed(20001, "A PhoneNumber or an AreaCode is needed")
    if not _AREA_CODE.fullmatch(inputs.area_code):
        raise failed(21451, inputs.area_code)
    wanted = Wanted(kind=NumberKind.LOCAL, area_code=inputs.area_code, able={"sms": True})
    found = await asked.core.numbers.free(wanted, limit=1)
    if not found:
        raise failed(21452, inputs.area_code)
    return found[0]


def _shape(sender: Sender) -> IncomingPhoneNumber:
    kept = sender.details.get("twilio", {})
    able = sender.details.get("number", {}).get("capabilities", ("sms", "mms"))
    # A sender of an earlier version tells by its id when it was made.
    made = sender.created_at if sender.created_at.year > 1970 else made_at(sender.id)
    return IncomingPhoneNumber(
        phone_number=sender.address,
        friendly_name=sender.title or friendly(sender.address),
        sid=f"PN{sender.id}",
        account_sid=sender.account,
        date_created=rfc2822(made),
        date_updated=rfc2822(max(sender.updated_at, made)),
        status_callback=kept.get("status_callback") or UNSET,
        status_callback_method=kept.get("status_callback_method") or "POST",
        api_version=kept.get("api_version") or API,
        capabilities=Capabilities(mms="mms" in able, sms="sms" in able, voice="voice" in able),
    )


LIST = Action(
    name="TWILIO.ListIncomingPhoneNumbers",
    title="List Incoming Phone Numbers",
    summary="Returns the numbers of the account, the newest first.",
    inputs=ListNumbersRequest,
    outputs=IncomingPhoneNumberList,
    run=list_numbers,
    errors="http",
)
GET = Action(
    name="TWILIO.GetIncomingPhoneNumber",
    title="Get Incoming Phone Number",
    summary="Returns one number of the account by its identifier.",
    inputs=GetNumberRequest,
    outputs=IncomingPhoneNumber,
    run=get_number,
    errors="http",
    needs=("IncomingPhoneNumberSid",),
)
ADD = Action(
    name="TWILIO.AddIncomingNumber",
    title="Add Incoming Number",
    summary="Takes a number that is free, so that messages can be sent from it and received.",
    inputs=AddIncomingPhoneNumberRequest,
    outputs=IncomingPhoneNumber,
    run=add_number,
    errors="http",
    needs=("PhoneNumber",),
)
