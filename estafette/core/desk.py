"""Who looks after conversations: users and their teams; beside them, the words that they use."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec.structs import replace
from sqlalchemy import Connection as Conn

from estafette.core.vocabulary import Vocabulary, line
from estafette.model import BadValue, Conflict, Unknown
from estafette.model.desk import CustomStatus, Team, User, read_email
from estafette.model.ids import new_id
from estafette.model.notice import Event, Notice
from estafette.store import notices, nouns, teams, users
from estafette.store.nouns import STATUSES, USERS

ADDED, REMOVED = "agent_added", "agent_removed"

#: A user signed in; they signed out; or another, or time, signed them out.
CAME, LEFT, PUT_OUT = "user_logged_in", "user_logged_out", "system_logged_out"


class Desk(Vocabulary):
    """Users and teams of all accounts, which are named by their SIDs.

    What is another account's is unknown. Each change is told, in its own transaction, to whoever
    wants to be told. Whatever takes a text raises BadValue for one that cannot stand for it.
    """

    async def users(self, account: str) -> list[User]:
        """The users of an account, the oldest first."""
        return await self._store.read(lambda conn: nouns.some(conn, USERS, account))

    async def user(self, account: str, id: str) -> User:
        """One user. Raises Unknown."""
        return await self._store.read(lambda conn: nouns.get(conn, USERS, account, id))

    async def user_by_email(self, account: str, email: str) -> User | None:
        """One user by their address, without regard to case."""
        read = read_email(email)
        if read is None:
            return None
        return await self._store.read(lambda conn: users.by_email(conn, account, read))

    async def add_user(
        self, account: str, *, email: str, name: str = "", role: str = "", available: bool = True
    ) -> User:
        """A new user. Raises BadValue for what is no e-mail address, Conflict for one that is in use."""
        now = self._clock()
        made = User(
            id=new_id(now),
            account=account,
            email=_email(email),
            name=line("name", name, least=0),
            role=line("role", role, least=0),
            available=available,
            available_at=now,
            created_at=now,
            updated_at=now,
        )

        def write(conn: Conn) -> User:
            nouns.hold(conn, account)
            _check_free(conn, made)
            nouns.add(conn, USERS, made)
            return made

        return await self._store.write(write)

    async def change_user(
        self,
        account: str,
        id: str,
        *,
        email: str | None = None,
        name: str | None = None,
        role: str | None = None,
        available: bool | None = None,
        status: str | None = None,
    ) -> User:
        """Change what is given. `status` is the id of a custom status; an empty one takes it away.

        Raises Unknown for the user; BadValue, also for a status that there is none of; Conflict as
        `add_user`.
        """
        now = self._clock()
        parts: dict[str, Any] = {"available": available, "status": status}
        if email is not None:
            parts["email"] = _email(email)
        for field, text in (("name", name), ("role", role)):
            parts[field] = None if text is None else line(field, text, least=0)
        given = {field: part for field, part in parts.items() if part is not None}
        given |= {f"{field}_at": now for field in ("available", "status") if field in given}

        def write(conn: Conn) -> User:
            nouns.hold(conn, account)
            before = nouns.get(conn, USERS, account, id)
            changed = replace(before, **given, updated_at=now)
            worn = _status_of(conn, changed)
            _check_free(conn, changed)
            nouns.save(conn, USERS, id, changed)
            if (before.available, before.status) != (changed.available, changed.status):
                notices.note(conn, [_seen(changed, worn, now)])
            return changed

        return await self._store.write(write)

    async def remove_user(self, account: str, id: str) -> None:
        """Delete a user, who then is in no team and looks after nothing. Raises Unknown."""
        now = self._clock()

        def write(conn: Conn) -> None:
            nouns.hold(conn, account)
            gone = nouns.get(conn, USERS, account, id)
            were_in = teams.of_member(conn, account, id)
            users.remove(conn, gone, now)
            left = [teams.get(conn, account, team) for team in were_in]
            notices.note(conn, [_moved(team, gone, REMOVED, now) for team in left])

        await self._store.write(write)

    async def remove_status(self, account: str, id: str) -> None:
        """Delete a custom status; who had it has none. Raises Unknown."""
        now = self._clock()

        def write(conn: Conn) -> None:
            nouns.hold(conn, account)
            had = users.drop_status(conn, account, id, now)
            notices.note(conn, [_seen(user, None, now) for user in had])

        await self._store.write(write)

    async def teams(self, account: str) -> list[Team]:
        """The teams of an account: the default one, then the others by age."""
        found = await self._store.read(lambda conn: teams.all_of(conn, account))
        if any(team.is_default for team in found):
            return found
        return await self._begun(account, lambda conn: teams.all_of(conn, account))

    async def team(self, account: str, id: str) -> Team:
        """One team. Raises Unknown."""
        return await self._store.read(lambda conn: teams.get(conn, account, id))

    async def members(self, account: str, team: str) -> list[User]:
        """Who is in a team, the oldest user first. Raises Unknown for the team."""

        def read(conn: Conn) -> list[User]:
            return teams.members(conn, teams.get(conn, account, team).id)

        return await self._store.read(read)

    async def crews(self, account: str) -> dict[str, list[User]]:
        """Who is in each team, by its id; teams without members are left out."""
        return await self._store.read(lambda conn: teams.crews_of(conn, account))

    async def is_member(self, account: str, team: str, user: str) -> bool:
        """Whether a user is in a team, both by their ids. Raises Unknown for the team."""

        def read(conn: Conn) -> bool:
            return teams.is_member(conn, teams.get(conn, account, team).id, user)

        return await self._store.read(read)

    async def add_team(
        self, account: str, *, name: str, members: Iterable[str] = (), is_default: bool = False
    ) -> Team:
        """A new team of the users with these e-mail addresses.

        A default one is that in place of the one before. Raises BadValue for addresses of nobody.
        """
        now = self._clock()
        made = Team(
            id=new_id(now),
            account=account,
            name=line("name", name),
            is_default=is_default,
            created_at=now,
            updated_at=now,
        )
        emails = list(members)

        def write(conn: Conn) -> Team:
            _first(conn, account, now)
            crew = _people(conn, account, emails)
            teams.add(conn, made)
            if is_default:
                teams.only_default(conn, made)
            return _set_members(conn, made, crew, now)

        return await self._store.write(write)

    async def change_team(
        self,
        account: str,
        id: str,
        *,
        name: str | None = None,
        members: Iterable[str] | None = None,
        is_default: bool | None = None,
    ) -> Team:
        """Change what is given; `members` are e-mail addresses of all who are in it from now on.

        Raises Unknown, BadValue as `add_team`, and Conflict where no default team would be left.
        """
        now = self._clock()
        parts: dict[str, Any] = {"is_default": is_default}
        parts["name"] = None if name is None else line("name", name)
        given = {field: part for field, part in parts.items() if part is not None}
        emails = None if members is None else list(members)

        def write(conn: Conn) -> Team:
            _first(conn, account, now)
            before = teams.get(conn, account, id)
            changed = replace(before, **given, updated_at=now)
            if before.is_default and not changed.is_default:
                raise Conflict("one team is the default one: say so of another")
            teams.save(conn, changed)
            if changed.is_default and not before.is_default:
                teams.only_default(conn, changed)
            if emails is None:
                return changed
            return _set_members(conn, changed, _people(conn, account, emails), now)

        return await self._store.write(write)

    async def remove_team(self, account: str, id: str) -> None:
        """Delete a team, which then looks after nothing. Raises Unknown; Conflict for the default."""
        now = self._clock()

        def write(conn: Conn) -> None:
            _first(conn, account, now)
            gone = teams.get(conn, account, id)
            if gone.is_default:
                raise Conflict("the default team cannot be removed")
            crew = teams.members(conn, id)
            teams.remove(conn, gone, now)
            empty = replace(gone, members=0)
            notices.note(conn, [_moved(empty, user, REMOVED, now) for user in crew])

        await self._store.write(write)

    async def _begun(self, account: str, read: Callable[[Conn], list[Team]]) -> list[Team]:
        """The answer, once the account has its first team."""
        now = self._clock()

        def write(conn: Conn) -> list[Team]:
            _first(conn, account, now)
            return read(conn)

        return await self._store.write(write)


def _first(conn: Conn, account: str, now: datetime) -> None:
    """Nobody else changes this desk meanwhile, and it has a default team."""
    nouns.hold(conn, account)
    teams.begin(conn, account, now)


def _email(text: str, field: str = "email") -> str:
    found = read_email(text)
    if found is None:
        raise BadValue(field, f"{text[:100]!r} is not an e-mail address")
    return found


def _check_free(conn: Conn, user: User) -> None:
    known = users.by_email(conn, user.account, user.email)
    if known and known.id != user.id:
        raise Conflict(f"{user.email} is a user already")


def _people(conn: Conn, account: str, emails: Sequence[str]) -> list[User]:
    """The users with these addresses, each once. Raises BadValue."""
    read = list(dict.fromkeys(_email(email, "members") for email in emails))
    found = users.by_emails(conn, account, read)
    missing = [email for email in read if email not in found]
    if missing:
        raise BadValue("members", f"no user has the e-mail address {missing[0]}")
    return list(found.values())


def _set_members(conn: Conn, team: Team, crew: Sequence[User], now: datetime) -> Team:
    """Put these users into a team and take all others out; the team as it is then."""
    before = {user.id: user for user in teams.members(conn, team.id)}
    after = {user.id: user for user in crew}
    came = [user for id, user in after.items() if id not in before]
    went = [user for id, user in before.items() if id not in after]
    teams.join(conn, team.id, [user.id for user in came], now)
    teams.leave(conn, team.id, [user.id for user in went])
    changed = replace(team, members=len(after))
    told = [_moved(changed, user, REMOVED, now) for user in went]
    notices.note(conn, told + [_moved(changed, user, ADDED, now) for user in came])
    return changed


def _status_of(conn: Conn, user: User) -> CustomStatus | None:
    """What a user says of themselves. Raises BadValue where there is no such status."""
    if not user.status:
        return None
    try:
        return nouns.get(conn, STATUSES, user.account, user.status)
    except Unknown as error:
        raise BadValue("status", str(error)) from None


def note_session(conn: Conn, account: str, user: str, action: str, now: datetime) -> None:
    """Tell that a user signed in, or is signed in no more."""
    for known in nouns.some(conn, USERS, account, id=user) if user else ():
        event = Event.AGENT_SESSION
        notices.note(conn, [_notice(account, event, user, now, user=known, action=action)])


def _seen(user: User, status: CustomStatus | None, now: datetime) -> Notice:
    return _notice(user.account, Event.AGENT_STATUS, user.id, now, user=user, status=status)


def _moved(team: Team, user: User, reason: str, now: datetime) -> Notice:
    event = Event.TEAM_MEMBERSHIP
    return _notice(team.account, event, team.id, now, team=team, user=user, reason=reason)


def _notice(account: str, event: Event, about: str, now: datetime, **facts: Any) -> Notice:
    plain = {name: msgspec.to_builtins(fact) for name, fact in facts.items()}
    return Notice(
        id=new_id(now), account=account, event=event, about=about, facts=plain, created_at=now
    )
