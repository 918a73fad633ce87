"""Connections as pages show them: their state, and what came of trying one."""

import re
from collections.abc import Awaitable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import quote

from estafette.console.filled import Filled
from estafette.console.visit import Visit
from estafette.console.words import later as _
from estafette.core.connections import Connections, public_id
from estafette.core.forms import Form
from estafette.core.sealed import Shown
from estafette.model import BadValue, Connection, Outcome, SendError
from estafette.model.fact import Fact

#: What the states of a connection are called.
STATES = {"ready": _("ready"), "parked": _("parked"), "misconfigured": _("set wrongly")}

#: What came of asking a carrier, where that was not an answer.
TRIED = {
    Outcome.MISCONFIGURED: _("The carrier does not take these credentials or settings."),
    Outcome.REFUSED: _("The carrier says no."),
    Outcome.THROTTLED: _("The carrier asks to come back later: too much was asked of it."),
    Outcome.UNREACHED: _("The carrier cannot be reached: nobody answers at its address."),
    Outcome.UNCLEAR: _("No answer came in time, or none that can be understood."),
}

#: What facts are about.
FACTS = {
    "name": _("Name"),
    "account": _("Account"),
    "kind": _("Kind"),
    "status": _("Status"),
    "number": _("Number"),
}

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_TYPES = re.compile(r"Expected `(?:int|float)")


class State(NamedTuple):
    """How a connection does."""

    word: str  #: one of STATES
    text: str = ""  #: why, in the carrier's words
    since: datetime | None = None

    @property
    def is_well(self) -> bool:
        """Whether messages go through it."""
        return self.word == "ready"

    @property
    def label(self) -> str:
        """The word as people read it, in English."""
        return STATES[self.word]


class Tried(NamedTuple):
    """What came of asking a carrier."""

    is_well: bool
    headline: str = ""
    text: str = ""  #: in the carrier's words
    code: str = ""
    facts: Sequence[tuple[str, str]] = ()  #: what each is about, and what the carrier says


def state_of(item: Connection, shown: Shown) -> State:
    """How a connection does."""
    if item.parked_at:
        return State("parked", item.parked_text, item.parked_at)
    return State("ready") if shown.is_ready else State("misconfigured", shown.trouble)


async def states(connections: Connections) -> Mapping[str, State]:
    """How all connections do, by their names."""
    return {item.name: state_of(item, connections.show(item)) for item in await connections.list()}


async def runs_gateway(visit: Visit) -> bool:
    """Whether connections are for the account of who looks."""
    return await visit.core.people.runs_gateway(visit.account.sid)


def path_of(item: Connection) -> str:
    """Where a connection is shown."""
    name = item.name if _NAME.fullmatch(item.name) else public_id(item)
    return f"/console/connections/{quote(name)}"


def read_name(visit: Visit, filled: Filled) -> str:
    """The name of a connection that is to be."""
    name = visit.text("name")
    if not _NAME.fullmatch(name):
        text = _("1 to 64 letters, digits, dots, underscores and hyphens, a letter or digit first.")
        filled.wrong("name", visit.say(text))
    return name


def read_settings(
    visit: Visit, filled: Filled, form: Form, before: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The settings that were typed, as the core changes those there were `before`: what is None has its
    default again, a secret that is left empty stays.
    """
    found: dict[str, Any] = {}
    for one in form.settings:
        text = visit.text(f"set_{one.name}")
        is_held = before is not None and one.name in before
        is_secret = one.kind == "secret"
        if text:
            found[one.name] = text
        elif is_held and (not is_secret or visit.text(f"clear_{one.name}")):
            found[one.name] = None
        if one.is_needed and not text and not (is_held and found.get(one.name, "") is not None):
            filled.wrong(f"set_{one.name}", visit.say("This is needed."))
    return found


def blame(visit: Visit, filled: Filled, form: Form, error: SendError | BadValue) -> None:
    """Note what does not fit a provider at the setting that it is about."""
    text = visit.told(error)
    if isinstance(error, BadValue):
        filled.wrong(f"set_{error.field}", visit.say("At another address it must be given again."))
        return
    for one in form.settings:
        if not re.search(rf"\b{one.name}\b", str(error)):
            continue
        if one.name == "base_url":
            asked = _("The beginning of an address, such as %(usual)s, and no more.")
            text = visit.say(asked, usual=one.default)
        elif _TYPES.search(str(error)):
            text = visit.say("This must be a number.")
        filled.wrong(f"set_{one.name}", text)
        return
    filled.wrong("settings", text)


async def tried(visit: Visit, asked: Awaitable[Sequence[Fact]]) -> Tried:
    """What came of asking a carrier. Raises BadValue."""
    try:
        facts = await asked
    except SendError as error:
        headline = visit.say(TRIED.get(error.outcome, TRIED[Outcome.UNCLEAR]))
        return Tried(False, headline, visit.told(error), error.code)
    named = [(visit.say(FACTS.get(fact.name, fact.name)), fact.text) for fact in facts]
    return Tried(True, visit.say("The carrier takes these settings."), facts=named)
