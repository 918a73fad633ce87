"""Write the catalogs of the console anew from what its code and its templates say.

`python -m tests.words` adds what is new, without a translation yet, and drops what is said no more.
What one page says stands in the catalog of that page, what several say in `console.po`.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po, write_po

from estafette.console.words import ENGLISH, FOLDER, LANGUAGES
from tests.tables import ROOT

CONSOLE = FOLDER.parent
SHARED = "console"
KEYWORDS = {
    "_": None, "gettext": None, "ngettext": (1, 2), "say": None, "counted": (1, 2), "later": None,
}  # fmt: skip
TRANSLATED = tuple(language for language in LANGUAGES if language != ENGLISH)

Said = str | tuple[str, str]  #: one text, or one for one thing and one for many


def pages() -> set[str]:
    """The pages that have a catalog of their own: each of them is a file of `pages/`."""
    return {path.stem for path in (CONSOLE / "pages").glob("[a-z]*.py")}


def page_of(path: Path) -> str:
    """The page that a file belongs to: `pages/x.py`, `templates/x.html` and `templates/x-….html`."""
    own = path.parent.name in ("pages", "templates")
    stem = re.split(r"[.-]", path.name)[0] if path.suffix == ".html" else path.stem
    return stem if own and stem in pages() else SHARED


@cache
def said() -> dict[str, set[Said]]:
    """What the console says, by the catalog that it belongs to."""
    found: defaultdict[str, set[Said]] = defaultdict(set)
    for path, method in _sources():
        for _, text, _, _ in extract_from_file(method, path, keywords=KEYWORDS):
            found[page_of(path)].add(text)
    shared = found[SHARED]
    return {page: texts - shared for page, texts in found.items() if page != SHARED} | {
        SHARED: shared
    }


def _sources() -> Iterator[tuple[Path, str]]:
    for path in sorted(CONSOLE.rglob("*.py")):
        yield path, "python"
    for path in sorted((CONSOLE / "templates").rglob("*.html")):
        yield path, "jinja2.ext:babel_extract"


def path_of(language: str, page: str) -> Path:
    """The catalog of a page."""
    return FOLDER / language / f"{page}.po"


def read(language: str, page: str) -> Catalog:
    """What a catalog holds; nothing where there is none."""
    path = path_of(language, page)
    if not path.exists():
        return Catalog(locale=language)
    with path.open("rb") as file:
        return read_po(file, locale=language)


def written(language: str, page: str) -> Catalog:
    """The catalog as it should be, with the translations that are there."""
    before, after = read(language, page), Catalog(locale=language, charset="utf-8")
    for text in sorted(said()[page], key=str):
        known = before.get(text)
        after.add(text, known.string if known else "")
    return after


def main() -> None:
    """Write every catalog of every language."""
    for language in TRANSLATED:
        for page in said():
            path = path_of(language, page)
            if not said()[page]:
                path.unlink(missing_ok=True)
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            catalog = written(language, page)  # read before the file is emptied
            with path.open("wb") as file:
                write_po(file, catalog, width=0, omit_header=True)
            missing = sum(not m.string or not any(m.string) for m in read(language, page) if m.id)
            print(f"{path.relative_to(ROOT)}: {missing} to translate")  # noqa: T201


if __name__ == "__main__":
    main()
