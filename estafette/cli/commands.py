"""All commands, put together."""

import typer

from estafette.cli import (
    accounts,
    action,
    callbacks,
    connections,
    doctor,
    keys,
    messages,
    numbers,
    receive,
    send,
    senders,
    serve,
    services,
    suppressions,
    templates,
)

app = typer.Typer(
    name="estafette",
    help="A self-hosted messaging gateway.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for part in (
    *(serve, send, receive, messages, callbacks, keys, accounts, senders, numbers, services),
    *(templates, connections, suppressions, action, doctor),
):
    part.add_to(app)
