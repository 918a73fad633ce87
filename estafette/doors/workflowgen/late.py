"""What is promised: a context that is run after the answer, and answered at its reply address."""

from typing import Any

import msgspec
import structlog
from msgspec import Struct

from estafette import actions
from estafette.actions import Action, Asked, Failed, Ran, perform
from estafette.core.core import Core
from estafette.core.courier import Outcome, Task
from estafette.doors.workflowgen import contexts, wire
from estafette.model import Busy
from estafette.model.twilio import CODES

log = structlog.get_logger()


class Promise(Struct, frozen=True, kw_only=True):
    """What is to be done, as it is written down."""

    action: str
    document: bytes
    is_xml: bool
    key: str  #: for idempotency; empty where the caller gave none
    is_shown: bool  #: whether the inputs themselves proved who asks


def proof_of(action: Action, members: dict[str, Any]) -> tuple[str, str] | None:
    """The SID and the secret among the inputs; None where they are not both there."""
    if action.proof is None:
        return None
    sid, secret = (str(members.get(name) or "").strip() for name in action.proof)
    return (sid, secret) if sid and secret else None


class Late:
    """Keeps promises."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def finish(self, task: Task) -> Outcome:
        """Run a context and answer it. What goes wrong is in the answer; raises Busy alone."""
        promise = msgspec.json.decode(task.words, type=Promise)
        action = actions.find(promise.action)
        given = wire.read(promise.document, is_xml=promise.is_xml)
        context = given.context or contexts.Context(parameters=())
        members = contexts.members_of(action, context)
        ran = await self._ran(action, members, promise, task)
        outcome = contexts.outputs(action, ran.outputs)
        body = wire.write(given, contexts.answered(action, context, outcome))
        return Outcome(wire.XML if promise.is_xml else wire.JSON, body.decode())

    async def _ran(
        self, action: Action, members: dict[str, Any], promise: Promise, task: Task
    ) -> Ran:
        if task.is_again and not action.keyed:
            # Who ran it died in the middle; a second run might do it a second time.
            return _failed(action, "it is not known whether this was done: its server stopped")
        asked = Asked(
            self._core,
            task.account,
            actions.read(action, members),
            idempotency_key=promise.key or f"\nerrand {task.id}",
            proof=proof_of(action, members) if promise.is_shown else None,
        )
        try:
            return await perform(action, asked)
        except Busy:
            raise
        except Exception:
            log.exception("a context broke", action=action.name, errand=task.id)
            return _failed(action, CODES[20500][1])


def _failed(action: Action, text: str) -> Ran:
    failure = Failed("20500", text, 500)
    return Ran(action.failed(failure) if action.failed else None, failure)
