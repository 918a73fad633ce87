"""A number that people write to, and the address that is told."""

import itertools
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from twilio.request_validator import RequestValidator

from tests import forked
from tests.conftest import AUTH_TOKEN, Server
from tests.doors.twilio.conftest import Api, new_number
from tests.patience import PATIENCE
from tests.receiver import Heard, Receiver, Said, receiving

_LINES = itertools.count(1)


@dataclass
class Line:
    """One sender of the first account, whose webhook is a receiver."""

    api: Api
    receiver: Receiver
    number: str
    channel: str = "sms"

    @property
    def url(self) -> str:
        return f"{self.receiver.url}/sms"

    def command(self, *words: str) -> str:
        done = forked.run(self.api.server.env, words)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def set(self, **options: str) -> None:
        """`estafette senders set`, `inbound_url="…"` and so on."""
        words = [w for k, v in options.items() for w in (f"--{k.replace('_', '-')}", v)]
        self.command("senders", "set", self.number, "--channel", self.channel, *words)

    def write(self, body: str, *options: str, by: str = "") -> str:
        """Somebody writes; the SID of what became of it."""
        words = ("receive", by or new_number(), self.number, body, "--channel", self.channel)
        return self.command(*words, *options).split()[0]

    def callback(self, sid: str) -> dict[str, Any]:
        """What is owed of an inbound message, as it stands."""
        shown = json.loads(self.command("messages", "show", sid, "--json"))
        (found,) = (item for item in shown["timeline"] if item["what"] == "callback")
        return dict(found)

    def told(self, sid: str, told: str = "told", seconds: float = PATIENCE) -> str:
        """What the last try came to, once the callback is over."""
        end = time.monotonic() + seconds
        while (found := self.callback(sid))["told"] != told:
            assert time.monotonic() < end, found
            time.sleep(0.1)
        return str(found["answer"])

    def replies(self, to: str) -> list[dict[str, Any]]:
        """The replies to a person, the oldest first."""
        prefix = "whatsapp:" if self.channel == "whatsapp" else ""
        found = self.api.page(To=f"{prefix}{to}")["messages"]
        return [item for item in reversed(found) if item["direction"] == "outbound-reply"]

    def ask(
        self, answers: Callable[[Heard], int | Said | None] | Said | str, *options: str
    ) -> tuple[str, list[str], str]:
        """Somebody writes and is answered: what the try came to, the replies, who wrote."""
        said = Said(answers) if isinstance(answers, str) else answers
        self.receiver.answers = said if callable(said) else (lambda heard: said)
        by = new_number()
        sid = self.write("Hello?", *options, by=by)
        answer = self.told(sid)
        return answer, [item["body"] for item in self.replies(by)], by


@contextmanager
def line(server: Server, channel: str = "sms") -> Iterator[Line]:
    """A new number, and who is told what is written to it."""
    with receiving() as receiver:
        number = f"+1415556{1000 + next(_LINES)}"
        found = Line(Api(server), receiver, number, channel)
        found.command("senders", "add", number, "--channel", channel)
        found.set(inbound_url=found.url)
        yield found


def is_signed(heard: Heard, base: str, token: str = AUTH_TOKEN) -> bool:
    """Whether the SDK believes it, at the address that it came to."""
    form: dict[str, str | list[str]] = dict(heard.form) if heard.method == "POST" else {}
    url = f"{urlsplit(base).scheme}://{urlsplit(base).netloc}{heard.path}"
    return RequestValidator(token).validate(url, form, heard.headers["x-twilio-signature"])
