"""A message as lines to take away: what asks for the same again, with secrets left to the environment."""

import json
import shlex
from collections.abc import Iterator
from typing import NamedTuple

from estafette.console.words import later as _
from estafette.core import asked
from estafette.model import Account, Message
from estafette.model.fallback import Second
from estafette.model.meta import VERSION

TOKEN = "ESTAFETTE_AUTH_TOKEN"  # noqa: S105 - the name of what holds it
_NAMES = {
    "To": "to", "From": "from_", "Body": "body", "MessagingServiceSid": "messaging_service_sid",
    "StatusCallback": "status_callback", "ContentSid": "content_sid",
    "ContentVariables": "content_variables",
}  # fmt: skip


class Copied(NamedTuple):
    """One way to ask for it."""

    name: str
    title: str
    text: str


def copies(
    account: Account, message: Message, second: Second | None, *, public_url: str, phone: str
) -> Iterator[Copied]:
    """Each way that has words for this message. `phone` is the phone number id of a WhatsApp sender."""
    form = asked.twilio(message)
    if form:
        yield Copied("curl", _("curl"), _curl(account, form, public_url))
        yield Copied("python", _("Python"), _python(account, form, public_url))
    if body := asked.own(message, second):
        url = f"{public_url}/api/messages"
        yield Copied("own", _("Estafette API"), _json(account, url, body))
    if phone and (said := asked.cloud(message)):
        url = f"{public_url}/{VERSION}/{phone}/messages"
        yield Copied("cloud", _("Cloud API"), _json(account, url, said))


def _curl(account: Account, form: list[tuple[str, str]], public_url: str) -> str:
    url = f"{public_url}/2010-04-01/Accounts/{account.sid}/Messages.json"
    lines = [f"curl {shlex.quote(url)}", f'-u "{account.sid}:${TOKEN}"']
    lines += [f"--data-urlencode {shlex.quote(f'{name}={value}')}" for name, value in form]
    return " \\\n  ".join(lines)


def _json(account: Account, url: str, body: object) -> str:
    said = json.dumps(body, ensure_ascii=False, indent=2)
    lines = [
        f"curl {shlex.quote(url)}",
        f'-u "{account.sid}:${TOKEN}"',
        '-H "Content-Type: application/json"',
        f"--data-binary {shlex.quote(said)}",
    ]
    return " \\\n  ".join(lines)


def _python(account: Account, form: list[tuple[str, str]], public_url: str) -> str:
    media = [value for name, value in form if name == "MediaUrl"]
    given = [(_NAMES[name], repr(value)) for name, value in form if name in _NAMES]
    given += [("media_url", repr(media))] if media else []
    lines = "".join(f"    {name}={value},\n" for name, value in given)
    return (
        "import os\n\nfrom twilio.rest import Client\n\n"
        f'client = Client({account.sid!r}, os.environ["{TOKEN}"])\n'
        f"client.api.base_url = {public_url!r}\n\n"
        f"message = client.messages.create(\n{lines})\nprint(message.sid, message.status)\n"
    )
