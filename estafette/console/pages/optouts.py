"""Who is not written to: listed, added, let in again, brought in and taken out as files."""

import csv
from collections.abc import AsyncIterator
from io import StringIO
from typing import ClassVar
from urllib.parse import urlencode

from starlette.responses import Response, StreamingResponse

from estafette.console.pasted import MOST, NAMES, read
from estafette.console.rows import Row, get, post
from estafette.console.visit import Visit
from estafette.core.core import Core
from estafette.core.suppressions import Key, key_of
from estafette.model import Channel, Declined, Suppression
from estafette.model.ids import read_id
from estafette.model.session import Role

HOME = "/console/opt-outs"
_PAGE = 50
_SHOWN = 20  # lines of a preview
_LARGEST = 4 << 20  # bytes of what is brought in
_LINES = 500  # of an export that are given together
_SPACE = str.maketrans("", "", " \t()-./\0")


class OptOuts:
    """Each method answers one operation."""

    TABLE: ClassVar[list[Row]] = [
        get("/opt-outs", "list"),
        post("/opt-outs", "add"),
        post("/opt-outs/remove", "remove"),
        get("/opt-outs/import", "ask", Role.AGENT),
        post("/opt-outs/import", "bring_in", largest=_LARGEST),
        get("/opt-outs/export", "export"),
    ]

    def __init__(self, core: Core) -> None:
        self._core = core
        self._suppressions = core.suppressions

    async def list(self, visit: Visit) -> Response:
        """A page of them, by recipient."""
        return await self._list(visit)

    async def add(self, visit: Visit) -> Response:
        """Write to somebody no more."""
        typed = {name: visit.text(name) for name in ("recipient", "channel", "scope")}
        wrong: dict[str, str] = {}
        if typed["channel"] not in set(Channel):
            wrong["channel"] = visit.say("There is no such channel.")
        if typed["scope"] and typed["scope"] not in await self._scopes(visit):
            wrong["scope"] = visit.say("Choose a sender or a service of this account.")
        if wrong:
            return await self._list(visit, typed, wrong)
        try:
            item = self._suppressions.read(
                visit.account.sid,
                typed["recipient"],
                channel=Channel(typed["channel"]),
                scope=typed["scope"],
                source="console",
            )
        except Declined:
            wrong["recipient"] = visit.say("This is not a recipient on this channel.")
            return await self._list(visit, typed, wrong)
        _, is_new = await self._suppressions.add(item)
        if not is_new:
            return visit.go(HOME, visit.say("%(who)s was opted out already.", who=item.recipient))
        visit.changed("opt-out.added", item.recipient, channel=item.channel, scope=item.scope)
        return visit.go(HOME, visit.say("%(who)s is written to no more.", who=item.recipient))

    async def remove(self, visit: Visit) -> Response:
        """Let somebody be written to again."""
        recipient, scope = visit.text("recipient"), visit.text("scope")
        channel = Channel(visit.text("channel")) if visit.text("channel") in set(Channel) else None
        count = 0
        if channel and "\0" not in recipient + scope:
            count = await self._suppressions.remove(
                visit.account.sid, recipient, channel=channel, scopes=[scope]
            )
        if not count:
            return visit.go(HOME, visit.say("That is gone already."))
        visit.changed("opt-out.removed", recipient, channel=channel, scope=scope)
        return visit.go(HOME, visit.say("%(who)s may be written to again.", who=recipient))

    async def _list(
        self, visit: Visit, typed: dict[str, str] | None = None, wrong: dict[str, str] | None = None
    ) -> Response:
        asked = {
            name: visit.query.get(name, "").replace("\0", "") for name in ("q", "channel", "scope")
        }
        scopes = await self._scopes(visit)
        found = await self._suppressions.page(
            visit.account.sid,
            begins=_begins(asked["q"]),
            channel=Channel(asked["channel"]) if asked["channel"] in set(Channel) else None,
            scope={"": None, "account": ""}.get(asked["scope"], asked["scope"]),
            limit=_PAGE + 1,
            after=_key(visit.query.get("after", "")),
        )
        items = found[:_PAGE]
        kept = {name: text for name, text in asked.items() if text}
        last = {"after": ":".join(key_of(items[-1]))} if len(found) > _PAGE else {}
        return visit.show(
            "optouts.html", 400 if wrong else 200, items=items, asked=asked, scopes=scopes,
            channels=list(Channel), typed=typed or {}, wrong=wrong or {}, sources=_sources(items),
            following=f"{HOME}?{urlencode({**kept, **last})}" if last else "",
            first=f"{HOME}?{urlencode(kept)}" if visit.query.get("after") else "",
        )  # fmt: skip

    async def _scopes(self, visit: Visit) -> dict[str, str]:
        """What each sender and service of the account is called, by its id."""
        services = await self._core.pools.page(visit.account, limit=200)
        senders = await self._core.senders.list(visit.account.sid)
        named = {one.id: one.name for one in services.items}
        return named | {
            one.id: f"{one.address} {one.title}".strip() for one in senders if one.address
        }

    async def ask(self, visit: Visit) -> Response:
        """Ask for what is to be brought in."""
        return visit.show("optouts-import.html", **_blank())

    async def bring_in(self, visit: Visit) -> Response:
        """Read what was given and show it; once that is confirmed, add it."""
        text, channel = await _given(visit), visit.text("channel")
        facts = _blank() | {"text": text, "channel": channel}
        if channel not in set(Channel) or not text.strip():
            wrong = visit.say("Choose a file, or paste some lines.")
            return visit.show("optouts-import.html", 400, **{**facts, "wrong": wrong})
        pasted = read(text, visit.account.sid, self._suppressions, channel=Channel(channel))
        if visit.text("confirm") != "yes" or not pasted.good:
            return visit.show("optouts-import.html", **{**facts, "pasted": pasted})
        counts = await self._suppressions.add_all(pasted.good)
        visit.changed("opt-outs.imported", "", added=counts.added, known=counts.known)
        told = visit.say(
            "%(added)s added, %(known)s known already, %(bad)s not understood.",
            added=counts.added, known=counts.known, bad=len(pasted.bad),
        )  # fmt: skip
        return visit.go(HOME, told)

    async def export(self, visit: Visit) -> Response:
        """All of them as a CSV, as it can be brought in again."""
        return StreamingResponse(
            self._lines(visit.account.sid),
            media_type="text/csv; charset=utf-8",
            headers={"content-disposition": 'attachment; filename="opt-outs.csv"'},
        )

    async def _lines(self, account: str) -> AsyncIterator[str]:
        file = StringIO()
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(NAMES)
        count = 0
        async for item in self._suppressions.export(account):
            at = item.created_at.isoformat()
            writer.writerow((item.recipient, item.channel, item.scope, item.source, at))
            count += 1
            if count % _LINES == 0:
                yield file.getvalue()
                file.seek(0)
                file.truncate()
        yield file.getvalue()


def page(core: Core) -> OptOuts:
    """The page, around one core."""
    return OptOuts(core)


def _blank() -> dict[str, object]:
    return {
        "text": "", "channel": Channel.SMS, "channels": list(Channel), "wrong": "", "pasted": None,
        "most": MOST, "shown": _SHOWN, "names": ",".join(NAMES),
    }  # fmt: skip


async def _given(visit: Visit) -> str:
    """What was pasted, or stands in a file."""
    file = visit.file("file")
    if file is not None:
        return (await file.read()).decode("utf-8-sig", "replace")
    value = visit.form.get("text", "")
    return value if isinstance(value, str) else ""


def _begins(text: str) -> str:
    """What an address begins with, as people type it."""
    bare = text.translate(_SPACE)
    if bare.startswith("00"):
        bare = f"+{bare[2:]}"
    number = bare.removeprefix("+")
    return f"+{number}" if number.isascii() and number.isdigit() else text.strip()


def _key(text: str) -> Key | None:
    parts = text.replace("\0", "").rsplit(":", 2)
    return (parts[0], parts[1], parts[2]) if len(parts) == 3 else None


def _sources(items: list[Suppression]) -> dict[str, str]:
    """The messages by which people opted out themselves, by what is written of the source."""
    found = {}
    for item in items:
        word, _, id = item.source.partition(" ")
        if word == "message" and read_id(id):
            found[item.source] = id
    return found
