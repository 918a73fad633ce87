"""What a template says in a message: which it is, whether it may be sent, and what fills it."""

from estafette.core.core import Core
from estafette.doors.callbell.bodies import Asked
from estafette.doors.callbell.errors import EMPTY, UNKNOWN, blame, denied
from estafette.doors.callbell.wire import uuid
from estafette.model import Account, Unknown
from estafette.model.filling import made_of, places
from estafette.model.template import Filled, Template, TemplateKind, TemplateStatus, Unfilled, Unfit


async def filled(core: Core, account: Account, asked: Asked) -> Filled:
    """What the template of a request says. Raises Refusal."""
    template = await _template(core, account, asked.template)
    if template.channel not in ("", asked.channel):
        raise blame(template_uuid=f"is for {template.channel}, not {asked.channel}")
    if template.status is not TemplateStatus.APPROVED:
        raise denied("template_not_approved", f"the template is {template.status}, not approved")
    if asked.type != template.kind:
        raise blame(type=f"must be {template.kind}, as the template is")
    url = "" if template.kind is TemplateKind.TEXT else asked.content.url
    try:
        return made_of(template, _values(template, asked), url)
    except Unfilled as error:
        raise blame(template_values=f"must have {error.expected} values") from None
    except Unfit as error:
        raise blame(template_uuid=str(error)) from None


async def _template(core: Core, account: Account, named: str) -> Template:
    id = uuid(named)
    try:
        if id:
            return await core.templates.get(account, id)
    except Unknown:
        pass
    raise blame(template_uuid=UNKNOWN)


def _values(template: Template, asked: Asked) -> tuple[str, ...]:
    """What fills its holes: the text of the content, where it has one hole and no list is given."""
    count = places(template)
    if asked.values is None and count == 1:
        if not asked.content.text.strip():
            raise blame(content=f"text {EMPTY}")
        return (asked.content.text,)
    values = asked.values or ()
    if len(values) != count:
        raise blame(template_values=f"must have {count} values, not {len(values)}")
    return values
