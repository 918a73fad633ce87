"""TWILIO.GetAvailableLocalNumbers, …MobileNumbers and …TollFreeNumbers: numbers to take."""

import re
from functools import partial
from typing import Annotated

from msgspec import UNSET, Struct, UnsetType

from estafette.actions import Action, Asked
from estafette.actions.twilio import paths
from estafette.actions.twilio.failures import failed
from estafette.actions.twilio.models import (
    AvailablePhoneNumbers,
    AvailablePhoneNumberWrapper,
    said,
)
from estafette.model import Unknown
from estafette.model.address import e164
from estafette.model.number import Number, NumberKind, Wanted, friendly, pattern

_COUNTRY = re.compile(r"[A-Za-z]{2}")
_AREA_CODE = re.compile(r"[0-9]{3}")
_LAT_LONG = re.compile(r"\s*(-?\d{1,3}(?:\.\d+)?),\s*(-?\d{1,3}(?:\.\d+)?)\s*")
_PUNCTUATION = str.maketrans("", "", " -.()")
_MOST = 50
_SWITCHES = {"sms": "sms_enabled", "mms": "mms_enabled", "voice": "voice_enabled"}
_SHOWN = "advanced"

Switch = bool | UnsetType


class TollFreeRequest(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="pascal"
):
    """Which toll-free numbers are asked for. Every part narrows."""

    iso_country_code: Annotated[
        str,
        said("Country Code", "Two letters of ISO 3166, such as US.", x_ms_url_encoding="single"),
    ]
    area_code: Annotated[str, said("Area Code", "Three digits.")] = ""
    contains: Annotated[
        str, said("Contains", "Part of a number; * stands for one digit, a letter for its key.")
    ] = ""


class MobileRequest(TollFreeRequest, frozen=True, kw_only=True):
    """Which mobile numbers are asked for. Every part narrows."""

    sms_enabled: Annotated[
        Switch, said("SMS Enabled", "Whether it must carry SMS.", x_ms_visibility=_SHOWN)
    ] = UNSET
    mms_enabled: Annotated[
        Switch, said("MMS Enabled", "Whether it must carry MMS.", x_ms_visibility=_SHOWN)
    ] = UNSET
    voice_enabled: Annotated[
        Switch, said("Voice Enabled", "Whether it must carry calls.", x_ms_visibility=_SHOWN)
    ] = UNSET


class LocalRequest(MobileRequest, frozen=True, kw_only=True):
    """Which local numbers are asked for. Every part narrows."""

    near_number: Annotated[str, said("Near Number", "Near to where this number is.")] = ""
    near_lat_long: Annotated[
        str, said("Near Lat Long", "Near to this latitude, a comma, this longitude.")
    ] = ""
    in_postal_code: Annotated[
        str, said("In Postal Code", "In this postal code.", x_ms_visibility=_SHOWN)
    ] = ""
    in_region: Annotated[
        str, said("In Region", "In this state or province.", x_ms_visibility=_SHOWN)
    ] = ""


async def run(asked: Asked, *, kind: NumberKind, path: str) -> AvailablePhoneNumberWrapper:
    """At most fifty numbers that nobody holds. Raises Failed."""
    inputs: TollFreeRequest = asked.inputs
    country = inputs.iso_country_code.upper()
    where = f"/AvailablePhoneNumbers/{inputs.iso_country_code}/{path}.json"
    known = await asked.core.numbers.countries() if _COUNTRY.fullmatch(country) else {}
    if country not in known:
        raise failed(20404, where)
    try:
        wanted = await _wanted(asked, country, kind)
        found = await asked.core.numbers.free(wanted, limit=_MOST)
    except Unknown:  # where the number is that it should be near to
        found = []
    return AvailablePhoneNumberWrapper(
        available_phone_numbers=[_shape(item) for item in found],
        uri=f"{paths.base(asked.core.public_url)}{where}",
    )


async def _wanted(asked: Asked, country: str, kind: NumberKind) -> Wanted:
    inputs: TollFreeRequest = asked.inputs
    if inputs.area_code and not _AREA_CODE.fullmatch(inputs.area_code):
        raise failed(21451, inputs.area_code)
    contains = inputs.contains.translate(_PUNCTUATION)
    if contains and (pattern(contains) is None or not 2 <= len(contains) <= 16):
        raise failed(20001, "Contains must be 2 to 16 digits, letters, * and %, after a + if any")
    switches = {name: getattr(inputs, switch, UNSET) for name, switch in _SWITCHES.items()}
    local = inputs if isinstance(inputs, LocalRequest) else None
    return Wanted(
        country=country,
        kind=kind,
        area_code=inputs.area_code,
        contains=contains,
        able={name: value for name, value in switches.items() if value is not UNSET},
        near=await _near(asked, local) if local else None,
        postal_code=local.in_postal_code if local else "",
        region=local.in_region if local else "",
    )


async def _near(asked: Asked, inputs: LocalRequest) -> tuple[float, float] | None:
    """Latitude and longitude to be near to. Raises Failed, or Unknown for a number elsewhere."""
    if text := inputs.near_lat_long:
        place = _LAT_LONG.fullmatch(text)
        if not place or abs(float(place[1])) > 90 or abs(float(place[2])) > 180:
            raise failed(20001, "NearLatLong must be a latitude, a comma, a longitude")
        return float(place[1]), float(place[2])
    if not inputs.near_number:
        return None
    if not e164(inputs.near_number):
        raise failed(20001, "NearNumber must be a number such as +14155550100")
    found = await asked.core.numbers.like(inputs.near_number)
    if found.latitude is None or found.longitude is None:
        raise Unknown(inputs.near_number)
    return found.latitude, found.longitude


def _shape(number: Number) -> AvailablePhoneNumbers:
    able = number.capabilities
    return AvailablePhoneNumbers(
        phone_number=number.address,
        friendly_name=friendly(number.address),
        lata=number.lata or UNSET,
        latitude=UNSET if number.latitude is None else f"{number.latitude:.6f}",
        longitude=UNSET if number.longitude is None else f"{number.longitude:.6f}",
        postal_code=number.postal_code or UNSET,
        rate_center=number.rate_center or UNSET,
        region=number.region or UNSET,
        mms="mms" in able,
        sms="sms" in able,
        voice="voice" in able,
    )


def _action(name: str, kind: NumberKind, path: str, inputs: type[Struct], words: str) -> Action:
    return Action(
        name=f"TWILIO.{name}",
        title=f"Get Available {words} Numbers",
        summary=f"Returns at most fifty {words.lower()} numbers of a country that can be taken.",
        inputs=inputs,
        outputs=AvailablePhoneNumberWrapper,
        run=partial(run, kind=kind, path=path),
        errors="http",
        needs=("IsoCountryCode",),
    )


LOCAL = _action("GetAvailableLocalNumbers", NumberKind.LOCAL, "Local", LocalRequest, "Local")
MOBILE = _action("GetAvailableMobileNumbers", NumberKind.MOBILE, "Mobile", MobileRequest, "Mobile")
TOLL_FREE = _action(
    "GetAvailableTollFreeNumbers", NumberKind.TOLL_FREE, "TollFree", TollFreeRequest, "Toll-Free"
)
