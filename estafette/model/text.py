"""How long a text is as an SMS: its alphabet, its size, and the parts it is billed as."""

import re
from collections.abc import Iterable

from estafette.model.graphemes import clusters, is_plain

#: The GSM 7 bit default alphabet (3GPP TS 23.038), in the order of its codes, without escape.
BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)

#: Its extension table: each is an escape and a code, so it takes two septets.
EXTENSION = "\f^{}\\[~]|€"

#: What one part holds: 140 octets, less the six that number it if it is one of several.
SEPTETS_ALONE, SEPTETS_EACH = 160, 153
UNITS_ALONE, UNITS_EACH = 70, 67

_BASIC = re.compile(f"[{re.escape(BASIC)}]*")
_GSM7 = re.compile(f"[{re.escape(BASIC + EXTENSION)}]*")


def units(body: str) -> int:
    """The length of `body` in UTF-16 code units, which is what a body's limit is counted in."""
    if body.isascii():
        return len(body)
    return len(body.encode("utf-16-le", "surrogatepass")) // 2


def is_gsm7(body: str) -> bool:
    """Whether `body` can go out in septets: GSM 7 bit alphabet and extension, no shift tables."""
    return _GSM7.fullmatch(body) is not None


def segments(body: str) -> int:
    """The billed parts of `body` as an SMS, at least one.

    In the GSM alphabet 160 septets, or 153 a part; with one character outside it, the whole text
    takes 70 UTF-16 units, or 67 a part (3GPP TS 23.038 and 23.040). An extension character, and
    what a reader sees as one character, is never divided. It agrees with the calculator Twilio
    publishes (npm: sms-segments-calculator 1.3.0).
    """
    size = units(body)
    if size <= UNITS_ALONE:
        return 1
    if _BASIC.fullmatch(body):
        return 1 if size <= SEPTETS_ALONE else -(-size // SEPTETS_EACH)
    if is_gsm7(body):
        septets = (2 if char in EXTENSION else 1 for char in body)
        return _parts(septets, alone=SEPTETS_ALONE, each=SEPTETS_EACH)
    if size == len(body) and is_plain(body):
        return -(-size // UNITS_EACH)
    return _parts(map(units, clusters(body)), alone=UNITS_ALONE, each=UNITS_EACH)


def _parts(sizes: Iterable[int], *, alone: int, each: int) -> int:
    # What no longer fits into the first part once that is numbered moves to the second with the
    # character that did not fit either, and nothing looks whether the second holds them. Only
    # long clusters show it; the calculator counts so, and the bills are compared with it.
    parts, room, used, moved = 1, alone, 0, 0
    for size in sizes:
        if used + size > room:
            parts, room, used, moved = parts + 1, each, moved + size, 0
        else:
            used += size
            if used > each:
                moved += size
    return parts
