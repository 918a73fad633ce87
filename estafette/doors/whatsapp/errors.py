"""Errors as this door answers them: Meta's shape, whatever went wrong."""

from collections.abc import Mapping
from random import getrandbits
from typing import Any

from estafette.model import meta

TRACE = b"x-fb-trace-id"  #: the header that names a request


def new_trace() -> str:
    """What names a request, in its answer and in our log."""
    return f"A{getrandbits(88):022x}"


class Refusal(Exception):
    """An answer that is not a success."""

    def __init__(
        self,
        code: int,
        details: str = "",
        *,
        status: int | None = None,
        message: str = "",
        kind: str = "OAuthException",
        subcode: int | None = None,
        headers: Mapping[str, str] = {},
        beside: Mapping[str, Any] = {},
    ) -> None:
        """`status` is HTTP's; the one that goes with the code where it is left out. `beside` is what
        stands beside the error in the body.
        """
        super().__init__(details or message or str(code))
        self.status = meta.status_of(code) if status is None else status
        self.headers = headers
        self._beside = beside
        self._parts: dict[str, Any] = {"code": code, "details": details, "message": message}
        self._parts["subcode"] = subcode
        self._kind = kind

    def shape(self, trace: str) -> dict[str, Any]:
        """The body of the answer; `trace` is the id of the request."""
        found = meta.error_shape(**self._parts, trace=trace)
        found["error"]["type"] = self._kind
        return {**self._beside, **found}


def missing(field: str) -> Refusal:
    """Something that is needed was not given."""
    return Refusal(131008, f"{field} is required")


def wrong(field: str, text: str) -> Refusal:
    """Something is not what it has to be."""
    return Refusal(131009, f"{field} {text}")


def unknown(id: str, method: str = "get") -> Refusal:
    """There is no such object, or it is another account's."""
    return Refusal(
        100,
        message=f"Unsupported {method} request. Object with ID '{id[:64]}' does not exist, or these"
        " credentials may not use it.",
        kind="GraphMethodException",
        subcode=33,
    )


def unproved(*, is_shown: bool = True) -> Refusal:
    """The token opens no account, or none is shown at all."""
    if not is_shown:
        text = "An access token is required to request this resource."
        return Refusal(190, message=text)
    return Refusal(
        190, message="Error validating access token: it opens no account here.", subcode=463
    )
