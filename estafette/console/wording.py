"""The words of an account: tags and fields of its contacts, stages of conversations, statuses of users."""

from typing import Any, ClassVar, NamedTuple

from starlette.responses import Response

from estafette.console.rows import Row, get, post
from estafette.console.visit import Visit
from estafette.console.words import later as _
from estafette.core.desk import Desk
from estafette.model import BadValue, Conflict, Unknown
from estafette.model.desk import FieldKind
from estafette.model.session import Role


class Noun(NamedTuple):
    """A kind of word: what the core calls it, and what it has beside its name."""

    one: str
    many: str
    title: str
    about: str
    parts: tuple[str, ...] = ()


NOUNS = {
    "tags": Noun("tag", "tags", _("Tags"), _("Words that contacts may have.")),
    "fields": Noun(
        "field", "fields", _("Fields"),
        _("What contacts may have beside what is known of all."), ("kind", "options"),
    ),
    "stages": Noun(
        "funnel", "funnels", _("Stages"), _("What conversations go through, in this order."),
        ("emoji", "position"),
    ),
    "statuses": Noun(
        "status", "statuses", _("Statuses"),
        _("What users may say of themselves, such as that they are on holiday."), ("emoji",),
    ),
}  # fmt: skip
KINDS = {
    "text": _("text"),
    "email": _("e-mail address"),
    "number": _("number"),
    "date": _("date"),
    "dropdown": _("one of a list"),
    "checkbox": _("some of a list"),
}
_HERE = "/contacts/words"


class Wording:
    """What is asked of the words. It is part of the page of contacts."""

    TABLE: ClassVar[list[Row]] = [
        get(_HERE, "words"),
        post(f"{_HERE}/{{noun}}", "add_word", Role.OWNER),
        post(f"{_HERE}/{{noun}}/{{id}}", "change_word", Role.OWNER),
        post(f"{_HERE}/{{noun}}/{{id}}/remove", "remove_word", Role.OWNER),
    ]

    def __init__(self, desk: Desk) -> None:
        self._words = desk

    async def words(self, visit: Visit) -> Response:
        """Show all of them."""
        return await self._shown(visit)

    async def add_word(self, visit: Visit) -> Response:
        """A new one."""
        noun = _noun(visit)
        return await self._done(visit, noun, "added", getattr(self._words, f"add_{noun.one}"))

    async def change_word(self, visit: Visit) -> Response:
        """Write one anew."""
        noun = _noun(visit)
        change = getattr(self._words, f"change_{noun.one}")
        return await self._done(visit, noun, "changed", change, str(visit.holes["id"]))

    async def remove_word(self, visit: Visit) -> Response:
        """Take one away; contacts keep what they have."""
        noun, id = _noun(visit), str(visit.holes["id"])
        await getattr(self._words, f"remove_{noun.one}")(visit.account.sid, id)
        visit.changed(f"{noun.one}.removed", id)
        return visit.go(f"/console{_HERE}#{visit.holes['noun']}", visit.say("It is removed."))

    async def _done(self, visit: Visit, noun: Noun, what: str, do: Any, id: str = "") -> Response:
        try:
            parts = _parts(visit, noun)
            named = {**parts, "name": visit.text("name")}
            made = await do(visit.account.sid, *([id] if id else ()), **named)
        except (BadValue, Conflict) as error:
            typed = {name: visit.text(name) for name in ("name", *noun.parts)}
            wrong = {"noun": visit.holes["noun"], "id": id, "text": visit.told(error), **typed}
            return await self._shown(visit, wrong, 400)
        visit.changed(f"{noun.one}.{what}", made.id, name=made.name)
        return visit.go(f"/console{_HERE}#{visit.holes['noun']}", visit.say("Saved."))

    async def _shown(
        self, visit: Visit, wrong: dict[str, str] | None = None, status: int = 200
    ) -> Response:
        found = {
            name: await getattr(self._words, noun.many)(visit.account.sid)
            for name, noun in NOUNS.items()
        }
        kinds = [(key, visit.say(text)) for key, text in KINDS.items()]
        facts = {"nouns": NOUNS, "found": found, "kinds": kinds, "wrong": wrong or {}}
        return visit.show("contacts-words.html", status, **facts)


def _noun(visit: Visit) -> Noun:
    """Raises Unknown."""
    found = NOUNS.get(visit.holes["noun"])
    if found is None:
        raise Unknown
    return found


def _parts(visit: Visit, noun: Noun) -> dict[str, Any]:
    """What a word has beside its name. Raises BadValue."""
    found: dict[str, Any] = {}
    if "kind" in noun.parts:
        kind = visit.text("kind") or FieldKind.TEXT
        if kind not in tuple(FieldKind):
            raise BadValue("kind", f"kind is one of: {', '.join(FieldKind)}")
        found["kind"] = FieldKind(kind)
        lines = visit.text("options").replace(",", "\n").splitlines()
        found["options"] = [line.strip() for line in lines if line.strip()]
    if "emoji" in noun.parts:
        found["emoji"] = visit.text("emoji")
    if "position" in noun.parts and (text := visit.text("position")):
        if not (text.isascii() and text.isdigit() and len(text) < 8):
            raise BadValue("position", "a position is a number")
        found["position"] = int(text)
    return found
