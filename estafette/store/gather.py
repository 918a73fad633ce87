"""Waiting until more has come, so that one transaction and one fsync serve many."""

import asyncio
from collections.abc import Callable
from typing import Generic, TypeVar

Call = TypeVar("Call")

_MANY = 8  # calls at once: more are on their way
_QUIET = 0.001  # seconds without a further call after which nobody is waited for
_GATHER = 0.005  # seconds at the most that a call waits for others to join it
_ENOUGH = 16  # calls that wait for no others: two of such groups cost hardly more than one
_MOST = 128  # calls in one transaction: bounds how long they, and other processes, wait


class Gather(Generic[Call]):
    """Calls for a hand that takes many at once, and nothing more until it is free again."""

    def __init__(self, hand: Callable[[list[Call]], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._hand = hand
        self._waiting: list[Call] = []
        self.idle = asyncio.Event()  #: nothing waits, and the hand is free
        self.idle.set()
        self._seen = 0
        self._until = 0.0

    def put(self, call: Call, *, at_once: bool = False) -> None:
        """Hand this over soon, together with what else comes."""
        self._waiting.append(call)
        if self.idle.is_set():
            self.idle.clear()
            if at_once:
                self._hand_over()
            else:
                self._begin()

    def freed(self) -> None:
        """The hand is free again."""
        if self._waiting:
            self._begin()
        else:
            self.idle.set()

    def _begin(self) -> None:
        """Wait until the loop brings no more, so that it and the hand seldom compute at once."""
        self._seen = 0
        self._until = self._loop.time() + _GATHER
        self._loop.call_soon(self._look)

    def _look(self) -> None:
        count = len(self._waiting)
        if count == self._seen or count >= _ENOUGH or self._loop.time() > self._until:
            self._hand_over()
        else:
            self._seen = count
            if count < _MANY:
                self._loop.call_soon(self._look)
            else:
                self._loop.call_later(_QUIET, self._look)

    def _hand_over(self) -> None:
        calls = self._waiting[:_MOST]
        del self._waiting[:_MOST]
        self._hand(calls)
