"""Settings of an account."""

from typing import Annotated, ClassVar, Literal

from msgspec import Meta, Struct, field
from msgspec.structs import asdict

from estafette.core.core import Core
from estafette.core.panel import BadMessaging
from estafette.core.vault import HIDDEN, WrongKey
from estafette.doors.own.errors import Refusal
from estafette.doors.own.wire import Call, Row, read_service
from estafette.model import OptOut
from estafette.model.messaging import Messaging
from estafette.model.optout import DEFAULT, BadWords
from estafette.model.retention import LONGEST, Retention

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


Value = Annotated[str, Meta(max_length=2048, description="Empty where it is not configured.")]


class MessagingSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The panel Instant messaging: the Twilio account that actions send through where they name
    none. Without it they send from the account's own senders.
    """

    base_url: Annotated[
        str, Meta(max_length=2048, description="Of its API; empty for Twilio's own.")
    ]
    account_sid: Value
    auth_token: Annotated[
        str, Meta(max_length=2048, description="Shown as `…`; and `…` leaves it as it is.")
    ]
    sender: Value = field(name="from")


class WindowSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is done about WhatsApp messages, templates aside, to who last wrote over 24 hours ago."""

    policy: Annotated[
        Literal["known", "strict", "off"],
        Meta(
            description="known: refuse them where that is known; strict: refuse them also where"
            " nobody is known to have written; off: leave it to the carrier."
        ),
    ]


Days = Annotated[int, Meta(ge=1, le=LONGEST)] | None


class RetentionSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """After how many days what is complete is forgotten; what is null, or left out, stays for ever."""

    redact_after_days: Annotated[Days, Meta(description="What messages say, and their media.")] = (
        None
    )
    delete_after_days: Annotated[
        Days, Meta(description="Messages, with all that is known of them.")
    ] = None
    audit_after_days: Annotated[Days, Meta(description="The trail of who changed what.")] = None


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
        Row(
            method="GET",
            path="/api/settings/messaging",
            name="messaging",
            answer=MessagingSettings,
        ),
        Row(
            method="PUT",
            path="/api/settings/messaging",
            name="set_messaging",
            body=MessagingSettings,
            answer=MessagingSettings,
        ),
        Row(
            method="GET",
            path="/api/settings/window",
            name="window",
            answer=WindowSettings,
        ),
        Row(
            method="PUT",
            path="/api/settings/window",
            name="set_window",
            body=WindowSettings,
            answer=WindowSettings,
        ),
        Row(
            method="GET",
            path="/api/settings/retention",
            name="retention",
            answer=RetentionSettings,
        ),
        Row(
            method="PUT",
            path="/api/settings/retention",
            name="set_retention",
            body=RetentionSettings,
            answer=RetentionSettings,
        ),
    ]

    def __init__(self, core: Core) -> None:
        self._keywords = core.keywords
        self._panel = core.panel
        self._window = core.window
        self._retention = core.retention

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

    async def messaging(self, call: Call) -> MessagingSettings:
        """Show through which Twilio account actions send; its token is hidden."""
        try:
            found = await self._panel.get(call.account.sid)
        except WrongKey as error:
            raise _closed(error) from None
        return MessagingSettings(
            base_url=found.base_url,
            account_sid=found.account_sid,
            auth_token=HIDDEN if found.auth_token else "",
            sender=found.sender,
        )

    async def set_messaging(self, call: Call) -> MessagingSettings:
        """Set that anew, all four values; the token must be given again for another address."""
        asked: MessagingSettings = call.body
        try:
            await self._panel.put(call.account.sid, Messaging(**asdict(asked)))
        except BadMessaging as error:
            raise Refusal("bad_request", str(error), field=error.field) from None
        except WrongKey as error:
            raise _closed(error) from None
        return await self.messaging(call)

    async def window(self, call: Call) -> WindowSettings:
        """Show what the account does about messages outside the 24-hour window."""
        return WindowSettings(policy=(await self._window.policy(call.account.sid)).value)

    async def set_window(self, call: Call) -> WindowSettings:
        """Set that anew; it counts from now on, in other processes within two seconds."""
        asked: WindowSettings = call.body
        await self._window.set_policy(call.account.sid, asked.policy)
        return asked

    async def retention(self, call: Call) -> RetentionSettings:
        """Show after how many days what is complete is forgotten."""
        return RetentionSettings(**asdict(await self._retention.get(call.account.sid)))

    async def set_retention(self, call: Call) -> RetentionSettings:
        """Set that anew, all values; what is older already is forgotten from the next seconds on."""
        asked: RetentionSettings = call.body
        kept = await self._retention.put(call.account.sid, Retention(**asdict(asked)))
        return RetentionSettings(**asdict(kept))


def _closed(error: WrongKey) -> Refusal:
    return Refusal("conflict", f"the token that is set cannot be opened: {error}")


def _shown(rules: OptOut) -> OptOutSettings:
    return OptOutSettings(**{name: getattr(rules, name) for name in rules.__struct_fields__})
