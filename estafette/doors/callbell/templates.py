"""Templates: those that have a text, whichever door they were made through."""

from typing import Any, ClassVar

from estafette.core.core import Core
from estafette.doors.callbell.errors import EMPTY, NO_STRING, blame, not_found
from estafette.doors.callbell.requests import PER_PAGE, Call, meta
from estafette.doors.callbell.wire import at, uuid
from estafette.model.template import LONGEST_NAME, Malformed, Template, TemplateKind, TemplateStatus

#: Our words for what a template shows, in those of this API.
TEMPLATE_TYPE = {
    TemplateKind.TEXT: "text",
    TemplateKind.IMAGE: "image",
    TemplateKind.DOCUMENT: "document",
    TemplateKind.VIDEO: "video",
}

#: Our words for the status of an approval, in those of this API.
STATUS = {
    TemplateStatus.UNSUBMITTED: "pending",
    TemplateStatus.RECEIVED: "pending",
    TemplateStatus.PENDING: "pending",
    TemplateStatus.APPROVED: "approved",
    TemplateStatus.REJECTED: "rejected",
    TemplateStatus.PAUSED: "paused",
    TemplateStatus.FAILED: "failed",
    TemplateStatus.DEACTIVATED: "deactivated",
    TemplateStatus.DELETED: "deleted",
    TemplateStatus.DISABLED: "disabled",
    TemplateStatus.IN_APPEAL: "in_appeal",
    TemplateStatus.LIMIT_EXCEEDED: "limit_exceeded",
    TemplateStatus.PENDING_DELETION: "pending_deletion",
}


def template_shape(template: Template) -> dict[str, Any]:
    """A template as this API shows it."""
    return {
        "uuid": template.id,
        "title": template.title,
        "templateType": TEMPLATE_TYPE[template.kind],
        "category": str(template.category),
        "status": STATUS[template.status],
        "text": template.body,
        "createdAt": at(template.created_at),
    }


class Templates:
    """Each method answers one operation."""

    TABLE: ClassVar[list[tuple[str, str, str]]] = [
        ("GET", "/templates", "list"),
        ("GET", "/templates/{uuid}", "show"),
        ("PATCH", "/templates/{uuid}", "retitle"),
    ]

    def __init__(self, core: Core) -> None:
        self._templates = core.templates

    async def list(self, call: Call) -> dict[str, Any]:
        """A page of templates, newest first."""
        found, count = await self._templates.numbered(
            call.account, number=call.page, limit=PER_PAGE
        )
        return {
            "templates": [template_shape(item) for item in found],
            "meta": meta(call.page, count),
        }

    async def show(self, call: Call) -> dict[str, Any]:
        """One template."""
        return {"template": template_shape(await self._templates.get(call.account, _id(call)))}

    async def retitle(self, call: Call) -> dict[str, Any]:
        """Call a template otherwise; its text stays as it was approved of."""
        id = _id(call)
        await self._templates.get(call.account, id)
        title = call.body.get("title")
        if title is not None and not isinstance(title, str):
            raise blame(title=NO_STRING)
        if title is None or not title.strip():
            raise blame(title=EMPTY)
        try:
            changed = await self._templates.retitle(call.account, id, title.strip())
        except Malformed:
            text = f"must be printable, and at most {LONGEST_NAME} characters long"
            raise blame(title=text) from None
        return {"template": template_shape(changed)}


def _id(call: Call) -> str:
    id = uuid(call.holes["uuid"])
    if id is None:
        raise not_found()
    return id
