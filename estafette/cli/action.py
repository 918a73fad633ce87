"""`action`: list, show and run what workflows may ask."""

import getpass
import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from estafette import actions
from estafette.actions import Action, Asked, BadInputs, Looked, Ran
from estafette.cli.group import add_group
from estafette.cli.run import (
    NOT_REACHABLE,
    REFUSED,
    AsJson,
    BadInput,
    OfAccount,
    account_of,
    home,
    print_json,
    print_table,
    run,
)
from estafette.doors.actions import answers, bodies, steps, wire
from estafette.doors.actions.answers import Options
from estafette.doors.actions.errors import Refusal
from estafette.model import Unknown

#: What stands before the name of a secret input in the environment.
SECRETS = "ESTAFETTE_ACTION_"


class Format(StrEnum):
    """What outputs are printed in."""

    JSON = "json"
    XML = "xml"


class OnError(StrEnum):
    """Where a failure shows."""

    OUTPUTS = "outputs"
    HTTP = "http"


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    add_group(app, "action", "What workflows may ask.", list_, show, run_)


def list_(as_json: AsJson = False) -> None:
    """List the actions."""
    found = actions.actions()
    if as_json:
        print_json(msgspec.to_builtins(wire.Listed(list(map(wire.described, found)))))
    else:
        print_table(("name", "what it does"), [(item.name, item.summary) for item in found])


def show(
    name: Annotated[str, typer.Argument(help="Its name, in any case.")],
    id: Annotated[
        str,
        typer.Argument(
            help="What a run of it made, such as a message: its outputs as they are now."
        ),
    ] = "",
    *,
    wait: Annotated[
        float,
        typer.Option(
            help="Seconds that may pass until these are final.", min=0, max=actions.LONGEST_LOOK
        ),
    ] = 0,
    as_json: AsJson = False,
    account: OfAccount = "",
) -> None:
    """Show what an action takes and gives; or what became of a run, as HTTP answers it."""
    action = _named(name)
    if id:
        _look(action, id, wait, account)
        return
    found = wire.described(action)
    if as_json:
        print_json(msgspec.to_builtins(found))
        return
    sys.stdout.write(f"{found.name}: {found.title}\n{found.summary}\n\n")
    needed = found.inputs.get("required", ())
    rows = [
        *(_row("input", item, shape, needed) for item, shape in _of(found.inputs)),
        *(_row("output", item, shape, ()) for item, shape in _of(found.outputs)),
    ]
    print_table(("", "name", "", "what"), rows)


def _look(action: Action, id: str, wait: float, account: str) -> None:
    """Print what a run came to by now, in JSON."""
    if action.look is None:
        raise BadInput(f"{action.name} is over once it ran: there is nothing to show of a run")

    async def work() -> Ran:
        async with home() as app:
            owner = await account_of(app, account)
            return await actions.seen(action, Looked(app.core, owner, id, wait))

    ran = run(work())
    if ran.failure:
        raise Unknown(ran.failure.text)
    sys.stdout.write(f"{answers.in_json(answers.looked(action, ran)).decode()}\n")


def run_(
    name: Annotated[str, typer.Argument(help="Its name, in any case.")],
    inputs: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="KEY=VALUE",
            help="An input. Of a secret only KEY=-: it is asked for, or read from a line of standard"
            " input; or set ESTAFETTE_ACTION_KEY in the environment.",
        ),
    ] = None,
    json_file: Annotated[
        str, typer.Option("--json", help="A file with a JSON object of inputs, or with a whole step of a flow; - for standard input.")
    ] = "",
    connection: Annotated[str, typer.Option(help="A connection to go through.")] = "",
    form: Annotated[
        Format, typer.Option("--format", help="What the outputs are printed in.")
    ] = Format.JSON,
    on_error: Annotated[
        OnError | None,
        typer.Option(help="Print a failure as outputs, or as HTTP would tell it.", show_default=False),
    ] = None,
    idempotency_key: Annotated[
        str, typer.Option(help="The same key with the same inputs gives the same outputs.")
    ] = "",
    allow_failure: Annotated[
        bool, typer.Option("--allow-failure", help="End with 0 also where it failed.")
    ] = False,
    mask_output: Annotated[
        bool, typer.Option("--mask-output", help="Keep the outputs out of the log.")
    ] = False,
    account: OfAccount = "",
) -> None:  # fmt: skip
    """Run an action, and print its outputs as HTTP answers them.

    Ends with 0 where it was done, 1 where it was refused, 2 for bad input, and 3 where what should
    have answered did not.
    """
    action = _named(name)
    options = Options(
        on_error=on_error.value if on_error else None,
        allow_failure=allow_failure,
        mask_output=mask_output,
        connection=connection,
    )
    try:
        answers.check(action, options)
        key = actions.check_key(idempotency_key)
        members = _members(action, inputs or [], json_file)
        if step := steps.of(action, members):
            members, options = dict(step.params), steps.with_step(options, step)
        read = actions.read(action, members)
    except (BadInputs, Refusal) as error:
        raise BadInput(str(error)) from None

    async def work() -> Ran:
        async with home() as app:
            asked = Asked(
                core=app.core,
                account=await account_of(app, account),
                inputs=read,
                connection=connection,
                idempotency_key=key if action.keyed else "",
                mask_output=options.mask_output,
            )
            return await actions.perform(action, asked)

    _tell(action, run(work()), options, form)


def _tell(action: Action, ran: Ran, options: Options, form: Format) -> None:
    found = answers.answer(action, ran, options)
    body = answers.in_xml(found) if form is Format.XML else answers.in_json(found)
    sys.stdout.write(f"{body.decode()}\n")
    sys.stdout.flush()
    if ran.failure and not (options.allow_failure and found.status < 400):
        raise typer.Exit(NOT_REACHABLE if ran.failure.is_out_of_reach else REFUSED)


def _named(name: str) -> Action:
    try:
        return actions.find(name)
    except Unknown:
        raise BadInput(f"there is no action {name}: see `estafette action`") from None


def _of(schema: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return list(schema.get("properties", {}).items())


def _row(what: str, name: str, shape: dict[str, Any], needed: Any) -> tuple[str, ...]:
    marks = ("needed" if name in needed else "", "secret" if shape.get("x-secret") else "")
    return (what, name, " ".join(mark for mark in marks if mark), shape.get("description", ""))


# Inputs ------------------------------------------------------------------------------------------


def _members(action: Action, words: list[str], json_file: str) -> dict[str, Any]:
    """The inputs, from all the places in which they may be. Raises BadInput, or Refusal."""
    members = bodies.read_json(_file(json_file)) if json_file else {}
    secrets = actions.secrets_of(action)
    for word in words:
        name, equals, value = word.partition("=")
        if not (name and equals):
            # A word without = might be a secret that slipped: it is not repeated.
            raise BadInput("an input is KEY=VALUE, such as TO=+15558675310")
        if name in members:
            raise BadInput(f"{name} is given more than once")
        if name in secrets:
            value = _secret(name, value, uses_input=json_file == "-")
        members[name] = value
    for name in secrets - members.keys():
        if value := os.environ.get(f"{SECRETS}{name}", ""):
            members[name] = value
    return members


def _file(name: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except OSError as error:
        raise BadInput(f"--json {name}: {error.strerror}") from None


def _secret(name: str, value: str, *, uses_input: bool) -> str:
    """A secret, not from the command line: everybody on the machine can read that."""
    if value != "-":
        raise BadInput(
            f"{name} is a secret, and a command line is no place for one: give {name}=- and type it,"
            f" or set {SECRETS}{name}, or use --json"
        )
    if uses_input:
        raise BadInput(f"{name}=- and --json - cannot both have standard input")
    if sys.stdin.isatty():
        return getpass.getpass(f"{name}: ")
    return sys.stdin.readline().rstrip("\r\n")
