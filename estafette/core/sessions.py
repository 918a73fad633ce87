"""Who is signed in to the console: by the account's token, a user's password, or a link that works once."""

import secrets
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from time import monotonic
from typing import NamedTuple

from sqlalchemy import Connection as Conn

from estafette.core.audit import CONSOLE, Audit
from estafette.core.clock import Clock
from estafette.core.desk import CAME, LEFT, PUT_OUT, note_session
from estafette.core.passwords import Passwords
from estafette.core.people import KEY_SID, NotProved, People, digest
from estafette.core.tries import Tries
from estafette.model import Unknown
from estafette.model.desk import LONGEST_EMAIL, read_email
from estafette.model.ids import instant
from estafette.model.session import Role, Session
from estafette.store import Store, nouns, passwords, sessions
from estafette.store.nouns import USERS
from estafette.store.sessions import Holder, Link
from estafette.store.words import plain

IDLE = timedelta(days=7)  #: after which somebody who asks for nothing is signed out
LONGEST = timedelta(days=30)  #: after which everybody is
LINK_LASTS = timedelta(hours=24)

_REMEMBERED_FOR = 2.0  # seconds that a sign-out elsewhere, or another role, may go unnoticed
_REMEMBERED = 4096
_TOUCH = timedelta(minutes=5)  # what was seen is written down so often
_MOST_TRIED = 5  # accounts whose user with an address may be meant


class Guest(NamedTuple):
    """Who is at the door: what is known of them before they prove anything."""

    agent: str = ""  #: the browser, as it calls itself
    place: str = ""  #: the address that they come from
    is_shared: bool = False  #: whether that is one of ours, through which others come


NOBODY = Guest()


class Sessions:
    """Sessions of all accounts. What a browser shows is a random token; only its digest is kept."""

    def __init__(self, store: Store, people: People, clock: Clock, audit: Audit) -> None:
        self._store = store
        self._people = people
        self._clock = clock
        self._audit = audit
        self._passwords = Passwords()
        self._tries = Tries()
        self._known: dict[str, tuple[float, Session]] = {}

    async def sign_in(self, name: str, secret: str, *, who: Guest = NOBODY) -> str:
        """Sign in with an account's SID and token, or a user's e-mail address and password; the token
        of a session. Raises NotProved, and TooMany who tries too often.
        """
        name = name.strip()
        key = name[:LONGEST_EMAIL].casefold()
        self._tries.begin(key, who.place, is_shared=who.is_shared)
        if "@" in name:
            made = await self._by_password(name, secret, who)
        else:
            made = await self._by_token(name, secret.strip(), who)
        self._tries.succeed(key, who.place)
        return made

    async def _by_token(self, name: str, secret: str, who: Guest) -> str:
        if KEY_SID.fullmatch(name):
            raise NotProved(is_known=False)  # a key is for programs
        try:
            found = await self._people.prove(name, secret)
        except NotProved as error:
            if error.is_known:
                await self._note(name, "refused", who)
            raise
        return await self.begin(found.account.sid, who=who, by="token")

    async def _by_password(self, name: str, secret: str, who: Guest) -> str:
        email = read_email(name) or ""
        known = await self._store.read(lambda conn: passwords.of_email(conn, email, _MOST_TRIED))
        able = [kept for kept in known if kept.digest]
        for kept in able:
            if await self._passwords.fits(secret, kept.digest):
                return await self.begin(kept.account, kept.user, who=who, by="password")
        if not able:
            await self._passwords.fits(secret, "")
        for kept in known:
            await self._note(kept.account, "refused", who, actor=kept.user, name=kept.name)
        raise NotProved(is_known=bool(known))

    async def _note(
        self, account: str, done: str, who: Guest, *, actor: str = "", name: str = "", by: str = ""
    ) -> None:
        said = {"from": who.place, "by": by}
        await self._audit.note(
            account, actor=actor, name=name, via=CONSOLE, event=f"session.{done}",
            details={field: text for field, text in said.items() if text},
        )  # fmt: skip

    async def set_password(self, account: str, user: str, password: str, *, but: str = "") -> None:
        """Give a user a password; they are signed out everywhere, but of the session `but`.

        Raises Unknown for the user, BadValue for what cannot be a password.
        """
        digest, now = await self._passwords.digest(password), self._clock()

        def write(conn: Conn) -> None:
            nouns.get(conn, USERS, account, user)
            passwords.put(conn, account, user, digest, instant(now))
            _tell(conn, sessions.remove_all(conn, account, user, but), PUT_OUT, now)
            sessions.remove_links(conn, account, user)

        await self._store.write(write)
        self.forget()

    async def change_password(
        self, account: str, user: str, old: str, new: str, *, but: str = "", who: Guest = NOBODY
    ) -> None:
        """As `set_password`, once the old one was given, if there is one. Raises NotProved, TooMany."""
        kept = await self._store.read(lambda conn: passwords.get(conn, account, user))
        if kept:
            self._tries.begin(user, who.place, is_shared=who.is_shared)
            if not await self._passwords.fits(old, kept):
                await self._note(account, "refused", who, actor=user, by="password")
                raise NotProved(is_known=True)
            self._tries.succeed(user, who.place)
        await self.set_password(account, user, new, but=but)

    async def has_password(self, account: str, user: str) -> bool:
        """Whether a user has a password."""
        return bool(await self._store.read(lambda conn: passwords.get(conn, account, user)))

    async def with_password(self, account: str) -> set[str]:
        """The ids of an account's users who have a password."""
        return await self._store.read(lambda conn: passwords.holders(conn, account))

    async def link(self, account: str, holder: str = "", *, lasts: timedelta = LINK_LASTS) -> str:
        """What stands in a link that signs in once, as a user or as the account itself. Raises Unknown."""
        token = secrets.token_urlsafe(24)
        writing = writing_link(token, account, holder, self._clock(), lasts)

        def write(conn: Conn) -> None:
            if holder:
                nouns.get(conn, USERS, account, holder)
            writing(conn)

        await self._store.write(write)
        return token

    async def holder_of(self, link: str) -> str:
        """The user whom a link signs in, empty for the account itself; it stays. Raises Unknown."""
        now = instant(self._clock())
        return await self._store.read(lambda conn: sessions.look(conn, digest(link), now).holder)

    async def enter(self, link: str, *, who: Guest = NOBODY) -> str:
        """Sign in with such a link, which then works no more. Raises Unknown."""
        now = instant(self._clock())
        account, holder = await self._store.write(
            lambda conn: sessions.use_link(conn, digest(link), now)
        )
        return await self.begin(account, holder, who=who, by="link")

    async def begin(
        self, account: str, holder: str = "", *, who: Guest = NOBODY, by: str = ""
    ) -> str:
        """Sign somebody in who has proved who they are; the token of the session."""
        token, now = secrets.token_urlsafe(32), self._clock()

        made = Session(
            id=digest(token),
            account=account,
            holder=holder,
            role=Role.VIEWER,  # looked up each time: a user's may change
            agent=plain(who.agent)[:300],
            created_at=now,
            seen_at=now,
            expires_at=now + IDLE,
        )

        def write(conn: Conn) -> Session:
            _tell(conn, sessions.tidy(conn, instant(now)), PUT_OUT, now)
            sessions.add(conn, made)
            note_session(conn, account, holder, CAME, now)
            return sessions.find(conn, made.id)

        found = await self._store.write(write)
        await self._note(account, "began", who, actor=holder, name=found.name, by=by)
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
        id, now = digest(token), self._clock()
        await self._store.write(lambda conn: _tell(conn, sessions.remove(conn, id), LEFT, now))
        self._known.pop(id, None)

    async def end_one(self, account: str, id: str) -> None:
        """Sign out who is signed in to an account under this id. Raises Unknown."""
        now = self._clock()
        await self._store.write(
            lambda conn: _tell(conn, sessions.remove_one(conn, account, id), PUT_OUT, now)
        )
        self._known.pop(id, None)

    def forget(self) -> None:
        """Look everybody up again: somebody was signed out, or may do something else."""
        self._known.clear()

    async def of_account(self, account: str) -> list[Session]:
        """Everybody who is signed in, the latest first."""
        return await self._store.read(lambda conn: sessions.of_account(conn, account))


def _tell(conn: Conn, gone: Iterable[Holder], action: str, now: datetime) -> None:
    for account, user in gone:
        note_session(conn, account, user, action, now)


def writing_link(
    token: str, account: str, holder: str, now: datetime, lasts: timedelta = LINK_LASTS
) -> Callable[[Conn], None]:
    """Writes down a link that signs in once."""
    link = Link(digest(token), account, holder, now, now + lasts)
    return lambda conn: sessions.add_link(conn, link)
