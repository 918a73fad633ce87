"""`settings`: what an account sets for itself: the panel *Instant messaging*, the 24-hour window."""

import getpass
import os
import sys
from typing import Annotated

import typer
from msgspec.structs import replace

from estafette.app import App
from estafette.cli.run import (
    AsJson,
    BadInput,
    OfAccount,
    account_of,
    home,
    print_json,
    print_table,
    run,
)
from estafette.cli.trail import Noted
from estafette.core.panel import BadMessaging
from estafette.core.vault import HIDDEN, WrongKey
from estafette.model.messaging import Messaging
from estafette.model.rules import WindowPolicy


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="What an account sets for itself.", no_args_is_help=True)
    group.command(cls=Noted)(messaging)
    group.command(cls=Noted)(window)
    app.add_typer(group, name="settings")


def messaging(
    base_url: Annotated[
        str | None, typer.Option(help="Where the API is; empty for Twilio's own.")
    ] = None,
    account_sid: Annotated[str | None, typer.Option(help="The Twilio account.")] = None,
    sender: Annotated[str | None, typer.Option("--from", help="The sender.")] = None,
    auth_token: Annotated[
        str | None,
        typer.Option(
            help="- reads its token from standard input or asks for it, env:NAME takes it from a"
            " variable; empty for none."
        ),
    ] = None,
    account: OfAccount = "",
    as_json: AsJson = False,
) -> None:
    """Show the panel Instant messaging: the Twilio account that actions send through; or set it.

    What is left out stays; an empty value is not configured any more. The token is never shown.
    """
    asked = {"base_url": base_url, "account_sid": account_sid, "sender": sender}
    given = {name: value for name, value in asked.items() if value is not None}
    if auth_token is not None:
        given["auth_token"] = _token(auth_token)

    async def work() -> tuple[Messaging, str]:
        async with home() as app:
            sid = (await account_of(app, account)).sid
            if given:
                await _set(app, sid, given)
            found = await app.core.panel.get(sid)
            return found, app.vault.fingerprint(found.auth_token) if found.auth_token else ""

    found, fingerprint = run(work())
    shown = {
        "base_url": found.base_url,
        "account_sid": found.account_sid,
        "auth_token": HIDDEN if found.auth_token else "",
        "from": found.sender,
    }
    if as_json:
        print_json({**shown, "fingerprint": fingerprint})
        return
    if fingerprint:
        shown["auth_token"] = f"{HIDDEN} (fingerprint {fingerprint})"
    print_table(("", ""), [(name, value or "not configured") for name, value in shown.items()])


def window(
    policy: Annotated[
        WindowPolicy | None,
        typer.Argument(
            help="known refuses who is known to have written too long ago; strict also who never"
            " wrote; off leaves it to the carrier."
        ),
    ] = None,
    account: OfAccount = "",
    as_json: AsJson = False,
) -> None:
    """Show what is done about WhatsApp messages outside the 24-hour window; or set it."""

    async def work() -> WindowPolicy:
        async with home() as app:
            sid, found = (await account_of(app, account)).sid, app.core.window
            return await (found.set_policy(sid, policy) if policy else found.policy(sid))

    found = run(work())
    if as_json:
        print_json({"policy": found})
    else:
        sys.stdout.write(f"{found}\n")


async def _set(app: App, sid: str, given: dict[str, str]) -> None:
    try:
        before = replace(await app.core.panel.get(sid), auth_token=HIDDEN)
    except WrongKey:
        if "auth_token" not in given:
            raise
        before = Messaging()  # nobody can open what is set: it is set anew
    try:
        await app.core.panel.put(sid, replace(before, **given))
    except BadMessaging as error:
        raise BadInput(str(error)) from None


def _token(text: str) -> str:
    """A token as it was given: never as an argument, which every process of the machine can read."""
    if text == "":
        return ""
    if text.startswith("env:"):
        if not (found := os.environ.get(text[4:], "")):
            raise BadInput(f"{text[4:]} is not set")
        return found
    if text != "-":
        raise BadInput("--auth-token takes - or env:NAME, so that no list of processes shows it")
    if sys.stdin.isatty():
        return getpass.getpass("Auth token: ")
    return sys.stdin.readline().rstrip("\n")
