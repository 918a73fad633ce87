"""A whole step of a flow, as flow engines such as Auth0 Forms write one down: what is to be run is in it.

`{"id": …, "type": "WHATSAPP", "action": "SEND_MESSAGE", "params": {…}}` runs WHATSAPP.SEND_MESSAGE with
what `params` has.
"""

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct

from estafette.actions import Action
from estafette.doors.actions.answers import Answer, Options
from estafette.doors.actions.errors import BAD, Refusal

_PARAMS = "params"
_WORDS = {"true": True, "false": False, "": False}
#: What a step may have. `id` and `alias` are how a flow calls it.
_MEMBERS = ("id", "alias", "type", "action", "allow_failure", "mask_output", "notes", _PARAMS)
_LONGEST = 200  # characters of a name


class Step(Struct, frozen=True, kw_only=True):
    """One step."""

    name: str  #: of the action
    id: str
    params: Mapping[str, Any]
    allow_failure: bool
    mask_output: bool


def is_step(members: Mapping[str, Any]) -> bool:
    """Whether a body is a whole step, and not the inputs of an action."""
    return _PARAMS in members and "action" in members


def of(action: Action, members: Mapping[str, Any]) -> Step | None:
    """The step that a body is, of this action; None for plain inputs. Raises Refusal."""
    if not is_step(members):
        return None
    step = read(members)
    if step.name.lower() != action.name.lower():
        raise Refusal(BAD, f"The step is one of {step.name[:64]}, not of {action.name}.")
    return step


def read(members: Mapping[str, Any]) -> Step:
    """The step that a body is. Raises Refusal."""
    strange = next((name for name in members if name not in _MEMBERS), None)
    if strange is not None:
        raise Refusal(BAD, f"A step has no {strange[:64]}: {', '.join(_MEMBERS)}.")
    params = members[_PARAMS]
    if not isinstance(params, Mapping):
        raise Refusal(BAD, "The params of a step must be an object.")
    texts = {name: _text(members, name) for name in ("id", "alias", "type", "action")}
    if not texts["type"] or not texts["action"]:
        raise Refusal(
            BAD, "A step needs its type and its action, such as WHATSAPP and SEND_MESSAGE."
        )
    return Step(
        name=f"{texts['type']}.{texts['action']}",
        id=texts["id"] or texts["alias"],
        params=params,
        allow_failure=_flag(members, "allow_failure"),
        mask_output=_flag(members, "mask_output"),
    )


def _text(members: Mapping[str, Any], name: str) -> str:
    value = members.get(name)
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > _LONGEST:
        raise Refusal(BAD, f"The {name} of a step must be a text of at most {_LONGEST} characters.")
    return value.strip()


def _flag(members: Mapping[str, Any], name: str) -> bool:
    value = members.get(name)
    if isinstance(value, str) and value.strip().lower() in _WORDS:
        return _WORDS[value.strip().lower()]
    if value is not None and not isinstance(value, bool):
        raise Refusal(BAD, f"The {name} of a step must be true or false.")
    return bool(value)


def with_step(options: Options, step: Step) -> Options:
    """The options of a run, with those that its step has itself."""
    return msgspec.structs.replace(
        options,
        allow_failure=options.allow_failure or step.allow_failure,
        mask_output=options.mask_output or step.mask_output,
    )


def in_flow(found: Answer, step: Step) -> Answer:
    """An answer as a flow has it: under the id of the step."""
    return found._replace(root="flow", shape={"actions": {step.id or step.name: found.shape}})
