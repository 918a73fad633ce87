"""What is answered where: each action at its path, the trigger, and the two files to import."""

from collections.abc import Awaitable, Callable, Iterable
from typing import NamedTuple

import msgspec
import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from estafette.actions import Action, Asked, BadInputs, Failed, check_key, perform, read
from estafette.actions.twilio.failures import failed
from estafette.core.core import Core
from estafette.core.people import NotProved
from estafette.doors.callers import NOTHING_SHOWN, WRONG, caller, header
from estafette.doors.connectors import swagger, wire
from estafette.doors.connectors.subscriptions import Subscriptions
from estafette.doors.connectors.table import (
    ACTIONS,
    PREFIX,
    SUBSCRIBE_AT,
    UNSUBSCRIBE_AT,
    action,
)
from estafette.doors.paths import Paths
from estafette.model import Account, AccountKind, Busy

log = structlog.get_logger()


class Call(NamedTuple):
    """One request of somebody who may ask."""

    request: Request
    account: Account
    holes: dict[str, str]
    as_xml: bool


Answering = Callable[[Call], Awaitable[Response]]


class Application:
    """The door as an application; its paths are whole. Whatever goes wrong, the answer is a Failure."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._subscriptions = Subscriptions(core)
        self._paths: Paths[Answering] = Paths(
            [
                *((method, PREFIX + path, self._running(name)) for method, path, name in ACTIONS),
                ("POST", PREFIX + SUBSCRIBE_AT, self._subscribe),
                ("DELETE", PREFIX + UNSUBSCRIBE_AT, self._unsubscribe),
            ]
        )
        self._open = {
            f"{PREFIX}/swagger.json": msgspec.json.encode(swagger.describe(core.public_url)),
            f"{PREFIX}/apiProperties.json": msgspec.json.encode(swagger.properties()),
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        as_xml = wire.wants_xml(request)
        try:
            response = await self._answer(request, as_xml=as_xml)
        except Failed as error:
            response = wire.refusal(error, as_xml=as_xml)
        except BadInputs as error:
            response = wire.refusal(wire.of_bad(error), as_xml=as_xml)
        except Busy as error:
            log.error("not written down", path=scope["path"], text=str(error))
            busy = failed(20503)
            busy.retry_after = 1.0
            response = wire.refusal(busy, as_xml=as_xml)
        except ClientDisconnect:
            return
        except Exception:
            log.exception("a request broke", path=scope["path"], method=scope["method"])
            response = wire.refusal(failed(20500), as_xml=as_xml)
        await response(scope, receive, send)

    async def _answer(self, request: Request, *, as_xml: bool) -> Response:
        path, method = request.scope["path"], request.scope["method"]
        if path in self._open:
            if method not in ("GET", "HEAD"):
                return _no_method(["GET"], as_xml=as_xml)
            return Response(self._open[path], media_type=wire.JSON)
        found = None if "\0" in path else self._paths.find(path)
        if found is None:
            raise failed(20404, path)
        answering = found.by_method.get(method)
        if answering is None:
            return _no_method(found.by_method, as_xml=as_xml)
        account = await self._account(request)
        return await answering(Call(request, account, found.holes, as_xml))

    async def _account(self, request: Request) -> Account:
        try:
            found = await caller(request, self._core.people)
        except NotProved:
            raise _unproved(WRONG) from None
        if found is None:
            raise _unproved(NOTHING_SHOWN)
        if found.account.kind is AccountKind.TEST:
            raise failed(20008)
        return found.account

    def _running(self, name: str) -> Answering:
        """What answers an operation by an action."""
        found = action(name)

        async def answering(call: Call) -> Response:
            return await self._run(found, call)

        return answering

    async def _run(self, found: Action, call: Call) -> Response:
        request = call.request
        if request.scope["method"] == "POST":
            kind = wire.kind_of(request)
            said = wire.members(await wire.read(request), kind, found.inputs)
        else:
            said = dict(wire.query(request.scope["query_string"], found.inputs))
        asked = Asked(
            self._core,
            call.account,
            read(found, {**said, **call.holes}),
            idempotency_key=_key(request) if found.keyed else "",
        )
        ran = await perform(found, asked)
        if ran.failure:
            raise ran.failure
        assert ran.outputs is not None  # noqa: S101 - what did not fail has them
        return wire.answer(ran.outputs, as_xml=call.as_xml)

    async def _subscribe(self, call: Call) -> Response:
        kind = wire.kind_of(call.request)
        body = await wire.read(call.request)
        made, where = await self._subscriptions.add(call.account, body, kind)
        response = wire.answer(made, 201, as_xml=call.as_xml)
        response.raw_headers.append((b"location", where.encode()))
        return response

    async def _unsubscribe(self, call: Call) -> Response:
        await self._subscriptions.remove(call.account, call.holes["SubscriptionId"])
        return Response(status_code=204)


def _unproved(text: str) -> Failed:
    return Failed("20003", f"Authenticate: {text}", 401)


def _key(request: Request) -> str:
    return check_key(header(request, b"idempotency-key").decode("latin-1"))


def _no_method(allowed: Iterable[str], *, as_xml: bool) -> Response:
    response = wire.refusal(failed(20004), as_xml=as_xml)
    listed = ", ".join(sorted(set(allowed) - {"HEAD"}))
    response.raw_headers.append((b"allow", listed.encode()))
    return response
