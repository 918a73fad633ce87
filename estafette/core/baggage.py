"""What a worker does about media: has them fetched before an offer leaves, fetches what people
sent, and removes what nobody names any more.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import partial
from urllib.parse import urlsplit

import structlog
from msgspec.structs import replace

from estafette.core.bucket import NotKept
from estafette.core.clock import Clock
from estafette.core.fetch import refused
from estafette.core.media import Link, Media, addressed
from estafette.model import MediaItem, Message, Offer, Reason, Refused, SendError, Unreached
from estafette.model.attempt import Enclosed
from estafette.model.ids import instant
from estafette.model.media import Fault, ending
from estafette.model.networks import is_loopback_host
from estafette.model.upload import UPLOAD
from estafette.providers import Provider
from estafette.store import Store, jobs, messages, outbox
from estafette.store.jobs import Job

log = structlog.get_logger()

#: Who carries what goes through a lane; None where nobody knows right now.
Carrier = Callable[[str], Awaitable[Provider | None]]

_NO_URL = (
    "an upload has no URL for its carrier, since ESTAFETTE_PUBLIC_URL is none that it can reach"
)
_MOST_TRIES = 3  # of fetching what is to be sent
_AGAIN_IN = (1, 3, 10, 30)  # seconds between tries of fetching what a person sent
_LATER = 60  # seconds until bytes are removed again that could not be
_HOPES_FOR = 3600  # seconds in which our own trouble with keeping it is waited out
_MOST_ERRANDS = 32  # under way at once


def is_reached(public_url: str, media: Media) -> bool:
    """Whether carriers can fetch media from us."""
    host = urlsplit(public_url).hostname or ""
    return bool(host) and not is_loopback_host(host) and not media.needs_credentials


class Baggage:
    """The media that go with what one worker carries."""

    def __init__(
        self,
        store: Store,
        media: Media,
        clock: Clock,
        *,
        public_url: str = "",
        link: Link | None = None,
        owed: Callable[[], None] = lambda: None,
    ) -> None:
        """Carriers fetch media by `link` below `public_url`, where that is one that they can reach;
        else from where the customer has them. `owed` is called when somebody may have to be told.
        """
        self._store = store
        self._media = media
        self._clock = clock
        self._owed = owed
        self._link = link if is_reached(public_url, media) else None
        self._public_url = public_url
        self._errands: dict[str, asyncio.Task[None]] = {}

    async def ready(self, offer: Offer, provider: Provider | None = None) -> Offer | SendError:
        """The offer with its media fetched, under addresses that its carrier can fetch; one that
        fetches media by itself is given the bytes of what was uploaded to us.
        """
        if not offer.message.media:
            return offer
        try:
            return await self._packed(offer, provider)
        except Unreached as error:
            if error.code and offer.number >= _MOST_TRIES:
                return Refused(str(error), code=error.code, reason=Reason.BAD_MEDIA)
            return error
        except SendError as error:
            return error
        except Exception as error:  # nothing has left us
            log.exception("media broke", message=offer.message.id)
            return Unreached(f"{type(error).__name__} while its media were fetched")

    async def _packed(self, offer: Offer, provider: Provider | None) -> Offer:
        items = await self._media.ensure(offer.message, provider)
        if provider and provider.fetches_media:
            return replace(offer, enclosed=await self._enclosed(items))
        message = self._addressed(offer.message, items)
        if (
            provider
            and provider.needs_urls
            and any(url.startswith(UPLOAD) for url in message.media)
        ):
            raise refused(message, Fault.FETCH, _NO_URL)
        return replace(offer, message=message)

    async def _enclosed(self, items: Sequence[MediaItem]) -> tuple[Enclosed, ...]:
        names = await self._media.filenames(items)
        return tuple(
            Enclosed(
                number=item.number,
                content_type=item.content_type,
                filename=names.get(item.url) or f"{item.id}{ending(item.content_type)}",
                size=item.size,
                pour=partial(self._media.pour, item),
            )
            for item in items
        )

    def _addressed(self, message: Message, items: Iterable[MediaItem]) -> Message:
        link = self._link
        if link is None:
            return message
        return addressed(message, items, lambda item: f"{self._public_url}{link(item)}")

    async def not_ready(
        self, message: Message, provider: Provider | None = None
    ) -> Unreached | None:
        """What became of an offer that was cut short while its media were being fetched; None if
        it was not.
        """
        if await self._media.is_settled(message, provider):
            return None
        return Unreached("its media were being fetched")

    def room(self) -> int:
        """How many jobs about media may be taken up now."""
        return _MOST_ERRANDS - len(self._errands)

    def begin(self, taken: Iterable[Job], done: Callable[[], None], carrier: Carrier) -> None:
        """Do these jobs; `done` is called at the end of each. `carrier` tells who carries in a lane."""
        for job in taken:
            if job.message in self._errands:
                continue
            task = asyncio.create_task(self._run(job, carrier))
            self._errands[job.message] = task
            task.add_done_callback(lambda _, id=job.message: self._ended(id, done))  # type: ignore[misc]

    def _ended(self, id: str, done: Callable[[], None]) -> None:
        self._errands.pop(id, None)
        done()

    def under_way(self) -> list[asyncio.Task[None]]:
        """What is being done."""
        return list(self._errands.values())

    async def _run(self, job: Job, carrier: Carrier) -> None:
        try:
            await (self._remove(job) if job.data else self._fetch(job, carrier))
        except Exception:  # it is taken up again when its lease is over
            log.exception("a job about media broke", message=job.message)

    async def _remove(self, job: Job) -> None:
        try:
            due_at = await self._media.drop(job.message, job.data)
        except NotKept as error:
            log.warning("media could not be removed", media=job.message, text=str(error))
            due_at = instant(self._clock()) + _LATER * 1_000_000
        if due_at:
            again = partial(jobs.postpone, job=job, due_at=due_at)
            await self._store.write(again)
        else:
            await self._store.write(lambda conn: jobs.done(conn, job))

    async def _fetch(self, job: Job, carrier: Carrier) -> None:
        found = await self._store.read(lambda conn: messages.some(conn, [job.message]))
        message = found.get(job.message)
        if message is None:
            await self._store.write(lambda conn: jobs.done(conn, job))
            return
        try:
            await self._media.ensure(message, await carrier(job.lane))
        except SendError as error:
            is_last = self._is_last(error, job, message)
            log.warning(
                "media of a person could not be fetched", message=job.message, text=str(error),
                tries=job.tries, is_last=is_last,
            )  # fmt: skip
            if not is_last:
                wait = _AGAIN_IN[min(job.tries, len(_AGAIN_IN)) - 1]
                due_at = instant(self._clock()) + wait * 1_000_000
                await self._store.write(lambda conn: jobs.postpone(conn, job, due_at))
                return
            await self._media.give_up(message)
        now = instant(self._clock())
        await self._store.write(lambda conn: outbox.fetched(conn, job, now))
        self._owed()

    def _is_last(self, error: SendError, job: Job, message: Message) -> bool:
        """Whether fetching what a person sent is given up. An error without a code is our own."""
        if isinstance(error, Refused):
            return True
        if error.code:
            return job.tries > len(_AGAIN_IN)
        return (self._clock() - message.created_at).total_seconds() > _HOPES_FOR
