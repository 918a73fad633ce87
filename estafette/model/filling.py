"""What a template says once values fill it: by position, or by the names of its holes. Pure."""

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any

from estafette.model import components
from estafette.model.message import Channel
from estafette.model.template import (
    MEDIA,
    Filled,
    Template,
    TemplateKind,
    TemplateStatus,
    Unfilled,
    Unfit,
    holes,
    media,
    render,
    shape_on,
    shapes,
    words,
)


def places(template: Template) -> int:
    """How many values it takes by position: the greatest number that a hole of its text has, and one
    for each button that has a value of its own.
    """
    if components.is_made_of(template):
        parts, named = components.components(template), components.is_named(template)
        return len(components.slots(parts, named=named))
    return len(components.names(template.body, named=False))


def positional(template: Template, values: Sequence[str]) -> str:
    """Its text with the first value in `{{1}}`, the second in `{{2}}`, and so on.

    Raises Unfilled for too few or too many, and Unfit where a hole has no number and nothing
    usually fills it, or where it has more than values fill.
    """
    expected = places(template)
    if len(values) != expected:
        raise Unfilled(f"it takes {expected} values, not {len(values)}", expected)
    _check_plain(template)
    try:
        return render(template.body, {**template.variables, **_by_place(values)})
    except Unfilled as error:
        raise Unfit(f"it is not filled by position: {error}") from None


def made_of(template: Template, values: Sequence[str], url: str = "") -> Filled:
    """What it says with these values, showing the media at this URL, or at its own where there is none.

    Raises Unfilled, and Unfit where its kind shows media and there is none, or the other way round.
    """
    seen = url or ("" if holes(template.header) else template.header)
    if template.kind is TemplateKind.TEXT and seen:
        raise Unfit("it shows a text alone, and no media")
    if template.kind is not TemplateKind.TEXT and not seen:
        raise Unfit(f"it shows media ({template.kind}), and there is no URL")
    body = positional(template, values)
    return Filled(body, (seen,) if seen else (), noted(template, _by_place(values), seen))


def fill(template: Template, channel: Channel, given: Mapping[str, str]) -> Filled:
    """What it says on a channel, its holes filled by their names.

    Raises Unfilled, or Unfit where it has no shape for that.
    """
    types = shapes(template)
    shape = shape_on(types, channel)
    if shape is None:
        raise Unfit(f"it has nothing to say on {channel}")
    urls = media(shape)
    is_made_of = components.is_made_of(template) and shape is types[components.SHAPE]
    shows = template.kind is not TemplateKind.TEXT
    if shows and not urls and (is_made_of or shape is types.get(MEDIA)):
        raise Unfit(f"it shows media ({template.kind}), and there is no URL")
    variables = {**template.variables, **given}
    if is_made_of:
        _check_plain(template)
        _check_filled(template, variables)
    seen = tuple(render(url, variables) for url in urls)
    body = render(words(shape), variables)
    return Filled(body, seen, noted(template, variables, next(iter(seen), "")))


def noted(template: Template, variables: Mapping[str, str], url: str = "") -> dict[str, Any]:
    """What a message keeps of what it was made of: `template` where that is approved of, so that it may
    begin a conversation, else `made_of`.

    `values` stand in the order of the places; `variables` are there where holes have other names;
    `components` where it was made of them, as WhatsApp's own API fills them.
    """
    count = places(template)
    ordered = [str(place) for place in range(1, count + 1)]
    shape: Mapping[str, Any] = shape_on(shapes(template), Channel.WHATSAPP) or {}
    named = {*chain.from_iterable(map(holes, (template.body, *media(shape))))} - {*ordered}
    others = {name: variables[name] for name in sorted(named) if name in variables}
    what: dict[str, Any] = {
        "id": template.id,
        "name": template.submitted_name,
        "language": template.language,
        "kind": str(template.kind),
        "values": [variables.get(name, "") for name in ordered],
        **({"variables": others} if others else {}),
    }
    if components.is_made_of(template) and (parts := components.given(template, variables, url)):
        what["components"] = parts
    is_approved = template.status is TemplateStatus.APPROVED
    return {"template" if is_approved else "made_of": what}


def _check_plain(template: Template) -> None:
    """Refuse what has more than values fill. Raises Unfit."""
    if not components.is_by_place(components.components(template)):
        raise Unfit("it has parts that only WhatsApp's own API fills")


def _check_filled(template: Template, variables: Mapping[str, str]) -> None:
    expected = places(template)
    missing = [str(place) for place in range(1, expected + 1) if str(place) not in variables]
    if missing:
        raise Unfilled(f"nothing fills {', '.join(missing)}", expected)


def _by_place(values: Sequence[str]) -> dict[str, str]:
    return {str(place): value for place, value in enumerate(values, 1)}
