"""The languages of the console: English as it stands in the code, and catalogs of the others.

Each page has a catalog of its own, `locale/<language>/<page>.po`; what several pages say stands in
`console.po`. `python -m tests.words` writes their English sides anew from the code.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path
from typing import Any

from babel import Locale, negotiate_locale
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

FOLDER = Path(__file__).parent / "locale"

#: What each language calls itself. The first is the one that the code is written in.
LANGUAGES = {"en": "English", "fr": "Français"}
ENGLISH = "en"


@dataclass(frozen=True)
class Words:
    """A language."""

    language: str
    locale: Locale
    catalog: NullTranslations

    def say(self, text: str, **holes: object) -> str:
        """A text in this language, its `%(name)s` filled. An empty one says nothing."""
        found = self.catalog.gettext(text) if text else ""
        return found % holes if holes else found

    def counted(self, one: str, many: str, number: int, **holes: object) -> str:
        """As `say`, for a number of things; the number fills `%(num)s`."""
        return self.catalog.ngettext(one, many, number) % {"num": number, **holes}


def later(text: str) -> str:
    """Marks a text that is said in the language of who reads it, later."""
    return text


@cache
def words(language: str) -> Words:
    """A language of LANGUAGES, with what its catalogs hold."""
    locale = Locale.parse(language)
    if language == ENGLISH:
        return Words(language, locale, NullTranslations())
    whole = Catalog(locale=locale)
    for path in sorted((FOLDER / language).glob("*.po")):
        with path.open("rb") as file:
            for message in read_po(file, locale=locale):
                if message.id and message.string:
                    whole.add(message.id, _set(language, message.string), context=message.context)
    packed = BytesIO()
    write_mo(packed, whole)
    packed.seek(0)
    return Words(language, locale, GNUTranslations(packed))


def _set(language: str, string: Any) -> Any:
    """A translation as a printer sets it: in French no line begins with a mark that follows a space."""
    if language != "fr":
        return string
    if isinstance(string, str):
        return _SPACED.sub("\u00a0", string)
    return tuple(_SPACED.sub("\u00a0", one) for one in string)


_SPACED = re.compile("(?<=\\S) (?=[;:?!»])|(?<=«) ")


def choose(asked: str, accepted: str) -> Words:
    """The language that somebody chose, else the first of `Accept-Language` that there is."""
    if asked in LANGUAGES:
        return words(asked)
    wanted = [tag for tag, _ in sorted(_weighed(accepted).items(), key=lambda item: -item[1])]
    found = negotiate_locale(wanted, list(LANGUAGES), sep="-")
    return words(found if found in LANGUAGES else ENGLISH)


def _weighed(header: str) -> Mapping[str, float]:
    """The languages of an `Accept-Language` header with their weights (RFC 9110 §12.5.4)."""
    found: dict[str, float] = {}
    for part in header[:500].split(","):
        tag, _, rest = part.strip().partition(";")
        weight = rest.strip().removeprefix("q=")
        try:
            found.setdefault(tag, float(weight) if rest else 1.0)
        except ValueError:
            continue
    return {tag: weight for tag, weight in found.items() if tag and weight > 0}
