"""Who changed what: lines that are only added, and never hold a secret."""

from collections.abc import Mapping

from estafette.core.clock import Clock
from estafette.model.ids import new_id
from estafette.model.session import Change
from estafette.store import Store, audit
from estafette.store.words import plain

CONSOLE, API, CLI = "console", "api", "cli"  #: the ways in

_LONGEST = 200  # characters of a name, or of what it is about
_MOST = 4000  # characters of one detail

#: What was done, by the name of an operation.
DONE = {
    "add": "added", "create": "added", "change": "changed", "set": "changed", "balance": "changed",
    "remove": "removed", "delete": "removed", "release": "removed", "revoke": "revoked",
    "resume": "resumed", "replay": "replayed", "again": "replayed", "cancel": "canceled",
    "redact": "redacted", "bring_in": "imported", "import": "imported", "open": "opened",
    "close": "closed", "note": "noted", "link": "link_made", "password": "password_set",
    "new-token": "token_made", "verify": "verified", "unverify": "unverified", "take": "taken",
    "rotate": "rotated", "forget": "forgotten",
}  # fmt: skip

#: Words for one of many, where that is more than the last letter less.
SINGULAR = {"statuses": "status", "batches": "batch", "opt-out": "keywords"}


class Audit:
    """The audit trails of all accounts, which are named by their SIDs."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def note(
        self,
        account: str,
        *,
        actor: str = "",
        name: str = "",
        via: str,
        event: str,
        about: str = "",
        details: Mapping[str, object] | None = None,
    ) -> Change:
        """Write down that somebody changed something.

        `actor` is a user, a key, or empty for the account itself; `event` is a word, a dot, and what
        was done.
        """
        now = self._clock()
        made = Change(
            id=new_id(now),
            account=account,
            actor=_text(actor),
            name=_text(name),
            via=via,
            event=_text(event),
            about=_text(about),
            details={key: _plain(value) for key, value in (details or {}).items()},
            created_at=now,
        )
        await self._store.write(lambda conn: audit.add(conn, made))
        return made

    async def page(
        self, account: str, *, limit: int = 50, after: str = "", group: str = ""
    ) -> list[Change]:
        """Lines, newest first: those behind the line `after`, of events that begin with `group`."""
        return await self._store.read(
            lambda conn: audit.page(conn, account, limit=limit, after=after, group=group)
        )


def event_of(many: str, verb: str) -> str:
    """What an operation on one of many is called in the trail: `users`, `add` is `user.added`."""
    noun = SINGULAR.get(many, many.removesuffix("s")).replace("-", "_")
    return f"{noun}.{DONE.get(verb, verb.replace('-', '_'))}"


def _text(value: str, longest: int = _LONGEST) -> str:
    """What every database can keep."""
    kept = plain(value)
    return kept if len(kept) <= longest else f"{kept[:longest]}…"


def _plain(value: object) -> object:
    """A detail as JSON has it; what JSON has no word for becomes text."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(part) for part in value]
    if isinstance(value, Mapping):
        return {_text(str(key)): _plain(part) for key, part in value.items()}
    return _text(str(value), _MOST)
