"""How pages are made: templates, and how they write times, numbers and states."""

import asyncio
from collections.abc import Callable
from datetime import datetime, tzinfo
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from babel.dates import format_datetime, format_timedelta
from babel.numbers import format_decimal
from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from estafette.console.rich import rich
from estafette.console.said import saying
from estafette.console.statuses import LABELS
from estafette.console.words import Words, words
from estafette.core.deliveries import bare
from estafette.model.address import shown

_HERE = Path(__file__).parent
STATIC = {path.name: path.read_bytes() for path in sorted((_HERE / "static").iterdir())}
#: Changes with whatever the browser keeps of ours.
VERSION = sha256(b"".join(STATIC.values())).hexdigest()[:12]


_SHORT = "d MMM y, HH:mm"
_PAUSE = 0.02  # seconds between two templates that are made ready


@cache
def environment(language: str) -> Environment:
    """The templates in one language."""
    found = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        extensions=["jinja2.ext.i18n"],
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
        auto_reload=False,
    )
    spoken = words(language)
    found.install_gettext_callables(  # type: ignore[attr-defined]
        spoken.catalog.gettext, spoken.catalog.ngettext, newstyle=True
    )
    found.globals["asset"] = asset
    found.filters |= {
        "when": _when,
        "ago": _ago(spoken),
        "number": _number(spoken),
        "said": lambda text: spoken.say(str(text)),
        "status": lambda status: spoken.say(LABELS.get(str(status), str(status))),
        "address": shown,
        "bare": bare,
        "saying": saying,
        "rich": rich,
    }
    return found


async def warm(language: str) -> None:
    """Make every template ready, one after the other: whoever asks for one first would wait for that,
    and whoever asks for something else meanwhile would, if all were made at once.
    """
    found = environment(language)
    for name in found.list_templates():
        found.get_template(name)
        await asyncio.sleep(_PAUSE)


def asset(name: str) -> str:
    """The address of a file that the browser keeps until it changes."""
    return f"/console/static/{name}?v={VERSION}"


@pass_context
def _when(context: Context, at: datetime | None, form: str = "medium") -> Markup | str:
    """A time where who reads it is: `short` (to the minute), `medium` (with seconds), or a pattern
    of CLDR.
    """
    if at is None:
        return ""
    zone: tzinfo = context["zone"]
    spoken: Words = context["words"]
    pattern = _SHORT if form == "short" else form
    text = format_datetime(at, format=pattern, tzinfo=zone, locale=spoken.locale)
    whole = format_datetime(at, format="full", tzinfo=zone, locale=spoken.locale)
    return Markup('<time datetime="{}" title="{}">{}</time>').format(at.isoformat(), whole, text)


def _ago(spoken: Words) -> Callable[[datetime, datetime], str]:
    """How long before `now` a time was, in words."""
    return lambda at, now: format_timedelta(
        at - now, add_direction=True, locale=spoken.locale, threshold=1.2
    )


def _number(spoken: Words) -> Callable[[Any], str]:
    return lambda value: format_decimal(value, locale=spoken.locale)
