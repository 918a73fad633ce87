"""One try to tell a callback: whom it leads to, what is answered, and what follows from that."""

from collections.abc import Awaitable, Callable, Mapping
from time import monotonic
from typing import Any, NamedTuple

from msgspec import DecodeError, json
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
from estafette.model.notice import Notice

#: A callback in the words of a door, signed with what comes last: the secret of its subscription
#: where that has one, else the token of its account.
#: None where there is nothing to tell, though it is owed: nobody is asked, and nothing failed.
Say = Callable[[Callback, Message, str], Post | None]
#: What a door has to look up before it can say so: `Callback.facts`.
Look = Callable[[Message], Awaitable[Mapping[str, Any]]]
#: The same of what happened that is no status of a message; None where a door has no words for it.
Tell = Callable[[Callback, Notice, str], Post | None]
#: What an address answered to an inbound message, in our words.
Hear = Callable[[Callback, Message, Document], Heard]
#: Why a reply could not be sent, in the words of a door.
Decline = Callable[[Declined, Send], str]

AT_MOST = 15.0  #: seconds for one address with all that it leads on to; as long for its fallback
_ANSWER = 65_536  # bytes of an answer that are read
_KEPT = 2_000  # characters of an answer that are kept
_DEEP = 100  # brackets in an answer that is read: what is nested without end is not
_KEPT_HEADER = 200  # characters of a header that are kept
_HEADERS = ("content-type", "content-length", "date", "server", "location", "retry-after")
_NO_WORDS, _NOTHING = "no door has words for it", "there is nothing to tell"


class Manner(NamedTuple):
    """What a door does beside telling."""

    #: Its words for a message show whom that is exchanged with: `Callback.card` is there.
    shows_contacts: bool = False
    #: It shows what was sent and answered: both are kept.
    shows_answers: bool = False
    #: A retry says the same, byte for byte: what failed is kept in `Callback.response` until it is told.
    repeats: bool = False
    #: Seconds for which all may fail before a subscription is disabled; None for however long.
    disables_after: float | None = None


class Voice(NamedTuple):
    """How a door speaks to addresses, and what it makes of their answers."""

    say: Say | None = None
    hear: Hear | None = None
    decline: Decline | None = None
    link: Link | None = None
    tell: Tell | None = None
    manner: Manner = Manner()
    look: Look | None = None


class Tried(NamedTuple):
    """What one try came to, in a few words; no failure where the address took it."""

    answer: str
    failure: Failure | None
    patience: Patience | None = None
    is_hopeless: bool = False  #: no other try could do better
    code: str = ""  #: what makes an answer that was taken unusable, in the words of its door
    url: str = ""  #: the address that said so, or failed
    was_asked: bool = False  #: whether an address was asked at all
    response: str = ""  #: what was sent and what the address answered, as JSON, where that is kept

    @property
    def is_good(self) -> bool:
        """Whether nobody else need be asked."""
        return self.failure is None and not self.code


class Exchange:
    """One try of one callback."""

    def __init__(
        self, http: Http, replies: Replies, voice: Voice, about: Message | Notice, token: str
    ) -> None:
        """`about` is what the callback tells of."""
        self._http = http
        self._replies = replies
        self._voice = voice
        self._about = about
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
        return tried._replace(was_asked=self._asked > 0)

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
            post = self.post(callback)
            if post is None and self._is_told_of_messages():
                return Tried(_NOTHING, None)
            if post is None:
                return Tried(_NO_WORDS, Failure.CLIENT, is_hopeless=True)
            answer = await self._ask(post, until - monotonic())
            self._asked += 1
            kept = self._kept(post, answer)
            if isinstance(answer, Tried):
                return answer._replace(url=callback.url, response=kept)
            if failure := _failure(answer):
                said = str(answer.status)
                return Tried(said, failure, post.patience, url=callback.url, response=kept)
            heard = self._heard(callback, answer)
            await self._reply(heard)
            if heard.code:
                said = f"{answer.status}, but {heard.code}: {heard.text}"
                return Tried(said, None, post.patience, code=heard.code, url=callback.url)
            if heard.redirect is None:
                return Tried(str(answer.status), None, post.patience, response=kept)
            before = callback.detour or Detour(number=0)
            detour = replace(before, number=self._asked, redirects=before.redirects + 1)
            callback = _to(callback, heard.redirect, detour)

    def post(self, callback: Callback) -> Post | None:
        """The request; None where the door has no words for it."""
        voice, about = self._voice, self._about
        if isinstance(about, Notice):
            return voice.tell(callback, about, self._token) if voice.tell else None
        return voice.say(callback, about, self._token) if voice.say else None

    def _is_told_of_messages(self) -> bool:
        return isinstance(self._about, Message) and self._voice.say is not None

    def _kept(self, post: Post, answer: Answer | Tried) -> str:
        """What is kept of one request and its answer, where the door shows that, or will say it again."""
        manner = self._voice.manner
        is_taken = isinstance(answer, Answer) and _failure(answer) is None
        if not (manner.shows_answers or (manner.repeats and not is_taken)):
            return ""
        kept: dict[str, Any] = {"sent": post.body.decode("utf-8", "replace")}
        if isinstance(answer, Answer):
            known = answer.headers
            kept |= {
                "code": answer.status,
                "headers": {name: known[name][:_KEPT_HEADER] for name in _HEADERS if name in known},
                "body": _read(answer.body.decode("utf-8", "replace")),
            }
        return json.encode(kept).decode()

    async def _ask(self, post: Post, left: float) -> Answer | Tried:
        """What an address answered; or what became of it where that is nothing."""
        if left <= 0:
            return Tried("too slow in all", Failure.READ, post.patience)
        limits = Limits(post.connect_in, post.read_in, min(post.total_in, left), most=_ANSWER)
        try:
            return await self._http.ask(
                post.method, post.url, headers=post.headers, body=post.body, limits=limits
            )
        except BadAddress as error:
            return Tried(str(error), Failure.CONNECT, post.patience, is_hopeless=True)
        except Unreached as error:
            return Tried(str(error), Failure.CONNECT, post.patience)
        except Unclear as error:
            return Tried(str(error), Failure.READ, post.patience)

    def _heard(self, callback: Callback, answer: Answer) -> Heard:
        """What is answered to somebody's message; a subscription is told, and not asked."""
        is_asked = callback.said == Status.RECEIVED and not callback.hook
        if not is_asked or self._voice.hear is None or isinstance(self._about, Notice):
            return Heard()
        document = Document(
            content_type=answer.headers.get("content-type", ""),
            body=answer.body,
            cut=answer.cut,
        )
        return self._voice.hear(callback, self._about, document)

    async def _reply(self, heard: Heard) -> None:
        """Send what was answered. What cannot be sent is noted, and holds up nothing."""
        self._notes += heard.notes
        if isinstance(self._about, Notice):
            return
        for send in heard.replies:
            number, self._replied = self._replied, self._replied + 1
            try:
                await self._replies.send(self._about, number, send)
            except Declined as error:
                decline = self._voice.decline
                self._notes.append(decline(error, send) if decline else str(error))


def _read(body: str) -> Any:
    """What a body says where it is JSON of a reasonable size, else its text, cut."""
    if len(body) > _KEPT or body.count("[") + body.count("{") > _DEEP:
        return body[:_KEPT]
    try:
        return json.decode(body)
    except DecodeError:
        return body


def _failure(answer: Answer) -> Failure | None:
    if 200 <= answer.status < 300:
        return None
    return Failure.SERVER if answer.status >= 500 else Failure.CLIENT


def _to(callback: Callback, hook: Hook, detour: Detour) -> Callback:
    """The same callback, told to another address."""
    return replace(callback, url=hook.url, method=hook.method, detour=detour)
