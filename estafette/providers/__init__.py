"""Who carries the messages. One file each; the file's name is the provider's name."""

import importlib
import pkgutil
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, Field, dataclass, field, fields
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar, NamedTuple, get_type_hints
from urllib.parse import quote, urlsplit

import msgspec

from estafette.http import Http
from estafette.model import (
    Accepted,
    Approval,
    Attempt,
    Channel,
    Incoming,
    Inward,
    Message,
    Misconfigured,
    Offer,
    Receipt,
    Send,
    Unclear,
)
from estafette.model.attempt import Request
from estafette.model.fact import Fact
from estafette.model.number import Number


def later(text: str) -> str:
    """Marks a text that is said to people in their own language, later."""
    return text


def setting(label: str, hint: str, **options: Any) -> Any:
    """A setting as people are asked for it: what it is called, and what it is."""
    return field(metadata={"label": label, "hint": hint}, **options)


def secret(label: str, hint: str, **options: Any) -> Any:
    """A setting to seal in the vault and never to show or log."""
    return field(metadata={"secret": True, "label": label, "hint": hint}, repr=False, **options)


def check_base(provider: str, url: str, usual: str) -> None:
    """Raises Misconfigured unless a `base_url` is the beginning of one, like the `usual` one."""
    try:
        parts = urlsplit(url)
        is_well = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_well = False
    if not is_well or parts.query or parts.fragment or "@" in parts.netloc:
        raise Misconfigured(f"{provider}: base_url must be like {usual}, and no more")


@dataclass(frozen=True)
class Place:
    """What a provider finds around it."""

    home: Path  #: a folder of this machine, for what it must remember by itself
    node: str  #: the id of this process
    http: Http  #: its way out
    public_url: str = ""  #: under which carriers reach us; empty where nobody knows
    connection: str = ""  #: the name of the connection that it is made for

    def inward(self, provider: str) -> str:
        """The address at which a carrier may tell this connection something; empty for none."""
        return inward(self.public_url, provider, self.connection)


def inward(public_url: str, provider: str, connection: str) -> str:
    """The address at which a carrier may tell a connection something; empty where nobody knows where
    we are.
    """
    return public_url and f"{public_url}/in/{provider}/{quote(connection, safe='')}"


class Located(NamedTuple):
    """Where something can be fetched, and what has to be shown there."""

    url: str
    headers: Mapping[str, str] = {}


@dataclass(kw_only=True)
class Provider:
    """One connection to one carrier. Subclasses add their settings as fields, and `send`.

    The fields make every form, option and table that asks for them, and the list of values to
    strike out of logs, so they are declared once.
    """

    title: ClassVar[str]
    channels: ClassVar[frozenset[Channel]]
    docs: ClassVar[str] = ""
    #: Whether its WhatsApp is the official one, where people must have written in the last 24 hours.
    has_window: ClassVar[bool] = True
    #: Whether it fetches the media of messages from wherever their sender has them, by itself: then
    #: only what was uploaded to us goes with an offer, as `Offer.enclosed`.
    fetches_media: ClassVar[bool] = False
    #: Whether media can be given to it by URLs alone: what was uploaded to us, by ours.
    needs_urls: ClassVar[bool] = False
    answers_within: ClassVar[float] = 60.0  #: seconds after which silence is an answer: Unclear
    #: What a carrier that told us something is answered: content type and body; empty for no body.
    thanks: ClassVar[tuple[str, bytes]] = ("", b"")

    async def open(self, place: Place) -> None:
        """Get ready to send from this process."""

    async def close(self) -> None:
        """Let go of what `open` took."""

    def vet(self, send: Send) -> None:
        """Raise Declined for what this carrier is known never to take; without any I/O."""

    def pace(self, channel: Channel, address: str) -> float:
        """Offers a second that this carrier takes from such a sender; 0 where it sets no limit."""
        return 0.0

    def offers(self) -> Sequence[Number]:
        """Numbers that may be taken from this carrier, beside what is in the inventory."""
        return ()

    async def send(self, offer: Offer) -> Accepted:
        """Offer the message once. Return the carrier's id for it, or raise a SendError.

        Its media were fetched; their URLs are ours where the carrier can reach us, else those that
        came with the message.
        """
        raise NotImplementedError

    def describe(self, offer: Offer, at: datetime) -> Request | None:
        """The request that `send` makes of an offer at this time, with `…` for whatever is secret; None
        where it makes none. It is made anew whenever somebody looks at what was offered: pure, and
        nothing is asked.
        """
        return None

    async def probe(self) -> Sequence[Fact]:
        """Ask this carrier once for something harmless to read, and tell what it says of us.

        Raises a SendError, as `send` would. It never sends, and whoever cannot be asked tells nothing.
        """
        return ()

    async def block(self, sender_ref: str, people: Sequence[str], *, blocks: bool) -> None:
        """Let this carrier know whom a sender blocks, or with `blocks` false, whom it lets in again.

        `sender_ref` is its own id of the sender. Raises SendError where it would not. Carriers that
        cannot block are not told: what people who are blocked write is dropped here.
        """

    async def recall(self, attempt: Attempt, message: Message) -> Accepted:
        """What became of an offer whose answer was lost, where the carrier can be asked.

        As `send`: it returns or raises what that offer's own answer would have been, Unreached
        if the carrier never saw it, Unclear if it cannot tell.
        """
        raise Unclear("the process that made this offer ended before the answer was written down")

    async def locate(self, url: str) -> Located:
        """Where the bytes of media that a person sent are now; `url` is one of `Incoming.media`.

        Raises Refused where they are not to be had, another SendError where they may be later.
        """
        return Located(url)

    async def heed(self, sender_ref: str, ref: str, *, is_typing: bool = False) -> None:
        """Show a person that what they wrote was read and, with `is_typing`, that it is being answered.

        `sender_ref` and `ref` are the carrier's own ids of our sender and of what was written. Raises a
        SendError; a carrier that has no such thing does nothing.
        """

    def greet(self, told: Inward) -> bytes | None:
        """The answer to a question whether we are there, where a carrier asks one; else None."""
        return None

    def verify(self, told: Inward) -> bool:
        """Whether this carrier sent that request; nobody did where the carrier never calls us."""
        return False

    def parse(self, told: Inward) -> Sequence[Receipt | Incoming | Approval]:
        """What a verified request tells; empty for what is of no interest."""
        return []


def names() -> list[str]:
    """The names of all providers."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


def load(name: str) -> type[Provider]:
    """The provider class in `providers/<name>.py`. Raises Misconfigured for another name."""
    if name not in names():
        raise Misconfigured(f"no provider is named {name!r}; there are: {', '.join(names())}")
    module = importlib.import_module(f"{__name__}.{name}")
    (found,) = (
        member
        for member in vars(module).values()
        if isinstance(member, type)
        and issubclass(member, Provider)
        and member.__module__ == module.__name__
    )
    return found


def read(name: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings in the types of their provider's fields: a text may stand for a number.

    Raises Misconfigured, which names settings and repeats no value.
    """
    found = load(name)
    known = {one.name for one in fields(found) if one.init}
    strange = sorted(set(settings) - known)
    if strange:
        listed = ", ".join(sorted(known))
        raise Misconfigured(f"{name} has no setting {', '.join(strange)}: {listed}")
    types = get_type_hints(found)
    return {key: _read(key, value, types[key]) for key, value in settings.items()}


def _read(name: str, value: Any, type: Any) -> Any:
    try:
        return msgspec.convert(value, type, strict=False)
    except msgspec.ValidationError as error:
        raise Misconfigured(f"{name}: {error}") from None


def make(name: str, settings: Mapping[str, Any]) -> Provider:
    """A provider with these settings. Raises Misconfigured where they do not fit."""
    found, given = load(name), read(name, settings)
    missing = [
        one.name for one in fields(found) if one.init and one.name not in given and is_needed(one)
    ]
    if missing:
        raise Misconfigured(f"{name} needs {', '.join(missing)}")
    return found(**given)


def is_needed(one: Field[Any]) -> bool:
    """Whether a setting must be given."""
    return one.default is MISSING and one.default_factory is MISSING
