"""The first start: what an empty database is filled with, so that every example runs."""

import secrets
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import Connection as Conn

from estafette.core import sealed
from estafette.core.clock import Clock
from estafette.core.people import digest, split_bearer
from estafette.core.sessions import writing_link
from estafette.core.vault import Vault
from estafette.model import Account, Channel, Conflict, Connection, Key, Sender
from estafette.model.ids import new_id
from estafette.model.template import Category, Template, TemplateKind, TemplateStatus, shape_of
from estafette.store import Store, accounts, senders, templates

#: What a fresh home can send from: channel, address, the provider's own id, title.
SENDERS = (
    (Channel.SMS, "+15017122661", "", "Sandbox"),
    (Channel.SMS, "+15005550006", "", "Sandbox, with Twilio's magic recipients"),
    (Channel.WHATSAPP, "+15550783881", "106540352242922", "Sandbox on WhatsApp"),
)
#: The templates of a fresh home: id, name, body. The ids are those that printed examples have.
TEMPLATES = (
    (
        "d980fb66fd5043d3ace1aa06ba044342",
        "hello_name",
        "Hello {{1}}, thank you for trying out templates.",
    ),
    (
        "ad42a09715814e6483b1c5debd6a2dbc",
        "hello_three",
        "Hello {{1}}, here is a {{2}} with three holes. {{3}}!",
    ),
)
SANDBOX = Connection(name="sandbox", provider="sandbox", receipt_wait=30)


class First(Struct, frozen=True):
    """The first account and key: what was asked for, or what was made where nothing was."""

    account_sid: str = ""
    token: str = ""
    bearer: str = ""  #: `SK….secret`
    link: str = ""  #: what stands in the link that signs in to the console once


async def first_start(store: Store, vault: Vault, clock: Clock, asked: First) -> First | None:
    """Fill an empty database, whole or not at all; give the credentials that had to be made.

    None if it was not empty. This is the only time that what was made is shown.
    """
    token = asked.token or secrets.token_hex(16)
    sid, secret = split_bearer(asked.bearer) if asked.bearer else _new_key()
    account_sid = asked.account_sid or f"AC{secrets.token_hex(16)}"
    now, link = clock(), secrets.token_urlsafe(24)

    def fill(conn: Conn) -> bool:
        if accounts.all_of(conn):
            return False
        account = Account(sid=account_sid, name="First account", created_at=now, updated_at=now)
        accounts.add(conn, account, vault.seal(token, account_sid))
        key = Key(sid=sid, account=account_sid, label="First key", created_at=now, updated_at=now)
        accounts.add_key(conn, key, digest(secret))
        sandbox = replace(SANDBOX, id=new_id(now), created_at=now, updated_at=now)
        kept = sealed.write(vault, sandbox, sandbox.settings)
        senders.add_connection(conn, sandbox, kept)
        for sender in _senders(account_sid, now):
            senders.add(conn, sender)
        for template in _templates(account_sid, now):
            templates.add(conn, template)
        writing_link(link, account_sid, "", now)(conn)
        return True

    try:
        is_filled = await store.write(fill)
    except Conflict:
        if not await store.read(accounts.all_of):
            raise
        is_filled = False  # another filled it while we looked
    if not is_filled:
        return None
    return First(
        account_sid,
        "" if asked.token else token,
        "" if asked.bearer else f"{sid}.{secret}",
        link,
    )


def _new_key() -> tuple[str, str]:
    return f"SK{secrets.token_hex(16)}", secrets.token_urlsafe(24)


def _senders(account_sid: str, now: datetime) -> list[Sender]:
    return [
        Sender(
            id=new_id(now),
            account=account_sid,
            channel=channel,
            address=address,
            ref=ref,
            title=title,
            connection=SANDBOX.name,
            created_at=now,
            updated_at=now,
        )
        for channel, address, ref, title in SENDERS
    ]


def _templates(account_sid: str, now: datetime) -> list[Template]:
    return [
        Template(
            id=id,
            account=account_sid,
            name=name,
            language="en",
            channel=Channel.WHATSAPP,
            body=body,
            types=shape_of(TemplateKind.TEXT, body),
            details={"approval": {"name": name, "category": Category.UTILITY}},
            status=TemplateStatus.APPROVED,
            created_at=now,
            updated_at=now,
        )
        for id, name, body in TEMPLATES
    ]
