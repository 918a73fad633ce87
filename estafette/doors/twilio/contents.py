"""Contents: templates of messages, and their approval."""

import re
from collections.abc import Mapping
from typing import Any, ClassVar

from starlette.requests import Request
from starlette.responses import Response

from estafette.core.core import Core
from estafette.doors.twilio import auth, paging, wire
from estafette.doors.twilio.errors import TwilioError
from estafette.doors.twilio.options import is_text
from estafette.doors.twilio.requests import Row, answer, json_object, own_id, query
from estafette.model import Conflict
from estafette.model.template import (
    LANGUAGE,
    Category,
    Template,
    TemplateStatus,
    media,
    shapes,
    words,
)

AT = "/v1/Content"
CATEGORIES = tuple(map(str, Category))

#: Our words for the status of an approval, in those of this API.
STATUS = {
    TemplateStatus.UNSUBMITTED: "unsubmitted",
    TemplateStatus.RECEIVED: "received",
    TemplateStatus.PENDING: "pending",
    TemplateStatus.APPROVED: "approved",
    TemplateStatus.REJECTED: "rejected",
    TemplateStatus.PAUSED: "paused",
    TemplateStatus.FAILED: "rejected",
    TemplateStatus.DEACTIVATED: "disabled",
    TemplateStatus.DELETED: "disabled",
    TemplateStatus.DISABLED: "disabled",
    TemplateStatus.IN_APPEAL: "rejected",
    TemplateStatus.LIMIT_EXCEEDED: "paused",
    TemplateStatus.PENDING_DELETION: "disabled",
}

_LARGEST = 2**53  # from here on, programs differ about whole numbers
_TYPE = re.compile(r"(?:twilio|whatsapp)/[a-z0-9-]{1,40}")
_NAME = re.compile(r"[a-z0-9_]{1,512}")


class Contents:
    """Each method answers one operation."""

    TABLE: ClassVar[list[Row]] = [
        ("POST", AT, "create"),
        ("GET", AT, "list_contents"),
        ("GET", f"{AT}/{{sid}}", "fetch"),
        ("PUT", f"{AT}/{{sid}}", "update"),
        ("DELETE", f"{AT}/{{sid}}", "delete"),
        ("GET", f"{AT}/{{sid}}/ApprovalRequests", "fetch_approval"),
        ("POST", f"{AT}/{{sid}}/ApprovalRequests/whatsapp", "submit"),
        ("GET", "/v1/ContentAndApprovals", "list_with_approvals"),
    ]

    def __init__(self, core: Core) -> None:
        self._people = core.people
        self._templates = core.templates
        self._url = core.public_url

    async def create(self, request: Request) -> Response:
        """POST Content, in JSON."""
        account = await auth.caller(request, self._people)
        asked = {"name": "", "variables": {}, **_read(await json_object(request))}
        for name in ("language", "types"):
            if name not in asked:
                raise TwilioError(20001, f"{name} is required")
        return answer(self._shape(await self._templates.add(account, **asked)), 201)

    async def list_contents(self, request: Request) -> Response:
        """GET Content: newest first."""
        return await self._list(request, with_approvals=False)

    async def list_with_approvals(self, request: Request) -> Response:
        """GET ContentAndApprovals: the same, each with its approval."""
        return await self._list(request, with_approvals=True)

    async def _list(self, request: Request, *, with_approvals: bool) -> Response:
        account = await auth.caller(request, self._people)
        asked = paging.read_asked(query(request))
        found = await self._templates.page(account, limit=asked.size, cursor=asked.cursor)
        return answer(
            paging.meta(
                self._url,
                request.scope["path"],
                asked,
                "contents",
                found,
                shape=self._shape_with_approval if with_approvals else self._shape,
                token=lambda item: f"HX{item.id}",
            )
        )

    async def fetch(self, request: Request) -> Response:
        """GET one content."""
        return answer(self._shape(await self._find(request)))

    async def update(self, request: Request) -> Response:
        """PUT one content, in JSON: what is left out stays."""
        account = await auth.caller(request, self._people)
        id = own_id(request, "sid", "HX")
        changes = _read(await json_object(request))
        try:
            return answer(self._shape(await self._templates.save(account, id, changes)))
        except Conflict:
            text = "A content that was submitted for approval cannot be changed"
            raise TwilioError(20001, text) from None

    async def delete(self, request: Request) -> Response:
        """DELETE one content."""
        account = await auth.caller(request, self._people)
        await self._templates.remove(account, own_id(request, "sid", "HX"))
        return Response(status_code=204)

    async def fetch_approval(self, request: Request) -> Response:
        """GET what became of the request for approval."""
        template = await self._find(request)
        return answer(
            {
                "sid": f"HX{template.id}",
                "account_sid": template.account,
                "whatsapp": _approval(template),
                "url": f"{self._url}{AT}/HX{template.id}/ApprovalRequests",
            }
        )

    async def submit(self, request: Request) -> Response:
        """POST a request for approval by WhatsApp, in JSON."""
        account = await auth.caller(request, self._people)
        id = own_id(request, "sid", "HX")
        said = await json_object(request)
        name, category = said.get("name"), said.get("category")
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise TwilioError(20001, "name must be lower-case letters, digits and underscores")
        if not isinstance(category, str) or category.upper() not in CATEGORIES:
            raise TwilioError(20001, f"category must be one of {', '.join(CATEGORIES)}")
        try:
            found = await self._templates.submit(account, id, name=name, category=category.upper())
        except Conflict:
            raise TwilioError(20001, "The content was submitted for approval before") from None
        shape = _approval(found)
        del shape["type"]
        return answer(shape, 201)

    async def _find(self, request: Request) -> Template:
        account = await auth.caller(request, self._people)
        return await self._templates.get(account, own_id(request, "sid", "HX"))

    def _shape(self, template: Template) -> dict[str, Any]:
        """A Content resource."""
        url = f"{self._url}{AT}/HX{template.id}"
        return {
            **_core_shape(template),
            "url": url,
            "links": {
                "approval_create": f"{url}/ApprovalRequests/whatsapp",
                "approval_fetch": f"{url}/ApprovalRequests",
            },
        }

    def _shape_with_approval(self, template: Template) -> dict[str, Any]:
        return {**_core_shape(template), "approval_requests": _approval(template)}


def _core_shape(template: Template) -> dict[str, Any]:
    return {
        "sid": f"HX{template.id}",
        "account_sid": template.account,
        "friendly_name": template.name,
        "language": template.language,
        "variables": dict(template.variables),
        "types": dict(shapes(template)),
        "date_created": wire.iso8601(template.created_at),
        "date_updated": wire.iso8601(template.updated_at),
    }


def _approval(template: Template) -> dict[str, Any]:
    """What is known of a template's approval by WhatsApp."""
    asked = template.approval
    return {
        "type": "whatsapp",
        "name": asked.get("name", ""),
        "category": asked.get("category", ""),
        "content_type": next(iter(shapes(template))),
        "status": STATUS[template.status],
        "rejection_reason": "",
        "allow_category_change": True,
    }


def _read(said: Mapping[str, Any]) -> dict[str, Any]:
    """What a body says of a content, in our words. Raises TwilioError for what makes no sense."""
    try:
        said = _cleaned(said)
    except RecursionError:
        raise TwilioError(20001, "The request body is too deep") from None
    found: dict[str, Any] = {}
    if "friendly_name" in said:
        found["name"] = _text(said["friendly_name"], "friendly_name")
    if "language" in said:
        found["language"] = _text(said["language"], "language")
        if not LANGUAGE.fullmatch(found["language"]):
            raise TwilioError(20001, "language must be a code such as en or pt_BR")
    if "variables" in said:
        found["variables"] = _variables(said["variables"])
    if "types" in said:
        found["types"] = _types(said["types"])
    return found


def _cleaned(value: Any) -> Any:
    """What clients write for nothing is left out; what is no text is refused."""
    if isinstance(value, dict):
        return {_cleaned(key): _cleaned(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_cleaned(item) for item in value if item is not None]
    if isinstance(value, str) and not is_text(value):
        raise TwilioError(20001, "U+0000 and halves of surrogate pairs are not text")
    if isinstance(value, int | float) and not abs(value) < _LARGEST:
        raise TwilioError(20001, "A number is too large")
    return value


def _text(value: Any, name: str) -> str:
    if not isinstance(value, str):
        raise TwilioError(20001, f"{name} must be text")
    return value


def _variables(value: Any) -> dict[str, str]:
    if not isinstance(value, dict) or not all(isinstance(item, str) for item in value.values()):
        raise TwilioError(20001, "variables must be an object of texts")
    return value


def _types(value: Any) -> dict[str, dict[str, Any]]:
    """The shapes of a content by their names."""
    if not isinstance(value, dict) or not value:
        raise TwilioError(20001, "types must be an object with at least one type")
    for name, shape in value.items():
        if not _TYPE.fullmatch(name):
            raise TwilioError(20001, f"{name!r} is not a type such as twilio/text")
        if not isinstance(shape, dict):
            raise TwilioError(20001, f"{name} must be an object")
        if name == "twilio/text" and not words(shape):
            raise TwilioError(20001, "twilio/text must have a body")
        if name == "twilio/media" and not media(shape):
            raise TwilioError(20001, "twilio/media must have media")
    return value
