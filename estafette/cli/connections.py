"""`connections`: list, add, set, try, resume and remove what carries messages."""

import sys
from collections.abc import Sequence
from typing import Annotated

import msgspec
import typer

from estafette.cli import shape
from estafette.cli.group import add_group
from estafette.cli.run import (
    NOT_REACHABLE,
    AsJson,
    BadInput,
    home,
    print_json,
    print_table,
    run,
)
from estafette.core.connections import public_id
from estafette.core.forms import forms
from estafette.core.sealed import Shown, secrets_of
from estafette.core.vault import HIDDEN
from estafette.model import Connection, Throttled, Unclear, Unreached
from estafette.model.fact import Fact
from estafette.providers import read

Settings = Annotated[
    list[str] | None, typer.Argument(help="NAME=VALUE, or NAME=- to read it from standard input.")
]
Named = Annotated[str, typer.Argument(help="The connection, by its name or its id.")]
Wait = Annotated[
    int | None,
    typer.Option(help="Seconds to wait for a receipt when nobody knows what happened.", min=1),
]
OnUnclear = Annotated[str | None, typer.Option(help="Then: fail, or resend.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    add_group(
        app,
        "connections",
        "Providers with their settings.",
        list_,
        add,
        set_,
        resume,
        remove,
        providers,
        test=try_,
    )


def list_(as_json: AsJson = False) -> None:
    """List the connections; those that are parked say why."""

    async def work() -> list[tuple[Connection, Shown]]:
        async with home() as app:
            listed = await app.connections.list()
            return [(item, app.connections.show(item)) for item in listed]

    found = run(work())
    if as_json:
        print_json({"items": [shape.connection(*item) for item in found], "next": None})
        return
    rows = [
        (
            item.name,
            public_id(item),
            item.provider,
            _state(item, shown),
            f"{item.on_unclear} after {item.receipt_wait} s",
            _settings_shown(shown),
        )
        for item, shown in found
    ]
    names = ("name", "id", "provider", "state", "when nobody knows", "settings")
    print_table(names, rows)


def _state(item: Connection, shown: Shown) -> str:
    if item.parked_at:
        return f"parked: {item.parked_text}"
    return "open" if shown.is_ready else "its settings make no provider"


def _settings_shown(shown: Shown) -> str:
    """Settings, and for a secret its fingerprint: the same for the same secret."""
    if shown.trouble:
        return shown.trouble
    return " ".join(
        f"{name}={HIDDEN}{shown.fingerprints[name]}"
        if name in shown.fingerprints
        else f"{name}={value}"
        for name, value in shown.settings.items()
    )


def add(
    name: Annotated[str, typer.Argument(help="What people call it.")],
    provider: Annotated[str, typer.Argument(help="Who carries.")],
    settings: Settings = None,
    *,
    receipt_wait: Wait = None,
    on_unclear: OnUnclear = None,
) -> None:
    """Add a connection. Its settings are those of its provider.

    Where nothing else is said, a message of which nobody knows fails after an hour.
    """
    made = _changed(Connection(name=name, provider=provider), receipt_wait, on_unclear, settings)

    async def work() -> None:
        async with home() as app:
            await app.connections.add(made)

    run(work())
    sys.stdout.write(f"{name} is a connection\n")
    _warn(provider, settings or [])


def set_(
    name: Named,
    settings: Settings = None,
    *,
    receipt_wait: Wait = None,
    on_unclear: OnUnclear = None,
) -> None:
    """Replace all settings of a connection, and let its messages go on.

    An option that is left out stays as it is.
    """

    async def work() -> str:
        async with home() as app:
            found = await app.connections.find_named(name)
            changed = _changed(found, receipt_wait, on_unclear, settings)
            await app.connections.save(changed)
            return found.provider

    provider = run(work())
    sys.stdout.write(f"{name} is set\n")
    _warn(provider, settings or [])


def resume(name: Named) -> None:
    """Let the messages of a parked connection go on."""

    async def work() -> None:
        async with home() as app:
            found = await app.connections.find_named(name)
            await app.connections.resume(found.name)

    run(work())
    sys.stdout.write(f"{name} goes on\n")


def remove(name: Named) -> None:
    """Remove a connection that nothing goes through."""

    async def work() -> None:
        async with home() as app:
            found = await app.connections.find_named(name)
            await app.connections.remove(found.name)

    run(work())
    sys.stdout.write(f"{name} is removed\n")


def try_(name: Named, as_json: AsJson = False) -> None:
    """Ask the carrier of a connection once for something harmless to read; nothing is sent.

    Exits 1 or 2 where it says no, 3 where it cannot be asked now.
    """

    async def work() -> Sequence[Fact]:
        async with home() as app:
            found = await app.connections.find_named(name)
            return await app.connections.probe(found.name)

    try:
        facts = run(work())
    except (Unreached, Unclear, Throttled) as error:
        sys.stderr.write(f"estafette: {error}\n")
        sys.exit(NOT_REACHABLE)
    if as_json:
        print_json({"ok": True, "facts": [{"name": f.name, "text": f.text} for f in facts]})
        return
    sys.stdout.write(f"the carrier of {name} takes its settings\n")
    if facts:
        print_table(("", ""), [(fact.name, fact.text) for fact in facts])


def providers(as_json: AsJson = False) -> None:
    """List who can carry, and the settings that each wants."""
    found = forms()
    if as_json:
        items = [
            {
                "name": form.provider,
                "title": form.title,
                "channels": list(form.channels),
                "settings": [one._asdict() for one in form.settings],
            }
            for form in found
        ]
        print_json({"items": items, "next": None})
        return
    rows = [
        (form.provider, one.name, "needed" if one.is_needed else "", one.kind, one.hint)
        for form in found
        for one in form.settings
    ]
    print_table(("provider", "setting", "", "type", "what it is"), rows)


def _changed(
    connection: Connection,
    receipt_wait: int | None,
    on_unclear: str | None,
    settings: list[str] | None,
) -> Connection:
    if on_unclear not in (None, "fail", "resend"):
        raise BadInput("--on-unclear must be fail or resend")
    return msgspec.structs.replace(
        connection,
        settings=_settings(connection.provider, settings or []),
        receipt_wait=connection.receipt_wait if receipt_wait is None else receipt_wait,
        on_unclear=on_unclear or connection.on_unclear,
    )


def _settings(provider: str, pairs: list[str]) -> dict[str, object]:
    """Settings as their provider wants them: what is typed is text, what it needs may be a number."""
    found: dict[str, object] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals:
            raise BadInput(f"{pair}: settings are NAME=VALUE")
        found[name] = sys.stdin.readline().rstrip("\n") if text == "-" else text
    return read(provider, found)


def _warn(provider: str, pairs: list[str]) -> None:
    """Say which secrets were typed, where others may have seen them."""
    typed = {name for name, _, text in (pair.partition("=") for pair in pairs) if text != "-"}
    for name in sorted(secrets_of(provider) & typed):
        sys.stderr.write(
            f"warning: {name} is seen in lists of processes; {name}=- reads it from standard input\n"
        )
