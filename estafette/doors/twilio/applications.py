"""Applications: webhooks that senders and messages share."""

from typing import Any, ClassVar

from starlette.requests import Request
from starlette.responses import Response

from estafette.core.core import Core
from estafette.doors.twilio import auth, paging, wire
from estafette.doors.twilio.requests import (
    AT,
    Row,
    answer,
    form,
    label,
    own_id,
    query,
    settings,
)
from estafette.model.application import DEFAULTS, Application
from estafette.model.twilio import rfc2822


class Applications:
    """Each method answers one operation."""

    TABLE: ClassVar[list[Row]] = [
        ("POST", f"{AT}/Applications.json", "create"),
        ("GET", f"{AT}/Applications.json", "list_applications"),
        ("GET", f"{AT}/Applications/{{sid}}.json", "fetch"),
        ("POST", f"{AT}/Applications/{{sid}}.json", "update"),
        ("DELETE", f"{AT}/Applications/{{sid}}.json", "delete"),
    ]

    def __init__(self, core: Core) -> None:
        self._people = core.people
        self._applications = core.applications

    async def create(self, request: Request) -> Response:
        """POST Applications."""
        account = await auth.account(request, self._people)
        said = await form(request)
        made = await self._applications.add(account, label(said), settings(said, DEFAULTS))
        return answer(_shape(made), 201)

    async def list_applications(self, request: Request) -> Response:
        """GET Applications: newest first."""
        account = await auth.account(request, self._people)
        said = query(request)
        asked, name = paging.read_asked(said), label(said)
        found = await self._applications.page(
            account, name=name, limit=asked.size, cursor=asked.cursor
        )
        return answer(
            paging.envelope(
                request.scope["path"],
                said,
                asked,
                "applications",
                found,
                shape=_shape,
                token=lambda item: f"AP{item.id}",
            )
        )

    async def fetch(self, request: Request) -> Response:
        """GET one application."""
        account = await auth.account(request, self._people)
        return answer(_shape(await self._applications.get(account, own_id(request, "sid", "AP"))))

    async def update(self, request: Request) -> Response:
        """POST one application: what is left out stays."""
        account = await auth.account(request, self._people)
        id = own_id(request, "sid", "AP")
        said = await form(request)
        name = label(said) if "FriendlyName" in said else None
        saved = await self._applications.save(account, id, name, settings(said, DEFAULTS))
        return answer(_shape(saved))

    async def delete(self, request: Request) -> Response:
        """DELETE one application; senders and messages that named it go on without."""
        account = await auth.account(request, self._people)
        await self._applications.remove(account, own_id(request, "sid", "AP"))
        return Response(status_code=204)


def _shape(application: Application) -> dict[str, Any]:
    """An Application resource."""
    sid = f"AP{application.id}"
    return {
        "account_sid": application.account,
        "api_version": wire.API,
        "date_created": rfc2822(application.created_at),
        "date_updated": rfc2822(application.updated_at),
        "friendly_name": application.name,
        "sid": sid,
        **application.settings,
        "uri": f"/{wire.API}/Accounts/{application.account}/Applications/{sid}.json",
    }
