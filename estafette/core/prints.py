"""The key of fingerprints: made once in a database, kept sealed, the same for all who open it."""

import contextlib
import secrets
from functools import partial

from sqlalchemy import Connection as Conn

from estafette.core.clock import Clock
from estafette.core.vault import Vault, WrongKey
from estafette.model.ids import instant
from estafette.store import Store, accounts, settings

NAME = "fingerprints"  #: of its row among the settings; of no account
ABOUT = f"settings//{NAME}"  #: what it is sealed for, before its name
_FIELD = "key"


def has_no_secrets(conn: Conn) -> bool:
    """Whether nothing was sealed yet in a database, so that a new key locks nothing up."""
    return not accounts.all_of(conn) and not settings.get(conn, "", NAME)


async def use_print_key(store: Store, vault: Vault, clock: Clock) -> None:
    """Have the vault make fingerprints with the key of this database, which is made where none is.

    Where it was sealed with a key that is lost, the vault goes on with one of its own.
    """
    text = await store.read(partial(settings.get, account="", name=NAME))
    if not text:
        made = vault.keep(ABOUT, {}, {_FIELD: secrets.token_hex(32)})
        now = instant(clock())
        text = await store.write(lambda conn: settings.add(conn, "", NAME, made, now))
    with contextlib.suppress(WrongKey):  # who asks for a secret is told
        vault.print_with(bytes.fromhex(vault.kept(ABOUT, text)[_FIELD]))
