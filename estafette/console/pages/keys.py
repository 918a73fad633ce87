"""Keys: the credentials of an account that programs show, and the account's own token."""

from typing import ClassVar

from starlette.responses import Response

from estafette.console.rows import Row, get, post
from estafette.console.visit import Visit
from estafette.core.core import Core
from estafette.core.vocabulary import line
from estafette.model import BadValue, Key, Unknown
from estafette.model.session import Role

HOME = "/console/keys"
LONGEST = 64  # characters of a label


class Keys:
    """Each method answers one operation."""

    TABLE: ClassVar[list[Row]] = [
        get("/keys", "list", Role.OWNER),
        post("/keys", "add", Role.OWNER),
        post("/keys/token", "new_token", Role.OWNER),
        get("/keys/{sid}", "one", Role.OWNER),
        post("/keys/{sid}", "rename", Role.OWNER),
        post("/keys/{sid}/revoke", "revoke", Role.OWNER),
    ]

    def __init__(self, core: Core) -> None:
        self._people = core.people
        self._sessions = core.sessions
        self._public_url = core.public_url

    async def list(self, visit: Visit) -> Response:
        """Show the account and its keys."""
        return await self._list(visit)

    async def _list(
        self, visit: Visit, status: int = 200, label: str = "", error: str = ""
    ) -> Response:
        keys = (await self._people.keys(visit.account.sid))[::-1]
        return visit.show("keys.html", status, keys=keys, label=label, error=error)

    async def add(self, visit: Visit) -> Response:
        """Make a key; its secret is shown this once."""
        try:
            label = _label(visit)
        except BadValue as error:
            return await self._list(visit, 400, visit.text("label"), visit.told(error))
        key, secret = await self._people.add_key(visit.account.sid, label)
        visit.changed("key.added", key.sid, label=label)
        return visit.show(
            "keys-made.html",
            key=key,
            secret=secret,
            bearer=f"{key.sid}.{secret}",
            url=self._public_url,
        )

    async def one(self, visit: Visit) -> Response:
        """Show one key, to rename or revoke it."""
        key = await self._found(visit)
        return visit.show("keys-one.html", key=key, label=key.label, error="")

    async def rename(self, visit: Visit) -> Response:
        """Give a key another label."""
        key = await self._found(visit)
        try:
            label = _label(visit)
        except BadValue as error:
            told = visit.told(error)
            return visit.show("keys-one.html", 400, key=key, label=visit.text("label"), error=told)
        await self._people.rename_key(visit.account.sid, key.sid, label)
        visit.changed("key.changed", key.sid, label=label)
        return visit.go(HOME, visit.say("The key has another label."))

    async def revoke(self, visit: Visit) -> Response:
        """Make a key worthless."""
        key = await self._found(visit)
        await self._people.revoke_key(visit.account.sid, key.sid)
        visit.changed("key.revoked", key.sid, label=key.label)
        return visit.go(HOME, visit.say("The key opens nothing any more."))

    async def new_token(self, visit: Visit) -> Response:
        """Give the account another token, shown this once; who showed the old one is signed out."""
        mine = "" if visit.session.holder else visit.session.id
        token = await self._people.new_token(visit.account.sid, but=mine)
        self._sessions.forget()
        visit.changed("account.token_made", visit.account.sid)
        return visit.show("keys-token.html", token=token)

    async def _found(self, visit: Visit) -> Key:
        sid = visit.holes["sid"]
        known = await self._people.keys(visit.account.sid)
        found = next((key for key in known if key.sid == sid), None)
        if found is None:
            raise Unknown(f"no key {sid}")
        return found


def page(core: Core) -> Keys:
    """The page, around one core."""
    return Keys(core)


def _label(visit: Visit) -> str:
    return line("label", visit.text("label"), least=0, most=LONGEST)
