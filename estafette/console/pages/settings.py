"""Settings: through which Twilio account actions send, for how long what is there is kept, what is done
about the window of WhatsApp, and what people are answered who opt out.
"""

from typing import ClassVar

from msgspec import convert
from msgspec.structs import asdict
from starlette.responses import Response

from estafette.console.rows import Row, get, post
from estafette.console.visit import Visit
from estafette.console.words import later as _
from estafette.core.core import Core
from estafette.core.panel import BadMessaging
from estafette.core.vault import HIDDEN, WrongKey
from estafette.model import OptOut
from estafette.model.messaging import Messaging
from estafette.model.optout import RESERVED, BadWords
from estafette.model.retention import LONGEST, BadRetention, Retention, before, shorter
from estafette.model.rules import WindowPolicy
from estafette.model.session import Role

MESSAGING = "/console/settings/messaging"
RETENTION = "/console/settings/retention"
WINDOW = "/console/settings/window"
OPT_OUT = "/console/settings/opt-out"

TABS = (
    (_("Instant messaging"), MESSAGING),
    (_("Retention"), RETENTION),
    (_("WhatsApp window"), WINDOW),
    (_("Opt-out replies"), OPT_OUT),
)
_LONGEST = 2048  # characters of a value of the panel
_LONGEST_REPLY = 1600
_MOST_WORDS = 100
_WRONG = {
    "base_url": _("This must be an http or https address, without a user, ? or #."),
    "auth_token": _("Give the token again: it was set for another address."),
}
_POLICIES = {
    WindowPolicy.KNOWN: (
        _("Known"),
        _("Refuse a message where the person is known to have written more than 24 hours ago."),
    ),
    WindowPolicy.STRICT: (
        _("Strict"),
        _("Refuse it also where nobody knows that the person ever wrote."),
    ),
    WindowPolicy.OFF: (_("Off"), _("Refuse nothing: the carrier decides.")),
}
_KEPT = ("redact_after_days", "delete_after_days", "audit_after_days")
_REPLIES = ("stop", "start", "help")


class Settings:
    """Each method answers one operation."""

    TABLE: ClassVar[list[Row]] = [
        get("/settings", "home"),
        get("/settings/messaging", "messaging"),
        post("/settings/messaging", "set_messaging", Role.OWNER),
        post("/settings/messaging/clear", "clear_messaging", Role.OWNER),
        get("/settings/retention", "retention"),
        post("/settings/retention", "set_retention", Role.OWNER),
        get("/settings/window", "window"),
        post("/settings/window", "set_window", Role.OWNER),
        get("/settings/opt-out", "opt_out"),
        post("/settings/opt-out", "set_opt_out", Role.OWNER),
    ]

    def __init__(self, core: Core) -> None:
        self._core = core

    async def home(self, visit: Visit) -> Response:
        """The first tab."""
        return visit.go(MESSAGING)

    async def messaging(self, visit: Visit) -> Response:
        """Show the panel Instant messaging."""
        return await self._messaging(visit)

    async def set_messaging(self, visit: Visit) -> Response:
        """Set it; a token that is not given stays."""
        asked = {name: visit.text(name) for name in ("base_url", "account_sid", "sender")}
        token = visit.text("auth_token")
        too_long = [name for name, text in {**asked, "auth_token": token}.items() if _is_bad(text)]
        if too_long:
            wrong = visit.say("This must be text of at most %(most)s characters.", most=_LONGEST)
            return await self._messaging(visit, asked, dict.fromkeys(too_long, wrong))
        try:
            kept = token or (HIDDEN if await self._has_token(visit) else "")
            await self._core.panel.put(visit.account.sid, Messaging(**asked, auth_token=kept))
        except BadMessaging as error:
            return await self._messaging(
                visit, asked, {error.field: visit.say(_WRONG[error.field])}
            )
        except WrongKey:
            wrong = visit.say("Give the token again: the one that is set cannot be opened.")
            return await self._messaging(visit, asked, {"auth_token": wrong})
        visit.changed(
            "messaging.changed",
            "",
            base_url=asked["base_url"],
            account_sid=asked["account_sid"],
            token=bool(token),
        )
        return visit.go(MESSAGING, visit.say("It is saved."))

    async def clear_messaging(self, visit: Visit) -> Response:
        """Forget all of it."""
        await self._core.panel.put(visit.account.sid, Messaging())
        visit.changed("messaging.cleared", "")
        return visit.go(
            MESSAGING, visit.say("It is cleared: actions send through this gateway itself.")
        )

    async def _has_token(self, visit: Visit) -> bool:
        return bool((await self._core.panel.get(visit.account.sid)).auth_token)

    async def _messaging(
        self, visit: Visit, asked: dict[str, str] | None = None, wrong: dict[str, str] | None = None
    ) -> Response:
        try:
            found, is_closed = await self._core.panel.get(visit.account.sid), False
        except WrongKey:
            found, is_closed = Messaging(), True
        shown = asked or {
            "base_url": found.base_url, "account_sid": found.account_sid, "sender": found.sender,
        }  # fmt: skip
        return visit.show(
            "settings.html", 400 if wrong else 200, tabs=TABS, found=found, shown=shown,
            has_token=bool(found.auth_token), is_closed=is_closed, wrong=wrong or {},
        )  # fmt: skip

    async def retention(self, visit: Visit) -> Response:
        """Show for how long things are kept."""
        found = await self._core.retention.get(visit.account.sid)
        return self._retention(visit, _shown(found), found)

    async def set_retention(self, visit: Visit) -> Response:
        """Set that; what would have more forgotten is asked about once more."""
        shown = {name: visit.text(name) for name in _KEPT}
        known = await self._core.retention.get(visit.account.sid)
        wrong = {name: "" for name, text in shown.items() if text and not _is_number(text)}
        asked = Retention(
            **{
                name: int(text) if text and name not in wrong else None
                for name, text in shown.items()
            }
        )
        less = shorter(asked, known)
        try:
            if not wrong and (not less or visit.text("confirm") == "yes"):
                await self._core.retention.put(visit.account.sid, asked)
                visit.changed("retention.changed", "", **asdict(asked))
                return visit.go(RETENTION, visit.say("It is saved."))
        except BadRetention as error:
            wrong = {error.field: ""}
        text = visit.say(
            "This must be a whole number of days from 1 to %(most)s, or nothing.", most=LONGEST
        )
        return self._retention(
            visit, shown, known, dict.fromkeys(wrong, text), [] if wrong else less
        )

    def _retention(
        self, visit: Visit, shown: dict[str, str], known: Retention,
        wrong: dict[str, str] | None = None, less: list[str] | None = None,
    ) -> Response:  # fmt: skip
        until = {
            name: before(visit.now, int(text))
            for name, text in shown.items() if name not in (wrong or {}) and text
        }  # fmt: skip
        return visit.show(
            "settings-retention.html", 400 if wrong else 200, tabs=TABS, shown=shown, known=known,
            wrong=wrong or {}, less=less or [], until=until, longest=LONGEST,
        )  # fmt: skip

    async def window(self, visit: Visit) -> Response:
        """Show what is done about messages outside the window."""
        found = await self._core.window.policy(visit.account.sid)
        default = _POLICIES[self._core.window.default][0]
        return visit.show(
            "settings-window.html", tabs=TABS, policies=_POLICIES, policy=found, default=default
        )

    async def set_window(self, visit: Visit) -> Response:
        """Set that."""
        made = await self._core.window.set_policy(visit.account.sid, visit.text("policy"))
        visit.changed("window.changed", "", policy=made.value)
        return visit.go(WINDOW, visit.say("It is saved. It counts within two seconds."))

    async def opt_out(self, visit: Visit) -> Response:
        """Show which words opt out, and what they are answered."""
        rules = await self._core.keywords.rules(visit.account.sid)
        shown = {f"{name}_words": " ".join(getattr(rules, f"{name}_words")) for name in _REPLIES}
        shown |= {f"{name}_text": getattr(rules, f"{name}_text") for name in _REPLIES}
        return _opt_out(visit, shown, rules.enabled)

    async def set_opt_out(self, visit: Visit) -> Response:
        """Set that."""
        names = [f"{name}_{part}" for name in _REPLIES for part in ("words", "text")]
        shown, enabled = {name: visit.text(name) for name in names}, bool(visit.text("enabled"))
        wrong = {
            name: visit.say("This must be text of at most %(most)s characters.", most=_LONGEST_REPLY)
            for name, text in shown.items() if _is_bad(text, _LONGEST_REPLY)
        }  # fmt: skip
        words = {
            f"{name}_words": tuple(shown[f"{name}_words"].replace(",", " ").split())
            for name in _REPLIES
        }
        for name, found in words.items():
            if len(found) > _MOST_WORDS:
                wrong[name] = visit.say("These must be at most %(most)s words.", most=_MOST_WORDS)
        texts = {f"{name}_text": shown[f"{name}_text"] for name in _REPLIES}
        try:
            if not wrong:
                rules = convert({**words, **texts, "enabled": enabled}, OptOut)
                await self._core.keywords.set_rules(visit.account.sid, rules)
                visit.changed("opt-out.changed", "", enabled=enabled)
                return visit.go(OPT_OUT, visit.say("It is saved."))
        except BadWords as error:
            text = _("“%(word)s” is longer than a word may be: 40 characters.")
            if error.other:
                text = _("“%(word)s” cannot mean two things: it also stands for %(other)s.")
            wrong[f"{error.keyword.lower()}_words"] = visit.say(
                text, word=error.word[:60], other=error.other or ""
            )
        return _opt_out(visit, shown, enabled, wrong)


def page(core: Core) -> Settings:
    """The page, around one core."""
    return Settings(core)


def _opt_out(
    visit: Visit, shown: dict[str, str], enabled: bool, wrong: dict[str, str] | None = None
) -> Response:
    reserved = {keyword.lower(): ", ".join(words) for keyword, words in RESERVED.items()}
    return visit.show(
        "settings-opt-out.html", 400 if wrong else 200, tabs=TABS, shown=shown, enabled=enabled,
        wrong=wrong or {}, reserved=reserved,
    )  # fmt: skip


def _shown(found: Retention) -> dict[str, str]:
    return {name: "" if days is None else str(days) for name, days in asdict(found).items()}


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 6 and 1 <= int(text) <= LONGEST


def _is_bad(text: str, most: int = _LONGEST) -> bool:
    """Whether a text is too long, or none that could be kept."""
    return len(text) > most or "\0" in text
