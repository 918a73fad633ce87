"""The forms of an answer: JSON, in which each is made, and XML and CSV, which are made of it."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import msgspec
from starlette.responses import Response

from estafette.doors.xmls import escaped

Headers = Sequence[tuple[bytes, bytes]]
Shape = Mapping[str, Any]

#: What a path ends with: the form in which it is answered.
CONTENT_TYPE = {
    ".json": "application/json",
    ".xml": "application/xml",
    ".csv": "text/csv; charset=utf-8",  # without it, many clients would read Latin-1
    "": "application/xml",
}


class Resource(NamedTuple):
    """What XML calls a list and one item of it, and the order of an item's elements and columns."""

    plural: str
    element: str
    keys: tuple[str, ...] = ()


#: By the name of the list in the path. A Message has the order of Twilio's XML of 2020 and 2021.
RESOURCES = {
    "Messages": Resource(
        "Messages",
        "Message",
        (
            *("sid", "date_created", "date_updated", "date_sent", "account_sid", "to", "from"),
            *("messaging_service_sid", "body", "status", "num_segments", "num_media", "direction"),
            *("api_version", "price", "price_unit", "error_code", "error_message", "uri"),
            "subresource_uris",
        ),
    ),
    "Accounts": Resource(
        "Accounts",
        "Account",
        (
            *("sid", "friendly_name", "status", "date_created", "date_updated", "type"),
            *("owner_account_sid", "uri", "subresource_uris"),
        ),
    ),
    "Feedback": Resource(
        "Feedback",
        "Feedback",
        ("account_sid", "message_sid", "outcome", "date_created", "date_updated", "uri"),
    ),
    "Media": Resource(
        "MediaList",
        "Media",
        (
            *("sid", "account_sid", "parent_sid", "content_type", "date_created", "date_updated"),
            "uri",
        ),
    ),
    "Keys": Resource("Keys", "Key", ("sid", "friendly_name", "date_created", "date_updated")),
    "Applications": Resource(
        "Applications",
        "Application",
        (
            *("sid", "date_created", "date_updated", "account_sid", "friendly_name"),
            *("api_version", "voice_url", "voice_method", "voice_fallback_url"),
            *("voice_fallback_method", "status_callback", "status_callback_method"),
            *("voice_caller_id_lookup", "sms_url", "sms_method", "sms_fallback_url"),
            *("sms_fallback_method", "sms_status_callback", "message_status_callback"),
            *("public_application_connect_enabled", "uri"),
        ),
    ),
    "IncomingPhoneNumbers": Resource(
        "IncomingPhoneNumbers",
        "IncomingPhoneNumber",
        ("sid", "account_sid", "friendly_name", "phone_number"),
    ),
    "OutgoingCallerIds": Resource(
        "OutgoingCallerIds",
        "OutgoingCallerId",
        (
            *("sid", "account_sid", "friendly_name", "phone_number", "date_created"),
            *("date_updated", "uri"),
        ),
    ),
    "AvailablePhoneNumbers": Resource("Countries", "Country"),
    "Balance": Resource("Balance", "Balance"),
    **dict.fromkeys(
        ("Local", "Mobile", "TollFree", "National", "Voip", "SharedCost", "MachineToMachine"),
        Resource(
            "AvailablePhoneNumbers",
            "AvailablePhoneNumber",
            (
                *("friendly_name", "phone_number", "lata", "rate_center", "latitude", "longitude"),
                *("locality", "region", "postal_code", "iso_country", "capabilities"),
                *("address_requirements", "beta"),
            ),
        ),
    ),
    **dict.fromkeys(
        (
            *("Usage", "AllTime", "Daily", "LastMonth", "Monthly", "ThisMonth", "Today"),
            *("Yearly", "Yesterday"),
        ),
        Resource(
            "UsageRecords",
            "UsageRecord",
            (
                *("category", "description", "account_sid", "start_date", "end_date", "as_of"),
                *(
                    "usage",
                    "usage_unit",
                    "count",
                    "count_unit",
                    "price",
                    "price_unit",
                    "api_version",
                ),
                "uri",
            ),
        ),
    ),
}
_VALIDATION = Resource("", "ValidationRequest")  # what a POST of OutgoingCallerIds gives
_REFUSAL = Resource("", "RestException")  # in the order of its shape

_RELATIONS = {"first_page_uri": "first", "previous_page_uri": "prev", "next_page_uri": "next"}

_DECLARATION = "<?xml version='1.0' encoding='UTF-8'?>\n"

_json = msgspec.json.Encoder().encode


class Answer(Response):
    """A response of JSON, made without what others need of its base."""

    def __init__(self, shape: Shape, status: int = 200, headers: Headers = ()) -> None:
        self.shape = shape
        self.body = body = _json(shape)
        self.status_code = status
        self.background = None
        self.raw_headers = [
            (b"content-length", str(len(body)).encode()),
            (b"content-type", b"application/json"),
            *headers,
        ]


def has_form(path: str) -> bool:
    """Whether the path says in which form it is to be answered."""
    return bool(_parted(path)[1])


def in_json(path: str) -> str:
    """The path under which the same is answered in JSON."""
    return f"{_parted(path)[0]}.json"


def in_form(response: Response, path: str) -> Response:
    """The answer in the form that its path asks for; one that has no body has all of them.

    A slash too many at the end changes nothing of what was asked for.
    """
    stem, suffix = _parted(path.rstrip("/"))
    if suffix == ".json" or not isinstance(response, Answer):
        return response
    shape, headers = response.shape, response.raw_headers[2:]
    resource = _REFUSAL if response.status_code >= 400 else _resource(stem, shape)
    if suffix == ".csv":
        response.body = _csv(resource, shape)
        headers += _links(shape)
    else:
        response.body = _xml(resource, shape)
    response.raw_headers = [
        (b"content-length", str(len(response.body)).encode()),
        (b"content-type", CONTENT_TYPE[suffix].encode()),
        *headers,
    ]
    return response


def _resource(stem: str, shape: Shape) -> Resource:
    if "validation_code" in shape:
        return _VALIDATION
    return RESOURCES[stem.split("/")[2::2][-1]]


def _parted(path: str) -> tuple[str, str]:
    """A path without its suffix, and that. Any other ending is part of an SID, or of nothing."""
    stem, dot, ending = path.rpartition(".")
    return (stem, f".{ending}") if dot and f".{ending}" in CONTENT_TYPE else (path, "")


def _listed(shape: Shape) -> Sequence[Shape] | None:
    """The items of a list, whose envelope holds nothing else that is one; None of all else."""
    return next((value for value in shape.values() if isinstance(value, list)), None)


def _ordered(resource: Resource, shape: Shape) -> Iterator[str]:
    yield from (key for key in resource.keys if key in shape)
    yield from (key for key in shape if key not in resource.keys)


@lru_cache(256)
def _camel(key: str) -> str:
    if key in ("sms", "mms"):  # of capabilities
        return key.upper()
    return "".join(word.capitalize() for word in key.split("_"))


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):  # what is so of several things that may be
        return " ".join(key for key, is_so in value.items() if is_so)
    return "" if value is None else str(value)


# XML ---------------------------------------------------------------------------------------------


def _xml(resource: Resource, shape: Shape) -> bytes:
    """A document of one resource, or of a list whose paging is attributes of its element."""
    items = _listed(shape)
    if items is None:
        inner = _item(resource, shape)
    else:
        paging = "".join(
            f' {key.replace("_", "")}="{escaped(_text(value))}"'
            for key, value in shape.items()
            if value is not items
        )
        inner = "".join(_item(resource, item) for item in items)
        inner = f"<{resource.plural}{paging}>{inner}</{resource.plural}>"
    return f"{_DECLARATION}<TwilioResponse>{inner}</TwilioResponse>".encode()


def _item(resource: Resource, shape: Shape) -> str:
    """One resource, or a refusal."""
    inner = "".join(_element(key, shape[key]) for key in _ordered(resource, shape))
    return f"<{resource.element}>{inner}</{resource.element}>"


def _element(key: str, value: Any) -> str:
    """One value; links lead to XML again, by having no suffix."""
    if key == "subresource_uris":
        inner = "".join(_element(name, _in_xml(uri)) for name, uri in value.items())
    elif isinstance(value, dict):
        inner = "".join(_element(name, part) for name, part in value.items())
    else:
        text = _text(value)
        inner = escaped(_in_xml(text) if key == "uri" else text)
    name = _camel(key)
    return f"<{name}>{inner}</{name}>" if inner else f"<{name}/>"


def _in_xml(uri: str) -> str:
    """A link to JSON as one to XML."""
    path, mark, query = uri.partition("?")
    return f"{path.removesuffix('.json')}{mark}{query}"


# CSV ---------------------------------------------------------------------------------------------


def _csv(resource: Resource, shape: Shape) -> bytes:
    """A row of names, as in XML, and a row for each item, or for the one resource.

    Links to what lies under a resource have no column: not every answer has the same.
    """
    items = _listed(shape)
    rows = [shape] if items is None else items
    first = rows[0] if rows else dict.fromkeys(resource.keys)
    keys = [key for key in _ordered(resource, first) if key != "subresource_uris"]
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerow(map(_camel, keys))
    writer.writerows([_text(row[key]) for key in keys] for row in rows)
    return written.getvalue().encode()


def _links(shape: Shape) -> Headers:
    """The paging of a list that has no place for it: RFC 8288."""
    links = [f'<{shape[key]}>; rel="{_RELATIONS[key]}"' for key in _RELATIONS if shape.get(key)]
    return [(b"link", ", ".join(links).encode())] if links else []
