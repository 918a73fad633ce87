"""Templates: made, listed, read, edited and deleted."""

import re
from collections.abc import Callable, Mapping
from typing import Any, ClassVar
from urllib.parse import urlencode

import msgspec

from estafette.core.core import Core
from estafette.doors.whatsapp.designs import NEVER, STATUS, Faulty, shape
from estafette.doors.whatsapp.errors import Refusal, unknown
from estafette.doors.whatsapp.requests import SUCCESS, Call
from estafette.model import Channel, Cursor, Unknown
from estafette.model import design as words
from estafette.model.design import Undesigned
from estafette.model.ids import digits, read_digits
from estafette.model.listed import Listed
from estafette.model.template import Category, Template
from estafette.model.whatsapp import Unsaid
from estafette.model.whatsapp.forms import tidy

_PAGE, _LARGEST_PAGE = 25, 1000  # templates of a page: where nothing is asked for, and at the most
_MOST_IDS = 100  # that are deleted at once

#: What a page may be narrowed by: what is looked at, and whether parts of it are enough.
_FILTERS: Mapping[str, Callable[[Template], str]] = {
    "name": lambda item: item.submitted_name,
    "content": lambda item: item.body,
    "name_or_content": lambda item: f"{item.submitted_name}\n{item.body}",
}
#: The same for lists of words, of which one must fit.
_LISTS: Mapping[str, Callable[[Template], str]] = {
    "status": lambda item: STATUS[item.status],
    "category": lambda item: str(item.category),
    "language": lambda item: item.language,
    "quality_score": lambda item: "UNKNOWN",
}
_ALLOWED = {
    "status": {*STATUS.values(), *NEVER},
    "category": {*map(str, Category)},
    "quality_score": {"GREEN", "YELLOW", "RED", "UNKNOWN"},
}
_ID = re.compile(r"[0-9]{1,39}")


class Templates:
    """Each method answers one operation."""

    TABLE: ClassVar[list[tuple[str, str, str]]] = [
        ("GET", "/{waba}/message_templates", "list"),
        ("POST", "/{waba}/message_templates", "create"),
        ("DELETE", "/{waba}/message_templates", "delete"),
        ("GET", "/{waba}/message_templates/{id}", "fetch"),
        ("POST", "/{id}/unpause", "unpause"),
    ]

    def __init__(self, core: Core) -> None:
        self._core = core
        self._designs = core.templates.designs

    async def list(self, call: Call) -> dict[str, Any]:
        """A page of templates, newest first."""
        await self._check_business(call)
        limit = _limit(call.query.get("limit", ""))
        found = await self._designs.page(
            call.account, _fits(call.query), limit=limit, cursor=_cursor(call.query)
        )
        fields = _words(call.query.get("fields", ""))
        answer: dict[str, Any] = {"data": [shape(item, fields) for item in found.items]}
        if found.items:
            answer["paging"] = self._paging(call, found)
        if "summary" in call.query:
            count = await self._designs.count(call.account)
            answer["summary"] = _summary(count, _words(call.query["summary"]))
        return answer

    def _paging(self, call: Call, found: Listed[Template]) -> dict[str, Any]:
        """Where a page begins and ends, and the addresses of those beside it."""
        before, after = digits(found.items[0].id), digits(found.items[-1].id)
        shown: dict[str, Any] = {"cursors": {"before": before, "after": after}}
        at = f"{self._core.public_url}{call.request.scope['path']}"
        kept = {name: text for name, text in call.query.items() if name not in ("before", "after")}
        if found.has_next:
            shown["next"] = f"{at}?{urlencode({**kept, 'after': after})}"
        if found.has_previous:
            shown["previous"] = f"{at}?{urlencode({**kept, 'before': before})}"
        return shown

    async def create(self, call: Call) -> dict[str, Any]:
        """Make a template, and ask for its approval."""
        await self._check_business(call)
        try:
            said = _said(call)
            category = words.category_of(said.get("category"))
            made = await self._designs.add(
                call.account,
                name=words.name_of(said.get("name")),
                language=words.language_of(said.get("language")),
                category=category,
                design=words.design(said, category),
            )
        except Undesigned as error:
            raise Faulty(error) from None
        return {
            "id": digits(made.id),
            "status": STATUS[made.status],
            "category": str(made.category),
        }

    async def delete(self, call: Call) -> dict[str, Any]:
        """Delete all templates of a name, one of them, or those with some ids."""
        await self._check_business(call)
        asked = {name: value for name, value in {**call.body, **call.query}.items() if value}
        if "hsm_ids" in asked:
            ids = _ids(asked["hsm_ids"])
            try:
                await self._designs.remove(call.account, ids)
            except Unknown:
                raise _not_there("hsm_ids") from None
            return SUCCESS
        name, id, language = (_text(asked, key) for key in ("name", "hsm_id", "language"))
        if not name:
            raise Refusal(100, "name is required, or hsm_ids")
        hex = read_digits(id) if _ID.fullmatch(id) else None
        if id and hex is None:
            raise _not_there("hsm_id")
        try:
            await self._designs.remove_named(call.account, name, language=language, id=hex or "")
        except Unknown:
            raise _not_there("name") from None
        return SUCCESS

    async def fetch(self, call: Call) -> dict[str, Any]:
        """One template, below its business account."""
        await self._check_business(call)
        found = await self.show(call, call.holes["id"])
        if found is None:
            raise unknown(call.holes["id"])
        return dict(found)

    async def unpause(self, call: Call) -> dict[str, Any]:
        """Let a paused template be sent again."""
        hex = read_digits(call.holes["id"])
        if hex is None:
            raise unknown(call.holes["id"], "post")
        try:
            await self._designs.unpause(call.account, hex)
        except Undesigned as error:
            return {"success": False, "reason": str(error)}
        return SUCCESS

    async def show(self, call: Call, id: str) -> Any:
        """What is known of the one with this id; None where there is none."""
        found = await self._find(call, id)
        return None if found is None else shape(found, _words(call.query.get("fields", "")))

    async def change(self, call: Call, id: str) -> Any:
        """Change it, as the body says; None where there is none."""
        found = await self._find(call, id)
        if found is None:
            return None
        try:
            said = _said(call)
            category = None
            if "category" in said:
                category = words.category_of(said["category"])
            design = None
            if "components" in said:
                design = words.design(said, category or found.category)
            more = words.beside(said)
            if not (category or design or more):
                raise Undesigned("components", "are required, or category")
            changed = await self._designs.edit(
                call.account, found.id, category=category, design=design, more=more
            )
        except Undesigned as error:
            raise Faulty(error) from None
        return {**SUCCESS, **shape(changed, ("id", "name", "category"))}

    async def remove(self, call: Call, id: str) -> Any:
        """Delete it; None where there is none."""
        found = await self._find(call, id)
        if found is None:
            return None
        await self._designs.remove(call.account, [found.id])
        return SUCCESS

    async def _find(self, call: Call, id: str) -> Template | None:
        hex = read_digits(id)
        if hex is None:
            return None
        try:
            return await self._designs.get(call.account, hex)
        except Unknown:
            return None

    async def _check_business(self, call: Call) -> None:
        """Raises Refusal where the path names no business account of the caller."""
        senders = await self._core.senders.list(call.account.sid, Channel.WHATSAPP)
        if call.holes["waba"] not in await self._core.business.every(call.account.sid, senders):
            raise unknown(call.holes["waba"], call.request.method.lower())


def _said(call: Call) -> dict[str, Any]:
    """The body without what is null. Raises Undesigned for what cannot be written down."""
    asked = call.body or call.query
    try:
        found: dict[str, Any] = tidy(dict(asked), "body")
    except Unsaid as error:
        raise Undesigned(error.field, error.text) from None
    return found


def _not_there(field: str) -> Refusal:
    return Refusal(100, f"{field} names no template of this business account", status=400)


def _text(asked: Mapping[str, Any], name: str) -> str:
    found = asked.get(name, "")
    if isinstance(found, int) and not isinstance(found, bool):
        found = str(found)
    if not isinstance(found, str) or "\0" in found or not found.isprintable():
        raise Refusal(100, f"{name} must be text")
    return found


def _ids(value: Any) -> list[str]:
    """The ids of a list, which may also stand in a text. Raises Refusal."""
    found = value if isinstance(value, list) else _words(str(value))
    if not 1 <= len(found) <= _MOST_IDS:
        raise Refusal(100, f"hsm_ids must be 1 to {_MOST_IDS} ids, not {len(found)}")
    read = [read_digits(str(id)) if _ID.fullmatch(str(id)) else None for id in found]
    ids = [id for id in dict.fromkeys(read) if id is not None]
    if len(ids) != len(set(map(str, found))):
        raise _not_there("hsm_ids")
    return ids


def _words(text: str) -> list[str]:
    """The words of a list in a query: with commas between them, or as JSON."""
    if text.lstrip().startswith("["):
        try:
            return [str(word) for word in msgspec.json.decode(text, type=list[str | int])]
        except (msgspec.MsgspecError, UnicodeError, RecursionError):
            return []
    # `fields` may ask for parts of parts, as in `components{type}`: they are shown whole.
    return [word for word in re.split(r"[,\s]+", re.sub(r"\{[^{}]*\}", "", text)) if word]


def _limit(text: str) -> int:
    if not text:
        return _PAGE
    if not re.fullmatch(r"[0-9]{1,6}", text) or not int(text):
        raise Refusal(100, f"limit must be a number from 1 to {_LARGEST_PAGE}")
    return min(int(text), _LARGEST_PAGE)


def _cursor(query: Mapping[str, str]) -> Cursor | None:
    """Where a page begins or ends. Raises Refusal."""
    for name in ("after", "before"):
        if text := query.get(name, ""):
            id = read_digits(text) if _ID.fullmatch(text) else None
            if id is None:
                raise Refusal(100, f"{name} is no cursor of this list")
            return Cursor(id, before=name == "before")
    return None


def _fits(query: Mapping[str, str]) -> Callable[[Template], bool]:
    """Whether a template is one of those that are asked for. Raises Refusal."""
    wanted = {name: query[name].lower() for name in _FILTERS if query.get(name)}
    lists = {name: _words(query[name]) for name in _LISTS if query.get(name)}
    for name, allowed in _ALLOWED.items():
        if name in lists:
            lists[name] = [word.upper() for word in lists[name]]
            if not {*lists[name]} <= allowed:
                raise Refusal(100, f"{name} must be of {', '.join(sorted(allowed))}")

    def fits(item: Template) -> bool:
        has_words = all(text in _FILTERS[name](item).lower() for name, text in wanted.items())
        return has_words and all(_LISTS[name](item) in found for name, found in lists.items())

    return fits


def _summary(count: int, asked: list[str]) -> dict[str, Any]:
    """How many templates there are and may be: all of it, or what is asked for."""
    found = {
        "total_count": count,
        "message_template_count": count,
        "message_template_limit": words.MOST,
        "are_translations_complete": True,
    }
    return {name: found[name] for name in asked if name in found} or found
