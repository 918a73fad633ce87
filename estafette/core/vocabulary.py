"""The words that a desk uses: tags and fields of contacts, stages of conversations, what users say of
themselves.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import Connection as Conn

from estafette.core.clock import Clock
from estafette.model import BadValue, Conflict
from estafette.model.desk import (
    LONGEST_NAME,
    CustomStatus,
    Field,
    FieldKind,
    Funnel,
    Tag,
    is_line,
)
from estafette.model.ids import new_id
from estafette.store import Store, nouns
from estafette.store.nouns import FIELDS, FUNNELS, STATUSES, TAGS, Noun
from estafette.store.users import unassign

T = TypeVar("T", bound=Struct)

LONGEST_EMOJI = 32  # characters: one that is seen may be made of many
MOST_OPTIONS = 200
LAST_POSITION = 1_000_000

_CHOICES = (FieldKind.DROPDOWN, FieldKind.CHECKBOX)


class Vocabulary:
    """The words of all accounts, which are named by their SIDs; another account's are unknown.

    Whatever takes a text raises BadValue for one that cannot stand for it.
    """

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def tags(self, account: str) -> list[Tag]:
        """The tags of an account, the oldest first."""
        return await self._all(TAGS, account)

    async def tag(self, account: str, id: str) -> Tag:
        """One tag. Raises Unknown."""
        return await self._get(TAGS, account, id)

    async def add_tag(self, account: str, *, name: str) -> Tag:
        """A new tag. Raises Conflict where there is one of this name, in capitals or not."""
        text = line("name", name)
        return await self._add(
            TAGS, account, {"name": text}, _free(TAGS, "folded", fold(text)), folded=fold(text)
        )

    async def change_tag(self, account: str, id: str, *, name: str) -> Tag:
        """Another name for a tag; contacts keep what they were tagged with. Raises as `add_tag`."""
        text = line("name", name)
        return await self._change(
            TAGS, account, id, {"name": text}, _free(TAGS, "folded", fold(text)), folded=fold(text)
        )

    async def remove_tag(self, account: str, id: str) -> None:
        """Delete a tag; contacts keep what they were tagged with. Raises Unknown."""
        await self._remove(TAGS, account, id)

    async def fields(self, account: str) -> list[Field]:
        """The fields that contacts of an account may have, the oldest first."""
        return await self._all(FIELDS, account)

    async def field(self, account: str, id: str) -> Field:
        """One field. Raises Unknown."""
        return await self._get(FIELDS, account, id)

    async def add_field(
        self,
        account: str,
        *,
        name: str,
        kind: FieldKind = FieldKind.TEXT,
        options: Iterable[str] = (),
    ) -> Field:
        """A new field. Raises Conflict for a name in use, BadValue for options that its kind has not."""
        text, choices = line("name", name), _options(kind, options)
        parts = {"name": text, "kind": kind, "options": choices}
        return await self._add(FIELDS, account, parts, _free(FIELDS, "name", text))

    async def change_field(
        self,
        account: str,
        id: str,
        *,
        name: str | None = None,
        kind: FieldKind | None = None,
        options: Iterable[str] | None = None,
    ) -> Field:
        """Change what is given; contacts keep the values that they have. Raises as `add_field`."""
        text = None if name is None else line("name", name)
        given = None if options is None else tuple(options)

        def parts(before: Field) -> dict[str, Any]:
            meant = before.kind if kind is None else kind
            kept = before.options if meant in _CHOICES else ()
            choices = _options(meant, kept if given is None else given)
            return {"name": text, "kind": kind, "options": choices}

        check = None if text is None else _free(FIELDS, "name", text)
        return await self._change(FIELDS, account, id, parts, check)

    async def remove_field(self, account: str, id: str) -> None:
        """Delete a field; contacts keep the values that they have. Raises Unknown."""
        await self._remove(FIELDS, account, id)

    async def statuses(self, account: str) -> list[CustomStatus]:
        """What the users of an account may say of themselves, the oldest first."""
        return await self._all(STATUSES, account)

    async def status(self, account: str, id: str) -> CustomStatus:
        """One custom status. Raises Unknown."""
        return await self._get(STATUSES, account, id)

    async def add_status(self, account: str, *, name: str, emoji: str = "") -> CustomStatus:
        """A new custom status."""
        return await self._add(STATUSES, account, _named(name, emoji))

    async def change_status(
        self, account: str, id: str, *, name: str | None = None, emoji: str | None = None
    ) -> CustomStatus:
        """Change what is given. Raises Unknown."""
        return await self._change(STATUSES, account, id, _named(name, emoji))

    async def funnels(self, account: str) -> list[Funnel]:
        """The stages of an account's conversations, by their positions."""
        found = await self._all(FUNNELS, account)
        return sorted(found, key=lambda funnel: funnel.position)

    async def funnel(self, account: str, id: str) -> Funnel:
        """One stage. Raises Unknown."""
        return await self._get(FUNNELS, account, id)

    async def add_funnel(
        self, account: str, *, name: str, emoji: str = "", position: int | None = None
    ) -> Funnel:
        """A new stage, behind all others unless its position is given."""
        parts = _named(name, emoji)
        if position is None:
            known = await self.funnels(account)
            position = min(known[-1].position + 1, LAST_POSITION) if known else 1
        return await self._add(FUNNELS, account, {**parts, "position": _position(position)})

    async def change_funnel(
        self,
        account: str,
        id: str,
        *,
        name: str | None = None,
        emoji: str | None = None,
        position: int | None = None,
    ) -> Funnel:
        """Change what is given. Raises Unknown."""
        parts = _named(name, emoji)
        parts["position"] = None if position is None else _position(position)
        return await self._change(FUNNELS, account, id, parts)

    async def remove_funnel(self, account: str, id: str) -> None:
        """Delete a stage; the conversations that were in it are in none. Raises Unknown."""
        now = self._clock()

        def write(conn: Conn) -> None:
            nouns.hold(conn, account)
            nouns.remove(conn, FUNNELS, account, id)
            unassign(conn, account, "funnel", id, now)

        await self._store.write(write)

    async def _all(self, noun: Noun[T], account: str) -> list[T]:
        return await self._store.read(lambda conn: nouns.some(conn, noun, account))

    async def _get(self, noun: Noun[T], account: str, id: str) -> T:
        return await self._store.read(lambda conn: nouns.get(conn, noun, account, id))

    async def _add(
        self,
        noun: Noun[T],
        account: str,
        parts: Mapping[str, Any],
        check: "Check | None" = None,
        **more: Any,
    ) -> T:
        now = self._clock()
        given = {name: part for name, part in parts.items() if part is not None}
        made = noun.kind(id=new_id(now), account=account, created_at=now, updated_at=now, **given)

        def write(conn: Conn) -> T:
            nouns.hold(conn, account)
            if check:
                check(conn, account, "")
            nouns.add(conn, noun, made, **more)
            return made

        return await self._store.write(write)

    async def _change(
        self,
        noun: Noun[T],
        account: str,
        id: str,
        parts: Mapping[str, Any] | Callable[[T], Mapping[str, Any]],
        check: "Check | None" = None,
        **more: Any,
    ) -> T:
        """Write anew what is given, which may depend on what it was."""
        now = self._clock()

        def write(conn: Conn) -> T:
            nouns.hold(conn, account)
            before = nouns.get(conn, noun, account, id)
            asked = parts(before) if callable(parts) else parts
            given = {name: part for name, part in asked.items() if part is not None}
            changed = replace(before, **given, updated_at=now)
            if check:
                check(conn, account, id)
            nouns.save(conn, noun, id, changed, **more)
            return changed

        return await self._store.write(write)

    async def _remove(self, noun: Noun[Any], account: str, id: str) -> None:
        await self._store.write(lambda conn: nouns.remove(conn, noun, account, id))


Check = Callable[[Conn, str, str], None]  #: of an account, and the id that is being changed


def _free(noun: Noun[Any], column: str, value: str) -> Check:
    """Raises Conflict where another has this value."""

    def check(conn: Conn, account: str, id: str) -> None:
        if any(item.id != id for item in nouns.some(conn, noun, account, **{column: value})):
            raise Conflict(f"there is a {noun.word} {value} already")

    return check


def line(field: str, text: str, *, least: int = 1, most: int = LONGEST_NAME) -> str:
    """A text that stands in one line, without the spaces around it. Raises BadValue."""
    found = text.strip()
    if not least <= len(found) <= most:
        raise BadValue(field, f"{field} has {least} to {most} characters")
    if not is_line(found):
        raise BadValue(field, f"{field} has no control characters")
    return found


def fold(text: str) -> str:
    """A tag without regard to capitals."""
    return text.casefold()


def _named(name: str | None, emoji: str | None) -> dict[str, Any]:
    return {
        "name": None if name is None else line("name", name),
        "emoji": None if emoji is None else line("emoji", emoji, least=0, most=LONGEST_EMOJI),
    }


def _position(number: int) -> int:
    if not 0 <= number <= LAST_POSITION:
        raise BadValue("position", f"a position is 0 to {LAST_POSITION}")
    return number


def _options(kind: FieldKind, options: Iterable[str]) -> tuple[str, ...]:
    found = tuple(dict.fromkeys(line("options", text) for text in options))
    if len(found) > MOST_OPTIONS:
        raise BadValue("options", f"a field has at most {MOST_OPTIONS} options")
    if bool(found) is not (kind in _CHOICES):
        needs = "needs options" if kind in _CHOICES else "has no options"
        raise BadValue("options", f"a {kind} {needs}")
    return found
