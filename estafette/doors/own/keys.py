"""Keys: further credentials of an account."""

from typing import Annotated, ClassVar

from msgspec import Meta, Struct

from estafette import model
from estafette.core.core import Core
from estafette.doors.own.wire import At, Call, Page, PageQuery, Row, cut


class Key(Struct, frozen=True, kw_only=True):
    """A key; its secret is not kept."""

    sid: str
    label: str
    account: str
    created_at: At
    updated_at: At


class MadeKey(Key, frozen=True, kw_only=True):
    """A new key, with its secret: the only time that it is shown."""

    secret: str
    bearer: str  #: both in one, for `Authorization: Bearer`


class NewKey(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A key to make."""

    label: Annotated[str, Meta(max_length=64)] = ""


def key(item: model.Key) -> Key:
    """A key as it is shown."""
    return Key(
        sid=item.sid,
        label=item.label,
        account=item.account,
        created_at=item.created_at,
        updated_at=item.updated_at,
    )


def made_key(item: model.Key, secret: str) -> MadeKey:
    """A new key as it is shown, once."""
    return MadeKey(
        sid=item.sid,
        label=item.label,
        account=item.account,
        created_at=item.created_at,
        updated_at=item.updated_at,
        secret=secret,
        bearer=f"{item.sid}.{secret}",
    )


class Keys:
    """Each method answers one operation."""

    TABLE: ClassVar[list[Row]] = [
        Row(method="GET", path="/api/keys", name="list", query=PageQuery, answer=Page[Key]),
        Row(
            method="POST",
            path="/api/keys",
            name="add",
            body=NewKey,
            optional=True,
            answer=MadeKey,
            status=201,
        ),
        Row(method="DELETE", path="/api/keys/{sid}", name="revoke"),
    ]

    def __init__(self, core: Core) -> None:
        self._people = core.people

    async def list(self, call: Call) -> Page[Key]:
        """List the keys that are not revoked, newest first."""
        found = (await self._people.keys(call.account.sid))[::-1]
        places = [place for place, item in enumerate(found) if item.sid == call.query.after]
        behind = found[places[0] + 1 :] if places else found
        items, last = cut(behind, call.query.limit)
        return Page([key(item) for item in items], call.next(last.sid if last else None))

    async def add(self, call: Call) -> MadeKey:
        """Make a key; its secret is shown this once."""
        return made_key(*await self._people.add_key(call.account.sid, call.body.label))

    async def revoke(self, call: Call) -> None:
        """Make a key worthless: here at once, in other processes within two seconds."""
        await self._people.revoke_key(call.account.sid, call.holes["sid"])
