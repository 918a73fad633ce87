"""Templates: texts with holes, and what became of their approval."""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from estafette.core.core import Core
from estafette.doors.own.errors import Refusal
from estafette.doors.own.wire import At, Call, Page, PageQuery, Row, check_url
from estafette.model import Account, Channel, Cursor, Unknown
from estafette.model import components as made_of
from estafette.model import template as words
from estafette.model.filling import places
from estafette.model.ids import read_id
from estafette.model.template import (
    Category,
    Filled,
    Malformed,
    TemplateKind,
    TemplateStatus,
    Unfilled,
    Unfit,
)

Name = Annotated[
    str,
    Meta(
        max_length=words.LONGEST_NAME,
        description="WhatsApp itself takes lower-case letters, digits and underscores.",
    ),
]
Language = Annotated[str, Meta(description="A code such as en, en_US or fr.")]
Body = Annotated[
    str,
    Meta(max_length=words.LONGEST_BODY, description="Its holes are {{1}}, {{2}}, and so on."),
]
Title = Annotated[
    str, Meta(max_length=words.LONGEST_NAME, description="What people call it; empty: its name.")
]
MediaUrl = Annotated[
    str, Meta(max_length=2048, description="What it shows where a message brings no other media.")
]


class Template(Struct, frozen=True, kw_only=True):
    """A text with holes. `places` is how many values fill it; `channel` is null for what any channel
    takes; `sid`, `types` and `variables` are how the Twilio door has it, `components` and
    `parameter_format` how WhatsApp's own API has it.
    """

    id: str
    sid: str
    name: str
    language: str
    channel: Channel | None
    kind: TemplateKind
    title: str
    category: Category
    body: str
    media_url: str
    places: int
    status: TemplateStatus
    types: Mapping[str, Mapping[str, Any]]
    variables: Mapping[str, str]
    components: Sequence[Mapping[str, Any]]
    parameter_format: Literal["POSITIONAL", "NAMED"]
    created_at: At
    updated_at: At


class NewTemplate(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A template to make. Without a `status` its approval is asked for."""

    name: Name
    body: Body
    language: Language = "en"
    channel: Literal["whatsapp"] = "whatsapp"
    kind: TemplateKind = TemplateKind.TEXT
    status: TemplateStatus | None = None
    title: Title = ""
    category: Category = Category.UTILITY
    media_url: MediaUrl = ""


class TemplateChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to change of a template; what is left out stays."""

    name: Name | UnsetType = UNSET
    body: Body | UnsetType = UNSET
    language: Language | UnsetType = UNSET
    kind: TemplateKind | UnsetType = UNSET
    status: TemplateStatus | UnsetType = UNSET
    title: Title | UnsetType = UNSET
    category: Category | UnsetType = UNSET
    media_url: MediaUrl | UnsetType = UNSET


class UsedTemplate(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a message is made of: an approved template, and what fills its holes in their order."""

    name: Annotated[str, Meta(description="Its name, its id, or HX….")]
    language: Annotated[str, Meta(description="Of this name; any where it is left out.")] = ""
    values: tuple[str, ...] = ()
    media_url: MediaUrl = ""


class Query(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which templates to list."""

    name: str = ""
    search: Annotated[str, Meta(description="What stands in the name.")] = ""
    status: TemplateStatus | None = None
    channel: Channel | None = None


def template(item: words.Template) -> Template:
    """A template as it is shown."""
    return Template(
        id=item.id,
        sid=f"HX{item.id}",
        name=item.name,
        language=item.language,
        channel=Channel(item.channel) if item.channel else None,
        kind=item.kind,
        title=item.title,
        category=item.category,
        body=item.body,
        media_url=item.header,
        places=places(item),
        status=item.status,
        types=words.shapes(item),
        variables=item.variables,
        components=made_of.components(item),
        parameter_format="NAMED" if made_of.is_named(item) else "POSITIONAL",
        created_at=item.created_at,
        updated_at=item.updated_at,
    )


class Templates:
    """Each method answers one operation."""

    TABLE: ClassVar[list[Row]] = [
        Row(method="GET", path="/api/templates", name="list", query=Query, answer=Page[Template]),
        Row(
            method="POST",
            path="/api/templates",
            name="add",
            body=NewTemplate,
            answer=Template,
            status=201,
        ),
        Row(method="GET", path="/api/templates/{id}", name="show", answer=Template),
        Row(
            method="PATCH",
            path="/api/templates/{id}",
            name="change",
            body=TemplateChange,
            answer=Template,
        ),
        Row(method="DELETE", path="/api/templates/{id}", name="remove"),
    ]

    def __init__(self, core: Core) -> None:
        self._templates = core.templates

    async def list(self, call: Call) -> Page[Template]:
        """List templates, newest first."""
        query: Query = call.query
        after = read_id(query.after) if query.after else None
        if query.after and after is None:
            raise Refusal("bad_request", "after is not what a list ended with", field="after")
        found = await self._templates.page(
            call.account,
            limit=query.limit,
            cursor=Cursor(after) if after else None,
            name=query.name,
            status=query.status,
            search=query.search,
            channel=query.channel,
        )
        following = call.next(found.items[-1].id) if found.has_next else None
        return Page([template(item) for item in found.items], following)

    async def add(self, call: Call) -> Template:
        """Make a template; every door has it at once."""
        parts = _parts(call.body)
        parts["status"] = parts["status"] or ""
        with _blaming():
            return template(await self._templates.create(call.account, **parts))

    async def show(self, call: Call) -> Template:
        """Show one template, by its id or its SID."""
        return template(await self._templates.get(call.account, _id(call)))

    async def change(self, call: Call) -> Template:
        """Change a template, whatever its status."""
        id, parts = _id(call), _parts(call.body)
        with _blaming():
            return template(await self._templates.change(call.account, id, **parts))

    async def remove(self, call: Call) -> None:
        """Delete a template; messages that were made of it stay."""
        await self._templates.remove(call.account, _id(call))


async def said(core: Core, account: Account, asked: UsedTemplate, channel: Channel) -> Filled:
    """What a message made of a template says. Raises Refusal, Conflict."""
    check_url(asked.media_url, "template.media_url")
    try:
        return await core.templates.say(
            account,
            asked.name,
            asked.values,
            channel=channel,
            language=asked.language,
            url=asked.media_url,
        )
    except Unknown as error:
        raise Refusal("bad_request", str(error), field="template.name") from None
    except Unfilled as error:
        raise Refusal("bad_request", str(error), field="template.values") from None
    except Unfit as error:
        raise Refusal("bad_request", str(error), field="template") from None


@contextlib.contextmanager
def _blaming() -> Iterator[None]:
    try:
        yield
    except Malformed as error:
        raise Refusal("bad_request", str(error), field=error.field) from None


def _parts(asked: Struct) -> dict[str, Any]:
    """The fields that were given, checked where they are URLs."""
    found = {name: getattr(asked, name) for name in asked.__struct_fields__}
    check_url(found["media_url"] or "", "media_url")
    return {name: value for name, value in found.items() if value is not UNSET}


def _id(call: Call) -> str:
    text = call.holes["id"]
    id = read_id(text.removeprefix("HX"))
    if id is None:
        raise Unknown(f"no template {text}")
    return id
