"""What is answered where: a context is run, or an action is described."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qs

import msgspec
import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from estafette import actions
from estafette.actions import Action, Asked, BadInputs, Ran, inputs_of, perform
from estafette.core.core import Core
from estafette.core.errands import ForeignAddress
from estafette.core.origins import origin_of
from estafette.core.people import ACCOUNT_SID, NotProved
from estafette.doors.callers import CHALLENGE, NOTHING_SHOWN, WRONG, caller, header
from estafette.doors.paths import Paths
from estafette.doors.workflowgen import about, bodies, contexts, late, wire
from estafette.doors.workflowgen.contexts import BadContext, Context
from estafette.doors.workflowgen.errors import STAYS, Refusal, of_failure
from estafette.doors.xmls import LARGEST
from estafette.model import Account, Busy, Unknown
from estafette.model.twilio import CODES

log = structlog.get_logger()

NAME = "workflowgen"  #: of the door
ROOT = "/v1/workflowgen"

TABLE = [
    ("GET", ROOT, "names"),
    ("GET", f"{ROOT}/{{name}}", "describe"),
    ("POST", f"{ROOT}/{{name}}", "run"),
]

_KEYS = (b"idempotency-key", b"i-twilio-idempotency-token")


class Call:
    """One request: what is known of it so far says how an error is written."""

    def __init__(self, request: Request) -> None:
        kind = header(request, b"content-type").decode("latin-1")
        self.request = request
        self.content_type = kind
        self.is_xml = "xml" in kind.lower()
        said = parse_qs(request.scope["query_string"].decode("latin-1"))
        self.reply = (said.get("reply") or ["sync"])[-1]


class Application:
    """The door as an application; its paths are whole."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._paths: Paths[str] = Paths(TABLE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; whatever goes wrong, in Twilio's shape."""
        call = Call(Request(scope, receive))
        try:
            response = await self._answer(call)
        except Refusal as refusal:
            response = _refused(call, refusal)
        except (BadContext, BadInputs) as error:
            response = _refused(call, Refusal(400, str(error)))
        except ForeignAddress as error:
            response = _refused(call, Refusal(403, str(error)))
        except Unknown as error:
            response = _refused(call, Refusal(404, str(error)))
        except Busy as error:
            log.error("not written down", path=scope["path"], text=str(error))
            response = _refused(call, Refusal(*CODES[20503]))
        except ClientDisconnect:
            return
        except Exception:
            log.exception("a request broke", path=scope["path"], method=scope["method"])
            response = _refused(call, Refusal(*CODES[20500]))
        await response(scope, receive, send)

    async def _answer(self, call: Call) -> Response:
        scope = call.request.scope
        found = self._paths.find(scope["path"])
        if found is None:
            raise Refusal(404, f"nothing is served at {scope['path']}")
        name = found.by_method.get(scope["method"])
        if name is None:
            return _no_method(call, found.by_method)
        answer: Response = await getattr(self, name)(call, **found.holes)
        return answer

    async def names(self, call: Call) -> Response:
        """List the actions."""
        url = f"{self._core.public_url}{ROOT}"
        return about.index(actions.actions(), url, header(call.request, b"accept"))

    async def describe(self, call: Call, name: str) -> Response:
        """Say how an action is declared as an application of WorkflowGen."""
        url = f"{self._core.public_url}{ROOT}"
        return about.page(actions.find(name), url, header(call.request, b"accept"))

    async def run(self, call: Call, name: str) -> Response:
        """Run an action, and answer as it was asked."""
        action = actions.find(name)
        account = await self._shown(call)
        try:
            body, given, members = await _given(call, action)
        except (Refusal, BadContext) as error:
            if account is None:  # who asks could only have been told by what cannot be read
                raise Refusal(401, f"{_needed(action)} ({error})") from None
            raise
        proof = None
        if account is None:
            proof = late.proof_of(action, members)
            account = await self._proved(action, proof)
        asked = Asked(
            self._core,
            account,
            actions.read(action, members),
            idempotency_key=_key(call, action, given.context),
            proof=proof,
        )
        if call.reply == "async":
            return await self._promise(action, given.context, body, asked)
        if call.reply != "sync":
            raise Refusal(400, "reply must be sync or async")
        return _answered(action, given, await perform(action, asked))

    async def _shown(self, call: Call) -> Account | None:
        """Who the header says it is; None where there is none."""
        try:
            credential = await caller(call.request, self._core.people)
        except NotProved:
            raise Refusal(401, WRONG) from None
        return credential.account if credential else None

    async def _proved(self, action: Action, proof: tuple[str, str] | None) -> Account:
        """Whom the inputs prove: one of our accounts, by its own token."""
        if proof is None:
            raise Refusal(401, _needed(action))
        try:
            if not ACCOUNT_SID.fullmatch(proof[0]):
                raise NotProved(is_known=False)
            return (await self._core.people.prove(*proof)).account
        except NotProved:
            raise Refusal(401, WRONG) from None

    async def _promise(
        self, action: Action, context: Context | None, body: bodies.Body, asked: Asked
    ) -> Response:
        """Write down what is to be done, and say that it will be."""
        if context is None or not context.reply_to:
            raise Refusal(400, "reply=async needs a context with a reply address")
        if action.failed is None:
            raise Refusal(400, f"{action.name} cannot be answered later: a failure has no outputs")
        promise = late.Promise(
            action=action.name,
            document=body.document,
            is_xml=body.is_xml,
            key=asked.idempotency_key,
            is_shown=asked.proof is not None,
        )
        await self._core.errands.promise(
            asked.account.sid, NAME, context.reply_to, msgspec.json.encode(promise).decode()
        )
        return Response(status_code=202)


async def _given(call: Call, action: Action) -> tuple[bodies.Body, wire.Given, dict[str, Any]]:
    """What was asked, and its inputs. Raises Refusal and BadContext."""
    raw = await _read(call.request)
    body = bodies.read(raw, call.content_type, inputs_of(action))
    if body.fields:
        return body, wire.Given(context=None), dict(body.fields)
    call.is_xml = body.is_xml
    given = wire.read(body.document, is_xml=body.is_xml)
    if given.context is None:
        return body, given, dict(given.inputs)
    return body, given, contexts.members_of(action, given.context)


def _needed(action: Action) -> str:
    either = f", or give {' and '.join(action.proof)}" if action.proof else ""
    return f"{NOTHING_SHOWN}{either}"


async def _read(request: Request) -> bytes:
    body, more = b"", True
    while more:
        part = await request.receive()
        if part["type"] == "http.disconnect":
            raise ClientDisconnect
        body += part.get("body", b"")
        more = part.get("more_body", False)
        if len(body) > LARGEST:
            raise Refusal(413, f"a body has at most {LARGEST} bytes")
    return body


def _key(call: Call, action: Action, context: Context | None) -> str:
    """The idempotency key: a header's; else the step of the workflow, where the context names it.

    Several engines may share an account: each counts for itself, by where it is replied to.
    """
    shown = next(filter(None, (header(call.request, name) for name in _KEYS)), b"")
    key = actions.check_key(shown.decode("latin-1"))
    if key or context is None or not (context.process and context.activity):
        return key
    if len(context.process) > 64 or len(context.activity) > 64:
        raise Refusal(400, "processInstanceId and activityInstanceId have at most 64 characters")
    engine = origin_of(context.reply_to) or ""
    # Nobody else's key: those of headers are printable.
    return f"\nworkflowgen {action.name} {context.process}/{context.activity} {engine}"


def _answered(action: Action, given: wire.Given, ran: Ran) -> Response:
    """What came of it, in the format of the request."""
    found = ran.failure
    if found and (ran.outputs is None or (given.context is None and found.code in STAYS)):
        raise of_failure(found)
    outcome = contexts.outputs(action, ran.outputs)
    headers = {"x-action-outcome": "done" if ran.ok else "failed"}
    if given.context is None:
        return _response(msgspec.json.encode(outcome), wire.JSON, headers=headers)
    body = wire.write(given, contexts.answered(action, given.context, outcome))
    kind = wire.JSON if given.root is None else wire.XML
    return _response(body, kind, headers=headers)


def _response(body: bytes, kind: str, status: int = 200, headers: Any = None) -> Response:
    return Response(body, status, headers={**(headers or {}), "content-type": kind})


def _refused(call: Call, refusal: Refusal) -> Response:
    kind = wire.XML if call.is_xml else wire.JSON
    body = wire.write_error(refusal, is_xml=call.is_xml)
    response = _response(body, kind, refusal.status, refusal.headers)
    if refusal.status == 401:
        response.raw_headers.append(CHALLENGE)
    return response


def _no_method(call: Call, allowed: Iterable[str]) -> Response:
    response = _refused(call, Refusal(405, "this path has no such method"))
    response.raw_headers.append((b"allow", ", ".join(sorted(allowed)).encode()))
    return response
