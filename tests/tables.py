"""The tables of the docs that the code already says. `make docs` writes them into the pages.

A table stands between `<!-- table: name -->` and `<!-- end -->`; tests/test_docs.py compares.
"""

import re
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import MISSING, Field, fields
from pathlib import Path
from typing import Any, get_type_hints

import typer
from prometheus_client.registry import REGISTRY

from estafette import actions, settings
from estafette.cli.commands import app
from estafette.core import metrics
from estafette.doors.actions.wire import Described, described
from estafette.doors.connectors import swagger
from estafette.doors.own.errors import DECLINED as REFUSED
from estafette.doors.own.errors import STATUS
from estafette.doors.own.routes import PARTS
from estafette.model import meta, webhook
from estafette.model.attempt import Outcome
from estafette.model.twilio import CODES, DECLINED, MAGIC_SENDERS
from estafette.ops import _Queue
from estafette.providers import load, names, sandbox
from estafette.providers.twilio import PACE
from estafette.store.jobs import Backlog
from tests.test_rooms import MAY

ROOT = Path(__file__).parent.parent
_PLACE = re.compile(r"(<!-- table: (\w+) -->\n)(.*?)(<!-- end -->)", re.DOTALL)


def table(names: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = [names, ["---"] * len(names), *rows]
    cells = [[cell.replace("|", "\\|") for cell in line] for line in lines]
    return "".join(f"| {' | '.join(line)} |\n" for line in cells)


def settings_table() -> str:
    rows = [(f"`{name}`", text, default) for name, (text, default) in settings.DOCS.items()]
    return table(("Setting", "What it is for", "Default"), rows)


def sandbox_table() -> str:
    rows = [(f"`{number}`", text) for number, text in sandbox.BEHAVIOUR.items()]
    codes = ", ".join(f"`{code}`" for code in sandbox.TEXT)
    rows.append(
        (
            "`+15005530003`, …",
            f"does not deliver it, with the code in its last five digits: {codes}",
        )
    )
    rows.append(("any other number", "delivers after `ESTAFETTE_SANDBOX_DELAY` seconds"))
    return table(("Recipient", "What the sandbox does"), rows)


def people_table() -> str:
    rows = [(f"`{number}`", text) for number, text in sandbox.PEOPLE.items()]
    return table(("Recipient", "What the sandbox does"), rows)


def failing_table() -> str:
    rows = [(f"`+1650{way}` and the code", text) for way, text in sandbox.FAILING.items()]
    return table(("Recipient", "A message"), rows)


def codes_table() -> str:
    """Meta's codes that have a recipient: those of six digits at the most."""
    rows = [
        (str(code), known.title, f"`+16500{code:06}`", _MOMENT[known.when is meta.When.LATER])
        for code, known in sorted(meta.CODES.items())
        if code < 1_000_000
    ]
    return table(("Code", "Title", "Recipient", "With Meta it is told"), rows)


_MOMENT = {False: "at once", True: "later"}


def magic_table() -> str:
    recipients = [
        (f"to `{number}`, from `{sandbox.MAGIC_SENDER}`", DECLINED[reason])
        for number, reason in sandbox.MAGIC.items()
    ]
    senders = [(f"from `{number}`", code) for number, code in MAGIC_SENDERS.items()]
    rows = [
        (who, f"{CODES[code][0]}, {code}", CODES[code][1].replace("{}", "…"))
        for who, code in recipients + senders
    ]
    return table(("A message", "is declined with", "and the text"), rows)


def metrics_table() -> str:
    """What is counted in a process, and the two gauges that `/metrics` adds."""
    labels = {
        made._name: made._labelnames
        for made in vars(metrics).values()
        if hasattr(made, "_labelnames")
    }
    counted = [found for found in REGISTRY.collect() if found.name.startswith("estafette_")]
    rows = [
        (
            f"`{found.name}{'_total' if found.type == 'counter' else ''}`",
            found.type,
            ", ".join(f"`{label}`" for label in labels.get(found.name, ())),
            found.documentation,
        )
        for found in (*counted, *_Queue(Backlog(0, 0), 0).collect())
    ]
    return table(("Name", "Type", "Labels", "What it tells"), sorted(rows))


def api_table() -> str:
    rows = []
    for part in PARTS:
        for row in part.TABLE:
            about = " ".join(str(getattr(part, row.name).__doc__).split())
            rows.append((row.method, row.path, about))
    return table(("method", "path", "what it does"), rows)


def actions_table() -> str:
    rows = [
        (f"`{action.name}`", action.summary, "the outputs" if action.failed else "HTTP's status")
        for action in actions.actions()
    ]
    return table(("Action", "What it does", "A failure shows in"), rows)


def actions_page() -> str:
    """Every action with its inputs and outputs."""
    return "\n".join(
        f"## {found.name}\n\n{found.title}. {found.summary}\n\n{_parameters(found)}"
        for found in map(described, actions.actions())
    )


def _parameters(found: Described) -> str:
    needed = found.inputs.get("required", ())
    rows = [
        (part, f"`{name}`", _kind(shape), mark, str(shape.get("description", "")))
        for part, schema in (("input", found.inputs), ("output", found.outputs))
        for name, shape in schema.get("properties", {}).items()
        for mark in [_mark(name, shape, needed if part == "input" else ())]
    ]
    return table(("", "Name", "Type", "", "What"), rows)


def _kind(shape: dict[str, Any]) -> str:
    """The type of a parameter, in a word or two."""
    if "anyOf" in shape:
        return " or ".join(_kind(part) for part in shape["anyOf"])
    if "$ref" in shape:
        return str(shape["$ref"].rpartition("/")[2])
    if shape.get("type") == "array":
        return f"list of {_kind(shape.get('items', {}))}"
    return str(shape.get("type", "anything"))


def _mark(name: str, shape: dict[str, Any], needed: Sequence[str]) -> str:
    return "needed" if name in needed else "secret" if shape.get("x-secret") else ""


def connector_table() -> str:
    """The operations of the connector door, as its definition has them."""
    rows = [
        (method.upper(), f"`{path}`", f"`{operation['operationId']}`", operation["description"])
        for path, item in swagger.describe("https://localhost")["paths"].items()
        for method, operation in item.items()
        if method in ("get", "post", "delete")
    ]
    return table(("method", "path", "operation", "what it does"), rows)


def problems_table() -> str:
    """The words of our own API's errors; those of a reason have its sentence."""
    rows = [(f"`{code}`", str(status), PROBLEMS[code]) for code, status in STATUS.items()]
    known = {str(reason): text for reason, (_, text) in REFUSED.items()}
    rows += [
        (f"`{word}`", "400", text.replace("{}", "…"))
        for word, text in known.items()
        if word not in STATUS
    ]
    return table(("code", "status", "when"), rows)


#: What the words mean that are no reasons of the core.
PROBLEMS = {
    "bad_request": "the body or the query is not of the type that is needed; `field` says where",
    "bad_json": "the body is not JSON",
    "misconfigured": "there is no such provider, or the settings are not its own",
    "unauthorized": "no credentials were shown, or they open no account",
    "forbidden": "it is not for this account",
    "not_found": "nothing is served there, or there is no such thing, or it is another account's",
    "method_not_allowed": "the path has no such method: see `Allow`",
    "conflict": "its state does not allow it, or it is there already",
    "too_large": "the body has more than 2 MiB",
    "queue_full": "the queue of the sender is full",
    "internal": "something broke: see the log",
    "busy": "it could not be written down; nothing was: ask again",
}


def providers_table() -> str:
    """Every setting of every provider, as its field has it."""
    rows = [
        (
            f"`{name}`",
            f"`{setting.name}`",
            get_type_hints(load(name))[setting.name].__name__,
            _default_of(setting),
            "yes" if setting.metadata.get("secret") else "",
        )
        for name in names()
        for setting in fields(load(name))
        if setting.init
    ]
    return table(("Provider", "Setting", "Type", "Default", "Sealed and never shown"), rows)


def _default_of(setting: Field[Any]) -> str:
    if setting.default is MISSING:
        return "needed"
    return f"`{setting.default}`" if setting.default != "" else ""


def pace_table() -> str:
    rows = [(kind, f"{pace:g}") for kind, pace in PACE.items()]
    return table(("A sender of this kind", "Offers a second"), rows)


def outcomes_table() -> str:
    """What each of Meta's codes comes to when it is answered to an offer."""
    rows = [
        (str(code), known.title, str(meta.outcome_of(code)), _again(code))
        for code, known in sorted(meta.CODES.items())
    ]
    return table(("Code", "Meta's title", "Is", "Offered again after"), rows)


def _again(code: int) -> str:
    if meta.outcome_of(code) is not Outcome.THROTTLED:
        return ""
    waits = [meta.wait_of(code, number) for number in (1, 2, 3)]
    if waits[0] is None:
        said = "longer each time"
    elif waits[0] == waits[1]:
        said = f"{waits[0]:g} s"
    else:
        said = ", ".join(f"{wait:g}" for wait in waits) + " s, …"
    if meta.outcome_of(code, meta.FEW) is Outcome.REFUSED:
        return f"{said}; {meta.FEW} times at the most"
    return f"{said}; all of the number waits" if code in meta.OF_NUMBER else said


def hooks_table() -> str:
    """What is understood of Meta's webhooks, and what is left at its name in the log."""
    statuses = ", ".join(f"`{word}` ({status})" for word, status in webhook.STATUS.items())
    approvals = ", ".join(f"`{word}` ({status})" for word, status in webhook.APPROVAL.items())
    rows = [
        ("`messages`: `messages[]`", "what people wrote, of every type; its media by `meta:` and their id", "what does not say who wrote, or to whom"),
        ("`messages`: `statuses[]`", f"receipts: {statuses}", "a member of a group who was not reached"),
        ("`messages`: `errors[]`", "", "logged by its code"),
        ("`message_template_status_update`", f"the status of a template: {approvals}", "`FLAGGED`"),
        ("`template_category_update`", "the category of a template", ""),
        *((f"`{field}`", "", why) for field, why in webhook.LEFT.items()),
        ("any other field", "", "logged by its name"),
    ]  # fmt: skip
    return table(("Field", "Is understood as", "Is left at that"), rows)


def rooms_table() -> str:
    rows = [
        (f"`{room}`", ", ".join(f"`{other}`" for other in MAY if other in may) or "nothing")
        for room, may in MAY.items()
    ]
    return table(("Room", "may import"), rows)


def commands() -> Iterator[tuple[str, Any]]:
    """Every command and sub-command, by its words."""

    def below(command: Any, name: str) -> Iterator[tuple[str, Any]]:
        yield name, command
        for word, part in getattr(command, "commands", {}).items():
            yield from below(part, f"{name} {word}")

    yield from below(typer.main.get_command(app), "estafette")


def _about(command: Any) -> str:
    return str(command.help).split("\n\n", 1)[0].replace("\n", " ")


def commands_table() -> str:
    top = [(name, command) for name, command in commands() if name.count(" ") == 1]
    rows = [(f"`{name}`", _parts(command), _about(command)) for name, command in top]
    return table(("Command", "Parts", "What it does"), rows)


def _parts(command: Any) -> str:
    return ", ".join(f"`{word}`" for word in getattr(command, "commands", {}))


def commands_page() -> str:
    """Every command with its arguments and options."""
    return "\n".join(
        f"## {name}\n\n{command.help}\n" + _options(command)
        for name, command in commands()
        if name != "estafette"
    )


def _options(command: Any) -> str:
    rows = [(_names(item), _meaning(item), _default(item)) for item in command.params if item.help]
    return "\n" + table(("Argument or option", "What", "Default"), rows) if rows else ""


def _names(item: Any) -> str:
    if item.param_type_name == "argument":
        return f"`{item.name.upper()}{'…' if item.nargs == -1 else ''}`"
    names = [*item.opts, *item.secondary_opts]
    return ", ".join(f"`{name}`" for name in names)


def _meaning(item: Any) -> str:
    again = " May be given more than once." if item.multiple else ""
    return f"{item.help}{again}"


def _default(item: Any) -> str:
    if item.required:
        return "needed"
    if item.secondary_opts and item.default is not None:
        return f"`{(item.opts if item.default else item.secondary_opts)[0]}`"
    return f"`{item.default}`" if item.default not in (None, "", False) else ""


TABLES: dict[str, Callable[[], str]] = {
    "settings": settings_table,
    "sandbox": sandbox_table,
    "magic": magic_table,
    "people": people_table,
    "failing": failing_table,
    "codes": codes_table,
    "metrics": metrics_table,
    "providers": providers_table,
    "pace": pace_table,
    "outcomes": outcomes_table,
    "hooks": hooks_table,
    "rooms": rooms_table,
    "api": api_table,
    "problems": problems_table,
    "connector": connector_table,
    "actions": actions_table,
    "parameters": actions_page,
    "commands": commands_table,
    "options": commands_page,
}


def pages() -> list[Path]:
    """The pages for people."""
    left_out = {".venv", "node_modules", "build", "dist", ".git"}
    return sorted(
        path
        for path in ROOT.rglob("*.md")
        if not left_out & set(path.relative_to(ROOT).parts) and ".pytest_cache" not in path.parts
    )


def filled(text: str) -> str:
    """A page with its tables as the code has them."""
    return _PLACE.sub(lambda found: f"{found[1]}\n{TABLES[found[2]]()}\n{found[4]}", text)


def main() -> None:
    """Write every table anew."""
    for page in pages():
        text = page.read_text()
        if filled(text) != text:
            page.write_text(filled(text))
            sys.stdout.write(f"{page.relative_to(ROOT)}\n")


if __name__ == "__main__":
    main()
