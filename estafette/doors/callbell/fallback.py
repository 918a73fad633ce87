"""The second way that a send may name: an extension of ours to the API that this door serves."""

from collections.abc import Mapping
from typing import Any

from estafette.doors.callbell.errors import EMPTY, NO_OBJECT, UNKNOWN, Refusal, blame
from estafette.model import BadFallback, Channel, Fallback
from estafette.model.fallback import LONGEST, SHORTEST

_PARTS = ("channel", "after", "from", "to", "body")
_TEXTS = ("from", "to", "body")


def read_fallback(body: Mapping[str, Any]) -> Fallback | None:
    """What a send names as `fallback`; None where it names nothing. Raises Refusal.

    Whether there is such a way is seen by `Gateway.send`: see `refused`.
    """
    said = body.get("fallback")
    if said is None:
        return None
    if not isinstance(said, dict):
        raise blame(fallback=NO_OBJECT)
    wrong = [f"{name} {UNKNOWN}" for name in said if name not in _PARTS]
    channel = said.get("channel")
    if channel is None or channel == "":
        wrong.append(f"channel {EMPTY}")
    elif not isinstance(channel, str) or channel not in list(Channel):
        wrong.append(f"channel must be one of {', '.join(Channel)}")
    after = said.get("after")
    if after is not None and not _is_span(after):
        wrong.append(f"after must be a whole number of seconds from {SHORTEST} to {LONGEST}")
    texts = {name: said.get(name) or "" for name in _TEXTS if said.get(name) is not None}
    wrong += [f"{name} must be string" for name in texts if not isinstance(said[name], str)]
    wrong += [f"{name} must not have U+0000" for name in texts if "\0" in str(texts[name])]
    if wrong:
        raise Refusal(400, {"fallback": [text[:200] for text in wrong]})
    return Fallback(
        channel=Channel(str(channel)),
        after=after,
        sender=texts.get("from", ""),
        recipient=texts.get("to", ""),
        body=texts.get("body", ""),
    )


def refused(error: BadFallback) -> Refusal:
    """The answer where the second way cannot be gone."""
    return blame(fallback=f"{error.part} {error.text}".strip())


def _is_span(value: object) -> bool:
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    return is_whole and SHORTEST <= value <= LONGEST  # type: ignore[operator]
