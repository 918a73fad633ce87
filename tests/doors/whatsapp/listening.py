"""A real program on pywa that listens: its webhook, its handlers, and what these were called with."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from pywa import WhatsApp
from starlette.applications import Starlette
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import Request

from tests.conftest import free_port
from tests.patience import PATIENCE

VERIFY_TOKEN = "a token for the challenge"
KINDS = (
    "message", "callback_button", "callback_selection", "edited_message", "deleted_message",
    "flow_completion", "phone_number_change", "message_status", "group_message_statuses",
)  # fmt: skip


@dataclass
class Listener:
    """What handlers were called with, by their names; and what was answered to each POST."""

    url: str
    heard: list[tuple[str, Any]] = field(default_factory=list)
    raw: list[Any] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)

    def wait(self, kind: str, is_it: Any = lambda _update: True, seconds: float = PATIENCE) -> Any:
        """The first update of a kind that is meant."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for name, update in list(self.heard):
                if name == kind and is_it(update):
                    return update
            time.sleep(0.01)
        raise AssertionError(f"no {kind}: {self.heard}, {self.answers}")

    def wait_answers(self, count: int, seconds: float = PATIENCE) -> list[int]:
        """What was answered, once it is so much."""
        end = time.monotonic() + seconds
        while len(self.answers) < count:
            assert time.monotonic() < end, self.answers
            time.sleep(0.01)
        return self.answers


@contextmanager
def listening(phone: str, token: str, secret: str, **more: Any) -> Iterator[Listener]:
    """A program that is told of one phone number, and believes what is signed with a secret."""
    port = free_port()
    listener = Listener(f"http://127.0.0.1:{port}/pywa")
    app = Starlette()
    usual = {"phone_id": phone, "token": token, "app_secret": secret, "server": app}
    usual |= {"verify_token": VERIFY_TOKEN, "webhook_endpoint": "/pywa", "continue_handling": True}
    wa = WhatsApp(**{**usual, **more})
    for kind in KINDS:
        _listen(wa, kind, listener)

    @wa.on_raw_update
    def keep(_: WhatsApp, update: Any) -> None:
        listener.raw.append(update)

    async def note(request: Request, following: Any) -> Any:
        answer = await following(request)
        if request.method == "POST":
            listener.answers.append(answer.status_code)
        return answer

    app.add_middleware(BaseHTTPMiddleware, dispatch=note)
    config = uvicorn.Config(app, port=port, log_level="critical", lifespan="off", ws="none")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    end = time.monotonic() + PATIENCE
    while not server.started:
        assert time.monotonic() < end
        time.sleep(0.01)
    try:
        yield listener
    finally:
        server.should_exit = True
        thread.join()


def _listen(wa: WhatsApp, kind: str, listener: Listener) -> None:
    def hear(_: WhatsApp, update: Any) -> None:
        listener.heard.append((kind, update))

    getattr(wa, f"on_{kind}")()(hear)
