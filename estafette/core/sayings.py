"""What a WhatsApp message says once it is known whose it is: its template filled in, its files and the
message that it answers found.
"""

import contextlib
from typing import Any

from msgspec.structs import replace

from estafette.core.gateway import Gateway
from estafette.core.templates import Templates
from estafette.core.uploads import Uploads
from estafette.model import Account, Sender, Unknown
from estafette.model.template import Category
from estafette.model.whatsapp import Asked, Said, Unsaid, files

TEMPLATE = "template"
CONTEXT = "context"
_REACTION = "reaction"
_NUMBERS_ONLY = 131062  # Meta's code for what users without a number cannot be sent


class Sayings:
    """Makes what was asked for into what a message keeps."""

    def __init__(self, gateway: Gateway, templates: Templates, uploads: Uploads) -> None:
        self._gateway = gateway
        self._templates = templates
        self._uploads = uploads

    async def whole(self, account: Account, sender: Sender, asked: Asked) -> Said:
        """All that is said, and what goes with it.

        A file or a message that is not known here is left to the carrier, which may know it. Raises
        Unsaid for a template that cannot be sent like that.
        """
        said = asked.said
        if said.kind == TEMPLATE:
            said = await self._templates.said(account, sender, said.content[TEMPLATE])
            if asked.user_id:
                await self._hold(account, said)
        content = {**said.content, **_around(asked)}
        if name := _quoted(asked):
            content[CONTEXT] = await self._context(account, name)
        return replace(said, media=await self._media(account, said), content=content)

    async def _hold(self, account: Account, said: Said) -> None:
        """Raise Unsaid for a template with a code to log in with: it goes to numbers only."""
        id = said.content[TEMPLATE].get("id")
        with contextlib.suppress(Unknown):  # it is a sample, or only its carrier knows it
            if id and (await self._templates.get(account, id)).category is Category.AUTHENTICATION:
                raise Unsaid(_NUMBERS_ONLY, "recipient", "must be a number for this template")

    async def _context(self, account: Account, name: str) -> dict[str, str]:
        """The message that it answers or is about, also by its carrier's own id where that is known."""
        try:
            ref = (await self._gateway.find_named(account, name)).ref
        except Unknown:
            ref = ""
        return {"message_id": name, "ref": ref} if ref else {"message_id": name}

    async def _media(self, account: Account, said: Said) -> tuple[str, ...]:
        """Its links, and the files that it names by the ids that their upload was answered with."""
        found = list(said.media)
        for part in files(said.content):
            name = part.get("id")
            place = await self._uploads.named(account, name) if isinstance(name, str) else None
            if place and place not in found:
                found.append(place)
        return tuple(found)


def _quoted(asked: Asked) -> str:
    if asked.said.kind == _REACTION:
        return str(asked.said.content[_REACTION]["message_id"])
    return asked.context_id


def _around(asked: Asked) -> dict[str, Any]:
    """What stands beside the kind of a message, as far as it is there."""
    found = {
        "tracker": asked.tracker,
        "identity": asked.identity,
        "user_id": asked.user_id,
        "recipient_type": "group" if asked.is_group else "",
    }
    return {name: value for name, value in found.items() if value}
