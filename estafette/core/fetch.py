"""Fetches one of the media of a message from where its sender says it is, as far as we take it."""

import asyncio
from typing import NamedTuple
from urllib.parse import urljoin, urlsplit

import structlog

from estafette.core.blobs import Draft
from estafette.http import Answer, Http, Limits, Sink
from estafette.model import (
    BadAddress,
    Message,
    Misconfigured,
    Reason,
    Refused,
    SendError,
    Throttled,
    Unclear,
    Unreached,
)
from estafette.model.media import (
    BEGINNING,
    CODE,
    Fault,
    is_taken,
    largest,
    type_found,
    type_named,
)
from estafette.providers import Located, Provider

log = structlog.get_logger()

_LIMITS = Limits(connect_in=5.0, read_in=10.0, total_in=30.0, most=1 << 30)  # sizes are by type
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MOST_REDIRECTS = 3
_NOT_NOW = frozenset({408, 425, 429})  # the others of 4xx will be the same next time
_STALE = _NOT_NOW | {401, 403, 404, 410}  # but for an address that is good for minutes only


class Fetched(NamedTuple):
    """What an address gave."""

    content_type: str
    size: int


async def locate(provider: Provider | None, message: Message, url: str) -> Located:
    """Where its carrier has what a person sent now. Raises Refused, and Unreached: without a code
    where that is no fault of the address.
    """
    if provider is None:
        if urlsplit(url).scheme in ("http", "https"):
            return Located(url)
        raise Unreached("nobody knows now which carrier has it")
    try:
        async with asyncio.timeout(provider.answers_within):
            return await provider.locate(url)
    except Refused as error:
        raise refused(message, Fault.FETCH, str(error)) from None
    except (Throttled, Misconfigured) as error:
        raise Unreached(f"{_TEXT[Fault.FETCH]}: {error}") from None
    except SendError as error:
        raise _unreached(message, str(error)) from None
    except TimeoutError:
        raise _unreached(message, "its carrier did not say in time where it is") from None
    except Exception as error:
        log.exception("a provider broke", message=message.id)
        text = f"{type(error).__name__} while its carrier was asked where it is"
        raise _unreached(message, text) from None


async def fetch(
    http: Http, message: Message, at: Located, draft: Draft, *, is_told: bool = False
) -> Fetched:
    """Write what an address gives into a draft. A redirect is a new address, and looked at like one;
    headers are for the first host alone. `is_told` says that a carrier told this address just now: it
    may tell another, should this one give nothing.

    Raises Refused where it is not to be had, Unreached where it may be later, and NotKept.
    """
    url, headers = at.url, at.headers
    for _ in range(_MOST_REDIRECTS + 1):
        reading = _Reading(message, draft)
        try:
            answer = await http.ask("GET", url, headers=headers, limits=_LIMITS, into=reading.into)
        except BadAddress as error:
            raise refused(message, Fault.FETCH, str(error)) from None
        except (Unclear, Unreached) as error:
            raise _unreached(message, str(error)) from None
        if answer.status in _REDIRECTS and answer.headers.get("location"):
            target = urljoin(url, answer.headers["location"])
            headers = headers if _origin(target) == _origin(url) else {}
            url = target
        elif answer.status == 200:
            return reading.end()
        elif answer.status >= 500 or answer.status in (_STALE if is_told else _NOT_NOW):
            raise _unreached(message, f"its address answered {answer.status}")
        else:
            raise refused(message, Fault.FETCH, f"its address answered {answer.status}")
    raise refused(message, Fault.FETCH, f"it is behind more than {_MOST_REDIRECTS} redirects")


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme.lower(), parts.netloc.rpartition("@")[2].lower()


class _Reading:
    """One answer, judged by its head, its first bytes and its length as they come."""

    def __init__(self, message: Message, draft: Draft) -> None:
        self._message = message
        self._draft = draft
        self._type = ""
        self._beginning = b""

    async def into(self, head: Answer) -> Sink | None:
        """Who takes the body: nobody, if it is none of the media. Raises Refused."""
        if head.status != 200:
            return None
        self._type = type_named(head.headers.get("content-type", ""))
        if not is_taken(self._type):
            raise self._wrong(self._type or "no type")
        if head.headers.get("content-encoding", "identity").lower() != "identity":
            raise refused(self._message, Fault.FETCH, "its address gives it packed")
        length = head.headers.get("content-length", "")
        self._check_size(int(length) if length.isascii() and length.isdigit() else 0)
        return self._take

    async def _take(self, piece: bytes) -> None:
        if len(self._beginning) < BEGINNING:
            self._beginning += piece[: BEGINNING - len(self._beginning)]
            if len(self._beginning) == BEGINNING:
                self._check_beginning()
        self._check_size(self._draft.size + len(piece))
        await self._draft.write(piece)

    def end(self) -> Fetched:
        """What was read, once all of it was."""
        if not self._draft.size:
            raise refused(self._message, Fault.FETCH, "its address gives nothing")
        self._check_beginning()
        self._check_size(self._draft.size)
        return Fetched(self._type, self._draft.size)

    def _check_beginning(self) -> None:
        found = type_found(self._type, self._beginning)
        if not found:
            raise self._wrong(f"no {self._type}, as its address says")
        self._type = found

    def _check_size(self, size: int) -> None:
        most = largest(self._type, self._message.channel, self._message.direction)
        if size > most:
            raise refused(self._message, Fault.SIZE, f"{self._type} of more than {most} bytes")

    def _wrong(self, what: str) -> Refused:
        return refused(self._message, Fault.TYPE, f"it is {what}")


def refused(message: Message, fault: Fault, text: str) -> Refused:
    """Nothing will make this media one that can go with the message."""
    code = CODE[message.channel, fault]
    return Refused(f"{_TEXT[fault]}: {text}", code=code, reason=Reason.BAD_MEDIA)


def _unreached(message: Message, text: str) -> Unreached:
    code = CODE[message.channel, Fault.FETCH]
    return Unreached(f"{_TEXT[Fault.FETCH]}: {text}", code=code, reason=Reason.BAD_MEDIA)


_TEXT = {
    Fault.FETCH: "Media could not be fetched",
    Fault.TYPE: "Media of this type are not taken",
    Fault.SIZE: "Media are too large",
}
