"""Senders and services: what messages leave from, and numbers that can be taken."""

from typing import ClassVar

from msgspec.structs import replace
from starlette.responses import Response

from estafette.console import addresses
from estafette.console.carriers import runs_gateway, states
from estafette.console.filled import Filled, read_hole
from estafette.console.rows import Row, get, post
from estafette.console.visit import Visit
from estafette.console.words import later as _
from estafette.core.core import Core
from estafette.core.senders import is_main
from estafette.model import (
    Channel,
    Conflict,
    Cursor,
    GatewayError,
    Hook,
    Sender,
    Unknown,
)
from estafette.model.address import e164
from estafette.model.number import NumberKind, Wanted, pattern
from estafette.model.session import Role

MOST = 50  #: senders, or services, on a page
MOST_NUMBERS = 20

#: What numbers are to those who call them.
KINDS = {
    NumberKind.LOCAL: _("local"),
    NumberKind.MOBILE: _("mobile"),
    NumberKind.TOLL_FREE: _("toll-free"),
    NumberKind.NATIONAL: _("national"),
    NumberKind.VOIP: _("voice over IP"),
    NumberKind.SHARED_COST: _("shared cost"),
    NumberKind.MACHINE_TO_MACHINE: _("machine to machine"),
}


class Senders:
    """Each method answers one operation."""

    TABLE: ClassVar[list[Row]] = [
        get("/senders", "list"),
        get("/senders/new", "blank", Role.OWNER),
        post("/senders", "add", Role.OWNER),
        get("/senders/numbers", "numbers", Role.OWNER),
        post("/senders/numbers", "take", Role.OWNER),
        get("/senders/{id}", "show"),
        post("/senders/{id}", "change", Role.OWNER),
        post("/senders/{id}/main", "make_main", Role.OWNER),
        post("/senders/{id}/release", "release", Role.OWNER),
    ]

    def __init__(self, core: Core) -> None:
        self._core = core
        self._senders = core.senders
        self._numbers = core.numbers
        self._pools = core.pools

    async def list(self, visit: Visit) -> Response:
        """All senders, and the services they are in."""
        after = visit.query.get("after", "")
        every = await self._senders.list(visit.account.sid)
        behind = [sender for sender in every if sender.id > after]
        page = await self._pools.page(visit.account, limit=MOST, cursor=_cursor(visit))
        pools = [
            (service, await self._pools.members(visit.account, service.id))
            for service in page.items
        ]
        return visit.show(
            "senders.html",
            senders=behind[:MOST],
            older=f"/console/senders?after={behind[MOST - 1].id}" if len(behind) > MOST else "",
            newer="/console/senders" if after else "",
            states=await states(self._core.connections),
            is_main=is_main,
            pools=pools,
            more_pools=f"/console/senders?pools={page.items[-1].id}" if page.has_next else "",
        )

    async def blank(self, visit: Visit) -> Response:
        """The form of a sender to be."""
        well = (name for name, one in (await states(self._core.connections)).items() if one.is_well)
        usual = {"channel": Channel.SMS, "connection": next(well, "")}
        return await self._shown_new(visit, Filled(usual))

    async def add(self, visit: Visit) -> Response:
        """Add a sender."""
        filled = Filled.of(visit)
        parts = addresses.read_parts(visit, filled)
        channel = _channel(visit, filled)
        address = visit.text("address")
        if not address:
            filled.wrong("address", visit.say("This is needed."))
        made = None
        if channel and not filled.errors:
            try:
                is_first = bool(visit.text("main"))
                made = await self._senders.add(
                    visit.account.sid, channel, address, main=is_first, **parts
                )
            except GatewayError as error:
                addresses.blame(visit, filled, error)
        if made is None:
            return await self._shown_new(visit, filled, 400)
        visit.changed("sender.added", made.id, channel=made.channel, address=made.address)
        return visit.go(f"/console/senders/{made.id}", visit.say("The sender is there."))

    async def _shown_new(self, visit: Visit, filled: Filled, code: int = 200) -> Response:
        names = await addresses.connections(visit)
        return visit.show("senders-add.html", code, filled=filled, names=names, channels=[*Channel])

    async def show(self, visit: Visit) -> Response:
        """One sender, and how it is set."""
        sender = await self._senders.get(visit.account.sid, read_hole(visit))
        return await self._shown(visit, sender, addresses.shown(sender))

    async def change(self, visit: Visit) -> Response:
        """Set it anew."""
        sender = await self._senders.get(visit.account.sid, read_hole(visit))
        filled = Filled.of(visit)
        parts = addresses.read_changes(visit, filled, sender)
        if not filled.errors:
            hooks: list[Hook] = [parts["inbound"], parts["fallback"]]
            try:
                await self._senders.change(visit.account.sid, sender.id, **parts)
            except GatewayError as error:
                addresses.blame(visit, filled, error, hooks)
        if filled.errors:
            return await self._shown(visit, sender, filled, 400)
        changed = sorted(name for name in parts if parts[name] != getattr(sender, name))
        visit.changed("sender.changed", sender.id, address=sender.address, parts=changed)
        return visit.go(f"/console/senders/{sender.id}", visit.say("The sender is set anew."))

    async def _shown(
        self, visit: Visit, sender: Sender, filled: Filled, code: int = 200
    ) -> Response:
        return visit.show(
            "senders-one.html",
            code,
            sender=sender,
            filled=filled,
            is_main=is_main(sender),
            names=await addresses.connections(visit, sender.channel, sender.connection),
            links=await runs_gateway(visit),
            state=(await states(self._core.connections)).get(sender.connection),
            application=await self._application(visit, sender),
        )

    async def _application(self, visit: Visit, sender: Sender) -> str:
        """What the application is called whose addresses count in place of the sender's own."""
        if not sender.application:
            return ""
        try:
            found = await self._core.applications.get(visit.account, sender.application)
        except Unknown:
            return ""
        return found.name or f"AP{found.id}"

    async def make_main(self, visit: Visit) -> Response:
        """Send from it where nothing else is said."""
        sender = await self._senders.change(visit.account.sid, read_hole(visit), main=True)
        visit.changed("sender.main", sender.id, address=sender.address)
        text = visit.say("It is sent from where nothing else is said.")
        return visit.go(f"/console/senders/{sender.id}", text)

    async def release(self, visit: Visit) -> Response:
        """Give it back."""
        sender = await self._senders.get(visit.account.sid, read_hole(visit))
        await self._senders.release(visit.account.sid, sender.id)
        visit.changed("sender.released", sender.id, address=sender.address)
        return visit.go("/console/senders", visit.say("The sender is given back."))

    async def numbers(self, visit: Visit) -> Response:
        """Numbers that nobody holds."""
        return await self._shown_numbers(visit, "")

    async def take(self, visit: Visit) -> Response:
        """Make one of them a sender."""
        filled = Filled.of(visit)
        title = addresses.read_title(visit, filled)
        if filled.errors:
            return await self._shown_numbers(visit, filled.error("title"), 400)

        def named(sender: Sender) -> Sender:
            return replace(sender, title=title)

        try:
            number = await self._numbers.one(e164(visit.text("address")) or "")
            made = await self._numbers.take(visit.account, number, named)
        except (Conflict, Unknown):
            text = visit.say("Somebody else has taken that number, or it is not to be had.")
            return await self._shown_numbers(visit, text, 409)
        visit.changed("sender.taken", made.id, address=made.address)
        return visit.go(f"/console/senders/{made.id}", visit.say("The number is a sender now."))

    async def _shown_numbers(self, visit: Visit, error: str, code: int = 200) -> Response:
        query = visit.query
        wanted, wrong = _wanted(visit)
        found = [] if wrong else await self._numbers.free(wanted, limit=MOST_NUMBERS)
        return visit.show(
            "senders-numbers.html",
            code if not wrong else 400,
            found=found,
            countries=sorted(await self._numbers.countries()),
            kinds=KINDS,
            error=error,
            filled=Filled({name: query.get(name, "") for name in _PARTS}, wrong),
        )


_PARTS = ("country", "kind", "area_code", "contains", "locality")


def page(core: Core) -> Senders:
    """The page, around one core."""
    return Senders(core)


def _cursor(visit: Visit) -> Cursor | None:
    after = visit.query.get("pools", "")
    return Cursor(after) if len(after) == 32 and after.isalnum() and after.isascii() else None


def _channel(visit: Visit, filled: Filled) -> Channel | None:
    try:
        return Channel(visit.text("channel"))
    except ValueError:
        filled.wrong("channel", visit.say("Choose one of these."))
        return None


def _wanted(visit: Visit) -> tuple[Wanted, dict[str, str]]:
    """Which numbers are looked for, and what is wrong with that."""
    said = {name: visit.query.get(name, "").strip() for name in _PARTS}
    wrong = {}
    if said["area_code"] and not (said["area_code"].isascii() and said["area_code"].isdigit()):
        wrong["area_code"] = visit.say("Three digits, in North America.")
    if said["contains"] and pattern(said["contains"]) is None:
        wrong["contains"] = visit.say("Digits, with * for any one of them.")
    if said["country"] and not (said["country"].isascii() and said["country"].isalpha()):
        wrong["country"] = visit.say("Choose one of these.")
    kind = NumberKind(said["kind"]) if said["kind"] in set(NumberKind) else None
    return Wanted(
        country=said["country"].upper(),
        kind=kind,
        area_code=said["area_code"],
        contains="" if wrong else said["contains"],
        locality=said["locality"],
    ), wrong
