"""What is answered where: the list of actions, one action, a run of it, and the description of all."""

from collections.abc import Awaitable, Callable, Iterable, Mapping

import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from estafette import actions
from estafette.actions import Action, Asked, BadInputs, Looked
from estafette.core.core import Core
from estafette.core.people import NotProved
from estafette.doors.actions import answers, bodies, errors, openapi, steps, wire
from estafette.doors.actions.answers import Answer
from estafette.doors.actions.errors import Refusal
from estafette.doors.actions.steps import Step
from estafette.doors.callers import CHALLENGE, NOTHING_SHOWN, WRONG, caller, header, owner
from estafette.doors.paths import Paths
from estafette.doors.requests import TooLarge, read_body
from estafette.model import Account, Busy, Unknown

log = structlog.get_logger()

#: The operations: method, path, and what answers them.
TABLE = [
    ("GET", "/v1/actions", "all"),
    ("GET", "/v1/actions/openapi.json", "openapi"),
    ("GET", "/v1/actions/{name}", "one"),
    ("POST", "/v1/actions", "step"),
    ("POST", "/v1/actions/{name}", "run"),
    ("GET", "/v1/actions/{name}/{id*}", "look"),
]
_AGAIN_IN = "1"  # seconds after which what was not written down may be asked again

_KEYS = (b"idempotency-key", b"i-twilio-idempotency-token")

Proof = tuple[str, str]


class Call:
    """One request, and what is known of it so far: what it is answered in depends on that."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self.holes: dict[str, str] = {}
        content_type = self.header(b"content-type")
        self.content_type = content_type
        self.kind = bodies.TYPES.get(bodies.media_type(content_type), "")

    def header(self, *names: bytes) -> str:
        """The first of these headers that is there, in lower case; empty where none is."""
        found = (header(self.request, name) for name in names)
        return next((value.decode("latin-1") for value in found if value), "")

    def response(self, found: Answer) -> Response:
        """An answer in the form that was asked for."""
        media = wire.answered_in(self.header(b"accept"), self.kind)
        is_xml = wire.ANSWERED[media] == bodies.XML
        body = answers.in_xml(found) if is_xml else answers.in_json(found)
        # The declaration says which encoding XML has: Starlette would say it of text/xml, too.
        return Response(body, found.status, {**found.headers, "content-type": media})


Operation = Callable[[Call], Awaitable[Response]]


class Application:
    """The door as an application; its paths are whole. Whatever goes wrong, the answer has Twilio's
    shape.
    """

    def __init__(self, core: Core) -> None:
        self._core = core
        self._paths: Paths[Operation] = Paths(
            (method, path, getattr(self, name)) for method, path, name in TABLE
        )
        self._described = b""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        call = Call(Request(scope, receive))
        try:
            response = await self._answer(call)
        except Refusal as error:
            response = _refusal(call, error)
        except BadInputs as error:
            response = _refusal(call, Refusal(errors.BAD, str(error)))
        except Unknown as error:
            response = _refusal(call, Refusal(errors.NOT_FOUND, str(error)))
        except Busy as error:
            log.error("not written down", path=scope["path"], text=str(error))
            response = _refusal(call, Refusal(errors.BUSY))
            response.headers["retry-after"] = _AGAIN_IN
        except ClientDisconnect:
            return
        except Exception:
            log.exception("a request broke", path=scope["path"], method=scope["method"])
            response = _refusal(call, Refusal(errors.BROKEN))
        await response(scope, receive, send)

    async def _answer(self, call: Call) -> Response:
        path, method = call.request.scope["path"], call.request.scope["method"]
        found = None if "\0" in path else self._paths.find(path)
        if found is None:
            raise Refusal(errors.NOT_FOUND, f"Nothing is served at {path[:200]}.")
        call.holes = found.holes
        if method in found.by_method:
            return await found.by_method[method](call)
        if call.holes and _has_no_look(actions.find(call.holes["name"]), call.holes):
            raise Refusal(errors.NOT_FOUND, f"Nothing is served at {path[:200]}.")
        if method == "OPTIONS":
            return Response(status_code=204, headers={"allow": _allowed(found.by_method)})
        response = _refusal(call, Refusal(errors.NO_METHOD))
        response.headers["allow"] = _allowed(found.by_method)
        return response

    async def all(self, call: Call) -> Response:
        """List the actions, with what each takes and gives."""
        await self._caller(call)
        return _json(wire.encoded(wire.Listed(list(map(wire.described, actions.actions())))))

    async def openapi(self, _: Call) -> Response:
        """All actions as OpenAPI 3.1; readable without credentials."""
        if not self._described:
            self._described = openapi.encoded(actions.actions(), self._core.public_url)
        return _json(self._described)

    async def one(self, call: Call) -> Response:
        """One action: what it takes and gives."""
        action = actions.find(call.holes["name"])
        await self._caller(call)
        return _json(wire.encoded(wire.described(action)))

    async def step(self, call: Call) -> Response:
        """Run a whole step of a flow, which names its action itself; it is answered by the step's id."""
        await self._caller(call)
        raw = await _body(call)
        if bodies.kind_of(call.content_type, raw) != bodies.JSON:
            raise Refusal(
                errors.BAD, "A step is JSON here; in XML, post it to its action.", status=415
            )
        call.kind = bodies.JSON
        members = bodies.read_json(raw)
        if not steps.is_step(members):
            raise Refusal(errors.BAD, "A step is an object with type, action and params.")
        step = steps.read(members)
        found = await self._run(call, actions.find(step.name), step.params, step)
        return call.response(steps.in_flow(found, step))

    async def run(self, call: Call) -> Response:
        """Run an action, with its inputs or with a whole step of a flow."""
        action = actions.find(call.holes["name"])
        account = await self._shown(call)
        try:
            members = await _members(call, action)
        except Refusal as error:
            if account is None:  # who asks could only have been told by what cannot be read
                raise Refusal(errors.NOT_PROVED, f"{_needed(action)} ({error})") from None
            raise
        step = steps.of(action, members)
        return call.response(await self._run(call, action, step.params if step else members, step))

    async def _run(
        self, call: Call, action: Action, members: Mapping[str, object], step: Step | None
    ) -> Answer:
        """What a run is answered with."""
        account, proof = await self._shown(call), None
        if account is None:
            account, proof = await self._proved(action, members)
        options = wire.read_options(call.request.scope["query_string"])
        options = steps.with_step(options, step) if step else options
        answers.check(action, options)
        key = actions.check_key(call.header(*_KEYS))
        asked = Asked(
            core=self._core,
            account=account,
            inputs=actions.read(action, members),
            connection=options.connection,
            idempotency_key=key if action.keyed else "",
            proof=proof,
            mask_output=options.mask_output,
        )
        return answers.answer(action, await actions.perform(action, asked), options)

    async def look(self, call: Call) -> Response:
        """What a run came to by now, for actions that go on after they ran; `wait` is in seconds."""
        action = actions.find(call.holes["name"])
        if _has_no_look(action, call.holes):
            raise Refusal(errors.NOT_FOUND, f"Nothing is to be seen of {action.name} once it ran.")
        account = await self._caller(call)
        wait = wire.read_wait(call.request.scope["query_string"])
        looked = Looked(core=self._core, account=account, id=call.holes["id"], wait=wait)
        return call.response(answers.looked(action, await actions.seen(action, looked)))

    async def _caller(self, call: Call) -> Account:
        account = await self._shown(call)
        if account is None:
            raise Refusal(errors.NOT_PROVED, _sentence(NOTHING_SHOWN))
        return account

    async def _shown(self, call: Call) -> Account | None:
        """Whom the header proves; None where there is none. Raises Refusal where it is wrong."""
        try:
            found = await caller(call.request, self._core.people)
        except NotProved:
            raise Refusal(errors.NOT_PROVED, _sentence(WRONG)) from None
        return found.account if found else None

    async def _proved(self, action: Action, members: Mapping[str, object]) -> tuple[Account, Proof]:
        """Whom the inputs prove: one of our accounts, by its own token. Raises Refusal."""
        user, secret = (members.get(name) for name in action.proof or ("", ""))
        if not (isinstance(user, str) and isinstance(secret, str)) or not (user and secret):
            raise Refusal(errors.NOT_PROVED, _needed(action))
        try:
            found = await owner(self._core.people, user, secret)
        except NotProved:
            raise Refusal(errors.NOT_PROVED, _sentence(WRONG)) from None
        return found.account, (user, secret)


async def _members(call: Call, action: Action) -> dict[str, object]:
    """The inputs as they came. Raises Refusal."""
    raw = await _body(call)
    call.kind = bodies.kind_of(call.content_type, raw)
    return bodies.read(action, call.kind, raw, call.content_type)


async def _body(call: Call) -> bytes:
    raw = await _read(call.request)
    if call.header(b"content-encoding").lower() not in ("", "identity"):
        raise Refusal(errors.BAD, "The body must not be compressed.", status=415)
    return raw


async def _read(request: Request) -> bytes:
    try:
        return await read_body(request, bodies.LARGEST)
    except TooLarge:
        text = f"The request body is larger than {bodies.LARGEST} bytes."
        raise Refusal(errors.TOO_LARGE, text) from None


def _has_no_look(action: Action, holes: Mapping[str, str]) -> bool:
    """Whether a path names something of an action that is over once it ran."""
    return "id" in holes and action.look is None


def _needed(action: Action) -> str:
    either = f", or give {' and '.join(action.proof)}" if action.proof else ""
    return f"{_sentence(NOTHING_SHOWN).removesuffix('.')}{either}."


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."


def _json(body: bytes) -> Response:
    return Response(body, media_type="application/json")


def _refusal(call: Call, error: Refusal) -> Response:
    response = call.response(answers.of_failure(error.failure, error.failure.status))
    if error.failure.status == 401:
        response.raw_headers.append(CHALLENGE)
    return response


def _allowed(methods: Iterable[str]) -> str:
    return ", ".join(sorted({*methods, "OPTIONS"}))
