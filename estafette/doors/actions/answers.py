"""What is answered to a run, in JSON or XML: over HTTP, and by the command as over HTTP."""

import math
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct

from estafette.actions import Action, BadInputs, Errors, Ran
from estafette.doors import xmls
from estafette.doors.actions.bodies import items_of
from estafette.doors.actions.errors import Failure, failure, plain

#: A failure that is none of the action's: who asked for another thing under the same key has to know.
STAYS = {"20409": 409}

_encode = msgspec.json.Encoder().encode


class Options(Struct, frozen=True, kw_only=True):
    """How an action is run, whichever it is."""

    on_error: Errors | None = None  #: None: as the action has it
    allow_failure: bool = False  #: whether a failure is answered as a success is
    mask_output: bool = False  #: whether the outputs stay out of the log
    connection: str = ""  #: the name or the id of one


class Answer(NamedTuple):
    """What comes of a run."""

    status: int
    root: str  #: of the answer in XML
    shape: Any
    items: dict[str, str]  #: what XML calls the items of lists
    headers: dict[str, str]


def check(action: Action, options: Options) -> None:
    """Raises BadInputs for options that this action cannot follow."""
    if options.on_error == "outputs" and action.failed is None:
        raise BadInputs(
            f"on_error=outputs: {action.name} has no outputs for a failure; allow_failure=true has"
            " it answered with 200"
        )


def answer(action: Action, ran: Ran, options: Options) -> Answer:
    """What a run is answered with."""
    found = ran.failure
    outcome = {"x-action-outcome": "done" if ran.ok else "failed"}
    stays = found.code in STAYS if found else False
    in_outputs = (options.on_error or action.errors) == "outputs" and not stays
    if found is None or (in_outputs and ran.outputs is not None):
        shape = msgspec.to_builtins(ran.outputs)
        return Answer(200, action.name, shape, items_of(action.outputs), outcome)
    if found.retry_after is not None:
        outcome["retry-after"] = str(math.ceil(found.retry_after))
    status = STAYS.get(found.code, found.status)
    if action.tells and ran.outputs is not None:
        shape = msgspec.to_builtins(ran.outputs)
        answered = 200 if options.allow_failure and not stays else status
        return Answer(answered, action.name, shape, items_of(action.outputs), outcome)
    told = failure(found.code, found.text, status)
    return of_failure(told, 200 if options.allow_failure and not stays else status, outcome)


def looked(action: Action, ran: Ran) -> Answer:
    """What a look at a run is answered with: a failure is that there is nothing to be seen."""
    status = ran.failure.status if ran.failure else 200
    return Answer(
        status, action.name, msgspec.to_builtins(ran.outputs), items_of(action.outputs), {}
    )


def of_failure(found: Failure, status: int, headers: dict[str, str] | None = None) -> Answer:
    """An answer that says what went wrong."""
    return Answer(status, "Failure", plain(found), {}, headers or {})


def in_json(found: Answer) -> bytes:
    """The body of an answer in JSON."""
    return _encode(found.shape)


def in_xml(found: Answer) -> bytes:
    """The body of an answer in XML."""
    return xmls.write(found.root, found.shape, found.items)
