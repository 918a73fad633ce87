"""Providers: what each wants to be told, and whether its carrier takes it."""

from collections.abc import Awaitable, Sequence
from typing import Any, ClassVar

from msgspec import Struct

from estafette.core import forms
from estafette.core.core import Core
from estafette.doors.own.errors import Refusal
from estafette.doors.own.wire import Call, Page, Row
from estafette.model import Account, Channel, Misconfigured, SendError, Unknown
from estafette.model.fact import Fact as Known


class Setting(Struct, frozen=True, kw_only=True):
    """What a connection of this provider is asked for."""

    name: str
    label: str
    hint: str
    type: str  #: text, number, tick or secret
    needed: bool
    default: Any


class Provider(Struct, frozen=True, kw_only=True):
    """Who can carry messages, and what it wants to be told."""

    name: str
    title: str
    channels: Sequence[Channel]
    settings: Sequence[Setting]


class Fact(Struct, frozen=True, kw_only=True):
    """Something that a carrier says of who asks."""

    name: str
    text: str


class Tried(Struct, frozen=True, kw_only=True):
    """What came of asking a carrier once. `outcome` is `answered`, or as of an attempt at a message."""

    ok: bool
    outcome: str
    code: str
    message: str
    facts: Sequence[Fact]


class Trial(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings to try in place of those that are written down; nothing is changed by it."""

    settings: dict[str, Any] = {}


async def tried(asked: Awaitable[Sequence[Known]]) -> Tried:
    """What came of it, as it is shown."""
    try:
        found = await asked
    except SendError as error:
        outcome, text = str(error.outcome), str(error)
        return Tried(ok=False, outcome=outcome, code=error.code, message=text, facts=())
    facts = [Fact(name=fact.name, text=fact.text) for fact in found]
    return Tried(ok=True, outcome="answered", code="", message="", facts=facts)


async def check_first(core: Core, account: Account) -> None:
    """Connections carry for all accounts: only who runs the gateway may see and change them."""
    if not await core.people.runs_gateway(account.sid):
        raise Refusal("forbidden", "connections are for the first account of this gateway")


class Providers:
    """Each method answers one operation."""

    TABLE: ClassVar[list[Row]] = [
        Row(method="GET", path="/api/providers", name="list", answer=Page[Provider]),
        Row(
            method="POST",
            path="/api/providers/{provider}/test",
            name="test",
            body=Trial,
            answer=Tried,
        ),
    ]

    def __init__(self, core: Core) -> None:
        self._core = core

    async def list(self, call: Call) -> Page[Provider]:
        """List who can carry messages, and the settings that each wants."""
        return Page([_provider(form) for form in forms.forms()], None)

    async def test(self, call: Call) -> Tried:
        """Ask a carrier once whether it takes these settings, of a connection that is not made yet."""
        await check_first(self._core, call.account)
        name = call.holes["provider"]
        try:
            forms.form_of(name)
        except Misconfigured as error:
            raise Unknown(str(error)) from None
        return await tried(self._core.connections.probe_new(name, call.body.settings))


def _provider(form: forms.Form) -> Provider:
    return Provider(
        name=form.provider,
        title=form.title,
        channels=form.channels,
        settings=[
            Setting(
                name=one.name,
                label=one.label,
                hint=one.hint,
                type=one.kind,
                needed=one.is_needed,
                default=one.default,
            )
            for one in form.settings
        ],
    )
