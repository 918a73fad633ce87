"""What every provider must do, whoever it speaks to.

A test class inherits `Provides`, says how its provider is made and what its carrier was asked,
and lists offers with what they come to. Its name must not begin with Test here, or pytest would
run the cases for no provider.
"""

import inspect
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import MISSING, fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import pytest

from estafette.http import Http
from estafette.model import (
    Accepted,
    Attempt,
    Channel,
    Direction,
    Message,
    Misconfigured,
    Offer,
    Reason,
    SendError,
    Status,
    Unclear,
    Unreached,
)
from estafette.model.ids import new_id
from estafette.providers import Place, Provider, load, make, names
from tests.conftest import RECIPIENT, SENDER

NODE = "node-1"
HTTP = Http(allows_private=True)  # it opens nothing until it is asked
NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)


class Case(NamedTuple):
    """An offer: to whom, which attempt it is, what it comes to, how many requests it makes."""

    recipient: str = RECIPIENT
    number: int = 1
    comes_to: type[Accepted] | type[SendError] = Accepted
    requests: int = 1


def offer(recipient: str = RECIPIENT, *, number: int = 1, body: str = "Hi there") -> Offer:
    """An offer as the worker makes it."""
    id = new_id(NOW)
    message = Message(
        id=id,
        account="AC" + "1" * 32,
        lane="lane-1",
        channel=Channel.SMS,
        direction=Direction.API,
        sender=SENDER,
        recipient=recipient,
        body=body,
        media=(),
        segments=1,
        status=Status.SENDING,
        ref="",
        reason=None,
        code="",
        text="",
        callback_url="",
        redacted=False,
        created_at=NOW,
        updated_at=NOW,
        sent_at=None,
        expires_at=NOW + timedelta(hours=10),
    )
    return Offer(new_id(NOW), number, message)


def attempt_of(one: Offer, *, node: str = NODE) -> Attempt:
    """The row that stands for an offer."""
    return Attempt(
        id=one.id,
        message=one.message.id,
        lane=one.message.lane,
        number=one.number,
        node=node,
        connection="a connection",
        started_at=NOW,
    )


async def answer(provider: Provider, one: Offer) -> Accepted | SendError:
    """What an offer comes to. Anything but these two fails the test."""
    try:
        return await provider.send(one)
    except SendError as error:
        return error


class Provides:
    """The cases. `settings` make a provider that works; its secrets are words of their own."""

    name: ClassVar[str]
    settings: ClassVar[Mapping[str, Any]]
    wrong_secret: ClassVar[Mapping[str, Any]]  #: a secret that the carrier does not take
    cases: ClassVar[Mapping[str, Case]]

    def requests(self, home: Path) -> int:
        """How many requests the carrier has seen so far."""
        raise NotImplementedError

    def offer(self, recipient: str = RECIPIENT, **parts: Any) -> Offer:
        """An offer that this carrier could take."""
        return offer(recipient, **parts)

    @asynccontextmanager
    async def opened(self, home: Path, **settings: Any) -> AsyncIterator[Provider]:
        provider = make(self.name, {**self.settings, **settings})
        http = Http(allows_private=True)
        await provider.open(Place(home, NODE, http))
        try:
            yield provider
        finally:
            await provider.close()
            await http.close()

    def secrets(self) -> dict[str, str]:
        known = {**self.settings, **self.wrong_secret}
        sealed = {
            setting.name for setting in fields(load(self.name)) if setting.metadata.get("secret")
        }
        return {name: str(value) for name, value in known.items() if name in sealed}

    # What it is

    def test_its_name_is_that_of_its_file(self) -> None:
        found = load(self.name)
        assert self.name in names()
        assert found.__module__.rpartition(".")[2] == self.name
        assert Path(inspect.getfile(found)).stem == self.name

    def test_it_says_what_it_is_and_what_it_carries(self) -> None:
        found = load(self.name)
        assert found.title
        assert found.channels
        assert found.channels <= set(Channel)
        assert found.answers_within > 0

    def test_its_words_are_translated_into_ours(self) -> None:
        module = inspect.getmodule(load(self.name))
        assert set(getattr(module, "STATUS", {}).values()) <= set(Status)
        assert set(getattr(module, "REASON", {}).values()) <= set(Reason)

    # Settings

    def test_settings_that_it_does_not_know_are_refused_by_their_names_alone(self) -> None:
        with pytest.raises(Misconfigured) as told:
            make(self.name, {**self.settings, "colour": "a secret word"})
        assert "colour" in str(told.value)
        assert "a secret word" not in str(told.value)

    def test_what_it_keeps_for_itself_is_no_setting(self) -> None:
        for kept in (one for one in fields(load(self.name)) if not one.init):
            with pytest.raises(Misconfigured):
                make(self.name, {**self.settings, kept.name: None})

    def test_a_setting_without_a_default_must_be_given(self) -> None:
        needed = [
            setting.name
            for setting in fields(load(self.name))
            if setting.init and setting.default is MISSING and setting.default_factory is MISSING
        ]
        for name in needed:
            rest = {key: value for key, value in self.settings.items() if key != name}
            with pytest.raises(Misconfigured, match=name):
                make(self.name, rest)

    def test_its_secrets_are_marked_and_not_shown(self) -> None:
        assert set(self.wrong_secret) <= set(self.secrets())
        for settings in (self.settings, {**self.settings, **self.wrong_secret}):
            shown = repr(make(self.name, settings))
            assert not [word for word in self.secrets().values() if word in shown]

    # Offers

    async def test_one_attempt_is_one_request_whatever_it_comes_to(self, tmp_path: Path) -> None:
        async with self.opened(tmp_path) as provider:
            for label, case in self.cases.items():
                before = self.requests(tmp_path)
                found = await answer(provider, self.offer(case.recipient, number=case.number))
                assert isinstance(found, case.comes_to), label
                assert self.requests(tmp_path) - before == case.requests, label

    async def test_what_was_taken_has_an_id(self, tmp_path: Path) -> None:
        async with self.opened(tmp_path) as provider:
            taken = [
                await answer(provider, self.offer(case.recipient, number=case.number))
                for case in self.cases.values()
                if case.comes_to is Accepted
            ]
        refs = [one.ref for one in taken if isinstance(one, Accepted)]
        assert refs
        assert all(refs)
        assert len(set(refs)) == len(refs) == len(taken)

    async def test_no_error_holds_a_secret_or_the_text_of_the_message(self, tmp_path: Path) -> None:
        words = [*self.secrets().values(), "a private text"]
        for settings in ({}, self.wrong_secret):
            async with self.opened(tmp_path, **settings) as provider:
                for label, case in self.cases.items():
                    one = self.offer(case.recipient, number=case.number, body="a private text")
                    found = await answer(provider, one)
                    if isinstance(found, SendError):
                        shown = f"{found!r} {found} {found.code} {found.later}"
                        assert not [word for word in words if word in shown], label

    async def test_a_wrong_secret_is_a_trouble_of_the_connection(self, tmp_path: Path) -> None:
        async with self.opened(tmp_path, **self.wrong_secret) as provider:
            assert isinstance(await answer(provider, self.offer()), Misconfigured)

    async def test_what_became_of_an_offer_is_told_as_it_was_answered_or_not_at_all(
        self, tmp_path: Path
    ) -> None:
        async with self.opened(tmp_path) as provider:
            for label, case in self.cases.items():
                one = self.offer(case.recipient, number=case.number)
                answered = await answer(provider, one)
                before = self.requests(tmp_path)
                try:
                    recalled: Accepted | SendError = await provider.recall(
                        attempt_of(one), one.message
                    )
                except SendError as error:
                    recalled = error
                same = type(recalled) is type(answered)
                assert same or isinstance(recalled, Unclear), label
                if isinstance(recalled, Accepted):
                    assert recalled == answered, label
                assert self.requests(tmp_path) == before, label

    async def test_an_offer_that_was_never_made_is_not_said_to_be_taken(
        self, tmp_path: Path
    ) -> None:
        async with self.opened(tmp_path) as provider:
            await answer(provider, self.offer())
            one = self.offer()
            with pytest.raises((Unreached, Unclear)):
                await provider.recall(attempt_of(one), one.message)
