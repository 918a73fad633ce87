"""AvailablePhoneNumbers: the numbers that an account can take, by country and kind."""

import re
from typing import Any, ClassVar

from starlette.requests import Request
from starlette.responses import Response

from estafette.core.core import Core
from estafette.doors.twilio import auth, paging, wire
from estafette.doors.twilio.errors import TwilioError
from estafette.doors.twilio.phone import read_pattern
from estafette.doors.twilio.requests import AT, Row, answer
from estafette.model import Account, Unknown
from estafette.model.address import e164
from estafette.model.number import CAPABILITIES, COUNTRIES, Number, NumberKind, Wanted, friendly

_COUNTRY = re.compile(r"[A-Za-z]{2}")
_LAT_LONG = re.compile(r"(-?\d{1,3}(?:\.\d+)?),\s*(-?\d{1,3}(?:\.\d+)?)")
_FARTHEST = 500  # miles

#: The last part of the path, and the name of the link to it.
KINDS = {
    NumberKind.LOCAL: ("Local", "local"),
    NumberKind.TOLL_FREE: ("TollFree", "toll_free"),
    NumberKind.MOBILE: ("Mobile", "mobile"),
    NumberKind.NATIONAL: ("National", "national"),
    NumberKind.VOIP: ("Voip", "voip"),
    NumberKind.SHARED_COST: ("SharedCost", "shared_cost"),
    NumberKind.MACHINE_TO_MACHINE: ("MachineToMachine", "machine_to_machine"),
}
_PATHS = {path: kind for kind, (path, _) in KINDS.items()}
_PLACES = {
    "InPostalCode": "postal_code",
    "InRegion": "region",
    "InLocality": "locality",
    "InRateCenter": "rate_center",
    "InLata": "lata",
}
#: What every number has; nothing is left out by these, but they must be read.
_SWITCHES = (
    "Beta",
    "ExcludeAllAddressRequired",
    "ExcludeLocalAddressRequired",
    "ExcludeForeignAddressRequired",
)


class Available:
    """Each method answers one operation."""

    TABLE: ClassVar[list[Row]] = [
        ("GET", f"{AT}/AvailablePhoneNumbers.json", "list_countries"),
        ("GET", f"{AT}/AvailablePhoneNumbers/{{country}}.json", "fetch_country"),
        *(
            ("GET", f"{AT}/AvailablePhoneNumbers/{{country}}/{path}.json", "list_available")
            for path in _PATHS
        ),
    ]

    def __init__(self, core: Core) -> None:
        self._people = core.people
        self._numbers = core.numbers

    async def list_countries(self, request: Request) -> Response:
        """GET AvailablePhoneNumbers: the countries in which there are numbers."""
        account = await auth.account(request, self._people)
        found = await self._numbers.countries()
        listed = [_country(account, name, found[name]) for name in sorted(found)]
        return answer({"countries": listed, "uri": request.scope["path"]})

    async def fetch_country(self, request: Request) -> Response:
        """GET one country."""
        account = await auth.account(request, self._people)
        name, kinds = await self._find(request)
        return answer(_country(account, name, kinds))

    async def list_available(self, request: Request) -> Response:
        """GET the numbers of a country and a kind that nobody holds."""
        await auth.account(request, self._people)
        country, _ = await self._find(request)
        path = request.scope["path"].rpartition("/")[2].partition(".")[0]
        query = wire.read_form(request.scope["query_string"])
        page, size = paging.read_size(query)
        try:
            wanted = await self._read_wanted(query, country, _PATHS[path])
            found = await self._numbers.free(wanted, limit=size, skip=page * size)
        except Unknown:  # where the number is that it should be near to
            found = []
        listed = [_shape(item) for item in found]
        return answer({"available_phone_numbers": listed, "uri": request.scope["path"]})

    async def _find(self, request: Request) -> tuple[str, set[NumberKind]]:
        name: str = request.path_params["country"]
        found = await self._numbers.countries() if _COUNTRY.fullmatch(name) else {}
        if name.upper() not in found:
            raise TwilioError(20404, request.scope["path"])
        return name.upper(), found[name.upper()]

    async def _read_wanted(self, query: wire.Form, country: str, kind: NumberKind) -> Wanted:
        """The filters in our words. Raises TwilioError, or Unknown for a number as a place."""
        for name in _SWITCHES:
            _switch(query, name)
        said = {
            ours: await self._place(text, ours)
            for name, ours in _PLACES.items()
            if (text := wire.one(query, name))
        }
        if "rate_center" in said and "lata" not in said:
            raise TwilioError(20001, "InRateCenter needs InLata, too")
        return Wanted(
            country=country,
            kind=kind,
            area_code=_area(query),
            contains=_contains(query),
            able=_able(query),
            near=await self._near(query),
            within=_miles(query),
            **said,
        )

    async def _place(self, text: str, ours: str) -> str:
        """A place; that of a number, where a number is given. Raises Unknown."""
        if not e164(text):
            return text
        found: str = getattr(await self._numbers.like(text), ours)
        if not found:
            raise Unknown(text)
        return found

    async def _near(self, query: wire.Form) -> tuple[float, float] | None:
        """Latitude and longitude to be near to. Raises TwilioError, or Unknown."""
        if text := wire.one(query, "NearLatLong"):
            place = _LAT_LONG.fullmatch(text)
            if not place or abs(float(place[1])) > 90 or abs(float(place[2])) > 180:
                raise TwilioError(20001, "NearLatLong must be a latitude, a comma, a longitude")
            return float(place[1]), float(place[2])
        if not (text := wire.one(query, "NearNumber")):
            return None
        if not e164(text):
            raise TwilioError(20001, "NearNumber must be a number such as +14155550100")
        found = await self._numbers.like(text)
        if found.latitude is None or found.longitude is None:
            raise Unknown(text)
        return found.latitude, found.longitude


def _area(query: wire.Form) -> str:
    text = wire.one(query, "AreaCode")
    if text and not (text.isascii() and text.isdigit() and len(text) == 3):
        raise TwilioError(21451, text)
    return text


def _contains(query: wire.Form) -> str:
    text = read_pattern(wire.one(query, "Contains"), "Contains")
    if text and not 2 <= len(text) <= 16:
        raise TwilioError(20001, "Contains must have 2 to 16 characters")
    return text


def _able(query: wire.Form) -> dict[str, bool]:
    asked = {name: _switch(query, f"{name.capitalize()}Enabled") for name in CAPABILITIES}
    return {name: able for name, able in asked.items() if able is not None}


def _switch(query: wire.Form, name: str) -> bool | None:
    text = wire.one(query, name).lower()
    if text not in ("", "true", "false"):
        raise TwilioError(20001, f"{name} must be true or false")
    return text == "true" if text else None


def _miles(query: wire.Form) -> float:
    text = wire.one(query, "Distance") or "25"
    if not (text.isascii() and text.isdigit() and int(text[:4]) <= _FARTHEST):
        raise TwilioError(20001, f"Distance must be at most {_FARTHEST} miles")
    return float(text)


def _country(account: Account, name: str, kinds: set[NumberKind]) -> dict[str, Any]:
    """A country, its keys in Twilio's order."""
    uri = f"/{wire.API}/Accounts/{account.sid}/AvailablePhoneNumbers/{name}"
    return {
        "beta": False,
        "country": COUNTRIES.get(name, name),
        "country_code": name,
        "subresource_uris": {
            link: f"{uri}/{path}.json" for kind, (path, link) in KINDS.items() if kind in kinds
        },
        "uri": f"{uri}.json",
    }


def _shape(number: Number) -> dict[str, Any]:
    """An available number, its keys in Twilio's order."""
    return {
        "address_requirements": "none",
        "beta": False,
        "capabilities": {name: name in number.capabilities for name in CAPABILITIES},
        "friendly_name": friendly(number.address),
        "iso_country": number.country,
        "lata": number.lata or None,
        "latitude": None if number.latitude is None else f"{number.latitude:.6f}",
        "locality": number.locality or None,
        "longitude": None if number.longitude is None else f"{number.longitude:.6f}",
        "phone_number": number.address,
        "postal_code": number.postal_code or None,
        "rate_center": number.rate_center or None,
        "region": number.region or None,
    }
