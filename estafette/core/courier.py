"""Runs errands: has each done by the door it came through, and tells its outcome until it is taken.

What is done twice because a process died in between is done under one idempotency key.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping
from typing import NamedTuple

import structlog

from estafette.core.clock import Clock
from estafette.core.errands import Errands, ForeignAddress, Letter
from estafette.core.people import People
from estafette.core.vault import WrongKey
from estafette.http import Http, Limits
from estafette.model import (
    Account,
    BadAddress,
    Busy,
    Errand,
    ErrandStep,
    Failure,
    Unclear,
    Unknown,
    Unreached,
)
from estafette.model.ids import instant
from estafette.model.rules import told_again_in
from estafette.store import Store
from estafette.store import errands as table

log = structlog.get_logger()

_MOST = 64  # errands under way at once
_LOOKS = 0.5  # seconds between looks
_RUNS_FOR = 45.0  # seconds after which what a dead process was doing is done by another
_TELLS_FOR = 25.0  # as long for what it was telling: a try takes 15
_AGAIN_IN = 1.0  # seconds until what could not be written down is done again
_LIMITS = Limits(most=4096)
_WORDS = 500  # characters that are kept of what a try came to


class Task(NamedTuple):
    """What a door promised to do."""

    account: Account
    words: str  #: the door's own
    id: str  #: of the errand: equal whenever the same task is done again
    is_again: bool  #: somebody may have done it, or a part of it


class Outcome(NamedTuple):
    """What is told of it."""

    content_type: str
    body: str


Finish = Callable[[Task], Awaitable[Outcome]]


class Courier:
    """Runs what is due, from any number of processes. One `run`, until `stop`."""

    def __init__(
        self,
        store: Store,
        errands: Errands,
        people: People,
        http: Http,
        clock: Clock,
        doors: Mapping[str, Finish],
    ) -> None:
        """`doors` do what was promised, each by the name of the door."""
        self._store = store
        self._errands = errands
        self._people = people
        self._http = http
        self._clock = clock
        self._doors = doors
        self._woken = asyncio.Event()
        self._stopping = False
        self._under_way: set[asyncio.Task[None]] = set()

    def stop(self) -> None:
        """Begin no more. `run` returns when what is under way is written down."""
        self._stopping = True
        self._woken.set()

    async def run(self, *, grace: float = 6.0) -> None:
        """Run errands until stopped, then wait at most `grace` seconds for those under way."""
        try:
            while not self._stopping:
                self._woken.clear()
                await self._look()
                if not self._stopping:
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(self._woken.wait(), _LOOKS)
            if self._under_way:
                await asyncio.wait(self._under_way, timeout=grace)
        finally:
            for task in self._under_way:
                task.cancel()
            await asyncio.gather(*self._under_way, return_exceptions=True)

    async def _look(self) -> None:
        """Take up what is due."""
        room = _MOST - len(self._under_way)
        if room <= 0:
            return
        try:
            due = await self._store.read(table.next_due)
            now = instant(self._clock())
            if due is None or due > now:
                return
            run_until, tell_until = (now + int(span * 1e6) for span in (_RUNS_FOR, _TELLS_FOR))
            taken = await self._store.write(
                lambda conn: table.take(
                    conn, room, now=now, run_until=run_until, tell_until=tell_until
                )
            )
        except Exception:
            log.exception("errands could not be looked for")
            return
        for errand in taken:
            task = asyncio.create_task(self._go(errand))
            self._under_way.add(task)
            task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        self._woken.set()  # what was done is to be told

    async def _go(self, errand: Errand) -> None:
        try:
            letter = self._errands.open(errand)
            if errand.step is ErrandStep.RUN:
                await self._do(errand, letter)
            else:
                await self._tell(errand, letter)
        except WrongKey:
            await self._give_up(errand, "it was sealed with another key")
        except Unknown:
            await self._give_up(errand, "its account is gone")
        except Busy as error:
            log.error("an errand could not be written down", errand=errand.id, text=str(error))
        except Exception:
            log.exception("an errand broke", errand=errand.id)

    async def _do(self, errand: Errand, letter: Letter) -> None:
        finish = self._doors.get(errand.door)
        if finish is None:
            await self._give_up(errand, "no door does it")
            return
        account = await self._people.account(errand.account)
        try:
            outcome = await finish(Task(account, letter.body, errand.id, errand.tries > 0))
        except Busy:
            due_at = instant(self._clock()) + int(_AGAIN_IN * 1e6)
            await self._later(errand, due_at, "not written down")
            return
        done = Letter(url=letter.url, content_type=outcome.content_type, body=outcome.body)
        sealed, now = self._errands.seal(errand.id, done), instant(self._clock())
        await self._store.write(lambda conn: table.done(conn, errand.id, sealed, now))

    async def _tell(self, errand: Errand, letter: Letter) -> None:
        """Post the outcome once, and write down what came of it."""
        try:
            self._errands.check(letter.url)  # it may be allowed no longer
            answer, failure = await self._post(letter)
        except (ForeignAddress, BadAddress) as error:
            await self._give_up(errand, str(error))
            return
        if failure is None:
            await self._store.write(lambda conn: table.told(conn, errand.id))
            return
        now = self._clock()
        age = (now - errand.created_at).total_seconds()
        wait = told_again_in(errand.tries + 1, age, failure, None)
        if wait is None:
            await self._give_up(errand, answer)
        else:
            await self._later(errand, instant(now) + int(wait * 1e6), answer)

    async def _post(self, letter: Letter) -> tuple[str, Failure | None]:
        """What it came to, in a few words; no failure where the address took it."""
        try:
            answer = await self._http.ask(
                "POST",
                letter.url,
                headers={"Content-Type": letter.content_type},
                body=letter.body.encode(),
                limits=_LIMITS,
            )
        except Unreached as error:
            return str(error), Failure.CONNECT
        except Unclear as error:
            return str(error), Failure.READ
        if 200 <= answer.status < 300:
            return str(answer.status), None
        is_server = answer.status >= 500
        return str(answer.status), Failure.SERVER if is_server else Failure.CLIENT

    async def _give_up(self, errand: Errand, answer: str) -> None:
        log.warning(
            "an errand is given up", errand=errand.id, answer=answer, tries=errand.tries + 1
        )
        await self._later(errand, None, answer)

    async def _later(self, errand: Errand, due_at: int | None, answer: str) -> None:
        await self._store.write(lambda conn: table.later(conn, errand.id, due_at, answer[:_WORDS]))
