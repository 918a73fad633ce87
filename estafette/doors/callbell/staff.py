"""Who and what a desk has, in the shapes of this door: teams, users, channels and their words."""

from typing import Any
from uuid import UUID

from estafette.core.vocabulary import line
from estafette.doors.callbell.errors import EMPTY, NO_STRING, blame, not_found
from estafette.doors.callbell.requests import Call
from estafette.doors.callbell.wire import at, uuid
from estafette.model import Sender
from estafette.model.desk import LONGEST_NAME, CustomStatus, Funnel, Team, User


def id_in(call: Call) -> str:
    """The id in the path, in either of its forms. Raises Refusal for what is none."""
    found = uuid(call.holes["uuid"])
    if found is None:
        raise not_found()
    return found


def text_in(call: Call, name: str, *, is_needed: bool = True, most: int = LONGEST_NAME) -> str:
    """A text of the body; one that need not be there may be null. Raises Refusal."""
    text = call.body.get(name)
    if text is None and not is_needed:
        return ""
    if text is not None and not isinstance(text, str):
        raise blame(**{name: NO_STRING})
    if not text or not text.strip():
        if is_needed:
            raise blame(**{name: EMPTY})
        return ""
    return line(name, text, most=most)


def dashed(id: str) -> str:
    """An id as custom statuses and funnels show theirs: a UUID with its dashes."""
    return str(UUID(id))


def team_shape(team: Team) -> dict[str, Any]:
    """A Team."""
    return {
        "uuid": team.id,
        "name": team.name,
        "createdAt": at(team.created_at),
        "default": team.is_default,
        "members": team.members,
    }


def member_shape(user: User, status: CustomStatus | None = None) -> dict[str, Any]:
    """A TeamMember; `status` is what they say of themselves."""
    shape: dict[str, Any] = {
        "email": user.email,
        "name": user.name,
        "available": user.available,
        "lastUpdatedAt": at(user.available_at),
    }
    if status:
        shape["userCustomStatus"] = {
            "updatedAt": at(status.updated_at),
            "id": dashed(status.id),
            "name": status.name,
            "emoji": status.emoji,
        }
    return shape


def user_shape(user: User, status: CustomStatus | None = None) -> dict[str, Any]:
    """A User: a TeamMember with the uuid by which their status is set."""
    return {"uuid": user.id, **member_shape(user, status)}


def channel_shape(sender: Sender, is_main: bool) -> dict[str, Any]:
    """A Channel: a sender, with its own address where nobody gave it a title."""
    return {
        "uuid": sender.id,
        "title": sender.title or sender.address,
        "type": sender.channel,
        "main": is_main,
        "discardedAt": at(sender.released_at),
    }


def status_shape(status: CustomStatus) -> dict[str, Any]:
    """A CustomStatus."""
    return {
        "id": dashed(status.id),
        "name": status.name,
        "emoji": status.emoji,
        "createdAt": at(status.created_at),
        "updatedAt": at(status.updated_at),
    }


def funnel_shape(funnel: Funnel) -> dict[str, Any]:
    """A Funnel."""
    return {
        "uuid": dashed(funnel.id),
        "name": funnel.name,
        "emoji": funnel.emoji,
        "position": funnel.position,
        "createdAt": at(funnel.created_at),
    }
