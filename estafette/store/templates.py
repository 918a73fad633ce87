"""Templates: texts with holes."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, func, select, tuple_
from sqlalchemy.exc import IntegrityError

from estafette.model import Channel, Conflict, Cursor
from estafette.model.ids import instant, instant_of
from estafette.model.listed import Listed, page_of
from estafette.model.template import Template, TemplateKind, TemplateStatus
from estafette.store import owned
from estafette.store.schema import templates
from estafette.store.times import moment

_PLAIN = ("id", "account", "name", "language", "channel", "kind", "body", "status")
_PACKED = ("types", "variables", "details")

_CHUNK = 200  # rows that are looked through at a time

#: Statuses that the sandbox may still change.
WAITING = (TemplateStatus.RECEIVED, TemplateStatus.PENDING)


def add(conn: Connection, template: Template) -> None:
    """Write a template down. Raises Conflict where one for WhatsApp has its name and language."""
    try:
        owned.add(conn, templates, _columns(template))
    except IntegrityError:
        raise _taken(template) from None


def get(conn: Connection, account: str, id: str, *, lock: bool = False) -> Template:
    """One template. Raises Unknown; another account's is unknown too."""
    return _template(owned.get(conn, templates, account, id, lock=lock))


def find(conn: Connection, account: str, name: str, language: str = "") -> Template | None:
    """The one that WhatsApp knows by this name, in a language or in any: the newest if several."""
    asked = owned.of_account(templates, account)
    if language:
        asked = asked.where(templates.c.language == language)
    made_for = (templates.c.channel == Channel.WHATSAPP) & (templates.c.name == name)
    # Others have the name that their approval was asked for under.
    within = owned.packed({"name": name})[1:-1]
    submitted = (templates.c.channel == "") & templates.c.details.contains(within, autoescape=True)
    newest = (templates.c.created_at.desc(), templates.c.id.desc())
    for part in (made_for, submitted):
        for row in conn.execute(asked.where(part).order_by(*newest)):
            found = _template(row)
            if found.channel or found.approval.get("name") == name:
                return found
    return None


def of_name(conn: Connection, account: str, name: str, *, lock: bool = False) -> Sequence[Template]:
    """All that WhatsApp knows by this name, one for each language: the newest first."""
    asked = owned.of_account(templates, account).where(_is_known())
    newest = (templates.c.created_at.desc(), templates.c.id.desc())
    within = owned.packed({"name": name})[1:-1]
    called = (templates.c.name == name) | templates.c.details.contains(within, autoescape=True)
    asked = asked.where(called).order_by(*newest)
    found = map(_template, conn.execute(asked.with_for_update() if lock else asked))
    return [item for item in found if item.submitted_name == name]


def _is_known() -> ColumnElement[bool]:
    """Whether WhatsApp was told of a template."""
    is_asked = templates.c.status != TemplateStatus.UNSUBMITTED
    return (templates.c.channel == Channel.WHATSAPP) | ((templates.c.channel == "") & is_asked)


def known(
    conn: Connection,
    account: str,
    fits: Callable[[Template], bool],
    *,
    limit: int,
    cursor: Cursor | None = None,
) -> Listed[Template]:
    """Those that WhatsApp was told of and that fit, newest first."""
    is_back = cursor is not None and cursor.before
    place = tuple_(templates.c.created_at, templates.c.id)
    columns = (templates.c.created_at, templates.c.id)
    order = [column.asc() if is_back else column.desc() for column in columns]
    mine = owned.of_account(templates, account).where(_is_known()).order_by(*order).limit(_CHUNK)
    found: list[Template] = []
    begin = _place_of(conn, cursor.id) if cursor else None
    while len(found) <= limit:
        asked = mine
        if begin:
            asked = mine.where(place > tuple_(*begin) if is_back else place < tuple_(*begin))
        rows = conn.execute(asked).fetchall()
        found += filter(fits, map(_template, rows))
        if len(rows) < _CHUNK:
            break
        begin = (rows[-1].created_at, rows[-1].id)
    listed = page_of(found[: limit + 1], limit, cursor)
    return Listed(list(listed.items), listed.has_next, listed.has_previous)


def count(conn: Connection, account: str) -> int:
    """How many of an account WhatsApp was told of."""
    mine = (templates.c.account == account) & _is_known()
    return conn.execute(select(func.count()).select_from(templates).where(mine)).scalar_one()


def save(conn: Connection, template: Template) -> None:
    """Write all of it down anew. Raises Conflict as `add` does."""
    try:
        owned.save(conn, templates, template.id, _columns(template))
    except IntegrityError:
        raise _taken(template) from None


def remove(conn: Connection, account: str, id: str) -> None:
    """Delete a template. Raises Unknown."""
    owned.remove(conn, templates, account, id)


def page(
    conn: Connection,
    account: str,
    *,
    limit: int,
    cursor: Cursor | None = None,
    name: str = "",
    status: TemplateStatus | None = None,
    search: str = "",
    channel: str | None = None,
) -> Listed[Template]:
    """The templates of an account, newest first: all, or those of a name, a status and a channel, and in
    whose name something stands.
    """
    asked = owned.of_account(templates, account, name)
    if search:
        within = func.lower(templates.c.name).contains(search.lower(), autoescape=True)
        asked = asked.where(within)
    if channel is not None:
        asked = asked.where(templates.c.channel == channel)
    if status:
        asked = asked.where(templates.c.status == status)
    place = tuple_(templates.c.created_at, templates.c.id)
    is_back = cursor is not None and cursor.before
    if cursor:
        begin = tuple_(*_place_of(conn, cursor.id))
        asked = asked.where(place > begin if is_back else place < begin)
    columns = (templates.c.created_at, templates.c.id)
    order = [column.asc() if is_back else column.desc() for column in columns]
    found = page_of(conn.execute(asked.order_by(*order).limit(limit + 1)).fetchall(), limit, cursor)
    return Listed([_template(row) for row in found.items], found.has_next, found.has_previous)


def _place_of(conn: Connection, id: str) -> tuple[int, str]:
    """Where a template stands in lists, or stood if it is gone: what grows tells by itself."""
    row = conn.execute(select(templates.c.created_at).where(templates.c.id == id)).first()
    if row:
        return row.created_at, id
    return (instant_of(id) if id[12] == "7" else 0), id


def numbered(
    conn: Connection, account: str, *, limit: int, skip: int
) -> tuple[list[Template], int]:
    """Those that have a text, newest first, after the first `skip`; and how many there are."""
    mine = _texts(account)
    count = conn.execute(select(func.count()).select_from(templates).where(mine)).scalar_one()
    newest = (templates.c.created_at.desc(), templates.c.id.desc())
    asked = select(templates).where(mine).order_by(*newest).limit(limit).offset(skip)
    return [_template(row) for row in conn.execute(asked)], count


def _texts(account: str) -> ColumnElement[bool]:
    return (templates.c.account == account) & (templates.c.body != "")


def waiting(conn: Connection, account: str) -> list[Template]:
    """Those whose approval was asked for and not answered."""
    mine = owned.of_account(templates, account).where(templates.c.status.in_(WAITING))
    return [_template(row) for row in conn.execute(mine)]


def settle(
    conn: Connection, found: Sequence[Template], status: TemplateStatus, at: datetime
) -> None:
    """Write down what became of approvals that still wait for it."""
    for template in found:
        mine = (templates.c.id == template.id) & (templates.c.account == template.account)
        row = conn.execute(select(templates).where(mine).with_for_update()).first()
        known = _template(row) if row else None
        if known is None or known.status not in WAITING or "at" not in known.approval:
            continue
        approval = {name: value for name, value in known.approval.items() if name != "at"}
        details = owned.packed({**known.details, "approval": approval})
        changed = {"status": status, "details": details, "updated_at": instant(at)}
        owned.save(conn, templates, known.id, changed)


def _taken(template: Template) -> Conflict:
    return Conflict(f"there is a template {template.name} in {template.language} already")


def _columns(template: Template) -> dict[str, Any]:
    return {
        **{name: getattr(template, name) for name in _PLAIN},
        **{name: owned.packed(getattr(template, name)) for name in _PACKED},
        "created_at": instant(template.created_at),
        "updated_at": instant(template.updated_at),
    }


def _template(row: Row[Any]) -> Template:
    plain: dict[str, Any] = {name: getattr(row, name) for name in _PLAIN}
    plain["kind"] = TemplateKind(row.kind)
    plain["status"] = TemplateStatus(row.status)
    packed: dict[str, Any] = {name: owned.unpacked(getattr(row, name)) for name in _PACKED}
    return Template(
        **plain,
        **packed,
        created_at=moment(row.created_at),
        updated_at=moment(row.updated_at),
    )
