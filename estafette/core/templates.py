"""Templates: texts with holes, their approval, and what they say once filled."""

import contextlib
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, TypeVar

from msgspec.structs import replace

from estafette.core.clock import Clock
from estafette.core.connections import PRETENDS, Connections
from estafette.core.designs import Designs
from estafette.core.wording import Wording, form
from estafette.model import Account, Approval, Channel, Conflict, Cursor, Sender, Unknown
from estafette.model.filling import fill, made_of
from estafette.model.ids import instant, new_id, read_id
from estafette.model.listed import Listed
from estafette.model.template import (
    Category,
    Filled,
    Malformed,
    Template,
    TemplateKind,
    TemplateStatus,
    Types,
    Unfit,
    body_of,
    check,
    is_plain,
    kind_of,
    shape_of,
)
from estafette.model.whatsapp import Said
from estafette.store import Store, senders, templates

#: How long the sandbox looks at a template before it approves of it.
_LOOKED_AT_FOR = timedelta(seconds=3)

_SHAPED = {"kind", "body", "media_url"}  #: what the shape of a template is made of

_W = TypeVar("_W", TemplateKind, TemplateStatus, Category)


class Templates:
    """What accounts keep of them."""

    def __init__(self, store: Store, connections: Connections, clock: Clock) -> None:
        self._store = store
        self._connections = connections
        self._clock = clock
        self._wording = Wording(store, connections)
        #: those that WhatsApp knows, as its own API has them
        self.designs = Designs(store, clock, self._seen, _LOOKED_AT_FOR)

    async def add(
        self,
        account: Account,
        *,
        name: str,
        language: str,
        types: Types,
        variables: Mapping[str, str],
    ) -> Template:
        """Make one from its shapes, for any channel."""
        now = self._clock()
        made = Template(
            id=new_id(now),
            account=account.sid,
            name=name,
            language=language,
            kind=kind_of(types),
            body=body_of(types),
            types=types,
            variables=variables,
            created_at=now,
            updated_at=now,
        )
        await self._store.write(lambda conn: templates.add(conn, made))
        return made

    async def create(
        self,
        account: Account,
        *,
        name: str,
        body: str,
        language: str = "en",
        channel: str = Channel.WHATSAPP,
        kind: str = TemplateKind.TEXT,
        status: str = "",
        title: str = "",
        category: str = "",
        media_url: str = "",
    ) -> Template:
        """Make one from a text with numbered holes, for WhatsApp. Without a status, its approval is
        asked for: the sandbox gives it within seconds.

        `media_url` is what it shows where a message brings no other. Raises Malformed, and Conflict
        where the account has one of this name in this language.
        """
        if channel != Channel.WHATSAPP:
            raise Malformed("channel", "must be whatsapp: no other has templates")
        now = self._clock()
        shows = _word(TemplateKind, kind, "kind")
        approval: dict[str, Any] = {
            "name": name,
            "category": str(_word(Category, category or Category.UTILITY, "category")),
        }
        if not status:
            approval["at"] = instant(now)
        made = Template(
            id=new_id(now),
            account=account.sid,
            name=name,
            language=language,
            channel=channel,
            kind=shows,
            body=body,
            types=shape_of(shows, body, media_url),
            details={"approval": approval, **({"title": title} if title else {})},
            status=_word(TemplateStatus, status or TemplateStatus.PENDING, "status"),
            created_at=now,
            updated_at=now,
        )
        if media_url and shows is TemplateKind.TEXT:
            raise Malformed("media_url", "is for other kinds than text")
        check(made, ("name", "title", "language", "body"))
        await self._store.write(lambda conn: templates.add(conn, made))
        return made

    async def get(self, account: Account, id: str) -> Template:
        """One of them. Raises Unknown; another account's is unknown too."""
        found = await self._store.read(lambda conn: templates.get(conn, account.sid, id))
        return (await self._seen(account, [found]))[0]

    async def find(self, account: Account, name: str, language: str = "") -> Template:
        """The one that WhatsApp knows by a name, in a language or in any. Raises Unknown."""
        found = await self._store.read(
            lambda conn: templates.find(conn, account.sid, name, language)
        )
        if found is None:
            raise Unknown(f"no template {name}" + (f" in {language}" if language else ""))
        return (await self._seen(account, [found]))[0]

    async def named(self, account: Account, name: str, language: str = "") -> Template:
        """The one of an id, an SID, or a name and a language. Raises Unknown."""
        id = read_id(name.removeprefix("HX"))
        return await (self.get(account, id) if id else self.find(account, name, language))

    async def page(
        self,
        account: Account,
        *,
        limit: int,
        cursor: Cursor | None = None,
        name: str = "",
        status: TemplateStatus | None = None,
        search: str = "",
        channel: str | None = None,
    ) -> Listed[Template]:
        """Those of an account, newest first: all, or those of a name, a status, and a channel (empty
        for those that any channel takes), and with `search` in their names.
        """
        if status:
            asked = await self._store.read(lambda conn: templates.waiting(conn, account.sid))
            await self._seen(account, asked)
        found = await self._store.read(
            lambda conn: templates.page(
                conn,
                account.sid,
                limit=limit,
                cursor=cursor,
                name=name,
                status=status,
                search=search,
                channel=channel,
            )
        )
        items = await self._seen(account, found.items)
        return Listed(items, found.has_next, found.has_previous)

    async def numbered(
        self, account: Account, *, number: int, limit: int
    ) -> tuple[list[Template], int]:
        """Those of a page, from 1, that have a text, newest first; and how many there are on all."""
        skip = (number - 1) * limit
        found, count = await self._store.read(
            lambda conn: templates.numbered(conn, account.sid, limit=limit, skip=skip)
        )
        return await self._seen(account, found), count

    async def save(self, account: Account, id: str, changes: Mapping[str, Any]) -> Template:
        """Change its name, language, types or variables. Raises Unknown, and Conflict for what was
        submitted: what was approved of stays as it is.
        """
        now = self._clock()

        def change(conn: Any) -> Template:
            known = templates.get(conn, account.sid, id, lock=True)
            if known.status is not TemplateStatus.UNSUBMITTED:
                raise Conflict("it was submitted for approval")
            changed = replace(known, **changes, updated_at=now)
            kind, body = kind_of(changed.types), body_of(changed.types)
            changed = replace(changed, kind=kind, body=body)
            templates.save(conn, changed)
            return changed

        return await self._store.write(change)

    async def change(self, account: Account, id: str, **parts: str) -> Template:
        """Change what `create` takes, except its channel, whatever its status: who runs the gateway
        knows. An empty title is its name; an empty `media_url`, no usual media.

        Raises Unknown, Malformed, and Conflict for a name and language in use, or where the text of
        what has other shapes would change.
        """
        now = self._clock()

        def change(conn: Any) -> Template:
            known = templates.get(conn, account.sid, id, lock=True)
            changed = replace(_changed(known, parts), updated_at=now)
            templates.save(conn, changed)
            return changed

        return (await self._seen(account, [await self._store.write(change)]))[0]

    async def retitle(self, account: Account, id: str, title: str) -> Template:
        """Call it otherwise. Raises Unknown, Malformed."""
        return await self.change(account, id, title=title)

    async def remove(self, account: Account, id: str) -> None:
        """Delete one; messages that were made of it stay. Raises Unknown."""
        await self._store.write(lambda conn: templates.remove(conn, account.sid, id))

    async def submit(self, account: Account, id: str, *, name: str, category: str) -> Template:
        """Ask for its approval. Raises Unknown, and Conflict where that was done before."""
        now = self._clock()

        def change(conn: Any) -> Template:
            known = templates.get(conn, account.sid, id, lock=True)
            if known.status is not TemplateStatus.UNSUBMITTED:
                raise Conflict("it was submitted for approval")
            asked = {"name": name, "category": category, "at": instant(now)}
            details = {**known.details, "approval": asked}
            status = TemplateStatus.RECEIVED
            changed = replace(known, details=details, status=status, updated_at=now)
            templates.save(conn, changed)
            return changed

        return await self._store.write(change)

    async def fill(
        self, account: Account, id: str, channel: Channel, given: Mapping[str, str]
    ) -> Filled:
        """What one says on a channel. Raises Unknown, Unfilled, Unfit."""
        return fill(await self.get(account, id), channel, given)

    async def say(
        self,
        account: Account,
        named: str,
        values: Sequence[str],
        *,
        channel: Channel,
        language: str = "",
        url: str = "",
    ) -> Filled:
        """What an approved one says, named by its id, its SID, or its name and a language.

        Raises Unknown, Unfilled, Unfit, and Conflict where it is not approved.
        """
        found = await self.named(account, named, language)
        if found.channel not in ("", channel):
            raise Unfit(f"it is for {found.channel}, not {channel}")
        if found.status is not TemplateStatus.APPROVED:
            raise Conflict(f"the template is {found.status}, not approved")
        return made_of(found, values, url)

    async def said(self, account: Account, sender: Sender, template: Mapping[str, Any]) -> Said:
        """What sending a template says, asked for as WhatsApp's own API does: by its name and language,
        with parameters for its components. Raises Unsaid.
        """
        asked = form(template)
        found: Template | None = None
        with contextlib.suppress(Unknown):
            found = await self.find(account, asked["name"], asked["language"]["code"])
        return await self._wording.said(account, sender, asked, found)

    async def told(self, connection: str, approval: Approval) -> None:
        """Write down what a carrier tells of a template over one of its connections."""
        await self.designs.told(connection, approval)

    async def _seen(self, account: Account, found: Sequence[Template]) -> list[Template]:
        """Templates with what became of their approval by now."""
        now = self._clock()
        latest = instant(now - _LOOKED_AT_FOR)
        due = {
            item.id
            for item in found
            if item.status in templates.WAITING and item.approval.get("at", latest + 1) <= latest
        }
        if not due:
            return list(found)
        is_approved = await self._is_on_sandbox(account)
        status = TemplateStatus.APPROVED if is_approved else TemplateStatus.PENDING
        settled = [item for item in found if item.id in due]
        await self._store.write(lambda conn: templates.settle(conn, settled, status, now))
        return [replace(item, status=status) if item.id in due else item for item in found]

    async def _is_on_sandbox(self, account: Account) -> bool:
        """Whether no carrier but the sandbox would have to approve."""
        found = await self._store.read(lambda conn: senders.all_of(conn, account.sid))
        names = {item.connection for item in found if item.channel is Channel.WHATSAPP}
        known = [(await self._connections.find(name))[0].provider for name in names]
        return all(provider == PRETENDS for provider in known)


def _word(words: type[_W], text: str, field: str) -> _W:
    """One of the words that a field takes. Raises Malformed."""
    try:
        return words(text)
    except ValueError:
        raise Malformed(field, f"must be one of {', '.join(words)}") from None


def _changed(known: Template, parts: Mapping[str, str]) -> Template:
    """A template with other parts. Raises Malformed, Conflict."""
    approval, details = dict(known.approval), dict(known.details)
    status = known.status
    if "status" in parts:
        status = _word(TemplateStatus, parts["status"], "status")
        approval.pop("at", None)
    if "category" in parts:
        approval["category"] = str(_word(Category, parts["category"], "category"))
    if "name" in parts and known.channel:
        approval["name"] = parts["name"]
    if "title" in parts:
        details["title"] = parts["title"]
    changed = replace(
        known,
        name=parts.get("name", known.name),
        language=parts.get("language", known.language),
        status=status,
        details={**details, **({"approval": approval} if approval else {})},
    )
    if parts.keys() & _SHAPED:
        changed = _reshaped(changed, parts)
    check(changed, parts.keys())
    return changed


def _reshaped(known: Template, parts: Mapping[str, str]) -> Template:
    if not is_plain(known):
        raise Conflict("it has other shapes than a text: change it where it was made")
    kind = _word(TemplateKind, parts.get("kind", known.kind), "kind")
    body = parts.get("body", known.body)
    usual = "" if kind is TemplateKind.TEXT else known.header
    url = parts.get("media_url", usual)
    if url and kind is TemplateKind.TEXT:
        raise Malformed("media_url", "is for other kinds than text")
    return replace(known, kind=kind, body=body, types=shape_of(kind, body, url))
