"""Whom a request gives a conversation to: a user by e-mail, a team by its id."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from estafette.core.core import Core
from estafette.doors.callbell.errors import NO_STRING, UNKNOWN, Refusal
from estafette.doors.callbell.requests import Answered
from estafette.doors.callbell.wire import uuid
from estafette.model import Unknown
from estafette.model.desk import Team, User

WARNINGS = "X-Gateway-Warnings"


class Assignment(NamedTuple):
    """What is to be set, by ids; None for what stays as it is."""

    assignee: str | None
    team: str | None
    warnings: tuple[str, ...]  #: what was asked for and is not done


async def assignment(core: Core, account: str, body: Mapping[str, Any]) -> Assignment:
    """Read `assigned_user` and `team_uuid`; null and empty mean that they are left out.

    A user who is unknown, or not in the team that is named beside, is not assigned: that is warned
    of, and refuses nothing. Raises Refusal for what is no text, and for a team that is unknown.
    """
    email, named = _texts(body, "assigned_user", "team_uuid")
    team = await _team(core, account, named) if named else None
    user = await _user(core, account, email) if email else None
    warnings: tuple[str, ...] = ()
    if email and user is None:
        warnings = (f"nobody was assigned: there is no user {email}",)
    elif user and team and not await core.desk.is_member(account, team.id, user.id):
        warnings = (f"nobody was assigned: {user.email} is not in the team",)
        user = None
    return Assignment(user.id if user else None, team.id if team else None, warnings)


def warned(shape: Any, warnings: Sequence[str]) -> Answered:
    """An answer that says what was not done."""
    return Answered(shape, headers={WARNINGS: _plain("; ".join(warnings))} if warnings else {})


def _texts(body: Mapping[str, Any], *names: str) -> list[str]:
    given = {name: "" if body.get(name) is None else body[name] for name in names}
    if faults := {name: [NO_STRING] for name, text in given.items() if not isinstance(text, str)}:
        raise Refusal(400, faults)
    return [text.strip() for text in given.values()]


async def _team(core: Core, account: str, named: str) -> Team:
    id = uuid(named)
    try:
        if id:
            return await core.desk.team(account, id)
    except Unknown:
        pass
    raise Refusal(400, {"team_uuid": [UNKNOWN]})


async def _user(core: Core, account: str, email: str) -> User | None:
    return None if "\0" in email else await core.desk.user_by_email(account, email)


def _plain(text: str) -> str:
    """As a header may be: printable ASCII, a question mark for all else."""
    return "".join(char if " " <= char <= "~" else "?" for char in text)[:1000]
