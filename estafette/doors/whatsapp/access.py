"""The credentials of an app: what it shows to have an access token of its own."""

from typing import Any, ClassVar

from estafette.core.core import Core
from estafette.core.people import NotProved
from estafette.doors.whatsapp.auth import app_of
from estafette.doors.whatsapp.errors import Refusal
from estafette.doors.whatsapp.fields import text_of
from estafette.doors.whatsapp.requests import Call

_GRANT = "client_credentials"
_LONGEST = 512  # characters
_NO_CLIENT, _NO_SECRET = 101, 1  # Graph's codes: of an app that is not named, or not proved


class Access:
    """Each method answers one operation."""

    TABLE: ClassVar[list[tuple[str, str, str]]] = [
        ("GET", "/oauth/access_token", "token"),
        ("POST", "/oauth/access_token", "token"),
    ]

    def __init__(self, core: Core) -> None:
        self._core = core

    async def token(self, call: Call) -> dict[str, Any]:
        """An access token for an app: `client_id|client_secret`, which this door takes as any other.

        Nothing is kept of it. The app is an account, by its SID or the id of its business account; any other
        number is the oldest account. Its secret is the account's token, or that of a key.
        """
        asked = {**call.query, **call.body}
        client = text_of(asked, "client_id", _LONGEST)
        secret = text_of(asked, "client_secret", _LONGEST)
        grant = text_of(asked, "grant_type", _LONGEST)
        if not client:
            raise Refusal(_NO_CLIENT, message="Missing client_id parameter.", status=400)
        if not secret:
            raise Refusal(_NO_SECRET, message="Missing client_secret parameter.", status=400)
        if "code" in asked or (grant and grant != _GRANT):
            text = (
                "(#100) Param grant_type must be client_credentials: codes are not exchanged here."
            )
            raise Refusal(100, message=text)
        shown = f"{client}|{secret}"
        try:
            await app_of(self._core, shown)
        except NotProved:
            text = "Error validating client secret."
            raise Refusal(_NO_SECRET, message=text, status=400) from None
        return {"access_token": shown, "token_type": "bearer"}

    token.is_open = True  # type: ignore[attr-defined] # it is asked by who has no token yet
