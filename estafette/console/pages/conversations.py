"""Conversations: a list, one of them beside it, and what is done with it."""

from datetime import date
from functools import partial
from typing import Any, ClassVar

from babel.dates import format_date
from starlette.responses import Response

from estafette.console.answering import Answering, Draft
from estafette.console.rows import Row, get, post
from estafette.console.said import designs
from estafette.console.threads import (
    ME,
    NOBODY,
    Narrowed,
    digest,
    lines,
    lookers,
    narrowed,
    print_of,
    quoted,
    stamp,
)  # fmt: skip
from estafette.console.visit import Visit
from estafette.core.core import Core
from estafette.core.talks import Talks
from estafette.model import BadValue, Message, Unknown
from estafette.model.contact import Card, TalkFilter
from estafette.model.desk import Funnel
from estafette.model.session import Role

_PAGE, _PART = 40, 50  # conversations of a list, messages of a thread
_LIVE = 500  # messages that are drawn anew at the most
_LARGEST = 101 << 20  # bytes of a form with a file in it
_LONGEST_NOTE, _LONGEST_REASON = 5000, 200  # characters
_ONE = "/conversations/{id}"


class Conversations(Answering):
    """Each method answers one operation."""

    TABLE: ClassVar[list[Row]] = [
        get("/conversations", "list"),
        get(_ONE, "show"),
        get(f"{_ONE}/template", "template", Role.AGENT),
        post(f"{_ONE}/count", "count"),
        post(f"{_ONE}/reply", "reply", largest=_LARGEST),
        post(f"{_ONE}/note", "note"),
        post(f"{_ONE}/assign", "assign"),
        post(f"{_ONE}/close", "close"),
        post(f"{_ONE}/open", "open"),
        post(f"{_ONE}/tags", "tags"),
        post(f"{_ONE}/block", "block"),
    ]

    def __init__(self, core: Core) -> None:
        super().__init__(core)
        self._core = core
        self._talks = core.conversations
        self._desk = core.desk

    async def list(self, visit: Visit) -> Response:
        """Show the list alone; or, asked for as a part, what is new of it."""
        asked = narrowed(visit.query)
        facts = {**await self._listed(visit, asked), "id": ""}
        if visit.query.get("part") == "live" and visit.is_part:
            return _unless_seen(visit, "conversations-list.html", facts)
        return visit.show("conversations.html", **facts, **await self._choices(visit))

    async def show(self, visit: Visit) -> Response:
        """Show one, beside the list; or a part of it."""
        card = await self._card(visit)
        part = visit.query.get("part", "") if visit.is_part else ""
        if part == "earlier":
            facts = await self._thread(visit, card, after=visit.query.get("before", ""))
            return visit.show("conversations-earlier.html", asked=narrowed(visit.query), **facts)
        if part == "live":
            return _unless_seen(visit, "conversations-live.html", await self._live(visit, card))
        return await self.page(visit, card, Draft())

    async def page(
        self, visit: Visit, card: Card, draft: Draft, status: int = 200, **more: Any
    ) -> Response:
        """The whole page of one, with what was typed."""
        asked = narrowed(visit.query)
        funnels = await self._desk.funnels(visit.account.sid)
        listed = await self._listed(visit, asked)
        thread = await self._thread(visit, card, after=visit.query.get("before", ""))
        facts = {
            **listed,
            **thread,
            "seen": f"{listed['seen']}-{thread['shown']}",
            **await self._choices(visit),
            **await self.box(visit, card, draft),
            "funnels": funnels,
            "funnel_options": [
                ("", visit.say("No stage")),
                *((one.id, _called(one)) for one in funnels),
            ],
            "tags": await self._desk.tags(visit.account.sid),
            "noting": "",
            "errors": {},
            **more,
        }
        return visit.show("conversations.html", status, **facts)

    async def note(self, visit: Visit) -> Response:
        """Write something that colleagues see."""
        text, card = visit.text("note"), await self._card(visit)
        if not text or len(text) > _LONGEST_NOTE:
            error = visit.say("A note has 1 to %(most)s characters.", most=_LONGEST_NOTE)
            return await self.page(visit, card, Draft(), 400, noting=text, errors={"note": error})
        author = visit.session.name or visit.account.name
        await self._talks.note(visit.account.sid, _id(visit), text, author)
        visit.changed("conversation.noted", _id(visit))
        return _back(visit, visit.say("The note is written down."))

    async def assign(self, visit: Visit) -> Response:
        """Say who looks after it, and which stage it is in."""
        account, asked = visit.account.sid, visit.form
        parts = {name: visit.text(name) for name in ("assignee", "team", "funnel") if name in asked}
        if parts.get("assignee") == ME:
            parts["assignee"] = visit.session.holder
        looks: dict[str, Any] = {
            "assignee": self._desk.user, "team": self._desk.team, "funnel": self._desk.funnel,
        }  # fmt: skip
        for name, value in parts.items():
            if value:
                await looks[name](account, value)
        await self._talks.change(account, _id(visit), **parts)
        visit.changed("conversation.assigned", _id(visit), **parts)
        return _back(visit, visit.say("Saved."))

    async def close(self, visit: Visit) -> Response:
        """Close it, perhaps with a reason."""
        reason = visit.text("reason")[:_LONGEST_REASON]
        await self._talks.close(visit.account.sid, _id(visit), reason)
        visit.changed("conversation.closed", _id(visit), reason=reason)
        return _back(visit, visit.say("The conversation is closed."))

    async def open(self, visit: Visit) -> Response:
        """Open it again."""
        await self._talks.open(visit.account.sid, _id(visit))
        visit.changed("conversation.opened", _id(visit))
        return _back(visit, visit.say("The conversation is open again."))

    async def tags(self, visit: Visit) -> Response:
        """Give its contact other tags."""
        card = await self._card(visit)
        found = [*visit.texts("tag"), *visit.text("more").split(",")]
        tags = [tag.strip()[:_LONGEST_REASON] for tag in found if tag.strip()]
        await self._core.contacts.change(visit.account.sid, card.contact.id, tags=tags)
        visit.changed("contact.changed", card.contact.id, tags=tags)
        return _back(visit, visit.say("Saved."))

    async def block(self, visit: Visit) -> Response:
        """Hear its contact no more, or let it in again."""
        card, blocked = await self._card(visit), visit.text("blocked") == "yes"
        await self._core.contacts.change(visit.account.sid, card.contact.id, blocked=blocked)
        visit.changed("contact.blocked" if blocked else "contact.let_in", card.contact.id)
        if blocked:
            return _back(visit, visit.say("The contact is blocked."))
        return _back(visit, visit.say("The contact is let in again."))

    async def _card(self, visit: Visit) -> Card:
        return await self._talks.get(visit.account.sid, _id(visit))

    async def _listed(self, visit: Visit, asked: Narrowed) -> dict[str, Any]:
        try:
            found = await self._page(visit, asked.filter(visit.session), asked.after)
        except (Unknown, BadValue):
            found = Talks([], None)
        return {
            "talks": found.items,
            "older": found.next,
            "asked": asked,
            "seen": digest(map(print_of, found.items)),
        }

    async def _page(self, visit: Visit, asked: TalkFilter, after: str) -> Talks:
        return await self._talks.page(visit.account.sid, asked, after=after, limit=_PAGE)

    async def _thread(
        self, visit: Visit, card: Card, *, after: str = "", since: str = "", limit: int = _PART
    ) -> dict[str, Any]:
        account, id = visit.account, _id(visit)
        found = await self._talks.thread(account.sid, id, after=after, since=since, limit=limit)
        said = [item for item in found.items if isinstance(item, Message)]
        drawn = {item.id: item for item in await self._core.media.shown(said)}
        shown = [drawn.get(item.id, item) for item in found.items]
        opening = await self._talks.opening(card)
        return {
            "id": id,
            "card": card,
            "lines": [*lines(shown, visit.zone, partial(_day, visit))],
            "earliest": found.items[-1].id if found.items else "",
            "has_earlier": found.has_earlier,
            "is_latest": not after,
            "quoted": quoted(said),
            "designs": await designs(self._core, account, said),
            "opening": opening,
            "shown": digest([opening.lets, *map(stamp, found.items)]),
        }

    async def _live(self, visit: Visit, card: Card) -> dict[str, Any]:
        since = visit.query.get("since", "")
        limit = _LIVE if since else _PART
        asked = narrowed(visit.query)
        listed = await self._listed(visit, asked)
        thread = await self._thread(visit, card, since=since, limit=limit)
        return {**listed, **thread, "seen": f"{listed['seen']}-{thread['shown']}"}

    async def _choices(self, visit: Visit) -> dict[str, Any]:
        account = visit.account.sid
        users, teams = await self._desk.users(account), await self._desk.teams(account)
        words = {
            "all": visit.say("Everybody"), ME: visit.say("Me"), NOBODY: visit.say("Nobody yet"),
        }  # fmt: skip
        return {
            "users": users,
            "team_options": [("", visit.say("No team")), *((team.id, team.name) for team in teams)],
            "lookers": lookers(visit.session, users, teams, words),
        }


def page(core: Core) -> Conversations:
    """The page, around one core."""
    return Conversations(core)


def _id(visit: Visit) -> str:
    return str(visit.holes["id"]).lower()


def _back(visit: Visit, notice: str) -> Response:
    query = narrowed(visit.query).query
    return visit.go(f"/console/conversations/{_id(visit)}{f'?{query}' if query else ''}", notice)


def _called(stage: Funnel) -> str:
    return f"{stage.emoji} {stage.name}".strip()


def _day(visit: Visit, day: date) -> str:
    """What a day is called today."""
    past = (visit.now.astimezone(visit.zone).date() - day).days
    if past == 0:
        return visit.say("Today")
    if past == 1:
        return visit.say("Yesterday")
    return str(format_date(day, "full", locale=visit.words.locale))


def _unless_seen(visit: Visit, template: str, facts: dict[str, Any]) -> Response:
    """Nothing where the page shows this already: what plays or is unfolded there stays so."""
    if visit.query.get("seen", "") == facts["seen"]:
        return Response(status_code=204)
    return visit.show(template, **facts)
