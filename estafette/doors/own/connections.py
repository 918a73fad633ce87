"""Connections: what carries messages. They belong to who runs this gateway: its first account."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from estafette import model
from estafette.core.connections import public_id
from estafette.core.core import Core
from estafette.core.sealed import Shown
from estafette.core.vault import WrongKey
from estafette.doors.own import setups
from estafette.doors.own.errors import Refusal
from estafette.doors.own.providers import Trial, Tried, check_first, tried
from estafette.doors.own.wire import At, Call, Page, PageQuery, Row, cut

_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)  # where nobody wrote it down

OnUnclear = Literal["fail", "resend"]
Name = Annotated[
    str,
    Meta(
        pattern="^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$",
        description="What people call it; it stands in the address at which its carrier calls us.",
    ),
]
AppId = Annotated[
    str, Meta(description="In place of a provider: WHATSAPP, or TWILIO. It needs a setup.")
]
Setup = Annotated[
    dict[str, Any],
    Meta(
        description='How the app is opened: `{"type": "TOKEN", "token": …}`, of TWILIO'
        ' `{"type": "API_KEY", "account_id": …, "api_key": …}`; and `base_url`, where it is another.'
    ),
]
Wait = Annotated[
    int, Meta(ge=1, le=86_400, description="Seconds to wait for a receipt when nobody knows.")
]


class Connection(Struct, frozen=True, kw_only=True):
    """One provider with its settings; secrets are `…`."""

    id: str  #: ac_ and 32 hex digits
    name: str
    app_id: Annotated[
        str, Meta(description="What flow engines call its provider: WHATSAPP for meta.")
    ]
    provider: str
    settings: Mapping[str, Any]
    receipt_wait: int
    on_unclear: str
    parked_at: At | None
    parked_text: str
    fingerprints: Annotated[
        Mapping[str, str],
        Meta(
            description="Of its secrets, by name: the same for the same secret, and nothing else."
        ),
    ]
    fingerprint: Annotated[
        str, Meta(description="That of the secret which opens it; empty where it has none.")
    ]
    ready: Annotated[bool, Meta(description="Whether its settings make a provider.")]
    created_at: At
    updated_at: At


class NewConnection(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A connection to add. Its settings are those of its provider; or an app and its setup stand for
    both.
    """

    name: Name
    provider: str = ""
    settings: dict[str, Any] = {}
    app_id: AppId = ""
    setup: Setup | None = None
    base_url: Annotated[str, Meta(description="Where the app answers, if not at its maker's.")] = ""
    receipt_wait: Wait = 3600
    on_unclear: OnUnclear = "fail"


class ConnectionChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to change; what is left out stays. A setting of null has its default again."""

    settings: dict[str, Any] = {}
    setup: Setup | None = None
    receipt_wait: Wait | UnsetType = UNSET
    on_unclear: OnUnclear | UnsetType = UNSET


class Connections:
    """Each method answers one operation."""

    TABLE: ClassVar[list[Row]] = [
        Row(
            method="GET",
            path="/api/connections",
            name="list",
            query=PageQuery,
            answer=Page[Connection],
        ),
        Row(
            method="POST",
            path="/api/connections",
            name="add",
            body=NewConnection,
            answer=Connection,
            status=201,
        ),
        Row(method="GET", path="/api/connections/{name}", name="show", answer=Connection),
        Row(
            method="PATCH",
            path="/api/connections/{name}",
            name="change",
            body=ConnectionChange,
            answer=Connection,
        ),
        Row(method="DELETE", path="/api/connections/{name}", name="remove"),
        Row(method="POST", path="/api/connections/{name}/resume", name="resume", answer=Connection),
        Row(
            method="POST",
            path="/api/connections/{name}/test",
            name="test",
            body=Trial,
            optional=True,
            answer=Tried,
        ),
    ]

    def __init__(self, core: Core) -> None:
        self._core = core
        self._connections = core.connections

    async def list(self, call: Call) -> Page[Connection]:
        """List connections, by name."""
        await self._check(call)
        found = sorted(await self._connections.list(), key=lambda item: item.name)
        behind = [item for item in found if item.name > call.query.after]
        items, last = cut(behind, call.query.limit)
        shown = [connection(item, self._connections.show(item)) for item in items]
        return Page(shown, call.next(last.name if last else None))

    async def add(self, call: Call) -> Connection:
        """Add a connection."""
        await self._check(call)
        asked: NewConnection = call.body
        provider, settings = _asked(asked)
        await self._connections.add(
            model.Connection(
                name=asked.name,
                provider=provider,
                settings=settings,
                receipt_wait=asked.receipt_wait,
                on_unclear=asked.on_unclear,
            )
        )
        return await self._shown(asked.name)

    async def show(self, call: Call) -> Connection:
        """Show one connection, by its name or its id."""
        return await self._shown(await self._named(call))

    async def change(self, call: Call) -> Connection:
        """Change a connection, and let its messages go on if they were held."""
        name, asked = await self._named(call), call.body
        given = {"receipt_wait": asked.receipt_wait, "on_unclear": asked.on_unclear}
        parts = {key: value for key, value in given.items() if value is not UNSET}
        settings = asked.settings
        if asked.setup is not None:
            before = await self._connections.get(name)
            settings = {**settings, **setups.changed(before.provider, asked.setup)}
        try:
            await self._connections.change(name, settings, **parts)
        except WrongKey as error:
            raise Refusal("conflict", f"what {name} is set to cannot be opened: {error}") from None
        return await self._shown(name)

    async def remove(self, call: Call) -> None:
        """Remove a connection that nothing goes through: no sender, and no number to be taken."""
        await self._connections.remove(await self._named(call))

    async def resume(self, call: Call) -> Connection:
        """Let the messages of a parked connection go on."""
        name = await self._named(call)
        await self._connections.resume(name)
        return await self._shown(name)

    async def test(self, call: Call) -> Tried:
        """Ask the carrier of a connection once for something harmless; nothing is sent or changed."""
        name = await self._named(call)
        return await tried(self._connections.probe(name, call.body.settings))

    async def _named(self, call: Call) -> str:
        """The name of the connection that the path means, for who may see it."""
        await self._check(call)
        return (await self._connections.find_named(call.holes["name"])).name

    async def _check(self, call: Call) -> None:
        await check_first(self._core, call.account)

    async def _shown(self, name: str) -> Connection:
        found = await self._connections.get(name)
        return connection(found, self._connections.show(found))


def _asked(asked: NewConnection) -> tuple[str, dict[str, Any]]:
    """The provider and the settings that are asked for. Raises Refusal."""
    settings = {**asked.settings, **({"base_url": asked.base_url} if asked.base_url else {})}
    if bool(asked.provider) == bool(asked.app_id):
        raise Refusal(
            "bad_request", "give a provider, or an app_id and its setup", field="provider"
        )
    if asked.provider:
        if asked.setup is not None:
            raise Refusal("bad_request", "a setup goes with an app_id", field="setup")
        return asked.provider, settings
    provider, opened = setups.read(asked.app_id, asked.setup or {})
    return provider, {**settings, **opened}


def connection(item: model.Connection, shown: Shown) -> Connection:
    """A connection as it is shown."""
    return Connection(
        id=public_id(item),
        name=item.name,
        app_id=setups.app_of(item.provider),
        provider=item.provider,
        settings=shown.settings,
        receipt_wait=item.receipt_wait,
        on_unclear=item.on_unclear,
        parked_at=item.parked_at,
        parked_text=item.parked_text,
        fingerprints=shown.fingerprints,
        fingerprint=setups.fingerprint(item.provider, shown.fingerprints),
        ready=shown.is_ready,
        created_at=item.created_at or _LONG_AGO,
        updated_at=item.updated_at or _LONG_AGO,
    )
