"""Services: pools of senders, how they are set, and who is in them."""

from typing import Any, ClassVar

from starlette.responses import Response

from estafette.console.carriers import states
from estafette.console.filled import Filled, read_chosen, read_hole
from estafette.console.rows import Row, get, post
from estafette.console.visit import Visit
from estafette.console.words import later as _
from estafette.core import tunings
from estafette.core.core import Core
from estafette.model import BadValue
from estafette.model.service import DEFAULTS, LONGEST_NAME, NotAdmitted, Obstacle, Service
from estafette.model.session import Role

#: Why a sender does not come into a pool.
OBSTACLES = {
    Obstacle.DUPLICATE: _("The sender is in this service already."),
    Obstacle.ELSEWHERE: _("The sender is in another service: take it out of that first."),
    Obstacle.FULL: _("The service has as many numbers as it can have."),
}

#: What counts for what is sent, as a switch: what it is called, and what it does.
SWITCHES = {
    "sticky_sender": (
        _("A recipient keeps its sender"),
        _("People know a number, and answer to it."),
    ),
    "area_code_geomatch": (
        _("Prefer a sender of the recipient’s area code"),
        _("In the United States and Canada."),
    ),
    "smart_encoding": (
        _("Replace typographic characters in SMS"),
        _("So that a text fits into fewer segments."),
    ),
}

#: What is kept for Twilio’s clients, and has no effect here.
KEPT = {
    "mms_converter": _("Turn MMS into SMS with a link"),
    "fallback_to_long_code": _("Fall back to a long code"),
    "synchronous_validation": _("Check numbers while somebody waits"),
}

_CHECKS = (*SWITCHES, *KEPT, "use_inbound_webhook_on_number")


class Services:
    """Each method answers one operation."""

    TABLE: ClassVar[list[Row]] = [
        get("/services/new", "blank", Role.OWNER),
        post("/services", "add", Role.OWNER),
        get("/services/{id}", "show"),
        post("/services/{id}", "change", Role.OWNER),
        post("/services/{id}/join", "join", Role.OWNER),
        post("/services/{id}/leave", "leave", Role.OWNER),
        post("/services/{id}/remove", "remove", Role.OWNER),
    ]

    def __init__(self, core: Core) -> None:
        self._core = core
        self._pools = core.pools
        self._senders = core.senders

    async def blank(self, visit: Visit) -> Response:
        """The form of a service to be."""
        return visit.show("services-add.html", filled=Filled(), longest=LONGEST_NAME)

    async def add(self, visit: Visit) -> Response:
        """Add a service with an empty pool."""
        filled = Filled.of(visit)
        name = _name(visit, filled)
        if filled.errors:
            return visit.show("services-add.html", 400, filled=filled, longest=LONGEST_NAME)
        made = await self._pools.add(visit.account, name, {})
        visit.changed("service.added", made.id, name=name)
        text = visit.say("The service is there. Bring senders in.")
        return visit.go(f"/console/services/{made.id}", text)

    async def show(self, visit: Visit) -> Response:
        """One service: how it is set, and who is in its pool."""
        service = await self._pools.get(visit.account, read_hole(visit))
        return await self._shown(visit, service, _filled(service))

    async def change(self, visit: Visit) -> Response:
        """Set it anew."""
        service = await self._pools.get(visit.account, read_hole(visit))
        filled = Filled.of(visit)
        name = _name(visit, filled)
        settings = _settings(visit, filled)
        if filled.errors:
            return await self._shown(visit, service, filled, 400)
        await self._pools.save(visit.account, service.id, name, settings)
        changed = sorted(key for key in settings if settings[key] != service.settings[key])
        visit.changed("service.changed", service.id, name=name, settings=changed)
        return visit.go(f"/console/services/{service.id}", visit.say("The service is set anew."))

    async def join(self, visit: Visit) -> Response:
        """Bring a sender in."""
        service = await self._pools.get(visit.account, read_hole(visit))
        try:
            made = await self._pools.join(visit.account, service.id, read_chosen(visit, "sender"))
        except NotAdmitted as error:
            filled = _filled(service)
            filled.wrong("sender", visit.say(OBSTACLES[error.obstacle]))
            return await self._shown(visit, service, filled, 409)
        visit.changed("service.joined", service.id, sender=made.sender.address)
        return visit.go(f"/console/services/{service.id}", visit.say("The sender is in."))

    async def leave(self, visit: Visit) -> Response:
        """Take a sender out; it stays the account's."""
        service = await self._pools.get(visit.account, read_hole(visit))
        sender = read_chosen(visit, "sender")
        await self._pools.leave(visit.account, service.id, sender)
        visit.changed("service.left", service.id, sender=sender)
        return visit.go(f"/console/services/{service.id}", visit.say("The sender is out."))

    async def remove(self, visit: Visit) -> Response:
        """Delete it; its senders stay."""
        service = await self._pools.get(visit.account, read_hole(visit))
        await self._pools.remove(visit.account, service.id)
        visit.changed("service.removed", service.id, name=service.name)
        return visit.go("/console/senders", visit.say("The service is deleted. Its senders stay."))

    async def _shown(
        self, visit: Visit, service: Service, filled: Filled, code: int = 200
    ) -> Response:
        members = await self._pools.members(visit.account, service.id)
        inside = {member.sender.id for member in members}
        every = await self._senders.list(visit.account.sid)
        return visit.show(
            "services.html",
            code,
            service=service,
            members=members,
            others=[sender for sender in every if sender.id not in inside],
            states=await states(self._core.connections),
            filled=filled,
            switches=SWITCHES,
            kept=KEPT,
            longest=LONGEST_NAME,
        )


def page(core: Core) -> Services:
    """The page, around one core."""
    return Services(core)


def _filled(service: Service) -> Filled:
    """The form of a service as it is."""
    values = {
        name: ("yes" if value else "") if isinstance(value, bool) else value
        for name, value in service.settings.items()
    }
    return Filled({"name": service.name, **values})


def _name(visit: Visit, filled: Filled) -> str:
    try:
        return tunings.read_name(visit.text("name"))
    except BadValue:
        filled.wrong("name", visit.say("1 to %(most)s characters.", most=LONGEST_NAME))
        return ""


def _settings(visit: Visit, filled: Filled) -> dict[str, Any]:
    """What the form sets; what it does not ask for stays."""
    found: dict[str, Any] = {name: bool(visit.text(name)) for name in _CHECKS}
    for name in DEFAULTS:
        if name in found or name not in visit.form:
            continue
        try:
            found |= tunings.read({name: visit.text(name)})
        except BadValue:
            filled.wrong(name, visit.say(_WRONG.get(name, _WRONG["url"])))
    return found


_WRONG = {
    "validity_period": _("A whole number of seconds from 1 to 36000."),
    "inbound_method": _("Choose one of these."),
    "fallback_method": _("Choose one of these."),
    "scan_message_content": _("Choose one of these."),
    "usecase": _("Choose one of these."),
    "url": _("An address such as https://example.com/inbound, or nothing."),
}
