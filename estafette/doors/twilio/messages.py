"""Messages: create, fetch, list, update and delete, and feedback on them."""

import re
from typing import ClassVar

from msgspec.structs import replace
from starlette.requests import Request
from starlette.responses import Response

from estafette.core.core import Core
from estafette.core.gateway import Gateway
from estafette.doors.twilio import auth, paging, trying, wire
from estafette.doors.twilio.errors import TwilioError, of_declined
from estafette.doors.twilio.options import read_variables
from estafette.doors.twilio.requests import AT, Row, answer, bare, form, idempotency_key
from estafette.model import Account, AccountKind, Conflict, Declined, Message, Send, Unknown
from estafette.model.template import Unfilled, Unfit

_REF = re.compile(r"[!-~]{1,128}")


class Messages:
    """Each method answers one operation."""

    TABLE: ClassVar[list[Row]] = [
        ("POST", f"{AT}/Messages.json", "create_message"),
        ("GET", f"{AT}/Messages.json", "list_messages"),
        ("GET", f"{AT}/Messages/{{sid}}.json", "fetch_message"),
        ("POST", f"{AT}/Messages/{{sid}}.json", "update_message"),
        ("DELETE", f"{AT}/Messages/{{sid}}.json", "delete_message"),
        ("POST", f"{AT}/Messages/{{sid}}/Feedback.json", "create_feedback"),
    ]

    def __init__(self, core: Core) -> None:
        self._gateway = core.gateway
        self._people = core.people
        self._templates = core.templates
        self._applications = core.applications

    async def create_message(self, request: Request) -> Response:
        """POST Messages: written down when this answers; the carrier has not been asked yet."""
        account = await auth.account(request, self._people, may_be_test=True)
        said = await form(request)
        if account.kind is AccountKind.TEST:
            return trying.message(self._gateway, account, said)
        send = wire.read_send(said, idempotency_key=idempotency_key(request))
        if "ContentSid" in said or "ApplicationSid" in said:
            send = await self._completed(account, send, said)
        try:
            message = await self._gateway.send(account, send)
        except Declined as error:
            raise of_declined(error, send, has_body="Body" in said) from None
        except Conflict:
            raise TwilioError(20409) from None
        chosen = not send.service or bool(send.sender)
        return answer(wire.message(message, created=True, chosen=chosen), 201, id=message.id)

    async def _completed(self, account: Account, send: Send, said: wire.Form) -> Send:
        """A message with what its content and its application say."""
        if content := wire.one(said, "ContentSid"):
            send = await self._filled(account, send, said, content)
        application = wire.one(said, "ApplicationSid")
        if application and not send.callback_url:
            try:
                found = await self._applications.get(account, bare(application, "AP"))
            except Unknown:
                text = f"The ApplicationSid {application[:40]} does not exist"
                raise TwilioError(20001, text) from None
            settings = found.settings
            url = settings["message_status_callback"] or settings["sms_status_callback"]
            send = replace(send, callback_url=url)
        return send

    async def _filled(self, account: Account, send: Send, said: wire.Form, content: str) -> Send:
        """A message that says what a content does, instead of Body and MediaUrl."""
        variables = read_variables(wire.one(said, "ContentVariables"))
        id = bare(content, "HX")
        try:
            filled = await self._templates.fill(account, id, send.channel, variables)
        except (Unknown, Unfit):
            raise TwilioError(21655, content) from None
        except Unfilled:
            raise TwilioError(21656) from None
        last = {name: values[-1] for name, values in said.items()}
        return replace(
            send,
            body=wire.encoded(last, filled.body, send.channel),
            media=wire.read_media(filled.media),
            content=filled.content,
        )

    async def list_messages(self, request: Request) -> Response:
        """GET Messages: newest first."""
        account = await auth.account(request, self._people)
        query = wire.read_form(request.scope["query_string"])
        asked, filter = paging.read_asked(query), paging.read_filter(query)
        try:
            page = await self._gateway.page(account, filter, limit=asked.size, cursor=asked.cursor)
        except Unknown:
            raise TwilioError(20001, "The PageToken names no message of this list") from None
        listed = paging.Listed(page.items, page.has_next, page.has_previous)
        return answer(
            paging.envelope(
                request.scope["path"],
                query,
                asked,
                "messages",
                listed,
                shape=wire.message,
                token=lambda item: paging.message_token(item, filter),
            )
        )

    async def fetch_message(self, request: Request) -> Response:
        """GET one message, by its SID or by the id that its carrier gave it."""
        return answer(wire.message(await self._find(request)))

    async def update_message(self, request: Request) -> Response:
        """POST one message: redact it (`Body=`) or call it back (`Status=canceled`)."""
        message = await self._find(request)
        said = await form(request)
        account = await self._people.account(message.account)
        body, status = said.get("Body"), said.get("Status")
        if body == [""] and status is None:
            return answer(wire.message(await self._gateway.redact(account, message.id)))
        if status == ["canceled"] and body is None:
            try:
                return answer(wire.message(await self._gateway.cancel(account, message.id)))
            except Conflict:
                raise TwilioError(30409) from None
        raise TwilioError(30400)

    async def delete_message(self, request: Request) -> Response:
        """DELETE one message that is complete."""
        message = await self._find(request)
        account = await self._people.account(message.account)
        try:
            await self._gateway.delete(account, message.id)
        except Conflict:
            raise TwilioError(20009) from None
        return Response(status_code=204)

    async def create_feedback(self, request: Request) -> Response:
        """POST Feedback: whether the recipient did what the message asked for; the last counts."""
        message = await self._find(request)
        confirmed = wire.read_outcome(await form(request))
        account = await self._people.account(message.account)
        found = await self._gateway.put_feedback(account, message.id, confirmed)
        return answer(wire.feedback(message, found))

    async def _find(self, request: Request) -> Message:
        return await find_message(self._gateway, await auth.account(request, self._people), request)


async def find_message(gateway: Gateway, account: Account, request: Request) -> Message:
    """The message that the path names by its SID, or by the id that its carrier gave it."""
    sid = request.path_params["sid"]
    try:
        if wire.MESSAGE_SID.fullmatch(sid):
            try:
                return await gateway.find(account, sid[2:].lower())
            except Unknown:
                pass  # a carrier that speaks this API gives ids of the same form
        if _REF.fullmatch(sid):
            return await gateway.find_by_ref(account, sid)
    except Unknown:
        pass
    raise TwilioError(20404, request.scope["path"])
