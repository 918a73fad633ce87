"""Listens for the words by which people opt out of messages, and in again."""

from functools import partial

import msgspec
import structlog
from msgspec.structs import asdict, replace

from estafette.core.clock import Clock
from estafette.core.gateway import Gateway
from estafette.core.people import People
from estafette.core.suppressions import Suppressions
from estafette.model import (
    Declined,
    Direction,
    Keyword,
    Message,
    OptOut,
    Send,
    Sender,
    Suppression,
    Wish,
)
from estafette.model.address import is_toll_free
from estafette.model.ids import instant
from estafette.model.optout import could_be_keyword, keyword, with_words
from estafette.store import Store, settings

log = structlog.get_logger()

_NAME = "opt-out"


class Keywords:
    """How accounts treat STOP, START and HELP, and what is done when somebody writes them."""

    def __init__(self, store: Store, gateway: Gateway, people: People, clock: Clock) -> None:
        self._store = store
        self._gateway = gateway
        self._people = people
        self._clock = clock

    @property
    def _suppressions(self) -> Suppressions:
        return self._gateway.suppressions

    async def rules(self, account: str, service: str = "") -> OptOut:
        """How an account treats the words; in a service, as set for that, else as the account."""
        for name in _names(service):
            found = await self._store.read(partial(settings.get, account=account, name=name))
            if found:
                return msgspec.json.decode(found, type=OptOut)
        return OptOut()

    async def set_rules(self, account: str, rules: OptOut, service: str = "") -> OptOut:
        """Set that anew; as it is now, with the reserved words. Raises BadWords."""
        words = with_words(rules.stop_words, rules.start_words, rules.help_words)
        kept = replace(
            rules,
            stop_words=words[Keyword.STOP],
            start_words=words[Keyword.START],
            help_words=words[Keyword.HELP],
        )
        value, now = msgspec.json.encode(asdict(kept)).decode(), instant(self._clock())
        name = _names(service)[0]
        await self._store.write(lambda conn: settings.put(conn, account, name, value, now))
        return kept

    async def find(self, sender: Sender, message: Message) -> Keyword | None:
        """Which of the words somebody wrote to a sender, if one; nothing is done about it."""
        if not could_be_keyword(message.body):
            return None
        rules = await self.rules(message.account, message.service)
        return keyword(message.body, rules, is_toll_free=is_toll_free(sender.address))

    async def hear(self, sender: Sender, message: Message, *, replies: bool = True) -> Wish | None:
        """Do what somebody asks for who wrote one of the words to a sender; None for other texts.

        Call it once the message is written down. Hearing the same message again does nothing more.
        Unless it `replies`, somebody else has.
        """
        found = await self.find(sender, message)
        if found is None:
            return None
        rules = await self.rules(message.account, message.service)
        is_due = await self._act(found, sender, message) and replies
        heard = Wish(found, rules.text(found) if is_due else "")
        if heard.reply:
            await self._reply(message, heard.reply)
        log.info("a keyword was heard", keyword=found, message=message.id, replies=is_due)
        return heard

    async def _act(self, found: Keyword, sender: Sender, message: Message) -> bool:
        """Change what is suppressed; whether there is something to reply."""
        person, channel = message.sender, message.channel
        scope = message.service or sender.id
        if found is Keyword.HELP:
            return not await self._suppressions.is_suppressed(
                message.account, person, channel, sender=sender.id, service=message.service
            )
        if found is Keyword.START:
            scopes = {scope, sender.id}
            removed = await self._suppressions.remove(
                message.account, person, channel=channel, scopes=scopes
            )
            return bool(removed)
        asked = Suppression(
            account=message.account,
            recipient=person,
            channel=channel,
            scope=scope,
            source=f"message {message.id}",
            created_at=self._clock(),
        )
        kept, _ = await self._suppressions.add(asked)
        # The same message heard again, after a crash say, has its reply; a second STOP has none.
        return kept.source == asked.source

    async def _reply(self, message: Message, text: str) -> None:
        send = Send(
            channel=message.channel,
            sender=message.recipient,
            recipient=message.sender,
            body=text,
            direction=Direction.REPLY,
            service=message.service,
            # No caller's key has such a character: once for each message that asks.
            idempotency_key=f"opt-out · {message.id}",
            fingerprint="opt-out",
            despite_opt_out=True,
        )
        try:
            await self._gateway.send(await self._people.account(message.account), send)
        except Declined as error:
            log.warning("a keyword has no reply", message=message.id, text=str(error))


def _names(service: str) -> list[str]:
    """Where the rules may be set, the nearest first."""
    return [f"{_NAME} {service}", _NAME] if service else [_NAME]
