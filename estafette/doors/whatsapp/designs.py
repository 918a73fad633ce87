"""Templates in the shapes of this API, and its words for them."""

from collections.abc import Mapping, Sequence
from typing import Any

from estafette.doors.whatsapp.errors import Refusal
from estafette.model import components, meta
from estafette.model import design as words
from estafette.model.components import Part
from estafette.model.design import Undesigned
from estafette.model.ids import digits
from estafette.model.template import PLACE, Template, TemplateStatus, holes

#: Our words for the status of an approval, in those of this API.
STATUS = {
    TemplateStatus.UNSUBMITTED: "PENDING",
    TemplateStatus.RECEIVED: "PENDING",
    TemplateStatus.PENDING: "PENDING",
    TemplateStatus.APPROVED: "APPROVED",
    TemplateStatus.REJECTED: "REJECTED",
    TemplateStatus.PAUSED: "PAUSED",
    TemplateStatus.FAILED: "REJECTED",
    TemplateStatus.DEACTIVATED: "DISABLED",
    TemplateStatus.DELETED: "DELETED",
    TemplateStatus.DISABLED: "DISABLED",
    TemplateStatus.IN_APPEAL: "IN_APPEAL",
    TemplateStatus.LIMIT_EXCEEDED: "LIMIT_EXCEEDED",
    TemplateStatus.PENDING_DELETION: "PENDING_DELETION",
}
#: Statuses that this API has words for, and that nothing of ours ever has.
NEVER = ("FLAGGED", "LOCKED", "REINSTATED", "ARCHIVED", "UNARCHIVED")

#: What is shown where nothing is asked for.
USUAL = ("name", "parameter_format", "components", "language", "status", "category", "id")

#: What faults are called that Meta's table of codes has no title for.
_TITLE = {words.TAKEN: "Template is there in this language already"}


class Faulty(Refusal):
    """A template cannot be as it was asked for: said to programs by a subcode, and to people."""

    def __init__(self, error: Undesigned) -> None:
        """`error` tells the part that is to blame."""
        super().__init__(100, str(error), subcode=error.code or None)
        self._title = _TITLE.get(error.code) or meta.title_of(error.code or 100)
        self._text = str(error)

    def shape(self, trace: str) -> dict[str, Any]:
        """The body of the answer; `trace` is the id of the request."""
        found = super().shape(trace)
        found["error"] |= {"error_user_title": self._title, "error_user_msg": self._text}
        return found


def shape(template: Template, fields: Sequence[str] = ()) -> dict[str, Any]:
    """A template as this API shows it: the usual parts, or those that are asked for; always its id."""
    asked = fields or USUAL
    found = _parts(template)
    shown = {name: found[name] for name in asked if name in found}
    return {**shown, "id": found["id"]}


def _parts(template: Template) -> dict[str, Any]:
    named = components.is_named(template)
    found: dict[str, Any] = {
        "name": template.submitted_name,
        "parameter_format": components.NAMED if named else components.POSITIONAL,
        "components": [
            _component(part, template, named) for part in components.components(template)
        ],
        "language": template.language,
        "status": STATUS[template.status],
        "category": str(template.category),
        "id": digits(template.id),
        "rejected_reason": template.approval.get("reason") or "NONE",
        "quality_score": {"score": "UNKNOWN", "date": int(template.created_at.timestamp())},
        "last_updated_time": template.updated_at.strftime("%Y-%m-%dT%H:%M:%S+0000"),
    }
    if previous := template.approval.get("previous"):
        found["previous_category"] = previous
    if components.is_made_of(template):
        kept = template.types[components.SHAPE]
        found |= {name: kept[name] for name in ("message_send_ttl_seconds",) if name in kept}
    return found


def _component(part: Part, template: Template, named: bool) -> Part:
    """A component with examples for its holes: where none were given, their names stand for them."""
    found = holes(str(part.get("text", "")))
    if not found or part.get("example"):
        return part
    kind = str(part["type"]).lower()
    usual: Mapping[str, str] = template.variables
    if named:
        listed = [{"param_name": name, "example": usual.get(name, name)} for name in found]
        return {**part, "example": {f"{kind}_text_named_params": listed}}
    numbers = sorted(int(name) for name in found if PLACE.fullmatch(name))
    values = [usual.get(str(number), f"value {number}") for number in numbers]
    return {**part, "example": {f"{kind}_text": [values] if kind == "body" else values}}
