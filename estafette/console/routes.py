"""Every request to the console: who asks, may they, and is it they who ask."""

import asyncio
import hmac
import importlib
import math
import pkgutil
from collections.abc import Awaitable, Callable
from time import perf_counter
from typing import Any
from urllib.parse import quote

import structlog
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route, Router
from starlette.types import Message, Receive, Scope, Send

from estafette.console import pages
from estafette.console.rows import Row
from estafette.console.show import STATIC, warm
from estafette.console.visit import SESSION, Visit
from estafette.core.audit import CONSOLE
from estafette.core.core import Core
from estafette.model import BadValue, Busy, Conflict, Declined, GatewayError, TooMany, Unknown

log = structlog.get_logger()

_TYPES = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
    "LICENSE": "text/plain; charset=utf-8",
}
#: No script and no style but our own files; nothing of ours in a frame of somebody else's page.
HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "media-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
}
_STATUS: dict[type[GatewayError], int] = {
    Unknown: 404, Conflict: 409, BadValue: 400, Declined: 400, TooMany: 429, Busy: 503,
}  # fmt: skip

Operation = Callable[[Visit], Awaitable[Response]]


class Stop(Exception):
    """The request goes no further."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Application:
    """An ASGI application for `/console` and every path below it."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._warming: dict[str, asyncio.Task[None]] = {}  # templates, by language
        routes = [Route("/console/static/{name}", _static)]
        for module in pkgutil.iter_modules(pages.__path__):
            page = importlib.import_module(f"{pages.__name__}.{module.name}").page(core)
            routes += [self._route(page, row) for row in page.TABLE]
        self._router = Router(routes, redirect_slashes=False, default=self._nothing)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """An ASGI application."""
        began = perf_counter()

        async def start(message: Message) -> None:
            if message["type"] == "http.response.start":
                took = (perf_counter() - began) * 1000
                headers = {**HEADERS, "server-timing": f"total;dur={took:.1f}"}
                known = {name.lower() for name, _ in message["headers"]}
                message["headers"] = [
                    *message["headers"],
                    *(
                        (name.encode(), value.encode())
                        for name, value in headers.items()
                        if name.encode() not in known
                    ),
                ]
            await send(message)

        try:
            await self._router(scope, receive, start)
        except HTTPException as error:  # 405, of the router
            answer = await self._error(Request(scope, receive), error.status_code)
            await answer(scope, receive, start)
        except ClientDisconnect:
            pass

    def close(self) -> None:
        """End what is told for as long as somebody looks: the server stops."""
        self._core.watch.close()

    def _route(self, page: Any, row: Row) -> Route:
        operation: Operation = getattr(page, row.name)

        async def answer(request: Request) -> Response:
            return await self._answer(request, row, operation)

        return Route(f"/console{row.path}", answer, methods=[row.method])

    async def _answer(self, request: Request, row: Row, operation: Operation) -> Response:
        visit = await self._visit(request)
        if not visit.is_signed_in and not row.is_open:
            return _to_sign_in(visit)
        try:
            if visit.is_signed_in and not row.is_open and not visit.may(row.needs):
                raise Stop(403)
            if row.method == "POST":
                await _read(visit, row)
            answer = await operation(visit)
        except Stop as stop:
            return _show_error(visit, stop.status)
        except GatewayError as error:
            status = next((s for kind, s in _STATUS.items() if isinstance(error, kind)), 400)
            return _after(_show_error(visit, status, visit.told(error)), error)
        except ClientDisconnect:
            raise
        except Exception:
            log.exception("a page broke", path=request.url.path)
            return _show_error(visit, 500)
        await self._write_down(visit)
        answer.headers.setdefault("cache-control", "no-store")
        self._warm(visit.words.language)
        return answer

    def _warm(self, language: str) -> None:
        """Who has seen one page will see others: make them ready meanwhile."""
        if language not in self._warming:
            self._warming[language] = asyncio.create_task(warm(language))

    async def _visit(self, request: Request) -> Visit:
        token = request.cookies.get(SESSION, "")
        if not token:
            return Visit(request, self._core, None, None)
        try:
            session = await self._core.sessions.find(token)
            account = await self._core.people.account(session.account)
        except Unknown:
            return Visit(request, self._core, None, None)
        return Visit(request, self._core, session, account)

    async def _write_down(self, visit: Visit) -> None:
        """Keep in the audit trail what was changed: it is, whether or not this can be kept."""
        for event, about, details in visit.changes:
            try:
                await self._core.audit.note(
                    visit.account.sid,
                    actor=visit.session.holder,
                    name=visit.session.name,
                    via=CONSOLE,
                    event=event,
                    about=about,
                    details=details,
                )
            except Busy:
                log.error("a change is not in the audit trail", change=event, about=about)

    async def _error(self, request: Request, status: int) -> Response:
        return _show_error(await self._visit(request), status)

    async def _nothing(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = await self._error(Request(scope, receive), 404)
        await answer(scope, receive, send)


async def _static(request: Request) -> Response:
    name = request.path_params["name"]
    if name not in STATIC:
        raise HTTPException(404)
    kind = _TYPES.get(name.rpartition(".")[2], "application/octet-stream")
    return Response(
        STATIC[name], media_type=kind, headers={"cache-control": "public, max-age=31536000"}
    )


def _to_sign_in(visit: Visit) -> Response:
    here = visit.request.url.path
    query = visit.request.url.query
    if visit.request.method != "GET" or visit.is_part:
        here, query = "/console", ""
    path = f"/console/sign-in?next={quote(here + (f'?{query}' if query else ''), safe='/')}"
    if visit.is_part:
        return Response(status_code=401, headers={"hx-redirect": path})
    return RedirectResponse(path, 303)


async def _read(visit: Visit, row: Row) -> None:
    """The form, once it is sure that a page of ours sent it. Raises Stop."""
    request = visit.request
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise Stop(403)
    await _form(visit, row.largest)
    if visit.is_signed_in and not row.is_open:
        shown = request.headers.get("x-csrf") or visit.text("csrf")
        if not hmac.compare_digest(shown.encode(), visit.csrf.encode()):
            raise Stop(403)


async def _form(visit: Visit, largest: int) -> None:
    request, size = visit.request, 0
    receive = request._receive  # noqa: SLF001 - counted before it is read

    async def counted() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > largest:
            raise Stop(413)
        return message

    kind = request.headers.get("content-type", "").partition(";")[0]
    if kind not in ("application/x-www-form-urlencoded", "multipart/form-data", ""):
        raise Stop(415)
    try:
        visit.form = await Request(request.scope, counted).form(max_part_size=largest)
    except HTTPException:
        raise Stop(400) from None


def _after(answer: Response, error: GatewayError) -> Response:
    """The answer, with when to ask again."""
    if isinstance(error, TooMany):
        answer.headers["retry-after"] = str(max(1, math.ceil(error.retry_after)))
    return answer


def _show_error(visit: Visit, status: int, text: str = "") -> Response:
    if visit.is_part:
        answer = visit.show("failed.html", status, status=status, text=text)
        answer.headers["hx-retarget"] = "#notice"
        answer.headers["hx-reswap"] = "innerHTML"
        answer.headers["hx-reselect"] = ".notice"  # whatever part of a page was wanted
    else:
        answer = visit.show("error.html", status, status=status, text=text)
    answer.headers["cache-control"] = "no-store"
    return answer
