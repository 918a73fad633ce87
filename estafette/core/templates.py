"""Templates: texts with holes, their approval, and what they say once filled."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from msgspec.structs import replace

from estafette.core.clock import Clock
from estafette.core.connections import Connections
from estafette.model import Account, Channel, Conflict, Cursor
from estafette.model.ids import instant, new_id
from estafette.model.listed import Listed
from estafette.model.template import Filled, Template, Types, fill, media, words
from estafette.store import Store, senders, templates

#: How long the sandbox looks at a template before it approves of it.
_LOOKED_AT_FOR = timedelta(seconds=3)

UNSUBMITTED, RECEIVED, PENDING, APPROVED = "unsubmitted", "received", "pending", "approved"


class Templates:
    """What accounts keep of them."""

    def __init__(self, store: Store, connections: Connections, clock: Clock) -> None:
        self._store = store
        self._connections = connections
        self._clock = clock

    async def add(
        self,
        account: Account,
        *,
        name: str,
        language: str,
        types: Types,
        variables: Mapping[str, str],
    ) -> Template:
        """Make one from its shapes."""
        now = self._clock()
        made = Template(
            id=new_id(now),
            account=account.sid,
            name=name,
            language=language,
            kind=_kind(types),
            body=_body(types),
            types=types,
            variables=variables,
            status=UNSUBMITTED,
            created_at=now,
            updated_at=now,
        )
        await self._store.write(lambda conn: templates.add(conn, made))
        return made

    async def get(self, account: Account, id: str) -> Template:
        """One of them. Raises Unknown; another account's is unknown too."""
        found = await self._store.read(lambda conn: templates.get(conn, account.sid, id))
        return await self._seen(account, found)

    async def page(
        self, account: Account, *, limit: int, cursor: Cursor | None = None
    ) -> Listed[Template]:
        """Those of an account, newest first."""
        found = await self._store.read(
            lambda conn: templates.page(conn, account.sid, limit=limit, cursor=cursor)
        )
        items = [await self._seen(account, item) for item in found.items]
        return Listed(items, found.has_next, found.has_previous)

    async def save(self, account: Account, id: str, changes: Mapping[str, Any]) -> Template:
        """Change its name, language, types or variables. Raises Unknown, and Conflict for what was
        submitted: what was approved of stays as it is.
        """
        now = self._clock()

        def change(conn: Any) -> Template:
            known = templates.get(conn, account.sid, id, lock=True)
            if known.status != UNSUBMITTED:
                raise Conflict("it was submitted for approval")
            changed = replace(known, **changes, updated_at=now)
            changed = replace(changed, kind=_kind(changed.types), body=_body(changed.types))
            templates.save(conn, changed)
            return changed

        return await self._store.write(change)

    async def remove(self, account: Account, id: str) -> None:
        """Delete one; messages that were made of it stay. Raises Unknown."""
        await self._store.write(lambda conn: templates.remove(conn, account.sid, id))

    async def submit(self, account: Account, id: str, *, name: str, category: str) -> Template:
        """Ask for its approval. Raises Unknown, and Conflict where that was done before."""
        now = self._clock()

        def change(conn: Any) -> Template:
            known = templates.get(conn, account.sid, id, lock=True)
            if known.status != UNSUBMITTED:
                raise Conflict("it was submitted for approval")
            asked = {"name": name, "category": category, "at": instant(now)}
            details = {**known.details, "approval": asked}
            changed = replace(known, details=details, status=RECEIVED, updated_at=now)
            templates.save(conn, changed)
            return changed

        return await self._store.write(change)

    async def fill(
        self, account: Account, id: str, channel: Channel, given: Mapping[str, str]
    ) -> Filled:
        """What one says on a channel. Raises Unknown, Unfilled, Unfit."""
        found = await self._store.read(lambda conn: templates.get(conn, account.sid, id))
        return fill(found, channel, given)

    async def _seen(self, account: Account, template: Template) -> Template:
        """A template with what became of its approval by now."""
        asked = template.details.get("approval")
        if template.status != RECEIVED or not asked:
            return template
        age = instant(self._clock()) - asked["at"]
        if age < _LOOKED_AT_FOR / timedelta(microseconds=1):
            return template
        return replace(template, status=APPROVED if await self._is_on_sandbox(account) else PENDING)

    async def _is_on_sandbox(self, account: Account) -> bool:
        """Whether no carrier but the sandbox would have to approve."""
        found = await self._store.read(lambda conn: senders.all_of(conn, account.sid))
        names = {item.connection for item in found if item.channel is Channel.WHATSAPP}
        known = [(await self._connections.find(name))[0].provider for name in names]
        return all(provider == "sandbox" for provider in known)


def _body(types: Types) -> str:
    """The first text of all shapes."""
    return next((text for text in map(words, types.values()) if text), "")


def _kind(types: Types) -> str:
    return "media" if any(media(shape) for shape in types.values()) else "text"
