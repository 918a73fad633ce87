"""What is answered where."""

import re
from collections.abc import Awaitable, Callable, Iterable

import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from estafette.core.core import Core
from estafette.doors.paths import Paths
from estafette.doors.twilio.accounts import Accounts
from estafette.doors.twilio.applications import Applications
from estafette.doors.twilio.available import Available
from estafette.doors.twilio.contents import Contents
from estafette.doors.twilio.errors import TwilioError
from estafette.doors.twilio.forms import in_form, in_json
from estafette.doors.twilio.messages import Messages
from estafette.doors.twilio.numbers import Numbers
from estafette.doors.twilio.requests import refusal
from estafette.doors.twilio.services import Services
from estafette.doors.twilio.usage import Usage
from estafette.doors.twilio.verified import Verified
from estafette.doors.twilio.wire import API
from estafette.model import Busy, Unknown

log = structlog.get_logger()

_GONE = re.compile(r"/Accounts/[^/]+/SMS/Messages(?:[./]|$)")  # the path before Messages

_FORMED = f"/{API}"  # answered in other forms than JSON, too

#: The operations, by resource; the most asked first.
PARTS = (
    *(Messages, Numbers, Available, Usage, Verified, Accounts),
    *(Applications, Services, Contents),
)

#: What the paths of products begin with, too, where they are told apart so.
ALIASES = {"/messaging/v1/": "/v1/", "/content/v1/": "/v1/"}

#: The paths in JSON. Each below /2010-04-01 is answered in the other forms, too.
TABLE = [row for part in PARTS for row in part.TABLE]

Operation = Callable[[Request], Awaitable[Response]]


class Application:
    """The door as an application; its paths are whole. Whatever goes wrong, the answer has
    Twilio's shape. There are no redirects to paths without a slash: the SDKs follow none.
    """

    def __init__(self, core: Core) -> None:
        parts = [part(core) for part in PARTS]
        self._paths: Paths[Operation] = Paths(
            (method, path, getattr(part, name))
            for part in parts
            for method, path, name in part.TABLE
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        try:
            response = await self._answer(request)
        except TwilioError as error:
            response = refusal(error)
        except Unknown:  # it was there when it was looked for, and is gone now
            response = refusal(TwilioError(20404, scope["path"]))
        except Busy as error:
            log.error("not written down", path=scope["path"], text=str(error))
            response = refusal(TwilioError(20503))
        except ClientDisconnect:
            return
        except Exception:
            log.exception("a request broke", path=scope["path"], method=scope["method"])
            response = refusal(TwilioError(20500))
        if not scope["path"].endswith(".json") and scope["path"].startswith(_FORMED):
            response = in_form(response, scope["path"])
        await response(scope, receive, send)

    def _answer(self, request: Request) -> Awaitable[Response]:
        scope = request.scope
        path = scope["path"]
        found = self._paths.find(path) or self._paths.find(_usual(path))
        if found is None:
            raise _no_path(path)
        scope["path_params"] = found.holes
        answer = found.by_method.get(scope["method"])
        return answer(request) if answer else _no_method(found.by_method)


def _usual(path: str) -> str:
    """The path in the table under which the same is answered."""
    for alias, prefix in ALIASES.items():
        if path.startswith(alias):
            return path.replace(alias, prefix, 1)
    return in_json(path) if path.startswith(_FORMED) else path


def _no_path(path: str) -> TwilioError:
    return TwilioError(20410 if _GONE.search(path) else 20404, path)


async def _no_method(allowed: Iterable[str]) -> Response:
    listed = ", ".join(sorted(set(allowed) - {"HEAD"}))
    return refusal(TwilioError(20004), (b"allow", listed.encode()))
