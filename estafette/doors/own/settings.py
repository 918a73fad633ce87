"""Settings of an account."""

from typing import Annotated, ClassVar

from msgspec import Meta, Struct

from estafette.core.core import Core
from estafette.doors.own.errors import Refusal
from estafette.doors.own.wire import Call, Row, read_service
from estafette.model import OptOut
from estafette.model.optout import DEFAULT, BadWords

Text = Annotated[str, Meta(max_length=1600, description="Empty for no reply.")]
Words = Annotated[tuple[str, ...], Meta(max_length=100)]


class OptOutSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How STOP, START and HELP are treated; what is left out has its default again."""

    stop_text: Text = DEFAULT.stop_text
    start_text: Text = DEFAULT.start_text
    help_text: Text = DEFAULT.help_text
    stop_words: Words = DEFAULT.stop_words
    start_words: Words = DEFAULT.start_words
    help_words: Words = DEFAULT.help_words
    enabled: Annotated[bool, Meta(description="Whether the words are listened for.")] = True


class Query(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whose settings."""

    service: Annotated[
        str, Meta(description="A service, MG… or its 32 hex digits; empty for the account.")
    ] = ""


class Settings:
    """Each method answers one operation."""

    TABLE: ClassVar[list[Row]] = [
        Row(
            method="GET",
            path="/api/settings/opt-out",
            name="opt_out",
            query=Query,
            answer=OptOutSettings,
        ),
        Row(
            method="PUT",
            path="/api/settings/opt-out",
            name="set_opt_out",
            query=Query,
            body=OptOutSettings,
            answer=OptOutSettings,
        ),
    ]

    def __init__(self, core: Core) -> None:
        self._keywords = core.keywords

    async def opt_out(self, call: Call) -> OptOutSettings:
        """Show how the account, or a service of it, treats STOP, START and HELP."""
        rules = await self._keywords.rules(call.account.sid, read_service(call.query.service))
        return _shown(rules)

    async def set_opt_out(self, call: Call) -> OptOutSettings:
        """Set that anew. STOP, START, UNSTOP and HELP stay among the words."""
        asked: OptOutSettings = call.body
        parts = {name: getattr(asked, name) for name in asked.__struct_fields__}
        try:
            rules = await self._keywords.set_rules(
                call.account.sid, OptOut(**parts), read_service(call.query.service)
            )
        except BadWords as error:
            raise Refusal("bad_request", str(error), field="stop_words") from None
        return _shown(rules)


def _shown(rules: OptOut) -> OptOutSettings:
    return OptOutSettings(**{name: getattr(rules, name) for name in rules.__struct_fields__})
