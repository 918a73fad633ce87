"""What is kept of a carrier's answer to an offer: what may be looked up, and nothing secret. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

HIDDEN = "…"  #: stands for what is not shown

#: The headers of an answer that are kept.
HEADERS = (
    "content-type", "date", "server", "retry-after", "twilio-request-id",
    "twilio-request-duration", "twilio-concurrent-requests",
)  # fmt: skip

_MOST, _MOST_HEADER = 6000, 200  # characters of a body, and of a header
#: What repeats the text of the message, which is kept once: with the message.
_TEXT = "body"


def keep(
    carrier: str,
    status: int,
    headers: Mapping[str, str],
    body: bytes,
    secrets: Iterable[str] = (),
) -> str:
    """An answer as it is written down, as JSON; `secrets` and the text of the message are struck out."""
    text = body.decode(errors="replace")
    struck = [one for one in secrets if one]
    for one in struck:
        text = text.replace(one, HIDDEN)
    said = _without_text(text)
    shown = {}
    for name in HEADERS:
        if value := headers.get(name):
            for one in struck:
                value = value.replace(one, HIDDEN)
            shown[name] = value[:_MOST_HEADER]
    return packed({"carrier": carrier, "status": status, "headers": shown, "body": said})


def _without_text(text: str) -> Any:
    try:
        said = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return text[:_MOST]
    if isinstance(said, dict) and said.get(_TEXT):
        said = {**said, _TEXT: HIDDEN}
    return said if len(text) <= _MOST else packed(said)[:_MOST]


def packed(kept: Any) -> str:
    """As JSON."""
    return msgspec.json.encode(kept).decode()
