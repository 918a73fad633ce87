"""All commands, put together."""

import typer

from estafette.cli import (
    accounts,
    action,
    audit,
    batches,
    callbacks,
    connections,
    contacts,
    conversations,
    doctor,
    errands,
    keys,
    messages,
    numbers,
    panel,
    receive,
    send,
    senders,
    serve,
    services,
    suppressions,
    teams,
    templates,
    users,
    vault,
    vocabulary,
    webhooks,
)

app = typer.Typer(
    name="estafette",
    help="A self-hosted messaging gateway.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for part in (
    *(serve, send, batches, receive, messages, callbacks, webhooks, keys, accounts, senders),
    numbers,
    *(services, templates, connections, suppressions, panel, vault, action, errands, doctor),
    *(contacts, conversations, users, teams, vocabulary, audit),
):
    part.add_to(app)
