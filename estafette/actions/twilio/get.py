"""TWILIO.GetMessage: one message by its id."""

import re
from typing import Annotated

from msgspec import Struct

from estafette.actions import Action, Asked
from estafette.actions.twilio import shapes
from estafette.actions.twilio.failures import failed
from estafette.actions.twilio.models import Message, said
from estafette.model import Unknown

_NAME = re.compile(r"[!-~]{1,512}")


class GetMessageRequest(
    Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    rename={"message_id": "MessageId"},
):
    """Which message is asked for."""

    message_id: Annotated[
        str, said("Message ID", "Message identifier.", x_ms_url_encoding="single")
    ]


async def run(asked: Asked) -> Message:
    """Find it by any form of its id, or by the id that its carrier gave it. Raises Failed."""
    inputs: GetMessageRequest = asked.inputs
    try:
        if not _NAME.fullmatch(inputs.message_id):
            raise Unknown("what is no text names nothing")
        found = await asked.core.gateway.find_named(asked.account, inputs.message_id)
    except Unknown:
        raise failed(20404, f"/Messages/{inputs.message_id}.json") from None
    return shapes.message(found)


ACTION = Action(
    name="TWILIO.GetMessage",
    title="Get Message",
    summary="Returns one message by its identifier.",
    inputs=GetMessageRequest,
    outputs=Message,
    run=run,
    errors="http",
    needs=("MessageId",),
)
