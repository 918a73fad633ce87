"""SENDMESSAGE: a text message from a workflow, as WorkflowGen's application of that name asks it.

It goes by an account's own senders, or through the Twilio account that the step, a connection or
the panel names: docs/reference/sendmessage.md.
"""

import re
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from estafette.actions import Action, Asked, Failed
from estafette.core.limits import LONGEST_BODY
from estafette.core.people import NotProved
from estafette.core.relay import AT_ONCE, PROVIDER, Said, Way
from estafette.model import (
    Account,
    AccountKind,
    Busy,
    Channel,
    Conflict,
    Declined,
    Misconfigured,
    Outcome,
    Send,
    Unknown,
)
from estafette.model.address import e164, is_alphanumeric_sender, is_short_code
from estafette.model.text import units
from estafette.model.twilio import (
    CODES,
    MAGIC_SENDERS,
    PREFIX,
    TEST_RECIPIENTS,
    TEST_SENDER,
    TEST_SENDERS,
    declined,
    is_service_sid,
    message_sid,
    unsent,
    words,
)

_FILLER = re.compile(r"[\s.()-]+")
_NUMBER = re.compile(r"\+?[0-9]{7,}")
_OUTSIDE = re.compile(r"AC[0-9A-Za-z]{1,62}")  # the SID of an account at Twilio
_NONE = "none"


class Inputs(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="upper"):
    """What is asked for. What is blank is as if it were left out."""

    body: Annotated[str, Meta(description="The text.")] = ""
    to: Annotated[str, Meta(description="The recipient with its country code; + optional.")] = ""
    account_sid: Annotated[
        str,
        Meta(
            description="The account; else the one of the panel.",
            extra_json_schema={"x-config": "messaging.account_sid"},
        ),
    ] = ""
    auth_token: Annotated[
        str,
        Meta(
            description="Its token; else the one of the panel.",
            extra_json_schema={
                "x-config": "messaging.auth_token", "x-secret": True, "writeOnly": True
            },
        ),
    ] = ""  # fmt: skip
    from_: Annotated[
        str,
        Meta(
            description="The sender with its country code; + optional; else the one of the panel.",
            extra_json_schema={"x-config": "messaging.from"},
        ),
    ] = msgspec.field(name="FROM", default="")

    def __repr__(self) -> str:
        """Without the token, for logs and tracebacks."""
        token = "…" if self.auth_token else ""
        return f"Inputs(to={self.to!r}, account_sid={self.account_sid!r}, auth_token={token!r})"


class Outputs(Struct, frozen=True, kw_only=True, rename="upper"):
    """What came of it: the id of an accepted message, or an error; what is not is empty."""

    message_sid: Annotated[str, Meta(description="The id of the message; empty on failure.")] = ""
    error_message: Annotated[str, Meta(description="What went wrong; empty on success.")] = ""
    error_code: Annotated[str, Meta(description="Its code, as text; empty on success.")] = ""


class Chosen(Struct, frozen=True, kw_only=True):
    """The account and the sender that a step goes by, and which layer gave each of them."""

    account_sid: str
    auth_token: str
    sender: str
    layers: dict[str, str]
    way: dict[str, str]  #: what else an account outside is reached by

    def __repr__(self) -> str:
        """Without the token, for logs and tracebacks."""
        return f"Chosen({self.layers!r})"


class Sender(Struct, frozen=True):
    """From whom: a service, an address, or nobody named yet."""

    channel: Channel | None = None
    address: str = ""
    service: str = ""


def failed(failure: Failed) -> Outputs:
    """The outputs of a failure."""
    return Outputs(error_message=failure.text, error_code=failure.code)


async def run(asked: Asked) -> Outputs:
    """Send it, and wait for the provider where the account is not ours. Raises Failed."""
    inputs: Inputs = asked.inputs
    channel, to = _recipient(inputs.to)
    if not inputs.body.strip():
        raise _failed(21602)
    if units(inputs.body) > LONGEST_BODY:
        raise _failed(21617)
    chosen = await _chosen(asked)
    account = await _account(asked, chosen)
    sender = _sender(chosen.sender)
    if sender.channel is Channel.WHATSAPP:
        channel = Channel.WHATSAPP
    elif sender.channel is not (channel if sender.channel else None):
        raise _failed(21910)
    send = Send(
        channel=channel,
        sender=sender.address,
        recipient=to,
        body=inputs.body,
        idempotency_key=asked.idempotency_key,
        fingerprint=_fingerprint(asked) if asked.idempotency_key else "",
        door="actions",
        service=sender.service,
        content={"layers": chosen.layers},
    )
    try:
        if account is None:
            return Outputs(message_sid=await _outside(asked, send, chosen))
        return Outputs(message_sid=await _own(asked, account, send))
    except Declined as error:
        raise _failed(*declined(error, send)) from None
    except Conflict:
        raise _failed(20409) from None
    except Misconfigured as error:
        raise _unsent(*unsent(Outcome.MISCONFIGURED, error.code, str(error))) from None
    except Busy:
        raise _failed(20503) from None


def _recipient(given: str) -> tuple[Channel, str]:
    if not given.strip():
        raise _failed(21604)
    bare = given.strip()
    is_whatsapp = bare.startswith(PREFIX[Channel.WHATSAPP])
    number = _number(bare.removeprefix(PREFIX[Channel.WHATSAPP]) if is_whatsapp else bare)
    if number is None:
        raise _failed(21211, given)
    return (Channel.WHATSAPP if is_whatsapp else Channel.SMS), number


def _number(text: str) -> str | None:
    bare = _FILLER.sub("", text)
    return e164(bare if bare.startswith("+") else f"+{bare}")


async def _chosen(asked: Asked) -> Chosen:
    """Each value on its own: of the step, else of the connection, else of the panel."""
    inputs: Inputs = asked.inputs
    panel = await asked.core.panel.get(asked.account.sid)
    named = await _named(asked) if asked.connection.strip() else {}
    sources = {
        "step": (inputs.account_sid, inputs.auth_token, inputs.from_),
        "connection": (named.get("account_sid", ""), named.get("auth_token", ""), ""),
        "panel": (panel.account_sid, panel.auth_token, panel.sender),
    }
    found = []
    for values in zip(*sources.values(), strict=True):
        given = [pair for pair in zip(sources, values, strict=True) if pair[1].strip()]
        layer, value = given[0] if given else (_NONE, "")
        found.append((layer, value.strip()))
    (sid_of, sid), (token_of, token), (from_of, sender) = found
    way = {"base_url": named.get("base_url", "") if named else panel.base_url}
    if sid_of == token_of == "connection":
        way |= {name: named[name] for name in ("key_sid", "key_secret") if named.get(name)}
    return Chosen(
        account_sid=sid,
        auth_token=token,
        sender=sender,
        layers={"account_sid": sid_of, "auth_token": token_of, "from": from_of},
        way=way,
    )


async def _named(asked: Asked) -> dict[str, Any]:
    """The settings of the connection that is named beside the inputs, by its name or its id."""
    name, connections = asked.connection.strip(), asked.core.connections
    try:
        found = await connections.find_named(name)
        if found.provider != PROVIDER:
            raise _failed(20001, f"Connection {found.name} is not one of Twilio")
        return await connections.plain(found.name)
    except Unknown:
        raise _failed(20404, f"connection {name}") from None


async def _account(asked: Asked, chosen: Chosen) -> Account | None:
    """The account of ours whose senders it goes by; None where it goes through one outside.

    A token of ours never leaves: with a SID that is none of ours it opens nothing.
    """
    sid, token, people = chosen.account_sid, chosen.auth_token, asked.core.people
    if not sid and not token:
        return asked.account
    if not sid or not token:
        raise _failed(20003)
    try:
        return (await people.prove(sid, token)).account
    except NotProved as error:
        if error.is_known or not _OUTSIDE.fullmatch(sid) or await people.is_ours(token):
            raise _failed(20003) from None
    return None


def _sender(given: str) -> Sender:
    """From whom, as it is given. Raises Failed for what nobody can send from."""
    if not given:
        return Sender()
    if is_service_sid(given):
        return Sender(service=given[2:].lower())
    if given.startswith(PREFIX[Channel.WHATSAPP]):
        number = _number(given.removeprefix(PREFIX[Channel.WHATSAPP]))
        if number:
            return Sender(Channel.WHATSAPP, number)
    elif _NUMBER.fullmatch(_FILLER.sub("", given)) and (number := _number(given)):
        return Sender(Channel.SMS, number)
    elif is_short_code(given) or is_alphanumeric_sender(given):
        return Sender(Channel.SMS, given)
    raise _failed(21212, given)


async def _own(asked: Asked, account: Account, send: Send) -> str:
    """By the senders of an account of this gateway: the SID of the message."""
    if account.kind is AccountKind.TEST:
        return _tried(asked, account, send)
    if send.sender in MAGIC_SENDERS:
        raise _failed(MAGIC_SENDERS[send.sender], send.sender)
    if not send.sender and not send.service:
        send = msgspec.structs.replace(send, sender=await _usual(asked, account, send.channel))
    message = await asked.core.gateway.send(account, send)
    if message.content.get(AT_ONCE):  # the same key went outside before
        return _taken(await asked.core.relay.again(account, message))
    return message_sid(message)


async def _usual(asked: Asked, account: Account, channel: Channel) -> str:
    """What an account sends from where nobody says: its main sender, else its first."""
    found = await asked.core.senders.main(account.sid, channel)
    listed = [found] if found else await asked.core.senders.list(account.sid, channel)
    if not listed:
        raise _failed(21603)
    return listed[0].address


def _tried(asked: Asked, account: Account, send: Send) -> str:
    """As if it were sent: a test account only asks, by Twilio's magic numbers."""
    if send.service:
        raise _failed(20008)
    if not send.sender:
        raise _failed(21603)
    if send.sender != TEST_SENDER:
        raise _failed(TEST_SENDERS.get(send.sender, 21606), send.sender)
    if send.recipient in TEST_RECIPIENTS:
        raise _failed(TEST_RECIPIENTS[send.recipient], send.recipient)
    return message_sid(asked.core.gateway.draft(account, send))


async def _outside(asked: Asked, send: Send, chosen: Chosen) -> str:
    """Through an account elsewhere, in which the sender is; it is waited for."""
    sender = f"MG{send.service}" if send.service else send.sender
    if not sender:
        raise _failed(21603)
    way = Way(account_sid=chosen.account_sid, auth_token=chosen.auth_token, **chosen.way)
    send = msgspec.structs.replace(send, sender=sender, service="")
    return _taken(await asked.core.relay.send(asked.account, send, way))


def _taken(said: Said) -> str:
    """The id that the provider gave a message. Raises Failed."""
    if said.code:
        raise _unsent(said.code, said.text, said.retry_after)
    return said.message.ref or message_sid(said.message)


def _fingerprint(asked: Asked) -> str:
    inputs: Inputs = asked.inputs
    said = msgspec.json.encode([inputs, asked.connection.strip()]).decode()
    return asked.core.relay.fingerprint(said)


def _failed(code: int, value: str = "") -> Failed:
    return Failed(str(code), words(code, value), CODES[code][0])


def _unsent(code: str, text: str, retry_after: float | None = None) -> Failed:
    """What a provider said; a code of its own is about the message."""
    known = CODES.get(int(code)) if code.isdigit() else None
    return Failed(code, text, known[0] if known else 400, retry_after=retry_after)


ACTION = Action(
    name="SENDMESSAGE",
    title="Send a text message",
    summary="Sends a text message, and says which one it became or why it did not.",
    inputs=Inputs,
    outputs=Outputs,
    run=run,
    errors="outputs",
    failed=failed,
    proof=("ACCOUNT_SID", "AUTH_TOKEN"),
    needs=("BODY", "TO"),
    keyed=True,
)
