"""One try to tell a callback: whom it leads to, what is answered, and what follows from that."""

from collections.abc import Callable
from time import monotonic
from typing import NamedTuple

from msgspec.structs import replace

from estafette.core.media import Link
from estafette.core.replies import Replies
from estafette.http import Answer, Http, Limits
from estafette.model import (
    BadAddress,
    Callback,
    Declined,
    Detour,
    Document,
    Failure,
    Heard,
    Hook,
    Message,
    Patience,
    Post,
    Send,
    Status,
    Unclear,
    Unreached,
)

#: A callback in the words of a door, signed with what comes last: the secret of its subscription
#: where that has one, else the token of its account.
Say = Callable[[Callback, Message, str], Post]
#: What an address answered to an inbound message, in our words.
Hear = Callable[[Callback, Message, Document], Heard]
#: Why a reply could not be sent, in the words of a door.
Decline = Callable[[Declined, Send], str]

AT_MOST = 15.0  #: seconds for one address with all that it leads on to; as long for its fallback
_ANSWER = 65_536  # bytes of an answer that are read


class Voice(NamedTuple):
    """How a door speaks to addresses, and what it makes of their answers."""

    say: Say
    hear: Hear | None = None
    decline: Decline | None = None
    link: Link | None = None


class Tried(NamedTuple):
    """What one try came to, in a few words; no failure where the address took it."""

    answer: str
    failure: Failure | None
    patience: Patience | None = None
    is_hopeless: bool = False  #: no other try could do better
    code: str = ""  #: what makes an answer that was taken unusable, in the words of its door
    url: str = ""  #: the address that said so, or failed

    @property
    def is_good(self) -> bool:
        """Whether nobody else need be asked."""
        return self.failure is None and not self.code


class Exchange:
    """One try of one callback."""

    def __init__(
        self, http: Http, replies: Replies, voice: Voice, message: Message, token: str
    ) -> None:
        self._http = http
        self._replies = replies
        self._voice = voice
        self._message = message
        self._token = token
        self._asked = 0
        self._replied = 0
        self._notes: list[str] = []

    async def tell(self, callback: Callback) -> Tried:
        """Tell it to its address and, where that fails, to its fallback at once."""
        tried = await self._follow(callback)
        if not tried.is_good and callback.fallback.url:
            tried = await self._fall_back(callback, tried)
        if self._notes:
            tried = tried._replace(answer=f"{tried.answer}, but {'; '.join(self._notes)}")
        return tried

    async def _fall_back(self, callback: Callback, first: Tried) -> Tried:
        detour = Detour(number=self._asked, failure=first.failure, code=first.code, url=first.url)
        second = await self._follow(_to(callback, callback.fallback, detour))
        answer = f"{first.answer}, then the fallback: {second.answer}"
        if second.failure is None:
            return second._replace(answer=answer)
        failure = first.failure or second.failure
        hopeless = first.is_hopeless and second.is_hopeless
        return Tried(answer, failure, first.patience, hopeless)

    async def _follow(self, callback: Callback) -> Tried:
        """Ask an address, and those that its answers lead on to."""
        until = monotonic() + AT_MOST
        while True:
            post = self._voice.say(callback, self._message, self._token)
            answer = await self._ask(post, until - monotonic())
            self._asked += 1
            if isinstance(answer, Tried):
                return answer._replace(url=callback.url)
            heard = self._heard(callback, answer)
            await self._reply(heard)
            if heard.code:
                said = f"{answer.status}, but {heard.code}: {heard.text}"
                return Tried(said, None, post.patience, code=heard.code, url=callback.url)
            if heard.redirect is None:
                return Tried(str(answer.status), None, post.patience)
            before = callback.detour or Detour(number=0)
            detour = replace(before, number=self._asked, redirects=before.redirects + 1)
            callback = _to(callback, heard.redirect, detour)

    async def _ask(self, post: Post, left: float) -> Answer | Tried:
        """The answer of an address that took it; else what became of it."""
        if left <= 0:
            return Tried("too slow in all", Failure.READ, post.patience)
        limits = Limits(post.connect_in, post.read_in, min(post.total_in, left), most=_ANSWER)
        try:
            answer = await self._http.ask(
                post.method, post.url, headers=post.headers, body=post.body, limits=limits
            )
        except BadAddress as error:
            return Tried(str(error), Failure.CONNECT, post.patience, is_hopeless=True)
        except Unreached as error:
            return Tried(str(error), Failure.CONNECT, post.patience)
        except Unclear as error:
            return Tried(str(error), Failure.READ, post.patience)
        if 200 <= answer.status < 300:
            return answer
        failure = Failure.SERVER if answer.status >= 500 else Failure.CLIENT
        return Tried(str(answer.status), failure, post.patience)

    def _heard(self, callback: Callback, answer: Answer) -> Heard:
        """What is answered to somebody's message; a subscription is told, and not asked."""
        is_asked = callback.said == Status.RECEIVED and not callback.hook
        if not is_asked or self._voice.hear is None:
            return Heard()
        document = Document(
            content_type=answer.headers.get("content-type", ""),
            body=answer.body,
            cut=answer.cut,
        )
        return self._voice.hear(callback, self._message, document)

    async def _reply(self, heard: Heard) -> None:
        """Send what was answered. What cannot be sent is noted, and holds up nothing."""
        self._notes += heard.notes
        for send in heard.replies:
            number, self._replied = self._replied, self._replied + 1
            try:
                await self._replies.send(self._message, number, send)
            except Declined as error:
                decline = self._voice.decline
                self._notes.append(decline(error, send) if decline else str(error))


def _to(callback: Callback, hook: Hook, detour: Detour) -> Callback:
    """The same callback, told to another address."""
    return replace(callback, url=hook.url, method=hook.method, detour=detour)
