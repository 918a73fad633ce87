"""Which lanes this process drives, and how much each may offer now."""

import asyncio
import os
import secrets
import socket
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from time import monotonic

import structlog

from estafette.model import Sender
from estafette.model.rules import allowance
from estafette.store import Store, lanes, senders
from estafette.store.lanes import Held, Node

log = structlog.get_logger()

LEASE = 3.0  # seconds: a dead process's lanes are free after this
_SEEK = 0.25  # seconds between looks for a lane while none is held
_drivable = partial(senders.all_of, released=True)  # what these had to send is still sent
_BEAT = 0.75  # seconds between renewals: a lease survives two that are late


def new_node() -> Node:
    """A name for this process that no other ever had."""
    return Node(f"{os.getpid()}-{secrets.token_hex(4)}", socket.gethostname(), os.getpid())


class Lane:
    """One sender's way out: what is in flight, and what may go."""

    __slots__ = (
        "busy", "held_until", "in_flight", "is_halted", "leaving", "next_at", "rests_until", "sender",
    )  # fmt: skip

    def __init__(self, sender: Sender, held_until: float) -> None:
        self.sender = sender
        self.held_until = held_until  #: by the monotonic clock: no offer leaves after this
        self.in_flight = 0
        self.busy: set[str] = set()  #: order keys with an offer in flight
        self.next_at = 0.0  #: seconds since 1970: when the next offer may leave
        self.rests_until = 0.0  #: likewise, where its carrier asked to be left alone for a while
        self.leaving = False
        self.is_halted = False  #: an offer is left open: it is to be settled before more leave

    @property
    def free_at(self) -> float:
        """Seconds since 1970: when the next offer may leave, by pace and by rest."""
        return max(self.next_at, self.rests_until)

    def is_held(self) -> bool:
        """Whether nobody else can have taken it over."""
        return monotonic() < self.held_until

    def room(self, now: float) -> int:
        """How many offers may leave now."""
        free = self.sender.window - self.in_flight
        if self.leaving or self.is_halted or free <= 0 or not self.is_held():
            return 0
        if now < self.rests_until:
            return 0
        if self.sender.max_per_second > 0:
            free = min(free, allowance(self.next_at, now, self.sender.max_per_second))
        return free


class Lanes:
    """The lanes that this process holds, kept by a heartbeat."""

    def __init__(
        self, store: Store, node: Node, settle: Callable[[Sender], Awaitable[None]]
    ) -> None:
        """`settle` is awaited with the sender of each lane taken over, before it is driven."""
        self._store = store
        self._node = node
        self._settle = settle
        self._mine: dict[str, Lane] = {}
        self._known: dict[str, Sender] = {}

    def __iter__(self) -> Iterator[Lane]:
        return iter(list(self._mine.values()))

    def get(self, id: str) -> Lane | None:
        """A lane that this process holds."""
        return self._mine.get(id)

    def forget(self, id: str) -> None:
        """Drive a lane no more until it is taken again, and what is open in it settled."""
        self._mine.pop(id, None)

    def rest(self, id: str, until: float) -> None:
        """Offer nothing in a lane before that time, in seconds since 1970."""
        if lane := self._mine.get(id):
            lane.rests_until = max(lane.rests_until, until)

    async def keep(self) -> None:
        """Beat until cancelled."""
        while True:
            try:
                await self.beat()
            except Exception:
                log.exception("heartbeat failed", node=self._node.id)
            await asyncio.sleep(_BEAT if self._mine else _SEEK)

    async def beat(self) -> None:
        """Renew what is held, take what is free, give back what is too much."""
        self._known = {sender.id: sender for sender in await self._store.read(_drivable)}
        mine, until = tuple(self._mine), monotonic() + LEASE
        held = await self._store.write(lambda conn: lanes.claim(conn, self._node, mine, LEASE))
        for id in [id for id in self._mine if id not in held.lanes]:
            log.warning("lane is lost", lane=id, node=self._node.id)
            del self._mine[id]
        for id, lane in self._mine.items():
            lane.sender = self._known.get(id, lane.sender)
            lane.held_until = until
        for id in held.taken:
            await self._take(id, until)
        await self._give_back(held)

    async def _take(self, id: str, until: float) -> None:
        if id not in self._known:
            return
        try:
            await self._settle(self._known[id])
        except Exception:
            log.exception("a lane could not be settled", lane=id, node=self._node.id)
            return  # it is tried again at the next beat, and keeps no other waiting
        self._mine[id] = Lane(self._known[id], until)
        log.info("lane is driven here", lane=id, node=self._node.id)

    async def _give_back(self, held: Held) -> None:
        """Leave lanes to nodes that have fewer, once nothing of theirs is in flight."""
        surplus = list(self._mine)[max(1, held.fair) :]
        # Not before the next beat: a round that began may be about to offer something in it.
        given = [id for id in surplus if self._mine[id].leaving and not self._mine[id].in_flight]
        for id, lane in self._mine.items():
            lane.leaving = id in surplus
        if given:
            await self._store.write(lambda conn: lanes.release(conn, self._node.id, given))
            for id in given:
                self.forget(id)

    async def leave(self) -> None:
        """Give everything back at once."""
        self._mine.clear()
        await self._store.write(lambda conn: lanes.release(conn, self._node.id))
