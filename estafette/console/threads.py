"""How conversations are narrowed, and how a thread is drawn: its days, its messages and its notes."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, tzinfo
from hashlib import sha256
from typing import Any, NamedTuple
from urllib.parse import urlencode

from msgspec import Struct

from estafette.core.talks import STATES
from estafette.model import Channel, Message
from estafette.model.contact import Glance, Note, TalkFilter
from estafette.model.desk import Team, User
from estafette.model.session import Session

ME, NOBODY = "me", "nobody"
_USER, _TEAM = "user-", "team-"
_LONGEST = 200  # characters of what is searched for


class Narrowed(Struct, frozen=True):
    """Which conversations are listed, as the address of the page has it."""

    state: str = "open"
    who: str = ""  #: `me`, `nobody`, `user-…`, `team-…`, or empty for all
    channel: str = ""
    search: str = ""
    after: str = ""

    @property
    def query(self) -> str:
        """The same behind a question mark, without the page."""
        found = {
            "state": self.state,
            "who": self.who,
            "channel": self.channel,
            "search": self.search,
        }
        usual = Narrowed()
        return urlencode({k: v for k, v in found.items() if v != getattr(usual, k)})

    @property
    def is_usual(self) -> bool:
        """Whether nothing but what is open is asked for."""
        return not self.query

    def filter(self, session: Session) -> TalkFilter:
        """The same in the words of the core, for who is signed in."""
        assignee, team = None, ""
        if self.who == NOBODY:
            assignee = ""
        elif self.who == ME and session.holder:
            assignee = session.holder
        elif self.who.startswith(_USER):
            assignee = self.who.removeprefix(_USER)
        elif self.who.startswith(_TEAM):
            team = self.who.removeprefix(_TEAM)
        return TalkFilter(
            state=self.state,
            assignee=assignee,
            team=team,
            channel=Channel(self.channel) if self.channel else None,
            search=self.search,
        )


def narrowed(query: Mapping[str, str]) -> Narrowed:
    """What an address asks for; words that there are none of ask for nothing."""
    state, channel = query.get("state", ""), query.get("channel", "")
    return Narrowed(
        state=state if state in STATES else "open",
        who=query.get("who", "")[:64],
        channel=channel if channel in tuple(Channel) else "",
        search=query.get("search", "")[:_LONGEST].strip(),
        after=query.get("after", "")[:64],
    )


def lookers(
    session: Session, users: Iterable[User], teams: Iterable[Team], words: Mapping[str, str]
) -> list[tuple[str, str]]:
    """Whom a list can be narrowed to. `words` are for `all`, `me` and `nobody`."""
    mine = [(ME, words[ME])] if session.holder else []
    return [
        ("", words["all"]),
        *mine,
        (NOBODY, words[NOBODY]),
        *((_USER + user.id, user.name or user.email) for user in users),
        *((_TEAM + team.id, team.name) for team in teams),
    ]


class Line(NamedTuple):
    """One thing in a thread; `day` is what its day is called where it is the first of it."""

    day: str
    message: Message | None = None
    note: Note | None = None


def lines(
    items: Sequence[Message | Note], zone: tzinfo, called: Callable[[date], str]
) -> Iterator[Line]:
    """A part of a thread, the oldest first, from what stands in it newest first."""
    before: date | None = None
    for item in reversed(items):
        day = item.created_at.astimezone(zone).date()
        first = called(day) if day != before else ""
        before = day
        yield Line(first, note=item) if isinstance(item, Note) else Line(first, message=item)


def quoted(items: Iterable[Message | Note]) -> dict[str, Any]:
    """The messages of a thread by their ids: what others of it answer."""
    return {item.id: item for item in items if isinstance(item, Message)}


def stamp(item: Message | Note) -> str:
    """Changes with what is shown of one thing in a thread."""
    at = item.created_at if isinstance(item, Note) else item.updated_at
    return f"{item.id}{at:%s%f}"


def print_of(item: Glance) -> str:
    """Changes with what is shown of one conversation in a list."""
    talk = item.card.conversation
    last = stamp(item.last) if item.last else ""
    return f"{talk.id} {talk.updated_at:%s%f} {last}" if talk else ""


def digest(parts: Iterable[object]) -> str:
    """A few characters that change with any of these."""
    return sha256("\n".join(map(str, parts)).encode()).hexdigest()[:16]
