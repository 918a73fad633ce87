"""Templates as WhatsApp's own API has them: made of components, listed, edited, and told of by carriers."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from msgspec.structs import replace
from sqlalchemy import Connection as Conn

from estafette.core.clock import Clock
from estafette.model import Account, Approval, Channel, Conflict, Cursor, Unknown
from estafette.model import components as made_of
from estafette.model import design as words
from estafette.model.design import Design, Undesigned
from estafette.model.ids import instant, new_id
from estafette.model.listed import Listed
from estafette.model.template import Category, Template, TemplateStatus
from estafette.store import Store, senders, templates

Seen: TypeAlias = Callable[[Account, Sequence[Template]], Awaitable[list[Template]]]

#: What may be edited: nobody looks at it just now.
EDITABLE = (TemplateStatus.APPROVED, TemplateStatus.REJECTED, TemplateStatus.PAUSED)
#: What nobody looks at again once it is edited: the sandbox has approved of it before.
_TRUSTED = (TemplateStatus.APPROVED, TemplateStatus.PAUSED)


class Designs:
    """Those of accounts."""

    def __init__(self, store: Store, clock: Clock, seen: Seen, looked_at_for: timedelta) -> None:
        """`seen` gives templates with what became of their approval by now; the sandbox looks at each for
        so long.
        """
        self._store = store
        self._clock = clock
        self._seen = seen
        self._looked_at_for = looked_at_for

    async def add(
        self, account: Account, *, name: str, language: str, category: Category, design: Design
    ) -> Template:
        """Make one, and ask for its approval. Raises Undesigned where the account has it, or too many."""
        now = self._clock()
        asked = {"name": name, "category": str(category), "at": instant(now)}
        made = _shaped(
            Template(
                id=new_id(now),
                account=account.sid,
                name=name,
                language=language,
                channel=Channel.WHATSAPP,
                details={"approval": asked},
                status=TemplateStatus.PENDING,
                created_at=now,
                updated_at=now,
            ),
            design,
        )

        def write(conn: Conn) -> None:
            if templates.count(conn, account.sid) >= words.MOST:
                raise Undesigned("name", f"is one too many: {words.MOST} are there", words.TOO_MANY)
            same = templates.of_name(conn, account.sid, name)
            if any(item.language == language for item in same):
                raise _taken(name, language)
            templates.add(conn, made)

        try:
            await self._store.write(write)
        except Conflict:
            raise _taken(name, language) from None
        return made

    async def edit(
        self,
        account: Account,
        id: str,
        *,
        category: Category | None = None,
        design: Design | None = None,
        more: Mapping[str, Any] | None = None,
    ) -> Template:
        """Change its category, what it is made of, or what stands beside that.

        Raises Unknown, and Undesigned for what cannot be changed now.
        """
        await self.get(account, id)
        now = self._clock()

        def change(conn: Conn) -> Template:
            known = templates.get(conn, account.sid, id, lock=True)
            _check_editable(known, category)
            at = now - self._looked_at_for if known.status in _TRUSTED else now
            asked = {**known.approval, "category": str(category or known.category)}
            asked = {**asked, "at": instant(at)}
            asked.pop("reason", None)
            changed = replace(
                known,
                details={**known.details, "approval": asked},
                status=TemplateStatus.PENDING,
                updated_at=now,
            )
            changed = _shaped(changed, design) if design else _with(changed, more or {})
            templates.save(conn, changed)
            return changed

        return (await self._seen(account, [await self._store.write(change)]))[0]

    async def get(self, account: Account, id: str) -> Template:
        """One that WhatsApp was told of. Raises Unknown."""
        found = await self._store.read(lambda conn: templates.get(conn, account.sid, id))
        if not found.channel and found.status is TemplateStatus.UNSUBMITTED:
            raise Unknown(f"no template {id}")
        return (await self._seen(account, [found]))[0]

    async def page(
        self,
        account: Account,
        fits: Callable[[Template], bool],
        *,
        limit: int,
        cursor: Cursor | None = None,
    ) -> Listed[Template]:
        """Those that WhatsApp was told of and that fit, newest first."""
        asked = await self._store.read(lambda conn: templates.waiting(conn, account.sid))
        await self._seen(account, asked)
        return await self._store.read(
            lambda conn: templates.known(conn, account.sid, fits, limit=limit, cursor=cursor)
        )

    async def count(self, account: Account) -> int:
        """How many there are of those."""
        return await self._store.read(lambda conn: templates.count(conn, account.sid))

    async def unpause(self, account: Account, id: str) -> None:
        """Let what was paused be sent again. Raises Unknown, and Undesigned where it is not paused."""

        def change(conn: Conn) -> None:
            known = templates.get(conn, account.sid, id, lock=True)
            if known.status is not TemplateStatus.PAUSED:
                raise Undesigned("status", f"is {known.status}: it is not paused")
            approved = replace(known, status=TemplateStatus.APPROVED, updated_at=self._clock())
            templates.save(conn, approved)

        await self._store.write(change)

    async def remove_named(
        self, account: Account, name: str, *, language: str = "", id: str = ""
    ) -> None:
        """Delete all of a name, or the one of them with this language, or with this id. Raises Unknown."""

        def remove(conn: Conn) -> None:
            found = [
                item
                for item in templates.of_name(conn, account.sid, name, lock=True)
                if language in ("", item.language) and id in ("", item.id)
            ]
            if not found:
                raise Unknown(f"no template {name}")
            for item in found:
                templates.remove(conn, account.sid, item.id)

        await self._store.write(remove)

    async def remove(self, account: Account, ids: Sequence[str]) -> None:
        """Delete all of these, or none. Raises Unknown."""

        def remove(conn: Conn) -> None:
            for id in ids:
                templates.remove(conn, account.sid, id)

        await self._store.write(remove)

    async def told(self, connection: str, approval: Approval) -> None:
        """Write down what a carrier tells of a template, for each account that it carries for; what nobody
        has is forgotten.
        """
        now = self._clock()

        def write(conn: Conn) -> None:
            for account in senders.accounts_on(conn, connection):
                for known in templates.of_name(conn, account, approval.name, lock=True):
                    if known.language == approval.language:
                        templates.save(conn, _settled(known, approval, now))

        await self._store.write(write)


def _taken(name: str, language: str) -> Undesigned:
    return Undesigned("name", f"{name} is there in {language} already", words.TAKEN)


def _check_editable(known: Template, category: Category | None) -> None:
    """Raises Undesigned for what may not be changed."""
    if known.channel != Channel.WHATSAPP:
        raise Undesigned("components", "have other shapes: change it where it was made")
    if known.status not in EDITABLE:
        raise Undesigned("status", f"is {known.status}: only {', '.join(EDITABLE)} can be edited")
    is_approved = known.status is TemplateStatus.APPROVED
    if is_approved and category not in (None, known.category):
        raise Undesigned("category", "of what was approved cannot be changed")


def _shaped(known: Template, design: Design) -> Template:
    """The same made of other components."""
    types = made_of.shape(design.components, design.parameter_format, **design.more)
    body = types[made_of.SHAPE]["body"]
    return replace(known, types=types, kind=made_of.kind_of(design.components), body=body)


def _with(known: Template, more: Mapping[str, Any]) -> Template:
    if not more or not made_of.is_made_of(known):
        return known
    shape = {**known.types[made_of.SHAPE], **more}
    return replace(known, types={**known.types, made_of.SHAPE: shape})


def _settled(known: Template, approval: Approval, now: datetime) -> Template:
    """A template after what its carrier told; words that are none of ours change nothing."""
    asked = {name: value for name, value in known.approval.items() if name not in ("at", "reason")}
    asked.setdefault("name", known.submitted_name)
    if approval.category in set(Category) - {known.category}:
        asked["previous"] = str(known.category)
        asked["category"] = approval.category
    if approval.reason:
        asked["reason"] = approval.reason
    is_word = approval.status in set(TemplateStatus)
    status = TemplateStatus(approval.status) if is_word else known.status
    details = {**known.details, "approval": asked}
    return replace(known, status=status, details=details, updated_at=now)
