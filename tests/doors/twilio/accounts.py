"""Accounts of one test, made by the command, as who runs the gateway does."""

import json

from tests.conftest import Server
from tests.doors.twilio.conftest import Api


def new_account(server: Server, kind: str = "full", *senders: str) -> Api:
    """An account of a kind that may send from these."""
    done = server.run("accounts", "create", f"A {kind} one", "--kind", kind, "--json")
    made = json.loads(done.stdout)
    for sender in senders:
        server.run("senders", "add", sender, "--account", made["sid"])
    return Api(server, made["sid"], made["auth_token"])
