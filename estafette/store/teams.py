"""Teams, and who is in them."""

from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256

from sqlalchemy import Connection, func, select

from estafette.model import Unknown
from estafette.model.desk import Team, User
from estafette.model.ids import first_id, instant, moment
from estafette.store import bulk, nouns
from estafette.store.schema import accounts, crews, teams, users
from estafette.store.users import unassign

FIRST = "General"  #: what the team is called that every account begins with

_COUNT = select(func.count()).where(crews.c.team == teams.c.id).scalar_subquery().label("members")


def all_of(conn: Connection, account: str) -> list[Team]:
    """The teams of an account: the default one, then the others by age."""
    asked = select(teams, _COUNT).where(teams.c.account == account)
    rows = conn.execute(asked.order_by(teams.c.is_default.desc(), teams.c.id))
    return [nouns.of_row(Team, row) for row in rows]


def get(conn: Connection, account: str, id: str) -> Team:
    """One team. Raises Unknown; another account's is unknown too."""
    asked = select(teams, _COUNT).where(teams.c.account == account, teams.c.id == id)
    row = conn.execute(asked).first()
    if row is None:
        raise Unknown(f"no team {id}")
    return nouns.of_row(Team, row)


def begin(conn: Connection, account: str, now: datetime) -> None:
    """Give an account its first team where it has no default one. It is as old as the account.

    Its id follows from the account, so that two who do this at once do it once.
    """
    had = select(teams.c.id).where(teams.c.account == account, teams.c.is_default).limit(1)
    if conn.execute(had).first():
        return
    born = conn.execute(select(accounts.c.created_at).where(accounts.c.sid == account)).scalar()
    at = now if born is None else moment(born)
    id = first_id(at)[:12] + sha256(f"{FIRST} {account}".encode()).hexdigest()[:20]
    row = (id, account, FIRST, True, instant(at), instant(at))
    names = ("id", "account", "name", "is_default", "created_at", "updated_at")
    bulk.insert(conn, teams, [row], columns=names, conflict="DO NOTHING")


def add(conn: Connection, team: Team) -> None:
    """Write one down, without members."""
    conn.execute(teams.insert().values(**nouns.columns(team, "members")))


def save(conn: Connection, team: Team) -> None:
    """Write one down anew; its members stay."""
    values = nouns.columns(team, "members")
    conn.execute(teams.update().where(teams.c.id == team.id).values(**values))


def only_default(conn: Connection, team: Team) -> None:
    """No other team of its account is the default one."""
    others = (teams.c.account == team.account) & (teams.c.id != team.id)
    conn.execute(teams.update().where(others).values(is_default=False))


def remove(conn: Connection, team: Team, at: datetime) -> None:
    """Delete one, which then looks after nothing."""
    conn.execute(teams.delete().where(teams.c.id == team.id))
    conn.execute(crews.delete().where(crews.c.team == team.id))
    unassign(conn, team.account, "team", team.id, at)


def members(conn: Connection, team: str) -> list[User]:
    """Who is in a team, the oldest user first."""
    asked = select(users).join(crews, crews.c.member == users.c.id).where(crews.c.team == team)
    return [nouns.of_row(User, row) for row in conn.execute(asked.order_by(users.c.id))]


def crews_of(conn: Connection, account: str) -> dict[str, list[User]]:
    """Who is in each team of an account; teams without members are not there."""
    asked = (
        select(users, crews.c.team)
        .join(crews, crews.c.member == users.c.id)
        .where(users.c.account == account)
        .order_by(users.c.id)
    )
    found: dict[str, list[User]] = {}
    for row in conn.execute(asked):
        found.setdefault(row.team, []).append(nouns.of_row(User, row))
    return found


def of_member(conn: Connection, account: str, user: str) -> list[str]:
    """The ids of the teams that a user is in."""
    asked = select(crews.c.team).join(teams, teams.c.id == crews.c.team)
    mine = (crews.c.member == user) & (teams.c.account == account)
    return list(conn.execute(asked.where(mine).order_by(teams.c.id)).scalars())


def is_member(conn: Connection, team: str, user: str) -> bool:
    """Whether a user is in a team."""
    asked = select(crews.c.team).where(crews.c.team == team, crews.c.member == user)
    return conn.execute(asked).first() is not None


def join(conn: Connection, team: str, ids: Sequence[str], now: datetime) -> None:
    """Put users into a team that they are not in."""
    at = instant(now)
    bulk.insert(conn, crews, [(team, id, at) for id in ids], conflict="DO NOTHING")


def leave(conn: Connection, team: str, ids: Sequence[str]) -> None:
    """Take users out of a team."""
    conn.execute(crews.delete().where(crews.c.team == team, crews.c.member.in_(ids)))
