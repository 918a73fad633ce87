"""What a workflow may ask: one file for each action, or one folder for those of one system.

An action is declared once; every way in which it can be asked for (HTTP in JSON, XML and forms, the
command, Python, WorkflowGen's contexts, the connector), its schemas and its docs are made of that.
"""

import importlib
import logging
import pkgutil
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from math import isfinite
from types import ModuleType
from typing import TYPE_CHECKING, Any, Literal, get_origin, get_type_hints

import msgspec
import structlog
from msgspec import Struct

from estafette.core.core import Core
from estafette.model import Account, GatewayError, Unknown

if TYPE_CHECKING:
    from estafette.runs import look as look
    from estafette.runs import run as run

log = structlog.get_logger()

Errors = Literal["outputs", "http"]
_WHOLE = re.compile(r"-?[0-9]{1,18}")


_SURROGATE = re.compile("[\ud800-\udfff]")
_APP = "APP_"  # what the names of WorkflowGen's own parameters begin with


class BadInputs(GatewayError):
    """What was given is no input of this action: it is not run."""


class Failed(Exception):
    """It could not be done. `code` is Twilio's number or the channel's own code, as text."""

    def __init__(
        self, code: str, text: str, status: int = 400, *, retry_after: float | None = None
    ) -> None:
        """`status` is what HTTP calls it, from 400; `retry_after` is in seconds."""
        super().__init__(text)
        self.code = code
        self.text = text
        self.status = status
        self.retry_after = retry_after

    @property
    def is_out_of_reach(self) -> bool:
        """Whether nobody refused it: what should have answered did not, or is broken."""
        return self.status >= 500


@dataclass(frozen=True)
class Asked:
    """One run: who asks, proved by whoever hands it in, and for what."""

    core: Core
    account: Account
    inputs: Any  #: the action's own inputs
    connection: str = (
        ""  #: the name or the id of a connection, where one is named beside the inputs
    )
    idempotency_key: str = ""
    #: the SID and the secret that were shown by inputs
    proof: tuple[str, str] | None = field(default=None, repr=False)
    mask_output: bool = False  #: whether the outputs stay out of the log


@dataclass(frozen=True)
class Looked:
    """A look at what became of a run, by who is proved."""

    core: Core
    account: Account
    id: str  #: of what the run made
    wait: float = 0.0  #: seconds that may pass until that is final


Run = Callable[[Asked], Awaitable[Struct]]
Look = Callable[[Looked], Awaitable[Struct]]
#: Seconds that a look may wait.
LONGEST_LOOK = 25.0


class Action(Struct, frozen=True, kw_only=True):
    """One typed operation. The fields of `inputs` and `outputs` are its parameters.

    A field's `Meta` has its title and its description; `extra_json_schema` marks secrets
    (`x-secret`) and names the setting that stands in for it (`x-config`).
    """

    name: str
    title: str
    summary: str
    inputs: type[Struct]
    outputs: type[Struct]
    run: Run  #: raises Failed
    errors: Errors  #: where a failure shows: in the outputs, or as an answer that is an error
    failed: Callable[[Failed], Struct] | None = None  #: the outputs of a failure
    proof: tuple[str, str] | None = None  #: the inputs that prove who asks where nothing else does
    needs: tuple[str, ...] = ()  #: inputs without which it fails, in words of its own
    keyed: bool = False  #: whether an idempotency key counts
    #: Whether a failure that is an error of HTTP has the outputs as its body, and not Twilio's shape.
    tells: bool = False
    look: Look | None = None  #: the same outputs as they are later; raises Failed


@dataclass(frozen=True)
class Ran:
    """What came of a run. Outputs are None only for a failure that has none."""

    outputs: Struct | None
    failure: Failed | None = None

    @property
    def ok(self) -> bool:
        """Whether it was done."""
        return self.failure is None


async def perform(action: Action, asked: Asked) -> Ran:
    """Run an action; a failure is part of the answer."""
    try:
        ran = Ran(await action.run(asked))
    except Failed as failure:
        ran = Ran(action.failed(failure) if action.failed else None, failure)
    _note(action, asked, ran)
    return ran


async def seen(action: Action, looked: Looked) -> Ran:
    """What a run came to by now. Raises Unknown where the action is over once it ran."""
    if action.look is None:
        raise Unknown(f"{action.name} is over once it ran: there is nothing to look at")
    try:
        return Ran(await action.look(looked))
    except Failed as failure:
        return Ran(action.failed(failure) if action.failed else None, failure)


def _note(action: Action, asked: Asked, ran: Ran) -> None:
    """A line in the log: never the inputs, and the outputs only where everything is told."""
    known = {"action": action.name, "account": asked.account.sid}
    code = {"code": ran.failure.code} if ran.failure else {}
    log.info("an action ran", **known, outcome="done" if ran.ok else "failed", **code)
    if not asked.mask_output and log.is_enabled_for(logging.DEBUG):
        log.debug("its outputs", **known, outputs=msgspec.to_builtins(ran.outputs))


def read(action: Action, members: Mapping[str, Any]) -> Any:
    """The inputs of an action. Raises BadInputs, which repeats no value.

    A number may stand for a text, a text for a list of one, and null for what is left out. Names
    that begin with `APP_` and those of outputs are passed over: workflow engines send them along.
    """
    try:
        _check(members)
    except RecursionError:
        raise BadInputs("they are nested too deeply") from None
    types = inputs_of(action)
    given = {}
    for name, value in members.items():
        if name in types:
            if value is not None:
                given[name] = _fitted(name, value, types[name])
        elif not name.startswith(_APP) and name not in outputs_of(action):
            raise BadInputs(f"{action.name} has no input {name[:64]}: {', '.join(types)}")
    try:
        return msgspec.convert(given, action.inputs, strict=False)
    except msgspec.ValidationError as error:
        raise BadInputs(f"{action.name}: {error}") from None


def _fitted(name: str, value: Any, kind: Any) -> Any:
    if kind is int and isinstance(value, str) and not _WHOLE.fullmatch(value):
        raise BadInputs(f"{name} must be a whole number")
    if kind is str:
        text = _as_text(value)
        return str(text) if isinstance(text, float) and isfinite(text) else text
    return [value] if get_origin(kind) is tuple and isinstance(value, str) else value


def _check(value: Any) -> None:
    """Refuse what no text can be, wherever it stands: U+0000, and half a character."""
    if isinstance(value, Mapping):
        for name, part in value.items():
            _check(name)
            _check(part)
    elif isinstance(value, list | tuple):
        for part in value:
            _check(part)
    elif isinstance(value, str) and ("\0" in value or _SURROGATE.search(value)):
        raise BadInputs("U+0000 and lone surrogates are not text")


def check_key(key: str) -> str:
    """An idempotency key, or nothing. Raises BadInputs for what cannot be one."""
    if len(key) > 255 or not (key.isascii() and (key.isprintable() or not key)):
        raise BadInputs("an idempotency key has at most 255 printable characters")
    return key


def _as_text(value: Any) -> Any:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return f"{value:.0f}" if is_number and isfinite(value) and value == int(value) else value


def inputs_of(action: Action) -> dict[str, Any]:
    """The inputs of an action: the type of each, by its name outside."""
    return _types(action.inputs)


def outputs_of(action: Action) -> dict[str, Any]:
    """The outputs of an action: the type of each, by its name outside."""
    return _types(action.outputs)


@cache
def _types(struct: type[Struct]) -> dict[str, Any]:
    hints = get_type_hints(struct)
    return {field.encode_name: hints[field.name] for field in msgspec.structs.fields(struct)}


def secrets_of(action: Action) -> frozenset[str]:
    """The names of the inputs that are never shown, logged or given on a command line."""
    properties = schema(action.inputs).get("properties", {})
    return frozenset(name for name, shape in properties.items() if shape.get("x-secret"))


@cache
def schema(struct: type[Struct]) -> dict[str, Any]:
    """The JSON Schema of inputs or outputs, closed, with what it refers to under `$defs`."""
    (shape,), definitions = msgspec.json.schema_components([struct], ref_template="#/$defs/{name}")
    top = definitions.pop(str(shape["$ref"]).rpartition("/")[2]) if "$ref" in shape else shape
    return {**top, "additionalProperties": False, **({"$defs": definitions} if definitions else {})}


def actions() -> list[Action]:
    """Every action, by name."""
    return sorted(_found(), key=lambda action: action.name)


def find(name: str) -> Action:
    """The action of this name, in any case. Raises Unknown."""
    for action in _found():
        if action.name.lower() == name.lower():
            return action
    raise Unknown(f"no action {name[:64]}")


@cache
def _found() -> tuple[Action, ...]:
    return tuple(
        value
        for module in _modules()
        for value in vars(module).values()
        if isinstance(value, Action)
    )


def _modules() -> Iterator[ModuleType]:
    """The files, and the files in the folders, in which actions are declared."""
    for item in pkgutil.iter_modules(__path__):
        whole = f"{__name__}.{item.name}"
        module = importlib.import_module(whole)
        if item.ispkg:
            for inner in pkgutil.iter_modules(module.__path__):
                yield importlib.import_module(f"{whole}.{inner.name}")
        else:
            yield module


def __getattr__(name: str) -> Any:
    """`run` and `look`, the ways in for Python: imported only by who asks for them, as all the rest
    hangs on them.
    """
    if name in ("run", "look"):
        return getattr(importlib.import_module("estafette.runs"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
