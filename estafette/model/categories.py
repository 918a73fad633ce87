"""Twilio's categories of usage, and what counts in each. Pure."""

import re
from collections.abc import Mapping
from typing import NamedTuple

from estafette.model.errors import Unknown
from estafette.model.usage import Use


class Category(NamedTuple):
    """A category, and the beginnings of our words for what counts in it."""

    name: str
    description: str
    count_unit: str = "messages"
    usage_unit: str = "messages"
    counts: tuple[str, ...] = ()


_WAYS = {"inbound": "Inbound", "outbound": "Outbound"}
_THROUGH = {
    "alphanumeric": "Alphanumeric Sender",
    "longcode": "Long Code",
    "shortcode": "Short Code",
    "tollfree": "Toll-Free",
}


def _texts(name: str, title: str, unit: str) -> list[Category]:
    """`sms` or `mms`: all, each way, and each way through each sort of number."""
    made = [Category(name, f"All {title}", usage_unit=unit, counts=(f"{name}-",))]
    for way, said in _WAYS.items():
        begin = f"{name}-{way}"
        made.append(Category(begin, f"{said} {title}", usage_unit=unit, counts=(f"{begin}-",)))
        for through, words in _THROUGH.items():
            whole = f"{begin}-{through}"
            if through == "alphanumeric" and (name, way) != ("sms", "outbound"):
                continue  # nobody can write to a name, and no picture leaves from one
            made.append(Category(whole, f"{words} {said} {title}", "messages", unit, (whole,)))
    return made


#: What is counted, in the order of the lists.
CATEGORIES = sorted(
    [
        *_texts("sms", "SMS", "segments"),
        *_texts("mms", "MMS", "messages"),
        Category("channels-whatsapp", "All WhatsApp", counts=("whatsapp-",)),
        Category("channels-whatsapp-inbound", "Inbound WhatsApp", counts=("whatsapp-inbound",)),
        Category("channels-whatsapp-outbound", "Outbound WhatsApp", counts=("whatsapp-outbound",)),
        Category("totalprice", "Total Price", "", "usd"),
    ]
)

#: The first words of categories that Twilio has and nothing here counts in: there is none of it.
_ELSEWHERE = frozenset(
    (
        *(
            "a2p",
            "agent",
            "amazon",
            "answering",
            "audio",
            "authy",
            "bundle",
            "call",
            "calleridlookups",
        ),
        *("calls", "carrier", "category", "channel", "channels", "chat", "client", "conference"),
        *(
            "conversations",
            "country",
            "cps",
            "events",
            "failed",
            "flex",
            "fraud",
            "functions",
            "group",
        ),
        *("imp", "interconnect", "ip", "live", "lookup", "lookups", "marketplace", "media"),
        *("mediastorage", "mms", "monitor", "network", "number", "peer", "pfax", "phonenumbers"),
        *(
            "phonenumbersetups",
            "premiumsupport",
            "programmablevoice",
            "programmablevoiceconn",
            "proxy",
        ),
        *(
            "pstnconnectivity",
            "pv",
            "recordings",
            "recordingstorage",
            "rooms",
            "shortcodes",
            "small",
        ),
        *("sms", "speech", "studio", "sync", "taskrouter", "transcriptions", "trunking", "tts"),
        *(
            "turnmegabytes",
            "twiml",
            "verify",
            "verified",
            "video",
            "virtual",
            "voice",
            "wds",
            "wireless",
        ),
    )
)
_NAME = re.compile(r"[a-z0-9-]{1,80}")
_BY_NAME = {category.name: category for category in CATEGORIES}


def find(name: str) -> Category:
    """A category by its name. Raises Unknown for what is no category."""
    if name in _BY_NAME:
        return _BY_NAME[name]
    if _NAME.fullmatch(name) and name.split("-", maxsplit=1)[0] in _ELSEWHERE:
        return Category(name, "")
    raise Unknown(f"Category {name[:40]!r} is not a usage category")


def of(category: Category, uses: Mapping[str, Use]) -> Use:
    """What counts in a category."""
    found = Use()
    for name, use in uses.items():
        if name.startswith(category.counts):
            found += use
    return found
