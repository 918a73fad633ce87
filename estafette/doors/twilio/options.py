"""What a create says beside addresses and text: its service, its time, its content. Pure."""

import json
import re
from collections.abc import Mapping
from datetime import datetime

from estafette.doors.twilio.errors import TwilioError
from estafette.model.times import utc

Said = Mapping[str, str]  #: the last value, by name

_SERVICE_SID = re.compile(r"MG[0-9a-fA-F]{32}")
_CONTENT_SID = re.compile(r"HX[0-9a-fA-F]{32}")


def through(said: Said, sender: str) -> tuple[str, str, datetime | None]:
    """The service and the sender that are asked for, either may be empty, and for when."""
    service = said.get("MessagingServiceSid", "")
    if _SERVICE_SID.fullmatch(sender):
        service, sender = service or sender, ""
    send_at = None
    if said.get("ScheduleType") or said.get("SendAt"):
        send_at = _send_at(said, service)
    if service and not _SERVICE_SID.fullmatch(service):
        raise TwilioError(21705, service)
    return service[2:].lower(), sender, send_at


def _send_at(said: Said, service: str) -> datetime:
    """The time that a message is scheduled for."""
    text = said.get("SendAt", "")
    if not text:
        raise TwilioError(35111)
    if not service:
        raise TwilioError(35118)
    if said.get("ScheduleType") != "fixed":
        raise TwilioError(35126, said.get("ScheduleType") or "none")
    try:
        return utc(datetime.fromisoformat(text.strip()))
    except (ValueError, OverflowError):
        raise TwilioError(35115, text) from None


def check_content(content: str, variables: str) -> None:
    """Refuse what is no content, or none that is named."""
    if variables and not content:
        raise TwilioError(21654)
    read_variables(variables)
    if content and not _CONTENT_SID.fullmatch(content):
        raise TwilioError(21655, content)


def read_variables(text: str) -> dict[str, str]:
    """ContentVariables: what fills the holes of a content, by their names. Raises TwilioError."""
    if not text:
        return {}
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict):
        raise TwilioError(21656)
    found = {name: str(value) for name, value in said.items() if _is_word(value)}
    if len(found) < len(said):
        raise TwilioError(21656)
    return found


def _is_word(value: object) -> bool:
    if isinstance(value, str):
        return is_text(value)
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_text(value: str) -> bool:
    """Whether it can be written down: JSON has words for what is none."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in value
