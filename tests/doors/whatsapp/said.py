"""What can be said, and how clients of the Cloud API write it: shapes that were seen, values of ours."""

from collections.abc import Iterator
from typing import Any, NamedTuple

TO = "+16505550142"
EARLIER = "wamid.HBgLMTY1MDU1NTAxNDIVAgASGBQzQTAxMDIwMzA0MDUwNjA3MDgwOQA="  # nobody's here
FILE = "314159265358979"  # nobody's here, either
LINK = "https://files.example/of/ours"

_PICK = {"text": "Which one?"}
_REPLIES = [{"type": "reply", "reply": {"id": id, "title": id.title()}} for id in ("tea", "milk")]
_PLACE = {"name": "The Quay", "address": "7 Harbour Road"}
_CARD = {
    "name": {"formatted_name": "Grace H", "first_name": "Grace", "last_name": "H"},
    "phones": [{"phone": "+16505550143", "type": "WORK", "wa_id": "16505550143"}],
    "emails": [{"email": "grace@people.example", "type": "HOME"}],
    "addresses": [
        {
            "street": "7 Harbour Road",
            "city": "Newport",
            "state": "RI",
            "zip": "02840",
            "country": "United States",
            "country_code": "US",
            "type": "WORK",
        }
    ],
    "org": {"company": "Navy", "department": "Sums", "title": "Admiral"},
    "urls": [{"url": "https://people.example", "type": "WORK"}],
    "birthday": "1906-12-09",
}


def _interactive(type: str, action: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": type, "body": _PICK, "action": action, **more}


#: Each kind in each form, by a name of ours.
OBJECTS: dict[str, tuple[str, Any]] = {
    "text": ("text", {"body": "Tea is ready", "preview_url": False}),
    "text with a preview": ("text", {"body": "See https://shop.example/7", "preview_url": True}),
    "audio": ("audio", {"link": f"{LINK}.mp3"}),
    "voice": ("audio", {"id": FILE, "voice": True}),
    "contacts": ("contacts", [_CARD]),
    "document": (
        "document",
        {"link": f"{LINK}.pdf", "filename": "bill.pdf", "caption": "Your bill"},
    ),
    "image": ("image", {"link": f"{LINK}.jpg", "caption": "The kettle"}),
    "image by its id": ("image", {"id": FILE}),
    "location as texts": ("location", {"latitude": "41.49010", "longitude": "-71.3128", **_PLACE}),
    "location": ("location", {"latitude": 41.4901, "longitude": -71.3128}),
    "sticker": ("sticker", {"id": FILE}),
    "video": ("video", {"link": f"{LINK}.mp4", "caption": "How to pour"}),
    "reaction": ("reaction", {"message_id": EARLIER, "emoji": "\N{HOT BEVERAGE}"}),
    "reaction taken back": ("reaction", {"message_id": EARLIER, "emoji": ""}),
    "buttons": (
        "interactive",
        _interactive(
            "button",
            {"buttons": _REPLIES},
            header={"type": "text", "text": "Table 7"},
            footer={"text": "The Quay"},
        ),
    ),
    "list": (
        "interactive",
        _interactive(
            "list",
            {
                "button": "See all",
                "sections": [
                    {
                        "title": "Hot",
                        "rows": [
                            {"id": "a", "title": "Assam", "description": "with milk"},
                            {"id": "b", "title": "Bohea"},
                        ],
                    }
                ],
            },
            header={"type": "text", "text": "Teas"},
        ),
    ),
    "link": (
        "interactive",
        _interactive(
            "cta_url",
            {
                "name": "cta_url",
                "parameters": {"display_text": "To the shop", "url": "https://shop.example/"},
            },
        ),
    ),
    "flow": (
        "interactive",
        _interactive(
            "flow",
            {
                "name": "flow",
                "parameters": {
                    "flow_message_version": "3",
                    "flow_id": FILE,
                    "flow_cta": "Begin",
                    "flow_token": "table-7",
                    "mode": "published",
                    "flow_action": "navigate",
                    "flow_action_payload": {"screen": "TEAS", "data": {"table": 7}},
                },
            },
        ),
    ),
    "where are you": (
        "interactive",
        _interactive("location_request_message", {"name": "send_location"}),
    ),
    "address": (
        "interactive",
        _interactive(
            "address_message",
            {
                "name": "address_message",
                "parameters": {"country": "IN", "values": {"name": "Grace"}},
            },
        ),
    ),
    "product": (
        "interactive",
        _interactive("product", {"catalog_id": FILE, "product_retailer_id": "assam-250"}),
    ),
    "products": (
        "interactive",
        _interactive(
            "product_list",
            {
                "catalog_id": FILE,
                "sections": [
                    {
                        "title": "Teas",
                        "product_items": [
                            {"product_retailer_id": "assam-250"},
                            {"product_retailer_id": "bohea-250"},
                        ],
                    }
                ],
            },
            header={"type": "text", "text": "Ours"},
        ),
    ),
    "catalog": (
        "interactive",
        _interactive(
            "catalog_message",
            {
                "name": "catalog_message",
                "parameters": {"thumbnail_product_retailer_id": "assam-250"},
            },
        ),
    ),
}


def _body(*values: str) -> dict[str, Any]:
    return {"type": "body", "parameters": [{"type": "text", "text": value} for value in values]}


def hello(*components: dict[str, Any], name: str = "hello_name", **language: str) -> dict[str, Any]:
    """A template of a fresh home's, as it is sent."""
    whole: dict[str, Any] = {"name": name, "language": {"code": "en", **language}}
    return {**whole, "components": list(components)} if components else whole


def _button(sub_type: str, *parameters: dict[str, Any], index: Any = "0") -> dict[str, Any]:
    return {
        "type": "button",
        "sub_type": sub_type,
        "index": index,
        "parameters": list(parameters),
    }


def _header(type: str, value: Any) -> dict[str, Any]:
    return {"type": "header", "parameters": [{"type": type, type: value}]}


#: What a template can be given, by a name of ours.
COMPONENTS: dict[str, list[dict[str, Any]]] = {
    "none": [],
    "by position": [_body("Grace", "7")],
    "by name": [
        {
            "type": "body",
            "parameters": [{"type": "text", "parameter_name": "guest", "text": "Grace"}],
        }
    ],
    "a picture, money, a date and buttons": [
        _header("image", {"link": f"{LINK}.png"}),
        {
            "type": "body",
            "parameters": [
                {"type": "text", "text": "Grace"},
                {
                    "type": "currency",
                    "currency": {"fallback_value": "$7.50", "code": "USD", "amount_1000": 7500},
                },
                {"type": "date_time", "date_time": {"fallback_value": "9 December"}},
            ],
        },
        _button("quick_reply", {"type": "payload", "payload": "table-7"}),
        _button("url", {"type": "text", "text": "tables/7"}, index=1),
    ],
    "a file by its id": [_header("document", {"id": FILE, "filename": "bill.pdf"})],
    "a place": [_header("location", {"latitude": "41.49", "longitude": "-71.31", **_PLACE})],
    "a coupon": [_button("copy_code", {"type": "coupon_code", "coupon_code": "TEA10"})],
    "a code to log in with": [_body("314159"), _button("url", {"type": "text", "text": "314159"})],
    "a flow": [
        _button(
            "flow",
            {
                "type": "action",
                "action": {"flow_token": "table-7", "flow_action_data": {"table": 7}},
            },
        )
    ],
    "in capitals": [{**_body("Grace"), "type": "BODY"}],
}


class Client(NamedTuple):
    """How one client writes: its version of the API, and what it sends."""

    version: str
    bodies: list[dict[str, Any]]
    is_chunked: bool = False


_USUAL = {"messaging_product": "whatsapp", "recipient_type": "individual"}
_BARE = {"messaging_product": "whatsapp"}
_DIGITS = TO.removeprefix("+")
_READ = {**_BARE, "status": "read", "message_id": EARLIER}
_ONE_CARD = {"name": {"formatted_name": "Grace H", "first_name": "Grace"}}
_TEXT = {"body": "Tea is ready", "preview_url": True}
_FILES = {
    "audio": {"link": f"{LINK}.ogg"},
    "document": {"link": f"{LINK}.pdf", "caption": "Your bill", "filename": "bill.pdf"},
    "image": {"link": f"{LINK}.png", "caption": "The kettle"},
    "video": {"link": f"{LINK}.mp4", "caption": "How to pour"},
    "sticker": {"id": FILE},
}
_LOCATION = {"latitude": 41.4901, "longitude": -71.3128, **_PLACE}
_BUTTONS = {"type": "button", "body": _PICK, "action": {"buttons": _REPLIES[:1]}}
_REACTION = {"message_id": EARLIER, "emoji": "\N{HOT BEVERAGE}"}
_TEMPLATE = hello(_body("Grace"))


def _of(
    around: dict[str, Any], to: str, objects: dict[str, Any], *more: dict[str, Any]
) -> list[dict[str, Any]]:
    """Bodies with one object each, in an envelope that is always the same; and others."""
    made = [{**around, "to": to, "type": kind, kind: value} for kind, value in objects.items()]
    return [*made, *more]


CLIENTS: dict[str, Client] = {
    # Nulls and empty lists in contacts, `BODY`, and users without a number.
    "pywa": Client(
        "/v26.0",
        _of(
            _USUAL,
            TO,
            {
                "text": _TEXT,
                **_FILES,
                "contacts": [
                    {
                        "name": {
                            "formatted_name": "Grace H",
                            "first_name": "Grace",
                            **dict.fromkeys(("last_name", "middle_name", "suffix", "prefix")),
                        },
                        "birthday": None,
                        "phones": [{"phone": "+16505550143", "type": "WORK", "wa_id": None}],
                        "emails": [],
                        "urls": [],
                        "addresses": [],
                        "org": {"company": "Navy", "department": None, "title": None},
                    }
                ],
                "location": _LOCATION,
                "reaction": _REACTION,
                "template": hello({**_body("Grace"), "type": "BODY"}),
            },
            {
                **_USUAL,
                "to": TO,
                "type": "text",
                "text": _TEXT,
                "context": {"message_id": EARLIER},
                "biz_opaque_callback_data": "table-7",
            },
            {**_USUAL, "recipient": "US.1906120919920101", "type": "text", "text": _TEXT},
            _READ,
            {**_READ, "typing_indicator": {"type": "text"}},
        ),
    ),
    # Nulls in files, and no `recipient_type` as often as not.
    "heyoo": Client(
        "/v14.0",
        _of(
            _BARE,
            _DIGITS,
            {
                "template": _TEMPLATE,
                "location": _LOCATION,
                "audio": _FILES["audio"],
                "video": {"link": f"{LINK}.mp4", "caption": None},
                "document": {"link": f"{LINK}.pdf", "caption": "Your bill", "filename": None},
                "image": {"link": f"{LINK}.png", "caption": None},
                "sticker": {"link": f"{LINK}.webp"},
                "contacts": [_ONE_CARD],
                "interactive": {
                    "type": "list",
                    "action": {
                        "button": "See all",
                        "sections": [
                            {
                                "title": "Hot",
                                "rows": [{"id": "a", "title": "Assam", "description": ""}],
                            }
                        ],
                    },
                    "header": {"type": "text", "text": "Teas"},
                    "body": _PICK,
                    "footer": {"text": "The Quay"},
                },
            },
            {**_USUAL, "to": _DIGITS, "type": "reaction", "reaction": _REACTION},
            _READ,
        ),
    ),
    "whatsapp (npm)": Client(
        "/v23.0",
        _of(
            _USUAL,
            _DIGITS,
            {
                "text": _TEXT,
                **_FILES,
                "contacts": [_ONE_CARD],
                "location": _LOCATION,
                "interactive": _BUTTONS,
                "template": hello(_body("Grace"), policy="deterministic"),
            },
            _READ,
        ),
        is_chunked=True,
    ),
    # Contacts are a text, in which the list stands as JSON.
    "whatsapp-api-js (npm)": Client(
        "/v23.0",
        _of(
            _USUAL,
            _DIGITS,
            {
                "contacts": '[{"name":{"formatted_name":"Grace H","first_name":"Grace"},"phones":[]}]',
                "interactive": _BUTTONS,
                "template": hello(_body("Grace"), policy="deterministic"),
                "reaction": _REACTION,
            },
        ),
    ),
    "without a version": Client("", _of(_BARE, TO, {"text": {"body": "Tea is ready"}})),
    "without a type": Client(
        "/v19.0", [{**_BARE, "to": TO, "text": {"body": "Tea is ready"}, "type": None}]
    ),
}


def bodies() -> Iterator[tuple[str, Client, dict[str, Any]]]:
    """Every body, by the name of its client."""
    for name, client in CLIENTS.items():
        for body in client.bodies:
            yield name, client, body
