"""Who is signed in to the console: by the account's token, a user's password, or a link that works once."""

import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from time import monotonic

from sqlalchemy import Connection as Conn

from estafette.core.clock import Clock
from estafette.core.people import NotProved, People, digest
from estafette.model import Unknown
from estafette.model.ids import instant
from estafette.model.session import Role, Session
from estafette.store import Store, sessions
from estafette.store.sessions import Link

IDLE = timedelta(days=7)  #: after which somebody who asks for nothing is signed out
LONGEST = timedelta(days=30)  #: after which everybody is
LINK_LASTS = timedelta(hours=24)

_REMEMBERED_FOR = 2.0  # seconds that a sign-out elsewhere, or another role, may go unnoticed
_REMEMBERED = 4096
_TOUCH = timedelta(minutes=5)  # what was seen is written down so often


class Sessions:
    """Sessions of all accounts. What a browser shows is a random token; only its digest is kept."""

    def __init__(self, store: Store, people: People, clock: Clock) -> None:
        self._store = store
        self._people = people
        self._clock = clock
        self._known: dict[str, tuple[float, Session]] = {}

    async def sign_in(self, name: str, secret: str, *, agent: str = "") -> str:
        """Sign in with an account's SID and token; the token of a session. Raises NotProved."""
        found = await self._people.prove(name.strip(), secret.strip())
        if found.key is not None:
            raise NotProved(is_known=True)  # a key is for programs
        return await self.begin(found.account.sid, agent=agent)

    async def link(self, account: str, holder: str = "", *, lasts: timedelta = LINK_LASTS) -> str:
        """What stands in a link that signs in once, as a user or as the account itself."""
        token = secrets.token_urlsafe(24)
        await self._store.write(writing_link(token, account, holder, self._clock(), lasts))
        return token

    async def enter(self, link: str, *, agent: str = "") -> str:
        """Sign in with such a link, which then works no more. Raises Unknown."""
        now = instant(self._clock())
        account, holder = await self._store.write(
            lambda conn: sessions.use_link(conn, digest(link), now)
        )
        return await self.begin(account, holder, agent=agent)

    async def begin(self, account: str, holder: str = "", *, agent: str = "") -> str:
        """Sign somebody in who has proved who they are; the token of the session."""
        token, now = secrets.token_urlsafe(32), self._clock()

        made = Session(
            id=digest(token),
            account=account,
            holder=holder,
            role=Role.VIEWER,  # looked up each time: a user's may change
            agent=agent[:300],
            created_at=now,
            seen_at=now,
            expires_at=now + IDLE,
        )

        def write(conn: Conn) -> None:
            sessions.tidy(conn, instant(now))
            sessions.add(conn, made)

        await self._store.write(write)
        return token

    async def find(self, token: str) -> Session:
        """Whose session this is. Raises Unknown, also where its time is over."""
        id, now = digest(token), self._clock()
        at, known = self._known.get(id, (float("-inf"), None))
        if known is None or monotonic() - at > _REMEMBERED_FOR:
            self._known.pop(id, None)
            known = await self._store.read(lambda conn: sessions.find(conn, id))
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            self._known[id] = (monotonic(), known)
        if known.expires_at <= now:
            raise Unknown("this session is over")
        if now - known.seen_at > _TOUCH:
            known = await self._touch(known, now)
        return known

    async def _touch(self, known: Session, now: datetime) -> Session:
        until = min(now + IDLE, known.created_at + LONGEST)
        await self._store.write(
            lambda conn: sessions.seen(conn, known.id, instant(now), instant(until))
        )
        found = await self._store.read(lambda conn: sessions.find(conn, known.id))
        self._known[known.id] = (monotonic(), found)
        return found

    async def end(self, token: str) -> None:
        """Sign out: here at once, in other processes within two seconds."""
        id = digest(token)
        await self._store.write(lambda conn: sessions.remove(conn, id))
        self._known.pop(id, None)

    async def of_account(self, account: str) -> list[Session]:
        """Everybody who is signed in, the latest first."""
        return await self._store.read(lambda conn: sessions.of_account(conn, account))


def writing_link(
    token: str, account: str, holder: str, now: datetime, lasts: timedelta = LINK_LASTS
) -> Callable[[Conn], None]:
    """Writes down a link that signs in once."""
    link = Link(digest(token), account, holder, now, now + lasts)
    return lambda conn: sessions.add_link(conn, link)
