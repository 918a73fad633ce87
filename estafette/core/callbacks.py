"""Tells customers' addresses what became of their messages: in order for each message and address,
again and again until they answer, and no address in the way of another.
"""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Mapping
from functools import partial
from time import monotonic

import structlog
from msgspec.structs import replace

from estafette.core import metrics
from estafette.core.cards import Cards
from estafette.core.clock import Clock
from estafette.core.exchange import AT_MOST, Exchange, Tried, Voice
from estafette.core.media import Media, addressed, is_followed
from estafette.core.people import People
from estafette.core.replies import Replies
from estafette.core.subscriptions import Subscriptions
from estafette.http import Http
from estafette.model import (
    Busy,
    Callback,
    CallbackStatus,
    Failure,
    Message,
    Post,
    Status,
)
from estafette.model.ids import instant
from estafette.model.kept import HIDDEN
from estafette.model.notice import Notice
from estafette.model.rules import told_again_in
from estafette.store import Store, outbox
from estafette.store.callbacks import host_of
from estafette.store.outbox import DISABLED, Result

log = structlog.get_logger()

_MOST = 256  # callbacks under way at once
_MOST_EACH = 32  # of these, to one host: one that hangs keeps no other waiting
_OURS_FOR = 25.0  # seconds after which a callback that a dead process took up is told by another
_SURE_FOR = 8.0  # seconds of these in which a try may begin: it takes AT_MOST
_LONGER_FOR = AT_MOST + 5.0  # seconds more for one with a fallback: that is asked in the same try
_SOONEST, _LATEST = 0.05, 1.0  # seconds between looks
_TOKENS_KNOWN_FOR = 2.0  # seconds that a new token may go unnoticed
_WORDS = 500  # characters that are kept of what a try came to


class Callbacks:
    """Tells what is owed, from any number of processes. One `run`, until `stop`."""

    def __init__(
        self,
        store: Store,
        people: People,
        http: Http,
        clock: Clock,
        voices: Mapping[str, Voice],
        replies: Replies,
        media: Media,
        subscriptions: Subscriptions,
        cards: Cards,
        *,
        public_url: str = "",
    ) -> None:
        """`voices` gives each door's words, by its name; media are given below `public_url`."""
        self._media = media
        self._public_url = public_url
        self._store = store
        self._people = people
        self._http = http
        self._clock = clock
        self._voices = voices
        self._replies = replies
        self._subscriptions = subscriptions
        self._cards = cards
        self._woken = asyncio.Event()
        self._stopping = False
        self._tries: set[asyncio.Task[None]] = set()
        self._hosts: Counter[str] = Counter()
        self._tokens: dict[str, tuple[float, str]] = {}  # by account or subscription

    def wake(self) -> None:
        """Something may be owed: look now."""
        self._woken.set()

    def stop(self) -> None:
        """Begin no more. `run` returns when what is under way is written down."""
        self._stopping = True
        self.wake()

    async def run(self, *, grace: float = 6.0) -> None:
        """Tell until stopped, then wait at most `grace` seconds for answers still to come."""
        try:
            while not self._stopping:
                self._woken.clear()
                wait = await self._look()
                if not self._stopping:
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(self._woken.wait(), wait)
            if self._tries:
                await asyncio.wait(self._tries, timeout=grace)
        finally:
            for task in self._tries:
                task.cancel()
            await asyncio.gather(*self._tries, return_exceptions=True)

    async def _look(self) -> float:
        """Begin what is due; the seconds until the next look."""
        try:
            agenda = await self._store.read(outbox.agenda)
            now = instant(self._clock())
            rooms = self._rooms([item.host for item in agenda if item.due_at <= now])
            if not rooms:
                waits = [(item.due_at - now) / 1e6 for item in agenda if item.due_at > now]
                return max(_SOONEST, min([*waits, _LATEST]))
            began = monotonic()
            until, more = now + int(_OURS_FOR * 1e6), int(_LONGER_FOR * 1e6)
            take = partial(outbox.take, rooms=rooms, now=now, until=until, more=more)
            for callback, about in await self._store.write(take):
                self._begin(callback, about, began + _SURE_FOR)
        except Exception:
            log.exception("callbacks could not be looked for")
            return _LATEST
        return _SOONEST

    def _rooms(self, hosts: list[str]) -> dict[str, int]:
        left = _MOST - len(self._tries)
        rooms: dict[str, int] = {}
        # The one with the fewest under way first, so that all have their share.
        for host in sorted(hosts, key=lambda host: self._hosts[host]):
            room = min(_MOST_EACH - self._hosts[host], left)
            if room > 0:
                rooms[host] = room
                left -= room
        return rooms

    def _begin(self, callback: Callback, about: Message | Notice, until: float) -> None:
        host = host_of(callback.url)
        self._hosts[host] += 1
        task = asyncio.create_task(self._tell(callback, about, until))
        self._tries.add(task)
        task.add_done_callback(partial(self._ended, host))

    def _ended(self, host: str, task: asyncio.Task[None]) -> None:
        self._tries.discard(task)
        self._hosts[host] -= 1
        if not self._hosts[host]:
            del self._hosts[host]
        self._woken.set()

    async def _tell(self, callback: Callback, about: Message | Notice, until: float) -> None:
        try:
            if monotonic() >= until:
                return  # it may be another's by now, who tells it in its turn
            tried = await self._tried(callback, about)
            await self._store.join(outbox.close, self._result(callback, tried))
        except Busy as error:  # it is told once more when it is nobody's
            log.error("a callback could not be written down", text=str(error))
        except Exception:
            log.exception("a callback broke", message=callback.message, said=callback.said)

    async def _tried(self, callback: Callback, about: Message | Notice) -> Tried:
        """As `_try`; what breaks here is tried again and given up like what breaks elsewhere."""
        try:
            return await self._try(callback, about)
        except Busy:
            raise
        except Exception as error:
            log.exception("a callback broke", message=callback.message, said=callback.said)
            return Tried(f"{type(error).__name__} while it was told", Failure.SERVER)

    async def _try(self, callback: Callback, about: Message | Notice) -> Tried:
        if callback.hook and callback.subscription is None:
            return Tried("its subscription was removed", Failure.CLIENT, is_hopeless=True)
        if callback.subscription and callback.subscription.disabled_at:
            return Tried(DISABLED, Failure.CLIENT, is_hopeless=True)
        voice = self._voices.get(callback.door)
        if voice is None:
            return Tried("no door has words for it", Failure.CLIENT, is_hopeless=True)
        callback, about = await self._ready(callback, about, voice)
        token = await self._token(callback)
        return await Exchange(self._http, self._replies, voice, about, token).tell(callback)

    async def _ready(
        self, callback: Callback, about: Message | Notice, voice: Voice
    ) -> tuple[Callback, Message | Notice]:
        """Both with what its door needs to tell it."""
        if not isinstance(about, Message):
            return callback, about
        if callback.said == Status.RECEIVED or not all(map(is_followed, about.media)):
            about = await self._kept(about, voice)
        if voice.manner.shows_contacts:
            callback = replace(callback, card=await self._cards.of(about))
        if voice.look:
            callback = replace(callback, facts=await voice.look(about))
        return callback, about

    async def preview(self, callback: Callback) -> Post | None:
        """What is asked of its address to tell it, as that would be now, signed with nothing that is
        secret; None where there is nothing to tell.
        """
        voice = self._voices.get(callback.door)
        found = await self._store.read(partial(outbox.about, callback=callback))
        if voice is None or found is None:
            return None
        known, about = found
        if known.hook and known.subscription is None:
            return None
        if isinstance(about, Message) and about.redacted:
            return None
        known, about = await self._ready(known, about, voice)
        return Exchange(self._http, self._replies, voice, about, HIDDEN).post(known)

    async def _kept(self, message: Message, voice: Voice) -> Message:
        """What somebody wrote, or what was uploaded to be sent, with its media where we give them."""
        link = voice.link
        if link is None or not self._public_url or not message.media:
            return message
        items = await self._media.of_message(message)
        return addressed(message, items, lambda item: f"{self._public_url}{link(item)}")

    async def _token(self, callback: Callback) -> str:
        """What it is signed with: the subscription's own secret, else the token of the account."""
        known = callback.subscription
        own = callback.hook if known and known.has_secret else ""
        at, token = self._tokens.get(own or callback.account, (float("-inf"), ""))
        if monotonic() - at > _TOKENS_KNOWN_FOR:
            token = await self._subscriptions.secret(own) if own else ""
            token = token or await self._people.token(callback.account)
            self._tokens[own or callback.account] = (monotonic(), token)
        return token

    def _result(self, callback: Callback, tried: Tried) -> Result:
        now = self._clock()
        told, due_at = CallbackStatus.TOLD, None
        if tried.failure is not None:
            age = (now - callback.created_at).total_seconds()
            wait = told_again_in(callback.tries, age, tried.failure, tried.patience)
            if wait is None or tried.is_hopeless:
                told = CallbackStatus.GIVEN_UP
            else:
                told, due_at = CallbackStatus.WAITING, instant(now) + int(wait * 1e6)
        if told is CallbackStatus.GIVEN_UP:
            log.warning(
                "a callback is given up", message=callback.message, said=callback.said,
                subscription=callback.hook, answer=tried.answer, tries=callback.tries,
            )  # fmt: skip
        metrics.called_back(told)
        voice = self._voices.get(callback.door)
        span = voice.manner.disables_after if voice and callback.hook else None
        return Result(
            callback.message, callback.said, told, due_at, tried.answer[:_WORDS], instant(now),
            callback.hook,
            response=tried.response,
            is_heard=tried.failure is None if tried.was_asked else None,
            worn_at=None if span is None else instant(now) - int(span * 1e6),
        )  # fmt: skip
