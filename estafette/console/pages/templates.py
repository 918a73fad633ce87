"""Templates: listed, shown as WhatsApp shows them, made, changed and removed."""

from typing import ClassVar
from urllib.parse import urlencode

from starlette.responses import Response

from estafette.console import designs
from estafette.console.rows import Row, get, post
from estafette.console.visit import Visit
from estafette.console.words import later as _
from estafette.core.core import Core
from estafette.model import Unknown
from estafette.model import components as made_of
from estafette.model import design as limits
from estafette.model.design import Undesigned
from estafette.model.filling import places
from estafette.model.ids import read_id
from estafette.model.session import Role
from estafette.model.template import LONGEST_BODY, Category, Template, TemplateStatus, shapes

HOME = "/console/templates"
_PAGE = 50
CATEGORIES = {
    Category.UTILITY: _("Utility: about an order, an account, something asked for"),
    Category.MARKETING: _("Marketing: offers, news, invitations"),
    Category.AUTHENTICATION: _("Authentication: codes to sign in with"),
}
_SHORT = {
    Category.UTILITY: _("Utility"),
    Category.MARKETING: _("Marketing"),
    Category.AUTHENTICATION: _("Authentication"),
}
KINDS = {
    "text": _("text"), "image": _("picture"), "document": _("document"), "video": _("film"),
}  # fmt: skip
HEADERS = {
    "": _("none"), "TEXT": _("a text"), "IMAGE": _("a picture"), "VIDEO": _("a film"),
    "DOCUMENT": _("a document"),
}  # fmt: skip
BUTTONS = {
    "": _("none"),
    "QUICK_REPLY": _("quick reply"),
    "URL": _("opens an address"),
    "PHONE_NUMBER": _("calls a number"),
    "COPY_CODE": _("copies a code"),
}
#: What may be written down of an approval that was asked for elsewhere.
STATUSES = (
    TemplateStatus.APPROVED, TemplateStatus.REJECTED, TemplateStatus.PENDING, TemplateStatus.PAUSED,
    TemplateStatus.DISABLED,
)  # fmt: skip


class Templates:
    """Each method answers one operation."""

    TABLE: ClassVar[list[Row]] = [
        get("/templates", "list"),
        get("/templates/new", "blank", Role.OWNER),
        post("/templates", "add", Role.OWNER),
        post("/templates/preview", "preview", Role.OWNER),
        get("/templates/{id}", "show"),
        get("/templates/{id}/change", "ask", Role.OWNER),
        post("/templates/{id}/change", "change", Role.OWNER),
        post("/templates/{id}/status", "set_status", Role.OWNER),
        post("/templates/{id}/remove", "remove", Role.OWNER),
    ]

    def __init__(self, core: Core) -> None:
        self._templates = core.templates
        self._designs = core.templates.designs

    async def list(self, visit: Visit) -> Response:
        """A page of them, newest first."""
        names = ("q", "status", "channel")
        asked = {name: visit.query.get(name, "").replace("\0", "") for name in names}
        channel = {"": None, "any": ""}.get(asked["channel"], asked["channel"])
        found = await self._templates.page(
            visit.account,
            limit=_PAGE,
            cursor=visit.cursor,
            search=asked["q"].strip(),
            status=TemplateStatus(asked["status"])
            if asked["status"] in set(TemplateStatus)
            else None,
            channel=channel,
        )
        kept = {name: text for name, text in asked.items() if text}

        def beside(is_there: bool, name: str, at: int) -> str:
            return f"{HOME}?{urlencode({**kept, name: found.items[at].id})}" if is_there else ""

        return visit.show(
            "templates.html", items=found.items, asked=asked, statuses=list(TemplateStatus),
            kinds=KINDS, categories=_SHORT,
            newer=beside(found.has_previous and bool(found.items), "before", 0),
            older=beside(found.has_next and bool(found.items), "after", -1),
        )  # fmt: skip

    async def show(self, visit: Visit) -> Response:
        """One of them."""
        found = await self._find(visit)
        return visit.show(
            "templates-show.html", item=found, shown=designs.drawn(made_of.components(found)),
            places=places(found), kinds=KINDS, categories=_SHORT, statuses=STATUSES,
            is_formed=designs.is_formed(found), others=sorted(shapes(found)) if not found.channel else [],
        )  # fmt: skip

    async def blank(self, visit: Visit) -> Response:
        """Ask for a new one."""
        said = dict.fromkeys(designs.FIELDS, "") | {"language": visit.words.language}
        return self._form(visit, said | {"category": str(Category.UTILITY)})

    async def add(self, visit: Visit) -> Response:
        """Make it, and ask for its approval."""
        said = _said(visit)
        wrong = designs.check(said)
        try:
            if not wrong:
                category = limits.category_of(said["category"])
                made = await self._designs.add(
                    visit.account,
                    name=limits.name_of(said["name"]),
                    language=limits.language_of(said["language"]),
                    category=category,
                    design=limits.design({"components": designs.parts_of(said)}, category),
                )
                visit.changed("template.added", made.id, name=made.name, language=made.language)
                return visit.go(
                    f"{HOME}/{made.id}", visit.say("It is made, and its approval is asked for.")
                )
        except Undesigned as error:
            wrong = dict([designs.blamed(error, said)])
        return self._form(visit, said, wrong=wrong)

    async def preview(self, visit: Visit) -> Response:
        """How it would look, as far as it is typed."""
        return visit.show(
            "templates-preview.html", shown=designs.drawn(designs.parts_of(_said(visit)))
        )

    async def ask(self, visit: Visit) -> Response:
        """Ask what is to be changed of one."""
        found = await self._find(visit)
        if not designs.is_formed(found):
            return visit.go(
                f"{HOME}/{found.id}",
                visit.say("Change it where it was made: it has more than this form knows."),
            )
        return self._form(visit, designs.typed(found), item=found)

    async def change(self, visit: Visit) -> Response:
        """Change what it is made of, and ask for its approval again."""
        found = await self._find(visit)
        said = _said(visit) | {"name": found.name, "language": found.language}
        wrong = designs.check(said)
        try:
            if not wrong:
                category = limits.category_of(said["category"])
                await self._designs.edit(
                    visit.account,
                    found.id,
                    category=category,
                    design=limits.design({"components": designs.parts_of(said)}, category),
                )
                visit.changed(
                    "template.changed", found.id, name=found.name, language=found.language
                )
                return visit.go(
                    f"{HOME}/{found.id}", visit.say("It is changed, and looked at again.")
                )
        except Undesigned as error:
            wrong = dict([designs.blamed(error, said)])
        return self._form(visit, said, wrong=wrong, item=found)

    async def set_status(self, visit: Visit) -> Response:
        """Write down what became of its approval."""
        found, status = await self._find(visit), visit.text("approval")
        if status not in STATUSES:
            return visit.go(f"{HOME}/{found.id}")
        await self._templates.change(visit.account, found.id, status=status)
        visit.changed("template.changed", found.id, name=found.name, status=status)
        return visit.go(f"{HOME}/{found.id}", visit.say("It is written down."))

    async def remove(self, visit: Visit) -> Response:
        """Delete one."""
        found = await self._find(visit)
        await self._templates.remove(visit.account, found.id)
        visit.changed("template.removed", found.id, name=found.name, language=found.language)
        return visit.go(HOME, visit.say("%(name)s is deleted.", name=found.name))

    async def _find(self, visit: Visit) -> Template:
        id = read_id(visit.holes["id"].removeprefix("HX"))
        if id is None:
            raise Unknown("no such template")
        return await self._templates.get(visit.account, id)

    def _form(
        self, visit: Visit, said: dict[str, str], *, wrong: dict[str, str] | None = None,
        item: Template | None = None,
    ) -> Response:  # fmt: skip
        return visit.show(
            "templates-form.html", 400 if wrong else 200, said=said, item=item,
            wrong={name: visit.say(text) for name, text in (wrong or {}).items()},
            shown=designs.drawn(designs.parts_of(said)), categories=CATEGORIES, headers=HEADERS,
            buttons=BUTTONS, numbers=range(designs.MOST_BUTTONS), longest=limits.LONGEST_TEXT,
            longest_body=LONGEST_BODY,
        )  # fmt: skip


def page(core: Core) -> Templates:
    """The page, around one core."""
    return Templates(core)


def _said(visit: Visit) -> dict[str, str]:
    """What was typed, as it can be written down."""
    return {
        name: visit.text(name).replace("\r\n", "\n").replace("\0", "\ufffd")
        for name in designs.FIELDS
    }
