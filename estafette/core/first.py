"""The first start: what an empty database is filled with, so that every example runs."""

import secrets
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import Connection as Conn

from estafette.core import sealed
from estafette.core.clock import Clock
from estafette.core.people import digest, split_bearer
from estafette.core.vault import Vault
from estafette.model import Account, Channel, Connection, Key, Sender
from estafette.model.ids import new_id
from estafette.store import Store, accounts, senders

#: What a fresh home can send from: channel, address, the provider's own id, title.
SENDERS = (
    (Channel.SMS, "+15017122661", "", "Sandbox"),
    (Channel.SMS, "+15005550006", "", "Sandbox, with Twilio's magic recipients"),
    (Channel.WHATSAPP, "+15550783881", "106540352242922", "Sandbox on WhatsApp"),
)
SANDBOX = Connection(name="sandbox", provider="sandbox", receipt_wait=30)


class First(Struct, frozen=True):
    """The first account and key: what was asked for, or what was made where nothing was."""

    account_sid: str = ""
    token: str = ""
    bearer: str = ""  #: `SK….secret`


async def first_start(store: Store, vault: Vault, clock: Clock, asked: First) -> First | None:
    """Fill an empty database, whole or not at all; give the credentials that had to be made.

    None if it was not empty. This is the only time that what was made is shown.
    """
    token = asked.token or secrets.token_hex(16)
    sid, secret = split_bearer(asked.bearer) if asked.bearer else _new_key()
    account_sid = asked.account_sid or f"AC{secrets.token_hex(16)}"
    now = clock()

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
        return True

    if not await store.write(fill):
        return None
    return First(
        account_sid,
        "" if asked.token else token,
        "" if asked.bearer else f"{sid}.{secret}",
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
