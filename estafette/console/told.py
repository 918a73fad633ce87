"""Why something could not be done, in the words of who reads it."""

import re
from functools import cache
from math import ceil
from typing import NamedTuple

from estafette.console.reasons import REASONS
from estafette.console.sentences import SENTENCES
from estafette.console.statuses import LABELS
from estafette.console.words import Words
from estafette.model import BadFallback, Declined, GatewayError, TooMany

_HOLE = re.compile(r"%\((\w+)\)s")
_LONGEST = 1000  # characters of a text that is looked for
_STATES = {"channel", "status", "kind", "one"}  # holes that hold words of ours


class Pattern(NamedTuple):
    """A sentence with holes, and what finds it."""

    text: str
    form: re.Pattern[str]


def told(error: GatewayError, words: Words) -> str:
    """An error of the core in a language."""
    if isinstance(error, TooMany):
        return _too_many(error, words)
    if isinstance(error, BadFallback):
        return words.say("The second way %(said)s.", said=told_text(error.text, words))
    if isinstance(error, Declined):
        reason = words.say(REASONS.get(error.reason, str(error.reason)))
        beside = f"{error.text or error.value} {f'({error.code})' if error.code else ''}".strip()
        return f"{reason} {beside}".strip()
    return told_text(str(error), words)


def told_text(text: str, words: Words) -> str:
    """A text of the core in a language; as it is where there is no sentence for it."""
    found = sentence_of(text)
    match = found.form.fullmatch(text) if found else None
    if found is None or match is None:
        return text
    holes = {
        name: words.say(LABELS.get(part, part)) if name in _STATES else part
        for name, part in match.groupdict().items()
    }
    return words.say(found.text, **holes)


def sentence_of(text: str) -> Pattern | None:
    """The sentence that a text of the core is; the one that says most of it where there are several."""
    if len(text) > _LONGEST:
        return None
    return next((one for one in _patterns() if one.form.fullmatch(text)), None)


@cache
def _patterns() -> tuple[Pattern, ...]:
    """The sentences, those with most words of their own first."""
    most = sorted(SENTENCES, key=lambda text: -len(_HOLE.sub("", text)))
    return tuple(Pattern(text, _form(text)) for text in most)


def _form(text: str) -> re.Pattern[str]:
    parts = _HOLE.split(text)  # literal, name, literal, …
    made = [f"(?P<{part}>.+)" if place % 2 else re.escape(part) for place, part in enumerate(parts)]
    return re.compile("".join(made), re.DOTALL)


def _too_many(error: TooMany, words: Words) -> str:
    seconds = max(1, ceil(error.retry_after))
    return words.counted(
        "Too many tries. Wait %(num)s second, then try again.",
        "Too many tries. Wait %(num)s seconds, then try again.",
        seconds,
    )
