"""The question whether an address wants to be told, as WhatsApp asks it before it tells anything."""

import secrets
from urllib.parse import urlencode, urlsplit, urlunsplit

from estafette.core.url import is_url
from estafette.http import Http, Limits
from estafette.model import BadAddress, GatewayError, SendError

_DIGITS = 10  # of what has to be repeated
_MOST = 4096  # bytes of an answer
_LIMITS = Limits(connect_in=5.0, read_in=10.0, total_in=10.0, most=_MOST)
_GOOD = 200


class Unanswered(GatewayError):
    """The address did not repeat what it was asked to repeat."""


class Challenge:
    """Asks addresses."""

    def __init__(self, http: Http) -> None:
        self._http = http

    async def ask(self, url: str, verify_token: str) -> None:
        """Raises Unanswered, which says why, unless this address answers a GET with what it was asked for.

        It is asked with `hub.mode=subscribe`, the verify token by which it knows who asks, and digits that
        it has to repeat with a 200. It has ten seconds. Neither the token nor what it answers is
        told or logged.
        """
        if not is_url(url):
            raise Unanswered("it is not an http or https URL with a host")
        said = f"{secrets.randbelow(10**_DIGITS):0{_DIGITS}d}"
        try:
            answer = await self._http.ask("GET", _asked(url, said, verify_token), limits=_LIMITS)
        except BadAddress:
            raise Unanswered("it is an address that may not be asked") from None
        except SendError as error:
            raise Unanswered(str(error)) from None
        if answer.status != _GOOD:
            raise Unanswered(f"HTTP Status Code = {answer.status}")
        if answer.cut or answer.body.strip() != said.encode():
            raise Unanswered("the answer is not the challenge")


def _asked(url: str, said: str, verify_token: str) -> str:
    """The URL with the question behind what stands in its query."""
    parts = urlsplit(url)
    hub = {"hub.mode": "subscribe", "hub.challenge": said, "hub.verify_token": verify_token}
    query = "&".join(filter(None, (parts.query, urlencode(hub))))
    return urlunsplit(parts._replace(query=query, fragment=""))
