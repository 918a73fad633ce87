"""What a provider wants to be told: its settings as a form asks people for them."""

from dataclasses import MISSING, fields
from typing import Any, NamedTuple, get_type_hints

from estafette.model import Channel
from estafette.providers import Provider, inward, is_needed, load, names

#: What a field of a form takes, by the type of the setting.
KINDS = {str: "text", int: "number", float: "number", bool: "tick"}


class Setting(NamedTuple):
    """One thing that is asked for."""

    name: str
    label: str  #: in English, as the hint is
    hint: str
    kind: str  #: one of KINDS, or `secret`
    is_needed: bool
    default: Any  #: None where there is none, or it is a secret


class Form(NamedTuple):
    """A provider, as whoever chooses one sees it."""

    provider: str
    title: str
    channels: tuple[Channel, ...]
    docs: str  #: the page about it; empty for none
    calls_us: bool  #: whether its carrier is to be given an address of ours
    settings: tuple[Setting, ...]

    def inward(self, public_url: str, connection: str) -> str:
        """What its carrier is to call for a connection; empty where it never calls, or nobody knows
        where we are.
        """
        return inward(public_url, self.provider, connection) if self.calls_us else ""


def forms() -> list[Form]:
    """The forms of all providers, by their names."""
    return [form_of(name) for name in names()]


def form_of(provider: str) -> Form:
    """The form of a provider. Raises Misconfigured for a name that none has."""
    found = load(provider)
    types = get_type_hints(found)
    return Form(
        provider=provider,
        title=found.title,
        channels=tuple(channel for channel in Channel if channel in found.channels),
        docs=found.docs,
        calls_us=found.verify is not Provider.verify,
        settings=tuple(_setting(one, types[one.name]) for one in fields(found) if one.init),
    )


def _setting(one: Any, type: Any) -> Setting:
    is_secret = bool(one.metadata.get("secret"))
    has_default = one.default is not MISSING and not is_secret
    return Setting(
        name=one.name,
        label=one.metadata.get("label", one.name),
        hint=one.metadata.get("hint", ""),
        kind="secret" if is_secret else KINDS.get(type, "text"),
        is_needed=is_needed(one),
        default=one.default if has_default else None,
    )
