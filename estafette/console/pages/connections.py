"""What carries messages: connections, set up, tried, resumed and removed."""

from typing import Any, ClassVar, NamedTuple

from msgspec.structs import replace
from starlette.responses import Response

from estafette.console.carriers import (
    State,
    Tried,
    blame,
    path_of,
    read_name,
    read_settings,
    runs_gateway,
    state_of,
    tried,
)
from estafette.console.filled import Filled, read_whole
from estafette.console.rows import Row, get, post
from estafette.console.visit import Visit
from estafette.core.core import Core
from estafette.core.forms import Form, form_of, forms
from estafette.model import (
    BadValue,
    Conflict,
    Connection,
    GatewayError,
    Load,
    Misconfigured,
    Unknown,
)
from estafette.model.session import Role

LONGEST_WAIT = 86_400  #: seconds for a receipt
POLICIES = ("fail", "resend")


class Line(NamedTuple):
    """A connection in the list."""

    item: Connection
    title: str  #: of its provider
    state: State
    load: Load
    path: str


class Connections:
    """Each method answers one operation."""

    TABLE: ClassVar[list[Row]] = [
        get("/connections", "list"),
        get("/connections/-/add", "blank", Role.OWNER),
        post("/connections", "add", Role.OWNER),
        post("/connections/-/test", "test_new", Role.OWNER),
        get("/connections/{name}", "show"),
        post("/connections/{name}", "change", Role.OWNER),
        post("/connections/{name}/test", "test", Role.OWNER),
        post("/connections/{name}/resume", "resume", Role.OWNER),
        post("/connections/{name}/remove", "remove", Role.OWNER),
    ]

    def __init__(self, core: Core) -> None:
        self._connections = core.connections
        self._public_url = core.public_url

    async def list(self, visit: Visit) -> Response:
        """All of them, what hangs on each, and who else can carry."""
        if not await runs_gateway(visit):
            return visit.show("connections.html", is_ours=False, lines=[], forms=[])
        loads = await self._connections.loads()
        titles = {form.provider: form.title for form in forms()}
        lines = [
            Line(
                item,
                titles.get(item.provider, item.provider),
                state_of(item, self._connections.show(item)),
                loads.get(item.name, Load()),
                path_of(item),
            )
            for item in await self._connections.list()
        ]
        return visit.show("connections.html", is_ours=True, lines=lines, forms=forms())

    async def blank(self, visit: Visit) -> Response:
        """The form of a provider, to add a connection."""
        await _check(visit)
        form = _form(visit.query.get("provider", ""))
        return self._shown_new(visit, form, Filled({"name": form.provider}))

    async def add(self, visit: Visit) -> Response:
        """Add a connection."""
        await _check(visit)
        form = _form(visit.text("provider"))
        filled = _filled(visit, form)
        name = read_name(visit, filled)
        settings = read_settings(visit, filled, form)
        parts = _policy(visit, filled)
        if not filled.errors:
            made = Connection(name=name, provider=form.provider, settings=settings, **parts)
            await self._add(visit, form, filled, made)
        if filled.errors:
            return self._shown_new(visit, form, filled, code=400)
        visit.changed("connection.added", name, provider=form.provider)
        made = await self._connections.get(name)
        return visit.go(path_of(made), visit.say("The connection is there."))

    async def _add(self, visit: Visit, form: Form, filled: Filled, made: Connection) -> None:
        try:
            await self._connections.add(made)
        except Misconfigured as error:
            blame(visit, filled, form, error)
        except Conflict:
            filled.wrong("name", visit.say("Another connection is called that already."))

    async def test_new(self, visit: Visit) -> Response:
        """Ask a carrier whether it takes what was typed; nothing is kept."""
        await _check(visit)
        form = _form(visit.text("provider"))
        filled, found = _filled(visit, form), None
        settings = read_settings(visit, filled, form)
        if not filled.errors:
            found = await tried(visit, self._connections.probe_new(form.provider, settings))
        if visit.is_part:
            return visit.show("connections-tried.html", tried=found, filled=filled)
        return self._shown_new(visit, form, filled, found)

    async def show(self, visit: Visit) -> Response:
        """One connection: how it does, and what it is set to."""
        item = await self._named(visit)
        shown = self._connections.show(item)
        values = {f"set_{name}": value for name, value in shown.settings.items()}
        known = {"receipt_wait": item.receipt_wait, "on_unclear": item.on_unclear}
        return await self._shown(visit, item, Filled({**values, **known}))

    async def change(self, visit: Visit) -> Response:
        """Set it anew; its messages go on."""
        item = await self._named(visit)
        form = _form(item.provider)
        filled = _filled(visit, form)
        before = self._connections.show(item).settings
        settings = read_settings(visit, filled, form, before)
        parts = _policy(visit, filled)
        if not filled.errors:
            try:
                await self._connections.change(item.name, settings, **parts)
            except Misconfigured as error:
                blame(visit, filled, form, error)
        if filled.errors:
            return await self._shown(visit, item, filled, code=400)
        names = sorted(name for name in settings if settings[name] != before.get(name))
        visit.changed("connection.changed", item.name, settings=names, **parts)
        return visit.go(path_of(item), visit.say("The connection is set anew."))

    async def test(self, visit: Visit) -> Response:
        """Ask its carrier, with what was typed in place of what is kept."""
        item = await self._named(visit)
        form = _form(item.provider)
        filled, found = _filled(visit, form), None
        settings: dict[str, Any] = {}
        if "on_unclear" in visit.form:  # the whole form was sent, not the button alone
            before = self._connections.show(item).settings
            settings = read_settings(visit, filled, form, before)
        if not filled.errors:
            try:
                found = await tried(visit, self._connections.probe(item.name, settings))
            except BadValue as error:
                blame(visit, filled, form, error)
        if visit.is_part:
            return visit.show("connections-tried.html", tried=found, filled=filled)
        return await self._shown(visit, item, filled, found)

    async def resume(self, visit: Visit) -> Response:
        """Let its messages go on."""
        item = await self._named(visit)
        await self._connections.resume(item.name)
        visit.changed("connection.resumed", item.name)
        return visit.go(path_of(item), visit.say("Its messages go on."))

    async def remove(self, visit: Visit) -> Response:
        """Forget it, unless something goes through it."""
        item = await self._named(visit)
        try:
            await self._connections.remove(item.name)
        except Conflict as error:
            filled = Filled({"receipt_wait": item.receipt_wait, "on_unclear": item.on_unclear})
            shown = self._connections.show(item).settings
            filled.values |= {f"set_{name}": value for name, value in shown.items()}
            text = visit.say("It cannot be removed while something goes through it.")
            filled.wrong("remove", f"{text} {_in_the_way(error)}".strip())
            return await self._shown(visit, item, filled, code=409)
        visit.changed("connection.removed", item.name, provider=item.provider)
        return visit.go("/console/connections", visit.say("The connection is removed."))

    async def _named(self, visit: Visit) -> Connection:
        await _check(visit)
        return await self._connections.find_named(visit.holes["name"])

    def _shown_new(
        self, visit: Visit, form: Form, filled: Filled, found: Tried | None = None, code: int = 200
    ) -> Response:
        return visit.show(
            "connections-add.html", code, form=form, filled=filled, tried=found, prints={}
        )

    async def _shown(
        self,
        visit: Visit,
        item: Connection,
        filled: Filled,
        found: Tried | None = None,
        code: int = 200,
    ) -> Response:
        shown = self._connections.show(item)
        try:
            form: Form | None = form_of(item.provider)
        except Misconfigured:  # a provider of another version
            form = None
        return visit.show(
            "connections-one.html",
            code,
            item=replace(item, settings=shown.settings),
            form=form,
            filled=filled,
            tried=found,
            prints=shown.fingerprints,
            state=state_of(item, shown),
            load=(await self._connections.loads()).get(item.name, Load()),
            path=path_of(item),
            address=form.inward(self._public_url, item.name) if form else "",
        )


def page(core: Core) -> Connections:
    """The page, around one core."""
    return Connections(core)


async def _check(visit: Visit) -> None:
    """Connections carry for all accounts: only who runs the gateway may see and change them."""
    if not await runs_gateway(visit):
        raise Unknown(visit.say("Connections are set up by whoever runs this gateway."))


def _form(provider: str) -> Form:
    try:
        return form_of(provider)
    except Misconfigured as error:
        raise Unknown(str(error)) from None


def _filled(visit: Visit, form: Form) -> Filled:
    secret = [f"set_{one.name}" for one in form.settings if one.kind == "secret"]
    return Filled.of(visit, *secret)


def _policy(visit: Visit, filled: Filled) -> dict[str, Any]:
    """What is done when nobody knows."""
    policy = visit.text("on_unclear")
    if policy not in POLICIES:
        filled.wrong("on_unclear", visit.say("Choose one of these."))
    wait = read_whole(visit, filled, "receipt_wait", 1, LONGEST_WAIT)
    return {"receipt_wait": wait, "on_unclear": policy}


def _in_the_way(error: GatewayError) -> str:
    """The addresses that a conflict names."""
    return str(error).rpartition(": " if ": " in str(error) else "senders ")[2]
