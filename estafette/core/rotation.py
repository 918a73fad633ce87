"""Replaces the key that seals, under running servers: nothing is unreadable at any moment.

The new key is on disk, beside the one before, before anything is sealed with it. Then every secret is
opened and sealed anew, and written where it still is what was read. Whoever meets a key that it does
not know reads the file again. The key before goes only when asked for, and only once nothing needs it.
"""

import json
import secrets
import socket
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Any

from msgspec import Struct
from sqlalchemy import Row

from estafette.core import sealed as connections
from estafette.core.vault import Kept, Vault, WrongKey, key_id, key_of, read_kept
from estafette.model import Connection, GatewayError
from estafette.store import Store, lanes, sealed
from estafette.store.sealed import Place, Swap

_PAGE = 200  # rows that are read, and at most replaced, at once
_PASSES = 10
_SETTLED_AFTER = 60.0  # seconds in which a write that was sealed before a rotation has arrived
_ALIVE_FOR = 60.0  # seconds since a node was seen

Entry = tuple[str, str]  # what it is sealed for, and the sealed text


class NotRotated(GatewayError):
    """The key cannot be replaced, or forgotten, as things are."""


class State(Struct, frozen=True):
    """What is sealed with which key."""

    current: str  #: the id of the key that seals
    known: tuple[str, ...]  #: the ids of the keys that open, the current first
    secrets: dict[str, int]  #: how many each key seals, by its id
    closed: tuple[str, ...]  #: what no key opens, each in a few words
    left: int  #: how many open with another key than the current
    is_fixed: bool  #: whether the keys are of the environment


class Rotated(Struct, frozen=True):
    """What a rotation came to."""

    state: State
    is_new: bool  #: whether a new key was made; else an earlier rotation was finished
    renewed: int  #: how many rows were sealed anew


class Rotation:
    """The key that seals, and everything that it seals."""

    def __init__(self, store: Store, vault: Vault) -> None:
        self._store = store
        self._vault = vault

    async def state(self) -> State:
        """Open everything once, and count."""
        counts, closed, left = Counter[str](), list[str](), 0
        keyring = self._vault.keyring
        known = tuple(key_id(key) for key in keyring.look())
        async for place, row in self._rows():
            for about, text in _entries(place, row):
                counts[key_of(text)] += 1
                try:
                    self._vault.open(text, about)
                except WrongKey as error:
                    closed.append(f"{_words(place, row)}: {error}")
                else:
                    left += key_of(text) != known[0]
        fixed = keyring.path is None
        return State(known[0], known, dict(counts), tuple(closed), left, is_fixed=fixed)

    async def rotate(
        self, told: Callable[[int], None] = lambda _: None, *, is_shared: bool = False
    ) -> Rotated:
        """Seal everything with a new key; or, where a rotation was not finished, with its key.

        Keys of the environment are not made here: everything is sealed with the first. `told` hears
        how many rows were sealed anew so far. `is_shared` says that all machines have this file.
        Raises NotRotated, BadKey and Busy.
        """
        keyring = self._vault.keyring
        with keyring.turn():
            before = await self.state()
            if before.closed and len(before.closed) == sum(before.secrets.values()):
                raise NotRotated(f"none of the secrets can be opened; {before.closed[0]}")
            is_new = keyring.path is not None and not before.left
            if is_new:
                await self._check_alone(is_shared)
                keyring.replace([secrets.token_bytes(32), *keyring.look()])
            renewed = await self._renew(told)
            return Rotated(await self.state(), is_new, renewed)

    async def forget(self) -> tuple[str, ...]:
        """Take keys that seal nothing any more out of the file; their ids.

        Raises NotRotated where it is too soon, BadKey where the keys are not in a file.
        """
        keyring = self._vault.keyring
        if keyring.path is None:
            raise NotRotated(
                "the keys are in ESTAFETTE_SECRET_KEY: those that `estafette vault status` counts no"
                " secrets for can be taken out there"
            )
        with keyring.turn():
            age = time.time() - keyring.path.stat().st_mtime
            if 0 <= age < _SETTLED_AFTER:
                wait = int(_SETTLED_AFTER - age) + 1
                raise NotRotated(f"the key was changed just now: ask again in {wait} seconds")
            state = await self.state()
            first, *earlier = keyring.look()
            kept = [key for key in earlier if state.secrets.get(key_id(key))]
            gone = tuple(key_id(key) for key in earlier if key not in kept)
            if gone:
                keyring.replace([first, *kept])
            return gone

    async def _check_alone(self, is_shared: bool) -> None:
        """A new key in the file of one machine locks the others out."""
        if is_shared or not self._store.is_shared:
            return
        since = await self._store.read(lanes.now) - int(_ALIVE_FOR * 1e6)
        alive = await self._store.read(partial(sealed.hosts, since=since))
        if others := [host for host in alive if host != socket.gethostname()]:
            raise NotRotated(
                f"nodes on other machines ({', '.join(others)}) have a secret key of their own: see"
                " docs/how-to/vault.md"
            )

    async def _renew(self, told: Callable[[int], None]) -> int:
        """Pass over everything until nothing is left to be sealed anew."""
        renewed = 0
        for _ in range(_PASSES):
            found = 0
            async for swaps in self._stale():
                found += len(swaps)
                renewed += await self._store.write(partial(sealed.swap, swaps=swaps))
                told(renewed)
            if not found:
                break
        return renewed

    async def _stale(self) -> AsyncIterator[list[Swap]]:
        """What is to be written anew, page by page."""
        for place in sealed.PLACES:
            async for rows in self._pages(place):
                swaps = [
                    Swap(place, tuple(row)[: len(place.key)], row.held, anew)
                    for row in rows
                    if (anew := self._anew(place, row)) is not None
                ]
                if swaps:
                    yield swaps

    def _anew(self, place: Place, row: Row[Any]) -> str | None:
        """What should stand there instead; None where it is well, or cannot be opened."""
        current = self._vault.key_id
        is_old = place.table == "connections" and connections.is_whole(row.held)
        if not is_old and all(key_of(text) == current for _, text in _entries(place, row)):
            return None
        try:
            return self._sealed(place, row)
        except WrongKey:
            return None

    def _sealed(self, place: Place, row: Row[Any]) -> str | None:
        vault = self._vault
        if place.table == "connections" and connections.is_whole(row.held):
            return _apart(vault, row)
        if place.table in ("connections", "settings"):
            kept = read_kept(row.held)
            entries = dict(zip(kept.sealed, _entries(place, row), strict=True))
            opened = {name: vault.open(text, about) for name, (about, text) in entries.items()}
            return vault.keep(_about(place, row), kept.plain, opened)
        about = _about(place, row)
        return vault.seal(vault.open(row.held, about), about)

    async def _rows(self) -> AsyncIterator[tuple[Place, Row[Any]]]:
        for place in sealed.PLACES:
            async for rows in self._pages(place):
                for row in rows:
                    yield place, row

    async def _pages(self, place: Place) -> AsyncIterator[list[Row[Any]]]:
        after: tuple[str, ...] = ()
        while True:
            rows = await self._store.read(
                partial(sealed.page, place=place, after=after, limit=_PAGE)
            )
            if not rows:
                return
            yield rows
            after = tuple(rows[-1])[: len(place.key)]


def _apart(vault: Vault, row: Row[Any]) -> str | None:
    """Settings that are sealed as one, each secret alone. Raises WrongKey."""
    connection = Connection(name=row.name, provider=row.provider, id=row.id)
    opened = connections.read(vault, connection, row.held)
    try:
        return connections.write(vault, connection, opened)
    except GatewayError:  # a later version's provider: nobody knows what in it is secret
        if key_of(row.held) == vault.key_id:
            return None
        return vault.seal(json.dumps(opened), row.name)


def _entries(place: Place, row: Row[Any]) -> list[Entry]:
    """What is sealed in a row, each with what it is sealed for."""
    about = _about(place, row)
    if place.table == "settings" or (
        place.table == "connections" and not connections.is_whole(row.held)
    ):
        return [(f"{about}/{name}", text) for name, text in _kept(row.held).sealed.items()]
    return [(about, row.held)]


def _kept(text: str) -> Kept:
    """What is sealed in a piece of JSON; nothing in what accounts have set otherwise."""
    try:
        return read_kept(text)
    except WrongKey:
        return Kept()


def _about(place: Place, row: Row[Any]) -> str:
    """What a row is sealed for, as those who seal it say it."""
    match place.table:
        case "accounts":
            return str(row.sid)
        case "connections":
            is_whole = connections.is_whole(row.held)
            return str(row.name) if is_whole else connections.about(row.id)
        case "settings":
            return f"settings/{row.account}/{row.name}"
    return f"{place.table.removesuffix('s')} {row.id}"


def _words(place: Place, row: Row[Any]) -> str:
    """What a row is, for people."""
    key = " ".join(part for part in tuple(row)[: len(place.key)] if part)
    return f"{place.table} {key}"
